//! The words by which people name the choices of a question: codes, labels in every language, aliases.

use std::collections::HashMap;

use crate::definition::MissingCode;
use crate::response::{Answer, Value};

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

/// What words in a row name together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// These choices, and no others.
    One(Vec<usize>),
    /// These choices, or others: some of the words end one label or begin another.
    Several(Vec<usize>),
    /// Not all of the words are of choices.
    None,
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

    /// The choices that words in a row name one after the other, each by one or more of the words.
    pub fn split(&self, words: &[&str]) -> Split {
        /// Of a label: more words than this in one are not looked for.
        const LONGEST: usize = 40;
        /// Of a cell, likewise.
        const MOST: usize = 400;
        if words.len() > MOST {
            return Split::None;
        }
        // For each place among the words: how many ways lead from there to the end, and the last choice of one of them.
        let mut ways: Vec<(usize, Option<(usize, usize)>)> = vec![(0, None); words.len() + 1];
        if let Some(end) = ways.last_mut() {
            end.0 = 1;
        }
        for from in (0..words.len()).rev() {
            let mut here = (0_usize, None);
            for to in from + 1..=words.len().min(from + LONGEST) {
                let (behind, _) = ways.get(to).copied().unwrap_or_default();
                let Some(label) = words.get(from..to).filter(|_| behind > 0) else {
                    continue;
                };
                match self.find(&label.join(" ")) {
                    Named::One(position) => here = (here.0.saturating_add(behind), Some((position, to))),
                    Named::Several(positions) => {
                        let first = positions.first().map(|position| (*position, to));
                        here = (here.0.saturating_add(behind.saturating_mul(positions.len())), first);
                    }
                    Named::Unknown => (),
                }
            }
            if let Some(slot) = ways.get_mut(from) {
                *slot = here;
            }
        }
        let mut positions = Vec::new();
        let mut at = 0;
        while let Some((_, Some((position, to)))) = ways.get(at) {
            positions.push(*position);
            at = *to;
        }
        match ways.first() {
            Some((1, _)) if !words.is_empty() => Split::One(positions),
            Some((count, _)) if *count > 1 => Split::Several(positions),
            _ => Split::None,
        }
    }

    /// The choice at a position as the answer to a question that takes one.
    pub fn answer(&self, position: usize) -> Answer {
        match self.missing(position) {
            Some(code) => Answer::Missing(code),
            None => Answer::Answered(Value::Choice(self.name(position).to_owned())),
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

    #[test]
    fn labels_in_a_row_are_told_apart_where_there_is_one_way_to_do_it() {
        let offers = [
            offer("own", "自有", "Own funds", &[]),
            offer("bank", "银行", "Bank", &[]),
            offer("loan", "贷款", "Loan", &[]),
            offer("both", "银行贷款", "Bank loan", &[]),
        ];
        let vocabulary = Vocabulary::of(&offers, "en");
        let split = |text: &str| vocabulary.split(&text.split_whitespace().collect::<Vec<_>>());
        assert_eq!(split("Own funds Bank"), Split::One(vec![0, 1]));
        assert_eq!(split("银行贷款 自有"), Split::One(vec![3, 0]));
        assert!(
            matches!(split("Own funds Bank loan"), Split::Several(_)),
            "Bank and Loan, or Bank loan"
        );
        assert_eq!(split("funds Bank"), Split::None);
        assert_eq!(split(""), Split::None);
    }
}
