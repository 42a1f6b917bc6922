//! Entities: names that clients take, properties saved once, and a place for each list.

use std::collections::HashMap;

use super::Subject;
use super::names::{is_name, whereabouts};
use crate::definition::entity_places::entity_places;
use crate::definition::place::{Diagnostic, Place};

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let mut lists: HashMap<&str, &Place> = HashMap::new();
    for entity in definition.entities() {
        if let Some(first) = lists.insert(&entity.list, &entity.origin) {
            found.push(
                Diagnostic::error(
                    entity.origin.0.clone(),
                    format!("the list of entities '{}' is declared twice", entity.list),
                )
                .with_help(format!("the first is {}: remove one of them", whereabouts(first))),
            );
        }
        if let Some(wrong) = wrong_name(&entity.list, true) {
            found.push(
                Diagnostic::error(
                    entity.origin.0.clone(),
                    format!("'{}' can't be a list of entities", entity.list),
                )
                .with_help(wrong),
            );
        }
    }
    let mut properties: HashMap<(&str, &str), Place> = HashMap::new();
    for element in definition.elements() {
        for (list, property) in &element.save_to {
            let place = subject.place(element, "save_to");
            if !lists.contains_key(list.as_str()) {
                found.push(
                    Diagnostic::error(place.clone(), format!("there is no list of entities '{list}'"))
                        .with_help("declare it under 'entities'"),
                );
            }
            if let Some(wrong) = wrong_name(property, false) {
                found.push(
                    Diagnostic::error(place.clone(), format!("'{property}' can't be a property of entities"))
                        .with_help(wrong),
                );
            }
            if let Some(first) = properties.get(&(list.as_str(), property.as_str())) {
                found.push(
                    Diagnostic::error(
                        place.clone(),
                        format!("the property '{property}' of '{list}' is saved twice"),
                    )
                    .with_help(format!("the first is {}: remove one of them", whereabouts(first))),
                );
            }
            properties.entry((list, property)).or_insert(place);
        }
    }
    if let Err(errors) = entity_places(definition) {
        found.extend(errors);
    }
}

/// What would be right of the name of a list or of a property.
fn wrong_name(name: &str, is_list: bool) -> Option<&'static str> {
    if name.starts_with("__") {
        return Some("names that begin with '__' are taken: take another");
    }
    if is_list && name.contains('.') {
        return Some("take a name without '.'");
    }
    if !is_list && matches!(name.to_lowercase().as_str(), "name" | "label") {
        return Some("every entity has a name and a label of its own: take another name");
    }
    (!is_name(name)).then_some("begin with a letter or '_', go on with letters, digits, '_', '-' or '.'")
}
