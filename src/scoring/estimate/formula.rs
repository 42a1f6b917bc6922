//! One formula of an indicator, ready to be evaluated on rows: when it is known, and what it then gives.

use chrono::{DateTime, FixedOffset};

use super::exact::GREATEST;
use super::row::{Entry, Question, Row, RowNode, View};
use crate::definition::MissingCode;
use crate::expression::{Environment, Expression, Scope};

/// What a question that was not asked means to a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unasked {
    /// It reads as nothing: in conditions.
    Blank,
    /// It is zero, or not chosen.
    Zero,
    /// It takes the respondent out of the base.
    Exclude,
}

/// Whether a formula is wanted as a number or as true or false (1 or 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Number,
    Truth,
}

/// A formula that is bound to the slots of the questions it reads.
#[derive(Debug, Clone)]
pub(super) struct Formula {
    pub expression: Expression,
    /// The questions it reads, each once.
    pub slots: Vec<u32>,
    pub unasked: Unasked,
    pub wanted: Wanted,
    /// The question that it is, where it is `${question}` and no more.
    pub question: Option<u32>,
}

/// What a formula gives for one respondent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    /// A finite number; 1 or 0 for true or false.
    Known(f64),
    /// The respondent does not know, refused or left it empty, or it makes no number.
    Unknown,
    /// It does not apply to the respondent.
    OutOfScope,
}

impl Formula {
    pub fn outcome(&self, row: &Row, questions: &[Question]) -> Outcome {
        let mut unknown = false;
        for &slot in &self.slots {
            let entries = row.entries(slot, questions);
            for entry in entries {
                match entry {
                    Entry::Missing(MissingCode::NotApplicable) => return Outcome::OutOfScope,
                    Entry::NotAsked
                        if self.unasked == Unasked::Exclude && entries.iter().all(|it| *it == Entry::NotAsked) =>
                    {
                        return Outcome::OutOfScope;
                    }
                    Entry::Missing(_) | Entry::Unanswered => unknown = true,
                    Entry::NotAsked | Entry::Number(_) | Entry::Text { .. } => {}
                }
            }
        }
        if unknown {
            return Outcome::Unknown;
        }
        self.value(row, questions)
            .filter(|value| value.abs() <= GREATEST)
            .map_or(Outcome::Unknown, Outcome::Known)
    }

    fn value(&self, row: &Row, questions: &[Question]) -> Option<f64> {
        if let (Some(slot), Wanted::Number) = (self.question, self.wanted)
            && let [Entry::Number(number)] = row.entries(slot, questions)
        {
            return Some(*number);
        }
        let view = View {
            row,
            questions,
            zero: self.unasked == Unasked::Zero,
        };
        let scope = Scope::new(&view, RowNode::Document, &NoWorld);
        let value = self.expression.evaluate(&scope).ok()?;
        Some(match self.wanted {
            Wanted::Truth => f64::from(u8::from(value.boolean())),
            Wanted::Number => value.number(&scope),
        })
    }

    /// Whether every question that it reads was asked.
    pub fn was_asked(&self, row: &Row, questions: &[Question]) -> bool {
        self.slots.iter().all(|slot| {
            let entries = row.entries(*slot, questions);
            entries.iter().any(|entry| *entry != Entry::NotAsked)
        })
    }

    /// Whether a condition is true of a row, with everything that is not answered reading as nothing.
    pub fn holds(&self, row: &Row, questions: &[Question]) -> bool {
        self.value(row, questions).is_some_and(|value| value > 0.0)
    }
}

/// Indicator formulas are functions of the answers alone: the clock stands still, and there is no chance.
struct NoWorld;

impl Environment for NoWorld {
    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::UNIX_EPOCH.fixed_offset()
    }
}
