//! Expressions: the questions, paths and columns that they name, and what the expression module finds in them.

use std::collections::HashSet;

use super::Subject;
use super::facts::facts;
use crate::definition::assemble::referred;
use crate::definition::element::Element;
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::outline::Provenance;
use crate::definition::place::{Diagnostic, Place, Severity, nearest};
use crate::definition::unanswered::MissingCode;
use crate::expression::{FindingKind, Manner, Missed, Purpose, Reference, Skeleton, Standpoint, Surroundings};

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for element in subject.definition.elements() {
        for (key, formula) in element.formulas() {
            names(subject.definition, formula, key, found);
            check_paths(subject, Some(element), key, formula, found);
            findings(subject, Some(element), key, formula, found);
        }
    }
    let entities = subject.definition.entities().iter();
    let of_entities = entities.flat_map(crate::definition::EntityDeclaration::formulas);
    let name = subject.definition.settings().instance_name.iter();
    for (key, formula) in name.map(|formula| ("instance_name", formula)).chain(of_entities) {
        names(subject.definition, formula, key, found);
        check_paths(subject, None, key, formula, found);
        findings(subject, None, key, formula, found);
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

/// The definition as the paths of its expressions see it.
struct Seen<'d>(&'d Definition);

impl Skeleton for Seen<'_> {
    fn parent(&self, element: u32) -> Option<u32> {
        Some(self.0.get(ElementId(element))?.parent?.0)
    }

    fn children(&self, element: Option<u32>) -> Vec<u32> {
        self.0.children(element.map(ElementId)).iter().map(|id| id.0).collect()
    }

    fn name(&self, element: u32) -> &str {
        self.0
            .get(ElementId(element))
            .map_or("", |element| element.name.as_str())
    }

    fn referred(&self, reference: &Reference) -> Option<u32> {
        referred(reference)
    }
}

/// In forms from elsewhere a path that leads nowhere is a warning: XPath makes it an empty set of nodes.
fn check_paths(
    subject: &Subject<'_>,
    element: Option<&Element>,
    key: &str,
    formula: &Formula,
    found: &mut Vec<Diagnostic>,
) {
    let definition = subject.definition;
    let standpoint = Standpoint {
        own: element.map(|element| element.id.0),
        on_choice: key == "choice_filter",
    };
    let reach = formula.expression().reach(&Seen(definition), standpoint);
    for missed in &reach.missed {
        let place = formula.place_at(missed.offset);
        let mut diagnostic = match missed.manner {
            Manner::Bare => bare_name(definition, place, missed),
            Manner::Absolute | Manner::Relative => no_question(definition, place, missed),
        };
        if subject.provenance == Provenance::Elsewhere {
            diagnostic.severity = Severity::Warning;
        }
        found.push(diagnostic);
    }
    for (offset, name) in &reach.columns {
        if let Some(mut diagnostic) = column(definition, element, formula.place_at(*offset), name) {
            if subject.provenance == Provenance::Elsewhere {
                diagnostic.severity = Severity::Warning;
            }
            found.push(diagnostic);
        }
    }
}

/// What to say of a path that leads to no question.
fn no_question(definition: &Definition, place: Place, missed: &Missed) -> Diagnostic {
    let within = missed.within.map_or("", |id| definition.path(ElementId(id)));
    let path = missed
        .steps
        .iter()
        .fold(within.to_owned(), |path, step| path + "/" + step);
    let diagnostic = Diagnostic::error(place, format!("there is no question at {path}"));
    let last = missed.steps.last().map(String::as_str).unwrap_or_default();
    let companion = last
        .strip_suffix(MissingCode::COMPANION_SUFFIX)
        .and_then(|name| definition.find(name))
        .and_then(|id| definition.get(id));
    if companion.is_some_and(|question| !question.missing.is_empty()) {
        return diagnostic.with_help(format!(
            "write ${{{last}}}: the code for a missing answer has no path of its own"
        ));
    }
    let near = nearest(
        &path,
        definition.elements().iter().map(|element| definition.path(element.id)),
    )
    .or_else(|| definition.find(last).map(|id| definition.path(id)));
    match near {
        Some(near) if missed.manner == Manner::Absolute => diagnostic.with_help(format!("did you mean /data{near}?")),
        Some(near) => diagnostic.with_help(format!("did you mean {near}?")),
        None => diagnostic.with_help("a path is /data, then the groups, then the question"),
    }
}

/// A bare name would be an element within the question.
fn bare_name(definition: &Definition, place: Place, missed: &Missed) -> Diagnostic {
    let name = missed.steps.first().map(String::as_str).unwrap_or_default();
    let diagnostic = Diagnostic::error(place, format!("the bare name '{name}' can only be empty here"));
    match nearest(name, definition.elements().iter().map(|element| element.name.as_str())) {
        Some(near) => diagnostic.with_help(format!("did you mean ${{{near}}}?")),
        None => diagnostic.with_help("a question is written ${name}, a text in quotes"),
    }
}

/// A bare name in a choice filter is a column of the choices: what to say where they have none of that name.
fn column(definition: &Definition, element: Option<&Element>, place: Place, name: &str) -> Option<Diagnostic> {
    let select = element?.question_type()?.select()?;
    let list = definition.choices().get(select.list()?)?;
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
    if columns.contains(&name) {
        return None;
    }
    let diagnostic = Diagnostic::error(place, format!("the choices '{}' have no column '{name}'", list.name()));
    Some(match nearest(name, columns.iter().copied()) {
        Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
        None => diagnostic.with_help(format!("their columns are {}", columns.join(", "))),
    })
}

/// What the expression module finds. Portability is an error in a definition of our own.
fn findings(
    subject: &Subject<'_>,
    element: Option<&Element>,
    key: &str,
    formula: &Formula,
    found: &mut Vec<Diagnostic>,
) {
    let definition = subject.definition;
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
        choices: &|reference| super::facts::choices_of_slot(definition, reference.slot?),
    };
    for finding in formula.expression().check(&surroundings) {
        let place = formula.place_at(finding.offset);
        let diagnostic = match finding.kind {
            FindingKind::Portability if subject.provenance == Provenance::Elsewhere => {
                Diagnostic::warning(place, finding.message)
            }
            FindingKind::Error | FindingKind::Portability => Diagnostic::error(place, finding.message),
            FindingKind::Doubt => Diagnostic::warning(place, finding.message),
        };
        found.push(match finding.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }
}
