//! `begin loop over list`: a group for each choice of a list, with the same questions in each.

use super::Reader;
use crate::definition::element::{Element, Kind};
use crate::definition::model::ElementId;
use crate::definition::outline::{Outline, Places};
use crate::definition::place::{Diagnostic, Place};
use crate::definition::text::Text;

/// Puts a group for each choice into the group that the loop is, each with the questions that were read into it.
pub(super) fn unroll(id: ElementId, list: Option<&str>, place: &Place, outline: &mut Outline, reader: &mut Reader) {
    let Some(choices) = list.and_then(|list| outline.choices.get(list)) else {
        reader.found.push(
            Diagnostic::error(
                place.clone(),
                match list {
                    Some(list) => format!("unknown list of choices '{list}'"),
                    None => "the loop names no list of choices".to_owned(),
                },
            )
            .with_help("write begin loop over cities, with a list of the sheet 'choices'"),
        );
        return;
    };
    let choices = choices.choices().to_vec();
    let first = id.index() + 1;
    let template = outline.elements.split_off(first);
    let places = outline.places.split_off(first);
    for choice in choices.iter().filter(|choice| choice.name != "none") {
        let mut group = Element::new(choice.name.clone(), Kind::Group, choice.origin.clone());
        group.label = choice.label.clone();
        let group = outline.push(group, Some(id), Places::default());
        let mut moved: Vec<ElementId> = Vec::with_capacity(template.len());
        for (element, places) in template.iter().zip(&places) {
            let mut element = element.clone();
            let parent = element
                .parent
                .and_then(|parent| parent.index().checked_sub(first))
                .and_then(|at| moved.get(at).copied())
                .unwrap_or(group);
            element.label = filled(&element.label, &choice.name, &choice.label);
            element.hint = filled(&element.hint, &choice.name, &choice.label);
            moved.push(outline.push(element, Some(parent), places.clone()));
        }
    }
}

/// `%(name)s` and `%(label)s` are those of the choice.
fn filled(text: &Text, name: &str, label: &Text) -> Text {
    text.map(|language, words| {
        words
            .replace("%(name)s", name)
            .replace("%(label)s", label.get(language))
    })
}
