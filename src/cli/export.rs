//! `innogauge export`: the responses to a survey as a workbook or CSV files.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;

use super::language::WorkbookLanguage;
use super::output::say;
use super::personal::PersonalOptions;
use super::{DatabaseOptions, Failure, database};
use crate::report;
use crate::response::Tier;
use crate::store::Filter;
use crate::study::{self, Catalogue, Shown, StudyError, Unwatched};

#[derive(Debug, Args)]
pub struct Export {
    /// The survey
    survey: String,
    /// Where they go: OUT.xlsx, a sheet per repeat and a codebook; or OUT.csv, with OUT.REPEAT.csv for each repeat
    out: PathBuf,
    /// Only this round
    #[arg(long)]
    round: Option<String>,
    /// The language of the choices' labels
    #[arg(long, value_name = "LANG", default_value = "zh")]
    lang: WorkbookLanguage,
    #[command(flatten)]
    personal: PersonalOptions,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Export) -> Result<(), Failure> {
    let as_workbook = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("xlsx") => true,
        Some("csv") => false,
        _ => {
            return Err(Failure::Input(format!(
                "{}: the name ends in .xlsx or .csv",
                arguments.out.display()
            )));
        }
    };
    let (tier, reason) = arguments.personal.tier()?;
    let store = database::open(&arguments.database)?;
    let catalogue = Catalogue::load(&store)?;
    let definition = &catalogue.newest(&arguments.survey)?.definition;
    let export = report::Export::new(definition, tier != Tier::None, arguments.lang.wording());
    let filter = Filter {
        round: arguments.round.clone(),
        ..Filter::of_survey(&arguments.survey)
    };
    let finder = catalogue.finder();
    let shown = Shown {
        tier,
        definitions: &finder,
    };
    if let Some(reason) = reason {
        store.note_full_access(&format!("surveys/{}/export", arguments.survey), reason, Utc::now())?;
    }
    let count = if as_workbook {
        let out = &arguments.out;
        let file = BufWriter::new(create(out)?);
        study::write_workbook(&store, &filter, shown, &export, file, &Unwatched).map_err(|error| match error {
            StudyError::Workbook(error) => Failure::System(format!("cannot write {}: {error}", out.display())),
            error => error.into(),
        })?
    } else {
        let mut count = 0;
        for table in export.tables() {
            let out = csv_path(&arguments.out, table);
            let file = BufWriter::new(create(&out)?);
            let written =
                study::write_table(&store, &filter, shown, &export, table, file).map_err(|error| match error {
                    StudyError::Table(error) => Failure::System(format!("cannot write {}: {error}", out.display())),
                    error => error.into(),
                })?;
            count = written.unwrap_or(count);
        }
        count
    };
    say!("{count} responses written to {}", arguments.out.display());
    Ok(())
}

/// `out.csv`, or `out.REPEAT.csv` for a repeat.
fn csv_path(out: &Path, table: &str) -> PathBuf {
    if table.is_empty() {
        out.to_owned()
    } else {
        out.with_extension(format!("{table}.csv"))
    }
}

fn create(out: &Path) -> Result<File, Failure> {
    File::create(out).map_err(|error| Failure::System(format!("cannot write {}: {error}", out.display())))
}
