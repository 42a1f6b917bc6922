//! How far long work has come, and whether it goes on.

use super::StudyError;
use crate::store::Claim;

/// What long work is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The rows of a workbook are read and checked.
    CheckingRows,
    /// Rows are stored.
    StoringRows,
    /// Files that came with rows are stored.
    StoringFiles,
    /// Responses are read from the database.
    ReadingResponses,
    /// The figures are scored.
    Scoring,
    /// A file is written.
    WritingFile,
}

impl Stage {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckingRows => "checking_rows",
            Self::StoringRows => "storing_rows",
            Self::StoringFiles => "storing_files",
            Self::ReadingResponses => "reading_responses",
            Self::Scoring => "scoring",
            Self::WritingFile => "writing_file",
        }
    }
}

/// How far a stage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// How many rows, responses or files are done.
    pub done: u64,
    /// How many there are, where that is known.
    pub of: Option<u64>,
}

/// Somebody who is told how far work has come, and may end it.
pub trait Watch: Sync {
    /// Hears of the progress.
    ///
    /// # Errors
    ///
    /// [`StudyError::Cancelled`] where the work is to end here; nothing of it is kept then.
    fn see(&self, progress: Progress) -> Result<(), StudyError>;

    /// The job that the work is done for, which ends with the work's effect.
    fn claim(&self) -> Option<&Claim> {
        None
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn see(&self, _: Progress) -> Result<(), StudyError> {
        Ok(())
    }
}
