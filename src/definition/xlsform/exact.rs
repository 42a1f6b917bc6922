//! What sheets don't keep letter by letter: curly quotes, runs of spaces, words that are the same in every language,
//! capitals of parameters, columns whose names XLSForm has taken.
//!
//! The sheet `_innogauge` has such words as they were written. They count as long as the sheet still says what was
//! written into it for them; where somebody changed the sheet, the sheet counts.

use vecmap::VecMap;

use super::Reader;
use super::table::Row;
use super::text::clean;
use crate::definition::choices::Choice;
use crate::definition::element::{DefaultValue, Element};
use crate::definition::formula::Formula;
use crate::definition::model::ElementId;
use crate::definition::outline::Outline;
use crate::definition::place::{Diagnostic, Place};
use crate::definition::text::Text;

/// What says the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Settings,
    Element(ElementId),
    /// A choice, by its list and its position there.
    Choice(String, usize),
}

/// The words of the sheet, gathered by what says them.
#[derive(Debug, Default)]
pub(super) struct Exact(Vec<Noted>);

#[derive(Debug)]
struct Noted {
    subject: Subject,
    key: String,
    words: Text,
    place: Place,
}

/// Texts of an element, by their keys.
pub(super) const TEXTS: [&str; 5] = [
    "label",
    "hint",
    "guidance_hint",
    "constraint_message",
    "required_message",
];

/// Expressions of an element, by their keys.
pub(super) const FORMULAS: [&str; 7] = [
    "relevant",
    "constraint",
    "required",
    "calculation",
    "read_only",
    "choice_filter",
    "repeat_count",
];

/// Whether a key is one of those of questions.
pub(super) fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((kind, _)) => matches!(
            kind,
            "media" | "parameters" | "bind" | "body" | "instance" | "save_to" | "extra"
        ),
        None => TEXTS.contains(&key) || FORMULAS.contains(&key) || matches!(key, "appearance" | "default"),
    }
}

/// Whether a key is one of those of choices.
pub(super) fn is_key_of_choices(key: &str) -> bool {
    key.starts_with("columns/") || key.starts_with("media/") || matches!(key, "label" | "geometry")
}

/// What a cell of the sheet says: words that a cell would not keep stand in it as a string of JSON.
pub(super) fn value(cell: &str) -> String {
    if cell.starts_with('"') {
        serde_json::from_str(cell).unwrap_or_else(|_| cell.to_owned())
    } else {
        cell.to_owned()
    }
}

/// The cell for a value: the inverse of [`value`].
pub(super) fn cell(value: &str) -> String {
    let kept = value.trim() == value && !value.contains(['\u{a0}', '\r', '\t']) && !value.starts_with('"');
    let printable = !value
        .chars()
        .any(|character| character.is_control() && character != '\n');
    if kept && printable {
        return value.to_owned();
    }
    serde_json::Value::from(value).to_string().replace('\u{a0}', "\\u00a0")
}

/// Words as they come out of a cell.
pub(super) fn through_cell(words: &str) -> String {
    clean(&words.replace('\u{a0}', " "), true).into_owned()
}

/// The cell for a fixed default that a cell alone would make an expression.
pub(super) fn quoted_default(words: &str) -> Option<String> {
    let quote = ['\'', '"'].into_iter().find(|quote| !words.contains(*quote))?;
    Some(format!("concat({quote}{words}{quote}, '')"))
}

impl Exact {
    /// Notes what a row says.
    pub fn note(&mut self, subject: Subject, key: &str, language: String, words: &str, row: Row<'_>) {
        let known = self
            .0
            .iter_mut()
            .find(|noted| noted.subject == subject && noted.key == key);
        match known {
            Some(noted) => noted.words.insert(language, words),
            None => self.0.push(Noted {
                subject,
                key: key.to_owned(),
                words: Text::from_iter([(language, words)]),
                place: row.place("value"),
            }),
        }
    }

    /// Puts the words into the outline, where the sheets still say the same.
    pub fn apply(self, outline: &mut Outline, reader: &mut Reader) {
        for noted in self.0 {
            let applied = match &noted.subject {
                Subject::Settings => settings(outline, &noted),
                Subject::Element(id) => outline
                    .elements
                    .get_mut(id.index())
                    .is_some_and(|element| of_element(element, &noted)),
                Subject::Choice(list, position) => outline
                    .choices
                    .get_mut(list)
                    .and_then(|list| list.at_mut(*position))
                    .is_some_and(|choice| of_choice(choice, &noted)),
            };
            if !applied {
                reader.found.push(
                    Diagnostic::warning(
                        noted.place,
                        format!("this is not what '{}' says by now: what stands there counts", noted.key),
                    )
                    .with_help("remove the row"),
                );
            }
        }
    }
}

fn settings(outline: &mut Outline, noted: &Noted) -> bool {
    let words = noted.words.get("");
    match noted.key.split_once('/') {
        Some((_, name)) => word(&mut outline.settings.other, name, words),
        None if noted.key == "version" => {
            let same = through_cell(words) == through_cell(&outline.version);
            if same {
                words.clone_into(&mut outline.version);
            }
            same
        }
        None => formula(&mut outline.settings.instance_name, words),
    }
}

