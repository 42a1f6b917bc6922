//! The answers that are tried in thought.

use std::collections::BTreeSet;

use super::sample::Sample;
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::QuestionType;
use crate::definition::scan::{Token, tokens};

/// Selects with more choices are tried with the choices that conditions name, and one other.
const MOST_CHOICES: usize = 12;

/// Answers to try.
pub(super) struct Tried {
    pub values: Vec<String>,
    /// Whether no other answer can lead to another interview.
    pub all: bool,
}

/// The answers to a question that can lead to different interviews.
pub(super) fn to_try(definition: &Definition, question: ElementId, sample: &mut Sample<'_>) -> Tried {
    let Some(element) = definition.get(question) else {
        return Tried {
            values: Vec::new(),
            all: false,
        };
    };
    let written = written(definition, question);
    let mut all = true;
    let mut values: Vec<String> = match element.question_type() {
        Some(QuestionType::SelectOne(_)) => {
            let choices = choices(definition, question, &written, &mut all);
            choices
                .into_iter()
                .chain(element.missing.iter().map(|code| code.code().to_owned()))
                .collect()
        }
        Some(QuestionType::SelectMultiple(_) | QuestionType::Rank(_)) => {
            let choices = choices(definition, question, &written, &mut all);
            all = all && choices.len() <= 1;
            let together = choices.join(" ");
            choices.into_iter().chain([together]).collect()
        }
        Some(QuestionType::Integer | QuestionType::Decimal | QuestionType::Range) => {
            let numbers = written
                .numbers
                .iter()
                .flat_map(|number| [number - 1.0, *number, number + 1.0]);
            numbers.chain([0.0, 1.0]).map(|number| number.to_string()).collect()
        }
        Some(QuestionType::Acknowledge) => vec!["OK".to_owned()],
        Some(QuestionType::Date) => vec!["1970-01-01".to_owned(), "2026-01-01".to_owned()],
        _ => written.texts.iter().cloned().chain(["x".to_owned()]).collect(),
    };
    values.sort();
    values.dedup();
    if let Some(constraint) = &element.constraint {
        values.retain(|value| {
            sample.answer(question, value);
            sample.holds(constraint, question)
        });
        sample.answer(question, "");
    }
    let required = element
        .required
        .as_ref()
        .is_some_and(|formula| sample.holds(formula, question));
    if !required || !element.missing.is_empty() || values.is_empty() {
        values.push(String::new());
    }
    Tried { values, all }
}

/// What is written in the expressions that read a question, and in its own constraint.
struct Written {
    texts: BTreeSet<String>,
    numbers: Vec<f64>,
}

fn written(definition: &Definition, question: ElementId) -> Written {
    let mut written = Written {
        texts: BTreeSet::new(),
        numbers: Vec::new(),
    };
    let formulas = definition
        .elements()
        .iter()
        .flat_map(|element| [&element.relevant, &element.calculation].into_iter().flatten())
        .filter(|formula| formula.depends_on().contains(&question))
        .chain(definition.get(question).and_then(|element| element.constraint.as_ref()));
    for (_, token) in formulas.flat_map(|formula| tokens(formula.source())) {
        match token {
            Token::Literal(text) => {
                written.texts.insert(text.to_owned());
            }
            Token::Number(number) => {
                written.texts.insert(number.to_owned());
                written.numbers.extend(number.parse::<f64>());
            }
            _ => {}
        }
    }
    written.texts.remove("");
    written.numbers.sort_by(f64::total_cmp);
    written.numbers.dedup();
    written
}

fn choices(definition: &Definition, question: ElementId, written: &Written, all: &mut bool) -> Vec<String> {
    let Some(list) = definition.choice_list(question) else {
        *all = false;
        return written.texts.iter().cloned().chain(["x".to_owned()]).collect();
    };
    let names = || list.choices().iter().map(|choice| choice.name.clone());
    if list.choices().len() <= MOST_CHOICES {
        return names().collect();
    }
    *all = false;
    names()
        .filter(|name| written.texts.contains(name))
        .chain(names().find(|name| !written.texts.contains(name)))
        .collect()
}
