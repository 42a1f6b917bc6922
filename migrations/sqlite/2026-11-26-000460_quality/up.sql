-- The rules of what a supervisor is to look at: one file.
CREATE TABLE warning_rules (
    hash TEXT NOT NULL PRIMARY KEY,
    file_name TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Samples of responses that are asked again, drawn per member of the field team.
CREATE TABLE backchecks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    seed INTEGER NOT NULL,
    share REAL NOT NULL,
    questions TEXT NOT NULL CHECK (json_valid(questions)),
    drawn_at TEXT NOT NULL,
    drawn_by TEXT NOT NULL
) STRICT;
CREATE INDEX backchecks_round ON backchecks (round, survey);

CREATE TABLE backcheck_responses (
    backcheck_id INTEGER NOT NULL REFERENCES backchecks (id),
    instance_id TEXT NOT NULL,
    member TEXT NOT NULL,
    city TEXT,
    agreement TEXT CHECK (json_valid(agreement)), -- by question, whether the answer was the same; null: not asked yet
    checked_at TEXT,
    checked_by TEXT,
    PRIMARY KEY (backcheck_id, instance_id)
) STRICT;
