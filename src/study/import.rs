//! Loading a workbook that people filled in: read, checked, and stored as one batch.

use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::known::{Known, known};
use super::progress::{Progress, Stage, Watch};
use super::room::panics_as_errors;
use super::submission::{Names, Reception};
use super::{Catalogue, StudyError, Version};
use crate::definition::Language;
use crate::response::{Door, Fingerprint, Problem, ProblemCode, ReviewState, Role, Unasked, review};
use crate::spreadsheet::{
    Accepted, Address, Head, ImportError, ImportOptions, ImportPlan, IssuesOptions, Origin, ReadAs, Reviewed, Workbook,
    Worker, plan, write_issues,
};
use crate::store::{self, EndsJob, ImportOutcome, ImportedRow, NewImport, StateChange, Store, Submission};

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
    /// As what they decide on responses that come with a review state; `None` decides nothing.
    #[serde(default)]
    pub reviewer: Option<Role>,
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
    pub plan: ImportPlan<SoundRow>,
}

/// A row that may be kept, and what is to become of it.
#[derive(Debug)]
pub struct SoundRow(Row);

#[derive(Debug)]
enum Row {
    /// A response that is not known, as far as rows of our own workbooks go.
    New {
        submission: Box<Submission>,
        review: Option<Reviewed>,
    },
    /// A response of an export that is here already.
    Known,
    /// One that is here with other answers to these questions.
    Other {
        at: Address,
        rows: Vec<(usize, u32)>,
        questions: Vec<String>,
    },
    /// One whose review state is not for whoever imports to give.
    Undecided {
        submission: Box<Submission>,
        at: Address,
        state: ReviewState,
    },
    /// It can't be stored.
    Failed(StudyError),
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
        let unasked = if self.drop_unasked {
            Unasked::Drop
        } else {
            Unasked::Report
        };
        let mut receptions = Vec::new();
        for version in self.versions(catalogue, &head)? {
            let reception = Reception::new(store, version, self.round.as_deref(), Door::Spreadsheet, now)?
                .sent_by(self.sender.clone())
                .unasked(unasked);
            receptions.push(reception);
        }
        let first = receptions.first().ok_or(ImportError::NoMark)?;
        let mut options = ImportOptions::new(self.language.code(), first.world().at());
        options.round.clone_from(&self.round);
        options.unasked = unasked;
        let keep = |accepted: Accepted| {
            let form = accepted.processed.answers.form();
            let reception = receptions
                .iter()
                .find(|reception| reception.form().version() == form.version());
            let row = self.row(store, catalogue, reception.unwrap_or(first), accepted);
            row.unwrap_or_else(|error| Some(Row::Failed(error))).map(SoundRow)
        };
        let versions: Vec<ReadAs<'_>> = receptions
            .iter()
            .map(|reception| ReadAs {
                form: reception.form(),
                environment: reception.world(),
            })
            .collect();
        let mut ended = None;
        let planned = plan(
            &mut workbook,
            &head,
            &versions,
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
        let mut plan = planned?;
        settle(&mut plan, &options);
        plan.sort_findings(&head);
        Ok(CheckedImport {
            request: self,
            content,
            workbook,
            head,
            plan,
        })
    }

