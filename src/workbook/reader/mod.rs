//! Reading a workbook of any format into typed cells, inside the process that may be killed for it.
//!
//! Flows in: a file that a stranger sent. Flows out: its sheets, and their cells in blocks of rows. Nothing here
//! knows surveys, and nothing here runs in the server's own process: see [`super::worker`].

mod archive;
pub(super) mod csv;
mod ods;
mod tables;
mod xls;
mod xlsx;

use std::fs::File;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::batch::{BatchWriter, Deliver, RowBatch};
use super::cell::Address;
use super::error::{Excess, ReadError, Stranger};
use super::folder::parts_of_folder;
use super::limits::Limits;
use super::sniff::{self, Kind, Zipped};
use archive::Archive;
use tables::Parts;

/// A workbook that unpacks to no more than so many bytes is small: the form of a survey is, with thousands of questions.
const SMALL: u64 = 4 << 20;

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// Its name; empty for a text file.
    pub name: String,
    /// False where the workbook hides it.
    pub visible: bool,
}

/// An opened workbook of any format.
pub(super) struct Workbook {
    limits: Limits,
    cells_left: u64,
    sheets: Vec<SheetInfo>,
    source: Source,
}

enum Source {
    Xlsx(xlsx::Workbook),
    Xls(xls::Workbook),
    Ods(ods::Workbook),
    Text(csv::Table),
    Tables(tables::Tables),
}

/// A file of which it is known what it is; of a zip the directory was read, and else nothing.
enum Found {
    Xlsx(Archive),
    Xls(File),
    Ods(Archive),
    Text(File),
    Tables(Parts),
}

impl Found {
    /// Looks what the file at a path is, whatever its name says.
    fn at(path: &Path, limits: &Limits) -> Result<Self, ReadError> {
        let open = |error: std::io::Error| ReadError::Open {
            message: error.to_string(),
        };
        if path.is_dir() {
            return Self::in_folder(parts_of_folder(path).map_err(open)?);
        }
        let mut file = File::open(path).map_err(open)?;
        let size = file.metadata().map_err(open)?.len();
        let mut head = Vec::new();
        Read::by_ref(&mut file)
            .take(4_096)
            .read_to_end(&mut head)
            .map_err(open)?;
        file.rewind().map_err(open)?;
        let found = match sniff::by_content(&head)? {
            Kind::Xls => Self::Xls(file),
            Kind::Text => Self::Text(file),
            Kind::Zip => Self::in_zip(archive::of(file)?)?,
        };
        // Of a zip of tables only these are read, and each is counted as it is unpacked.
        if size > limits.file_bytes && !matches!(found, Self::Tables(_)) {
            return Err(ReadError::TooLarge {
                what: Excess::Bytes,
                limit: limits.file_bytes,
                place: None,
            });
        }
        Ok(found)
    }

    /// Which workbook a zip is, by the names of its parts.
    fn in_zip(archive: Archive) -> Result<Self, ReadError> {
        let kind = sniff::in_zip(archive.file_names().filter_map(Result::ok))?;
        Ok(match kind {
            Zipped::Xlsx => Self::Xlsx(archive),
            Zipped::Ods => Self::Ods(archive),
            Zipped::Tables => Self::Tables(Parts::Zip(archive)),
        })
    }

    /// The tables of an export that was unpacked.
    fn in_folder(parts: Vec<(String, PathBuf)>) -> Result<Self, ReadError> {
        if !parts.iter().any(|(name, _)| sniff::is_table(name)) {
            return Err(ReadError::NotAWorkbook(Stranger::Folder));
        }
        Ok(Self::Tables(Parts::Folder(parts)))
    }
}

