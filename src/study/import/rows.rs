//! What is to become of a row that was read: it is new, known, known with other answers, or can't be stored.

use super::ImportRequest;
use super::files::{Awaiting, still_awaited};
use crate::response::{Problem, ProblemCode, ReviewState, review};
use crate::spreadsheet::{Accepted, Address, FileNamed, ImportOptions, ImportPlan, Origin, Reviewed};
use crate::store::{Store, Submission};
use crate::study::known::{Known, known};
use crate::study::submission::{Names, Reception};
use crate::study::{Catalogue, StudyError};

/// A row that may be kept, and what is to become of it.
#[derive(Debug)]
pub struct SoundRow {
    pub(super) row: Row,
    /// The files that its response awaits, where it names any.
    pub(super) awaiting: Option<Awaiting>,
}

#[derive(Debug)]
pub(super) enum Row {
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

impl From<Row> for SoundRow {
    fn from(row: Row) -> Self {
        Self { row, awaiting: None }
    }
}

impl ImportRequest {
    /// What is to become of a row; nothing where it breaks rules and is not here already.
    pub(super) fn row(
        &self,
        store: &Store,
        catalogue: &Catalogue,
        reception: &Reception,
        mut accepted: Accepted,
    ) -> Result<Option<SoundRow>, StudyError> {
        if !accepted.sound {
            let origin = accepted.origin.as_ref().filter(|_| self.expect_city(&accepted).is_ok());
            let known = origin
                .map(|origin| known(store, catalogue, origin, &accepted))
                .transpose()?;
            return match known {
                Some(Known::Same(id)) => self.known_row(store, catalogue, id, accepted.files).map(Some),
                Some(Known::Withdrawn) => Ok(Some(Row::Known.into())),
                Some(Known::Other(_) | Known::Not) | None => Ok(None),
            };
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
            return Ok(Some(Row::New { submission, review }.into()));
        };
        match known(store, catalogue, origin, &accepted)? {
            Known::Same(id) => return self.known_row(store, catalogue, id, accepted.files).map(Some),
            Known::Withdrawn => return Ok(Some(Row::Known.into())),
            Known::Other(questions) => {
                let (at, rows) = (accepted.at, accepted.rows);
                return Ok(Some(Row::Other { at, rows, questions }.into()));
            }
            Known::Not => {}
        }
        // As when a phone sends it: kept, and to be looked at.
        if let Some(unknown) = unknown_version(reception, origin) {
            accepted.processed.add(unknown);
        }
        let submission = Box::new(submission(reception, names(reception, origin, &accepted), &accepted)?);
        let review = origin.review.clone();
        let awaiting = Awaiting::of(submission.instance_id().to_owned(), accepted.files);
        let row = match review {
            Some(reviewed) if !self.may_give(reviewed.state) => Row::Undecided {
                submission,
                at: accepted.at,
                state: reviewed.state,
            },
            review => Row::New { submission, review },
        };
        Ok(Some(SoundRow { row, awaiting }))
    }

    /// A response that is here already, and the files that it still awaits.
    fn known_row(
        &self,
        store: &Store,
        catalogue: &Catalogue,
        instance_id: String,
        files: Vec<FileNamed>,
    ) -> Result<SoundRow, StudyError> {
        let files = still_awaited(store, catalogue, (&self.survey, &instance_id), files)?;
        Ok(SoundRow {
            row: Row::Known,
            awaiting: Awaiting::of(instance_id, files),
        })
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
pub(super) fn settle(plan: &mut ImportPlan<SoundRow>, options: &ImportOptions) {
    let mut sound = Vec::with_capacity(plan.accepted.len());
    for SoundRow { row, awaiting } in std::mem::take(&mut plan.accepted) {
        let row = match row {
            Row::Other { at, rows, questions } => {
                plan.keep_out_known(&at, &rows, &questions, options);
                continue;
            }
            Row::Undecided { submission, at, state } => {
                plan.leave_review(&at, state, options);
                let review = None;
                Row::New { submission, review }
            }
            row => row,
        };
        sound.push(SoundRow { row, awaiting });
    }
    plan.accepted = sound;
}
