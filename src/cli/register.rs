//! `innogauge register`: the register of organisations without a browser.

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, Subcommand};

use super::fieldwork::{register_of, some};
use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::definition::Language;
use crate::spreadsheet::{Limits, Worker, register_template};
use crate::store::{RegisterFilter, RegisterOf, Store};
use crate::study::{Catalogue, RegisterRequest, load_register, register_words};

/// Findings that are printed.
const PRINTED: usize = 200;

#[derive(Debug, Args)]
pub struct Register {
    #[command(subcommand)]
    act: Act,
    /// The survey: the respondent type
    #[arg(long, global = true, default_value = "enterprise")]
    survey: String,
    /// The round (default: the only open one)
    #[arg(long, global = true)]
    round: Option<String>,
    /// The language of messages and headers: zh or en
    #[arg(long, global = true, value_name = "LANG", default_value = "en")]
    lang: String,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Load a workbook with one organisation per row: all rows or none
    Load {
        /// The workbook (.xlsx, .xls, .ods, .csv)
        file: PathBuf,
        /// Check everything and say what would change, store nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the register, an organisation per line
    List {
        /// Only in these cities
        #[arg(long, num_args = 1.., value_name = "CODE")]
        city: Vec<String>,
    },
    /// Write a blank register
    Template {
        /// The workbook to be written (.xlsx)
        out: PathBuf,
    },
}

pub fn run(arguments: &Register) -> Result<(), Failure> {
    let language = Language::from_tag(&arguments.lang)
        .ok_or_else(|| Failure::Input(format!("--lang: '{}' is neither zh nor en", arguments.lang)))?;
    let store = database::open(&arguments.database)?;
    let catalogue = Catalogue::load(&store)?;
    catalogue.survey(&arguments.survey)?;
    match &arguments.act {
        Act::Load { file, dry_run } => {
            let request = RegisterRequest {
                of: of(arguments, &catalogue)?,
                language,
                cities: None,
                dry_run: *dry_run,
            };
            load(&store, &catalogue, file, &request)
        }
        Act::List { city } => list(&store, &of(arguments, &catalogue)?, city),
        Act::Template { out } => {
            let words = register_words(&store, &catalogue, &arguments.survey)?;
            let bytes = register_template(&words, language).map_err(|error| Failure::System(error.to_string()))?;
            std::fs::write(out, bytes).map_err(|error| Failure::System(format!("{}: {error}", out.display())))?;
            say!("{}: written", out.display());
            Ok(())
        }
    }
}

fn of(arguments: &Register, catalogue: &Catalogue) -> Result<RegisterOf, Failure> {
    register_of(catalogue, &arguments.survey, arguments.round.as_deref())
}

fn load(store: &Store, catalogue: &Catalogue, file: &Path, request: &RegisterRequest) -> Result<(), Failure> {
    let reader = Worker::of_this_program(Limits::default()).map_err(|error| Failure::System(error.to_string()))?;
    let loaded = load_register(store, catalogue, &reader, file, request, Utc::now())?;
    for finding in loaded.findings.iter().take(PRINTED) {
        eprintln!("{finding}");
    }
    if loaded.findings.len() > PRINTED {
        eprintln!("and {} more", loaded.findings.len() - PRINTED);
    }
    let Some(change) = loaded.change else {
        return Err(Failure::Input(format!(
            "{}: nothing was loaded of {} organisations: correct the cells above",
            file.display(),
            loaded.rows
        )));
    };
    say!(
        "{}: {} organisations{}: {} new, {} changed, {} as they were",
        file.display(),
        loaded.rows,
        if request.dry_run { " (a dry run)" } else { "" },
        change.added,
        change.changed,
        change.unchanged
    );
    Ok(())
}

fn list(store: &Store, of: &RegisterOf, cities: &[String]) -> Result<(), Failure> {
    let filter = RegisterFilter {
        cities: some(cities),
        ..RegisterFilter::default()
    };
    for organisation in store.whole_register(&of.round, &of.survey, &filter)? {
        let entry = organisation.entry;
        say!(
            "{}\t{}\t{}\t{}\t{}{}",
            entry.code,
            entry.name,
            entry.city,
            entry.sector.as_deref().unwrap_or("-"),
            entry.stratum(),
            if entry.in_frame { "" } else { "\tnot in the frame" }
        );
    }
    Ok(())
}
