//! Two responses of one organisation made one: which answers are taken from which.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Catalogue, Names, Reception, StudyError};
use crate::definition::Element;
use crate::response::{Answers, Door, Problem, ReviewState, Role, take_told};
use crate::store::{Head, Merge, StateChange, Store, Version};

/// What is to be merged.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    /// The survey.
    pub survey: String,
    /// An instance ID of the response that is kept.
    pub kept: String,
    /// The revision of it that was looked at; `None` is whatever it is now.
    pub revision: Option<i64>,
    /// An instance ID of the other one, which is rejected.
    pub other: String,
    /// The questions, groups or repeats whose answers are taken from the other one, as paths: `/turnover`.
    pub take: Vec<String>,
    /// The instance ID of the new version.
    pub instance_id: String,
    /// Why.
    pub comment: String,
    /// Who decides.
    pub actor: String,
    /// As what.
    pub role: Role,
}

/// What became of a merge.
#[derive(Debug, Clone)]
pub enum Merged {
    /// It is done: the kept response as it is now.
    Done(Box<Head>),
    /// The answers together break rules: nothing was changed.
    Invalid(Vec<Problem>),
}

/// Merges two responses of one organisation: the kept one gets a new version with the answers that are taken over,
/// checked as every version is, and the other one is rejected. Both keep their history.
///
/// # Errors
///
/// Where there is no such response, or the two are not of one organisation; [`StudyError::Refused`] for a path that the
/// other response has no answer at; what the database says.
pub fn merge(
    store: &Store,
    catalogue: &Catalogue,
    request: &MergeRequest,
    now: DateTime<Utc>,
) -> Result<Merged, StudyError> {
    let (kept, mut version) = store.response(&request.survey, &request.kept)?;
    let (_, mut other) = store.response(&request.survey, &request.other)?;
    // The new version has all answers, the personal ones too.
    store.open_personal(&request.survey, &mut version)?;
    store.open_personal(&request.survey, &mut other)?;
    let mut merge = Merge {
        kept: request.kept.clone(),
        revision: request.revision.unwrap_or(kept.revision),
        other: request.other.clone(),
        taken: request.take.clone(),
        version: None,
        rejection: StateChange {
            to: ReviewState::Rejected,
            revision: None,
            comment: Some(request.comment.clone()),
            details: Some(serde_json::json!({"merged_into": kept.instance_id})),
            actor: request.actor.clone(),
            role: request.role,
        },
    };
    if !request.take.is_empty() {
        let answers = taken_over(&version, &other, &request.take)?;
        let compiled = catalogue
            .survey(&request.survey)?
            .version(&version.definition_version)?;
        let mut reception =
            Reception::new(store, compiled, Some(&kept.round), Door::Json, now)?.sent_by(Some(request.actor.clone()));
        if kept.test {
            reception = reception.as_test();
        }
        let (read, problems) = Answers::from_json(reception.form(), &answers);
        let mut processed = reception.process(read, problems);
        if !processed.is_sound() {
            // They are told to somebody who saw no personal answers.
            for problem in &mut processed.problems {
                take_told(reception.form().definition(), problem, Element::is_personal);
            }
            return Ok(Merged::Invalid(processed.problems));
        }
        let names = Names {
            instance_id: request.instance_id.clone(),
            deprecated_id: Some(version.instance_id.clone()),
            claimed_version: version.definition_version.clone(),
        };
        merge.version = Some(reception.submission(names, &processed, answers.to_string().as_bytes())?);
    }
    Ok(Merged::Done(Box::new(store.merge(&request.survey, &merge, now)?)))
}

/// The answers of the one, with those of the other at these paths.
fn taken_over(kept: &Version, other: &Version, paths: &[String]) -> Result<Value, StudyError> {
    let mut answers: Value = kept.answers.read()?;
    let source: Value = other.answers.read()?;
    for path in paths {
        let refused = || StudyError::Refused {
            zh: format!("另一份答卷在“{path}”处没有答案。请按 /turnover 的形式写题目路径。"),
            en: format!("The other response has no answer at '{path}': write a path as /turnover."),
        };
        let value = source.pointer(path).filter(|_| path.len() > 1).ok_or_else(refused)?;
        put(&mut answers, path, value.clone()).ok_or_else(refused)?;
    }
    Ok(answers)
}

/// Puts a value at a path, making the groups on the way.
fn put(answers: &mut Value, path: &str, value: Value) -> Option<()> {
    let mut steps = path.split('/').skip(1).peekable();
    let mut at = answers;
    while let Some(step) = steps.next() {
        let group = at.as_object_mut()?;
        if steps.peek().is_none() {
            group.insert(step.to_owned(), value);
            return Some(());
        }
        at = group
            .entry(step)
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_put_where_its_path_says_and_groups_are_made() {
        let mut answers = json!({"a": 1});
        put(&mut answers, "/research/rd", json!(5)).unwrap();
        put(&mut answers, "/a", json!(2)).unwrap();
        assert_eq!(answers, json!({"a": 2, "research": {"rd": 5}}));
        assert!(put(&mut answers, "/a/b", json!(2)).is_none());
        assert!(put(&mut answers, "", json!(2)).is_none());
    }
}