fn of_element(element: &mut Element, noted: &Noted) -> bool {
    let words = noted.words.get("");
    if let Some((kind, name)) = noted.key.split_once('/') {
        let map = match kind {
            "media" => return media(&mut element.media, name, &noted.words),
            "parameters" => &mut element.parameters,
            "bind" => &mut element.bind,
            "body" => &mut element.body,
            "instance" => &mut element.instance,
            "save_to" => &mut element.save_to,
            _ => &mut element.extra,
        };
        return word(map, name, words);
    }
    match noted.key.as_str() {
        "label" => text(&mut element.label, &noted.words),
        "hint" => text(&mut element.hint, &noted.words),
        "guidance_hint" => text(&mut element.guidance_hint, &noted.words),
        "constraint_message" => text(&mut element.constraint_message, &noted.words),
        "required_message" => text(&mut element.required_message, &noted.words),
        "relevant" => formula(&mut element.relevant, words),
        "constraint" => formula(&mut element.constraint, words),
        "required" => formula(&mut element.required, words),
        "calculation" => formula(&mut element.calculation, words),
        "read_only" => formula(&mut element.read_only, words),
        "choice_filter" => formula(&mut element.choice_filter, words),
        "repeat_count" => formula(&mut element.repeat_count, words),
        "appearance" => {
            let same = agrees(element.appearance.as_deref(), words);
            if same {
                element.appearance = Some(words.to_owned());
            }
            same
        }
        _ => default(&mut element.default, words),
    }
}

fn of_choice(choice: &mut Choice, noted: &Noted) -> bool {
    let words = noted.words.get("");
    match noted.key.split_once('/') {
        Some(("media", name)) => media(&mut choice.media, name, &noted.words),
        Some((_, name)) => word(&mut choice.columns, name, words),
        None if noted.key == "label" => text(&mut choice.label, &noted.words),
        None => {
            let same = agrees(choice.geometry.as_deref(), words);
            if same {
                choice.geometry = Some(words.to_owned());
            }
            same
        }
    }
}

/// Whether a cell says what it would say of these words; what can't stand in a cell is in none.
fn agrees(said: Option<&str>, words: &str) -> bool {
    said.is_none_or(|said| through_cell(said).to_lowercase() == through_cell(words).to_lowercase())
}

fn word(map: &mut VecMap<String, String>, name: &str, words: &str) -> bool {
    let same = agrees(map.get(name).map(String::as_str), words);
    if same {
        map.insert(name.to_owned(), words.to_owned());
    }
    same
}

fn media(map: &mut VecMap<String, Text>, kind: &str, words: &Text) -> bool {
    map.get_mut(kind).is_some_and(|said| text(said, words))
}

fn formula(said: &mut Option<Formula>, words: &str) -> bool {
    let Some(formula) = said else { return false };
    if through_cell(formula.source()) != through_cell(words) {
        return false;
    }
    let read = Formula::read(words, formula.origin().0.clone(), false);
    read.map(|read| *formula = read).is_ok()
}

fn default(said: &mut Option<DefaultValue>, words: &str) -> bool {
    let same = match said {
        None => true,
        Some(DefaultValue::Fixed(fixed)) => through_cell(fixed) == through_cell(words),
        Some(DefaultValue::Dynamic(formula)) => {
            if through_cell(formula.source()) == through_cell(words) {
                let read = Formula::read(words, formula.origin().0.clone(), false);
                return read.map(|read| *formula = read).is_ok();
            }
            quoted_default(words).is_some_and(|quoted| through_cell(&quoted) == through_cell(formula.source()))
        }
    };
    if same {
        *said = Some(DefaultValue::Fixed(words.to_owned()));
    }
    same
}

/// Takes a text for what the sheet says of it, where each of its cells still says what was written for it.
fn text(said: &mut Text, words: &Text) -> bool {
    let plain = words.exact("").filter(|_| words.iter().count() == 1);
    let written = |language: &str| words.exact(language).or(plain).map(through_cell);
    let said_is_written = said
        .iter()
        .all(|(language, cell)| written(language).is_some_and(|written| written == through_cell(cell)));
    let written_is_said = words.iter().all(|(language, written)| {
        through_cell(written).is_empty() || said.exact(language).is_some() || (plain.is_some() && !said.is_empty())
    });
    let same = said_is_written && written_is_said;
    if same {
        said.clone_from(words);
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_the_sheet_keeps_every_value() {
        for words in ["a", "", " a ", "a\u{a0}", "\"a\"", "a\r\nb", "“a”", "甲\n乙", "a\\b"] {
            assert_eq!(value(&cell(words)), words, "{words:?}");
            assert_eq!(cell(words).trim(), cell(words));
        }
        assert_eq!(cell("“甲” 乙"), "“甲” 乙", "what a cell keeps stands in it as it is");
    }

    #[test]
    fn words_count_as_long_as_the_sheet_still_says_the_same() {
        let exact = Text::plain("“甲”");
        let mut said = Text::from_iter([("zh", "\"甲\""), ("en", "\"甲\"")]);
        assert!(text(&mut said, &exact));
        assert_eq!(said, exact);
        let mut changed = Text::from_iter([("zh", "\"甲\""), ("en", "\"B\"")]);
        assert!(!text(&mut changed, &exact));
        assert_eq!(changed.get("en"), "\"B\"");
    }
}
