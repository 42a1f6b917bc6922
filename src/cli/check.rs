//! `innogauge check`: everything that is wrong with definitions, each with its place.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::output::{self, say};
use crate::definition::{
    Checked, Definition, Diagnostic, Folder, InterviewLength, definition_files, is_xlsform, load_files,
};
use crate::scoring::Framework;

#[derive(Debug, Args)]
pub struct Check {
    /// Definition files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Also tell the fewest and the most questions that an interview can have
    #[arg(long)]
    paths: bool,
    /// Print only the Markdown tables that map dimensions to indicators, questions and sources
    #[arg(long, conflicts_with = "paths")]
    map: bool,
}

impl Check {
    /// Checks and prints what was found; fails where there are errors.
    pub fn run(&self) -> Result<(), Failure> {
        let mut files = Vec::new();
        for path in &self.files {
            if path.is_dir() && !is_xlsform(path) {
                let found =
                    definition_files(path).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
                if found.is_empty() {
                    return Err(Failure::Input(format!(
                        "{}: no .yaml file or workbook in this folder",
                        path.display()
                    )));
                }
                files.extend(found);
            } else {
                files.push(path.clone());
            }
        }
        match load_files(&files).and_then(with_framework) {
            Ok((checked, framework)) if self.map => {
                let Some(framework) = framework else {
                    return Err(Failure::Input("there is no framework.yaml to map".to_owned()));
                };
                let surveys: Vec<&Definition> = checked.value.surveys.iter().map(|survey| &survey.definition).collect();
                output::print(format_args!("{}", framework.map(&surveys)));
                Ok(())
            }
            Ok((checked, _)) => {
                print(&checked.warnings);
                say!("{}", summary(&checked.value, &checked.warnings));
                if self.paths {
                    for survey in &checked.value.surveys {
                        for line in interviews(&survey.definition) {
                            say!("{line}");
                        }
                    }
                }
                Ok(())
            }
            Err(found) => {
                print(&found);
                Err(Failure::Input(counted(&found)))
            }
        }
    }
}

/// The framework of indicators is checked against the surveys that it reads, and they against it: whether every
/// question is asked for something.
fn with_framework(mut checked: Checked<Folder>) -> Result<(Checked<Folder>, Option<Framework>), Vec<Diagnostic>> {
    let Some(source) = &checked.value.framework else {
        return Ok((checked, None));
    };
    let surveys: Vec<&Definition> = checked.value.surveys.iter().map(|survey| &survey.definition).collect();
    let framework = if surveys.is_empty() {
        Framework::for_table(&source.name, &source.text)
    } else {
        Framework::from_yaml(&source.name, &source.text, &surveys)
    };
    match framework {
        Ok(framework) => {
            let unused: Vec<Diagnostic> = surveys
                .iter()
                .flat_map(|survey| framework.value.unused(survey))
                .collect();
            checked.warnings.extend(framework.warnings);
            checked.warnings.extend(unused);
            Ok((checked, Some(framework.value)))
        }
        Err(found) => Err(checked.warnings.into_iter().chain(found).collect()),
    }
}

/// How long an interview of a survey can be, and one of each of its profiles. Figures of places are nobody's interview.
fn interviews(definition: &Definition) -> Vec<String> {
    if definition.is_of_places() {
        return Vec::new();
    }
    let survey = definition.survey();
    let whole = length(InterviewLength::of(definition));
    let whole = format!("{survey}: the shortest interview asks {whole} (each repeat counted once)");
    let of_profiles = definition.profiles().values().map(|profile| {
        let length = length(InterviewLength::given(definition, profile.answers()));
        format!("{survey}: {}: {length}", profile.label.get("en"))
    });
    std::iter::once(whole).chain(of_profiles).collect()
}

fn length(length: InterviewLength) -> String {
    let InterviewLength {
        shortest,
        longest,
        exact,
    } = length;
    let bounds = if exact { ("", "") } else { ("at least ", "at most ") };
    let shortest = plural(shortest, "question");
    format!("{}{shortest}, the longest {}{longest}", bounds.0, bounds.1)
}

fn print(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        say!("{diagnostic}");
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

fn counted(found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = found.len() - errors;
    match warnings {
        0 => plural(errors, "error"),
        _ => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

fn summary(folder: &Folder, warnings: &[Diagnostic]) -> String {
    let mut parts: Vec<String> = folder
        .surveys
        .iter()
        .map(|survey| {
            let asked = survey
                .definition
                .questions()
                .filter(|(_, question_type)| question_type.is_asked())
                .count();
            format!(
                "{} {}: {}",
                survey.definition.survey(),
                survey.definition.version(),
                plural(asked, "question")
            )
        })
        .collect();
    if let Some(places) = &folder.places {
        parts.push(plural(places.iter().count(), "place"));
    }
    parts.push(if warnings.is_empty() {
        "no errors".to_owned()
    } else {
        format!("no errors, {}", plural(warnings.len(), "warning"))
    });
    parts.join("; ")
}
