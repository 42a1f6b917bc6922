//! Opening an XLSForm in any of its formats.

use std::fs::{self, File};
use std::io::{Read, Take};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::book::{Book, Line, Sheet, cell_text};
use crate::definition::place::{Diagnostic, Place, Position};
use crate::workbook::{Excess, Limits, ReadError, Row, RowBatch, Worker, text_table};

/// The endings of files that are read as XLSForm.
pub const XLSFORM_EXTENSIONS: [&str; 7] = ["xlsx", "xlsm", "xls", "ods", "csv", "md", "zip"];

impl Book {
    /// Reads a workbook (.xlsx, .xls, .ods), a table of text that holds all sheets (.csv, .md), or a folder or .zip with
    /// a .csv for each sheet.
    ///
    /// Workbooks are parsed by the worker, whose limits hold for them. The error is what can't be read, and where.
    pub fn open(path: &Path, worker: &Worker) -> Result<Self, Diagnostic> {
        Self::open_as(&path.display().to_string(), path, worker)
    }

    /// The same, with another name for the file in what is said of it.
    pub fn open_as(name: &str, path: &Path, worker: &Worker) -> Result<Self, Diagnostic> {
        let limits = Limits::of_definitions();
        let read = if path.is_dir() {
            csv_folder(path, limits)
        } else {
            match extension(path).as_str() {
                "md" => bytes(path, limits)
                    .and_then(|bytes| Ok(String::from_utf8(bytes)?))
                    .map(|text| Self::from_markdown(&text)),
                "csv" => bytes(path, limits).and_then(|bytes| csv(bytes, limits)),
                "zip" => csv_zip(path, limits),
                _ => workbook(path, worker),
            }
        };
        read.map_err(|error| refusal(name, &error))
    }

    /// Reads one table of text that holds all sheets, as [`Book::to_csv`] writes it.
    pub fn from_csv(text: &str) -> Result<Self, ReadError> {
        csv(text.as_bytes().to_vec(), Limits::of_definitions())
    }
}

/// What is said of a file that can't be read, at the cell where it is one.
fn refusal(file: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::Formula { place } => Diagnostic::error(
            Place {
                file: file.into(),
                at: Position::Cell(place.clone()),
            },
            "a formula can't be a part of a survey: what it gives depends on the program that opens it",
        )
        .with_help("copy the cell and paste its value in its place"),
        ReadError::TooLarge {
            place: Some(place),
            what,
            limit,
        } => Diagnostic::error(
            Place {
                file: file.into(),
                at: Position::Cell(place.clone()),
            },
            format!("the workbook is too large: {what} above the limit of {limit}"),
        )
        .with_help("delete what lies so far out"),
        error => Diagnostic::error(Place::file(file), error.to_string()),
    }
}

fn extension(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.unwrap_or_default().to_lowercase()
}

fn bytes(path: &Path, limits: Limits) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(|error| opening(&error))?;
    limited(file.take(limits.file_bytes + 1), limits.file_bytes)
}

fn opening(error: &std::io::Error) -> ReadError {
    ReadError::Open {
        message: error.to_string(),
    }
}

fn limited(mut source: Take<impl Read>, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|error| opening(&error))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge {
            what: Excess::Bytes,
            limit,
            place: None,
        });
    }
    Ok(bytes)
}

fn workbook(path: &Path, worker: &Worker) -> Result<Book, ReadError> {
    // Other sheets are people's notes, whatever stands in them: only their names are of use.
    let tables = worker.tables(path, |sheets, sheet| sheets.len() == 1 || super::is_sheet(&sheet.name))?;
    let mut book = Book::default();
    for table in tables {
        let mut sheet = Sheet {
            name: table.name,
            lines: Vec::new(),
        };
        for batch in &table.rows {
            lines(batch, &mut sheet.lines)?;
        }
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn lines(batch: &RowBatch, lines: &mut Vec<Line>) -> Result<(), ReadError> {
    for row in batch.rows() {
        let line = line(&row?);
        if !line.cells.is_empty() {
            lines.push(line);
        }
    }
    Ok(())
}

fn line(row: &Row<'_>) -> Line {
    let cells = row.cells.iter();
    Line {
        number: row.number,
        cells: cells
            .filter_map(|cell| Some((cell.column, cell_text(cell.value)?)))
            .collect(),
    }
}

/// One table that holds all sheets.
fn csv(bytes: Vec<u8>, limits: Limits) -> Result<Book, ReadError> {
    let mut all = Vec::new();
    for batch in text_table(bytes, limits)? {
        lines(&batch, &mut all)?;
    }
    let mut book = Book::default();
    let mut first_row = 0;
    for line in all {
        let mut cells = line.cells.into_iter().peekable();
        if let Some((_, name)) = cells.next_if(|(column, _)| *column == 0) {
            // A header may follow in the line of the name.
            first_row = if cells.peek().is_some() {
                line.number
            } else {
                line.number + 1
            };
            book.sheets.push(Sheet {
                name,
                lines: Vec::new(),
            });
        }
        let cells: Vec<(u16, String)> = cells.map(|(column, text)| (column - 1, text)).collect();
        if let (Some(sheet), false) = (book.sheets.last_mut(), cells.is_empty()) {
            sheet.lines.push(Line {
                number: line.number - first_row,
                cells,
            });
        }
    }
    Ok(book)
}

/// A sheet of its own from a .csv that is named after it.
fn csv_sheet(name: String, bytes: Vec<u8>, limits: Limits) -> Result<Sheet, ReadError> {
    let mut sheet = Sheet {
        name,
        lines: Vec::new(),
    };
    for batch in text_table(bytes, limits)? {
        lines(&batch, &mut sheet.lines)?;
    }
    Ok(sheet)
}

fn csv_folder(folder: &Path, limits: Limits) -> Result<Book, ReadError> {
    let entries = fs::read_dir(folder).map_err(|error| opening(&error))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(|error: std::io::Error| opening(&error))?;
    paths.retain(|path| extension(path) == "csv");
    paths.sort();
    let mut book = Book::default();
    for path in paths {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if super::is_sheet(name) {
            book.sheets
                .push(csv_sheet(name.to_owned(), bytes(&path, limits)?, limits)?);
        }
    }
    Ok(book)
}

fn csv_zip(path: &Path, limits: Limits) -> Result<Book, ReadError> {
    let damaged = |error: zip::result::ZipError| ReadError::Damaged {
        message: error.to_string(),
    };
    let mut archive = ZipArchive::new(File::open(path).map_err(|error| opening(&error))?).map_err(damaged)?;
    if archive.len() > limits.entries {
        return Err(ReadError::TooLarge {
            what: Excess::Parts,
            limit: limits.entries as u64,
            place: None,
        });
    }
    let mut book = Book::default();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let Some(inner) = entry.enclosed_name() else {
            continue;
        };
        let name = inner.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if extension(&inner) == "csv" && super::is_sheet(name) {
            let bytes = limited(entry.take(limits.file_bytes + 1), limits.file_bytes)?;
            book.sheets.push(csv_sheet(name.to_owned(), bytes, limits)?);
        }
    }
    Ok(book)
}
