//! `innogauge template`: a blank workbook of a survey.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::say;
use super::{DefinitionOptions, Failure};
use crate::definition::{Definition, Folder, LoadedDefinition, load_folder};
use crate::spreadsheet::{Shape, TemplateOptions, WriteError, template};

#[derive(Debug, Args)]
pub struct Template {
    /// The survey
    survey: String,
    /// The workbook to write
    #[arg(value_name = "OUT.xlsx")]
    out: PathBuf,
    /// The language of the questions (default: the survey's first)
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// How the questions lie in the workbook
    #[arg(long, value_enum, default_value = "rows")]
    layout: Layout,
    #[command(flatten)]
    definitions: DefinitionOptions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layout {
    /// One row per organisation
    Rows,
    /// One form per file
    Form,
}

impl Template {
    /// Writes the workbook.
    pub fn run(&self) -> Result<(), Failure> {
        let folder = load(&self.definitions)?;
        let loaded = self.find(&folder)?;
        let definition = &loaded.definition;
        let language = self.language(definition)?;
        let shape = match self.layout {
            Layout::Rows => Shape::Rows,
            Layout::Form => Shape::Form,
        };
        let options = TemplateOptions {
            language,
            shape,
            hash: Some(loaded.hash.clone()),
        };
        let bytes = template(definition, &options).map_err(|error| match error {
            WriteError::TooManyColumns { .. } => Failure::Input(error.to_string()),
            other => Failure::System(other.to_string()),
        })?;
        std::fs::write(&self.out, bytes)
            .map_err(|error| Failure::System(format!("{}: {error}", self.out.display())))?;
        say!(
            "{}: {} {}, {}",
            self.out.display(),
            definition.survey(),
            definition.version(),
            options.language
        );
        Ok(())
    }

    fn find<'f>(&self, folder: &'f Folder) -> Result<&'f LoadedDefinition, Failure> {
        let found = folder
            .surveys
            .iter()
            .rev()
            .find(|loaded| loaded.definition.survey() == self.survey);
        found.ok_or_else(|| {
            let known: Vec<&str> = folder.surveys.iter().map(|loaded| loaded.definition.survey()).collect();
            let known = known.join(", ");
            Failure::Input(format!("there is no survey '{}'; there are: {known}", self.survey))
        })
    }

    fn language(&self, definition: &Definition) -> Result<String, Failure> {
        let Some(language) = &self.lang else {
            return Ok(definition.default_language().to_owned());
        };
        if definition.languages().contains_key(language) || definition.languages().is_empty() {
            return Ok(language.clone());
        }
        let known: Vec<&str> = definition.languages().keys().map(String::as_str).collect();
        let (survey, known) = (definition.survey(), known.join(", "));
        Err(Failure::Input(format!(
            "the survey '{survey}' is not in the language '{language}'; it is in: {known}"
        )))
    }
}

/// The definitions of the folder, or everything that is wrong with them.
fn load(options: &DefinitionOptions) -> Result<Folder, Failure> {
    match load_folder(&options.settings()?.defs) {
        Ok(checked) => Ok(checked.value),
        Err(found) => {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            Err(Failure::Input(found.join("\n")))
        }
    }
}
