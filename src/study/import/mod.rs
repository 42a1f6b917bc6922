//! Loading a workbook that people filled in: read, checked, and stored as one batch.

mod files;
mod rows;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::progress::{Progress, Stage, Watch};
use super::room::panics_as_errors;
use super::submission::Reception;
use super::{Catalogue, StudyError, Version};
use crate::definition::Language;
use crate::response::{Door, Fingerprint, Role, Unasked};
use crate::spreadsheet::{
    Accepted, Finding, Head, ImportError, ImportOptions, ImportPlan, IssuesOptions, ReadAs, Reviewed, Workbook, Worker,
    parts_of_folder, plan, write_issues,
};
use crate::store::{self, Claim, EndsJob, ImportOutcome, ImportedRow, JobEnding, NewImport, StateChange, Store};
use files::{Awaiting, Beside, Keeping, KeptFiles};
use rows::{Row, settle};

pub use files::FilePlace;
pub use rows::SoundRow;

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
    /// The files that it has for responses.
    awaiting: Vec<Awaiting>,
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
    /// How many files of an export were kept.
    pub files: usize,
    /// What is wrong with files that were not.
    pub findings: Vec<Finding>,
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
        let content = content(path)?;
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
            row.unwrap_or_else(|error| Some(Row::Failed(error).into()))
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
        let awaiting = settle_files(&workbook, &mut plan, &options);
        plan.sort_findings(&head);
        Ok(CheckedImport {
            request: self,
            content,
            workbook,
            head,
            plan,
            awaiting,
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

impl Loaded {
    /// What became of so many rows, beside those that were known.
    fn of(outcome: &ImportOutcome, rows: usize, beside: &Self) -> Self {
        let (outcome, imported) = match outcome {
            ImportOutcome::Applied(import) => (LoadedAs::Imported(import.clone()), rows),
            ImportOutcome::SameFile(import) => (LoadedAs::SameFile(import.clone()), 0),
        };
        Self {
            outcome,
            imported,
            ..beside.clone()
        }
    }

    /// What came of a job that loaded a workbook.
    fn described(&self) -> Value {
        let (outcome, import) = match &self.outcome {
            LoadedAs::Imported(import) => ("imported", Some(import.id)),
            LoadedAs::SameFile(import) => ("unchanged", Some(import.id)),
            LoadedAs::NothingNew => ("unchanged", None),
        };
        json!({
            "outcome": outcome,
            "import": import,
            "imported": self.imported,
            "known": self.known,
            "files": self.files,
            "files_not_kept": self.findings.iter().map(|finding| &*finding.message).collect::<Vec<_>>(),
        })
    }
}

/// The hash of a workbook: of a folder that of the list of its files, each with its hash.
fn content(path: &Path) -> Result<Fingerprint, StudyError> {
    let hash = || {
        if !path.is_dir() {
            return file_content(path);
        }
        let parts = parts_of_folder(path)?.into_iter();
        let listed = parts.map(|(name, part)| Ok(format!("{}  {name}\n", file_content(&part)?)));
        let list = listed.collect::<io::Result<String>>()?;
        Ok(Fingerprint::of_bytes(list.as_bytes()))
    };
    hash().map_err(|error| StudyError::File {
        file: path.to_owned(),
        error,
    })
}

/// The hash of a file, which may hold many photographs and is read piece by piece.
fn file_content(path: &Path) -> io::Result<Fingerprint> {
    let mut hasher = Sha256::new();
    let mut file = BufReader::new(File::open(path)?);
    loop {
        let piece = file.fill_buf()?;
        let length = piece.len();
        if length == 0 {
            return Ok(Fingerprint::of_digest(hasher.finalize().into()));
        }
        hasher.update(piece);
        file.consume(length);
    }
}

/// The files that an export has for its responses; what is wrong with others is found.
fn settle_files(workbook: &Workbook, plan: &mut ImportPlan<SoundRow>, options: &ImportOptions) -> Vec<Awaiting> {
    let rows = plan.accepted.iter_mut();
    let mut awaiting: Vec<Awaiting> = rows.filter_map(|sound| sound.awaiting.take()).collect();
    Beside::of(workbook).settle(&mut awaiting, |file, fault| plan.find_file(file, fault, options));
    awaiting
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

    /// Stores the sound rows that are not known yet, in one transaction, as an import of that file name and maker; after
    /// that the files of an export, each for itself. A job ends when all of it is done.
    ///
    /// # Errors
    ///
    /// [`StudyError::CityNotYours`] for the first row outside of the cities of the request, or what the database says.
    pub fn store(
        mut self,
        (store, catalogue): (&Store, &Catalogue),
        place: &FilePlace,
        (file_name, created_by): (String, String),
        now: DateTime<Utc>,
        watch: &dyn Watch,
    ) -> Result<Loaded, StudyError> {
        let has_files = self.awaiting.iter().any(|response| !response.files.is_empty());
        let claim = watch.claim();
        // With files to come the job goes on after the rows.
        let ends_with_rows = claim.filter(|_| !has_files);
        let mut loaded = self.store_rows(store, (file_name, created_by), ends_with_rows, (now, watch))?;
        if has_files {
            let kept = self.keep_files((store, catalogue), place, (now, watch))?;
            (loaded.files, loaded.findings) = (kept.kept, kept.findings);
        }
        if let Some(claim) = claim.filter(|_| has_files || loaded.outcome == LoadedAs::NothingNew) {
            store.end_job(claim, &JobEnding::Done(loaded.described()), now)?;
        }
        Ok(loaded)
    }

    fn keep_files(
        &mut self,
        (store, catalogue): (&Store, &Catalogue),
        place: &FilePlace,
        (now, watch): (DateTime<Utc>, &dyn Watch),
    ) -> Result<KeptFiles, StudyError> {
        let keeping = Keeping {
            store,
            catalogue,
            place,
            survey: &self.request.survey,
            sender: self.request.sender.as_deref(),
            language: self.request.language.code(),
            now,
        };
        let of = self.awaiting.iter().map(|response| response.files.len() as u64).sum();
        keeping.keep(&mut self.workbook, &self.awaiting, |done| {
            // The rows are stored, and whatever ends the work here does not take them back.
            drop(watch.see(Progress {
                stage: Stage::StoringFiles,
                done: done as u64,
                of: Some(of),
            }));
        })
    }

    fn store_rows(
        &mut self,
        store: &Store,
        (file_name, created_by): (String, String),
        claim: Option<&Claim>,
        (now, watch): (DateTime<Utc>, &dyn Watch),
    ) -> Result<Loaded, StudyError> {
        let survey = &self.request.survey;
        let mut rows = Vec::with_capacity(self.plan.accepted.len());
        let mut unchanged = 0;
        for sound in std::mem::take(&mut self.plan.accepted) {
            match sound.row {
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
        let loaded = Loaded {
            outcome: LoadedAs::NothingNew,
            imported: 0,
            known: known.len() + unchanged,
            organisations: self.plan.organisations,
            files: 0,
            findings: Vec::new(),
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
        let described = |outcome: &ImportOutcome| Loaded::of(outcome, count, &loaded).described();
        let ends = claim.map(|claim| EndsJob {
            claim,
            outcome: &described,
        });
        let outcome = store.import_ending(&import, watched, now, ends.as_ref())?;
        Ok(Loaded::of(&outcome, count, &loaded))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_is_another_file_where_a_table_or_a_picture_of_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            content(folder.path()).unwrap()
        };
        fs::create_dir(folder.path().join("media")).unwrap();
        write("firms.csv", "a,b\n");
        let first = write("media/1.jpg", "picture");
        assert_eq!(write(".DS_Store", "how the folder is shown"), first);
        assert_ne!(write("media/1.jpg", "another"), first);
        assert_eq!(write("media/1.jpg", "picture"), first);
        assert_ne!(write("media/2.jpg", "picture"), first);
        fs::remove_file(folder.path().join("media/2.jpg")).unwrap();
        assert_ne!(write("firms.csv", "a,c\n"), first);
    }
}
