-- What is secret beside the answers, sealed by a key of its own, which a master key outside the database wraps.
-- Null: it stands in the clear, as before there were keys.
ALTER TABLE second_factors ADD COLUMN data_key BLOB;
ALTER TABLE job_files ADD COLUMN data_key BLOB;
