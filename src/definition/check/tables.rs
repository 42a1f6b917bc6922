//! Tables: groups of selects that share one header (`table-list`), and selects that search in a file.

use super::Subject;
use crate::definition::element::Element;
use crate::definition::place::Diagnostic;
use crate::definition::question_type::QuestionType;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for element in subject.definition.elements() {
        let appearance = element.appearance.as_deref().unwrap_or_default();
        if element.question_type().is_none() && appearance.split_whitespace().any(|word| word == "table-list") {
            table(subject, element, found);
        }
        if appearance.contains("search(") {
            search(subject, element, found);
        }
    }
}

/// All selects of a table have the same choices.
fn table(subject: &Subject<'_>, group: &Element, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let questions = group.children.iter().filter_map(|id| definition.get(*id));
    let selects: Vec<(&Element, &str)> = questions
        .filter_map(|element| Some((element, element.question_type()?.select()?.list()?)))
        .collect();
    let Some((first, list)) = selects.first() else { return };
    if first.choice_filter.is_some() {
        found.push(
            Diagnostic::error(
                subject.place(first, "choice_filter"),
                format!(
                    "a choice filter in the table '{}', whose choices are its header",
                    group.name
                ),
            )
            .with_help("remove the filter, or the appearance table-list"),
        );
    }
    for (element, other) in selects.iter().filter(|(_, other)| other != list) {
        found.push(
            Diagnostic::error(
                subject.place(element, "type"),
                format!("the choices of the table '{}' are '{list}', not '{other}'", group.name),
            )
            .with_help("a table has one list of choices for all of its questions"),
        );
    }
}

/// A list that is searched for in a file is searched for by all of its questions.
fn search(subject: &Subject<'_>, element: &Element, found: &mut Vec<Diagnostic>) {
    let Some(select) = element.question_type().and_then(QuestionType::select) else {
        return;
    };
    if select.from_file() {
        found.push(
            Diagnostic::error(
                subject.place(element, "appearance"),
                format!(
                    "'{}' has its choices in a file, and searches for them too",
                    element.name
                ),
            )
            .with_help("remove the search, or take a list of choices"),
        );
    }
    let others = subject.definition.questions().filter(|(other, question_type)| {
        let searches = other
            .appearance
            .as_deref()
            .is_some_and(|appearance| appearance.contains("search("));
        let list = question_type.select().and_then(|select| select.list());
        !searches && list.is_some() && list == select.list()
    });
    for (other, _) in others {
        found.push(
            Diagnostic::error(
                subject.place(element, "appearance"),
                format!(
                    "'{}' searches for choices that '{}' offers without a search",
                    element.name, other.name
                ),
            )
            .with_help("let both search, or give one of them a list of its own"),
        );
    }
}
