//! `innogauge score`: score any table, units by indicators, without a database.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::definition::Diagnostic;
use crate::scoring::{Assessment, Framework, Options, Table, assess, result_csv, result_json};

/// Score a table of units by indicators
#[derive(Debug, Args)]
pub struct Score {
    /// The framework: index, dimensions, indicators
    framework: PathBuf,
    /// The table: a CSV file whose first column (or --unit) has the units' ids
    table: PathBuf,
    /// How to score: a YAML file; what it leaves out takes its default
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
    /// The column of the units' ids
    #[arg(long, value_name = "COL")]
    unit: Option<String>,
    /// The column of times, for long tables
    #[arg(long, value_name = "COL")]
    time: Option<String>,
    /// Where the result goes: .json (everything) or .csv (scores and ranks)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Reads the three files, scores, and writes the result.
pub fn run(arguments: &Score) -> Result<(), Failure> {
    let format = Format::of(&arguments.out)?;
    let framework = {
        let text = text_of(&arguments.framework)?;
        let checked = Framework::for_table(&arguments.framework.to_string_lossy(), &text)
            .map_err(|all| Failure::Input(lines(&all)))?;
        if !checked.warnings.is_empty() {
            eprintln!("{}", lines(&checked.warnings));
        }
        checked.value
    };
    let mut options = Options::score();
    if let Some(file) = &arguments.options {
        options = Options::read(&file.to_string_lossy(), &text_of(file)?, options).map_err(input)?;
    }
    let file = std::fs::File::open(&arguments.table).map_err(|error| cannot_read(&arguments.table, &error))?;
    let name = arguments.table.to_string_lossy();
    let table = Table::read_csv(&name, file, arguments.unit.as_deref(), arguments.time.as_deref()).map_err(input)?;
    let assessment = assess(&framework, &table, &options).map_err(input)?;
    for note in &assessment.notes {
        eprintln!(
            "note: {}{}",
            note.element.as_ref().map(|id| format!("{id}: ")).unwrap_or_default(),
            note.message
        );
    }
    format.write(&assessment, &arguments.out)
}

enum Format {
    Json,
    Csv,
}

impl Format {
    fn of(out: &Path) -> Result<Self, Failure> {
        match out.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Err(Failure::Input(format!(
                "--out {}: a workbook of a bare table is not available in this version: write .json or .csv",
                out.display()
            ))),
            _ => Err(Failure::Input(format!(
                "--out {}: the name ends in .json or .csv",
                out.display()
            ))),
        }
    }

    fn write(&self, assessment: &Assessment, out: &Path) -> Result<(), Failure> {
        let bytes = match self {
            Self::Json => result_json(assessment).map_err(|error| Failure::System(error.to_string()))?,
            Self::Csv => result_csv(assessment).into_bytes(),
        };
        std::fs::write(out, bytes).map_err(|error| Failure::System(format!("cannot write {}: {error}", out.display())))
    }
}

fn text_of(file: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(|error| cannot_read(file, &error))?;
    String::from_utf8(bytes).map_err(|_| Failure::Input(format!("{}: is not UTF-8 text", file.display())))
}

fn cannot_read(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Input(format!("cannot read {}: {error}", file.display()))
}

fn input(error: impl std::fmt::Display) -> Failure {
    Failure::Input(error.to_string())
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
