//! The words of a form in all of its languages.

use indexmap::IndexMap;

use super::Form;
use super::reference::{Standpoint, has_output};
use super::xml::Node;
use crate::definition::choices::ChoiceList;
use crate::definition::element::Element;
use crate::definition::text::Text;
use crate::definition::xlsform::written;

/// What is written of words in a language that lacks them, as pyxform does: clients would show nothing else.
const MISSING: &str = "-";

/// How words are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shown<'t> {
    Plainly,
    /// Where guidance is wanted.
    Guidance,
    /// A picture or sound: the name of the file.
    Media(&'t str),
}

/// The words of one id, by how they are shown.
type Words<'t> = IndexMap<Shown<'t>, &'t Text>;

/// Whether a text differs between languages.
fn is_translated(text: &Text) -> bool {
    text.iter().any(|(language, _)| !language.is_empty())
}

/// Whether a label is written among the translations.
pub(super) fn label_in_itext(element: &Element) -> bool {
    is_translated(&element.label) || !element.media.is_empty()
}

/// Whether a hint is written among the translations.
pub(super) fn hint_in_itext(element: &Element) -> bool {
    is_translated(&element.hint) || !element.guidance_hint.is_empty()
}

/// Whether a message is written among the translations.
pub(super) fn message_in_itext(text: &Text) -> bool {
    is_translated(text) || text.iter().any(|(_, words)| has_output(words))
}

/// Whether the labels of a list are written among the translations.
pub(super) fn list_in_itext(list: &ChoiceList) -> bool {
    list.choices()
        .iter()
        .any(|choice| !choice.media.is_empty() || message_in_itext(&choice.label))
}

/// The translations, where the form has any.
pub(super) fn itext(form: &Form<'_>) -> Option<Node> {
    let mut texts: IndexMap<String, (Words<'_>, Standpoint)> = IndexMap::new();
    for list in form
        .definition
        .choices()
        .values()
        .filter(|list| !list.is_external() && list_in_itext(list))
    {
        for (number, choice) in list.choices().iter().enumerate() {
            let words = labelled(&choice.label, &choice.media);
            texts.insert(format!("{}-{number}", list.name()), (words, Standpoint::top()));
        }
    }
    for element in form.definition.elements() {
        let path = form.paths.absolute(element.id);
        for (name, words) in of_element(element) {
            texts.insert(
                format!("{path}:{name}"),
                (words, Standpoint::of(form.definition, element.id)),
            );
        }
    }
    if texts.is_empty() {
        return None;
    }
    let languages = languages(form, &texts);
    let translations = languages.iter().enumerate().map(|(number, (code, name))| {
        let mut translation = Node::new("translation").with("lang", name);
        if number == 0 {
            translation.set("default", "true()");
        }
        translation.children(
            texts
                .iter()
                .map(|(id, (words, from))| text(form, id, words, from, code)),
        )
    });
    Some(Node::new("itext").children(translations))
}

fn labelled<'t>(label: &'t Text, media: &'t IndexMap<String, Text>) -> Words<'t> {
    let mut words = Words::new();
    if !label.is_empty() {
        words.insert(Shown::Plainly, label);
    }
    let mut media: Vec<(Shown<'_>, &Text)> = media.iter().map(|(kind, files)| (Shown::Media(kind), files)).collect();
    media.sort_unstable_by_key(|(shown, _)| *shown);
    words.extend(media);
    words
}

/// The parts of an element that are written among the translations.
fn of_element(element: &Element) -> Vec<(&'static str, Words<'_>)> {
    let mut parts = Vec::new();
    for (name, text) in [
        ("jr:constraintMsg", &element.constraint_message),
        ("jr:requiredMsg", &element.required_message),
    ] {
        if message_in_itext(text) {
            parts.push((name, Words::from([(Shown::Plainly, text)])));
        }
    }
    if label_in_itext(element) {
        parts.push(("label", labelled(&element.label, &element.media)));
    }
    if hint_in_itext(element) {
        let mut words = Words::new();
        if !element.hint.is_empty() {
            words.insert(Shown::Plainly, &element.hint);
        }
        if !element.guidance_hint.is_empty() {
            words.insert(Shown::Guidance, &element.guidance_hint);
        }
        parts.push(("hint", words));
    }
    parts
}

/// Codes and names of the languages of the form, the default first. The unnamed one is there where a text has words in it
/// beside translated ones, or nothing is translated; words without a language alone are shown in every language.
fn languages(form: &Form<'_>, texts: &IndexMap<String, (Words<'_>, Standpoint)>) -> Vec<(String, String)> {
    let mut all = texts.values().flat_map(|(words, _)| words.values());
    let unnamed = all.any(|text| is_translated(text) && text.exact("").is_some());
    let named = form.definition.languages().iter();
    let named = named.map(|(code, name)| (code.clone(), written(code, name)));
    let named: Vec<(String, String)> = named.collect();
    let default = (unnamed || named.is_empty()).then(|| (String::new(), "default".to_owned()));
    default.into_iter().chain(named).collect()
}

fn text(form: &Form<'_>, id: &str, words: &Words<'_>, from: &Standpoint, code: &str) -> Node {
    let mut node = Node::new("text").with("id", id);
    for (shown, text) in words {
        let everywhere = text.exact("").filter(|_| !is_translated(text));
        let found = text.exact(code).or(everywhere).filter(|words| !words.is_empty());
        let mut value = Node::new("value");
        match (shown, found) {
            (Shown::Media(_), None) => continue,
            (Shown::Media(kind), Some(file)) => {
                let folder = if *kind == "big-image" { "images" } else { kind };
                let folder = if folder == "image" { "images" } else { folder };
                value.set("form", *kind);
                form.paths.words(&format!("jr://{folder}/{file}"), from, &mut value);
            }
            (Shown::Plainly | Shown::Guidance, found) => {
                if *shown == Shown::Guidance {
                    value.set("form", "guidance");
                }
                form.paths.words(found.unwrap_or(MISSING), from, &mut value);
            }
        }
        node.push(value);
    }
    node
}
