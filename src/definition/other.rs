//! `or_other`: a choice "other", and a question for what it is.

use super::choices::Choice;
use super::element::{Companion, Element, Kind};
use super::formula::Formula;
use super::model::ElementId;
use super::outline::{Outline, Places};
use super::question_type::QuestionType;
use super::text::Text;

/// Adds what `or_other` means: XLSForm's choice `other` and its question `…_other`, as pyxform does.
pub(super) fn add_other(outline: &mut Outline) {
    let made: Vec<(Option<ElementId>, String)> = outline
        .elements
        .iter()
        .filter_map(|element| match &element.companion {
            Some(Companion::Other { of }) => Some((element.parent, of.clone())),
            _ => None,
        })
        .collect();
    // What was read of an expanded form has them already.
    let asked = |element: &Element| {
        element
            .question_type()
            .and_then(QuestionType::select)
            .is_some_and(|select| select.or_other)
            && !made
                .iter()
                .any(|(parent, of)| *parent == element.parent && *of == element.name)
    };
    if !outline.elements.iter().any(asked) {
        return;
    }
    let elements = std::mem::take(&mut outline.elements);
    let places = std::mem::take(&mut outline.places);
    let mut moved: Vec<ElementId> = Vec::with_capacity(elements.len());
    for (element, places) in elements.into_iter().zip(places) {
        let parent = element.parent.and_then(|parent| moved.get(parent.index())).copied();
        let other = asked(&element).then(|| other_question(outline, &element)).flatten();
        if let (Some(_), Some(list)) = (
            &other,
            element
                .question_type()
                .and_then(QuestionType::select)
                .and_then(|select| select.list()),
        ) {
            add_choice(outline, list);
        }
        moved.push(outline.push(element, parent, places));
        if let Some(other) = other {
            outline.push(other, parent, Places::default());
        }
    }
}

fn words(outline: &Outline, chinese: &str, english: &str) -> Text {
    match outline.languages.len() {
        0 => Text::plain(english),
        _ => outline
            .languages
            .keys()
            .map(|code| (code.as_str(), if code == "zh" { chinese } else { english }))
            .collect(),
    }
}

/// The question that asks what else.
pub(super) fn other_question(outline: &Outline, element: &Element) -> Option<Element> {
    let relevant = format!("selected(../{}, 'other')", element.name);
    let mut other = Element::new(
        format!("{}_other", element.name),
        Kind::Question(QuestionType::Text),
        element.origin.clone(),
    );
    other.label = words(outline, "请说明其他。", "Specify other.");
    other.relevant = Some(Formula::read(&relevant, element.origin.0.clone(), false).ok()?);
    other.companion = Some(Companion::Other {
        of: element.name.clone(),
    });
    Some(other)
}

fn add_choice(outline: &mut Outline, list: &str) {
    let mut label = words(outline, "其他", "Other");
    let Some(found) = outline.choices.get_mut(list) else {
        return;
    };
    // Where the others are in the unnamed language too, so is this one.
    let mixed = |choice: &Choice| choice.label.exact("").is_some() && choice.label.iter().count() > 1;
    if found.choices().iter().any(mixed) {
        label.insert("", "Other");
    }
    if found.get("other").is_none() {
        let mut choices = found.choices().to_vec();
        choices.push(Choice::new("other", label, found.origin().clone()));
        *found = found.with_choices(choices);
    }
}
