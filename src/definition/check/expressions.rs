//! Expressions: the questions, paths and columns that they name, and what the expression module finds in them.

use std::collections::HashSet;

use super::Subject;
use super::facts::facts;
use crate::definition::choices::ChoiceSource;
use crate::definition::element::Element;
use crate::definition::formula::Formula;
use crate::definition::model::Definition;
use crate::definition::place::{Diagnostic, Place, nearest};
use crate::definition::scan::{Start, paths};
use crate::expression::{FindingKind, Purpose, Surroundings};

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for element in subject.definition.elements() {
        for (key, formula) in element.formulas() {
            names(subject.definition, formula, key, found);
            check_paths(subject.definition, Some(element), key, formula, found);
            findings(subject.definition, Some(element), key, formula, found);
        }
    }
    if let Some(formula) = &subject.definition.settings().instance_name {
        names(subject.definition, formula, "instance_name", found);
        check_paths(subject.definition, None, "instance_name", formula, found);
        findings(subject.definition, None, "instance_name", formula, found);
    }
}

/// What to say of a name that no question has.
pub(super) fn unknown_question(definition: &Definition, place: Place, name: &str) -> Diagnostic {
    let several = definition.named(name);
    if several.len() > 1 {
        let paths: Vec<&str> = several.iter().map(|id| definition.path(*id)).collect();
        return Diagnostic::error(place, format!("'{name}' is ambiguous: it is {}", paths.join(" and ")))
            .with_help("give them different names, or write the whole path");
    }
    let names = || definition.elements().iter().map(|element| element.name.as_str());
    let diagnostic = Diagnostic::error(place, format!("unknown question '{name}'"));
    match nearest(name, names()) {
        Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
        None => diagnostic.with_help("name a question of this survey"),
    }
}

fn names(definition: &Definition, formula: &Formula, key: &str, found: &mut Vec<Diagnostic>) {
    for reference in formula.expression().references() {
        let place = formula.place_at(reference.offset);
        if reference.slot.is_none() {
            let name = reference.name.strip_prefix("last-saved#").unwrap_or(&reference.name);
            found.push(unknown_question(definition, place, name));
        } else if reference.name.starts_with("last-saved#") && key != "default" {
            found.push(
                Diagnostic::error(place, format!("'${{{}}}' stands in '{key}'", reference.name))
                    .with_help("what was answered the last time can only be a default"),
            );
        }
    }
}

/// What a path is resolved to from where it stands.
pub(in crate::definition) fn resolve(own: &str, start: Start, steps: &[&str]) -> Option<String> {
    let mut path: Vec<&str> = match start {
        Start::Root => Vec::new(),
        Start::Up(up) => {
            let own: Vec<&str> = own.split('/').skip(1).filter(|step| !step.is_empty()).collect();
            own.get(..own.len().checked_sub(up)?)?.to_vec()
        }
        Start::Bare => return None,
    };
    let steps = if start == Start::Root { steps.get(1..)? } else { steps };
    path.extend(steps);
    Some(path.iter().fold(String::new(), |path, step| path + "/" + step))
}

fn check_paths(
    definition: &Definition,
    element: Option<&Element>,
    key: &str,
    formula: &Formula,
    found: &mut Vec<Diagnostic>,
) {
    let own = element.map_or("", |element| definition.path(element.id));
    for path in paths(formula.source()) {
        let place = formula.place_at(path.offset);
        if path.start == Start::Bare {
            bare_name(definition, element, key, place, &path.steps, found);
        } else if let Some(resolved) = resolve(own, path.start, &path.steps)
            && !resolved.is_empty()
            && !resolved.starts_with("/meta")
            && definition.find_path(&resolved).is_none()
        {
            let last = path.steps.last().copied().unwrap_or_default();
            let near = nearest(
                &resolved,
                definition.elements().iter().map(|element| definition.path(element.id)),
            )
            .or_else(|| definition.find(last).map(|id| definition.path(id)));
            let diagnostic = Diagnostic::error(place, format!("there is no question at {resolved}"));
            found.push(match near {
                Some(near) if path.start == Start::Root => {
                    let root = path.steps.first().copied().unwrap_or("data");
                    diagnostic.with_help(format!("did you mean /{root}{near}?"))
                }
                Some(near) => diagnostic.with_help(format!("did you mean {near}?")),
                None => diagnostic.with_help("a path is /data, then the groups, then the question"),
            });
        }
    }
}

/// A bare name is a column in a choice filter; elsewhere it can only be empty.
fn bare_name(
    definition: &Definition,
    element: Option<&Element>,
    key: &str,
    place: Place,
    steps: &[&str],
    found: &mut Vec<Diagnostic>,
) {
    let name = steps.first().copied().unwrap_or_default();
    if key != "choice_filter" {
        let diagnostic = Diagnostic::error(place, format!("the bare name '{name}' can only be empty here"));
        found.push(
            match nearest(name, definition.elements().iter().map(|element| element.name.as_str())) {
                Some(near) => diagnostic.with_help(format!("did you mean ${{{near}}}?")),
                None => diagnostic.with_help("a question is written ${name}, a text in quotes"),
            },
        );
        return;
    }
    let Some(select) = element
        .and_then(Element::question_type)
        .and_then(|question_type| question_type.select())
    else {
        return;
    };
    let ChoiceSource::List(list) = &select.source else {
        return;
    };
    let Some(list) = definition.choices().get(list) else {
        return;
    };
    let mut columns: Vec<&str> = vec!["name", "label"];
    let mut seen = HashSet::new();
    for choice in list.choices() {
        columns.extend(
            choice
                .columns
                .keys()
                .map(String::as_str)
                .filter(|column| seen.insert(column.to_owned())),
        );
        if choice.geometry.is_some() && seen.insert("geometry") {
            columns.push("geometry");
        }
    }
    if !columns.contains(&name) {
        let diagnostic = Diagnostic::error(place, format!("the choices '{}' have no column '{name}'", list.name()));
        found.push(match nearest(name, columns.iter().copied()) {
            Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
            None => diagnostic.with_help(format!("their columns are {}", columns.join(", "))),
        });
    }
}

/// What the expression module finds. Portability is an error in a definition of our own.
fn findings(
    definition: &Definition,
    element: Option<&Element>,
    key: &str,
    formula: &Formula,
    found: &mut Vec<Diagnostic>,
) {
    let surroundings = Surroundings {
        purpose: match key {
            "relevant" | "required" | "read_only" | "warn_if" => Purpose::Condition,
            "constraint" => Purpose::Constraint,
            "choice_filter" => Purpose::ChoiceFilter,
            "trigger" => Purpose::Nodes,
            _ => Purpose::Calculation,
        },
        own: element.map(|element| facts(definition, Some(element), element)),
        facts: &|reference| {
            let slot = reference.slot?;
            super::facts::of_slot(definition, element, slot)
        },
    };
    for finding in formula.expression().check(&surroundings) {
        let place = formula.place_at(finding.offset);
        let diagnostic = match finding.kind {
            FindingKind::Error | FindingKind::Portability => Diagnostic::error(place, finding.message),
            FindingKind::Doubt => Diagnostic::warning(place, finding.message),
        };
        found.push(match finding.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }
}
