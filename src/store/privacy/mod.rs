//! What the law lets persons ask for: withdrawing consent, being erased, a copy; and retention, and rotating keys.
//!
//! Everything works on whole responses with all their versions. Which questions are personal or identify an
//! organisation the definitions say, which the caller hands over compiled.

mod access;
mod copy;
mod erasure;
mod proof;
mod retention;
mod rotation;
mod secrets;
mod split;
mod subject;
mod withdrawal;

use crate::definition::Definition;

pub use copy::Held;
pub use erasure::ErasureScope;
pub use proof::{Erasure, Places};
pub use retention::{Due, OnWithdrawal, RetentionRule};
pub use rotation::{KeyUse, Rotated};
pub(super) use split::{Parts, split};
pub use subject::Subject;
pub use withdrawal::Withdrawn;

/// Finds the definition of a survey and version.
pub type Definitions<'a> = dyn Fn(&str, &str) -> Option<&'a Definition> + 'a;
