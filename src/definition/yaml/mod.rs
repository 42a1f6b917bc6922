//! Reading YAML: a tree with places, and typed reading that gathers every error.
//!
//! The framework of indicators is read with the same two parts.

mod choices;
mod definition;
mod fields;
mod node;
mod question;
mod write;

pub(super) use definition::{aliases, read};
pub(crate) use fields::{Fields, Findings, list, pairs, scalar, text};
pub(crate) use node::{Node, Value};
pub use write::yaml;
