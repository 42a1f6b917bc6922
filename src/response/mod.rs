//! Responses: typed answers, checked by the definition's own rules; the one way in that every door uses.
//!
//! In flow what people sent (JSON, cells of spreadsheets, form clients' submissions) and the [`Form`] it answers; out
//! flow typed [`Answers`] with relevance and calculations settled, and every [`Problem`] with its question. Also
//! here: what becomes of something that was sent ([`decide`]), and the states of its [`review`](fn@review). Nothing
//! here stores anything, knows the time of day, or speaks HTTP.

mod answers;
mod attached;
mod consent;
mod credit_code;
mod difference;
mod environment;
mod form;
mod identity;
pub mod instance;
mod interview_log;
mod json;
mod parse;
mod personal;
mod problem;
mod quality;
mod recalculate;
mod register;
mod review;
mod sending;
mod submission;
mod tree;
mod unknown;
mod validate;
mod value;

#[cfg(test)]
mod tests;

pub use answers::{Answers, InstanceId, Limits, Node};
pub use attached::{NamedFile, is_file_name, named_files, texts_like_names};
pub use consent::Consent;
pub use credit_code::{CreditCode, CreditCodeError};
pub use difference::{Difference, differences};
pub use form::Form;
pub use identity::Identity;
pub use interview_log::{InterviewLog, NodeTime, QuestionTime, TimesOfMany};
pub use json::Read;
pub use parse::{parse_cell, parse_text};
pub use personal::{
    Tier, Told, asks_personal, element_at, is_personal_path, is_protected, pseudonymise, put_back, substitute_each,
    take_out, take_told, texts_of,
};
pub use problem::{Problem, ProblemCode, Severity};
pub use quality::{NoPosition, Position, Quality};
pub use recalculate::{Recalculated, RuleError, recalculate, recalculate_from};
pub use register::RegisterEntry;
pub use review::{
    Act, Comment, ReviewError, ReviewState, Role, TRANSITIONS, Transition, may_send, review, state_after,
};
pub use sending::{Decision, Fingerprint, KnownVersion, Predecessor, Sending, decide};
pub use submission::{Door, Processed, Received, Unasked, process};
pub use value::{Answer, Status, TimeOfDay, Value};
