//! The kinds of work that a job can be.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::progress::{Progress, Stage, Watch};
use super::super::responses::write_export;
use super::super::{
    AssessmentRequest, Catalogue, CheckedImport, CompareWith, FilePlace, ImportRequest, StudyError, assess_watched,
    scenarios_of,
};
use crate::definition::Language;
use crate::report::{CSV, XLSX};
use crate::response::{ReviewState, Tier};
use crate::scoring::{Options, SampleDesign};
use crate::spreadsheet::{self, Finding};
use crate::store::{Claim, EndsJob, Filter, JobEnding, JobFileHead, JobPart, NewJob, RegisterOf, Sample, Store};

/// Work that is done as a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Task {
    /// A workbook that people filled in is loaded; the job's upload is the workbook.
    Import {
        /// Check only: nothing is stored.
        dry_run: bool,
        /// How.
        request: ImportRequest,
    },
    /// The responses of a round are scored.
    Assessment {
        /// What to call the assessment.
        name: String,
        /// The round whose responses count; the only open one where none is named.
        round: Option<String>,
        /// The options that differ from the defaults, as an options file has them.
        options: Value,
        /// The assessment that it is compared with.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        compare_with: Option<i64>,
        /// Scenarios, as the list in a file of scenarios.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenarios: Option<Value>,
    },
    /// Responses are written into a file, which is the job's result.
    Export(ExportTask),
    /// A sample is drawn from the register.
    Sample(SampleTask),
    /// Everything that the database holds is written into a file, which is the job's result.
    Backup,
}

/// What a sample is drawn from, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleTask {
    /// The survey: the respondent type.
    pub survey: String,
    /// The round.
    pub round: String,
    /// Only from these cities.
    pub cities: Option<Vec<String>>,
    /// How.
    pub design: SampleDesign,
}

/// Which responses are exported, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportTask {
    /// The survey.
    pub survey: String,
    /// Only this round.
    pub round: Option<String>,
    /// Only these cities.
    pub cities: Option<Vec<String>>,
    /// Only responses in these states.
    pub states: Option<Vec<ReviewState>>,
    /// As one table of text rather than a workbook: the name of the repeat, empty for the responses themselves.
    pub csv: Option<String>,
    /// How much of persons and organisations it shows. Whoever made the job answers for the right to see it.
    pub personal: Tier,
    /// The language of the labels, by its code.
    pub language: Language,
}

/// What a task works with.
pub(super) struct Bench<'a> {
    pub store: &'a Store,
    pub reader: &'a spreadsheet::Worker,
    pub files: &'a FilePlace,
    pub claim: &'a Claim,
    pub made_by: &'a str,
    pub now: DateTime<Utc>,
    pub watch: &'a dyn Watch,
}

