//! .xls through calamine. It holds whole sheets in memory, so the memory limit of the process is what bounds it.

use std::fs::File;
use std::io::BufReader;

use calamine::{Data, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::super::batch::BatchWriter;
use super::super::cell::{CellValue, from_day_number, from_iso};
use super::super::error::ReadError;
use super::SheetInfo;

pub(in super::super) struct Workbook {
    inner: Xls<BufReader<File>>,
}

impl Workbook {
    pub fn open(file: File) -> Result<Self, ReadError> {
        // A workbook locked with a password lies in an .xls container too, also where it is an .xlsx.
        match Xls::new(BufReader::new(file)) {
            Ok(inner) => Ok(Self { inner }),
            Err(XlsError::Password) => Err(ReadError::Locked),
            Err(error) => Err(ReadError::damaged(error)),
        }
    }

    pub fn sheets(&self) -> Vec<SheetInfo> {
        let worksheets = self
            .inner
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet);
        worksheets
            .map(|sheet| SheetInfo {
                name: sheet.name.clone(),
                visible: sheet.visible == SheetVisible::Visible,
            })
            .collect()
    }

    /// Row and column of the first cell of a sheet that holds a formula.
    pub fn first_formula(&mut self, sheet: &str) -> Result<Option<(u32, u32)>, ReadError> {
        let formulas = self.inner.worksheet_formula(sheet).map_err(ReadError::damaged)?;
        let (first_row, first_column) = formulas.start().unwrap_or_default();
        let found = formulas.used_cells().find(|(_, _, formula)| !formula.is_empty());
        let at = |offset: usize, first: u32| first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
        Ok(found.map(|(row, column, _)| (at(row, first_row), at(column, first_column))))
    }

    pub fn read(&mut self, sheet: usize, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
        let is_1904 = self.inner.has_1904_epoch();
        let name = self
            .sheets()
            .get(sheet)
            .map(|sheet| sheet.name.clone())
            .unwrap_or_default();
        let range = self.inner.worksheet_range(&name).map_err(ReadError::damaged)?;
        let Some((first_row, first_column)) = range.start() else {
            return Ok(());
        };
        for (row, column, data) in range.used_cells() {
            let error: String;
            let value = match data {
                Data::Empty => continue,
                Data::String(text) => CellValue::Text(text),
                Data::Float(number) if number.is_finite() => CellValue::Number(*number),
                Data::Float(_) => CellValue::Error("#NUM!"),
                Data::Int(number) => CellValue::Number(*number as f64),
                Data::Bool(truth) => CellValue::Boolean(*truth),
                Data::DateTime(at) => {
                    from_day_number(at.as_f64(), is_1904, at.is_duration()).unwrap_or(CellValue::Error("#NUM!"))
                }
                Data::DateTimeIso(text) | Data::DurationIso(text) => from_iso(text).unwrap_or(CellValue::Text(text)),
                Data::Error(kind) => {
                    error = kind.to_string();
                    CellValue::Error(&error)
                }
            };
            let at = |offset: usize, first: u32| first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
            if writer
                .cell(at(row, first_row), at(column, first_column), value)?
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }
}
