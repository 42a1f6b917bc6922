//! .xlsx through calamine's reader of single cells, never through its ranges: those allocate the whole rectangle.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use memchr::memmem;

use super::super::batch::BatchWriter;
use super::super::cell::{CellValue, from_day_number, from_iso, from_percentage};
use super::super::error::ReadError;
use super::super::limits::Limits;
use super::archive::{self, Archive};
use super::{SMALL, SheetInfo};

/// What calamine reads from: a file, or a small workbook that is unpacked in memory.
trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

pub(in super::super) struct Workbook {
    inner: Xlsx<Box<dyn Source>>,
    /// Counts the unpacked worksheets while they are read; the other parts were counted before.
    watch: archive::Watch,
    /// Whether there may be a formula.
    may_have_formulas: bool,
}

impl Workbook {
    /// Opens the workbook in a zip, which lies at `path`.
    pub fn open(mut archive: Archive, path: &Path, limits: &Limits) -> Result<Self, ReadError> {
        if archive::expect_modest(&archive, limits)? <= SMALL
            && let Some(unpacked) = archive::unpack(&mut archive, SMALL.min(limits.unpacked_bytes))?
        {
            let may_have_formulas = may_have_formula(&unpacked);
            return Self::of(
                Box::new(Cursor::new(unpacked)),
                archive::Watch::over(),
                may_have_formulas,
            );
        }
        // Of a larger one the worksheets are counted while they are read, on another core.
        let is_sheet = |name: &str| name.starts_with("xl/worksheets/");
        archive::count(&mut archive, limits, |name| !is_sheet(name))?;
        let watch = archive::Watch::start(path, *limits, is_sheet);
        Self::of(Box::new(archive.into_inner()), watch, true)
    }

    fn of(source: Box<dyn Source>, watch: archive::Watch, may_have_formulas: bool) -> Result<Self, ReadError> {
        Ok(Self {
            inner: Xlsx::new(source).map_err(into_read_error)?,
            watch,
            may_have_formulas,
        })
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
        if !self.may_have_formulas {
            return Ok(None);
        }
        let mut cells = self.inner.worksheet_cells_reader(sheet).map_err(into_read_error)?;
        while let Some(cell) = cells.next_formula().map_err(into_read_error)? {
            if !cell.get_value().is_empty() {
                return Ok(Some(cell.get_position()));
            }
            self.watch.check()?;
        }
        Ok(None)
    }

    pub fn read(&mut self, sheet: &str, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
        let is_1904 = self.inner.has_1904_epoch();
        let mut cells = self.inner.worksheet_cells_reader(sheet).map_err(into_read_error)?;
        let percent: Vec<bool> = cells.styles().iter().map(shows_percent).collect();
        let mut row = 0;
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(into_read_error)? {
            let (cell_row, column) = cell.get_position();
            if cell_row != row {
                self.watch.check()?;
                row = cell_row;
            }
            let error: String;
            let value = match cell.get_value() {
                DataRef::Empty => continue,
                DataRef::SharedString(text) => CellValue::Text(text),
                DataRef::String(text) => CellValue::Text(text),
                DataRef::Float(number) if number.is_finite() && percent.get(style) == Some(&true) => {
                    from_percentage(*number)
                }
                DataRef::Float(number) if number.is_finite() => CellValue::Number(*number),
                DataRef::Float(_) => CellValue::Error("#NUM!"),
                DataRef::Int(number) => CellValue::Number(*number as f64),
                DataRef::Bool(truth) => CellValue::Boolean(*truth),
                DataRef::DateTime(at) => {
                    from_day_number(at.as_f64(), is_1904, at.is_duration()).unwrap_or(CellValue::Error("#NUM!"))
                }
                DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                    from_iso(text).unwrap_or(CellValue::Text(text))
                }
                DataRef::Error(kind) => {
                    error = kind.to_string();
                    CellValue::Error(&error)
                }
            };
            if writer.cell(cell_row, column, value)?.is_break() {
                return self.watch.check();
            }
        }
        self.watch.wait()
    }
}

/// Whether an element `f`, which is a formula, may begin in what is unpacked: `<f`, or the `:f` after a prefix, and the name
/// ends behind its one letter.
fn may_have_formula(unpacked: &[u8]) -> bool {
    let ends = |at: usize| matches!(unpacked.get(at + 2), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'));
    ["<f", ":f"]
        .iter()
        .any(|name| memmem::find_iter(unpacked, name).any(ends))
}

/// Whether numbers in cells of this style are shown in percent: a percent sign outside quoted text.
fn shows_percent(style: &Style) -> bool {
    let Some(format) = &style.number_format else {
        return false;
    };
    let outside_quotes = format.format_code.split('"').step_by(2);
    outside_quotes.into_iter().any(|part| part.contains('%')) || matches!(format.format_id, Some(9 | 10))
}

fn into_read_error(error: XlsxError) -> ReadError {
    match error {
        XlsxError::Password => ReadError::Locked,
        error => ReadError::damaged(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_told_from_other_elements_under_any_prefix() {
        for there in [
            "<c><f>1+1</f></c>",
            "<c><f t=\"shared\"/></c>",
            "<x:c><x:f>1</x:f></x:c>",
        ] {
            assert!(may_have_formula(there.as_bytes()), "{there}");
        }
        assert!(!may_have_formula(
            b"<fonts><font><family val=\"2\"/></font></fonts><v>f</v>"
        ));
    }
}
