//! Choice lists, and the select questions that use them.

use std::collections::{HashMap, HashSet};

use super::Subject;
use super::names::whereabouts;
use crate::definition::choices::{ChoiceList, ChoiceSource};
use crate::definition::element::Element;
use crate::definition::outline::Provenance;
use crate::definition::place::{Diagnostic, Place, nearest};
use crate::definition::question_type::QuestionType;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let mut used: HashSet<&str> = HashSet::new();
    let mut many: HashMap<&str, &Element> = HashMap::new();
    for (element, question_type) in definition.questions() {
        let Some(select) = question_type.select() else { continue };
        match &select.source {
            ChoiceSource::List(name) => {
                used.insert(name);
                if !matches!(question_type, QuestionType::SelectOne(_)) {
                    many.entry(name).or_insert(element);
                }
                match definition.choices().get(name) {
                    Some(list) => codes(subject, element, list, found),
                    None => unknown_list(subject, element, name, found),
                }
            }
            ChoiceSource::File(name) => file_name(subject.place(element, "type"), name, found),
            ChoiceSource::Question(name) => question(subject, element, name, found),
        }
        if select.or_other && select.list().is_none() {
            found.push(
                Diagnostic::error(
                    subject.place(element, "type"),
                    format!("'or_other' can't add a choice to those of '{}'", element.name),
                )
                .with_help("take a list of choices of the definition"),
            );
        }
        if select.or_other && element.choice_filter.is_some() {
            found.push(
                Diagnostic::error(
                    subject.place(element, "choice_filter"),
                    "'or_other' can't go with a choice filter",
                )
                .with_help("add a choice 'other' to the list and a text question for it"),
            );
        }
    }
    for list in definition.choices().values() {
        check_list(
            list,
            definition.settings().allow_choice_duplicates,
            many.get(list.name()).copied(),
            found,
        );
        let read = || {
            let quoted = [format!("'{}'", list.name()), format!("\"{}\"", list.name())];
            definition
                .elements()
                .iter()
                .flat_map(Element::formulas)
                .any(|(_, formula)| quoted.iter().any(|name| formula.source().contains(name)))
        };
        if !used.contains(list.name()) && !read() {
            found.push(
                Diagnostic::warning(
                    list.origin().0.clone(),
                    format!("no question uses the choices '{}'", list.name()),
                )
                .with_help("remove the list, or use it: type: select_one …"),
            );
        }
    }
}

fn unknown_list(subject: &Subject<'_>, element: &Element, name: &str, found: &mut Vec<Diagnostic>) {
    let lists = || subject.definition.choices().keys().map(String::as_str);
    let help = match nearest(name, lists()) {
        Some(near) => format!("did you mean '{near}'?"),
        None if subject.provenance == Provenance::Elsewhere => {
            format!("add its choices to the sheet 'choices', each with '{name}' in the column list_name")
        }
        None if subject.definition.choices().is_empty() => format!("add it: choices: {{{name}: {{1: …, 2: …}}}}"),
        None => format!(
            "add it under 'choices', or take one of: {}",
            lists().collect::<Vec<_>>().join(", ")
        ),
    };
    found.push(
        Diagnostic::error(
            subject.place(element, "type"),
            format!("unknown list of choices '{name}'"),
        )
        .with_help(help),
    );
}

fn file_name(place: Place, name: &str, found: &mut Vec<Diagnostic>) {
    let known = [".csv", ".xml", ".geojson"];
    // Instances are named after the file up to its ending.
    let stem = known.iter().find_map(|extension| name.strip_suffix(extension));
    if stem.is_none_or(|stem| stem.is_empty() || stem.contains('.')) {
        found.push(
            Diagnostic::error(place, format!("choices can't be read from '{name}'"))
                .with_help("attach a .csv, .xml or .geojson file"),
        );
    }
}

/// `select_one ${member_name}`: the question must lie in a repeat.
fn question(subject: &Subject<'_>, element: &Element, name: &str, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let place = subject.place(element, "type");
    let Some(id) = definition.find(name) else {
        found.push(super::expressions::unknown_question(definition, place, name));
        return;
    };
    if definition.repeat_around(id).is_none() {
        found.push(
            Diagnostic::error(
                place,
                format!("the choices are the answers to '{name}', which is asked only once"),
            )
            .with_help("name a question in a repeat, or a list of choices"),
        );
    }
}

/// The missing codes of a select are choices of it too.
fn codes(subject: &Subject<'_>, element: &Element, list: &ChoiceList, found: &mut Vec<Diagnostic>) {
    for code in &element.missing {
        if list.get(code.code()).is_some_and(|choice| choice.missing.is_none()) {
            found.push(
                Diagnostic::error(
                    subject.place(element, "missing"),
                    format!("the list '{}' has a choice '{code}' of its own", list.name()),
                )
                .with_help("remove the choice from the list, or the code from 'missing'"),
            );
        }
    }
}

fn check_list(list: &ChoiceList, duplicates: bool, many: Option<&Element>, found: &mut Vec<Diagnostic>) {
    if list.choices().is_empty() {
        found.push(
            Diagnostic::error(
                list.origin().0.clone(),
                format!("the list '{}' has no choices", list.name()),
            )
            .with_help("add a choice: 1: {zh: 是, en: \"Yes\"}"),
        );
    }
    let mut seen: HashMap<&str, &Place> = HashMap::new();
    for choice in list.choices() {
        let place = || choice.origin.0.clone();
        if let (Some(first), false) = (seen.get(choice.name.as_str()), duplicates) {
            found.push(
                Diagnostic::error(
                    place(),
                    format!(
                        "the choice '{}' is given twice in the list '{}'",
                        choice.name,
                        list.name()
                    ),
                )
                .with_help(format!(
                    "the first is {}: remove one, or set settings: {{allow_choice_duplicates: true}}",
                    whereabouts(first)
                )),
            );
        }
        seen.entry(&choice.name).or_insert(&choice.origin.0);
        if choice.name.is_empty() {
            found.push(Diagnostic::error(place(), "a choice has an empty name").with_help("give it a code"));
        }
        if let (true, Some(question)) = (choice.name.contains(char::is_whitespace), many) {
            found.push(
                Diagnostic::error(place(), format!("the choice '{}' has a space in its name", choice.name)).with_help(
                    format!(
                        "several choices are stored with spaces between them, in '{}': use '_'",
                        question.name
                    ),
                ),
            );
        }
        if choice.label.is_empty() && choice.media.is_empty() {
            found.push(
                Diagnostic::warning(place(), format!("the choice '{}' has no label", choice.name))
                    .with_help("people would read its code"),
            );
        }
    }
}
