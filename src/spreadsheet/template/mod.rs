//! Blank workbooks: a survey as something that an organisation can fill in without us.
//!
//! Flows in: a definition, a language, a shape. Flows out: an .xlsx with a guide, the questions with their units and
//! hints, lists to choose from, input checks, and the survey's version inside. Everything that Excel checks is
//! checked again when the file comes back: here it only spares people the way.

mod checks;
mod form;
mod guide;
mod lists;
mod relevance;
mod rows;
mod style;

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use crate::definition::Definition;

use super::layout::{self, Mark, Part, Shape};
use super::words::Words;
use lists::Lists;
pub(super) use style::{Styles, note};

/// What a blank workbook should be like.
#[derive(Debug, Clone, Default)]
pub struct TemplateOptions {
    /// The language of the questions; where the survey lacks it, its own first language.
    pub language: String,
    /// One row per organisation, or one form per file.
    pub shape: Shape,
    /// The hash of the definition's version, kept inside the file.
    pub hash: Option<String>,
}

/// Why a workbook cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The survey has more questions than a sheet has columns.
    #[error("the survey has {columns} columns, and a sheet holds {most}; use the form layout")]
    TooManyColumns {
        /// Columns that the survey needs.
        columns: usize,
        /// Columns that a sheet holds.
        most: usize,
    },
    /// The library that writes workbooks refused.
    #[error("cannot write the workbook: {0}")]
    Library(#[from] XlsxError),
    /// A row of the original file cannot be read again.
    #[error(transparent)]
    Read(#[from] super::ReadError),
}

/// The bytes of a blank workbook for a survey.
///
/// Returns an error where the survey has more questions than a sheet has columns.
pub fn template(definition: &Definition, options: &TemplateOptions) -> Result<Vec<u8>, WriteError> {
    let language = match definition.languages().get_key_value(&options.language) {
        Some((code, _)) => code,
        None => definition.default_language(),
    };
    let words = Words::in_language(language);
    let mut lists = Lists::default();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(definition, options, language));
    let styles = Styles::new(words.language());
    let page = Page {
        definition,
        language,
        words,
        styles: &styles,
    };

    guide::write(workbook.add_worksheet(), &page, options.shape)?;
    let [main, repeats @ ..] = &*layout::sheets(definition) else {
        return Ok(workbook.save_to_buffer()?);
    };
    match options.shape {
        Shape::Rows => rows::write(workbook.add_worksheet(), &page, main, &mut lists, true)?,
        Shape::Form => form::write(workbook.add_worksheet(), &page, &mut lists)?,
    }
    for repeat in repeats {
        rows::write(
            workbook.add_worksheet(),
            &page,
            repeat,
            &mut lists,
            options.shape == Shape::Rows,
        )?;
    }
    lists.write(workbook.add_worksheet())?;
    provenance(workbook.add_worksheet(), definition, options, language)?;
    Ok(workbook.save_to_buffer()?)
}

/// What every sheet of one workbook shares.
struct Page<'a> {
    definition: &'a Definition,
    language: &'a str,
    words: Words,
    styles: &'a Styles,
}

fn properties(definition: &Definition, options: &TemplateOptions, language: &str) -> DocProperties {
    // A fixed time: the same definition gives the same bytes.
    let epoch = chrono::DateTime::UNIX_EPOCH;
    let mut properties = DocProperties::new()
        .set_title(definition.title().get(language))
        .set_subject(format!("{} {}", definition.survey(), definition.version()))
        .set_author("innogauge")
        .set_creation_datetime(&epoch)
        .set_custom_property("innogauge-survey", definition.survey())
        .set_custom_property("innogauge-version", definition.version());
    if let Some(hash) = &options.hash {
        properties = properties.set_custom_property("innogauge-hash", hash.as_str());
    }
    properties
}

/// A hidden sheet that says what the workbook is, for people who look for it and for programs.
fn provenance(
    sheet: &mut rust_xlsxwriter::Worksheet,
    definition: &Definition,
    options: &TemplateOptions,
    language: &str,
) -> Result<(), WriteError> {
    sheet.set_name("_innogauge")?.set_hidden(true).protect();
    let part = Part::Main(options.shape);
    let mark = Mark {
        survey: definition.survey().to_owned(),
        version: definition.version().to_owned(),
        part,
    };
    let lines = [
        ("mark", mark.to_string()),
        ("survey", definition.survey().to_owned()),
        ("version", definition.version().to_owned()),
        ("hash", options.hash.clone().unwrap_or_default()),
        ("layout", options.shape.name().to_owned()),
        ("language", language.to_owned()),
        ("program", concat!("innogauge ", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    for (row, (key, value)) in (0..).zip(&lines) {
        sheet.write_string(row, 0, *key)?.write_string(row, 1, value)?;
    }
    Ok(())
}
