//! `innogauge import`: workbooks that people filled in, as responses.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::attachments::contents_if_any;
use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::definition::Language;
use crate::response::Role;
use crate::spreadsheet::{ImportError, Limits, Worker};
use crate::store::Store;
use crate::study::{
    Catalogue, CheckedImport, FilePlace, ImportRequest, LoadedAs, Progress, StudyError, Unwatched, Watch,
};

/// Findings of one file that are printed; all of them are in the workbook of issues.
const PRINTED: usize = 100;

#[derive(Debug, Args)]
pub struct Import {
    /// The survey
    survey: String,
    /// The workbooks
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// Store the rows without problems and leave the others out
    #[arg(long)]
    valid_rows: bool,
    /// Write the rows again with every faulty cell coloured and commented (of several files: beside each other)
    #[arg(long, value_name = "OUT.xlsx")]
    issues: Option<PathBuf>,
    /// The language of the messages
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
    /// The round that the answers are for (default: the only open one)
    #[arg(long)]
    round: Option<String>,
    /// Leave answers to questions that were not to be asked out of account, instead of refusing their rows
    #[arg(long)]
    drop_unasked: bool,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// A file that was read and checked.
struct Checked<'a> {
    path: &'a Path,
    import: CheckedImport<'a>,
}

impl Import {
    /// Checks all files, and stores their rows where nothing stands against it.
    pub fn run(&self) -> Result<(), Failure> {
        let settings = self.database.settings()?;
        let store = database::open_with(&settings)?;
        let catalogue = Catalogue::load(&store)?;
        let request = self.request(&store, &catalogue)?;
        let mut checked = Vec::new();
        let mut unreadable = 0;
        for path in &self.files {
            match self.check(&store, &catalogue, &request, path) {
                Ok(file) => checked.push(file),
                Err(Failure::Input(message)) => {
                    say!("{message}");
                    unreadable += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        for file in &checked {
            report(file);
        }
        let refused = unreadable + checked.iter().filter(|file| !file.import.may_be_stored()).count();
        let of = self.files.len();
        if refused > 0 {
            let remedy = if self.valid_rows {
                "Correct them"
            } else {
                "Correct them, or take the other rows with --valid-rows"
            };
            return Err(Failure::Input(format!(
                "nothing was imported: {refused} of {of} files have problems. {remedy}; --issues OUT.xlsx writes a \
                 workbook to correct"
            )));
        }
        if self.dry_run {
            say!("dry run: nothing was stored");
            return Ok(());
        }
        if request.round.is_none() {
            say!("no round is open, or several are: the responses are marked until somebody names one (--round)");
        }
        let place = FilePlace {
            contents: contents_if_any(&settings, &store)?,
            file_bytes: settings.limits.attachment_bytes.0 as u64,
            response_bytes: settings.limits.response_attachments_bytes.0 as u64,
        };
        for file in checked {
            store_rows((&store, &catalogue), &place, file)?;
        }
        Ok(())
    }

    /// What is asked of the study. A round may be named that is not open any more, and none need be.
    fn request(&self, store: &Store, catalogue: &Catalogue) -> Result<ImportRequest, Failure> {
        let round = match &self.round {
            Some(round) => Some(catalogue.any_round(round)?.to_owned()),
            None => store.default_round()?,
        };
        Ok(ImportRequest {
            survey: self.survey.clone(),
            language: Language::from_tag(&self.lang).unwrap_or(Language::English),
            round,
            valid_rows: self.valid_rows,
            drop_unasked: self.drop_unasked,
            cities: None,
            sender: None,
            reviewer: Some(Role::Administrator),
        })
    }

    fn check<'a>(
        &self,
        store: &Store,
        catalogue: &Catalogue,
        request: &'a ImportRequest,
        path: &'a Path,
    ) -> Result<Checked<'a>, Failure> {
        let failed = |error: StudyError| match error {
            StudyError::Import(error) => {
                let message = error.message(&self.lang);
                match error {
                    ImportError::Read(error) if error.is_of_the_system() => Failure::System(message),
                    _ => Failure::Input(format!("{}: {message}", path.display())),
                }
            }
            StudyError::File { error, .. } => Failure::Input(format!("{}: {error}", path.display())),
            other => other.into(),
        };
        let reader =
            Worker::of_this_program(Limits::default()).map_err(|error| failed(ImportError::from(error).into()))?;
        let bar = Bar(progress(path));
        let mut import = request
            .check(store, catalogue, &reader, path, Utc::now(), &bar)
            .map_err(failed)?;
        bar.0.finish_and_clear();
        if let Some(out) = &self.issues {
            let out = self.issues_path(out, path);
            if import.write_issues(&out)? {
                say!("{}: written", out.display());
            }
        }
        Ok(Checked { path, import })
    }

    /// One workbook of issues per file: the name that was given, with the file's own name where there are several.
    fn issues_path(&self, out: &Path, file: &Path) -> PathBuf {
        if self.files.len() == 1 {
            return out.to_owned();
        }
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        out.with_file_name(format!("{}-{}.xlsx", stem(out), stem(file)))
    }
}

/// Stores the rows of a file, and says what became of it.
fn store_rows(study: (&Store, &Catalogue), place: &FilePlace, file: Checked<'_>) -> Result<(), Failure> {
    let Checked { path, import } = file;
    let name = path.display();
    let file_name = path.file_name().unwrap_or(path.as_os_str());
    let file_name = file_name.to_string_lossy().into_owned();
    let names = (file_name, "command line".to_owned());
    let loaded = import.store(study, place, names, Utc::now(), &Unwatched)?;
    match loaded.outcome {
        LoadedAs::NothingNew => say!(
            "{name}: nothing to import: all {} rows are known or were left out",
            loaded.organisations
        ),
        LoadedAs::Imported(import) => say!(
            "{name}: imported {} of {} rows (import {}), {} known",
            loaded.imported,
            loaded.organisations,
            import.id,
            loaded.known
        ),
        LoadedAs::SameFile(import) => say!(
            "{name}: the same file was imported before (import {}): nothing changed",
            import.id
        ),
    }
    for finding in &loaded.findings {
        say!("{name}: {finding}");
    }
    if loaded.files > 0 {
        say!("{name}: files kept: {}", loaded.files);
    }
    Ok(())
}

/// A bar that follows the rows.
struct Bar(ProgressBar);

impl Watch for Bar {
    fn see(&self, progress: Progress) -> Result<(), StudyError> {
        self.0.set_position(progress.done);
        Ok(())
    }
}

/// Prints what was found in a file.
fn report(file: &Checked<'_>) {
    let plan = &file.import.plan;
    let name = file.path.display();
    for finding in plan.findings.iter().take(PRINTED) {
        say!("{name}: {finding}");
    }
    let more = plan.findings.len().saturating_sub(PRINTED) + plan.findings_left_out;
    if more > 0 {
        say!("{name}: … and {more} more");
    }
    let (all, sound) = (plan.organisations, plan.accepted.len());
    let orphans = match plan.orphans.len() {
        0 => String::new(),
        entries => format!("; {entries} entries belong to none of them"),
    };
    say!(
        "{name}: {all} rows, {sound} without problems, {} with{orphans}",
        plan.rejected.len()
    );
}

/// A bar on a terminal, nothing elsewhere.
fn progress(path: &Path) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {pos} rows, {per_sec}") {
        bar.set_style(style);
    }
    bar.set_message(path.display().to_string());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
