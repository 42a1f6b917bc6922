//! The files that come with an export: each goes to the response whose answers name it.
//!
//! Which files an export has is known when it is checked; they are unpacked when its rows are stored. A response that is
//! known already gets those that it still awaits, so that the same export brings nothing the second time, and what one
//! import could not keep the next one brings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::attachments::{ContentError, Contents, FileKind, Received};
use crate::spreadsheet::{FileFault, FileNamed, Finding, Workbook};
use crate::store::{Attached, Store, StoreError};
use crate::study::attachments::{FileOfResponse, files_of_response, keep_file};
use crate::study::{Catalogue, StudyError};

/// Where files that come with answers are kept, and how large they may be.
#[derive(Debug, Clone)]
pub struct FilePlace {
    /// The place, where one is set.
    pub contents: Option<Contents>,
    /// How many bytes a file may have.
    pub file_bytes: u64,
    /// How many bytes all files of a response may have together.
    pub response_bytes: u64,
}

/// The files that a response awaits, as its row names them.
#[derive(Debug)]
pub(super) struct Awaiting {
    /// The instance ID of the version that names them.
    pub instance_id: String,
    /// The files.
    pub files: Vec<FileNamed>,
}

impl Awaiting {
    /// The files that a row names, where it names any.
    pub fn of(instance_id: String, files: Vec<FileNamed>) -> Option<Self> {
        (!files.is_empty()).then_some(Self { instance_id, files })
    }
}

/// The files of an export by their names; two of one name are nobody's.
#[derive(Debug)]
pub(super) struct Beside<'w>(HashMap<&'w str, Option<usize>>);

/// What became of the files of an export.
#[derive(Debug, Default)]
pub(super) struct KeptFiles {
    /// How many were kept.
    pub kept: usize,
    /// What is wrong with the others.
    pub findings: Vec<Finding>,
}

/// Whether the other files can be kept where one could not.
enum Failed {
    This(FileFault),
    All(FileFault),
    Study(StudyError),
}

impl<'w> Beside<'w> {
    /// The files beside the tables of a workbook.
    pub fn of(workbook: &'w Workbook) -> Self {
        let mut files = HashMap::new();
        for (number, name) in workbook.attached().iter().enumerate() {
            let several = files.contains_key(name.as_str());
            files.insert(name.as_str(), (!several).then_some(number));
        }
        Self(files)
    }

    /// Leaves with each response those of its files that can be kept, and says what is wrong with the others. An export
    /// without any files was asked for without them.
    pub fn settle(&self, awaiting: &mut [Awaiting], mut find: impl FnMut(&FileNamed, &FileFault)) {
        let mut named: HashMap<String, usize> = HashMap::new();
        for response in &*awaiting {
            let mut names: Vec<&String> = response.files.iter().map(|file| &file.name).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                *named.entry(name.clone()).or_default() += 1;
            }
        }
        for response in awaiting {
            response.files.retain(|file| {
                let fault = match (self.0.get(file.name.as_str()), named.get(&file.name)) {
                    (None, _) => FileFault::Absent,
                    (Some(None), _) | (_, Some(2..)) => FileFault::OfSeveral,
                    (Some(Some(_)), _) => return true,
                };
                if !self.0.is_empty() {
                    find(file, &fault);
                }
                false
            });
        }
    }
}

/// Of the files that a row names those which its response, which is known, still awaits.
///
/// # Errors
/// As [`files_of_response`].
pub(super) fn still_awaited(
    store: &Store,
    catalogue: &Catalogue,
    (survey, instance_id): (&str, &str),
    mut files: Vec<FileNamed>,
) -> Result<Vec<FileNamed>, StudyError> {
    if !files.is_empty() {
        let awaited = awaited_by(store, catalogue, (survey, instance_id))?;
        files.retain(|file| awaited.iter().any(|one| one.name == file.name));
    }
    Ok(files)
}

