//! Reading YAML: a tree with places, and typed reading that gathers every error.
//!
//! The framework of indicators is read with the same two parts.

mod fields;
mod node;

pub(crate) use fields::{Fields, Findings, flag, list, pairs, scalar, text};
pub(crate) use node::{Node, Value};
