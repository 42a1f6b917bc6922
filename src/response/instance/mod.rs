//! XForms instances: the XML that form clients send answers in, and open them again from.
//!
//! In flow the bytes of a submission, first for its [`Head`], then with the [`Form`](super::Form) that it names; out
//! flow answers with what was wrong when they were read. And back: answers as an instance. Names are compared without
//! their namespaces, since clients differ in those. Nothing here decides whether an answer is allowed.

mod asked;
mod encoding;
mod error;
mod head;
mod read;
mod scan;
mod texts;
mod write;

#[cfg(test)]
mod tests;

pub(super) use asked::Asked;
pub use error::InstanceError;
pub use head::Head;
pub use read::read;
pub use texts::texts;
pub use write::{Names, write};
