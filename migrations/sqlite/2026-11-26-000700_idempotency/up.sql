-- What was answered to a request that carried an Idempotency-Key, so that sending it again does nothing twice.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, -- of method, address and body
    begun_at TEXT NOT NULL,
    status INTEGER, -- null while it is worked on
    headers TEXT CHECK (json_valid(headers)),
    body BLOB, -- null where the answer holds a secret that is shown once
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotency_keys_begun ON idempotency_keys (begun_at);