    /// The published versions that rows may be of: the one that a workbook was made from; of an export all, the newest
    /// first, which is the one for rows that name none.
    fn versions<'c>(&self, catalogue: &'c Catalogue, head: &Head) -> Result<Vec<&'c Version>, StudyError> {
        if !head.is_export() {
            return Ok(vec![self.version(catalogue, head)?]);
        }
        let survey = catalogue.survey(&self.survey)?;
        let published: Vec<&Version> = survey.published().rev().map(AsRef::as_ref).collect();
        if published.is_empty() {
            let survey = self.survey.clone();
            return Err(StudyError::NothingPublished { survey });
        }
        Ok(published)
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

    /// What is to become of a row; nothing where it breaks rules and is not here already.
    fn row(
        &self,
        store: &Store,
        catalogue: &Catalogue,
        reception: &Reception,
        mut accepted: Accepted,
    ) -> Result<Option<Row>, StudyError> {
        if !accepted.sound {
            let origin = accepted.origin.as_ref().filter(|_| self.expect_city(&accepted).is_ok());
            let known = origin
                .map(|origin| known(store, catalogue, origin, &accepted))
                .transpose()?;
            return Ok((known == Some(Known::Same)).then_some(Row::Known));
        }
        self.expect_city(&accepted)?;
        let Some(origin) = &accepted.origin else {
            let names = Names {
                instance_id: accepted.instance_id.clone(),
                deprecated_id: None,
                claimed_version: reception.form().version().to_owned(),
            };
            let submission = Box::new(submission(reception, names, &accepted)?);
            let review = None;
            return Ok(Some(Row::New { submission, review }));
        };
        match known(store, catalogue, origin, &accepted)? {
            Known::Same => return Ok(Some(Row::Known)),
            Known::Other(questions) => {
                return Ok(Some(Row::Other {
                    at: accepted.at,
                    rows: accepted.rows,
                    questions,
                }));
            }
            Known::Not => {}
        }
        // As when a phone sends it: kept, and to be looked at.
        if let Some(unknown) = unknown_version(reception, origin) {
            accepted.processed.add(unknown);
        }
        let submission = Box::new(submission(reception, names(reception, origin, &accepted), &accepted)?);
        let review = origin.review.clone();
        Ok(Some(match review {
            Some(reviewed) if !self.may_give(reviewed.state) => Row::Undecided {
                submission,
                at: accepted.at,
                state: reviewed.state,
            },
            review => Row::New { submission, review },
        }))
    }

    /// Whether whoever imports may move a new response to a state.
    fn may_give(&self, state: ReviewState) -> bool {
        let said = Some("imported");
        self.reviewer
            .is_some_and(|role| review(ReviewState::Received, state, role, said, false).is_ok())
    }

    fn expect_city(&self, accepted: &Accepted) -> Result<(), StudyError> {
        let city = accepted.processed.identity.city.as_deref();
        let within = self
            .cities
            .as_ref()
            .is_none_or(|cities| city.is_some_and(|city| cities.iter().any(|one| one == city)));
        if within {
            return Ok(());
        }
        Err(StudyError::CityNotYours {
            at: accepted.at.to_string(),
        })
    }

    /// The act by which a response gets the state that it had elsewhere.
    fn decision(&self, reviewed: &Reviewed, made_by: &str) -> Option<StateChange> {
        let said = &reviewed.words;
        Some(StateChange {
            to: reviewed.state,
            revision: None,
            comment: Some(self.language.choose(
                format!("随导入文件带来的审核状态：{said}"),
                format!("Came with the imported file as: {said}"),
            )),
            details: None,
            actor: made_by.to_owned(),
            role: self.reviewer?,
        })
    }
}

/// What a row of an export is called, and what it replaces.
fn names(reception: &Reception, origin: &Origin, accepted: &Accepted) -> Names {
    let version = match origin.version.as_str() {
        "" => reception.form().version(),
        named => named,
    };
    Names {
        instance_id: accepted.instance_id.clone(),
        deprecated_id: origin.earlier_id.clone(),
        claimed_version: version.to_owned(),
    }
}

/// That a row answers a version that nobody knows here, which it was not checked against.
fn unknown_version(reception: &Reception, origin: &Origin) -> Option<Problem> {
    let checked_as = reception.form().version();
    let is_known = origin.version.is_empty() || origin.version == checked_as;
    (!is_known && !origin.opaque_version)
        .then(|| Problem::new(ProblemCode::UnknownVersion, [origin.version.as_str(), checked_as]))
}

fn submission(reception: &Reception, names: Names, accepted: &Accepted) -> Result<Submission, StudyError> {
    // An ID that is made of the content stands for the bytes, too; of an export the answers are what came.
    let bytes = match &accepted.origin {
        None => names.instance_id.clone(),
        Some(_) => accepted.processed.answers.received_json().to_string(),
    };
    reception.submission(names, &accepted.processed, bytes.as_bytes())
}

/// Keeps out what is known with other answers, and tells of review states that are left behind.
fn settle(plan: &mut ImportPlan<SoundRow>, options: &ImportOptions) {
    let mut sound = Vec::with_capacity(plan.accepted.len());
    for SoundRow(row) in std::mem::take(&mut plan.accepted) {
        match row {
            Row::Other { at, rows, questions } => plan.keep_out_known(&at, &rows, &questions, options),
            Row::Undecided { submission, at, state } => {
                plan.leave_review(&at, state, options);
                let review = None;
                sound.push(SoundRow(Row::New { submission, review }));
            }
            row => sound.push(SoundRow(row)),
        }
    }
    plan.accepted = sound;
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
        let mut rows = Vec::with_capacity(self.plan.accepted.len());
        let mut unchanged = 0;
        for SoundRow(row) in self.plan.accepted {
            match row {
                Row::New { submission, review } => rows.push((*submission, review)),
                Row::Known => unchanged += 1,
                Row::Failed(error) => return Err(error),
                // They were settled when the file was checked.
                Row::Other { .. } | Row::Undecided { .. } => {}
            }
        }
        let ids: Vec<String> = rows.iter().map(|(row, _)| row.instance_id().to_owned()).collect();
        let known = store.known_instances(survey, &ids)?;
        let new: Vec<ImportedRow> = rows
            .into_iter()
            .filter(|(row, _)| !known.contains(row.instance_id()))
            .map(|(submission, review)| ImportedRow {
                submission,
                decision: review.and_then(|reviewed| self.request.decision(&reviewed, &created_by)),
            })
            .collect();
        let mut loaded = Loaded {
            outcome: LoadedAs::NothingNew,
            imported: 0,
            known: known.len() + unchanged,
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
                "orphans": self.plan.orphans.len(),
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
