//! Where something was written, and what is to be said about it.

use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use crate::workbook::Address;

/// A place in a file that a person can go to: `enterprise.yaml:12:5` or `enterprise.xlsx:survey!C7`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file as the person named it.
    pub file: Arc<str>,
    /// Where in the file.
    pub at: Position,
}

/// A position within a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Position {
    /// The file as a whole.
    File,
    /// In a text file; both count from 1, columns in characters.
    LineColumn {
        /// The line.
        line: u32,
        /// The column.
        column: u32,
    },
    /// In a workbook; empty names of sheets are those of tables that have none.
    Cell(Address),
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self {
            file: file.into(),
            at: Position::File,
        }
    }

    /// A place in a text file.
    pub fn line(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            at: Position::LineColumn { line, column },
        }
    }

    /// A cell of a workbook; row and column count from 0.
    pub fn cell(file: impl Into<Arc<str>>, sheet: impl Into<Arc<str>>, row: u32, column: u16) -> Self {
        Self {
            file: file.into(),
            at: Position::Cell(Address::new(sheet, row, column)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Position::File => write!(formatter, "{}", self.file),
            Position::LineColumn { line, column } => write!(formatter, "{}:{line}:{column}", self.file),
            Position::Cell(address) => write!(formatter, "{}:{address}", self.file),
        }
    }
}

/// The place that a part of a definition was read from.
///
/// It is about the part, not of it: two parts that say the same are equal wherever they were written.
#[derive(Debug, Clone)]
pub struct Origin(pub Place);

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Deref for Origin {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file can't be used.
    Error,
    /// The file can be used, but this is probably not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong, or probably wrong, in a file: where, what, and what would be right.
///
/// ```
/// use innogauge::definition::{Diagnostic, Place};
///
/// let diagnostic = Diagnostic::error(Place::line("enterprise.yaml", 12, 17), "unknown question 'turnver'")
///     .with_help("did you mean 'turnover'?");
/// assert_eq!(
///     diagnostic.to_string(),
///     "enterprise.yaml:12:17: error: unknown question 'turnver'\n  help: did you mean 'turnover'?"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without help.
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            message: message.into(),
            help: None,
        }
    }

    /// A warning without help.
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            place,
            message: message.into(),
            help: None,
        }
    }

    /// A file that can't be read.
    pub fn unreadable(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::error(
            Place::file(path.display().to_string()),
            format!("can't be read: {error}"),
        )
    }

    /// The same, saying what would be right.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.place, self.severity, self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// What was read and found usable, with the warnings that it gave.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    /// The checked thing.
    pub value: T,
    /// Warnings, in the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// The candidate that was most probably meant by a misspelt word, where one is near enough: at most a third of its
/// letters are others.
///
/// ```
/// use innogauge::definition::nearest;
///
/// assert_eq!(nearest("turnver", ["staff", "turnover"]), Some("turnover"));
/// assert_eq!(nearest("b", ["a"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let length = word.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| {
            // Words of too different lengths need no closer look.
            let other = candidate.chars().count();
            length.abs_diff(other) <= 1.max(length.max(other) / 3)
        })
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            let longer = length.max(candidate.chars().count());
            *distance <= 1.max(longer / 3) && *distance < longer
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
