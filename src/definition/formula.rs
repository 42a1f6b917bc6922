//! An expression as a part of a definition: bound to the questions that it reads.

use super::model::ElementId;
use super::place::Origin;

/// An expression of a definition, with the elements that it reads and the place it was written at.
#[derive(Debug, Clone)]
pub struct Formula {
    pub(super) source: String,
    pub(super) depends_on: Vec<ElementId>,
    pub(super) origin: Origin,
}

impl Formula {
    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The elements whose answers the expression reads, each once, in document order.
    pub fn depends_on(&self) -> &[ElementId] {
        &self.depends_on
    }

    /// Where the expression was written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}
