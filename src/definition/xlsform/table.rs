//! A sheet as a table: what each column is, and the rows below the header.

use std::borrow::Cow;
use std::sync::Arc;

use super::book::{Line, Reading};
use super::columns::{Kind, Target};
use super::languages::Languages;
use crate::definition::place::{Diagnostic, Place, nearest};
use crate::definition::text::Text;

/// A sheet whose header was understood.
#[derive(Debug)]
pub(super) struct Table<'b> {
    file: Arc<str>,
    sheet: Arc<str>,
    /// By their numbers; `None` where there is no header.
    columns: Vec<Option<Column>>,
    lines: &'b [Line<Cow<'b, str>>],
}

/// A column of a sheet.
#[derive(Debug)]
pub(super) struct Column {
    /// Its number, from 0.
    pub at: u16,
    /// The header as it is written.
    pub header: String,
    /// What it holds.
    pub target: Target,
    /// The code of the language that the header names.
    pub language: Option<String>,
}

impl<'b> Table<'b> {
    /// Reads the header of a sheet. Headers that say the same twice are errors; cells without a header are warned of.
    pub fn read(
        file: &Arc<str>,
        sheet: &'b Reading<'b>,
        kind: Kind,
        languages: &mut Languages,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let (header, lines) = match sheet.lines.split_first() {
            Some((header, lines)) if header.number == 0 => (header.cells.as_slice(), lines),
            _ => (&[] as &[_], sheet.lines.as_slice()),
        };
        let mut table = Self {
            file: Arc::clone(file),
            sheet: sheet.name.as_str().into(),
            columns: Vec::new(),
            lines,
        };
        let double = header.iter().any(|(_, words)| words.contains("::"));
        for (at, words) in header {
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let (target, language) = kind.target(&words, double);
            let language = language.map(|language| languages.code(&language));
            table.same_twice(*at, &words, &target, language.as_deref(), found);
            table.columns.resize_with(usize::from(*at), || None);
            table.columns.push(Some(Column {
                at: *at,
                header: words,
                target,
                language,
            }));
        }
        table.headless(found);
        table
    }

    /// Whether a column says the same as one before it.
    fn same_twice(&self, at: u16, words: &str, target: &Target, language: Option<&str>, found: &mut Vec<Diagnostic>) {
        let same = |column: &&Column| column.target == *target && column.language.as_deref() == language;
        if let Some(first) = self.columns().find(same) {
            found.push(
                Diagnostic::error(
                    self.place(0, at),
                    format!("the columns '{}' and '{words}' are the same", first.header),
                )
                .with_help(format!(
                    "the other is in {}: rename or remove one of them",
                    super::super::check::whereabouts(&self.place(0, first.at))
                )),
            );
        }
    }

    /// Cells below an empty header would be passed over in silence.
    fn headless(&self, found: &mut Vec<Diagnostic>) {
        let mut seen = Vec::new();
        for line in self.lines {
            for (at, _) in &line.cells {
                if self.column(*at).is_none() && !seen.contains(at) {
                    seen.push(*at);
                    found.push(
                        Diagnostic::warning(
                            self.place(line.number, *at),
                            "this cell is not read: its column has no header",
                        )
                        .with_help("write the header in the first row; headers can't be merged over several columns"),
                    );
                }
            }
        }
    }

    /// The columns.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().flatten()
    }

    fn column(&self, at: u16) -> Option<&Column> {
        self.columns.get(usize::from(at))?.as_ref()
    }

    /// Where the header of a column stands, else where the sheet begins.
    pub fn header_place(&self, target: &Target) -> Place {
        let column = self.columns().find(|column| column.target == *target);
        self.place(0, column.map_or(0, |column| column.at))
    }

    /// Notes that a column is missing. What is nearest to it may be misspelt.
    pub fn require(&self, key: &'static str, kind: Kind, found: &mut Vec<Diagnostic>) -> bool {
        let there = self.columns().any(|column| column.target == Target::Key(key));
        if !there {
            let others = self.columns().filter_map(|column| match &column.target {
                Target::Other(words) => Some((column, words.as_str())),
                _ => None,
            });
            let misspelt = others
                .filter(|(_, words)| nearest(words, [key]).is_some())
                .map(|(column, _)| column)
                .next();
            let place = self.place(0, misspelt.map_or(0, |column| column.at));
            let help = match misspelt {
                Some(column) => format!("is '{}' meant to be '{key}'?", column.header),
                None => format!(
                    "the first row of the sheet holds the headers: {}",
                    kind.known().collect::<Vec<_>>().join(", ")
                ),
            };
            found.push(
                Diagnostic::error(place, format!("the sheet '{}' has no column '{key}'", self.sheet)).with_help(help),
            );
        }
        there
    }

    /// The rows below the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.lines.iter().map(|line| Row { table: self, line })
    }

    fn place(&self, row: u32, column: u16) -> Place {
        Place::cell(Arc::clone(&self.file), Arc::clone(&self.sheet), row, column)
    }
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'t> {
    table: &'t Table<'t>,
    line: &'t Line<Cow<'t, str>>,
}

/// A cell of a row: its text and its column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'t> {
    pub text: &'t str,
    pub column: &'t Column,
    row: Row<'t>,
}

impl Cell<'_> {
    /// Where it stands.
    pub fn place(self) -> Place {
        self.row.table.place(self.row.line.number, self.column.at)
    }
}

impl<'t> Row<'t> {
    /// The number of the row as people count, from 1.
    pub fn number(&self) -> u32 {
        self.line.number + 1
    }

    /// The cells that are not empty and have a header.
    pub fn cells(self) -> impl Iterator<Item = Cell<'t>> {
        self.line.cells.iter().filter_map(move |(at, text)| {
            Some(Cell {
                text,
                column: self.table.column(*at)?,
                row: self,
            })
        })
    }

    /// The cell of a key, without a language.
    pub fn cell(self, key: &'static str) -> Option<Cell<'t>> {
        let is_of_key = |column: &Column| matches!(column.target, Target::Key(known) if known == key);
        self.cells()
            .find(|cell| is_of_key(cell.column) && cell.column.language.is_none())
    }

    /// The text of a key.
    pub fn get(self, key: &'static str) -> Option<&'t str> {
        self.cell(key).map(|cell| cell.text)
    }

    /// Where the cell of a key stands or would stand, else where the row begins.
    pub fn place(self, key: &'static str) -> Place {
        let column = self.table.columns().find(|column| column.target == Target::Key(key));
        self.table.place(self.line.number, column.map_or(0, |column| column.at))
    }

    /// The words of a target in each language, and where the first of them stand.
    pub fn text(self, target: &Target, languages: &Languages) -> (Text, Option<Place>) {
        let cells: Vec<Cell<'_>> = self.cells().filter(|cell| cell.column.target == *target).collect();
        let words: Vec<(Option<&str>, &str)> = cells
            .iter()
            .map(|cell| (cell.column.language.as_deref(), cell.text))
            .collect();
        (languages.text(&words), cells.first().map(|cell| cell.place()))
    }
}
