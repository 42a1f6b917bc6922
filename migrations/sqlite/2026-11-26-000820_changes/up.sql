-- One server has an SQLite file for itself, so there is nobody to tell of changes, as there is on PostgreSQL.

-- What servers do by themselves, and when it was last done: whoever takes a task holds it for a while.
CREATE TABLE scheduled_tasks (
    task TEXT NOT NULL PRIMARY KEY,
    taken_until TEXT,
    done_at TEXT
) STRICT;
