//! A copy of what is held about somebody, for them to read.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::{Catalogue, StudyError};
use crate::definition::{Definition, ElementId, Kind};
use crate::report::{CopiedAnswer, CopiedEvent, CopiedResponse, CopiedVersion, SubjectCopy, Wording};
use crate::store::{Held, Store, Subject};

/// Everything that is held about a subject, as one document for a person to read. Who asks for it and why is the
/// caller's to put on the record.
///
/// # Errors
///
/// [`StoreError::NotFound`](crate::store::StoreError::NotFound) where nothing is held; where the keys are missing.
pub fn copy_for(
    store: &Store,
    catalogue: &Catalogue,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<SubjectCopy, StudyError> {
    let finder = catalogue.finder();
    let responses = store
        .held_about(subject)?
        .into_iter()
        .map(|held| copied(&held, &finder))
        .collect::<Result<_, StudyError>>()?;
    Ok(SubjectCopy {
        made_at: now,
        responses,
    })
}

fn copied<'d>(
    held: &Held,
    finder: &impl Fn(&str, &str) -> Option<&'d Definition>,
) -> Result<CopiedResponse, StudyError> {
    let head = &held.head;
    let mut versions = Vec::with_capacity(held.versions.len());
    for version in &held.versions {
        let answers: Json = version.answers.read()?;
        let mut rows = Vec::new();
        match finder(&head.survey, &version.definition_version) {
            Some(definition) => list(definition, None, &answers, "", &mut rows),
            None => rows.push(CopiedAnswer {
                path: "/".to_owned(),
                question: String::new(),
                answer: answers.to_string(),
                meaning: String::new(),
            }),
        }
        let original = version.original.as_deref().map(String::from_utf8_lossy);
        versions.push(CopiedVersion {
            instance_id: version.instance_id.clone(),
            version: version.definition_version.clone(),
            received_at: version.received_at,
            door: version.door.name(),
            sender: version.sender.clone(),
            consent: version.facts.consent.clone(),
            answers: rows,
            received: original.map(std::borrow::Cow::into_owned),
        });
    }
    let events = held.events.iter().map(|event| CopiedEvent {
        at: event.at,
        kind: event.kind.name(),
        actor: event.actor.clone(),
        comment: event.comment.clone(),
    });
    Ok(CopiedResponse {
        survey: head.survey.clone(),
        round: head.round.clone(),
        instance_id: head.instance_id.clone(),
        state: head.state.name(),
        code: head.facts.identity.code.clone(),
        name: head.facts.identity.name.clone(),
        city: head.facts.identity.city.clone(),
        received_at: head.received_at,
        withdrawn_at: head.withdrawn_at,
        file_name: held.file_name.clone(),
        versions,
        events: events.collect(),
    })
}

/// Lists answers with the words of their questions, in the order of the survey.
fn list(
    definition: &Definition,
    within: Option<ElementId>,
    answers: &Json,
    around: &str,
    rows: &mut Vec<CopiedAnswer>,
) {
    let wording = Wording::both();
    for element in definition.children(within).iter().filter_map(|id| definition.get(*id)) {
        let Some(answer) = answers.get(&element.name).filter(|answer| !answer.is_null()) else {
            continue;
        };
        let path = format!("{around}/{}", element.name);
        match (&element.kind, answer) {
            (Kind::Question(_), answer) => {
                let choices = definition.choice_list(element.id);
                let names: Vec<&str> = match answer {
                    Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
                    other => other.as_str().into_iter().collect(),
                };
                let labels = names.iter().filter_map(|name| choices?.get(name));
                let meaning: Vec<String> = labels.map(|choice| wording.text(&choice.label)).collect();
                rows.push(CopiedAnswer {
                    path,
                    question: wording.text(&element.label),
                    answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
                    meaning: meaning.join("; "),
                });
            }
            (_, Json::Array(instances)) => {
                for (number, instance) in (1..).zip(instances) {
                    list(
                        definition,
                        Some(element.id),
                        instance,
                        &format!("{path}[{number}]"),
                        rows,
                    );
                }
            }
            (_, inner) => list(definition, Some(element.id), inner, &path, rows),
        }
    }
}
