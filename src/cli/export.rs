//! `innogauge export`: the responses to a survey as a workbook or CSV files.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::Args;

use super::language::WorkbookLanguage;
use super::{DatabaseOptions, Failure, database};
use crate::report;
use crate::store::{Filter, Store, StoreError};
use crate::study::{self, Catalogue};

/// Write the responses to a survey to .xlsx or .csv
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
    /// With answers to questions about persons
    #[arg(long)]
    personal: bool,
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
    let store = database::open(&arguments.database)?;
    let catalogue = Catalogue::load(&store)?;
    let definition = catalogue.survey(&arguments.survey)?;
    let export = report::Export::new(definition, arguments.personal, arguments.lang.wording());
    let filter = Filter {
        round: arguments.round.clone(),
        ..Filter::of_survey(&arguments.survey)
    };
    let count = if as_workbook {
        let responses = study::reported(&store, &filter)?;
        let count = responses.len() as u64;
        export
            .workbook(responses, BufWriter::new(create(&arguments.out)?))
            .map_err(|error| Failure::System(format!("cannot write {}: {error}", arguments.out.display())))?;
        count
    } else {
        let mut count = 0;
        for table in export.tables() {
            count = write_csv(&store, &filter, &export, table, &csv_path(&arguments.out, table))?;
        }
        count
    };
    println!("{count} responses written to {}", arguments.out.display());
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

fn write_csv(
    store: &Store,
    filter: &Filter,
    export: &report::Export<'_>,
    table: &str,
    out: &Path,
) -> Result<u64, Failure> {
    let cannot = |error: csv::Error| Failure::System(format!("cannot write {}: {error}", out.display()));
    let Some(mut writer) = export.csv(table, BufWriter::new(create(out)?)).map_err(cannot)? else {
        return Ok(0);
    };
    let count = study::for_each_reported::<Stop>(store, filter, |response| Ok(writer.write(&response)?));
    let count = count.map_err(|stop| match stop {
        Stop::Store(error) => Failure::from(error),
        Stop::Csv(error) => cannot(error),
    })?;
    writer.finish().map_err(cannot)?;
    Ok(count)
}

/// Why an export ended early.
enum Stop {
    Store(StoreError),
    Csv(csv::Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<csv::Error> for Stop {
    fn from(error: csv::Error) -> Self {
        Self::Csv(error)
    }
}

fn create(out: &Path) -> Result<File, Failure> {
    File::create(out).map_err(|error| Failure::System(format!("cannot write {}: {error}", out.display())))
}
