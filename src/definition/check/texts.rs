//! Texts for people: the questions that they name (`${name}`).

use super::Subject;
use super::expressions::unknown_question;
use super::names::is_name;
use crate::definition::choices::ChoiceList;
use crate::definition::place::{Diagnostic, Place};
use crate::definition::text::Text;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    for element in definition.elements() {
        let media = element.media.values().map(|text| ("media", text));
        for (key, text) in element.texts().chain(media) {
            check_text(subject, text, &subject.place(element, key), found);
        }
        for (key, value) in element.appearance.iter().map(|value| ("appearance", value)) {
            names(subject, value, &subject.place(element, key), found);
        }
        for value in element.parameters.values() {
            names(subject, value, &subject.place(element, "parameters"), found);
        }
        for value in element
            .bind
            .values()
            .chain(element.body.values())
            .chain(element.instance.values())
        {
            names(subject, value, &element.origin, found);
        }
        for check in &element.warn_if {
            check_text(subject, &check.message, check.test.origin(), found);
        }
    }
    for choice in definition
        .choices()
        .values()
        .filter(|list| !list.is_external())
        .flat_map(ChoiceList::choices)
    {
        for text in std::iter::once(&choice.label).chain(choice.media.values()) {
            check_text(subject, text, &choice.origin, found);
        }
    }
}

fn check_text(subject: &Subject<'_>, text: &Text, place: &Place, found: &mut Vec<Diagnostic>) {
    for (_, words) in text.iter() {
        names(subject, words, place, found);
    }
}

/// Every `${` begins the name of a question.
fn names(subject: &Subject<'_>, words: &str, place: &Place, found: &mut Vec<Diagnostic>) {
    for (at, _) in words.match_indices("${") {
        let rest = words.get(at + 2..).unwrap_or_default();
        let written = rest.split_once('}').map(|(name, _)| name);
        let name = written.map(|name| name.strip_prefix("last-saved#").unwrap_or(name));
        match name {
            Some(name) if is_name(name.trim()) => {
                if subject.definition.slot(name.trim()).is_none() {
                    found.push(unknown_question(subject.definition, place.clone(), name.trim()));
                }
            }
            _ => found.push(
                Diagnostic::error(place.clone(), "'${' does not begin the name of a question")
                    .with_help("write ${name}, with the braces around the name alone"),
            ),
        }
    }
}
