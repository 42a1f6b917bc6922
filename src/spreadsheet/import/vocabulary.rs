//! The words by which people name the choices of a question: codes, labels in every language, aliases.

use std::collections::HashMap;

use crate::definition::MissingCode;

use super::super::layout::Offer;

/// What a cell's text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'v> {
    /// One choice, by its position.
    One(usize),
    /// Several choices.
    Several(&'v [usize]),
    /// None.
    Unknown,
}

/// The words for the choices of one question.
#[derive(Debug)]
pub(super) struct Vocabulary {
    names: Vec<Choice>,
    /// Codes, exactly as written.
    codes: HashMap<Box<str>, usize>,
    /// Everything else, folded.
    words: HashMap<Box<str>, Vec<usize>>,
}

#[derive(Debug)]
struct Choice {
    name: Box<str>,
    /// The label in the language of the messages, where it has one.
    label: Box<str>,
    missing: Option<MissingCode>,
}

impl Vocabulary {
    pub fn of(offers: &[Offer<'_>], language: &str) -> Self {
        let mut vocabulary = Self {
            names: Vec::new(),
            codes: HashMap::new(),
            words: HashMap::new(),
        };
        for (position, offer) in offers.iter().enumerate() {
            vocabulary.names.push(Choice {
                name: offer.name.into(),
                label: offer.label.get(language).into(),
                missing: offer.missing,
            });
            vocabulary.codes.entry(offer.name.into()).or_insert(position);
            vocabulary.add(offer.name, position);
            for (_, label) in offer.label.iter() {
                vocabulary.add(label, position);
                vocabulary.add(&format!("{label} [{}]", offer.name), position);
                vocabulary.add(&format!("{} {label}", offer.name), position);
            }
            for alias in &offer.aliases {
                vocabulary.add(alias, position);
            }
        }
        vocabulary
    }

    fn add(&mut self, word: &str, position: usize) {
        let positions = self.words.entry(fold(word).into()).or_default();
        if !positions.contains(&position) {
            positions.push(position);
        }
    }

    /// The choice that a text names: by its code, else by any of its words.
    pub fn find(&self, text: &str) -> Named<'_> {
        let text = text.trim();
        if let Some(position) = self.codes.get(text) {
            return Named::One(*position);
        }
        match self.words.get(fold(text).as_str()).map(Vec::as_slice) {
            Some([position]) => Named::One(*position),
            Some(several) => Named::Several(several),
            None => Named::Unknown,
        }
    }

    /// The choice whose code is this number, also where the spreadsheet program took the zeros from `01`.
    pub fn find_number(&self, number: f64) -> Named<'_> {
        if let Named::One(position) = self.find(&number.to_string()) {
            return Named::One(position);
        }
        let mut same = (self.names.iter().enumerate())
            .filter(|(_, choice)| {
                choice
                    .name
                    .parse::<f64>()
                    .is_ok_and(|code| (code - number).abs() < f64::EPSILON)
            })
            .map(|(position, _)| position);
        match (same.next(), same.next()) {
            (Some(position), None) => Named::One(position),
            _ => Named::Unknown,
        }
    }

    /// The code at a position.
    pub fn name(&self, position: usize) -> &str {
        self.names.get(position).map_or("", |choice| &choice.name)
    }

    /// The missing code at a position, where it is one.
    pub fn missing(&self, position: usize) -> Option<MissingCode> {
        self.names.get(position).and_then(|choice| choice.missing)
    }

    /// Some choices with codes and labels, for messages.
    pub fn list(&self, positions: impl IntoIterator<Item = usize>) -> String {
        let choices = positions.into_iter().filter_map(|position| self.names.get(position));
        let words = choices.map(|choice| match &*choice.label {
            "" => choice.name.to_string(),
            label => format!("{} {label}", choice.name),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The first choices, for a message to somebody who gave none of them.
    pub fn first(&self) -> String {
        const SHOWN: usize = 12;
        let mut list = self.list(0..self.names.len().min(SHOWN));
        if self.names.len() > SHOWN {
            list.push_str(", …");
        }
        list
    }

    /// Whether no choices are known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A text without the differences that typing makes: case, width, and spaces.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in narrow(text.trim()) {
        if c.is_whitespace() {
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

/// The characters of a text with full-width ones made narrow: `（１２）` is `(12)`.
pub(super) fn narrow(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{A0}' => ' ',
        _ => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Text;

    fn offer(name: &'static str, zh: &str, en: &str, alias: &[&'static str]) -> Offer<'static> {
        let label = Text::from_iter([("zh", zh), ("en", en)]);
        Offer {
            name,
            label,
            aliases: alias.to_vec(),
            missing: None,
        }
    }

    #[test]
    fn a_choice_is_named_by_code_label_or_alias_however_it_is_typed() {
        let offers = [
            offer("01", "煤炭（开采）", "Coal mining", &["煤矿"]),
            offer("2", "是", "Yes", &[]),
            offer("b", "是", "Also", &[]),
        ];
        let vocabulary = Vocabulary::of(&offers, "zh");
        for text in [
            "01",
            "煤炭（开采）",
            "煤炭(开采)",
            " coal  MINING",
            "煤矿",
            "煤炭（开采） [01]",
            "01 Coal mining",
        ] {
            assert_eq!(vocabulary.find(text), Named::One(0), "{text}");
        }
        assert_eq!(
            vocabulary.find_number(1.0),
            Named::One(0),
            "the zero that Excel took away"
        );
        assert_eq!(vocabulary.find("２"), Named::One(1));
        assert_eq!(vocabulary.find("是"), Named::Several(&[1, 2]));
        assert_eq!(vocabulary.find("石油"), Named::Unknown);
    }
}
