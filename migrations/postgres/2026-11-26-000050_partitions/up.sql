-- The tables that grow with the responses become partitioned by round. What they hold stays where it is: the old tables
-- become the default partitions, and src/store/partitions.rs moves each round into partitions of its own.
-- instance_ids stays whole: an identifier is unique across rounds, and a unique key of a partitioned table must hold
-- the key of the partitions.

ALTER TABLE responses RENAME TO responses_default;
ALTER TABLE responses_default RENAME CONSTRAINT responses_pkey TO responses_default_pkey;
ALTER INDEX responses_city RENAME TO responses_default_city;
ALTER INDEX responses_state RENAME TO responses_default_state;
ALTER INDEX responses_organisation RENAME TO responses_default_organisation;
ALTER INDEX responses_updated RENAME TO responses_default_updated;
ALTER INDEX responses_import RENAME TO responses_default_import;
CREATE TABLE responses (
    LIKE responses_default INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (round, survey, id),
    FOREIGN KEY (import_id) REFERENCES imports (id)
) PARTITION BY LIST (round);
ALTER TABLE responses ATTACH PARTITION responses_default DEFAULT;
CREATE INDEX responses_city ON responses (round, survey, city, id);
CREATE INDEX responses_state ON responses (round, survey, state, id);
CREATE INDEX responses_organisation ON responses (round, survey, organisation, id);
CREATE INDEX responses_updated ON responses (round, survey, updated_at, id);
CREATE INDEX responses_import ON responses (import_id) WHERE import_id IS NOT NULL;

ALTER TABLE response_versions RENAME TO response_versions_default;
ALTER TABLE response_versions_default RENAME CONSTRAINT response_versions_pkey TO response_versions_default_pkey;
ALTER INDEX response_versions_response RENAME TO response_versions_default_response;
ALTER INDEX response_versions_successor RENAME TO response_versions_default_successor;
CREATE TABLE response_versions (
    LIKE response_versions_default INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (round, survey, id)
) PARTITION BY LIST (round);
ALTER TABLE response_versions ATTACH PARTITION response_versions_default DEFAULT;
CREATE INDEX response_versions_response ON response_versions (round, survey, response_id);
CREATE INDEX response_versions_successor ON response_versions (survey, deprecated_id) WHERE deprecated_id IS NOT NULL;

-- Before version 17 a partitioned table has no identity columns: a sequence gives the keys.
CREATE SEQUENCE response_event_ids;
SELECT setval('response_event_ids', (SELECT coalesce(max(id), 0) + 1 FROM response_events), false);
ALTER TABLE response_events ALTER COLUMN id DROP IDENTITY;
ALTER TABLE response_events ALTER COLUMN id SET DEFAULT nextval('response_event_ids');
ALTER TABLE response_events RENAME TO response_events_default;
ALTER TABLE response_events_default RENAME CONSTRAINT response_events_pkey TO response_events_default_pkey;
ALTER INDEX response_events_response RENAME TO response_events_default_response;
CREATE TABLE response_events (
    LIKE response_events_default INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (round, survey, id)
) PARTITION BY LIST (round);
ALTER TABLE response_events ATTACH PARTITION response_events_default DEFAULT;
CREATE INDEX response_events_response ON response_events (round, survey, response_id);
