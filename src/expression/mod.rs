//! The language of relevance, constraints, calculations, choice filters and indicator formulas: XPath 1.0 with the
//! ODK XForms functions, and `${name}` for a question.
//!
//! Flows in: the text of an expression, and any [`Tree`] to evaluate it on (typed answers, or an [`XmlTree`]). Flows
//! out: a [`Value`], or an error that carries its place in the text. It knows nothing of surveys, databases or HTTP;
//! the clock and randomness come from the caller's [`Environment`].
//!
//! An expression is parsed once and evaluated many times:
//!
//! ```
//! use innogauge::expression::{Expression, Scope, Tree, XmlTree, WallClock};
//!
//! let tree = XmlTree::parse("<data><turnover>900</turnover><rd>45</rd></data>")?;
//! let share = Expression::parse("round(100 * /data/rd div /data/turnover, 1)")?;
//! let scope = Scope::new(&tree, tree.root(), &WallClock);
//! assert_eq!(share.evaluate(&scope)?.string(&scope), "5");
//!
//! let mistake = Expression::parse("(1 + 2").unwrap_err();
//! assert_eq!(mistake.to_string(), "this parenthesis is never closed (column 1)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whom it follows
//!
//! The ODK XForms specification first, then XPath 1.0. Where the field's engines differ from each other or from the
//! text, the function that is concerned says so, and [`Expression::check`] warns of what a phone (JavaRosa, in ODK
//! Collect) and a browser (Enketo, web-forms) would decide differently. In general:
//!
//! - Text that is an ISO date reads as a number as days since 1970-01-01T00:00Z, and two such texts are equal where
//!   they are the same moment (Enketo; JavaRosa does the same for answers that are dates, but counts days from the
//!   local midnight, and for bare text gives NaN).
//! - `<`, `<=`, `>`, `>=` between a node set and a boolean compare the nodes' numbers, as both field engines do, and
//!   not the node set's existence, as XPath 1.0 says. `=` and `!=` are XPath's.
//! - Booleans become the text `true` and `false` (JavaRosa stores 1 and 0).
//! - Lengths and positions in text count characters (JavaRosa: UTF-16 units).
//! - Function names and the number of arguments are errors of [`Expression::check`] and of evaluation, not of parsing:
//!   `false() and misspelt()` is false.
//! - The namespace axis is always empty, as in browsers. A document type declaration is not a node.

mod ast;
mod axes;
mod bind;
mod check;
mod compare;
mod environment;
mod error;
mod evaluate;
mod functions;
mod lexer;
mod moment;
mod parser;
mod reach;
mod reproducible;
mod signature;
mod tree;
mod value;
mod xml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use bind::{Reference, Unbound};
pub use check::{Facts, Finding, FindingKind, Purpose, Surroundings, ValueKind};
pub use environment::{Environment, WallClock};
pub use error::{EvaluationError, SyntaxError};
pub use reach::{Manner, Missed, Reach, Skeleton, Standpoint};
pub use reproducible::LookedUp;
pub use tree::{Name, NodeKind, NodeSet, Scope, Tree};
pub use value::{Value, format_number, parse_number};
pub use xml::{XmlError, XmlNode, XmlTree};

/// An expression, parsed once. Cheap to clone, and shared between threads.
///
/// Two expressions are equal where their text is.
#[derive(Debug, Clone)]
pub struct Expression {
    inner: Arc<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    source: Box<str>,
    root: ast::Expr,
    references: Vec<Reference>,
}

impl Expression {
    /// Parses the text of an expression.
    ///
    /// ```
    /// use innogauge::expression::Expression;
    /// let rule = Expression::parse(". >= 0 and . <= ${turnover}")?;
    /// assert_eq!(rule.references()[0].name, "turnover");
    /// assert!(Expression::parse("1 +").is_err());
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        let (root, references) = parser::parse(source)?;
        Ok(Self {
            inner: Arc::new(Inner {
                source: source.into(),
                root,
                references,
            }),
        })
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.inner.source
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expression {}
