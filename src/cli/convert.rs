//! `innogauge convert`: a definition in another format.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::definition::{Book, Checked, Definition, Diagnostic, is_xlsform, xform, yaml};
use crate::workbook::{Limits, Worker};

#[derive(Debug, Args)]
pub struct Convert {
    /// The definition; a folder or .zip of .csv files is an `XLSForm` too
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// The file to write; its ending says in which format
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// The name of the root element of answers [default: data]
    #[arg(long, value_name = "ROOT")]
    name: Option<String>,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    XForm,
    Workbook,
    Yaml,
}

impl Format {
    /// The format of a file by its ending.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "xml" => Some(Self::XForm),
            "xlsx" => Some(Self::Workbook),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// Reads, checks, and writes. Warnings are printed; a definition with errors is not converted.
pub fn run(arguments: &Convert) -> Result<(), Failure> {
    let to = &arguments.to;
    let Some(format) = Format::of(to) else {
        return Err(Failure::Input(format!(
            "{}: name a file that ends in .xml (XForm), .xlsx (XLSForm) or .yaml",
            to.display()
        )));
    };
    if let Some(name) = arguments.name.as_deref().filter(|name| !Definition::is_name(name)) {
        return Err(Failure::Input(format!(
            "'{name}' can't be the root element: begin with a letter or '_', go on with letters, digits, '_', '-' or '.'"
        )));
    }
    let checked = read(&arguments.from).map_err(|found| Failure::Input(lines(&found)))?;
    for warning in &checked.warnings {
        eprintln!("{warning}");
    }
    let definition = &checked.value;
    let unwritable = |error: &dyn std::fmt::Display| Failure::System(format!("{}: {error}", to.display()));
    let content = match format {
        Format::XForm => xform(definition, arguments.name.as_deref()).into_bytes(),
        Format::Workbook => Book::of(definition).to_xlsx().map_err(|error| unwritable(&error))?,
        Format::Yaml => yaml(definition).into_bytes(),
    };
    fs::write(to, &content).map_err(|error| unwritable(&error))?;
    // The process ends with this: giving a large form back part by part would be a fiftieth of its time.
    std::mem::forget(checked);
    if format == Format::Yaml {
        return usable(to, &content);
    }
    Ok(())
}

/// A form from elsewhere may have what our own definitions must not: it is written all the same, and what is to be
/// mended is told.
fn usable(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(content);
    match Definition::from_yaml(&path.display().to_string(), &text) {
        Ok(_) => Ok(()),
        Err(found) => {
            let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
            Err(Failure::Input(format!(
                "{}\n{} is written, but these must be mended before it can be used",
                lines(&errors),
                path.display()
            )))
        }
    }
}

/// Reads a definition in whatever format it is.
fn read(path: &Path) -> Result<Checked<Definition>, Vec<Diagnostic>> {
    let name = path.display().to_string();
    if is_xlsform(path) {
        let worker = Worker::of_this_program(Limits::of_definitions())
            .map_err(|error| vec![Diagnostic::unreadable(path, &error)])?
            .for_command();
        let book = Book::open(path, &worker).map_err(|diagnostic| vec![diagnostic])?;
        return Definition::from_xlsform(&name, &book);
    }
    let text = fs::read_to_string(path).map_err(|error| vec![Diagnostic::unreadable(path, &error)])?;
    Definition::from_yaml(&name, &text)
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
