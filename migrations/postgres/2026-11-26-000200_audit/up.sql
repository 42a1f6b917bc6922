-- The audit log. Entries are numbered without gaps from 1, and each holds the hash of the one before
-- (src/store/audit/chain.rs says what is hashed). They are only ever added: anything else is refused here too.

CREATE TABLE audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    act TEXT COLLATE "C" NOT NULL,
    actor TEXT, -- null: nobody in particular
    door TEXT NOT NULL,
    address TEXT,
    target TEXT COLLATE "C" NOT NULL,
    before TEXT,
    after TEXT,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_target ON audit (target, id);

CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
