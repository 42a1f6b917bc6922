-- How a response was collected, beside its head: lists and progress need not read the answers. Responses from before
-- have none.
ALTER TABLE responses ADD COLUMN quality JSONB;
-- Whether a supervisor returned it and no new version came since.
ALTER TABLE responses ADD COLUMN returned BOOLEAN NOT NULL DEFAULT FALSE;