fn awaited_by(
    store: &Store,
    catalogue: &Catalogue,
    (survey, instance_id): (&str, &str),
) -> Result<Vec<FileOfResponse>, StudyError> {
    let head = store.response_head(survey, instance_id)?;
    let mut files = files_of_response(store, catalogue, &head, Some(instance_id))?;
    files.retain(|file| file.received.is_none());
    Ok(files)
}

/// Keeps the files of an export, the rows of which are stored.
pub(super) struct Keeping<'a> {
    pub store: &'a Store,
    pub catalogue: &'a Catalogue,
    pub place: &'a FilePlace,
    pub survey: &'a str,
    pub sender: Option<&'a str>,
    pub language: &'a str,
    pub now: DateTime<Utc>,
}

impl Keeping<'_> {
    /// Unpacks the files that were settled and keeps them. Where the place fails, the rest is left for another import.
    ///
    /// # Errors
    /// What the database says. Files that were kept until then are.
    pub fn keep(
        &self,
        workbook: &mut Workbook,
        awaiting: &[Awaiting],
        mut told: impl FnMut(usize),
    ) -> Result<KeptFiles, StudyError> {
        let mut done = KeptFiles::default();
        let names = workbook.attached().iter().enumerate();
        let numbers: HashMap<String, usize> = names.map(|(number, name)| (name.clone(), number)).collect();
        for response in awaiting.iter().filter(|response| !response.files.is_empty()) {
            let id = (self.survey, response.instance_id.as_str());
            for file in awaited_by(self.store, self.catalogue, id)? {
                let Some(named) = response.files.iter().find(|named| named.name == file.name) else {
                    continue;
                };
                let Some(number) = numbers.get(&file.name) else {
                    continue;
                };
                told(done.kept);
                match self.keep_one(workbook, *number, file) {
                    Ok(Attached::Added) => done.kept += 1,
                    Ok(Attached::Unchanged) => {}
                    Err(Failed::This(fault)) => done.findings.push(named.finding(&fault, self.language)),
                    Err(Failed::All(fault)) => {
                        done.findings.push(named.finding(&fault, self.language));
                        return Ok(done);
                    }
                    Err(Failed::Study(error)) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    fn keep_one(&self, workbook: &mut Workbook, number: usize, file: FileOfResponse) -> Result<Attached, Failed> {
        let contents = self.place.contents.as_ref().ok_or(ContentError::NotSet)?;
        let received = self.unpack(workbook, number, contents)?;
        let sender = (self.sender.map(str::to_owned), self.place.response_bytes);
        let kept = keep_file(self.store, contents, (self.survey, file), received, sender, self.now);
        Ok(kept.map(|(attached, _)| attached)?)
    }

    /// Whatever it is: this is what a phone has sent, and is taken as from a phone.
    fn unpack(&self, workbook: &mut Workbook, number: usize, contents: &Contents) -> Result<Received, Failed> {
        let mut receiving = Ok(contents.receive(self.place.file_bytes)?);
        let damaged = |_| Failed::This(FileFault::Damaged);
        for piece in workbook.unpack(number, self.place.file_bytes).map_err(damaged)? {
            let piece = piece.map_err(damaged)?;
            receiving = receiving.and_then(|mut taking| taking.take(&piece).map(|()| taking));
        }
        Ok(receiving?.finish(FileKind::Whatever)?)
    }
}

impl From<ContentError> for Failed {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Empty => Self::This(FileFault::Empty),
            ContentError::TooLarge { limit } => Self::This(FileFault::TooLarge(limit)),
            ContentError::NotSet => Self::All(FileFault::NoPlace),
            error => {
                tracing::warn!(%error, "the files of an import can't be kept");
                Self::All(FileFault::PlaceFails)
            }
        }
    }
}

impl From<StudyError> for Failed {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Content(error) => error.into(),
            StudyError::Store(StoreError::AttachmentConflict { .. }) => Self::This(FileFault::OtherKept),
            StudyError::Store(StoreError::AttachmentsTooLarge { limit }) => Self::This(FileFault::AllTooLarge(limit)),
            error => Self::Study(error),
        }
    }
}