impl Task {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "import",
            Self::Assessment { .. } => "assessment",
            Self::Export(_) => "export",
            Self::Sample(_) => "sample",
            Self::Backup => "backup",
        }
    }

    /// The survey that it is about, where it is about one.
    pub fn survey(&self) -> Option<&str> {
        match self {
            Self::Import { request, .. } => Some(&request.survey),
            Self::Assessment { .. } | Self::Backup => None,
            Self::Export(export) => Some(&export.survey),
            Self::Sample(sample) => Some(&sample.survey),
        }
    }

    /// The only cities that its result shows; `None` is all.
    pub fn cities(&self) -> Option<&[String]> {
        match self {
            Self::Import { request, .. } => request.cities.as_deref(),
            Self::Assessment { .. } | Self::Backup => None,
            Self::Export(export) => export.cities.as_deref(),
            Self::Sample(sample) => sample.cities.as_deref(),
        }
    }

    /// Whether its result shows the answers to personal questions.
    pub fn is_personal(&self) -> bool {
        match self {
            // The workbook of issues is the upload again, answers to personal questions included; in a backup they are
            // as the database has them.
            Self::Import { .. } | Self::Assessment { .. } | Self::Sample(_) | Self::Backup => false,
            Self::Export(export) => export.personal == Tier::Full,
        }
    }

    /// The job that does it, for the store.
    ///
    /// # Errors
    ///
    /// Where it can't be written as JSON.
    pub fn job(&self, created_by: &str) -> Result<NewJob, StudyError> {
        let input = serde_json::to_value(self).map_err(|error| StudyError::DamagedJob {
            error: error.to_string(),
        })?;
        Ok(NewJob {
            kind: self.kind().to_owned(),
            input,
            created_by: created_by.to_owned(),
        })
    }

    /// Does it, and ends the job with its effect.
    pub(super) fn run(&self, bench: &Bench<'_>) -> Result<(), StudyError> {
        match self {
            Self::Import { dry_run, request } => bench.import(request, *dry_run),
            Self::Assessment {
                name,
                round,
                options,
                compare_with,
                scenarios,
            } => {
                let request = AssessmentRequest {
                    name: name.clone(),
                    round: round.clone(),
                    options: Options::read("options", &options.to_string(), Options::assess())?,
                    compare: compare_with.map(CompareWith::Kept),
                    scenarios: scenarios.as_ref().map(scenarios_of).transpose()?,
                    made_by: bench.made_by.to_owned(),
                };
                assess_watched(bench.store, &request, bench.now, bench.watch).map(|_| ())
            }
            Self::Export(export) => bench.export(export),
            Self::Sample(sample) => bench.sample(sample),
            Self::Backup => bench.backup(),
        }
    }
}

