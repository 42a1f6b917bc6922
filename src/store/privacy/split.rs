//! Dividing what a version holds into what is open and what is not.

use serde_json::Value as Json;

use crate::definition::{Definition, Element, ElementId};
use crate::response::{Identity, Problem, take_out, take_told};
use crate::store::seal::Personal;

/// What a version holds of its respondent.
#[derive(Debug, Clone)]
pub(in crate::store) struct Parts {
    pub answers: Json,
    pub findings: Vec<Problem>,
    pub original: Option<Vec<u8>>,
    pub identity: Identity,
}

/// Takes the answers to the questions that meet a condition, and what else tells them, out of a version.
pub(in crate::store) fn split(
    definition: &Definition,
    parts: &mut Parts,
    which: impl Fn(&Element) -> bool + Copy,
) -> Personal {
    let mut taken = Personal {
        answers: take_out(definition, &mut parts.answers, which),
        ..Personal::default()
    };
    if let Some(original) = parts.original.take() {
        match serde_json::from_slice::<Json>(&original) {
            Ok(mut received) => {
                taken.received = take_out(definition, &mut received, which);
                parts.original = Some(received.to_string().into_bytes());
            }
            // What is no JSON of ours may say anything anywhere.
            Err(_) => taken.keep_original(&original),
        }
    }
    for (position, finding) in parts.findings.iter_mut().enumerate() {
        if let Some(told) = take_told(definition, finding, which) {
            taken.findings.push((position, told.value, told.details));
        }
    }
    taken.subject = withhold_identity(definition, &mut parts.identity, which);
    taken
}

/// Takes code and name out of an identity where the questions for them meet the condition, and returns what responses
/// of the same respondent have in common.
fn withhold_identity(
    definition: &Definition,
    identity: &mut Identity,
    which: impl Fn(&Element) -> bool,
) -> Option<String> {
    let meets = |question: Option<ElementId>| question.and_then(|id| definition.get(id)).is_some_and(&which);
    let code = meets(definition.identity().code()) && identity.code.is_some();
    let name = meets(definition.identity().name()) && identity.name.is_some();
    let key = (code || name).then(|| identity.key()).flatten();
    if code {
        identity.code = None;
    }
    if name {
        identity.name = None;
    }
    key
}
