//! Why a question has no figure: the missing codes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// A reason that a respondent gives instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingCode {
    /// The respondent does not know.
    DontKnow,
    /// The respondent does not want to say.
    Refused,
    /// The question does not apply to this respondent.
    NotApplicable,
}

impl MissingCode {
    /// What the name of the companion of a question ends in.
    pub const COMPANION_SUFFIX: &'static str = "_missing";

    /// All of them.
    pub const ALL: [Self; 3] = [Self::DontKnow, Self::Refused, Self::NotApplicable];

    /// The code as it is written in definitions, answers and cells.
    ///
    /// ```
    /// use innogauge::definition::MissingCode;
    ///
    /// assert_eq!(MissingCode::DontKnow.code(), "dont_know");
    /// assert_eq!(MissingCode::from_code("refused"), Some(MissingCode::Refused));
    /// ```
    pub fn code(self) -> &'static str {
        match self {
            Self::DontKnow => "dont_know",
            Self::Refused => "refused",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The missing code of this spelling.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.code() == code)
    }

    /// The name of the companion of a question, which holds the code: `${turnover_missing}`.
    pub fn companion_of(question: &str) -> String {
        format!("{question}{}", Self::COMPANION_SUFFIX)
    }

    /// What people read for it.
    pub fn label(self) -> Text {
        Text::from_iter(match self {
            Self::DontKnow => [("zh", "不清楚"), ("en", "Don't know")],
            Self::Refused => [("zh", "拒绝回答"), ("en", "Refused")],
            Self::NotApplicable => [("zh", "不适用"), ("en", "Not applicable")],
        })
    }
}

impl fmt::Display for MissingCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
