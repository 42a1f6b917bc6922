-- What the log of an interview says of its time, read when the file came: no answers, no places, no persons.
ALTER TABLE response_attachments ADD COLUMN log TEXT CHECK (log IS NULL OR json_valid(log));
