//! The one way in: what every door hands over, and what it gets back.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::environment::ResponseEnvironment;
use super::form::Form;
use super::identity::Identity;
use super::problem::{Problem, Severity};
use super::recalculate::recalculate;
use super::validate::{rule_problem, validate};
use crate::definition::ElementId;
use crate::expression::Environment;

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

/// The one way in: settles relevance and calculations, and checks every rule.
///
/// Nothing is refused here: what the answers break is listed, and the door decides what becomes of it. Time and
/// randomness come from the environment; `now()` and `today()` are the response's own time.
///
/// ```
/// # use innogauge::definition::Definition;
/// # use innogauge::expression::WallClock;
/// use innogauge::response::{Answers, Door, Form, Received, process};
///
/// # let yaml = "{survey: s, version: '1', title: S, questions: [\
/// #   {type: integer, name: persons, label: Persons, constraint: '. >= 0', constraint_message: Count again.}]}";
/// # let definition = Definition::from_yaml("s.yaml", yaml).map_err(|errors| errors[0].to_string())?.value;
/// let form = Form::new(definition);
/// let (answers, unreadable) = Answers::from_json(&form, &serde_json::json!({"persons": -3}));
/// let at = chrono::DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00")?;
/// let processed = process(Received::new(answers, unreadable, Door::Json, at), &WallClock);
/// assert_eq!(processed.problems[0].message("en"), "Persons: Count again.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn process(received: Received, environment: &dyn Environment) -> Processed {
    let Received {
        mut answers,
        problems: mut findings,
        door,
        at,
        unasked,
    } = received;
    let form = std::sync::Arc::clone(answers.form());
    let world = ResponseEnvironment::new(&answers, &form, at, environment);
    let settled = recalculate(&mut answers, door, &world);
    let unread: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Problem)
        .map(|finding| finding.path.clone())
        .collect();
    findings.extend(settled.errors.iter().map(|error| rule_problem(&answers, error)));
    findings.extend(validate(&answers, door, unasked, &unread, &world));
    if findings.len() > 1 {
        findings.sort_by_cached_key(|finding| position(&form, &finding.path));
    }
    let mut processed = Processed {
        identity: Identity::of(&answers),
        answers,
        problems: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    };
    for finding in findings {
        processed.add(finding);
    }
    processed
}

/// Where a path lies in the document: each element on it with the number of its instance. What the definition does not
/// have comes after its siblings.
fn position(form: &Form, path: &str) -> Vec<(u32, u32)> {
    let mut parent: Option<ElementId> = None;
    path.split('/')
        .skip(1)
        .map(|step| {
            let (name, number) = step.split_once('[').unwrap_or((step, ""));
            let number = number.trim_end_matches(']').parse().unwrap_or(0);
            let found = form.child(parent, name);
            parent = found.or(parent);
            (found.map_or(u32::MAX, |id| id.0), number)
        })
        .collect()
}
