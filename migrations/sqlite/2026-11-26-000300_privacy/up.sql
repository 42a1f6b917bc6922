-- Personal answers at rest, withdrawn consent, retention, and the proof of erasures.

-- Everything personal of a version, sealed by a key of its own, which a master key outside the database wraps.
ALTER TABLE response_versions ADD COLUMN data_key BLOB;
ALTER TABLE response_versions ADD COLUMN sealed BLOB;

-- When consent was withdrawn: the response counts for nothing from then on.
ALTER TABLE responses ADD COLUMN withdrawn_at TEXT;

-- How long the answers of a round are kept after it closed, in days; null: for ever.
CREATE TABLE retention_rules (
    round TEXT NOT NULL PRIMARY KEY,
    personal_days INTEGER,
    all_days INTEGER,
    on_withdrawal TEXT NOT NULL CHECK (on_withdrawal IN ('erase', 'keep')),
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL
) STRICT;

-- That something was erased, when, by whom, why, in how many places: nothing of what it was.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    places TEXT NOT NULL CHECK (json_valid(places))
) STRICT;
