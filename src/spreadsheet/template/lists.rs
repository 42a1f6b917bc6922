//! The hidden sheet with the words to choose from: Excel's drop-downs read them there, so that none is too long.

use indexmap::IndexMap;
use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::workbook::column_letters;

/// The lists of a workbook, each once.
#[derive(Default)]
pub(super) struct Lists {
    columns: IndexMap<Vec<String>, u16>,
}

impl Lists {
    const SHEET: &'static str = "_lists";

    /// The range in which these words stand, as a formula names it.
    pub fn range(&mut self, words: Vec<String>) -> String {
        let rows = words.len();
        let next = u16::try_from(self.columns.len()).unwrap_or(u16::MAX);
        let column = column_letters(*self.columns.entry(words).or_insert(next));
        format!("{}!${column}$1:${column}${}", Self::SHEET, rows.max(1))
    }

    /// Writes the sheet.
    pub fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(Self::SHEET)?.set_hidden(true).protect();
        for (words, column) in &self.columns {
            for (row, word) in (0..).zip(words) {
                sheet.write_string(row, *column, word)?;
            }
        }
        Ok(())
    }
}
