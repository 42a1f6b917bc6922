//! What the errors of a study are to a caller.

use super::{Code, Problem};
use crate::study::StudyError;

impl From<StudyError> for Problem {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Store(error) => error.into(),
            StudyError::UnknownSurvey { .. } => Self::not_found(),
            StudyError::UnknownVersion { .. } => Self::new(Code::UnknownVersion).detail(error.to_string()),
            StudyError::RoundNeeded { open } => Self::new(Code::RoundNeeded).member("open_rounds", open),
            StudyError::NoFramework
            | StudyError::NothingToScore { .. }
            | StudyError::UnknownState { .. }
            | StudyError::Scoring(_) => Self::new(Code::AssessmentImpossible).detail(error.to_string()),
            StudyError::Unreadable { .. } | StudyError::Workbook(_) | StudyError::DamagedAssessment { .. } => {
                Self::internal(error)
            }
        }
    }
}
