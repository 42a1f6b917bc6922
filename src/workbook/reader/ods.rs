//! .ods, read as a stream of our own.
//!
//! OpenDocument says "this row a million times" in forty bytes. calamine unrolls that into memory; here a repeat
//! costs nothing until it has something in it, and then the limits stop it.

use std::io::{BufRead, BufReader};

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::result::ZipError;

use super::super::batch::BatchWriter;
use super::super::cell::{CellValue, from_iso, from_percentage};
use super::super::error::ReadError;
use super::super::limits::Limits;
use super::SheetInfo;
use super::archive::{self, Archive};

pub(in super::super) struct Workbook {
    archive: Archive,
    sheets: Vec<SheetInfo>,
}

impl Workbook {
    pub fn open(mut archive: Archive, limits: &Limits) -> Result<Self, ReadError> {
        archive::expect_modest(&archive, limits)?;
        archive::count(&mut archive, limits, |name| name == "content.xml")?;
        let mut workbook = Self {
            archive,
            sheets: Vec::new(),
        };
        let (mut names, mut style, mut hidden_styles) = (Vec::new(), None, Vec::new());
        workbook.walk(|_, event| {
            if let Event::Start(element) = event {
                match element.local_name().as_ref() {
                    "style" => style = attribute(element, "style:name")?,
                    "table-properties" if attribute(element, "table:display")?.as_deref() == Some("false") => {
                        hidden_styles.extend(style.take());
                    }
                    "table" => {
                        let style = attribute(element, "table:style-name")?;
                        let visible = !style.is_some_and(|style| hidden_styles.contains(&style));
                        let name = attribute(element, "table:name")?.unwrap_or_default();
                        names.push(SheetInfo { name, visible });
                    }
                    "encryption-data" => return Err(ReadError::Locked),
                    _ => (),
                }
            }
            Ok(true)
        })?;
        workbook.sheets = names;
        Ok(workbook)
    }

    pub fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.clone()
    }

    pub fn read(&mut self, sheet: usize, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
        let mut table = 0;
        self.walk(|reader, event| {
            if let Event::Start(element) = event
                && element.local_name().as_ref() == "table"
            {
                if table == sheet {
                    read_table(reader, writer)?;
                    return Ok(false);
                }
                table += 1;
            }
            Ok(true)
        })
    }

    /// Visits the events of content.xml until the visitor has seen enough.
    fn walk(
        &mut self,
        mut visit: impl FnMut(&mut Reader<Box<dyn BufRead + '_>>, &Event<'_>) -> Result<bool, ReadError>,
    ) -> Result<(), ReadError> {
        let content = match self.archive.by_name("content.xml") {
            Ok(content) => content,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(ReadError::Locked),
            Err(error) => return Err(ReadError::damaged(error)),
        };
        let mut reader = Reader::from_reader(Box::new(BufReader::new(content)) as Box<dyn BufRead + '_>);
        reader.config_mut().expand_empty_elements = true;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(ReadError::damaged)?;
            if matches!(event, Event::Eof) || !visit(&mut reader, &event)? {
                return Ok(());
            }
        }
    }
}

/// A value of a row, and in how many columns it stands.
struct Run {
    column: u32,
    count: u32,
    value: OwnedValue,
}

enum OwnedValue {
    Text(String),
    Other(CellValue<'static>),
}

/// Reads from behind the start of a table to its end, or until the writer has enough.
fn read_table<R: BufRead>(reader: &mut Reader<R>, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    let (mut row, mut row_count, mut column) = (0_u32, 1_u32, 0_u32);
    let mut runs: Vec<Run> = Vec::new();
    let mut depth = 0_u32;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(ReadError::damaged)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "table" => depth += 1,
                "table-row" if depth == 0 => {
                    row_count = repeated(&element, "table:number-rows-repeated")?;
                    column = 0;
                    runs.clear();
                }
                "table-cell" | "covered-table-cell" if depth == 0 => {
                    let count = repeated(&element, "table:number-columns-repeated")?;
                    if writer.refuses_formulas() && attribute(&element, "table:formula")?.is_some() {
                        return Err(writer.formula(row, column));
                    }
                    if let Some(value) = read_cell(reader, &element)? {
                        runs.push(Run { column, count, value });
                    }
                    column = column.saturating_add(count);
                }
                _ => (),
            },
            Event::End(element) => match element.local_name().as_ref() {
                "table" if depth == 0 => return Ok(()),
                "table" => depth -= 1,
                "table-row" if depth == 0 => {
                    if !runs.is_empty() && !write_rows(row, row_count, &runs, writer)? {
                        return Ok(());
                    }
                    row = row.saturating_add(row_count);
                }
                _ => (),
            },
            Event::Eof => return Err(ReadError::damaged("a sheet is cut off")),
            _ => (),
        }
    }
}

