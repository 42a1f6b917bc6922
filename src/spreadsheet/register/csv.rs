//! The register as a table of text.

use super::columns::{COLUMNS, Column};
use crate::definition::Language;
use crate::response::RegisterEntry;

/// A register as .csv with the headers of the blank one, which can be loaded again. It begins with the mark by which
/// Excel knows UTF-8.
///
/// # Errors
/// Where a row can't be written, which memory alone can cause.
pub fn register_csv<'e>(
    entries: impl Iterator<Item = &'e RegisterEntry>,
    language: Language,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS.iter().map(|about| about.header(language)))?;
    for entry in entries {
        writer.write_record(COLUMNS.iter().map(|about| cell(entry, about.column, language)))?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn cell(entry: &RegisterEntry, column: Column, language: Language) -> String {
    let flag = |is: bool| match (is, language) {
        (true, Language::Chinese) => "是".to_owned(),
        (true, Language::English) => "yes".to_owned(),
        (false, Language::Chinese) => "否".to_owned(),
        (false, Language::English) => "no".to_owned(),
    };
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| guarded(text.as_deref().unwrap_or_default());
    match column {
        Column::Code => entry.code.clone(),
        Column::Name => guarded(&entry.name),
        Column::City => entry.city.clone(),
        Column::Sector => text(&entry.sector),
        Column::Size => text(&entry.size),
        Column::Stratum => text(&entry.stratum),
        Column::Weight => number(entry.weight),
        Column::Employees => entry
            .employees
            .map(|employees| employees.to_string())
            .unwrap_or_default(),
        Column::Confidential => flag(entry.confidential),
        Column::Listed => flag(entry.listed),
        Column::InFrame => flag(entry.in_frame),
        Column::Address => text(&entry.address),
        Column::Latitude => number(entry.position.map(|position| position.latitude)),
        Column::Longitude => number(entry.position.map(|position| position.longitude)),
    }
}

/// A text that a spreadsheet program would take for a formula begins with a space, which reading drops again.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) {
        format!(" {text}")
    } else {
        text.to_owned()
    }
}
