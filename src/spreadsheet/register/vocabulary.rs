//! The words for cities, sectors and size classes, as a survey and its places have them.

use std::collections::HashMap;

use crate::definition::{ChoiceList, Definition, IdentityPart, StudyPlace};

/// The codes that a register may use, and the words for them.
#[derive(Debug, Clone, Default)]
pub struct RegisterWords {
    pub(super) cities: Vocabulary,
    pub(super) sectors: Vocabulary,
    pub(super) sizes: Vocabulary,
}

/// The codes of one list, and the words for them. An empty list takes any word.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    codes: Vec<(String, String)>,
    by_word: HashMap<String, Option<String>>,
}

impl RegisterWords {
    /// The words of a survey's own lists, and of the places of the study.
    pub fn of(definition: &Definition, places: &[StudyPlace]) -> Self {
        let mut words = Self {
            cities: Vocabulary::of(definition, IdentityPart::City),
            sectors: Vocabulary::of(definition, IdentityPart::Sector),
            sizes: Vocabulary::of(definition, IdentityPart::Size),
        };
        for place in places {
            let labels: Vec<&str> = place.label.iter().map(|(_, label)| label).collect();
            let aliases = place.aliases.iter().map(|alias| alias.words.as_str());
            words.cities.add(&place.code, labels.into_iter().chain(aliases));
        }
        words
    }
}

impl Vocabulary {
    fn of(definition: &Definition, part: IdentityPart) -> Self {
        let mut vocabulary = Self::default();
        let list = definition
            .identity()
            .get(part)
            .and_then(|question| definition.choice_list(question));
        for choice in list.map(ChoiceList::choices).unwrap_or_default() {
            if choice.missing.is_some() {
                continue;
            }
            let labels: Vec<&str> = choice.label.iter().map(|(_, label)| label).collect();
            let aliases = choice.aliases.iter().map(|alias| alias.words.as_str());
            vocabulary.add(&choice.name, labels.into_iter().chain(aliases));
        }
        vocabulary
    }

    fn add<'w>(&mut self, code: &'w str, words: impl Iterator<Item = &'w str>) {
        let mut shown = None;
        for word in words.chain([code]) {
            shown.get_or_insert_with(|| word.to_owned());
            let known = self.by_word.entry(tidy(word)).or_insert_with(|| Some(code.to_owned()));
            // A word for two codes names neither.
            if known.as_deref() != Some(code) {
                *known = None;
            }
        }
        if !self.codes.iter().any(|(known, _)| known == code) {
            self.codes.push((code.to_owned(), shown.unwrap_or_default()));
        }
    }

    /// The code that a cell names.
    pub fn find(&self, word: &str) -> Option<String> {
        if self.codes.is_empty() {
            return Some(word.to_owned());
        }
        self.by_word.get(&tidy(word)).cloned().flatten()
    }

    /// The codes with a word for each.
    pub fn codes(&self) -> &[(String, String)] {
        &self.codes
    }
}

fn tidy(word: &str) -> String {
    word.chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| match character {
            '（' => '(',
            '）' => ')',
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}
