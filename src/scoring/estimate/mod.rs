//! From answers to the table of units by indicators.
//!
//! [`Intake`] compiles a framework's formulas for one version of a survey, an [`Estimator`] takes in responses and
//! keeps totals only, tallies of several threads, surveys and versions are merged, [`Tally::calibrate`] gives respondents
//! the weights under which they stand for the register, and [`Estimates`] makes the table: actor types combined, thin cells left out, everything counted. Sums are exact, so that no bit depends on order.
//!
//! Who is in the base of an indicator: its `where` is true; no question it reads is "not applicable" (out of scope);
//! none is "don't know", "refused" or left empty (unknown); and a question that was not asked counts as the indicator
//! says (`not_asked`). In `where` a question that was not asked reads as nothing.

#[cfg(test)]
mod against_r;
mod calibrate;
mod calibration_notes;
mod classes;
mod compiler;
mod estimates;
mod estimator;
mod exact;
mod formula;
mod intake;
mod leave_out;
mod margins;
mod moments;
mod numeric;
mod paired;
mod precision;
mod raking;
mod resample;
mod rolled;
mod row;
mod scale;
mod standardise;
mod stored;
mod strata;
mod tally;
mod widening;

pub(super) use compiler::check;
pub use estimates::Estimates;
pub(super) use estimates::IndicatorFigure;
pub use estimator::{Auxiliary, Estimator, Profiler, Respondent};
pub use intake::Intake;
pub(super) use leave_out::{Largest, LeaveOut};
pub(super) use moments::Moments;
pub use paired::Overlap;
pub(super) use paired::{BothRounds, Paired, Replicates};
pub use precision::Signal;
pub(super) use precision::add_precision;
pub use resample::{Populations, Resample};
pub(super) use standardise::Standardising;
pub use tally::Tally;
