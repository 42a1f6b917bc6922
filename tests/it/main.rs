//! The integration tests: one binary, a file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption of a test is a failed test"
)]

mod answer_scenarios;
mod api_document;
mod app;
mod assessments;
mod calibration;
mod client;
mod comparison;
mod content;
mod coverage;
mod databases;
mod definitions;
mod demonstration;
mod dependencies;
mod deployment;
mod doors;
mod estimates;
mod exports;
mod fieldwork_commands;
mod filling;
mod full_disk;
mod http_attachments;
mod http_bad_input;
mod http_definitions;
mod http_editors;
mod http_files;
mod http_hostile;
mod http_jobs;
mod http_once;
mod http_operations;
mod http_quality;
mod http_responses;
mod http_rights;
mod http_server;
mod http_sign_in;
mod http_times;
mod imports;
mod influence;
mod instances;
mod interviews;
mod javarosa;
mod last_round;
mod main_job;
mod official_figures;
mod openrosa;
mod outage;
mod printed_workbook;
mod privacy;
mod process;
mod profiles;
mod report;
mod roll_ups;
mod scales;
mod scenarios;
mod scoring;
mod scoring_edges;
mod scoring_methods;
mod scoring_properties;
mod settings;
mod small_disk;
mod standardised;
mod store;
mod supervisor_week;
mod uncertainty;
mod visit_example;
mod workbooks;
mod xlsform;
mod xlsform_conformance;
mod xlsform_writing;
mod xpath_conformance;
