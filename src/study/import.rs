//! Loading a workbook that people filled in: read, checked, and stored as one batch.

use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::progress::{Progress, Stage, Watch};
use super::room::panics_as_errors;
use super::submission::{Names, Reception};
use super::{Catalogue, StudyError, Version};
use crate::definition::Language;
use crate::response::{Door, Fingerprint, Unasked};
use crate::spreadsheet::{
    Accepted, Head, ImportError, ImportOptions, ImportPlan, IssuesOptions, Workbook, Worker, plan, write_issues,
};
use crate::store::{self, EndsJob, ImportOutcome, NewImport, Store, Submission};

/// How often whoever watches hears of rows that are stored.
const TOLD_EVERY: usize = 256;

/// A workbook that is to be loaded: to which survey, by whom, how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The survey.
    pub survey: String,
    /// The language of the messages.
    pub language: Language,
    /// The round of the responses; `None` marks them until somebody names one.
    pub round: Option<String>,
    /// Store the rows without problems and leave the others out; without it, all rows or none.
    pub valid_rows: bool,
    /// Leave answers to questions that were not to be asked out of account rather than refuse their rows.
    pub drop_unasked: bool,
    /// The only cities that rows may be of; `None` is all.
    pub cities: Option<Vec<String>>,
    /// Who sends the responses, where that is a user.
    pub sender: Option<String>,
}

/// A workbook that was read and checked. Nothing of it is stored.
#[derive(Debug)]
pub struct CheckedImport<'r> {
    request: &'r ImportRequest,
    content: Fingerprint,
    /// The workbook, open in its reading process.
    workbook: Workbook,
    /// Where its answers are.
    head: Head,
    /// What would become of it.
    pub plan: ImportPlan<Result<Submission, StudyError>>,
}

/// What became of the rows of a workbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Whether anything was stored.
    pub outcome: LoadedAs,
    /// How many responses were stored.
    pub imported: usize,
    /// How many sound rows were known already.
    pub known: usize,
    /// Organisations in the workbook.
    pub organisations: usize,
}

/// Whether rows of a workbook were stored.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadedAs {
    /// They were.
    Imported(store::Import),
    /// The same file had been loaded before.
    SameFile(store::Import),
    /// All of its rows were known already.
    NothingNew,
}

impl ImportRequest {
    /// Reads and checks a workbook in a process of its own.
    ///
    /// # Errors
    ///
    /// [`StudyError::Import`] where the file is no workbook of a published version of the survey; what is wrong with
    /// single rows is in the plan.
    pub fn check(
        &self,
        store: &Store,
        catalogue: &Catalogue,
        reader: &Worker,
        path: &Path,
        now: DateTime<Utc>,
        watch: &dyn Watch,
    ) -> Result<CheckedImport<'_>, StudyError> {
        let content = std::fs::read(path).map_err(|error| StudyError::File {
            file: path.to_owned(),
            error,
        })?;
        let content = Fingerprint::of_bytes(&content);
        let mut workbook = reader.open(path).map_err(ImportError::from)?;
        let head = Head::read(&mut workbook)?;
        let version = self.version(catalogue, &head)?;
        let unasked = if self.drop_unasked {
            Unasked::Drop
        } else {
            Unasked::Report
        };
        let reception = Reception::new(store, version, self.round.as_deref(), Door::Spreadsheet, now)?
            .sent_by(self.sender.clone())
            .unasked(unasked);
        let mut options = ImportOptions::new(self.language.code(), reception.world().at());
        options.round.clone_from(&self.round);
        options.unasked = unasked;
        let keep = |accepted: Accepted| self.submission(&reception, accepted);
        let mut ended = None;
        let planned = plan(
            &mut workbook,
            &head,
            reception.form(),
            reception.world(),
            &options,
            &keep,
            &mut |done| match watch.see(Progress {
                stage: Stage::CheckingRows,
                done: done as u64,
                of: None,
            }) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    ended = Some(error);
                    ControlFlow::Break(())
                }
            },
        );
        if let Some(error) = ended {
            return Err(error);
        }
        let plan = planned?;
        Ok(CheckedImport {
            request: self,
            content,
            workbook,
            head,
            plan,
        })
    }

    /// The published version that the workbook was made from.
    fn version<'c>(&self, catalogue: &'c Catalogue, head: &Head) -> Result<&'c Version, StudyError> {
        let (Some(mark), Some(at)) = (head.mark(), head.place()) else {
            return Err(ImportError::NoMark.into());
        };
        if mark.survey != self.survey {
            let (found, expected) = (mark.survey.clone(), self.survey.clone());
            return Err(ImportError::OtherSurvey { found, expected, at }.into());
        }
        let survey = catalogue.survey(&self.survey)?;
        let version = survey.published().find(|version| version.version == mark.version);
        version.map(AsRef::as_ref).ok_or_else(|| {
            let known: Vec<&str> = survey.published().map(|version| version.version.as_str()).collect();
            StudyError::from(ImportError::OtherVersion {
                found: mark.version.clone(),
                known: known.join(", "),
                at,
            })
        })
    }

    fn submission(&self, reception: &Reception, accepted: Accepted) -> Result<Submission, StudyError> {
        let city = accepted.processed.identity.city.as_deref();
        let within = self
            .cities
            .as_ref()
            .is_none_or(|cities| city.is_some_and(|city| cities.iter().any(|one| one == city)));
        if !within {
            return Err(StudyError::CityNotYours {
                at: accepted.at.to_string(),
            });
        }
        // The ID is made of the content: it stands for the bytes, too.
        let bytes = accepted.instance_id.clone();
        let names = Names {
            instance_id: accepted.instance_id,
            deprecated_id: None,
            claimed_version: reception.form().version().to_owned(),
        };
        reception.submission(names, &accepted.processed, bytes.as_bytes())
    }
}

