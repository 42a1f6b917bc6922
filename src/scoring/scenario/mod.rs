//! Scenarios: what scores and ranks would be if answers, indicators or weights were other than they are.
//!
//! In flow an assessment, what it was made of, and a file of scenarios; out flow the scores and ranks of each scenario
//! beside those of the assessment, their differences with intervals (the same replicates and draws), what each
//! indicator would add to the index, and the cheapest improvement that reaches a target. Nothing here reads a file,
//! changes the assessment's own scores, or draws a random number that the assessment did not draw.
//!
//! # The file
//!
//! ```yaml
//! scenarios:
//!   - id: double_rd
//!     label: {zh: 小型企业研发加倍, en: Double in-house R&D of small firms}
//!     frame: frozen                       # or recomputed
//!     changes:                            # one after the other
//!       - {answer: rd_inhouse, units: all, where: "${size_class} = 'small'", scale: 2}
//!       - {indicator: B2, units: ["230400"], reach: peer_median}
//!       - {weight: G, set: 2}
//!   - id: third_place
//!     inverse: {unit: "230400", rank: 3, costs: {B2: 1, B3: 2.5}, max: {B2: 10}}
//! ```

mod amend;
mod change;
mod file;
mod frozen;
mod intervals;
mod inverse;
mod marginal;
mod outcome;
mod resolve;
mod scale;
mod work;

pub use amend::{Amended, Amendment};
pub use change::{
    AnswerEdit, Change, ChangedAnswer, Edit, Level, Move, Named, Scenario, ScenarioAim, ScenarioFrame, Scope,
};
pub(super) use frozen::FrozenFrame;
pub use inverse::{Improvement, ImprovementTarget, Inverse, InverseTarget, Step};
pub use marginal::{MarginalReturn, MarginalReturns, Region, StepBasis};
pub use outcome::{ComparedRanks, ComparedScores, DifferenceIntervals, ElementOutcome, Outcome, Scenarios};
pub use work::explore;
