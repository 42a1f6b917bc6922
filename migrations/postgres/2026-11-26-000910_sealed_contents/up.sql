-- The key that the content of a file is sealed by, which a master key outside the database wraps.
-- Null: the content lies there as it came, as before there were keys.
ALTER TABLE attachments ADD COLUMN data_key BYTEA;
