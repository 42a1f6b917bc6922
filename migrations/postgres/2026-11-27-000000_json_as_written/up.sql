-- JSON documents are kept as they were written: JSONB takes each apart when it comes and puts it together again whenever it
-- is read, which was most of the time of a backup. Where statements look into a document it stays JSONB: in
-- responses.quality, which the counts of progress are made from. The tables are rewritten, once.
ALTER TABLE users ALTER COLUMN cities TYPE JSON;
ALTER TABLE tokens ALTER COLUMN surveys TYPE JSON, ALTER COLUMN cities TYPE JSON, ALTER COLUMN acts TYPE JSON;
ALTER TABLE imports ALTER COLUMN summary TYPE JSON;
ALTER TABLE response_versions
    ALTER COLUMN facts TYPE JSON, ALTER COLUMN answers TYPE JSON, ALTER COLUMN problems TYPE JSON;
ALTER TABLE response_events ALTER COLUMN details TYPE JSON;
ALTER TABLE response_attachments ALTER COLUMN log TYPE JSON;
ALTER TABLE erasures ALTER COLUMN places TYPE JSON;
ALTER TABLE samples ALTER COLUMN design TYPE JSON, ALTER COLUMN strata TYPE JSON;
ALTER TABLE backchecks ALTER COLUMN questions TYPE JSON;
ALTER TABLE backcheck_responses ALTER COLUMN agreement TYPE JSON;
ALTER TABLE jobs ALTER COLUMN input TYPE JSON, ALTER COLUMN outcome TYPE JSON;
ALTER TABLE idempotency_keys ALTER COLUMN headers TYPE JSON;
