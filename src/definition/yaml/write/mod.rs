//! Writing a definition as YAML, in the shape that people write it.
//!
//! Flows in: a [`Definition`]. Flows out: YAML that is read back as the equal definition. Comments are not a part of a
//! definition, and neither is the order of its keys.

mod definition;
mod print;
mod question;

use print::Out;

use crate::definition::element::Alias;
use crate::definition::model::Definition;
use crate::definition::text::Text;

/// A definition as YAML.
///
/// ```
/// use innogauge::definition::{Definition, yaml};
///
/// let text = r#"survey: s
/// version: "1"
/// title: Survey
/// timezone: Asia/Shanghai
///
/// questions:
///   - {type: decimal, name: turnover, label: Turnover}
///   - type: decimal
///     name: rd
///     label: R&D
///     relevant: ${turnover} > 0
///     missing: [refused]
/// "#;
/// let definition = Definition::from_yaml("survey.yaml", text).unwrap().value;
/// assert_eq!(yaml(&definition), text);
/// ```
pub fn yaml(definition: &Definition) -> String {
    definition::tree(&crate::definition::companions::fold(definition)).document()
}

/// A text: as it is where it is the same in every language, else by language.
fn text(text: &Text) -> Out {
    match text.exact("") {
        Some(words) if text.iter().count() == 1 => Out::words(words),
        _ => Out::Map(
            text.iter()
                .map(|(language, words)| (language.to_owned(), Out::words(words)))
                .collect(),
        ),
    }
}

/// Other words: a list, or a list for each language.
fn aliases(aliases: &[Alias]) -> Out {
    let mut languages: Vec<(String, Vec<Out>)> = Vec::new();
    for alias in aliases {
        match languages.last_mut() {
            Some((language, words)) if *language == alias.language => words.push(Out::words(&alias.words)),
            _ => languages.push((alias.language.clone(), vec![Out::words(&alias.words)])),
        }
    }
    match languages.as_slice() {
        [(language, words)] if language.is_empty() => Out::List(words.clone()),
        _ => Out::Map(
            languages
                .into_iter()
                .map(|(language, words)| (language, Out::List(words)))
                .collect(),
        ),
    }
}

/// The entries of a mapping, without those that say nothing.
#[derive(Default)]
struct Entries(Vec<(String, Out)>);

impl Entries {
    fn put(&mut self, key: &str, value: Out) {
        self.0.push((key.to_owned(), value));
    }

    fn words(&mut self, key: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.put(key, Out::words(words));
        }
    }

    fn text(&mut self, key: &str, words: &Text) {
        if !words.is_empty() {
            self.put(key, text(words));
        }
    }

    fn flag(&mut self, key: &str, set: bool) {
        if set {
            self.put(key, Out::TRUE);
        }
    }

    fn map<'m>(&mut self, key: &str, pairs: impl IntoIterator<Item = (&'m String, &'m String)>) {
        let pairs: Vec<(String, Out)> = pairs
            .into_iter()
            .map(|(name, value)| (name.clone(), Out::words(value)))
            .collect();
        if !pairs.is_empty() {
            self.put(key, Out::Map(pairs));
        }
    }

    fn into_map(self) -> Out {
        Out::Map(self.0)
    }
}
