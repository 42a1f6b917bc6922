//! Rows on their way from the reading process to the asking one: many rows in one block of bytes.
//!
//! A block is decoded where it is used, so that several can be decoded at once on several cores. All readers write
//! through [`BatchWriter`], which is the one place that holds them to the limits.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta};

use super::cell::{Address, Cell, CellValue, Row};
use super::error::{Excess, ReadError};
use super::limits::Limits;

/// Rows of one sheet, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowBatch {
    bytes: Vec<u8>,
}

impl RowBatch {
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The rows of the batch, each with its number and the cells that are not empty.
    pub fn rows(&self) -> Rows<'_> {
        Rows { bytes: &self.bytes }
    }
}

/// The rows of a [`RowBatch`].
#[derive(Debug)]
pub struct Rows<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Row<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let row = self.row();
        if row.is_none() {
            self.bytes = &[];
        }
        Some(row.ok_or_else(|| ReadError::Process {
            message: "a block of rows was cut off".into(),
        }))
    }
}

impl<'a> Rows<'a> {
    fn row(&mut self) -> Option<Row<'a>> {
        let number = u32::from_le_bytes(self.array()?);
        let count = u16::from_le_bytes(self.array()?);
        let mut cells = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let column = u16::from_le_bytes(self.array()?);
            cells.push(Cell {
                column,
                value: self.value()?,
            });
        }
        Some(Row { number, cells })
    }

    fn value(&mut self) -> Option<CellValue<'a>> {
        let [kind] = self.array()?;
        Some(match kind {
            TEXT => CellValue::Text(self.text()?),
            NUMBER => CellValue::Number(f64::from_le_bytes(self.array()?)),
            PERCENTAGE => CellValue::Percentage(f64::from_le_bytes(self.array()?)),
            FALSE => CellValue::Boolean(false),
            TRUE => CellValue::Boolean(true),
            DATE_TIME => {
                CellValue::DateTime(DateTime::from_timestamp_millis(i64::from_le_bytes(self.array()?))?.naive_utc())
            }
            TIME => {
                CellValue::Time(NaiveTime::MIN + TimeDelta::milliseconds(i64::from(u32::from_le_bytes(self.array()?))))
            }
            DURATION => CellValue::Duration(f64::from_le_bytes(self.array()?)),
            ERROR => CellValue::Error(self.text()?),
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = u32::from_le_bytes(self.array()?);
        let (text, rest) = self.bytes.split_at_checked(usize::try_from(length).ok()?)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*array)
    }
}

const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;
const DATE_TIME: u8 = 5;
const TIME: u8 = 6;
const DURATION: u8 = 7;
const ERROR: u8 = 8;
const PERCENTAGE: u8 = 9;

/// Where a full block goes.
pub(super) type Deliver<'a> = dyn FnMut(&[u8]) -> Result<(), ReadError> + 'a;

/// Takes the cells of a sheet in their order, holds them to the limits, and delivers them in blocks of rows.
pub(super) struct BatchWriter<'a> {
    sheet: Arc<str>,
    limits: Limits,
    /// Rows from this one on are not wanted.
    end: u32,
    /// Cells that may still come, over all sheets.
    cells_left: &'a mut u64,
    deliver: &'a mut Deliver<'a>,
    bytes: Vec<u8>,
    row: Option<OpenRow>,
}

struct OpenRow {
    number: u32,
    column: u16,
    cells: u16,
    count_at: usize,
}

impl<'a> BatchWriter<'a> {
    const BLOCK_BYTES: usize = 256 << 10;

    pub fn new(
        sheet: &str,
        limits: Limits,
        first_rows: Option<u32>,
        cells_left: &'a mut u64,
        deliver: &'a mut Deliver<'a>,
    ) -> Self {
        let end = first_rows.unwrap_or(u32::MAX);
        Self {
            sheet: sheet.into(),
            limits,
            end,
            cells_left,
            deliver,
            bytes: Vec::new(),
            row: None,
        }
    }

