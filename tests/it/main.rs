//! The integration tests: one binary, a file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption of a test is a failed test"
)]

mod content;
mod databases;
mod definitions;
mod estimates;
mod scoring;
mod store;
mod workbooks;
mod xpath_conformance;
