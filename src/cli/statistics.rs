//! `innogauge statistics`: official figures by place and year, from a workbook.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::definition::Language;
use crate::response::Fingerprint;
use crate::spreadsheet::{Limits, Worker};
use crate::study::{Catalogue, StatisticsRules, StudyError, read_figures};

#[derive(Debug, Args)]
pub struct Statistics {
    /// The workbook; `innogauge template statistics OUT.xlsx` writes a blank one
    file: PathBuf,
    /// Check everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// The language of the messages
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
    #[command(flatten)]
    database: DatabaseOptions,
}

impl Statistics {
    /// Checks the figures, and keeps them where nothing stands against it. The same file again changes nothing.
    pub fn run(&self) -> Result<(), Failure> {
        let store = database::open(&self.database)?;
        let language = Language::from_tag(&self.lang).unwrap_or_default();
        let (name, now) = (self.file.display(), Utc::now());
        let named = |message: String| Failure::Input(format!("{name}: {message}"));
        let bytes = std::fs::read(&self.file).map_err(|error| named(error.to_string()))?;
        let hash = Fingerprint::of_bytes(&bytes).to_string();
        let worker = Worker::of_this_program(Limits::default())
            .map_err(|error| Failure::System(error.message(language.code())))?;
        let mut workbook = worker
            .open(&self.file)
            .map_err(|error| named(error.message(language.code())))?;
        let sheet =
            read_figures(&Catalogue::load(&store)?, &mut workbook, language, now).map_err(|error| match error {
                StudyError::Import(error) if !error.is_of_the_system() => named(error.message(language.code())),
                other => other.into(),
            })?;
        let checked = StatisticsRules::load(&store)?.check(&store, &sheet.figures, now)?;
        for finding in &sheet.findings {
            say!("{name}: {finding}");
        }
        for fault in &checked.faults {
            if let Some(at) = sheet.rows.get(fault.figure) {
                say!("{name}: {at}: {}", fault.kind.message(language));
            }
        }
        if !sheet.is_sound() || !checked.is_sound() {
            return Err(named(
                "nothing was loaded: correct the cells named above and load it again".to_owned(),
            ));
        }
        let all = checked.count();
        if self.dry_run {
            say!("{name}: {all} figures, no problems; dry run: nothing was stored");
            return Ok(());
        }
        let kept = checked.keep(&store, &hash, now)?;
        say!(
            "{name}: {all} figures (calculated ones included): {} new, {} changed, {} known already",
            kept.new,
            kept.changed,
            kept.same
        );
        Ok(())
    }
}
