-- What the log of an interview says of its time, read when the file came: no answers, no places, no persons.
ALTER TABLE response_attachments ADD COLUMN log JSONB;
