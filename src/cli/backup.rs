//! `innogauge backup` and `innogauge restore`: everything that a database holds, as one file.

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::store::{BackupError, BackupSummary, RestoreOptions, Store};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file is a zip archive that `innogauge restore` takes into SQLite or PostgreSQL.\n\
    Keys of encrypted answers are not in it: keep them apart, or nobody can read those answers again."
)]
pub struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The archive is checked as a whole before the database is touched, and it is restored as a whole or not at all."
)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Lose what the database holds now
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Backup) -> Result<(), Failure> {
    let store = database::open_as_it_is(&arguments.database)?;
    let bar = bar();
    let summary = store.backup(&arguments.file, Utc::now(), &|rows| bar.inc(rows))?;
    bar.finish_and_clear();
    say!("{}: {}", arguments.file.display(), words(&summary));
    Ok(())
}

pub fn restore(arguments: &Restore) -> Result<(), Failure> {
    let settings = arguments.database.settings()?;
    let options = RestoreOptions {
        replace: arguments.replace,
        origin: database::at_the_command_line(),
    };
    let bar = bar();
    let summary = Store::restore(&settings.database.0, &arguments.file, &options, Utc::now(), &|rows| {
        bar.inc(rows);
    })?;
    bar.finish_and_clear();
    say!(
        "restored {} of {}",
        words(&summary),
        summary.created_at.format("%Y-%m-%d %H:%M:%S UTC")
    );
    Ok(())
}

/// Shown on a terminal only, by indicatif itself.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn words(summary: &BackupSummary) -> String {
    format!(
        "{} rows of {} tables, {} bytes",
        summary.rows, summary.tables, summary.bytes
    )
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        if error.is_input() {
            Self::Input(error.to_string())
        } else {
            Self::System(error.to_string())
        }
    }
}
