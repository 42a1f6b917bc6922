DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE known_origins;
DROP TABLE sign_in_failures;
DROP TABLE sessions;
ALTER TABLE tokens DROP COLUMN acts;
ALTER TABLE tokens DROP COLUMN cities;
ALTER TABLE users DROP COLUMN second_factor;
