-- What was answered to a request that carried an Idempotency-Key, so that sending it again does nothing twice.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, -- of method, address and body
    begun_at TIMESTAMP NOT NULL,
    status BIGINT, -- null while it is worked on
    headers JSONB,
    body BYTEA, -- null where the answer holds a secret that is shown once
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_begun ON idempotency_keys (begun_at);