impl Bench<'_> {
    fn import(&self, request: &ImportRequest, dry_run: bool) -> Result<(), StudyError> {
        let catalogue = Catalogue::load(self.store)?;
        let upload = self
            .store
            .job_file(self.claim.job, JobPart::Upload)?
            .ok_or_else(|| StudyError::DamagedJob {
                error: "its file is gone".to_owned(),
            })?;
        // The reader tells formats apart by their content, and needs a name to be sure.
        let suffix = upload
            .head
            .name
            .rsplit_once('.')
            .map(|(_, extension)| format!(".{extension}"));
        let mut file = temporary(suffix.as_deref().unwrap_or_default())?;
        for position in 0..upload.pieces {
            let piece = self.store.job_file_piece(&upload, position)?;
            file.write_all(&piece).map_err(|error| of_file(&file, error))?;
        }
        file.flush().map_err(|error| of_file(&file, error))?;
        let mut checked = request.check(self.store, &catalogue, self.reader, file.path(), self.now, self.watch)?;
        self.keep_report(&checked)?;
        let issues = temporary(".xlsx")?;
        if checked.write_issues(issues.path())? {
            self.keep(JobPart::Issues, "issues.xlsx", XLSX, issues.path())?;
        }
        if dry_run {
            let ending = JobEnding::Done(json!({ "outcome": "checked" }));
            return Ok(self.store.end_job(self.claim, &ending, self.now)?);
        }
        if !checked.may_be_stored() {
            return Err(StudyError::RowsRefused {
                organisations: checked.plan.organisations,
                rejected: checked.plan.rejected.len(),
                orphans: checked.plan.orphans.len(),
            });
        }
        let maker = self.made_by.to_owned();
        let names = (upload.head.name.clone(), maker);
        checked.store((self.store, &catalogue), self.files, names, self.now, self.watch)?;
        Ok(())
    }

    /// Keeps what was found in a workbook, whatever becomes of its rows.
    fn keep_report(&self, checked: &CheckedImport<'_>) -> Result<(), StudyError> {
        let plan = &checked.plan;
        let report = json!({
            "organisations": plan.organisations,
            "sound": plan.accepted.len(),
            "rejected": plan.rejected.len(),
            "orphans": plan.orphans.len(),
            "findings": plan.findings.iter().map(finding).collect::<Vec<_>>(),
            "findings_left_out": plan.findings_left_out,
        });
        let head = JobFileHead {
            name: "import.json".to_owned(),
            content_type: "application/json".to_owned(),
        };
        let bytes = report.to_string().into_bytes();
        self.store
            .keep_job_file(self.claim, JobPart::Result, &head, &mut bytes.as_slice())?;
        Ok(())
    }

    fn export(&self, task: &ExportTask) -> Result<(), StudyError> {
        let catalogue = Catalogue::load(self.store)?;
        let file = temporary("")?;
        let to = BufWriter::new(file.as_file());
        let count = write_export(self.store, task, &catalogue, to, self.watch)?;
        self.watch.see(Progress {
            stage: Stage::WritingFile,
            done: count,
            of: Some(count),
        })?;
        let (name, content_type) = if task.csv.is_some() {
            ("responses.csv", CSV)
        } else {
            ("responses.xlsx", XLSX)
        };
        self.keep(JobPart::Result, name, content_type, file.path())?;
        let ending = JobEnding::Done(json!({ "responses": count }));
        self.store.end_job(self.claim, &ending, self.now)?;
        Ok(())
    }

    fn sample(&self, task: &SampleTask) -> Result<(), StudyError> {
        let of = RegisterOf {
            round: task.round.clone(),
            survey: task.survey.clone(),
            actor: self.made_by.to_owned(),
        };
        let described =
            |sample: &Sample| json!({ "sample": sample.id, "survey": sample.survey, "round": sample.round });
        let ends = EndsJob {
            claim: self.claim,
            outcome: &described,
        };
        self.store
            .draw_sample(&of, task.cities.as_deref(), &task.design, self.now, Some(&ends))?;
        Ok(())
    }

    fn backup(&self) -> Result<(), StudyError> {
        let folder = tempfile::tempdir().map_err(|error| StudyError::File {
            file: std::env::temp_dir(),
            error,
        })?;
        let name = format!("innogauge-{}.zip", self.now.format("%Y-%m-%dT%H-%M-%SZ"));
        let file = folder.path().join(&name);
        let seen = AtomicU64::new(0);
        let written = |rows| Progress {
            stage: Stage::WritingFile,
            done: rows,
            of: None,
        };
        let summary = self.store.backup(&file, self.now, &|rows| {
            // Nobody can break off a backup between two rows: whether it goes on is asked when it is written.
            let rows = seen.fetch_add(rows, Ordering::Relaxed) + rows;
            drop(self.watch.see(written(rows)));
        })?;
        self.watch.see(written(summary.rows))?;
        self.keep(JobPart::Result, &name, "application/zip", &file)?;
        let outcome = json!({ "tables": summary.tables, "rows": summary.rows, "bytes": summary.bytes });
        self.store.end_job(self.claim, &JobEnding::Done(outcome), self.now)?;
        Ok(())
    }

    fn keep(&self, part: JobPart, name: &str, content_type: &str, path: &std::path::Path) -> Result<(), StudyError> {
        let of_path = |error| StudyError::File {
            file: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(of_path)?;
        let head = JobFileHead {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
        };
        self.store
            .keep_job_file(self.claim, part, &head, &mut BufReader::new(file))?;
        Ok(())
    }
}

impl ExportTask {
    /// The responses that it is about.
    pub fn filter(&self) -> Filter {
        Filter {
            round: self.round.clone(),
            cities: self.cities.clone(),
            states: self.states.clone(),
            ..Filter::of_survey(&self.survey)
        }
    }
}

/// A finding of an import as JSON, as the API has it.
fn finding(finding: &Finding) -> Value {
    json!({
        "path": finding.at.to_string(),
        "code": finding.code,
        "severity": finding.severity.name(),
        "message": &*finding.message,
    })
}

fn temporary(suffix: &str) -> Result<tempfile::NamedTempFile, StudyError> {
    let made = tempfile::Builder::new().suffix(suffix).tempfile();
    made.map_err(|error| StudyError::File {
        file: std::env::temp_dir(),
        error,
    })
}

fn of_file(file: &tempfile::NamedTempFile, error: std::io::Error) -> StudyError {
    StudyError::File {
        file: file.path().to_owned(),
        error,
    }
}
