//! How long an interview can be: the fewest and the most questions that anybody is asked.
//!
//! The questions that decide whether others are asked are answered in thought, one after the other, and what is left
//! falls apart into parts that do not depend on each other; the parts are counted each on its own and added. So the
//! search is exact with far fewer interviews than there are combinations of answers.
//!
//! Answers that are tried: each choice of a select; for a number each number that is written in its constraint or in a
//! condition which reads it, with one below and one above; for a text each text that is written there, and another. An answer that
//! breaks the question's own constraint is not tried, nor is a choice that is not offered, nor none where one is
//! required. Each repeat is counted once. What is left after some answers is counted once for all answers that leave
//! the same behind. Where a number of answers, or the effort, is beyond the bounds here, the result is not exact: it
//! then is what was found, or where nothing could be tried a bound.

mod answers;
mod sample;

use std::collections::{BTreeSet, HashMap};

use super::formula::Formula;
use super::model::{Definition, ElementId};
use sample::{Sample, is_asked};

/// Interviews in thought that are settled before the search gives up being exact.
const MOST_EFFORT: usize = 300_000;

/// Questions that are left, and what is read of the answers so far in asking them.
type Left = (Vec<ElementId>, Vec<(ElementId, String)>);

/// The fewest and the most questions of any interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterviewLength {
    /// The fewest.
    pub shortest: usize,
    /// The most.
    pub longest: usize,
    /// Whether there are interviews of just these lengths, as far as the tried answers go; otherwise they are bounds.
    pub exact: bool,
}

impl InterviewLength {
    /// Finds the shortest and the longest interview.
    ///
    /// ```
    /// use innogauge::definition::{Definition, InterviewLength};
    ///
    /// let definition = Definition::from_yaml(
    ///     "survey.yaml",
    ///     r#"
    /// survey: s
    /// version: "1"
    /// title: Survey
    /// choices: {yes_no: {1: "Yes", 0: "No"}}
    /// questions:
    ///   - {type: select_one yes_no, name: has_rd, label: R&D, required: true}
    ///   - {type: decimal, name: rd, label: How much, relevant: "${has_rd} = 1"}
    ///   - {type: text, name: why_not, label: Why not, relevant: "${has_rd} = 0"}
    ///   - {type: text, name: much, label: What for, relevant: "${rd} > 100"}
    /// "#,
    /// )
    /// .unwrap()
    /// .value;
    /// assert_eq!(InterviewLength::of(&definition), InterviewLength { shortest: 2, longest: 3, exact: true });
    /// ```
    pub fn of(definition: &Definition) -> Self {
        Self::given(definition, [])
    }

    /// The same among the interviews in which some questions have these answers wherever they are asked.
    pub fn given<'a>(definition: &Definition, answers: impl IntoIterator<Item = (ElementId, &'a str)>) -> Self {
        let given = answers.into_iter().map(|(id, value)| (id, value.to_owned()));
        let deciders = deciders(definition);
        let feeds = feeds(definition, &deciders);
        let questions: Vec<ElementId> = definition
            .order()
            .iter()
            .copied()
            .filter(|id| is_asked(definition, *id))
            .collect();
        let mut search = Search {
            definition,
            deciders,
            feeds,
            sample: Sample::new(definition),
            answered: vec![false; definition.elements().len()],
            counted: HashMap::new(),
            effort: 0,
            given: given.collect(),
        };
        search.count(&questions)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            shortest: self.shortest + other.shortest,
            longest: self.longest + other.longest,
            exact: self.exact && other.exact,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.max(other.longest),
            exact: self.exact && other.exact,
        }
    }
}

/// For each element the questions that decide, directly or through others, whether it is asked and what it is.
fn deciders(definition: &Definition) -> Vec<BTreeSet<ElementId>> {
    let mut deciders: Vec<BTreeSet<ElementId>> = vec![BTreeSet::new(); definition.elements().len()];
    for id in definition.order() {
        let Some(element) = definition.get(*id) else { continue };
        let mut own = BTreeSet::new();
        let formulas = [&element.relevant, &element.calculation].into_iter().flatten();
        for input in formulas.flat_map(Formula::depends_on).chain(&element.parent) {
            own.extend(deciders.get(input.index()).into_iter().flatten().copied());
            if is_asked(definition, *input) {
                own.insert(*input);
            }
        }
        if let Some(slot) = deciders.get_mut(id.index()) {
            *slot = own;
        }
    }
    deciders
}

/// The elements that must be settled to know any relevance: groups, deciding questions and calculations.
fn feeds(definition: &Definition, deciders: &[BTreeSet<ElementId>]) -> Vec<ElementId> {
    let deciding: BTreeSet<ElementId> = deciders.iter().flatten().copied().collect();
    let mut needed: BTreeSet<ElementId> = deciding;
    for id in definition.order().iter().rev() {
        let Some(element) = definition.get(*id) else { continue };
        let holds = element.question_type().is_none();
        if element.relevant.is_some() && (holds || is_asked(definition, *id)) || needed.contains(id) {
            let formulas = [&element.relevant, &element.calculation].into_iter().flatten();
            needed.extend(formulas.flat_map(Formula::depends_on).copied());
        }
        if holds {
            needed.insert(*id);
        }
    }
    definition
        .order()
        .iter()
        .copied()
        .filter(|id| needed.contains(id))
        .collect()
}

