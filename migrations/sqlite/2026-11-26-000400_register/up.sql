-- The register: the organisations that a round of a survey could ask, by their unified social credit codes.
CREATE TABLE organisations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    sector TEXT,
    size TEXT,
    stratum TEXT, -- null: city and size
    weight REAL,
    employees INTEGER,
    confidential INTEGER NOT NULL, -- false: a public body whose answers may be shown
    listed INTEGER NOT NULL, -- asked in every case, as in a census
    in_frame INTEGER NOT NULL, -- false: closed or out of scope
    address TEXT,
    latitude REAL,
    longitude REAL,
    revision INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    UNIQUE (round, survey, code)
) STRICT;
CREATE INDEX organisations_city ON organisations (round, survey, city, id);
