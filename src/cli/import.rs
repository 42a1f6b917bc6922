//! `innogauge import`: workbooks that people filled in, as responses.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{DatabaseOptions, Failure, database};
use crate::definition::Definition;
use crate::expression::WallClock;
use crate::response::{Door, Fingerprint, Form, Unasked};
use crate::spreadsheet::{
    Head, ImportError, ImportOptions, ImportPlan, IssuesOptions, Limits, Workbook, Worker, plan, write_issues,
};
use crate::store::{Envelope, ImportOutcome, NewImport, Store, StoreError, Submission};

/// Findings of one file that are printed; all of them are in the workbook of issues.
const PRINTED: usize = 100;

/// Load workbooks that people filled in (.xlsx, .xls, .ods, .csv): all rows or none
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
    content: Fingerprint,
    plan: ImportPlan<Result<Submission, StoreError>>,
}

impl Import {
    /// Checks all files, and stores their rows where nothing stands against it.
    pub fn run(&self) -> Result<(), Failure> {
        let store = database::open(&self.database)?;
        let round = self.round(&store)?;
        let mut checked = Vec::new();
        let mut unreadable = 0;
        for path in &self.files {
            match self.check(&store, round.as_deref(), path) {
                Ok(file) => checked.push(file),
                Err(Failure::Input(message)) => {
                    println!("{message}");
                    unreadable += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        for file in &checked {
            report(file);
        }
        let refused = unreadable + checked.iter().filter(|file| !file.plan.is_sound()).count();
        let of = self.files.len();
        if refused > 0 && (!self.valid_rows || unreadable > 0) {
            return Err(Failure::Input(format!(
                "nothing was imported: {refused} of {of} files have problems. Correct them, or take the other rows \
                 with --valid-rows; --issues OUT.xlsx writes a workbook to correct"
            )));
        }
        if self.dry_run {
            println!("dry run: nothing was stored");
            return Ok(());
        }
        if round.is_none() {
            println!("no round is open, or several are: the responses are marked until somebody names one (--round)");
        }
        for file in checked {
            self.store(&store, round.as_deref(), file)?;
        }
        Ok(())
    }

    fn round(&self, store: &Store) -> Result<Option<String>, Failure> {
        let Some(round) = &self.round else {
            return Ok(store.default_round()?);
        };
        let known: Vec<String> = store.rounds()?.into_iter().map(|known| known.round).collect();
        if known.contains(round) {
            return Ok(Some(round.clone()));
        }
        Err(Failure::Input(format!(
            "there is no round '{round}'; there are: {}",
            known.join(", ")
        )))
    }

    fn check<'a>(&self, store: &Store, round: Option<&str>, path: &'a Path) -> Result<Checked<'a>, Failure> {
        let named = |message: String| Failure::Input(format!("{}: {message}", path.display()));
        let failed = |error: ImportError| match error {
            ImportError::Read(error) if error.is_of_the_system() => Failure::System(error.message(&self.lang)),
            error => named(error.message(&self.lang)),
        };
        let bytes = std::fs::read(path).map_err(|error| named(error.to_string()))?;
        let content = Fingerprint::of_bytes(&bytes);
        drop(bytes);
        let worker = Worker::of_this_program(Limits::default()).map_err(|error| failed(error.into()))?;
        let mut workbook = worker.open(path).map_err(|error| failed(error.into()))?;
        let head = Head::read(&mut workbook).map_err(failed)?;
        let form = Form::new(self.definition(store, &head).map_err(|refusal| match refusal {
            Refusal::Import(error) => failed(error),
            Refusal::Failure(failure) => failure,
        })?);
        let now = Utc::now();
        let mut options = ImportOptions::new(&self.lang, now.with_timezone(&form.timezone()).fixed_offset());
        options.round = round.map(str::to_owned);
        if self.drop_unasked {
            options.unasked = Unasked::Drop;
        }
        let bar = progress(path);
        let keep = |accepted: crate::spreadsheet::Accepted| {
            let envelope = Envelope {
                round: round.map(str::to_owned),
                survey: form.survey().to_owned(),
                definition_version: form.version().to_owned(),
                claimed_version: form.version().to_owned(),
                instance_id: accepted.instance_id,
                deprecated_id: None,
                door: Door::Spreadsheet,
                sender: None,
                received_at: now,
                test: false,
            };
            let bytes = envelope.instance_id.clone();
            Submission::new(envelope, &accepted.processed, bytes.as_bytes())
        };
        let plan = plan(&mut workbook, &head, &form, &WallClock, &options, &keep, &mut |done| {
            bar.set_position(done as u64);
        })
        .map_err(failed)?;
        bar.finish_and_clear();
        self.write_issues(path, &mut workbook, &head, &plan)?;
        Ok(Checked { path, content, plan })
    }

    /// The definition that the workbook was made from.
    fn definition(&self, store: &Store, head: &Head) -> Result<Arc<Definition>, Refusal> {
        let (Some(mark), Some(at)) = (head.mark(), head.place()) else {
            return Err(ImportError::NoMark.into());
        };
        if mark.survey != self.survey {
            let (found, expected) = (mark.survey.clone(), self.survey.clone());
            return Err(ImportError::OtherSurvey { found, expected, at }.into());
        }
        let versions = store.definitions().map_err(Failure::from)?;
        let of_survey = || {
            versions
                .iter()
                .filter(|stored| stored.survey == mark.survey && stored.published_at.is_some())
        };
        let Some(stored) = of_survey().find(|stored| stored.version == mark.version) else {
            let known: Vec<&str> = of_survey().map(|stored| stored.version.as_str()).collect();
            return Err(ImportError::OtherVersion {
                found: mark.version.clone(),
                known: known.join(", "),
                at,
            }
            .into());
        };
        let text = String::from_utf8_lossy(&stored.source);
        match Definition::from_yaml(&stored.file_name, &text) {
            Ok(checked) => Ok(Arc::new(checked.value)),
            Err(found) => {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                Err(Refusal::Failure(Failure::System(found.join("\n"))))
            }
        }
    }

    fn write_issues<T>(
        &self,
        path: &Path,
        workbook: &mut Workbook,
        head: &Head,
        plan: &ImportPlan<T>,
    ) -> Result<(), Failure> {
        let Some(out) = &self.issues else { return Ok(()) };
        if plan.findings.is_empty() {
            return Ok(());
        }
        let out = self.issues_path(out, path);
        let options = IssuesOptions {
            language: self.lang.clone(),
            only_rejected: self.valid_rows,
        };
        write_issues(workbook, head, plan, &options, &out)
            .map_err(|error| Failure::System(format!("{}: {error}", out.display())))?;
        println!("{}: written", out.display());
        Ok(())
    }

    /// One workbook of issues per file: the name that was given, with the file's own name where there are several.
    fn issues_path(&self, out: &Path, file: &Path) -> PathBuf {
        if self.files.len() == 1 {
            return out.to_owned();
        }
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        out.with_file_name(format!("{}-{}.xlsx", stem(out), stem(file)))
    }

    fn store(&self, store: &Store, round: Option<&str>, file: Checked<'_>) -> Result<(), Failure> {
        let Checked { path, content, plan } = file;
        let organisations = plan.organisations;
        let rows = plan.accepted.into_iter().collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = rows.iter().map(|row| row.instance_id().to_owned()).collect();
        let known = store.known_instances(&self.survey, &ids)?;
        let new: Vec<Submission> = rows
            .into_iter()
            .filter(|row| !known.contains(row.instance_id()))
            .collect();
        let (name, count) = (path.display(), new.len());
        if new.is_empty() {
            println!("{name}: nothing to import: all {organisations} rows are known or were left out");
            return Ok(());
        }
        let import = NewImport {
            round: round.map(str::to_owned),
            survey: self.survey.clone(),
            content,
            file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            summary: serde_json::json!({
                "organisations": organisations,
                "imported": count,
                "known": known.len(),
                "rejected": plan.rejected.len(),
            }),
            created_by: "command line".to_owned(),
        };
        match store.import(&import, new.into_iter().map(Ok::<_, StoreError>), Utc::now())? {
            ImportOutcome::Applied(import) => {
                println!(
                    "{name}: imported {count} of {organisations} rows (import {}), {} known",
                    import.id,
                    known.len()
                );
            }
            ImportOutcome::SameFile(import) => {
                println!(
                    "{name}: the same file was imported before (import {}): nothing changed",
                    import.id
                );
            }
        }
        Ok(())
    }
}

/// Why there is no definition for a workbook.
enum Refusal {
    Import(ImportError),
    Failure(Failure),
}

impl From<ImportError> for Refusal {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Prints what was found in a file.
fn report(file: &Checked<'_>) {
    let plan = &file.plan;
    let name = file.path.display();
    for finding in plan.findings.iter().take(PRINTED) {
        println!("{name}: {finding}");
    }
    let more = plan.findings.len().saturating_sub(PRINTED) + plan.findings_left_out;
    if more > 0 {
        println!("{name}: … and {more} more");
    }
    let (all, sound) = (plan.organisations, plan.accepted.len());
    println!(
        "{name}: {all} rows, {sound} without problems, {} with",
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