struct Search<'d> {
    definition: &'d Definition,
    deciders: Vec<BTreeSet<ElementId>>,
    feeds: Vec<ElementId>,
    sample: Sample<'d>,
    answered: Vec<bool>,
    counted: HashMap<Left, InterviewLength>,
    effort: usize,
    given: HashMap<ElementId, String>,
}

impl Search<'_> {
    /// How many of these questions are asked, given what is answered so far.
    fn count(&mut self, questions: &[ElementId]) -> InterviewLength {
        self.effort += 1;
        self.settle(questions);
        let (open, known): (Vec<ElementId>, Vec<ElementId>) = questions
            .iter()
            .copied()
            .partition(|id| self.open(*id).next().is_some());
        let asked = known.iter().filter(|id| self.sample.is_relevant(**id)).count();
        let mut total = InterviewLength {
            shortest: asked,
            longest: asked,
            exact: true,
        };
        for part in self.parts(&open) {
            let left = self.left(&part);
            let known = self.counted.get(&left).copied();
            let counted = known.unwrap_or_else(|| self.count_part(&part));
            self.counted.insert(left, counted);
            total = total.plus(counted);
        }
        total
    }

    /// Questions that depend on each other: one more question is answered in every way.
    fn count_part(&mut self, part: &[ElementId]) -> InterviewLength {
        let bound = InterviewLength {
            shortest: 0,
            longest: part.len(),
            exact: false,
        };
        let Some(question) = self.next_question(part) else {
            return bound;
        };
        self.settle(&[question]);
        let given = self.given.get(&question).filter(|_| self.sample.is_relevant(question));
        let tried = if let Some(given) = given {
            answers::Tried {
                values: vec![given.clone()],
                all: true,
            }
        } else if self.sample.is_relevant(question) {
            answers::to_try(self.definition, question, &mut self.sample)
        } else {
            answers::Tried {
                values: vec![String::new()],
                all: true,
            }
        };
        let mut result: Option<InterviewLength> = None;
        for value in tried.values {
            if self.effort > MOST_EFFORT {
                self.set(question, "", false);
                return bound;
            }
            self.set(question, &value, true);
            let counted = self.count(part);
            result = Some(result.map_or(counted, |result| result.or(counted)));
        }
        self.set(question, "", false);
        let result = result.unwrap_or(bound);
        if tried.all {
            result
        } else {
            InterviewLength { exact: false, ..result }
        }
    }

    /// What the rest of the interview is known by: these questions, and all that their rules, and those of what is
    /// still open before them, read of what is settled.
    fn left(&self, part: &[ElementId]) -> Left {
        let mut open: Vec<ElementId> = part.to_vec();
        let mut seen: BTreeSet<ElementId> = part.iter().copied().collect();
        let mut settled = BTreeSet::new();
        while let Some(element) = open.pop().and_then(|id| self.definition.get(id)) {
            let rules = [
                &element.relevant,
                &element.calculation,
                &element.constraint,
                &element.required,
                &element.choice_filter,
            ];
            let inputs = rules.into_iter().flatten().flat_map(Formula::depends_on);
            for input in inputs.chain(&element.parent) {
                let unanswered = is_asked(self.definition, *input) && self.answered.get(input.index()) == Some(&false);
                if !unanswered && self.open(*input).next().is_none() {
                    settled.insert(*input);
                } else if seen.insert(*input) {
                    open.push(*input);
                }
            }
        }
        let read = settled.into_iter().map(|id| {
            let reads = if self.sample.is_relevant(id) {
                self.sample.reads(id)
            } else {
                "-"
            };
            (id, reads.to_owned())
        });
        (part.to_vec(), read.collect())
    }

    fn set(&mut self, question: ElementId, value: &str, answered: bool) {
        self.sample.answer(question, value);
        if let Some(slot) = self.answered.get_mut(question.index()) {
            *slot = answered;
        }
    }

    fn settle(&mut self, questions: &[ElementId]) {
        self.sample
            .settle(self.feeds.iter().copied().chain(questions.iter().copied()));
    }

    /// What is still to be answered before it is known whether this is asked.
    fn open(&self, id: ElementId) -> impl Iterator<Item = ElementId> {
        let deciders = self.deciders.get(id.index()).into_iter().flatten().copied();
        deciders.filter(|decider| self.answered.get(decider.index()) == Some(&false))
    }

    /// The question that decides most, among those whose own asking is decided.
    fn next_question(&self, part: &[ElementId]) -> Option<ElementId> {
        let candidates: BTreeSet<ElementId> = part.iter().flat_map(|id| self.open(*id)).collect();
        candidates
            .into_iter()
            .filter(|candidate| self.open(*candidate).next().is_none())
            .max_by_key(|candidate| {
                part.iter()
                    .filter(|id| self.open(**id).any(|open| open == *candidate))
                    .count()
            })
    }

    /// Groups of questions that share no open decider.
    fn parts(&self, open: &[ElementId]) -> Vec<Vec<ElementId>> {
        let mut parts: Vec<(BTreeSet<ElementId>, Vec<ElementId>)> = Vec::new();
        for id in open {
            let mut deciders: BTreeSet<ElementId> = self.open(*id).collect();
            let mut questions = vec![*id];
            let (touched, apart): (Vec<_>, Vec<_>) = parts
                .into_iter()
                .partition(|(others, _)| !others.is_disjoint(&deciders));
            parts = apart;
            for (others, more) in touched {
                deciders.extend(others);
                questions.extend(more);
            }
            parts.push((deciders, questions));
        }
        parts.into_iter().map(|(_, questions)| questions).collect()
    }
}
