//! The words of a form in all of its languages.

use vecmap::VecMap;

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

/// Words, by how they are shown.
type Words<'t> = Vec<(Shown<'t>, &'t Text)>;

/// The words of one id.
struct Entry<'t> {
    id: String,
    words: Words<'t>,
    from: Standpoint,
}

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
pub(super) fn itext<'d>(form: &Form<'d>) -> Option<Node<'d>> {
    let mut entries: Vec<Entry<'d>> = Vec::new();
    for list in form
        .definition
        .choices()
        .values()
        .filter(|list| !list.is_external() && list_in_itext(list))
    {
        for (number, choice) in list.choices().iter().enumerate() {
            entries.push(Entry {
                id: format!("{}-{number}", list.name()),
                words: labelled(&choice.label, &choice.media),
                from: Standpoint::top(),
            });
        }
    }
    for element in form.definition.elements() {
        let path = form.paths.absolute(element.id);
        for (name, words) in of_element(element) {
            entries.push(Entry {
                id: format!("{path}:{name}"),
                words,
                from: Standpoint::of(form.definition, element.id),
            });
        }
    }
    if entries.is_empty() {
        return None;
    }
    let languages = languages(form, &entries);
    let translations = languages.into_iter().enumerate().map(|(number, (code, name))| {
        let mut translation = Node::new("translation").with("lang", name);
        if number == 0 {
            translation.set("default", "true()");
        }
        translation.children(entries.iter().map(|entry| text(form, entry, code)))
    });
    Some(Node::new("itext").children(translations))
}

fn labelled<'t>(label: &'t Text, media: &'t VecMap<String, Text>) -> Words<'t> {
    let mut words = Words::new();
    if !label.is_empty() {
        words.push((Shown::Plainly, label));
    }
    let mut media: Words<'_> = media.iter().map(|(kind, files)| (Shown::Media(kind), files)).collect();
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
            parts.push((name, vec![(Shown::Plainly, text)]));
        }
    }
    if label_in_itext(element) {
        parts.push(("label", labelled(&element.label, &element.media)));
    }
    if hint_in_itext(element) {
        let mut words = Words::new();
        if !element.hint.is_empty() {
            words.push((Shown::Plainly, &element.hint));
        }
        if !element.guidance_hint.is_empty() {
            words.push((Shown::Guidance, &element.guidance_hint));
        }
        parts.push(("hint", words));
    }
    parts
}

/// Codes and names of the languages of the form, the default first. The unnamed one is there where a text has words in it
/// beside translated ones, or nothing is translated; words without a language alone are shown in every language.
fn languages<'d>(form: &Form<'d>, entries: &[Entry<'_>]) -> Vec<(&'d str, String)> {
    let mut all = entries.iter().flat_map(|entry| &entry.words);
    let unnamed = all.any(|(_, text)| is_translated(text) && text.exact("").is_some());
    let named = form.definition.languages().iter();
    let named: Vec<(&str, String)> = named.map(|(code, name)| (code.as_str(), written(code, name))).collect();
    let default = (unnamed || named.is_empty()).then(|| ("", "default".to_owned()));
    default.into_iter().chain(named).collect()
}

fn text<'d>(form: &Form<'d>, entry: &Entry<'d>, code: &str) -> Node<'d> {
    let mut node = Node::new("text").with("id", entry.id.clone());
    for (shown, text) in &entry.words {
        let everywhere = text.exact("").filter(|_| !is_translated(text));
        let found = text.exact(code).or(everywhere).filter(|words| !words.is_empty());
        let mut value = Node::new("value");
        match (shown, found) {
            (Shown::Media(_), None) => continue,
            (Shown::Media(kind), Some(file)) => {
                let folder = if *kind == "big-image" { "images" } else { kind };
                let folder = if folder == "image" { "images" } else { folder };
                value.set("form", *kind);
                form.paths
                    .words(format!("jr://{folder}/{file}"), &entry.from, &mut value);
            }
            (Shown::Plainly | Shown::Guidance, found) => {
                if *shown == Shown::Guidance {
                    value.set("form", "guidance");
                }
                form.paths.words(found.unwrap_or(MISSING), &entry.from, &mut value);
            }
        }
        node.push(value);
    }
    node
}
