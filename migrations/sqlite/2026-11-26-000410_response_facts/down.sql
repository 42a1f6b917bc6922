ALTER TABLE responses DROP COLUMN returned;
ALTER TABLE responses DROP COLUMN quality;
