//! An expression as a part of a definition: bound to the questions that it reads.

use super::assemble::Names;
use super::model::{ElementId, MISSING_SLOT};
use super::place::{Diagnostic, Origin, Place, Position};
use crate::expression::{Expression, Skeleton, Standpoint};

/// An expression of a definition, with the elements that it reads and the place it was written at.
#[derive(Debug, Clone)]
pub struct Formula(
    /// Apart: an element has room for eight of them, and mostly one or none.
    Box<Parts>,
);

#[derive(Debug, Clone)]
struct Parts {
    expression: Expression,
    depends_on: Vec<ElementId>,
    origin: Origin,
    /// Whether the text stands at its origin exactly as it reads, so that offsets can be counted in columns.
    verbatim: bool,
}

impl Formula {
    /// Reads an expression that begins at a place; `verbatim` says whether it stands there exactly as it reads.
    pub(super) fn read(source: &str, place: Place, verbatim: bool) -> Result<Self, Diagnostic> {
        match Expression::parse(source) {
            Ok(expression) => Ok(Self(Box::new(Parts {
                expression,
                depends_on: Vec::new(),
                origin: Origin(place),
                verbatim,
            }))),
            Err(error) => {
                let diagnostic = Diagnostic::error(advance(&place, verbatim, source, error.offset), error.message);
                Err(match error.help {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                })
            }
        }
    }

    /// Whether a default is an expression, not a value: it names a question or calls a function.
    pub(super) fn is_dynamic(default: &str) -> bool {
        default.contains("${")
            || default.split_once('(').is_some_and(|(name, rest)| {
                rest.trim_end().ends_with(')')
                    && name.starts_with(|first: char| first.is_ascii_alphabetic())
                    && name
                        .chars()
                        .all(|character| character.is_ascii_alphanumeric() || "-:_".contains(character))
            })
    }

    /// What `required: true` means.
    pub(super) fn always(place: Place) -> Option<Self> {
        Self::read("true()", place, false).ok()
    }

    /// The expression.
    pub fn expression(&self) -> &Expression {
        &self.0.expression
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        self.0.expression.source()
    }

    /// The elements whose answers the expression reads, each once, in document order.
    pub fn depends_on(&self) -> &[ElementId] {
        &self.0.depends_on
    }

    /// Where the expression was written.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Where this byte of the expression stands, as far as that can be told.
    pub fn place_at(&self, offset: usize) -> Place {
        advance(&self.0.origin, self.0.verbatim, self.source(), offset)
    }

    /// Binds every name that stands for one thing, and notes what the expression reads. `own` is the element that it
    /// belongs to.
    pub(super) fn bind(&mut self, names: &Names<'_>, skeleton: &dyn Skeleton, own: Option<ElementId>) {
        // What stays unbound is an error of the checks, which name it with its place.
        let _unbound = self.0.expression.bind(|name| names.slot(name));
        let referred = self
            .0
            .expression
            .references()
            .iter()
            .filter(|reference| !reference.name.starts_with("last-saved#"))
            .filter_map(|reference| reference.slot)
            .map(|slot| ElementId(slot & !MISSING_SLOT));
        let standpoint = Standpoint {
            own: own.map(|id| id.0),
            on_choice: false,
        };
        let by_path = self.0.expression.reach(skeleton, standpoint).elements;
        let mut depends_on: Vec<ElementId> = referred.chain(by_path.into_iter().map(ElementId)).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
        self.0.depends_on = depends_on;
    }
}

/// The place of a byte of a text that begins at a place.
fn advance(start: &Place, verbatim: bool, source: &str, offset: usize) -> Place {
    let mut place = start.clone();
    if let (Position::LineColumn { column, .. }, true) = (&mut place.at, verbatim) {
        let before = source.get(..offset).map_or(0, |before| before.chars().count());
        *column = column.saturating_add(u32::try_from(before).unwrap_or(0));
    }
    place
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}
