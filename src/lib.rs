//! innogauge measures how well a city's innovation system works.
//!
//! Survey definitions drive a server that collects answers from enterprises and institutions, turns them into
//! indicators, scores innovation-system dimensions and hands out Excel workbooks. Data flows through the modules in
//! one direction, and a module imports only from those listed above it:
//!
//! | module | holds |
//! |---|---|
//! | [`workbook`] | reading the cells of workbooks that strangers made |
//! | [`expression`] | the language of relevance, constraints, calculations and indicator formulas |
//! | [`definition`] | the survey definition: reading, checking, versions |
//! | [`response`] | typed answers, the one way in that every door uses, problems and review states |
//! | [`spreadsheet`] | blank workbooks, and taking answers from the workbooks that people filled in |
//! | [`scoring`] | the framework, indicators, and the assessment: pure functions on numbers |
//! | [`report`] | the scored workbook and data exports |
//! | [`store`] | SQLite and PostgreSQL: the only place with SQL |
//! | [`attachments`] | the content of files that belong to responses, in a folder or a bucket |
//! | [`study`] | a store as a whole: definitions compiled, assessments, reports |
//! | [`web`] | the HTTP server: handlers parse, call, answer |
//! | [`cli`] | the same capabilities without a browser |
//!
//! Everything above [`store`] is a library that needs neither a database nor a network.

pub mod attachments;
pub mod cli;
pub mod definition;
pub mod expression;
pub mod report;
pub mod response;
pub mod scoring;
pub mod settings;
pub mod spreadsheet;
pub mod store;
pub mod study;
pub mod web;
pub mod workbook;
