//! `${name}`: what an expression refers to, and binding the names to slots.

use std::sync::Arc;

use super::{Expression, Inner};

/// One `${name}` in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name between the braces.
    pub name: String,
    /// Byte offset of the `$` in the source.
    pub offset: usize,
    /// What the name was bound to: a number that [`Tree::reference`](super::Tree::reference) understands.
    pub slot: Option<u32>,
}

/// A name that could not be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound {
    /// The name between the braces.
    pub name: String,
    /// Byte offset of the `$` in the source.
    pub offset: usize,
}

impl Expression {
    /// Every `${name}` in the expression, in the order of the text. A name that is used twice is here twice. The
    /// question of `jr:choice-name(…, '${name}')` counts, though it stands in quotes.
    pub fn references(&self) -> &[Reference] {
        &self.inner.references
    }

    /// Gives every `${name}` its slot. Names that `slot_of` does not know are the error, all of them at once.
    ///
    /// ```
    /// use innogauge::expression::Expression;
    /// let mut rule = Expression::parse("${a} > ${b} + ${c}")?;
    /// let unknown = rule.bind(|name| (name == "a").then_some(7)).unwrap_err();
    /// assert_eq!(unknown.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    /// assert_eq!(rule.references()[0].slot, Some(7));
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn bind(&mut self, slot_of: impl Fn(&str) -> Option<u32>) -> Result<(), Vec<Unbound>> {
        if self.inner.references.is_empty() {
            return Ok(());
        }
        let inner: &mut Inner = Arc::make_mut(&mut self.inner);
        let mut unbound = Vec::new();
        for reference in &mut inner.references {
            reference.slot = slot_of(&reference.name);
            if reference.slot.is_none() {
                unbound.push(Unbound {
                    name: reference.name.clone(),
                    offset: reference.offset,
                });
            }
        }
        if unbound.is_empty() { Ok(()) } else { Err(unbound) }
    }
}
