//! Languages: only those that are declared, and every text in each of them.

use super::Subject;
use crate::definition::choices::ChoiceList;
use crate::definition::outline::Provenance;
use crate::definition::place::{Diagnostic, Place, nearest};
use crate::definition::text::Text;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    // XLSForm has no title in several languages.
    if subject.provenance == Provenance::Own || definition.title().exact("").is_none() {
        check_text(subject, "title", definition.title(), &subject.top("title"), found);
    }
    for element in definition
        .elements()
        .iter()
        .filter(|element| element.companion.is_none())
    {
        for (key, text) in element.texts() {
            check_text(subject, key, text, &subject.place(element, key), found);
        }
        for check in &element.warn_if {
            check_text(subject, "message", &check.message, check.test.origin(), found);
        }
        if let Some(unit) = element.unit.as_ref().filter(|unit| unit.code.is_empty()) {
            check_text(subject, "unit", &unit.label, &subject.place(element, "unit"), found);
        }
        for alias in &element.aliases {
            check_code(subject, &alias.language, &subject.place(element, "aliases"), found);
        }
    }
    for choice in definition.choices().values().flat_map(ChoiceList::choices) {
        check_text(subject, "label", &choice.label, &choice.origin, found);
        for alias in &choice.aliases {
            check_code(subject, &alias.language, &choice.origin, found);
        }
    }
}

fn check_text(subject: &Subject<'_>, key: &str, text: &Text, place: &Place, found: &mut Vec<Diagnostic>) {
    if text.is_empty() {
        return;
    }
    for (code, _) in text.iter() {
        check_code(subject, code, place, found);
    }
    let languages = subject.definition.languages();
    let missing: Vec<&str> = languages
        .keys()
        .map(String::as_str)
        .filter(|code| text.exact(code).is_none_or(str::is_empty))
        .collect();
    // Words without a language are meant for all of them; with more than one language they mostly are a slip.
    let plain = text.exact("").is_some();
    let speaks = text
        .exact("")
        .is_some_and(|words| words.chars().any(char::is_alphabetic));
    if missing.is_empty() || (plain && (languages.len() < 2 || !speaks)) {
        return;
    }
    found.push(if plain {
        Diagnostic::warning(
            place.clone(),
            format!("the {} is the same in every language", key.replace('_', " ")),
        )
        .with_help(format!(
            "write {key}: {{{}}}",
            missing
                .iter()
                .map(|code| format!("{code}: …"))
                .collect::<Vec<_>>()
                .join(", ")
        ))
    } else {
        Diagnostic::warning(
            place.clone(),
            format!("the {} is missing in {}", key.replace('_', " "), missing.join(" and ")),
        )
        .with_help(format!(
            "the words of '{}' would be shown",
            text.iter().next().map_or("", |(code, _)| code)
        ))
    });
}

fn check_code(subject: &Subject<'_>, code: &str, place: &Place, found: &mut Vec<Diagnostic>) {
    let languages = subject.definition.languages();
    if code.is_empty() || languages.contains_key(code) {
        return;
    }
    let help = match nearest(code, languages.keys().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!(
            "the languages are {}; others are added to `languages`",
            languages.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        ),
    };
    found.push(Diagnostic::error(place.clone(), format!("unknown language '{code}'")).with_help(help));
}
