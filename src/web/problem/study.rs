//! What the errors of a study are to a caller.

use super::{Code, Problem};
use crate::definition::Language;
use crate::response::NoPosition;
use crate::scoring::ScoringError;
use crate::spreadsheet::ImportError;
use crate::study::StudyError;

impl From<StudyError> for Problem {
    fn from(error: StudyError) -> Self {
        if error.is_out_of_room() {
            return Self::out_of_room(&error);
        }
        match error {
            StudyError::Store(error) => error.into(),
            StudyError::Content(error) => error.into(),
            StudyError::UnknownSurvey { .. } | StudyError::NothingPublished { .. } => Self::not_found(),
            StudyError::UnknownVersion { survey, version, known } => unknown_version(&survey, &version, known),
            StudyError::SurveyClosed { .. } => Self::new(Code::SurveyClosed),
            StudyError::RoundNeeded { open } => Self::new(Code::RoundNeeded).member("open_rounds", open),
            StudyError::RoundNotOpen { round, open } => round_not_open(&round, open),
            StudyError::UnknownRound { round, known } => Self::new(Code::RoundNeeded).explain(
                format!("没有轮次“{round}”，现有轮次：{}。", known.join(", ")),
                format!("There is no round '{round}'. There are: {}.", known.join(", ")),
            ),
            StudyError::Refused { zh, en } => Self::new(Code::ValueInvalid).explain(zh, en),
            StudyError::CityNotYours { at } => Self::new(Code::ValueInvalid).explain(
                format!("{at}：该城市不在您的范围内。请删除此行，或联系管理员。"),
                format!("{at}: the city is not one of yours. Remove the row, or ask an administrator."),
            ),
            StudyError::Import(ImportError::Read(error)) if error.is_of_the_system() => Self::internal(error),
            StudyError::Import(error) => Self::new(Code::FileInvalid).explain(error.message("zh"), error.message("en")),
            StudyError::RowsRefused {
                organisations,
                rejected,
                orphans,
            } => Self::new(Code::RowsInvalid)
                .member("organisations", organisations)
                .member("rejected", rejected)
                .member("orphans", orphans),
            StudyError::UnknownTable { known, .. } => {
                let list = known.join(", ");
                Self::new(Code::BadRequest).explain(
                    format!("参数 repeat 不正确，可用：{list}。"),
                    format!("The parameter repeat is wrong; allowed: {list}."),
                )
            }
            StudyError::Scoring(ScoringError::Comparison(error)) => Self::new(Code::AssessmentImpossible)
                .explain(error.message(Language::Chinese), error.message(Language::English)),
            StudyError::NoFramework
            | StudyError::NoStatistics
            | StudyError::NothingToScore { .. }
            | StudyError::UnknownState { .. }
            | StudyError::Scoring(_) => Self::new(Code::AssessmentImpossible).detail(error.to_string()),
            StudyError::Unreadable { .. }
            | StudyError::Workbook(_)
            | StudyError::Issues(_)
            | StudyError::File { .. }
            | StudyError::Backup(_)
            | StudyError::Table(_)
            | StudyError::Cancelled
            | StudyError::DamagedJob { .. }
            | StudyError::GivenUp { .. }
            | StudyError::Broken
            | StudyError::DamagedAssessment { .. } => Self::internal(error),
        }
    }
}

impl From<NoPosition> for Problem {
    fn from(error: NoPosition) -> Self {
        let en = error.to_string();
        Self::new(Code::ValueInvalid).explain("请同时给出纬度（−90 至 90）和经度（−180 至 180）。", en)
    }
}

fn unknown_version(survey: &str, version: &str, known: Vec<String>) -> Problem {
    let list = known.join(", ");
    Problem::new(Code::UnknownVersion)
        .explain(
            format!("问卷“{survey}”没有版本“{version}”，现有版本：{list}。"),
            format!("Survey '{survey}' has no version '{version}'. There are: {list}."),
        )
        .member("versions", known)
}

fn round_not_open(round: &str, open: Vec<String>) -> Problem {
    let list = open.join(", ");
    Problem::new(Code::RoundNeeded)
        .explain(
            format!("轮次“{round}”未开放。开放的轮次：{list}。"),
            format!("Round '{round}' is not open. Open rounds: {list}."),
        )
        .member("open_rounds", open)
}
