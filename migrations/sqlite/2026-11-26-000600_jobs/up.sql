-- Long work, kept so that another server can finish what a dead one began.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    input TEXT NOT NULL CHECK (json_valid(input)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    stage TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER,
    outcome TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    -- Who works on it, which attempt that is, and until when nobody else may.
    owner TEXT,
    lease INTEGER NOT NULL,
    lease_until TEXT
) STRICT;

CREATE INDEX jobs_waiting ON jobs (id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_maker ON jobs (created_by, id);

-- What a job was given and what it made, in pieces.
CREATE TABLE job_files (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    part TEXT NOT NULL CHECK (part IN ('upload', 'result', 'issues')),
    lease INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (job_id, part, lease, position)
) STRICT;
