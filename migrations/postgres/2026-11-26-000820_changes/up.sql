-- What servers keep in memory is told of its changes, whoever makes them: src/store/changes.rs listens.
CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('innogauge', TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER surveys_tell AFTER INSERT OR UPDATE OR DELETE ON surveys
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();
CREATE TRIGGER definitions_tell AFTER INSERT OR UPDATE OR DELETE ON definitions
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();
CREATE TRIGGER rounds_tell AFTER INSERT OR UPDATE OR DELETE ON rounds
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();
CREATE TRIGGER places_tell AFTER INSERT OR UPDATE OR DELETE ON places
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();
CREATE TRIGGER frameworks_tell AFTER INSERT OR UPDATE OR DELETE ON frameworks
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();

-- What servers do by themselves, and when it was last done: whoever takes a task holds it for a while.
CREATE TABLE scheduled_tasks (
    task TEXT NOT NULL PRIMARY KEY,
    taken_until TIMESTAMP,
    done_at TIMESTAMP
);
