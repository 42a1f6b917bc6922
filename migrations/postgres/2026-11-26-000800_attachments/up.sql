-- Files that belong to responses. Their content lies outside of the database, by its hash (docs/attachments.md).
CREATE TABLE attachments (
    hash TEXT PRIMARY KEY,
    size BIGINT NOT NULL CHECK (size > 0),
    media_type TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    -- When it was last sent, or last ceased to be a response's: from then on it is kept for a while.
    needed_at TIMESTAMP NOT NULL,
    -- Whether a person's data was erased with it: then it is not kept for a while.
    erased BOOLEAN NOT NULL
);

-- Which version of a response has which file as the answer to which question. The name is in the answer.
CREATE TABLE response_attachments (
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    version_id BIGINT NOT NULL,
    question TEXT NOT NULL,
    response_id BIGINT NOT NULL,
    hash TEXT NOT NULL REFERENCES attachments (hash),
    sender TEXT,
    received_at TIMESTAMP NOT NULL,
    PRIMARY KEY (round, survey, version_id, question)
) PARTITION BY LIST (round);
CREATE TABLE response_attachments_default PARTITION OF response_attachments DEFAULT;
CREATE INDEX response_attachments_response ON response_attachments (round, survey, response_id);
CREATE INDEX response_attachments_hash ON response_attachments (hash);