impl Loaded {
    /// What came of a job that loaded a workbook.
    fn described(outcome: &ImportOutcome, imported: usize, known: usize) -> Value {
        match outcome {
            ImportOutcome::Applied(import) => {
                json!({ "outcome": "imported", "import": import.id, "imported": imported, "known": known })
            }
            ImportOutcome::SameFile(import) => {
                json!({ "outcome": "unchanged", "import": import.id, "imported": 0, "known": known })
            }
        }
    }
}

impl CheckedImport<'_> {
    /// Whether rows may be stored: all of them are sound, or the others may be left out and there are some left.
    ///
    /// A problem outside of the rows (a column that nobody understands) is none that leaving rows out would mend: no
    /// row is read then.
    pub fn may_be_stored(&self) -> bool {
        self.plan.is_sound() || (self.request.valid_rows && !self.plan.accepted.is_empty())
    }

    /// Writes the workbook of issues: the rows that were sent, what is wrong in its place. Where nothing is, nothing
    /// is written and the answer is no.
    ///
    /// # Errors
    ///
    /// Where the workbook can't be read again or written.
    pub fn write_issues(&mut self, out: &Path) -> Result<bool, StudyError> {
        if self.plan.findings.is_empty() {
            return Ok(false);
        }
        let options = IssuesOptions {
            language: self.request.language.code().to_owned(),
            only_rejected: self.request.valid_rows,
        };
        panics_as_errors(|| {
            write_issues(&mut self.workbook, &self.head, &self.plan, &options, out).map_err(StudyError::Issues)
        })?;
        Ok(true)
    }

    /// Stores the sound rows that are not known yet, in one transaction, as an import of that file name and maker.
    ///
    /// # Errors
    ///
    /// [`StudyError::CityNotYours`] for the first row outside of the cities of the request, or what the database says.
    pub fn store(
        self,
        store: &Store,
        file_name: String,
        created_by: String,
        now: DateTime<Utc>,
        watch: &dyn Watch,
    ) -> Result<Loaded, StudyError> {
        let survey = &self.request.survey;
        let rows = self.plan.accepted.into_iter().collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = rows.iter().map(|row| row.instance_id().to_owned()).collect();
        let known = store.known_instances(survey, &ids)?;
        let new: Vec<Submission> = rows
            .into_iter()
            .filter(|row| !known.contains(row.instance_id()))
            .collect();
        let mut loaded = Loaded {
            outcome: LoadedAs::NothingNew,
            imported: 0,
            known: known.len(),
            organisations: self.plan.organisations,
        };
        if new.is_empty() {
            return Ok(loaded);
        }
        let count = new.len();
        let import = NewImport {
            round: self.request.round.clone(),
            survey: survey.clone(),
            content: self.content,
            file_name,
            summary: json!({
                "organisations": loaded.organisations,
                "imported": count,
                "known": loaded.known,
                "rejected": self.plan.rejected.len(),
            }),
            created_by,
        };
        let watched = new.into_iter().enumerate().map(|(done, row)| {
            if done % TOLD_EVERY == 0 {
                watch.see(Progress {
                    stage: Stage::StoringRows,
                    done: done as u64,
                    of: Some(count as u64),
                })?;
            }
            Ok::<_, StudyError>(row)
        });
        let described = |outcome: &ImportOutcome| Loaded::described(outcome, count, loaded.known);
        let ends = watch.claim().map(|claim| EndsJob {
            claim,
            outcome: &described,
        });
        loaded.outcome = match store.import_ending(&import, watched, now, ends.as_ref())? {
            ImportOutcome::Applied(import) => {
                loaded.imported = count;
                LoadedAs::Imported(import)
            }
            ImportOutcome::SameFile(import) => LoadedAs::SameFile(import),
        };
        Ok(loaded)
    }
}
