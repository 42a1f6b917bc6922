//! What a scenario asks for, as it was written.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::inverse::Inverse;
use crate::definition::{Place, Text};
use crate::scoring::framework::Written;

/// One scenario of a file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its id, unique in the file.
    pub id: String,
    /// Its name for people; the id where none was given.
    pub label: Text,
    /// What is asked.
    pub aim: ScenarioAim,
}

/// What a scenario asks.
#[derive(Debug, Clone)]
pub enum ScenarioAim {
    /// What would be, if these things were changed one after the other?
    Changes {
        /// What all is measured against.
        frame: ScenarioFrame,
        /// The changes, at least one.
        changes: Vec<Change>,
    },
    /// What is the cheapest way to a target?
    Inverse(Box<Inverse>),
}

/// What the changed figures are measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioFrame {
    /// The assessment's own minimum, maximum, mean, deviation, treatment and weights.
    Frozen,
    /// Those that the changed figures have.
    Recomputed,
}

/// A name and where it was written.
#[derive(Debug, Clone)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

/// One change.
#[derive(Debug, Clone)]
pub enum Change {
    /// Of the answers to a question. Only where answers are scored.
    Answer(Box<ChangedAnswer>),
    /// Of an indicator, in natural units.
    Indicator {
        /// The indicator.
        indicator: Named,
        /// Which units.
        units: Scope,
        /// What becomes of its value.
        to: Move,
    },
    /// Of an element's weight within its parent.
    Weight {
        /// The element.
        element: Named,
        /// What becomes of it. A weight is never below 0.
        to: Edit,
    },
}

/// A change of the answers to a question.
#[derive(Debug, Clone)]
pub struct ChangedAnswer {
    /// The question.
    pub question: Named,
    /// The survey that it belongs to; may be absent where only one has it.
    pub survey: Option<Named>,
    /// Whose respondents.
    pub units: Scope,
    /// Which of them; all where it is absent.
    pub condition: Option<Written>,
    /// What becomes of the answer.
    pub to: AnswerEdit,
}

/// Which units a change is about.
#[derive(Debug, Clone)]
pub enum Scope {
    /// All of them.
    All,
    /// These.
    Only(Vec<Named>),
}

/// What becomes of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edit {
    /// It is multiplied.
    Scale(f64),
    /// It is this.
    Set(f64),
    /// This is added.
    Add(f64),
}

impl Edit {
    /// The number afterwards. A missing one (NaN) can only be set.
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            Self::Scale(by) => value * by,
            Self::Set(to) => to,
            Self::Add(more) => value + more,
        }
    }

    fn named(self) -> (&'static str, f64) {
        match self {
            Self::Scale(by) => ("scale", by),
            Self::Set(to) => ("set", to),
            Self::Add(more) => ("add", more),
        }
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerEdit {
    /// A number that was given is multiplied.
    Scale(f64),
    /// This is added to a number that was given.
    Add(f64),
    /// Every answer is this, as a form's cell has it: a number, a text, the code of a choice.
    Set(String),
}

/// What becomes of an indicator's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// It is changed, for better or worse.
    Edit(Edit),
    /// It is raised to a level (lowered, where less is better); what is there already stays, and so does what is
    /// missing.
    Reach(Level),
}

/// A level of an indicator. Those that depend on units are the assessment's, before any change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// The median of the other units (of the same time) that have a value.
    PeerMedian,
    /// The best value of all units (of the same time).
    Best,
    /// The framework's target; where it has none, the good end of goalposts whose basis is a target.
    Target,
    /// This value.
    Number(f64),
}

impl Scenario {
    /// The scenario as a file has it, for the recipe.
    pub(super) fn to_json(&self) -> Value {
        let label = match self.label.exact("") {
            Some(words) if self.label.iter().count() == 1 => json!(words),
            _ => self.label.iter().collect(),
        };
        let mut scenario = Map::new();
        scenario.insert("id".to_owned(), json!(self.id));
        scenario.insert("label".to_owned(), label);
        match &self.aim {
            ScenarioAim::Changes { frame, changes } => {
                scenario.insert("frame".to_owned(), json!(frame));
                scenario.insert("changes".to_owned(), changes.iter().map(Change::to_json).collect());
            }
            ScenarioAim::Inverse(inverse) => {
                scenario.insert("inverse".to_owned(), inverse.to_json());
            }
        }
        Value::Object(scenario)
    }
}

impl Change {
    /// The change as a scenario file has it, for the record.
    pub(super) fn to_json(&self) -> Value {
        let mut change = Map::new();
        let mut say = |key: &str, value: Value| change.insert(key.to_owned(), value);
        match self {
            Self::Answer(answer) => {
                say("answer", json!(answer.question.name));
                if let Some(survey) = &answer.survey {
                    say("survey", json!(survey.name));
                }
                say("units", answer.units.to_json());
                if let Some(condition) = &answer.condition {
                    say("where", json!(condition.source));
                }
                match &answer.to {
                    AnswerEdit::Scale(by) => say("scale", json!(by)),
                    AnswerEdit::Add(more) => say("add", json!(more)),
                    AnswerEdit::Set(to) => say("set", json!(to)),
                };
            }
            Self::Indicator { indicator, units, to } => {
                say("indicator", json!(indicator.name));
                say("units", units.to_json());
                match to {
                    Move::Edit(edit) => {
                        let (name, number) = edit.named();
                        say(name, json!(number))
                    }
                    Move::Reach(Level::Number(number)) => say("reach", json!(number)),
                    Move::Reach(level) => say("reach", json!(level.name())),
                };
            }
            Self::Weight { element, to } => {
                let (name, number) = to.named();
                say("weight", json!(element.name));
                say(name, json!(number));
            }
        }
        Value::Object(change)
    }
}

impl Level {
    /// The word of a level that has one.
    fn name(self) -> &'static str {
        let found = Self::WORDS.into_iter().find(|(_, level)| *level == self);
        found.map_or("number", |(word, _)| word)
    }

    pub(super) const WORDS: [(&'static str, Self); 3] = [
        ("peer_median", Self::PeerMedian),
        ("best", Self::Best),
        ("target", Self::Target),
    ];
}

impl Scope {
    fn to_json(&self) -> Value {
        match self {
            Self::All => json!("all"),
            Self::Only(units) => units.iter().map(|unit| json!(unit.name)).collect(),
        }
    }

    /// Whether this unit is meant.
    pub fn has(&self, unit: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(units) => units.iter().any(|named| named.name == unit),
        }
    }
}
