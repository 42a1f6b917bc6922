//! Reading XLSForm: the sheets that consultants write surveys in.
//!
//! Flows in: a [`Book`], the sheets of a workbook as text. Flows out: the same outline that YAML gives, or all errors,
//! each with sheet and cell. Columns and types are read in every spelling that pyxform takes.

mod book;
mod choices;
mod columns;
mod dynamic;
mod entities;
mod exact;
mod languages;
mod loops;
mod markdown;
mod open;
mod own;
mod parameters;
mod question;
mod settings;
mod survey;
mod table;
mod text;
mod types;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;

pub use book::Book;
pub(super) use languages::written;
pub use open::XLSFORM_EXTENSIONS;
pub(super) use types::is_file;

use super::choices::ChoiceList;
use super::companions::folded;
use super::element::Element;
use super::identity::Identity;
use super::outline::{Outline, Places, Provenance};
use super::place::{Diagnostic, Place};
use super::profile::Profiles;
use super::question_type::QuestionType;
use super::settings::Settings;
use super::text::Text;
use super::unanswered::MissingCode;
use super::zone::Zone;
use book::{Reading, Sheet};
use languages::Languages;

/// The sheets that are read.
const SHEETS: [&str; 7] = [
    "survey",
    "choices",
    "settings",
    "external_choices",
    "entities",
    "osm",
    OWN_SHEET,
];

/// The sheet in which keys of innogauge's own travel; pyxform passes over it.
const OWN_SHEET: &str = "_innogauge";

/// Whether a sheet of this name is a part of a form.
fn is_sheet(name: &str) -> bool {
    SHEETS.contains(&name.to_lowercase().as_str())
}

/// What is known while a form is read.
struct Reader {
    file: Arc<str>,
    languages: Languages,
    found: Vec<Diagnostic>,
}

impl Reader {
    /// The value, or nothing with the error noted.
    fn keep<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|diagnostic| self.found.push(diagnostic)).ok()
    }
}

/// Reads a form from its sheets. `stem` is what it is called where it says nothing of it.
pub(super) fn read(book: &Book, file: &str, stem: &str, found: &mut Vec<Diagnostic>) -> Option<Outline> {
    let file: Arc<str> = file.into();
    let settings_sheet = book.sheet("settings").map(|sheet| cleaned(sheet, false));
    let default_language = settings_sheet.as_ref().and_then(settings::default_language);
    let mut reader = Reader {
        file: Arc::clone(&file),
        languages: Languages::new(default_language.as_deref()),
        found: Vec::new(),
    };
    let mut form = settings::settings(settings_sheet.as_ref(), &mut reader);
    let survey_sheet = survey_sheet(book, &mut reader).map(|sheet| cleaned(sheet, form.clean));
    misspelt_sheets(book, &mut reader);

    let mut lists: IndexMap<String, ChoiceList> = IndexMap::new();
    for (name, external) in [("choices", false), ("external_choices", true)] {
        if let Some(sheet) = book.sheet(name) {
            choices::lists(&cleaned(sheet, false), external, &mut lists, &mut reader);
        }
    }
    let entities = book.sheet("entities").map(|sheet| cleaned(sheet, false));
    let entities = entities
        .map(|sheet| entities::entities(&sheet, &mut reader))
        .unwrap_or_default();

    let mut outline = Outline {
        survey: String::new(),
        version: String::new(),
        title: Text::default(),
        respondent: None,
        languages: IndexMap::new(),
        timezone: Zone::default(),
        identity: Identity::default(),
        settings: Settings::default(),
        profiles: Profiles::new(),
        choices: lists,
        entities,
        elements: Vec::new(),
        expanded: false,
        provenance: Provenance::Elsewhere,
        places: Vec::new(),
        top: Places::default(),
        file: Place::file(Arc::clone(&file)),
    };
    let there = survey_sheet.is_some();
    if let Some(sheet) = survey_sheet {
        survey::survey(&sheet, &mut form, &mut outline, &mut reader);
    }
    let id = form.survey.unwrap_or_else(|| stem.to_owned());
    let form_title = form.title.clone();
    outline.title = Text::plain(form.title.unwrap_or_else(|| id.clone()));
    outline.survey = id;
    outline.version = form.version.unwrap_or_default();
    outline.settings = form.settings;
    outline.top.0.extend(form.places.0);
    let own = book.sheet(OWN_SHEET);
    if let Some(sheet) = own {
        own::read(&sheet.read(Cow::from), &mut outline, &mut reader);
    } else {
        let lost = own_sheet_lost(book, &outline);
        reader.found.extend(lost);
    }
    outline.languages = reader.languages.into_names();
    title_in_settings(form_title.as_deref(), &mut outline);
    if own.is_some() {
        outline = folded(outline, &mut reader.found);
    }
    found.extend(reader.found);
    there.then_some(outline)
}

