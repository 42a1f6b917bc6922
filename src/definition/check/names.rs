//! Names: well formed, unique within their group, and none of those that are made from others.

use std::collections::HashMap;

use super::Subject;
use crate::definition::assemble::takes_companion;
use crate::definition::element::Companion;
use crate::definition::place::{Diagnostic, Place, Position};
use crate::definition::unanswered::MissingCode;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    if !definition.survey().is_empty() && !is_name(definition.survey()) {
        found.push(
            Diagnostic::error(
                subject.top("survey"),
                format!("'{}' can't be the id of a survey", definition.survey()),
            )
            .with_help("begin with a letter, go on with letters, digits, '_', '-' or '.'"),
        );
    }
    if definition.version().trim().is_empty() && subject.top.of("version").is_some() {
        found.push(Diagnostic::error(subject.top("version"), "the version is empty").with_help("version: \"2026.1\""));
    }
    if definition.elements().is_empty() && subject.top.of("questions").is_some() {
        found.push(Diagnostic::error(subject.top("questions"), "no question is asked").with_help("add a question"));
    }
    for element in definition.elements() {
        if !is_name(&element.name) {
            found.push(
                Diagnostic::error(
                    subject.place(element, "name"),
                    format!("'{}' can't be a name", element.name),
                )
                .with_help("begin with a letter or '_', go on with letters, digits, '_', '-' or '.', without spaces"),
            );
        }
        if element.name == "meta" {
            found.push(
                Diagnostic::error(
                    subject.place(element, "name"),
                    "the name 'meta' is taken by the form's own metadata",
                )
                .with_help("take another name"),
            );
        }
    }
    if let Some(name) = definition.settings().other.get("name").filter(|name| !is_name(name)) {
        found.push(
            Diagnostic::error(
                subject.top("settings"),
                format!("'{name}' can't be the name of the form's root"),
            )
            .with_help("begin with a letter or '_', go on with letters, digits, '_', '-' or '.', without spaces"),
        );
    }
    repeats(subject, found);
    let parents = std::iter::once(None).chain(definition.elements().iter().map(|element| Some(element.id)));
    for parent in parents {
        unique(subject, definition.children(parent), found);
    }
}

/// Exports have a table for each repeat, and one for the form as a whole.
fn repeats(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let root = definition.settings().other.get("name").map_or("data", String::as_str);
    let mut seen: HashMap<&str, Place> = HashMap::new();
    for element in definition.elements().iter().filter(|element| element.is_repeat()) {
        let place = subject.place(element, "name");
        if element.name == root {
            found.push(
                Diagnostic::error(
                    place,
                    format!("a repeat can't be named '{root}', as the form's root is"),
                )
                .with_help("take another name"),
            );
            continue;
        }
        match seen.get(element.name.as_str()) {
            Some(first) => found.push(
                Diagnostic::error(place, format!("two repeats are named '{}'", element.name)).with_help(format!(
                    "the first is {}: each repeat is a table of its own, so give one of them another name",
                    whereabouts(first)
                )),
            ),
            None => {
                seen.insert(&element.name, place);
            }
        }
    }
}

/// XML's names without the colon.
pub(in crate::definition) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || "_-.".contains(character))
}

fn unique(subject: &Subject<'_>, siblings: &[crate::definition::ElementId], found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let mut taken: HashMap<String, (Place, Option<String>)> = HashMap::new();
    let elements = || siblings.iter().filter_map(|id| definition.get(*id));
    for element in elements() {
        let place = subject.place(element, "name");
        match taken.get(&element.name) {
            Some((first, _)) => found.push(
                Diagnostic::error(
                    place,
                    format!("the name '{}' is given twice in one group", element.name),
                )
                .with_help(format!(
                    "the first is {}: give one of them another name",
                    whereabouts(first)
                )),
            ),
            None => {
                taken.insert(element.name.clone(), (place, None));
            }
        }
    }
    for element in elements().filter(|element| element.companion.is_none()) {
        let missing = takes_companion(element).then(|| MissingCode::companion_of(&element.name));
        let warnings = (1..=element.warn_if.len()).map(|number| Companion::warning_name(&element.name, number));
        for made in missing.into_iter().chain(warnings) {
            if let Some((place, _)) = taken.get(&made) {
                found.push(
                    Diagnostic::error(
                        place.clone(),
                        format!("the name '{made}' is reserved: it is made from '{}'", element.name),
                    )
                    .with_help("take another name"),
                );
            }
        }
    }
}

/// A place as it reads within a sentence about the same file.
pub(in crate::definition) fn whereabouts(place: &Place) -> String {
    match &place.at {
        Position::LineColumn { line, .. } => format!("in line {line}"),
        Position::Cell(address) => format!("in {address}"),
        Position::File => "elsewhere".to_owned(),
    }
}
