//! The sheets of an XLSForm as text, whatever format they came in.

use std::borrow::Cow;

use crate::workbook::CellValue;

/// The sheets of an XLSForm: what all of its formats give.
///
/// Kept as one table of text ([`Book::to_csv`]), it is read again without any workbook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    pub(super) sheets: Vec<Sheet>,
}

/// One sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sheet<T = String> {
    /// Its name as it is written.
    pub name: String,
    /// Its rows in their order, without those that are empty.
    pub lines: Vec<Line<T>>,
}

/// One row with its cells that are not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line<T = String> {
    /// The row, from 0.
    pub number: u32,
    /// Columns, from 0, and the text in them, in the order of the columns.
    pub cells: Vec<(u16, T)>,
}

/// A sheet as it is read: its text is mostly that which is written.
pub(super) type Reading<'b> = Sheet<Cow<'b, str>>;

impl Sheet {
    /// The sheet with the text of each cell as it is to be read.
    pub fn read<'b>(&'b self, text: impl Fn(&'b str) -> Cow<'b, str>) -> Reading<'b> {
        let line = |line: &'b Line| Line {
            number: line.number,
            cells: line
                .cells
                .iter()
                .map(|(column, words)| (*column, text(words)))
                .collect(),
        };
        Sheet {
            name: self.name.clone(),
            lines: self.lines.iter().map(line).collect(),
        }
    }
}

impl Book {
    /// The sheet of this name in lower case.
    pub(super) fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.name.to_lowercase() == name)
    }

    /// One table of text that holds all sheets, as pyxform reads it: a line with the sheet's name, then its rows,
    /// whose first column is empty.
    ///
    /// ```
    /// use innogauge::definition::Book;
    ///
    /// let book = Book::from_markdown("| survey |\n| | type | name |\n| | note | a,b |\n");
    /// assert_eq!(book.to_csv(), "survey\n,type,name\n,note,\"a,b\"\n");
    /// ```
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        for sheet in &self.sheets {
            field(&sheet.name, &mut text);
            text.push('\n');
            let mut number = 0;
            for line in &sheet.lines {
                // A row that is empty keeps the numbers of the next ones.
                while number < line.number {
                    text.push_str(",\n");
                    number += 1;
                }
                number = line.number + 1;
                let mut column = 0;
                for (at, cell) in &line.cells {
                    text.extend(std::iter::repeat_n(',', usize::from(at + 1 - column)));
                    column = at + 1;
                    field(cell, &mut text);
                }
                text.push('\n');
            }
        }
        text
    }
}

/// Writes a field, in quotes where they are needed.
fn field(words: &str, text: &mut String) {
    if words.contains([',', '"', '\n', '\r', ';', '\t', '|']) {
        text.push('"');
        text.push_str(&words.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(words);
    }
}

/// A cell as XLSForm takes it: as it was typed, without spaces around it; hard spaces are spaces.
pub(super) fn cell_text(value: CellValue<'_>) -> Option<String> {
    let written = match value {
        CellValue::Text(text) => text.into(),
        other => Cow::from(other.to_string()),
    };
    let text = written.trim();
    // Hard spaces begin with this byte, and little else does that people write.
    if text.as_bytes().contains(&0xc2) {
        return Some(text.replace('\u{a0}', " "));
    }
    (!text.is_empty()).then(|| text.to_owned())
}
