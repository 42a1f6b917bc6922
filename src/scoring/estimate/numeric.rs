//! Whether a formula can be a number at all, found by trying answers.

use super::formula::{Formula, Outcome};
use super::row::{Entry, Question, Row};
use crate::definition::{Definition, ElementId, QuestionType};

/// Words that are no number, as most texts.
const WORDS: &str = "words";

/// What could be answered to a question, as far as it matters for being a number.
enum Trial {
    Number(f64),
    Words(String),
}

/// Whether some answers to the questions that a formula reads make it a number. Every choice of a list is tried, 1 for
/// numbers, calculations and what is hidden, and words for texts; lists outside of the definition are taken to have numbers.
pub(super) fn can_be_number(
    formula: &Formula,
    questions: &[Question],
    elements: &[ElementId],
    definition: &Definition,
) -> bool {
    let trials: Vec<(usize, Vec<Trial>)> = formula
        .slots
        .iter()
        .filter_map(|slot| {
            let slot = *slot as usize;
            Some((slot, trials(definition, *elements.get(slot)?)))
        })
        .collect();
    let rounds = trials.iter().map(|(_, trials)| trials.len()).max().unwrap_or(1);
    (0..rounds).any(|round| {
        let mut row = Row::new(questions.len());
        for (slot, trials) in &trials {
            let trial = trials.get(round % trials.len().max(1));
            if let (Some(question), Some(trial)) = (questions.get(*slot), trial) {
                let entry = match trial {
                    Trial::Number(number) => Entry::Number(*number),
                    Trial::Words(words) => row.keep(words),
                };
                row.set(*slot, question, entry);
            }
        }
        matches!(formula.outcome(&row, questions), Outcome::Known(_))
    })
}

fn trials(definition: &Definition, question: ElementId) -> Vec<Trial> {
    let words = || vec![Trial::Words(WORDS.to_owned())];
    let Some(question_type) = definition.get(question).and_then(|element| element.question_type()) else {
        return words();
    };
    match question_type {
        QuestionType::Integer
        | QuestionType::Decimal
        | QuestionType::Range
        | QuestionType::Calculate(_)
        | QuestionType::Hidden => {
            vec![Trial::Number(1.0)]
        }
        other => {
            let Some(select) = other.select() else { return words() };
            let list = select.list().and_then(|list| definition.choices().get(list));
            match list.filter(|list| !list.is_external()) {
                Some(list) => list
                    .choices()
                    .iter()
                    .map(|choice| Trial::Words(choice.name.clone()))
                    .collect(),
                None => vec![Trial::Number(1.0)],
            }
        }
    }
}
