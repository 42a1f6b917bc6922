//! Folding what was read of an expanded XLSForm, in which people may have changed anything.
//!
//! Whatever folding would lose is said: a companion says nothing of its own.

use indexmap::IndexMap;

use super::{alone, alone_message, code_label, expand, fold, is_code, made};
use crate::definition::assemble::assemble;
use crate::definition::check::whereabouts;
use crate::definition::choices::{ChoiceList, ChoiceSource};
use crate::definition::element::{Companion, Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::other::other_question;
use crate::definition::outline::{Outline, Places};
use crate::definition::place::{Diagnostic, Place};
use crate::definition::question_type::QuestionType;
use crate::definition::text::Text;
use crate::definition::unanswered::MissingCode;
use crate::definition::unit::Unit;
use crate::definition::xlsform::written;

/// The outline with our own keys instead of the questions that are marked as companions.
pub(in crate::definition) fn folded(mut outline: Outline, found: &mut Vec<Diagnostic>) -> Outline {
    if !has_ours(&outline) {
        return outline;
    }
    let expected = found.len();
    beside(&outline, found);
    if found.len() > expected {
        return outline;
    }
    selects_with_codes(&mut outline);
    others(&mut outline);
    let mut not_kept = labels_of_codes(&outline, found);
    derived_lists(&outline, found);
    let places = std::mem::take(&mut outline.places);
    let top = std::mem::take(&mut outline.top);
    let (file, provenance) = (outline.file.clone(), outline.provenance);
    outline.expanded = true;
    let read = assemble(outline);
    units_contradicted(&read, &places, found);
    let mut outline = fold::outline(&read, &places);
    changed(
        &read,
        &expand(&assemble(outline.clone())),
        &places,
        &mut not_kept,
        found,
    );
    found.extend(words_not_kept(&not_kept));
    outline.top = top;
    outline.file = file;
    outline.provenance = provenance;
    outline
}

/// Whether anything in an outline was made of our own keys.
fn has_ours(outline: &Outline) -> bool {
    let in_elements = |element: &Element| element.companion.is_some() || element.unit.is_some();
    let in_list =
        |list: &ChoiceList| list.derived_from.is_some() || list.choices().iter().any(|choice| choice.missing.is_some());
    outline.elements.iter().any(in_elements) || outline.choices.values().any(in_list)
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

/// Words of ours that were translated into a language that we have none in, and where they stand.
struct NotKept {
    language: String,
    place: Place,
}

/// Whether we have words of our own in a language; in others English stands for them.
fn is_ours(language: &str) -> bool {
    language.is_empty() || language.starts_with("zh") || language.starts_with("en")
}

/// The languages in which words of ours were translated; or the one of ours in which they were changed.
fn translated<'t>(said: &'t Text, ours: &'t Text) -> Result<Vec<&'t str>, &'t str> {
    let languages = ours.iter().filter(|(language, _)| is_ours(language));
    if let Some((language, _)) = languages
        .into_iter()
        .find(|(language, words)| said.exact(language) != Some(*words))
    {
        return Err(language);
    }
    let others = said
        .iter()
        .filter(|(language, words)| ours.exact(language) != Some(*words));
    Ok(others.map(|(language, _)| language).collect())
}

/// What a code is called is ours to say, in the languages that we have words in.
fn labels_of_codes(outline: &Outline, found: &mut Vec<Diagnostic>) -> Vec<NotKept> {
    let mut not_kept = Vec::new();
    for choice in outline.choices.values().flat_map(ChoiceList::choices) {
        let Some(code) = choice.missing else { continue };
        let ours = code_label(&outline.languages, code);
        match translated(&choice.label, &ours) {
            Ok(languages) => not_kept.extend(languages.into_iter().map(|language| NotKept {
                language: language.to_owned(),
                place: choice.origin.0.clone(),
            })),
            Err(language) => {
                let column = match outline.languages.get(language) {
                    Some(name) => format!("label::{}", written(language, name)),
                    None => "label".to_owned(),
                };
                found.push(
                    Diagnostic::error(
                        choice.origin.0.clone(),
                        format!("the words of the missing code '{code}' were changed"),
                    )
                    .with_help(format!(
                        "write back '{}' in the column '{column}', or remove the row of '{code}' from the sheet '_innogauge' to make it a choice like any other",
                        ours.get(language)
                    )),
                );
            }
        }
    }
    not_kept
}

/// What becomes of translations of our own words, said once.
fn words_not_kept(not_kept: &[NotKept]) -> Option<Diagnostic> {
    let first = not_kept.first()?;
    let mut languages: Vec<String> = Vec::new();
    for one in not_kept {
        let quoted = format!("'{}'", one.language);
        if !languages.contains(&quoted) {
            languages.push(quoted);
        }
    }
    Some(
        Diagnostic::warning(
            first.place.clone(),
            format!(
                "codes for missing answers and the question why there is no figure keep our own words: those in {} are not taken over",
                languages.join(", ")
            ),
        )
        .with_help("phones show them in English in that language; everything else is shown as it is translated"),
    )
}

/// A label that ends in another unit than its question has would put two of them on the screen.
fn units_contradicted(read: &Definition, places: &[Places], found: &mut Vec<Diagnostic>) {
    for element in read.elements() {
        let Some(unit) = &element.unit else { continue };
        let contradicted = element.label.iter().find_map(|(language, words)| {
            let said = other_unit(unit, words)?;
            (fold::without_suffix(unit, language, words) == words).then_some((language, said))
        });
        let Some((language, said)) = contradicted else { continue };
        let in_unit = place(element, places, "unit");
        found.push(
            Diagnostic::error(
                place(element, places, "label"),
                format!(
                    "the label of '{}' says {said}, the unit {} says {}",
                    element.name,
                    whereabouts(&in_unit),
                    unit.label.get(language)
                ),
            )
            .with_help(
                "change the unit there and at the end of the label in each language, or leave it out of the label",
            ),
        );
    }
}

/// The unit that words end in, in parentheses, where it is known and another than this.
fn other_unit<'w>(unit: &Unit, words: &'w str) -> Option<&'w str> {
    let inner = words.trim_end().strip_suffix(['）', ')'])?;
    let (_, said) = inner.rsplit_once(['（', '('])?;
    let is_called = |unit: &Unit| unit.label.iter().any(|(_, label)| label == said);
    let known = Unit::codes().filter_map(Unit::known).any(|known| is_called(&known));
    (known && !is_called(unit)).then_some(said)
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
fn changed(
    read: &Definition,
    again: &Definition,
    places: &[Places],
    not_kept: &mut Vec<NotKept>,
    found: &mut Vec<Diagnostic>,
) {
    for element in read.elements() {
        let mut in_our_words = element.clone();
        let made = again.find_path(read.path(element.id)).and_then(|id| again.get(id));
        let codes = matches!(element.companion, Some(Companion::Codes { .. }));
        let companion = matches!(
            element.companion,
            Some(Companion::Missing { .. } | Companion::Warning { .. })
        );
        let place = |key: &str| place(element, places, key);
        if let (Some(made), Some(Companion::Missing { .. })) = (made, &element.companion)
            && let Ok(languages) = translated(&element.label, &made.label)
        {
            not_kept.extend(languages.into_iter().map(|language| NotKept {
                language: language.to_owned(),
                place: place("label"),
            }));
            in_our_words.label.clone_from(&made.label);
        }
        let element = &in_our_words;
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
