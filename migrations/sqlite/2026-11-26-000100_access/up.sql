-- Sessions, limits of sign-in attempts, the second factor, and scopes of tokens.

ALTER TABLE users ADD COLUMN second_factor TEXT NOT NULL DEFAULT 'optional' CHECK (second_factor IN ('optional', 'required'));
ALTER TABLE tokens ADD COLUMN cities TEXT CHECK (json_valid(cities)); -- null: all of the owner's
ALTER TABLE tokens ADD COLUMN acts TEXT CHECK (json_valid(acts)); -- null: all of the owner's

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL UNIQUE,
    carrier TEXT NOT NULL CHECK (carrier IN ('cookie', 'bearer')),
    second_factor_given INTEGER NOT NULL CHECK (second_factor_given IN (0, 1)),
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expire ON sessions (expires_at);

-- Attempts that failed, counted by what they have in common; the key is a hash where it is made of a name.
CREATE TABLE sign_in_failures (
    counter TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    failed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_failures_at ON sign_in_failures (failed_at);

-- Devices and addresses from which a user has signed in before.
CREATE TABLE known_origins (
    user_id INTEGER NOT NULL REFERENCES users (id),
    origin TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (user_id, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE second_factors (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id),
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL,
    confirmed_at TEXT,
    last_step INTEGER NOT NULL -- the 30 seconds, counted from 1970, of the last code that was taken
) STRICT;

CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;