impl Workbook {
    /// Opens a workbook, whatever its name says that it is.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, ReadError> {
        Self::of(Found::at(path, &limits)?, path, limits)
    }

    /// Opens what was found at a path.
    fn of(found: Found, path: &Path, limits: Limits) -> Result<Self, ReadError> {
        let source = match found {
            Found::Xlsx(archive) => Source::Xlsx(xlsx::Workbook::open(archive, path, &limits)?),
            Found::Xls(file) => Source::Xls(xls::Workbook::open(file)?),
            Found::Ods(archive) => Source::Ods(ods::Workbook::open(archive, &limits)?),
            Found::Text(file) => Source::Text(csv::Table::open(file)?),
            Found::Tables(parts) => Source::Tables(tables::Tables::open(parts, &limits)?),
        };
        let sheets = match &source {
            Source::Xlsx(workbook) => workbook.sheets(),
            Source::Xls(workbook) => workbook.sheets(),
            Source::Ods(workbook) => workbook.sheets(),
            Source::Tables(tables) => tables.sheets(),
            Source::Text(_) => vec![SheetInfo {
                name: String::new(),
                visible: true,
            }],
        };
        if sheets.len() > limits.sheets {
            return Err(ReadError::TooLarge {
                what: Excess::Sheets,
                limit: limits.sheets as u64,
                place: None,
            });
        }
        Ok(Self {
            limits,
            cells_left: limits.cells,
            sheets,
            source,
        })
    }

    /// The sheets, in the order of the workbook.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// The names of the files that lie beside the tables of a zip or a folder.
    pub fn attached(&self) -> Vec<String> {
        match &self.source {
            Source::Tables(tables) => tables.attached(),
            Source::Xlsx(_) | Source::Xls(_) | Source::Ods(_) | Source::Text(_) => Vec::new(),
        }
    }

    /// Delivers what a file beside the tables holds, up to a byte more than the limit.
    pub fn unpack(&mut self, file: usize, limit: u64, deliver: &mut Deliver<'_>) -> Result<(), ReadError> {
        match &mut self.source {
            Source::Tables(tables) => tables.unpack(file, limit, deliver),
            Source::Xlsx(_) | Source::Xls(_) | Source::Ods(_) | Source::Text(_) => Err(ReadError::Process {
                message: format!("there is no file {file}"),
            }),
        }
    }

    /// Delivers the rows of a sheet, all or the first ones only.
    pub fn read(&mut self, sheet: usize, first_rows: Option<u32>, deliver: &mut Deliver<'_>) -> Result<(), ReadError> {
        let Some(info) = self.sheets.get(sheet) else {
            return Err(ReadError::Process {
                message: format!("there is no sheet {sheet}"),
            });
        };
        if !self.limits.formulas
            && let Some((row, column)) = match &mut self.source {
                Source::Xlsx(workbook) => workbook.first_formula(&info.name)?,
                Source::Xls(workbook) => workbook.first_formula(&info.name)?,
                Source::Ods(_) | Source::Text(_) | Source::Tables(_) => None,
            }
        {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            return Err(ReadError::Formula {
                place: Address::new(info.name.as_str(), row, column),
            });
        }
        let mut deliver = |bytes: &[u8]| deliver(bytes);
        let mut writer = BatchWriter::new(&info.name, self.limits, first_rows, &mut self.cells_left, &mut deliver);
        match &mut self.source {
            Source::Xlsx(workbook) => workbook.read(&info.name, &mut writer)?,
            Source::Xls(workbook) => workbook.read(sheet, &mut writer)?,
            Source::Ods(workbook) => workbook.read(sheet, &mut writer)?,
            Source::Text(table) => table.read(&mut writer)?,
            Source::Tables(tables) => tables.read(sheet, &mut writer)?,
        }
        writer.finish()
    }
}

/// The chosen sheets of a small .xlsx with their rows, none of the others, read in this process: before it is parsed it is
/// counted how much it unpacks to, and so how much it can cost.
///
/// `None` where it is not small, or anything is wrong with it: a process of its own finds out what.
pub(super) fn small_tables(
    path: &Path,
    limits: Limits,
    chosen: impl Fn(&[SheetInfo], &SheetInfo) -> bool,
) -> Option<Vec<Table>> {
    let limits = Limits {
        unpacked_bytes: SMALL.min(limits.unpacked_bytes),
        ..limits
    };
    let found = Found::at(path, &limits).ok()?;
    if !matches!(found, Found::Xlsx(_)) {
        return None;
    }
    let read = || {
        let mut workbook = Workbook::of(found, path, limits)?;
        tables(&workbook.sheets.clone(), chosen, |number| {
            let mut rows = Vec::new();
            workbook.read(number, None, &mut |bytes| {
                rows.push(RowBatch::from_bytes(bytes.to_vec()));
                Ok(())
            })?;
            Ok(rows)
        })
    };
    // The process of its own meets a panic again, and what is wrong is said of how it ends.
    catch_unwind(AssertUnwindSafe(read)).ok()?.ok()
}

/// The sheets with the rows that are read of the chosen ones.
pub(super) fn tables(
    sheets: &[SheetInfo],
    chosen: impl Fn(&[SheetInfo], &SheetInfo) -> bool,
    mut read: impl FnMut(usize) -> Result<Vec<RowBatch>, ReadError>,
) -> Result<Vec<Table>, ReadError> {
    let table = |(number, sheet): (usize, &SheetInfo)| {
        let rows = if chosen(sheets, sheet) {
            read(number)?
        } else {
            Vec::new()
        };
        Ok(Table {
            name: sheet.name.clone(),
            rows,
        })
    };
    sheets.iter().enumerate().map(table).collect()
}

/// A sheet with its rows.
#[derive(Debug)]
pub struct Table {
    /// The sheet's name.
    pub name: String,
    /// The rows, in blocks.
    pub rows: Vec<RowBatch>,
}

/// The rows of a table of text, in any of the encodings and with any of the separators that spreadsheet programs write.
///
/// Text needs no process of its own: reading it takes no more memory than a small multiple of its size.
pub fn text_table(bytes: Vec<u8>, limits: Limits) -> Result<Vec<RowBatch>, ReadError> {
    let mut batches = Vec::new();
    let mut deliver = |bytes: &[u8]| {
        batches.push(RowBatch::from_bytes(bytes.to_vec()));
        Ok(())
    };
    let mut cells_left = limits.cells;
    let mut writer = BatchWriter::new("", limits, None, &mut cells_left, &mut deliver);
    csv::Table::of(bytes)?.read(&mut writer)?;
    writer.finish()?;
    Ok(batches)
}
