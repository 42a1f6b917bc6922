//! Taking back what `expand` made.

use std::collections::HashMap;

use super::{empty_outline, rebuild, select_of, suffix};
use crate::definition::assemble::assemble;
use crate::definition::choices::ChoiceSource;
use crate::definition::element::{Companion, Element, SoftCheck};
use crate::definition::model::{Definition, ElementId};
use crate::definition::outline::{Outline, Places};
use crate::definition::unanswered::MissingCode;
use crate::definition::unit::Unit;

/// The survey with our own keys again: the inverse of [`expand`].
pub fn fold(expanded: &Definition) -> Definition {
    if !expanded.is_expanded() {
        return expanded.clone();
    }
    assemble(outline(expanded, &[]))
}

/// The outline of what is expanded, folded; `places` are those of its elements.
pub(super) fn outline(expanded: &Definition, places: &[Places]) -> Outline {
    let mut companions: HashMap<(Option<ElementId>, String), Vec<&Element>> = HashMap::new();
    for element in expanded.elements() {
        if let Some(Companion::Missing { of } | Companion::Warning { of, .. }) = &element.companion {
            companions
                .entry((element.parent, of.clone()))
                .or_default()
                .push(element);
        }
    }
    let mut outline = empty_outline(expanded);
    outline.expanded = false;
    outline.choices = expanded
        .choices()
        .iter()
        .filter(|(_, list)| list.derived_from.is_none())
        .map(|(name, list)| {
            let choices = list
                .choices()
                .iter()
                .filter(|choice| choice.missing.is_none())
                .cloned()
                .collect();
            (name.clone(), list.with_choices(choices))
        })
        .collect();
    rebuild(expanded, places, &mut outline, |expanded, element, _| {
        if matches!(
            element.companion,
            Some(Companion::Missing { .. } | Companion::Warning { .. })
        ) {
            return None;
        }
        if let Some(Companion::Codes {
            constraint,
            constraint_message,
        }) = element
            .companion
            .take_if(|companion| matches!(companion, Companion::Codes { .. }))
        {
            choices_as_codes(expanded, element);
            element.constraint = constraint;
            element.constraint_message = constraint_message;
        }
        for companion in companions
            .get(&(element.parent, element.name.clone()))
            .into_iter()
            .flatten()
        {
            match &companion.companion {
                Some(Companion::Missing { .. }) => {
                    element.required.clone_from(&companion.required);
                    element.required_message.clone_from(&companion.required_message);
                    element.missing = codes_of(expanded, companion);
                }
                Some(Companion::Warning { test, .. }) => {
                    element.warn_if.push(SoftCheck {
                        test: test.clone(),
                        message: companion.label.clone(),
                    });
                }
                _ => {}
            }
        }
        if let Some(unit) = &element.unit {
            element.label = element
                .label
                .map(|language, words| without_suffix(unit, language, words));
        }
        Some(Vec::new())
    });
    outline
}

fn choices_as_codes(expanded: &Definition, element: &mut Element) {
    let Some(list) = expanded.choice_list(element.id) else {
        return;
    };
    element.missing = list.choices().iter().filter_map(|choice| choice.missing).collect();
    if let (Some(from), Some(select)) = (&list.derived_from, select_of(element)) {
        select.source = ChoiceSource::List(from.clone());
    }
}

fn codes_of(expanded: &Definition, companion: &Element) -> Vec<MissingCode> {
    expanded
        .choice_list(companion.id)
        .map(|list| list.choices().iter().filter_map(|choice| choice.missing).collect())
        .unwrap_or_default()
}

/// A label without its unit.
pub(super) fn without_suffix(unit: &Unit, language: &str, words: &str) -> String {
    // Which of the two ways a label without a language has is told by the label without its unit.
    words
        .char_indices()
        .filter(|(_, character)| matches!(character, '（' | ' '))
        .filter_map(|(at, _)| words.split_at_checked(at))
        .find(|(label, end)| suffix(unit, language, label) == *end)
        .map_or(words, |(label, _)| label)
        .to_owned()
}
