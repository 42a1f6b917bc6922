//! The states of a survey and of its definitions. Kept by the store, meant here.

use serde::{Deserialize, Serialize};

/// Whether a survey is listed and whether it accepts responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyState {
    /// Not published: answers are marked test and never scored.
    Draft,
    /// Listed and accepting.
    Open,
    /// No longer listed, still accepting.
    Closing,
    /// Not accepting. What a phone still has is kept, for a supervisor to decide on.
    Closed,
}

impl SurveyState {
    /// The state's name in the store and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Draft, Self::Open, Self::Closing, Self::Closed]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Whether clients see the survey in their lists.
    pub fn is_listed(self) -> bool {
        self == Self::Open
    }

    /// Whether responses are accepted as real ones.
    pub fn accepts(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    /// The states that a person may move a survey to from here.
    ///
    /// ```
    /// use innogauge::definition::SurveyState;
    ///
    /// assert!(SurveyState::Closed.next().contains(&SurveyState::Open), "a survey can be opened again");
    /// assert!(!SurveyState::Open.next().contains(&SurveyState::Draft), "what was published stays published");
    /// ```
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Open],
            Self::Open => &[Self::Closing, Self::Closed],
            Self::Closing => &[Self::Open, Self::Closed],
            Self::Closed => &[Self::Open, Self::Closing],
        }
    }
}

/// Whether a version of a definition can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Being worked on, under an address of its own.
    Draft,
    /// Frozen with its attached files. It accepts submissions for ever.
    Published,
}

impl VersionState {
    /// The state's name in the store and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Draft, Self::Published]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
