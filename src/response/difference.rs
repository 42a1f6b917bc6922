//! What changed between two versions of a response.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::answers::{Answers, Node};
use super::value::Answer;

/// One question whose answer differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The question, with the numbers of the repeat instances: `/products[2]/share`.
    pub path: String,
    /// The answer before, as canonical JSON; null where there was none.
    pub before: Json,
    /// The answer after.
    pub after: Json,
}

/// The questions whose answers differ, in the order of the newer version; then those that only the older one has.
///
/// What was received is compared, in force or not. The versions may be of different versions of the definition:
/// questions are held together by their paths.
pub fn differences(before: &Answers, after: &Answers) -> Vec<Difference> {
    let mut old: HashMap<String, Json> = flat(before).into_iter().collect();
    let mut differences: Vec<Difference> = flat(after)
        .into_iter()
        .filter_map(|(path, after)| {
            let before = old.remove(&path).unwrap_or(Json::Null);
            (before != after).then_some(Difference { path, before, after })
        })
        .collect();
    differences.extend(flat(before).into_iter().filter_map(|(path, before)| {
        old.remove(&path)?;
        Some(Difference {
            path,
            before,
            after: Json::Null,
        })
    }));
    differences
}

/// Every answer that was received, by its path.
fn flat(answers: &Answers) -> IndexMap<String, Json> {
    let mut flat = IndexMap::new();
    for (element, _) in answers.form().questions() {
        for node in answers.nodes(element.id) {
            if let Node::Element(instance, id) = node
                && let Some(json) = Answer::to_json(answers.received(instance, id))
            {
                flat.insert(answers.path(instance, id), json);
            }
        }
    }
    flat
}
