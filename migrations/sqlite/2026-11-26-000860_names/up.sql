-- The list of responses by name reads its first page off this, whatever the number of responses.
CREATE INDEX responses_name ON responses (round, survey, coalesce(name, ''), id);
