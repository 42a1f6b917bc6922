//! `innogauge score`: score any table, units by indicators, without a database.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use clap::Args;
use indexmap::IndexMap;
use indicatif::ProgressBar;

use super::Failure;
use super::language::WorkbookLanguage;
use crate::definition::Diagnostic;
use crate::report::{Edition, Provenance, Report, Wording};
use crate::scoring::{
    Against, Assessment, Design, Framework, OldRespondents, OldResult, Options, Replay, Respondents, Scenario, Subject,
    Table, WeightSets, analyse, assess, compare, explore, profile, result_csv, result_json,
};

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
    /// An earlier result (.json) to compare with: another round, or other options on the same table
    #[arg(long, value_name = "OLD.json")]
    compare: Option<PathBuf>,
    /// Where the result goes: .json (everything), .csv (scores and ranks) or .xlsx (a workbook with formulas and charts)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A file of scenarios: what scores and ranks would be, were some things other than they are; repeatable
    #[arg(long, value_name = "FILE")]
    scenario: Vec<PathBuf>,
    /// The language of a workbook
    #[arg(long, value_name = "LANG", default_value = "both")]
    lang: WorkbookLanguage,
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
        options = options_of(file, options)?;
    }
    let file = std::fs::File::open(&arguments.table).map_err(|error| cannot_read(&arguments.table, &error))?;
    let name = arguments.table.to_string_lossy();
    let table = Table::read_csv(&name, file, arguments.unit.as_deref(), arguments.time.as_deref()).map_err(input)?;
    let old = arguments.compare.as_deref().map(old_result).transpose()?;
    let replay = replay(&options, arguments.options.as_deref())?;
    let scenarios = scenarios_of(&arguments.scenario)?;
    let mut assessment = assess(&framework, &table, &options).map_err(input)?;
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    let bar = ProgressBar::new(0);
    let observer = |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        true
    };
    analyse(&mut assessment, &subject, &replay, &observer).map_err(input)?;
    if let Some(old) = &old {
        let against = Against {
            old,
            respondents: OldRespondents::None,
            renamed: None,
        };
        compare(&mut assessment, &subject, &against, &replay, &observer).map_err(input)?;
    }
    if options.profiles {
        profile(&mut assessment, &subject, &[], &observer).map_err(input)?;
    }
    if !arguments.scenario.is_empty() {
        let amended = IndexMap::new();
        explore(&mut assessment, &subject, &scenarios, &amended, &replay, &observer).map_err(input)?;
    }
    bar.finish_and_clear();
    for note in &assessment.notes {
        eprintln!(
            "note: {}{}",
            note.element.as_ref().map(|id| format!("{id}: ")).unwrap_or_default(),
            note.message
        );
    }
    let bytes = match format {
        Format::Json => result_json(&assessment).map_err(|error| Failure::System(error.to_string()))?,
        Format::Csv => result_csv(&assessment).into_bytes(),
        Format::Workbook => workbook(&framework, &assessment, &options, &arguments.lang.wording())?,
    };
    write(&arguments.out, &bytes)
}

/// The result file that is compared with.
pub(super) fn old_result(file: &Path) -> Result<OldResult, Failure> {
    let bytes = std::fs::read(file).map_err(|error| cannot_read(file, &error))?;
    OldResult::read(&file.to_string_lossy(), &bytes).map_err(input)
}

/// The options of a file; other files that it names stand beside it.
pub(super) fn options_of(file: &Path, defaults: Options) -> Result<Options, Failure> {
    let open = |name: &str| {
        text_of(&beside(file, name)).map_err(|failure| match failure {
            Failure::Input(message) | Failure::System(message) => message,
        })
    };
    Options::read_with(&file.to_string_lossy(), &text_of(file)?, defaults, &open).map_err(input)
}

/// The scenarios of all files, in their order; no two have one id.
pub(super) fn scenarios_of(files: &[PathBuf]) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for file in files {
        for scenario in Scenario::read(&file.to_string_lossy(), &text_of(file)?).map_err(input)? {
            if scenarios.iter().any(|earlier| earlier.id == scenario.id) {
                let message = format!("the scenario '{}' is in an earlier file already", scenario.id);
                return Err(Failure::Input(format!("{}: {message}", file.display())));
            }
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// The place of a file that an options file names.
fn beside(options_file: &Path, name: &str) -> PathBuf {
    options_file.parent().unwrap_or(Path::new("")).join(name)
}

/// The files of runs and weights that the options name; a relative name is one beside the options file.
fn replay(options: &Options, options_file: Option<&Path>) -> Result<Replay, Failure> {
    let Some(uncertainty) = &options.uncertainty else {
        return Ok(Replay::default());
    };
    let bytes = |name: &String| {
        let path = options_file.map_or_else(|| PathBuf::from(name), |file| beside(file, name));
        std::fs::read(&path).map_err(|error| cannot_read(&path, &error))
    };
    let mut replay = Replay::default();
    if let Some(name) = &uncertainty.design {
        replay.design = Some(Design::read(name, &bytes(name)?).map_err(input)?);
    }
    if let Some(name) = &uncertainty.weight_sets {
        replay.weight_sets = Some(WeightSets::read(name, &bytes(name)?).map_err(input)?);
    }
    Ok(replay)
}

/// Writes a result, or says which file can't be written.
pub(super) fn write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(out, bytes).map_err(|error| Failure::System(format!("cannot write {}: {error}", out.display())))
}

/// The scored workbook of a bare table.
fn workbook(
    framework: &Framework,
    assessment: &Assessment,
    options: &Options,
    wording: &Wording,
) -> Result<Vec<u8>, Failure> {
    let report = Report {
        framework,
        assessment,
        options,
        edition: Edition::Analysis,
        units: IndexMap::new(),
        surveys: Vec::new(),
        provenance: Provenance::default(),
        personal: false,
    };
    let mut bytes = Cursor::new(Vec::new());
    report
        .write_workbook(wording, &mut bytes)
        .map_err(|error| Failure::System(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// The format of a result, by its file's extension.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// Everything.
    Json,
    /// Scores and ranks.
    Csv,
    /// Formulas and charts.
    Workbook,
}

impl Format {
    /// The format of a file of this name.
    pub(super) fn of(out: &Path) -> Result<Self, Failure> {
        match out.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Workbook),
            _ => Err(Failure::Input(format!(
                "--out {}: the name ends in .json, .csv or .xlsx",
                out.display()
            ))),
        }
    }
}

/// The text of a file that a person wrote.
pub(super) fn text_of(file: &Path) -> Result<String, Failure> {
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
