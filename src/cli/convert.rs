//! `innogauge convert`: a definition in another format.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::definition::{Book, Checked, Definition, Diagnostic, is_xlsform, xform};
use crate::workbook::{Limits, Worker};

/// Convert a survey definition (.yaml, or XLSForm as .xlsx, .xls, .csv, .md) to an `XForm` (.xml)
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

/// Reads, checks, and writes. Warnings are printed; a definition with errors is not converted.
pub fn run(arguments: &Convert) -> Result<(), Failure> {
    let ending = arguments.to.extension().and_then(|ending| ending.to_str());
    if ending != Some("xml") {
        return Err(Failure::Input(format!(
            "{}: only XForms can be written: name a file that ends in .xml",
            arguments.to.display()
        )));
    }
    if let Some(name) = arguments.name.as_deref().filter(|name| !Definition::is_name(name)) {
        return Err(Failure::Input(format!(
            "'{name}' can't be the root element: begin with a letter or '_', go on with letters, digits, '_', '-' or '.'"
        )));
    }
    let checked = read(&arguments.from).map_err(|found| Failure::Input(lines(&found)))?;
    for warning in &checked.warnings {
        eprintln!("{warning}");
    }
    let text = xform(&checked.value, arguments.name.as_deref());
    fs::write(&arguments.to, text).map_err(|error| Failure::System(format!("{}: {error}", arguments.to.display())))
}

/// Reads a definition in whatever format it is.
fn read(path: &Path) -> Result<Checked<Definition>, Vec<Diagnostic>> {
    let name = path.display().to_string();
    if is_xlsform(path) {
        let worker = Worker::of_this_program(Limits::of_definitions())
            .map_err(|error| vec![Diagnostic::unreadable(path, &error)])?;
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
