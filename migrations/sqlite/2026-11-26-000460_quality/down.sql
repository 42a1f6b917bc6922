DROP TABLE backcheck_responses;
DROP TABLE backchecks;
DROP TABLE warning_rules;
