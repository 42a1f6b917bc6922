//! The answers that are tried in thought.

use std::collections::BTreeSet;

use super::sample::Sample;
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::QuestionType;
use crate::definition::scan::{Token, tokens};

/// Of more choices in a multiple select, only those that conditions name are tried together with each other.
const MOST_TOGETHER: usize = 12;

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
            let choices = offered(definition, question, sample).unwrap_or_else(|| {
                all = false;
                written.texts.iter().cloned().chain(["x".to_owned()]).collect()
            });
            let codes = element.missing.iter().map(|code| code.code().to_owned());
            choices.into_iter().chain(codes).collect()
        }
        Some(QuestionType::SelectMultiple(_) | QuestionType::Rank(_)) => {
            let choices = offered(definition, question, sample).unwrap_or_else(|| {
                all = false;
                written.texts.iter().cloned().collect()
            });
            together(&choices, &written, &mut all)
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

/// The choices that are offered now; `None` where they lie in a file.
fn offered(definition: &Definition, question: ElementId, sample: &Sample<'_>) -> Option<Vec<String>> {
    let list = definition.choice_list(question)?;
    let filter = definition
        .get(question)
        .and_then(|element| element.choice_filter.as_ref());
    let fits = |position| filter.is_none_or(|filter| sample.is_offered(filter, question, position));
    let choices = list.choices().iter().enumerate();
    Some(
        choices
            .filter(|(position, _)| fits(*position))
            .map(|(_, choice)| choice.name.clone())
            .collect(),
    )
}

/// Choices together: every set of them, or of those that conditions name with none, one and all of the others.
fn together(choices: &[String], written: &Written, all: &mut bool) -> Vec<String> {
    let (mut named, mut others): (Vec<&str>, Vec<&str>) = choices
        .iter()
        .map(String::as_str)
        .partition(|name| choices.len() <= MOST_TOGETHER || written.texts.contains(*name));
    if named.len() > MOST_TOGETHER {
        *all = false;
        others.extend(named.split_off(MOST_TOGETHER));
    }
    // A condition on the number chosen is met or not by none, one or all of the others if it asks for some or none.
    *all = *all && (others.is_empty() || written.numbers.iter().all(|number| (0.0..=1.0).contains(number)));
    let one = others.first().map_or(&[][..], std::slice::from_ref);
    let sets = 1_usize << named.len();
    let mut together = Vec::new();
    for set in 0..sets {
        let chosen = named
            .iter()
            .enumerate()
            .filter(|(position, _)| set >> position & 1 == 1);
        let chosen: Vec<&str> = chosen.map(|(_, name)| *name).collect();
        for more in [&[], one, &others[..]] {
            together.push([chosen.as_slice(), more].concat().join(" "));
        }
    }
    together.retain(|value| !value.is_empty());
    together
}
