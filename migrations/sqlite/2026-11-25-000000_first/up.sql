-- The first schema, for SQLite. Its twin is migrations/postgres; src/store/schema.rs describes both.
-- Times are UTC. JSON is text that SQLite itself has checked.

PRAGMA application_id = 1229868886; -- "INOV": how a database of ours is told from another program's

CREATE TABLE surveys (
    survey TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('draft', 'open', 'closing', 'closed')),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE definitions (
    survey TEXT NOT NULL REFERENCES surveys (survey),
    version TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'published')),
    hash TEXT NOT NULL,
    file_name TEXT NOT NULL,
    source BLOB NOT NULL,
    created_at TEXT NOT NULL,
    published_at TEXT,
    PRIMARY KEY (survey, version)
) STRICT;

CREATE TABLE attached_files (
    survey TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (survey, version, name),
    FOREIGN KEY (survey, version) REFERENCES definitions (survey, version) ON DELETE CASCADE
) STRICT;

CREATE TABLE frameworks (
    hash TEXT NOT NULL PRIMARY KEY,
    file_name TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    current INTEGER NOT NULL
) STRICT;

CREATE TABLE places (
    code TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    place TEXT NOT NULL CHECK (json_valid(place))
) STRICT;

CREATE TABLE rounds (
    round TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL CHECK (json_valid(label)),
    state TEXT NOT NULL CHECK (state IN ('planned', 'open', 'closed')),
    opens_on TEXT,
    closes_on TEXT,
    synthetic INTEGER NOT NULL CHECK (synthetic IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    cities TEXT CHECK (json_valid(cities)), -- null: all of them
    disabled INTEGER NOT NULL,
    must_change_password INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    surveys TEXT CHECK (json_valid(surveys)), -- null: all of them
    round TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE INDEX tokens_user ON tokens (user_id);

-- A submission file that was loaded as one batch, which can be taken back.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'withdrawn')),
    content_hash TEXT NOT NULL,
    file_name TEXT NOT NULL,
    rows INTEGER NOT NULL,
    summary TEXT NOT NULL CHECK (json_valid(summary)),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by TEXT
) STRICT;
CREATE UNIQUE INDEX imports_applied_once ON imports (round, survey, content_hash) WHERE state = 'applied';

-- The current head of each response: what lists, filters and progress read without touching the answers.
CREATE TABLE responses (
    id INTEGER PRIMARY KEY,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    instance_id TEXT NOT NULL, -- the one it first became known by: its public name
    current_version INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    revision INTEGER NOT NULL, -- goes up with every change: who changes a response says which one they saw
    definition_version TEXT NOT NULL,
    state TEXT NOT NULL,
    problems INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    branched INTEGER NOT NULL,
    test INTEGER NOT NULL,
    organisation TEXT, -- what responses of one organisation have in common
    code TEXT,
    name TEXT,
    city TEXT,
    sector TEXT,
    size TEXT,
    stratum TEXT,
    weight REAL,
    consent TEXT,
    door TEXT NOT NULL,
    sender TEXT,
    import_id INTEGER REFERENCES imports (id),
    received_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX responses_survey ON responses (round, survey);
CREATE INDEX responses_city ON responses (round, survey, city);
CREATE INDEX responses_state ON responses (round, survey, state);
CREATE INDEX responses_organisation ON responses (round, survey, organisation);
CREATE INDEX responses_updated ON responses (round, survey, updated_at);
CREATE INDEX responses_import ON responses (import_id) WHERE import_id IS NOT NULL;

CREATE TABLE response_versions (
    id INTEGER PRIMARY KEY,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    response_id INTEGER NOT NULL,
    instance_id TEXT NOT NULL,
    deprecated_id TEXT,
    definition_version TEXT NOT NULL, -- the one that it was checked against
    claimed_version TEXT NOT NULL, -- the one that it said it answers
    door TEXT NOT NULL,
    sender TEXT,
    import_id INTEGER,
    received_at TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    answers_hash TEXT NOT NULL,
    facts TEXT NOT NULL CHECK (json_valid(facts)), -- who answered, counts of problems: what the head shows of it
    answers TEXT NOT NULL CHECK (json_valid(answers)),
    problems TEXT NOT NULL CHECK (json_valid(problems)),
    original BLOB -- what was received, byte for byte, where the answers do not hold all of it
) STRICT;
CREATE INDEX response_versions_response ON response_versions (round, survey, response_id);
CREATE INDEX response_versions_successor ON response_versions (survey, deprecated_id) WHERE deprecated_id IS NOT NULL;

-- Every identifier ever received: sending again is found here, whatever round it went to.
CREATE TABLE instance_ids (
    survey TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    round TEXT NOT NULL,
    version_id INTEGER NOT NULL,
    PRIMARY KEY (survey, instance_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE response_events (
    id INTEGER PRIMARY KEY,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    response_id INTEGER NOT NULL,
    version_id INTEGER,
    kind TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT,
    actor TEXT,
    door TEXT,
    comment TEXT,
    details TEXT CHECK (json_valid(details)),
    at TEXT NOT NULL
) STRICT;
CREATE INDEX response_events_response ON response_events (round, survey, response_id);

-- Official figures by place and year.
CREATE TABLE statistics (
    place TEXT NOT NULL,
    year INTEGER NOT NULL,
    variable TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (variable, place, year)
) STRICT;

-- An assessment is a record: its result is kept as the bytes that it was.
CREATE TABLE assessments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    round TEXT NOT NULL,
    framework_hash TEXT NOT NULL REFERENCES frameworks (hash),
    responses INTEGER NOT NULL,
    responses_hash TEXT NOT NULL,
    recipe TEXT NOT NULL CHECK (json_valid(recipe)),
    result TEXT NOT NULL CHECK (json_valid(result)),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL
) STRICT;
