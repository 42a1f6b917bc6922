//! What is answered in an interview, should it be asked.

use innogauge::definition::{Definition, Element, ElementId, expand};
use rand::RngExt as _;
use serde_json::{Map, Value as Json, json};

use crate::filling::Filler;

/// Entries of a repeat that are answered; a repeat may get fewer.
const ENTRIES: usize = 3;

/// A request that fills in a form. Choices are numbers, each of which picks one that is offered.
pub fn interview(definition: &Definition, seed: u64) -> Json {
    let asked = expand(definition);
    let mut filler = Filler::new(definition, seed);
    let answered = filler.random.random_range(0.5..1.0);
    let mut given = Map::new();
    for (element, question_type) in asked.questions() {
        for path in paths(&asked, element) {
            if !filler.random.random_bool(answered) {
                continue;
            }
            let text = if question_type.select().is_some() {
                let count = filler.random.random_range(1..=3);
                let numbers = (0..count).map(|_| filler.random.random_range(0..60).to_string());
                Some(numbers.collect::<Vec<_>>().join(" "))
            } else {
                filler.text(element, question_type)
            };
            given.extend(text.map(|text| (path, Json::String(text))));
        }
    }
    let add: Vec<usize> = (0..5).map(|_| filler.random.random_range(0..=ENTRIES)).collect();
    json!({"fill": given, "add": add})
}

/// The paths of an element in all entries of the repeats around it.
fn paths(definition: &Definition, element: &Element) -> Vec<String> {
    let mut chain: Vec<ElementId> = definition.ancestors(element.id).map(|around| around.id).collect();
    chain.reverse();
    chain.push(element.id);
    let mut paths = vec![String::new()];
    for step in chain.iter().filter_map(|id| definition.get(*id)) {
        paths = paths
            .iter()
            .flat_map(|path| {
                let entries = if step.is_repeat() { 1..=ENTRIES } else { 1..=1 };
                entries.map(move |entry| {
                    let number = if step.is_repeat() {
                        format!("[{entry}]")
                    } else {
                        String::new()
                    };
                    format!("{path}/{}{number}", step.name)
                })
            })
            .collect();
    }
    paths
}