    /// Takes one cell; breaks where no more cells are wanted.
    pub fn cell(&mut self, row: u32, column: u32, value: CellValue<'_>) -> Result<ControlFlow<()>, ReadError> {
        if value == CellValue::Text("") {
            return Ok(ControlFlow::Continue(()));
        }
        if row >= self.end {
            return Ok(ControlFlow::Break(()));
        }
        let column = self.check(row, column, &value)?;
        match &mut self.row {
            Some(open) if open.number == row => {
                if column <= open.column {
                    return Err(self.out_of_order(row, column));
                }
                open.column = column;
                open.cells += 1;
            }
            Some(open) if open.number > row => return Err(self.out_of_order(row, column)),
            _ => {
                self.close_row();
                if self.bytes.len() >= Self::BLOCK_BYTES {
                    self.flush()?;
                }
                self.bytes.extend_from_slice(&row.to_le_bytes());
                self.row = Some(OpenRow {
                    number: row,
                    column,
                    cells: 1,
                    count_at: self.bytes.len(),
                });
                self.bytes.extend_from_slice(&0_u16.to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(&column.to_le_bytes());
        self.push(value);
        Ok(ControlFlow::Continue(()))
    }

    /// Whether a formula is an error.
    pub fn refuses_formulas(&self) -> bool {
        !self.limits.formulas
    }

    /// The error of a formula in a cell.
    pub fn formula(&self, row: u32, column: u32) -> ReadError {
        ReadError::Formula {
            place: Address {
                sheet: self.sheet.clone(),
                row,
                column: u16::try_from(column).unwrap_or(u16::MAX),
            },
        }
    }

    /// Delivers what is left.
    pub fn finish(mut self) -> Result<(), ReadError> {
        self.close_row();
        if self.bytes.is_empty() { Ok(()) } else { self.flush() }
    }

    fn check(&mut self, row: u32, column: u32, value: &CellValue<'_>) -> Result<u16, ReadError> {
        let at = |column: u16| {
            Some(Address {
                sheet: self.sheet.clone(),
                row,
                column,
            })
        };
        let too_large = |what, limit: u64, place| Err(ReadError::TooLarge { what, limit, place });
        let Some(narrow) = u16::try_from(column)
            .ok()
            .filter(|column| *column < self.limits.columns)
        else {
            return too_large(
                Excess::Columns,
                self.limits.columns.into(),
                at(u16::try_from(column).unwrap_or(u16::MAX)),
            );
        };
        if row >= self.limits.rows {
            return too_large(Excess::Rows, self.limits.rows.into(), at(narrow));
        }
        if let CellValue::Text(text) = value
            && text.len() > self.limits.text_bytes
        {
            return too_large(Excess::TextBytes, self.limits.text_bytes as u64, at(narrow));
        }
        let Some(left) = self.cells_left.checked_sub(1) else {
            return too_large(Excess::Cells, self.limits.cells, None);
        };
        *self.cells_left = left;
        Ok(narrow)
    }

    fn out_of_order(&self, row: u32, column: u16) -> ReadError {
        let place = Address {
            sheet: self.sheet.clone(),
            row,
            column,
        };
        ReadError::damaged(format!("the cell {place} is not in its order"))
    }

    fn push(&mut self, value: CellValue<'_>) {
        let bytes = &mut self.bytes;
        let mut text = |kind: u8, text: &str| {
            bytes.push(kind);
            // Held to text_bytes above, which fits.
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        match value {
            CellValue::Text(value) => text(TEXT, value),
            CellValue::Error(value) => text(ERROR, value),
            CellValue::Number(value) => {
                bytes.push(NUMBER);
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            CellValue::Percentage(value) => {
                bytes.push(PERCENTAGE);
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            CellValue::Boolean(value) => bytes.push(if value { TRUE } else { FALSE }),
            CellValue::DateTime(at) => {
                bytes.push(DATE_TIME);
                bytes.extend_from_slice(&at.and_utc().timestamp_millis().to_le_bytes());
            }
            CellValue::Time(time) => {
                let milliseconds = (time - NaiveTime::MIN).num_milliseconds();
                bytes.push(TIME);
                bytes.extend_from_slice(&u32::try_from(milliseconds).unwrap_or(0).to_le_bytes());
            }
            CellValue::Duration(seconds) => {
                bytes.push(DURATION);
                bytes.extend_from_slice(&seconds.to_le_bytes());
            }
        }
    }

    fn close_row(&mut self) {
        if let Some(open) = self.row.take()
            && let Some(count) = self.bytes.get_mut(open.count_at..open.count_at + 2)
        {
            count.copy_from_slice(&open.cells.to_le_bytes());
        }
    }

    fn flush(&mut self) -> Result<(), ReadError> {
        (self.deliver)(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn write(cells: &[(u32, u32, CellValue<'_>)], limits: Limits) -> Result<RowBatch, ReadError> {
        let mut all = Vec::new();
        let mut deliver = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            Ok(())
        };
        let mut left = limits.cells;
        let mut writer = BatchWriter::new("S", limits, None, &mut left, &mut deliver);
        for (row, column, value) in cells {
            assert!(writer.cell(*row, *column, *value)?.is_continue());
        }
        writer.finish()?;
        Ok(RowBatch::from_bytes(all))
    }

    #[test]
    fn every_kind_of_value_arrives_as_it_was_sent() {
        let at = NaiveDate::from_ymd_opt(2024, 3, 15)
            .unwrap()
            .and_hms_milli_opt(10, 30, 1, 5)
            .unwrap();
        let values = [
            CellValue::Text("企业 A"),
            CellValue::Number(-1.5),
            CellValue::Boolean(true),
            CellValue::Boolean(false),
            CellValue::DateTime(at),
            CellValue::Time(at.time()),
            CellValue::Duration(90_000.0),
            CellValue::Error("#N/A"),
            CellValue::Percentage(12.5),
        ];
        let sent: Vec<_> = (0..9).map(|i| (i / 3, i % 3 * 5, values[i as usize])).collect();
        let batch = write(&sent, Limits::default()).unwrap();
        let rows: Vec<_> = batch.rows().map(Result::unwrap).collect();
        let arrived: Vec<_> = rows
            .iter()
            .flat_map(|row| {
                row.cells
                    .iter()
                    .map(|cell| (row.number, u32::from(cell.column), cell.value))
            })
            .collect();
        assert_eq!(arrived, sent);
    }

    #[test]
    fn limits_name_the_cell() {
        let limits = Limits {
            rows: 10,
            columns: 3,
            cells: 2,
            text_bytes: 4,
            ..Limits::default()
        };
        let number = CellValue::Number(1.0);
        let refused = |cells: &[(u32, u32, CellValue<'_>)]| write(cells, limits).unwrap_err().to_string();
        assert!(refused(&[(0, 3, number)]).contains("columns above the limit of 3 (at S!D1)"));
        assert!(refused(&[(10, 0, number)]).contains("rows above the limit of 10 (at S!A11)"));
        assert!(refused(&[(0, 0, CellValue::Text("12345"))]).contains("text in one cell"));
        assert!(refused(&[(0, 0, number), (0, 1, number), (0, 2, number)]).contains("cells above the limit of 2"));
        assert!(refused(&[(1, 0, number), (0, 0, number)]).contains("S!A1 is not in its order"));
    }
}