/// The sheet `_innogauge` has the title in each language; in the default one the settings say it, as they say labels.
fn title_in_settings(said: Option<&str>, outline: &mut Outline) {
    let default = outline.languages.keys().next().cloned().unwrap_or_default();
    let title = &mut outline.title;
    let Some(said) = said else { return };
    if exact::through_cell(title.get(&default)) == exact::through_cell(said) {
        return;
    }
    let plain = title.exact(&default).is_none() && title.exact("").is_some();
    title.insert(if plain { String::new() } else { default }, said);
}

/// The sheet `survey`, or the only one, whatever its name.
fn survey_sheet<'b>(book: &'b Book, reader: &mut Reader) -> Option<&'b Sheet> {
    if let Some(sheet) = book.sheet("survey") {
        return Some(sheet);
    }
    if let [only] = book.sheets.as_slice()
        && !is_sheet(&only.name)
    {
        return Some(only);
    }
    let near = similar(book, "survey");
    let help = match near.as_slice() {
        [] if book.sheets.is_empty() => "the file has no sheets".to_owned(),
        [] => format!(
            "the sheets are {}",
            quoted(book.sheets.iter().map(|sheet| sheet.name.as_str()))
        ),
        names => format!("is it {}?", quoted(names.iter().copied())),
    };
    reader
        .found
        .push(Diagnostic::error(Place::file(Arc::clone(&reader.file)), "there is no sheet 'survey'").with_help(help));
    None
}

/// Sheets that would be passed over because of a slip.
fn misspelt_sheets(book: &Book, reader: &mut Reader) {
    for name in ["choices", "settings", "entities", "external_choices"] {
        if book.sheet(name).is_some() {
            continue;
        }
        for near in similar(book, name) {
            reader.found.push(
                Diagnostic::warning(
                    Place::cell(Arc::clone(&reader.file), near, 0, 0),
                    format!("the sheet '{near}' is not read"),
                )
                .with_help(format!(
                    "is it '{name}'? A sheet of notes is told by '_' before its name"
                )),
            );
        }
    }
}

/// That our own sheet was there once: one is nearly called so, or questions are those that we write for our keys.
fn own_sheet_lost(book: &Book, outline: &Outline) -> Option<Diagnostic> {
    let near = book
        .sheets
        .iter()
        .map(|sheet| sheet.name.as_str())
        .find(|name| !is_sheet(name) && strsim::levenshtein(&name.to_lowercase(), OWN_SHEET) <= 2);
    let (place, what) = if let Some(near) = near {
        (
            Place::cell(Arc::clone(&outline.file.file), near, 0, 0),
            format!("the sheet '{near}' is not read: is it '{OWN_SHEET}'?"),
        )
    } else {
        let (companion, of) = outline
            .elements
            .iter()
            .find_map(|element| Some((element, looks_made_from(outline, element)?)))?;
        (
            companion.origin.0.clone(),
            format!(
                "'{}' looks as if made from '{of}', and there is no sheet '{OWN_SHEET}' that says so",
                companion.name
            ),
        )
    };
    Some(Diagnostic::warning(place, what).with_help(
        "without that sheet such questions are like any others, and who answers, which question is which part of the \
         identity, titles in other languages, units and other words for questions and choices are not known",
    ))
}

/// The question beside this one that we would have made it from.
fn looks_made_from<'o>(outline: &'o Outline, element: &Element) -> Option<&'o str> {
    let of = match element.question_type()? {
        QuestionType::SelectOne(_) => element.name.strip_suffix(MissingCode::COMPANION_SUFFIX)?,
        QuestionType::Acknowledge => element.name.strip_suffix("_warn1")?,
        _ => return None,
    };
    let mut others = outline.elements.iter();
    let beside = others.find(|other| other.parent == element.parent && other.name == of)?;
    Some(&beside.name)
}

/// The sheets whose names are nearly this one.
fn similar<'b>(book: &'b Book, name: &str) -> Vec<&'b str> {
    let names = book.sheets.iter().map(|sheet| sheet.name.as_str());
    names
        .filter(|near| !is_sheet(near) && !near.starts_with('_'))
        .filter(|near| strsim::levenshtein(&near.to_lowercase(), name) <= 2)
        .collect()
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// The sheet with its text as XLSForm takes it.
fn cleaned(sheet: &Sheet, spaces: bool) -> Reading<'_> {
    sheet.read(|words| text::clean(words, spaces))
}