/// Writes a row as often as it stands in the sheet; false where no more is wanted.
fn write_rows(row: u32, row_count: u32, runs: &[Run], writer: &mut BatchWriter<'_>) -> Result<bool, ReadError> {
    for repeat in 0..row_count {
        for run in runs {
            let value = match &run.value {
                OwnedValue::Text(text) => CellValue::Text(text),
                OwnedValue::Other(value) => *value,
            };
            for column in run.column..run.column.saturating_add(run.count) {
                if writer.cell(row.saturating_add(repeat), column, value)?.is_break() {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// The value of a cell, reading up to its end; nothing where it is empty.
fn read_cell<R: BufRead>(reader: &mut Reader<R>, element: &BytesStart<'_>) -> Result<Option<OwnedValue>, ReadError> {
    let kind = attribute(element, "office:value-type")?;
    let number = || -> Result<Option<CellValue<'static>>, ReadError> {
        let number = attribute(element, "office:value")?.and_then(|value| value.parse::<f64>().ok());
        Ok(Some(match number.filter(|number| number.is_finite()) {
            Some(number) => CellValue::Number(number),
            None => CellValue::Error("#NUM!"),
        }))
    };
    let iso = |name: &str| -> Result<Option<CellValue<'static>>, ReadError> {
        Ok(attribute(element, name)?.as_deref().and_then(from_iso))
    };
    let typed = match kind.as_deref() {
        Some("float" | "currency") => number()?,
        Some("percentage") => number()?.map(|value| match value {
            CellValue::Number(fraction) => from_percentage(fraction),
            other => other,
        }),
        Some("boolean") => attribute(element, "office:boolean-value")?.map(|value| CellValue::Boolean(value == "true")),
        Some("date") => iso("office:date-value")?,
        Some("time") => iso("office:time-value")?,
        _ => None,
    };
    let shown = read_text(reader, element.local_name().as_ref())?;
    if let Some(value) = typed {
        return Ok(Some(OwnedValue::Other(value)));
    }
    let text = match attribute(element, "office:string-value")? {
        Some(text) => text,
        None => shown,
    };
    // A formula that failed is shown as its error and carries no type, or LibreOffice's own "string" type.
    let failed = attribute(element, "table:formula")?.is_some() && (text.starts_with('#') || text.starts_with("Err:"));
    Ok(match text.is_empty() {
        true => None,
        false if failed => Some(OwnedValue::Other(CellValue::Error("#N/A"))),
        false => Some(OwnedValue::Text(text)),
    })
}

/// The text that a cell shows, up to its end tag: paragraphs as lines, without comments.
fn read_text<R: BufRead>(reader: &mut Reader<R>, end: &str) -> Result<String, ReadError> {
    let mut buffer = Vec::new();
    let mut text = String::new();
    let (mut paragraphs, mut in_paragraph, mut comment_depth) = (0_u32, 0_u32, 0_u32);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(ReadError::damaged)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "annotation" => comment_depth += 1,
                _ if comment_depth > 0 => (),
                "p" => {
                    if paragraphs > 0 {
                        text.push('\n');
                    }
                    paragraphs += 1;
                    in_paragraph += 1;
                }
                "s" => {
                    let spaces = attribute(&element, "text:c")?
                        .and_then(|count| count.parse().ok())
                        .unwrap_or(1);
                    // No more than a cell may hold, so that a huge count costs nothing.
                    text.extend(std::iter::repeat_n(' ', std::cmp::min(spaces, 32_767)));
                }
                "tab" => text.push('\t'),
                "line-break" => text.push('\n'),
                _ => (),
            },
            Event::End(element) => match element.local_name().as_ref() {
                "annotation" => comment_depth = comment_depth.saturating_sub(1),
                "p" if comment_depth == 0 => in_paragraph = in_paragraph.saturating_sub(1),
                name if name == end && comment_depth == 0 => return Ok(text),
                _ => (),
            },
            Event::Text(part) if in_paragraph > 0 && comment_depth == 0 => text.push_str(&part.xml10_content()),
            Event::CData(part) if in_paragraph > 0 && comment_depth == 0 => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) if in_paragraph > 0 && comment_depth == 0 => text.push(resolve(&reference)?),
            Event::Eof => return Err(ReadError::damaged("a cell is cut off")),
            _ => (),
        }
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, ReadError> {
    if let Some(c) = reference.resolve_char_ref().map_err(ReadError::damaged)? {
        return Ok(c);
    }
    match &*reference.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        name => Err(ReadError::damaged(format!("the entity &{name}; is not known"))),
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, ReadError> {
    let found = element.try_get_attribute(name).map_err(ReadError::damaged)?;
    let value = |found: Attribute<'_>| {
        found
            .normalized_value(XmlVersion::Implicit1_0)
            .map(std::borrow::Cow::into_owned)
    };
    found.map(value).transpose().map_err(ReadError::damaged)
}

/// How often a row or cell stands there.
fn repeated(element: &BytesStart<'_>, name: &str) -> Result<u32, ReadError> {
    match attribute(element, name)? {
        None => Ok(1),
        Some(count) => count
            .parse()
            .map_err(|_| ReadError::damaged(format!("{name} is {count}"))),
    }
}
