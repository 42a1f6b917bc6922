//! A study as a whole: what the server and the command line both do with a store and everything above it.
//!
//! Flows in: a [`Store`](crate::store::Store) with definitions, places, a framework and responses. Flows out: its
//! definitions compiled, assessments of what it holds, and the reports on them. Nothing here knows HTTP or prints.

mod assessment;
mod catalogue;
mod error;
mod organisations;
mod report;
mod responses;

pub use assessment::{Assessed, AssessmentRequest, assess, target_places};
pub use catalogue::Catalogue;
pub use error::StudyError;
pub use report::{ReportRequest, write_report};
pub use responses::{for_each_reported, reported};
