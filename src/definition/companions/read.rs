//! Folding what was read of an expanded XLSForm, in which people may have changed anything.
//!
//! Whatever folding would lose is said: a companion says nothing of its own.

use indexmap::IndexMap;

use super::{alone, alone_message, code_label, expand, fold, is_code, made};
use crate::definition::assemble::assemble;
use crate::definition::choices::{ChoiceList, ChoiceSource};
use crate::definition::element::{Companion, Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::other::other_question;
use crate::definition::outline::{Outline, Places};
use crate::definition::place::{Diagnostic, Place};
use crate::definition::question_type::QuestionType;
use crate::definition::unanswered::MissingCode;

/// The outline with our own keys instead of the questions that are marked as companions.
pub(in crate::definition) fn folded(mut outline: Outline, found: &mut Vec<Diagnostic>) -> Outline {
    let expected = found.len();
    beside(&outline, found);
    if found.len() > expected {
        return outline;
    }
    selects_with_codes(&mut outline);
    others(&mut outline);
    labels_of_codes(&outline, found);
    derived_lists(&outline, found);
    let places = std::mem::take(&mut outline.places);
    let top = std::mem::take(&mut outline.top);
    let (file, provenance) = (outline.file.clone(), outline.provenance);
    outline.expanded = true;
    let read = assemble(outline);
    let mut outline = fold::outline(&read, &places);
    changed(&read, &expand(&assemble(outline.clone())), &places, found);
    outline.top = top;
    outline.file = file;
    outline.provenance = provenance;
    outline
}

/// The question that a companion was made from.
fn made_from(element: &Element) -> Option<&str> {
    match element.companion.as_ref()? {
        Companion::Missing { of } | Companion::Warning { of, .. } | Companion::Other { of } => Some(of),
        Companion::Codes { .. } => None,
    }
}

/// Every companion must lie beside its question.
fn beside(outline: &Outline, found: &mut Vec<Diagnostic>) {
    for element in &outline.elements {
        let Some(of) = made_from(element) else { continue };
        let there = |other: &Element| other.parent == element.parent && other.name == of;
        if !outline.elements.iter().any(there) {
            found.push(
                Diagnostic::error(
                    element.origin.0.clone(),
                    format!("'{}' was made from '{of}', which is not beside it", element.name),
                )
                .with_help(format!(
                    "put both into one group, or correct the row of '{}' in the sheet '_innogauge'",
                    element.name
                )),
            );
        }
    }
}

/// Notes which selects have codes among their choices, and what they say without them.
fn selects_with_codes(outline: &mut Outline) {
    let languages = &outline.languages;
    for element in outline
        .elements
        .iter_mut()
        .filter(|element| element.companion.is_none())
    {
        let codes = codes_of(&outline.choices, element);
        if codes.is_empty() {
            continue;
        }
        let mut constraint = element.constraint.clone();
        let mut constraint_message = element.constraint_message.clone();
        if matches!(element.kind, Kind::Question(QuestionType::SelectMultiple(_))) {
            constraint = constraint.and_then(|formula| without_alone(formula, &alone(&codes)));
            if constraint_message == alone_message(languages) {
                constraint_message = crate::definition::Text::default();
            }
        }
        constraint = constraint.map(|formula| without_codes(formula, &is_code(&codes)));
        element.companion = Some(Companion::Codes {
            constraint,
            constraint_message,
        });
    }
}

/// The codes among the choices of a question.
fn codes_of(lists: &IndexMap<String, ChoiceList>, element: &Element) -> Vec<MissingCode> {
    let select = element.question_type().and_then(QuestionType::select);
    let list = select.and_then(|select| match &select.source {
        ChoiceSource::List(name) => lists.get(name),
        ChoiceSource::File(_) | ChoiceSource::Question(_) => None,
    });
    let choices = list.into_iter().flat_map(ChoiceList::choices);
    choices.filter_map(|choice| choice.missing).collect()
}

/// A constraint without the codes that it need not hold for.
fn without_codes(formula: Formula, is_code: &str) -> Formula {
    let source = formula.source();
    let inner = source
        .strip_prefix(is_code)
        .and_then(|rest| rest.strip_prefix(" or (")?.strip_suffix(')'));
    inner.and_then(|inner| made(inner, formula.origin())).unwrap_or(formula)
}

/// A constraint without the condition that codes stand alone.
fn without_alone(formula: Formula, alone: &str) -> Option<Formula> {
    let source = formula.source();
    if source == alone {
        return None;
    }
    let inner = source
        .strip_suffix(alone)
        .and_then(|rest| rest.strip_prefix('(')?.strip_suffix(") and "));
    let inner = inner.and_then(|inner| made(inner, formula.origin()));
    inner.or(Some(formula))
}

/// What asks for another answer is taken for `or_other` only as long as it says what `or_other` says.
fn others(outline: &mut Outline) {
    for index in 0..outline.elements.len() {
        let Some(element) = outline.elements.get(index) else {
            continue;
        };
        let Some(Companion::Other { of }) = &element.companion else {
            continue;
        };
        let asked = outline
            .elements
            .iter()
            .position(|other| other.parent == element.parent && other.name == *of);
        let as_made = asked
            .and_then(|asked| other_question(outline, outline.elements.get(asked)?))
            .is_some_and(|made| says_the_same(&made, element));
        if let (true, Some(select)) = (
            as_made,
            asked
                .and_then(|asked| outline.elements.get_mut(asked))
                .and_then(super::select_of),
        ) {
            select.or_other = true;
        } else if let Some(element) = outline.elements.get_mut(index) {
            element.companion = None;
        }
    }
}

/// Whether two elements say the same, wherever they lie.
fn says_the_same(one: &Element, other: &Element) -> bool {
    let mut one = one.clone();
    one.id = other.id;
    one.parent = other.parent;
    one.children.clone_from(&other.children);
    one == *other
}

/// What a code is called is ours to say.
fn labels_of_codes(outline: &Outline, found: &mut Vec<Diagnostic>) {
    for choice in outline.choices.values().flat_map(ChoiceList::choices) {
        if let Some(code) = choice
            .missing
            .filter(|code| choice.label != code_label(&outline.languages, *code))
        {
            found.push(
                Diagnostic::error(
                    choice.origin.0.clone(),
                    format!("the words of the missing code '{code}' were changed"),
                )
                .with_help(format!(
                    "write back '{}', or remove the row of '{code}' from the sheet '_innogauge' to make it a choice like any other",
                    code_label(&outline.languages, code).get(outline.languages.keys().next().map_or("", String::as_str))
                )),
            );
        }
    }
}

/// A list that was made of another is that one with codes after it: what was changed in one of the two alone would be lost.
fn derived_lists(outline: &Outline, found: &mut Vec<Diagnostic>) {
    for list in outline.choices.values() {
        let Some(base) = list.derived_from.as_ref().and_then(|from| outline.choices.get(from)) else {
            continue;
        };
        let own = list.choices().iter().filter(|choice| choice.missing.is_none());
        let mut pairs = own.zip(base.choices());
        let count = list.choices().iter().filter(|choice| choice.missing.is_none()).count();
        let differs = pairs.find(|(own, base)| own != base).map(|(own, _)| own);
        if differs.is_some() || count != base.choices().len() {
            let place = differs.map_or(list.origin(), |choice| &choice.origin);
            found.push(
                Diagnostic::error(
                    place.0.clone(),
                    format!(
                        "the list '{}' is '{}' with codes for missing answers after it, and has something else now",
                        list.name(),
                        base.name()
                    ),
                )
                .with_help("make the same change in both lists"),
            );
        }
    }
}

/// Says what was changed in companions, and is not kept by folding.
fn changed(read: &Definition, again: &Definition, places: &[Places], found: &mut Vec<Diagnostic>) {
    for element in read.elements() {
        let made = again.find_path(read.path(element.id)).and_then(|id| again.get(id));
        let codes = matches!(element.companion, Some(Companion::Codes { .. }));
        let companion = matches!(
            element.companion,
            Some(Companion::Missing { .. } | Companion::Warning { .. })
        );
        let place = |key: &str| place(element, places, key);
        match made {
            Some(made) if codes && made.constraint != element.constraint => {
                found.push(anew(element, place("constraint")));
            }
            Some(made) if companion && !says_the_same(made, element) => {
                let mut relevant = made.clone();
                relevant.relevant.clone_from(&element.relevant);
                if says_the_same(&relevant, element) && own_condition_kept(element, made, again) {
                    found.push(anew(element, place("relevant")));
                } else {
                    found.push(lost(element, place("name")));
                }
            }
            None if companion => found.push(lost(element, place("name"))),
            _ => {}
        }
    }
}

/// Whether the relevance of a companion still ends in the condition of its own, whatever its question's is before it.
fn own_condition_kept(read: &Element, made: &Element, again: &Definition) -> bool {
    let source = |element: &Element| element.relevant.as_ref().map_or("", Formula::source).to_owned();
    let mut beside = again.children(made.parent).iter().filter_map(|id| again.get(*id));
    let question = beside.find(|element| Some(element.name.as_str()) == made_from(made));
    let (made, around) = (
        source(made),
        format!("({}) and ", question.map(source).unwrap_or_default()),
    );
    source(read).ends_with(made.strip_prefix(&around).unwrap_or(&made))
}

fn anew(element: &Element, place: Place) -> Diagnostic {
    Diagnostic::warning(
        place,
        format!(
            "this does not follow from the question any more: it is made anew for '{}'",
            element.name
        ),
    )
    .with_help("change the question itself, and both in the workbook if other tools read it")
}

fn lost(element: &Element, place: Place) -> Diagnostic {
    let of = made_from(element).unwrap_or_default();
    Diagnostic::error(
        place,
        format!("'{}' was made from '{of}' and says something else now", element.name),
    )
    .with_help(format!(
        "undo the change, or remove the row of '{}' from the sheet '_innogauge' to make it a question of its own",
        element.name
    ))
}

fn place(element: &Element, places: &[Places], key: &str) -> Place {
    let noted = places
        .get(ElementId::index(element.id))
        .and_then(|places| places.of(key));
    noted.unwrap_or(&element.origin.0).clone()
}
