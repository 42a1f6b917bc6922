//! A framework made ready for the responses to one definition: which questions to read, which formulas to evaluate.
//!
//! A formula that several indicators share is evaluated once per respondent.

use std::sync::Arc;

use super::compiler::Compiler;
use super::formula::{Formula, Outcome};
use super::row::{Entry, Question, Row};
use super::scale::Scale;
use super::stored::{self, Layout};
use crate::definition::Definition;
use crate::scoring::framework::{Framework, MeasureKind};

/// A framework compiled for one version of one survey. Shared between threads.
#[derive(Debug)]
pub struct Intake {
    pub(super) questions: Vec<Question>,
    pub(super) layout: Layout,
    pub(super) formulas: Vec<Formula>,
    pub(super) actors: Vec<Option<usize>>,
    pub(super) parts: Vec<PartPlan>,
    /// The question that holds the sampling weight.
    pub(super) weight: Option<u32>,
    /// The question that says which language was answered in.
    pub(super) language: Option<u32>,
    pub(super) survey: Arc<str>,
}

/// How one part of an indicator is computed from a row.
#[derive(Debug, Clone)]
pub(super) struct PartPlan {
    /// Its number among all parts of the framework.
    pub number: usize,
    pub kind: MeasureKind,
    /// Which actor type's condition it has; none where all respondents of the survey are meant.
    pub actor: Option<usize>,
    pub condition: Option<usize>,
    /// None where this version of the survey cannot answer it.
    pub plan: Option<Plan>,
}

/// What is evaluated, by the numbers of the formulas.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// A value or a condition, over another value where there is a denominator.
    Value { of: usize, over: Option<usize> },
    /// A scale.
    Scale(Scale),
}

/// What is used again from respondent to respondent.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    outcomes: Vec<Option<Outcome>>,
    items: Vec<f64>,
}

/// What one respondent says to one part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    /// Another type of actor.
    OtherActor,
    /// Outside of the base.
    OutOfScope,
    /// In scope, but not known.
    Unknown,
    /// In the base, with both parts known.
    Known {
        /// Numerator, value, or 1 where the condition holds.
        of: f64,
        /// Denominator; 1 where there is none.
        over: f64,
    },
}

impl Intake {
    /// Compiles the framework's indicators for the responses to a definition.
    ///
    /// A formula that this definition cannot answer (an older version lacks the question) makes its respondents
    /// unknown to that indicator; [`Framework::from_yaml`] has refused what no version can answer.
    pub fn new(framework: &Framework, definition: &Definition) -> Self {
        Compiler::run(framework, definition).0
    }

    /// Reads one response's canonical JSON.
    pub(super) fn read(&self, json: &[u8], row: &mut Row) -> Result<(), serde_json::Error> {
        stored::read(&self.layout, &self.questions, json, row)
    }

    /// Evaluates what all parts say of a row. `found` is told the part, its figure, and of a scale whose every item was
    /// answered the items, else none.
    pub(super) fn figures(&self, row: &Row, scratch: &mut Scratch, mut found: impl FnMut(&PartPlan, Figure, &[f64])) {
        let Scratch { outcomes, items } = scratch;
        outcomes.clear();
        outcomes.resize(self.formulas.len(), None);
        for part in &self.parts {
            let figure = self.figure(part, row, outcomes);
            items.clear();
            if let (Figure::Known { .. }, Some(Plan::Scale(scale))) = (figure, &part.plan) {
                items.extend(scale.0.iter().map_while(|item| self.answered((*item)?, row, outcomes)));
                if items.len() < scale.0.len() {
                    items.clear();
                }
            }
            found(part, figure, items);
        }
    }

    /// The value of an item that was asked and answered: 0 for one that was not asked is a figure, and no reading.
    fn answered(&self, item: usize, row: &Row, outcomes: &mut [Option<Outcome>]) -> Option<f64> {
        let was_asked = self.formulas.get(item)?.was_asked(row, &self.questions);
        match self.outcome(item, row, outcomes) {
            Outcome::Known(value) if was_asked => Some(value),
            Outcome::Known(_) | Outcome::Unknown | Outcome::OutOfScope => None,
        }
    }

    /// The language that a respondent answered in; empty where it does not say.
    pub(super) fn language<'r>(&self, row: &'r Row) -> &'r str {
        let entries = self.language.map(|slot| row.entries(slot, &self.questions));
        match entries {
            Some([Entry::Text { start, end }]) => row.words(*start, *end),
            _ => "",
        }
    }

    fn figure(&self, part: &PartPlan, row: &Row, outcomes: &mut [Option<Outcome>]) -> Figure {
        if let Some(actor) = part.actor.and_then(|actor| self.actors.get(actor).copied().flatten())
            && self.holds(actor, row, outcomes) != Some(true)
        {
            return Figure::OtherActor;
        }
        let mut unknown = false;
        if let Some(condition) = part.condition {
            match self.outcome(condition, row, outcomes) {
                Outcome::Known(truth) if truth > 0.0 => {}
                Outcome::Known(_) | Outcome::OutOfScope => return Figure::OutOfScope,
                Outcome::Unknown => unknown = true,
            }
        }
        let figure = match &part.plan {
            None => Figure::Unknown,
            Some(Plan::Value { of, over }) => {
                let of = self.outcome(*of, row, outcomes);
                let over = over.map_or(Outcome::Known(1.0), |over| self.outcome(over, row, outcomes));
                match (of, over) {
                    (Outcome::OutOfScope, _) | (_, Outcome::OutOfScope) => Figure::OutOfScope,
                    (Outcome::Known(of), Outcome::Known(over)) => Figure::Known { of, over },
                    _ => Figure::Unknown,
                }
            }
            Some(Plan::Scale(scale)) => scale.figure(|item| self.outcome(item, row, outcomes)),
        };
        match figure {
            Figure::Known { .. } if unknown => Figure::Unknown,
            figure => figure,
        }
    }

    fn outcome(&self, formula: usize, row: &Row, outcomes: &mut [Option<Outcome>]) -> Outcome {
        if let Some(Some(outcome)) = outcomes.get(formula) {
            return *outcome;
        }
        let outcome = self
            .formulas
            .get(formula)
            .map_or(Outcome::Unknown, |it| it.outcome(row, &self.questions));
        if let Some(slot) = outcomes.get_mut(formula) {
            *slot = Some(outcome);
        }
        outcome
    }

    fn holds(&self, formula: usize, row: &Row, outcomes: &mut [Option<Outcome>]) -> Option<bool> {
        if let Some(Some(Outcome::Known(truth))) = outcomes.get(formula) {
            return Some(*truth > 0.0);
        }
        let holds = self.formulas.get(formula)?.holds(row, &self.questions);
        if let Some(slot) = outcomes.get_mut(formula) {
            *slot = Some(Outcome::Known(f64::from(u8::from(holds))));
        }
        Some(holds)
    }
}
