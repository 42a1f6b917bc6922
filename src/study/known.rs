//! Whether a response that comes with an instance ID is known here already, and with which answers.

use chrono::DateTime;
use serde_json::Value as Json;

use super::{Catalogue, StudyError};
use crate::definition::{Element, QuestionType};
use crate::response::{Answers, Difference, differences, element_at};
use crate::spreadsheet::{Accepted, Origin};
use crate::store::Store;

/// What is known of a response that comes from elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing.
    Not,
    /// It is here, with the same answers, under this instance ID.
    Same(String),
    /// Its respondent has withdrawn it.
    Withdrawn,
    /// It is here, with other answers to these questions.
    Other(Vec<String>),
}

/// What is known of a row of an export, under its own instance ID or an earlier one.
///
/// # Errors
///
/// What the database says, or where the keys of personal answers are missing.
pub(super) fn known(
    store: &Store,
    catalogue: &Catalogue,
    origin: &Origin,
    accepted: &Accepted,
) -> Result<Known, StudyError> {
    let ours = &accepted.processed.answers;
    let survey = ours.form().survey();
    let mut ids = vec![accepted.instance_id.clone()];
    ids.extend(origin.earlier_id.clone());
    let Some(name) = store.known_as(survey, &ids)? else {
        return Ok(Known::Not);
    };
    let (head, mut version) = store.response(survey, &name)?;
    // What a respondent has withdrawn does not come back by another way.
    if head.withdrawn_at.is_some() {
        return Ok(Known::Withdrawn);
    }
    store.open_personal(survey, &mut version)?;
    let form = &catalogue.survey(survey)?.version(&head.definition_version)?.form;
    // What was received may be no JSON.
    let original = version.original.as_deref();
    let received = original.and_then(|original| serde_json::from_slice::<Json>(original).ok());
    let json = match received {
        Some(json) => json,
        None => version.answers.read()?,
    };
    let (theirs, _) = Answers::from_json(form, &json);
    let mut questions: Vec<String> = Vec::new();
    for difference in differences(&theirs, ours) {
        if is_told(&difference, ours, origin) {
            questions.push(difference.path.trim_start_matches('/').to_owned());
        }
    }
    Ok(if questions.is_empty() {
        Known::Same(version.instance_id)
    } else {
        Known::Other(questions)
    })
}

/// Whether a difference is one between the answers, and not between the ways in which they were written down.
fn is_told(difference: &Difference, ours: &Answers, origin: &Origin) -> bool {
    let Some(element) = element_at(ours.form().definition(), &difference.path) else {
        return true;
    };
    // A calculation follows from the answers; of what the export has no column for, it says nothing.
    element.calculation.is_none()
        && (!difference.after.is_null() || origin.covers.contains(&element.id))
        && !is_same(element, &difference.before, &difference.after)
}

/// Whether two answers are the same but for what servers and spreadsheet programs make of them.
fn is_same(element: &Element, one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => {
            let numbers = one.as_f64().zip(other.as_f64());
            numbers.is_some_and(|(one, other)| is_close(one, other))
        }
        (Json::Array(one), Json::Array(other)) => {
            let ranked = matches!(element.question_type(), Some(QuestionType::Rank(_)));
            let within = |some: &[Json], all: &[Json]| some.iter().all(|choice| all.contains(choice));
            !ranked && within(one, other) && within(other, one)
        }
        (Json::String(one), Json::String(other)) => {
            one.trim() == other.trim() || is_same_moment(one, other) || is_same_place(one, other)
        }
        _ => false,
    }
}

fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// Spreadsheet programs keep no fractions of a second and no offset.
fn is_same_moment(one: &str, other: &str) -> bool {
    let second = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp());
    second(one).is_some_and(|at| Some(at) == second(other))
}

fn is_same_place(one: &str, other: &str) -> bool {
    let numbers = |text: &str| {
        let words = text.split([' ', ';']).filter(|word| !word.is_empty());
        words.map(|word| word.parse::<f64>().ok()).collect::<Option<Vec<f64>>>()
    };
    match (numbers(one), numbers(other)) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| is_close(*one, *other))
        }
        _ => false,
    }
}
