//! What can be wrong with an expression: its text, or one evaluation of it.

use thiserror::Error;

/// The text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} (column {})", offset + 1)]
pub struct SyntaxError {
    /// Byte offset of the mistake in the source.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that can be told.
    pub help: Option<String>,
}

/// The expression has no value here. Every variant carries the byte offset of the part that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// There is no function of that name.
    #[error("unknown function '{name}'{} (column {})", suggestion(.help.as_deref()), offset + 1)]
    UnknownFunction {
        /// The name as written.
        name: String,
        /// The known name that looks most like it.
        help: Option<String>,
        /// Where it stands.
        offset: usize,
    },
    /// The function takes another number of arguments.
    #[error("{name}() takes {expected}, not {given} (column {})", offset + 1)]
    Arity {
        /// The function.
        name: String,
        /// In words: "2 or 3 arguments".
        expected: String,
        /// How many there were.
        given: usize,
        /// Where it stands.
        offset: usize,
    },
    /// Nodes are needed where the expression gives a value.
    #[error("{what} needs nodes (a path or a question), not a value (column {})", offset + 1)]
    NotNodes {
        /// What needs them.
        what: String,
        /// Where it stands.
        offset: usize,
    },
    /// A `${name}` was never bound to a question.
    #[error("unknown question '{name}' (column {})", offset + 1)]
    Unbound {
        /// The name between the braces.
        name: String,
        /// Where it stands.
        offset: usize,
    },
    /// An argument has a value that the function can do nothing with.
    #[error("{name}(): {message} (column {})", offset + 1)]
    Argument {
        /// The function.
        name: String,
        /// What is wrong with it.
        message: String,
        /// Where it stands.
        offset: usize,
    },
    /// The caller's environment cannot answer this: it is decided on the phone.
    #[error("{name}() cannot be evaluated here: {message} (column {})", offset + 1)]
    Unavailable {
        /// The function.
        name: String,
        /// Why.
        message: String,
        /// Where it stands.
        offset: usize,
    },
}

impl EvaluationError {
    /// Byte offset of the part that failed.
    pub fn offset(&self) -> usize {
        match self {
            Self::UnknownFunction { offset, .. }
            | Self::Arity { offset, .. }
            | Self::NotNodes { offset, .. }
            | Self::Unbound { offset, .. }
            | Self::Argument { offset, .. }
            | Self::Unavailable { offset, .. } => *offset,
        }
    }
}

fn suggestion(help: Option<&str>) -> String {
    help.map_or_else(String::new, |name| format!(", did you mean '{name}'?"))
}
