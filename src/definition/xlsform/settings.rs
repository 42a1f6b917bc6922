//! Reading the sheet `settings`: one row below its header.

use super::Reader;
use super::book::Reading;
use super::columns::{Kind, Target};
use super::languages::Languages;
use super::table::{Cell, Row, Table};
use super::text::flag;
use crate::definition::formula::Formula;
use crate::definition::outline::Places;
use crate::definition::place::{Diagnostic, nearest};
use crate::definition::settings::{PASSED_ON, Settings};

/// What the sheet says.
#[derive(Debug, Default)]
pub(super) struct FormSettings {
    pub survey: Option<String>,
    pub version: Option<String>,
    pub title: Option<String>,
    /// Whether spaces in the survey are put in order.
    pub clean: bool,
    pub settings: Settings,
    pub places: Places,
}

/// The default language, which must be known before any other sheet is read.
pub(super) fn default_language(sheet: &Reading<'_>) -> Option<String> {
    let (file, mut languages, mut found) = ("".into(), Languages::default(), Vec::new());
    let table = Table::read(&file, sheet, Kind::Settings, &mut languages, &mut found);
    let row = table.rows().next()?;
    row.get("default_language").map(ToOwned::to_owned)
}

/// Reads the sheet.
pub(super) fn settings(sheet: Option<&Reading<'_>>, reader: &mut Reader) -> FormSettings {
    let mut form = FormSettings {
        clean: true,
        ..FormSettings::default()
    };
    let Some(sheet) = sheet else { return form };
    let table = Table::read(
        &reader.file,
        sheet,
        Kind::Settings,
        &mut Languages::default(),
        &mut reader.found,
    );
    let mut rows = table.rows();
    let Some(row) = rows.next() else { return form };
    if let Some(second) = rows.next() {
        let cell = second.cells().next();
        let place = cell.map_or_else(|| second.place("survey"), Cell::place);
        reader.found.push(
            Diagnostic::warning(place, "this row is not read: a form has one row of settings")
                .with_help("write the settings below their headers, in the second row of the sheet"),
        );
    }
    read(row, &mut form, reader);
    form
}

fn read(row: Row<'_>, form: &mut FormSettings, reader: &mut Reader) {
    let given = |key: &'static str| row.get(key).map(ToOwned::to_owned);
    form.survey = given("survey");
    form.version = given("version");
    form.title = given("title");
    form.settings.public_key = given("public_key");
    for key in ["survey", "version", "title"] {
        if let Some(cell) = row.cell(key) {
            form.places.note(key, cell.place());
        }
    }
    form.places.note("settings", row.place("survey"));
    form.settings.allow_choice_duplicates = row.get("allow_choice_duplicates").and_then(flag) == Some(true);
    form.settings.client_editable = row.get("client_editable").and_then(flag) == Some(true);
    if let Some(cell) = row.cell("instance_name") {
        form.settings.instance_name = reader.keep(Formula::read(cell.text, cell.place(), false));
    }
    for cell in row.cells() {
        if let Target::Other(header) = &cell.column.target {
            other(header, &cell, form, reader);
        }
    }
}

fn other(header: &str, cell: &Cell<'_>, form: &mut FormSettings, reader: &mut Reader) {
    let words = header.replace(' ', "_");
    let known = PASSED_ON.iter().find(|known| known.eq_ignore_ascii_case(&words));
    match known {
        Some(&"clean_text_values") => form.clean = flag(cell.text) != Some(false),
        Some(_) => {}
        None if header.starts_with("attribute::") => {}
        None => {
            let all = PASSED_ON.into_iter().chain(Kind::Settings.known());
            if let Some(near) = nearest(&words, all) {
                reader.found.push(
                    Diagnostic::warning(cell.place(), format!("unknown setting '{header}'"))
                        .with_help(format!("did you mean '{near}'?")),
                );
            }
        }
    }
    let name = known.map_or_else(|| header.to_owned(), |known| (*known).to_owned());
    form.settings.other.insert(name, cell.text.to_owned());
}
