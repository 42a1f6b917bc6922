//! Data exports: the responses to a survey as tables for statistics programs and spreadsheets.

use std::io::{Seek, Write};

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use super::answer_table::{AnswerColumn, AnswerTable, Datum};
use super::workbook::ReportedResponse;
use super::{Wording, codebook_sheet};
use crate::definition::Definition;

/// What an export leaves out and how it names things.
#[derive(Debug, Clone)]
pub struct Export<'d> {
    definition: &'d Definition,
    tables: Vec<AnswerTable<'d>>,
    wording: Wording,
}

/// The first columns of the responses.
const RESPONSE_KEYS: [&str; 5] = ["instanceID", "version", "state", "problems", "received_at"];
/// The first columns of a repeat: they say which response and which instance a row is.
const INSTANCE_KEYS: [&str; 2] = ["instanceID", "position"];

impl<'d> Export<'d> {
    /// An export of the responses to this definition. Questions about persons, and those that identify an organisation,
    /// are columns only where `personal` says so; labels of choices are in these languages.
    pub fn new(definition: &'d Definition, personal: bool, wording: Wording) -> Self {
        Self {
            definition,
            tables: AnswerTable::of(definition, personal),
            wording,
        }
    }

    /// The names of the tables: empty for the responses, else the repeat's.
    pub fn tables(&self) -> impl Iterator<Item = &'d str> {
        self.tables
            .iter()
            .map(|table| table.repeat().map_or("", |repeat| repeat.name.as_str()))
    }

    /// A writer of one table as CSV (UTF-8 with a byte order mark, which makes Excel read Chinese), head included.
    /// `None` where there is no table of this name.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn csv<W: Write>(&self, table: &str, mut to: W) -> Result<Option<CsvTable<'_, 'd, W>>, csv::Error> {
        let Some(position) = self.tables().position(|name| name == table) else {
            return Ok(None);
        };
        let Some(table) = self.tables.get(position) else {
            return Ok(None);
        };
        to.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(heads(table))?;
        Ok(Some(CsvTable {
            table,
            wording: &self.wording,
            writer,
        }))
    }

    /// A workbook to be filled: a sheet of responses, one per repeat, and the codebook. Rows go to temporary files at
    /// once, so that memory does not grow with them.
    ///
    /// # Errors
    ///
    /// Where a sheet can't be made.
    pub fn workbook(&self) -> Result<ExportWorkbook<'_, 'd>, XlsxError> {
        let mut workbook = Workbook::new();
        // A fixed time: the same responses give the same bytes.
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&chrono::DateTime::UNIX_EPOCH));
        for table in &self.tables {
            let name = table.repeat().map_or("responses", |repeat| repeat.name.as_str());
            let sheet = workbook.add_worksheet_with_constant_memory()?;
            sheet.set_name(name.chars().take(31).collect::<String>())?;
            sheet.set_freeze_panes(1, 1)?;
            for (column, head) in (0..).zip(heads(table)) {
                sheet.write_string(0, column, head)?;
            }
        }
        Ok(ExportWorkbook {
            export: self,
            workbook,
            rows: vec![0; self.tables.len()],
        })
    }
}

/// A workbook of responses that is being filled.
pub struct ExportWorkbook<'e, 'd> {
    export: &'e Export<'d>,
    workbook: Workbook,
    rows: Vec<u32>,
}

impl ExportWorkbook<'_, '_> {
    /// Adds the rows of one response.
    ///
    /// # Errors
    ///
    /// Where there are more rows than a worksheet takes (1,048,575), or writing fails.
    pub fn write(&mut self, response: &ReportedResponse) -> Result<(), XlsxError> {
        for (position, (table, row)) in self.export.tables.iter().zip(&mut self.rows).enumerate() {
            let sheet = self.workbook.worksheet_from_index(position)?;
            for cells in cells(table, response, &self.export.wording) {
                *row += 1;
                for (column, datum) in (0..).zip(cells) {
                    match datum {
                        Datum::Empty => continue,
                        Datum::Text(text) => sheet.write_string(*row, column, text)?,
                        Datum::Number(number) => sheet.write_number(*row, column, number)?,
                    };
                }
            }
        }
        Ok(())
    }

    /// Adds the codebook and writes the whole.
    ///
    /// # Errors
    ///
    /// Where writing fails.
    pub fn finish<W: Write + Seek + Send>(mut self, to: W) -> Result<(), XlsxError> {
        self.workbook
            .push_worksheet(codebook_sheet(self.export.definition, &self.export.wording)?);
        self.workbook.save_to_writer(to)
    }
}

/// One table on its way into a CSV file.
pub struct CsvTable<'e, 'd, W: Write> {
    table: &'e AnswerTable<'d>,
    wording: &'e Wording,
    writer: csv::Writer<W>,
}

impl<W: Write> CsvTable<'_, '_, W> {
    /// Writes the rows of one response.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn write(&mut self, response: &ReportedResponse) -> Result<(), csv::Error> {
        for cells in cells(self.table, response, self.wording) {
            self.writer.write_record(cells.into_iter().map(|datum| match datum {
                Datum::Empty => String::new(),
                Datum::Text(text) => text,
                Datum::Number(number) => number.to_string(),
            }))?;
        }
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn finish(mut self) -> Result<(), csv::Error> {
        Ok(self.writer.flush()?)
    }
}

/// The heads of a table's columns: keys, then paths; a column of labels ends in `.label`.
fn heads(table: &AnswerTable<'_>) -> Vec<String> {
    let keys = match table.repeat() {
        Some(_) => &INSTANCE_KEYS[..],
        None => &RESPONSE_KEYS[..],
    };
    let path = |column: &AnswerColumn<'_>| {
        let path = column.path.trim_start_matches('/');
        if column.labels {
            format!("{path}.label")
        } else {
            path.to_owned()
        }
    };
    keys.iter()
        .map(|key| (*key).to_owned())
        .chain(table.columns().iter().map(path))
        .collect()
}

/// The rows that a response makes in a table.
fn cells(table: &AnswerTable<'_>, response: &ReportedResponse, wording: &Wording) -> Vec<Vec<Datum>> {
    let row = |(position, data): (String, Vec<Datum>)| {
        let keys = match table.repeat() {
            Some(_) => vec![Datum::Text(response.instance_id.clone()), Datum::Text(position)],
            None => vec![
                Datum::Text(response.instance_id.clone()),
                Datum::Text(response.version.clone()),
                Datum::Text(response.state.clone()),
                Datum::Number(response.problems as f64),
                Datum::Text(response.received_at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ],
        };
        keys.into_iter().chain(data).collect()
    };
    table.rows(&response.answers, wording).into_iter().map(row).collect()
}
