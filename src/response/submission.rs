//! The one way in: what every door hands over, and what it gets back.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::identity::Identity;
use super::problem::{Problem, Severity};

/// The door that a response came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The JSON API.
    Json,
    /// An imported spreadsheet.
    Spreadsheet,
    /// ODK Collect and its kin.
    OpenRosa,
    /// The form in a browser.
    WebForm,
}

impl Door {
    /// The name in the store and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Spreadsheet => "spreadsheet",
            Self::OpenRosa => "open_rosa",
            Self::WebForm => "web_form",
        }
    }

    /// The door of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::Spreadsheet, Self::OpenRosa, Self::WebForm]
            .into_iter()
            .find(|door| door.name() == name)
    }

    /// Whether a form client with its own skip logic sent it. Its submissions are never refused for their content.
    pub fn is_form_client(self) -> bool {
        matches!(self, Self::OpenRosa | Self::WebForm)
    }
}

/// What to do with answers to questions that were not to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unasked {
    /// Report them as the door does: a note from form clients, a problem elsewhere.
    #[default]
    Report,
    /// The caller says to leave them out of account; a note says so.
    Drop,
}

/// What a door hands over.
#[derive(Debug, Clone)]
pub struct Received {
    /// The answers as they were read, calculations and unasked answers included.
    pub answers: Answers,
    /// What was wrong already when they were read.
    pub problems: Vec<Problem>,
    /// The door.
    pub door: Door,
    /// When the response arrived.
    pub at: DateTime<FixedOffset>,
    /// What to do with answers to questions that were not to be asked.
    pub unasked: Unasked,
}

impl Received {
    /// Answers that came through a door at a time.
    pub fn new(answers: Answers, problems: Vec<Problem>, door: Door, at: DateTime<FixedOffset>) -> Self {
        Self {
            answers,
            problems,
            door,
            at,
            unasked: Unasked::Report,
        }
    }

    /// The same, with unasked answers dropped.
    #[must_use]
    pub fn dropping_unasked(mut self) -> Self {
        self.unasked = Unasked::Drop;
        self
    }
}

/// A response that went through the one way in.
#[derive(Debug, Clone)]
pub struct Processed {
    /// The answers in force: relevance and calculations settled.
    pub answers: Answers,
    /// Broken rules, in the order of the questions.
    pub problems: Vec<Problem>,
    /// What is possible but should be looked at.
    pub warnings: Vec<Problem>,
    /// For the record.
    pub notes: Vec<Problem>,
    /// Which organisation the answers are about.
    pub identity: Identity,
}

impl Processed {
    /// Adds a finding that is not about the answers themselves (an unknown version, a duplicate).
    pub fn add(&mut self, finding: Problem) {
        match finding.severity {
            Severity::Problem => self.problems.push(finding),
            Severity::Warning => self.warnings.push(finding),
            Severity::Note => self.notes.push(finding),
        }
    }

    /// Everything that was found: problems, warnings, notes.
    pub fn findings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().chain(&self.warnings).chain(&self.notes)
    }

    /// Whether no rule is broken.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}
