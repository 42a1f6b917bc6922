//! Typed reading of a node tree: keys are asked for, and those that nobody asked for are errors.

use super::node::{Node, Value};
use crate::definition::place::{Diagnostic, nearest};
use crate::definition::text::Text;

/// Everything that was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub Vec<Diagnostic>);

impl Findings {
    /// Notes an error at a node.
    pub fn error(&mut self, node: &Node, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Diagnostic::error(node.place(), message).with_help(help));
    }

    /// Notes that a word is none of those that may stand here.
    pub fn unknown<'a>(
        &mut self,
        node: &Node,
        what: &str,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        let help = match nearest(word, candidates.clone()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("one of: {}", candidates.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.error(node, format!("unknown {what} '{word}'"), help);
    }
}

/// The keys of a mapping while they are being read.
pub(crate) struct Fields<'n> {
    node: &'n Node,
    what: &'static str,
    entries: Vec<(&'n Node, &'n Node, bool)>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The keys of this mapping; `what` names it in messages ("a question").
    pub fn new(node: &'n Node, what: &'static str, findings: &mut Findings) -> Option<Self> {
        if let Value::Mapping(entries) = &node.value {
            let entries = entries.iter().map(|(key, value)| (key, value, false)).collect();
            return Some(Self {
                node,
                what,
                entries,
                known: Vec::new(),
            });
        }
        findings.error(
            node,
            format!("{what} is a mapping, but here is {}", node.kind()),
            "write it as `key: value` lines, or as {key: value, key: value}",
        );
        None
    }

    /// The mapping itself.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// The value of a key.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries
            .iter_mut()
            .find(|(candidate, ..)| candidate.text() == Some(key))
            .map(|(_, value, read)| {
                *read = true;
                *value
            })
    }

    /// The value of a key that must be there.
    pub fn require(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'n Node> {
        let value = self.get(key);
        if value.is_none() {
            let misspelt = self
                .entries
                .iter()
                .filter_map(|(candidate, ..)| candidate.text())
                .any(|candidate| nearest(candidate, [key]).is_some());
            if !misspelt {
                findings.error(
                    self.node,
                    format!("{} has no '{key}'", self.what),
                    format!("add `{key}: …`"),
                );
            }
        }
        value
    }

    /// The text of a key.
    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'n str> {
        self.get(key).and_then(|node| scalar(node, key, findings))
    }

    /// A yes or no of a key; no where it is absent.
    pub fn flag(&mut self, key: &'static str, findings: &mut Findings) -> bool {
        let Some(node) = self.get(key) else { return false };
        let Some(text) = scalar(node, key, findings) else {
            return false;
        };
        flag(text).unwrap_or_else(|| {
            findings.error(node, format!("'{key}' is '{text}'"), "write true or false");
            false
        })
    }

    /// The text in several languages of a key; empty where it is absent.
    pub fn languages(&mut self, key: &'static str, findings: &mut Findings) -> Text {
        self.get(key).map(|node| text(node, key, findings)).unwrap_or_default()
    }

    /// The keys that nobody asked for.
    pub fn rest(&mut self) -> Vec<(&'n Node, &'n Node)> {
        self.rest_where(|_| true)
    }

    /// Those of the keys that nobody asked for that fulfil a condition.
    pub fn rest_where(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<(&'n Node, &'n Node)> {
        self.entries
            .iter_mut()
            .filter(|(key, _, read)| !*read && key.text().is_some_and(&wanted))
            .map(|(key, value, read)| {
                *read = true;
                (*key, *value)
            })
            .collect()
    }

    /// Ends the reading: what nobody asked for is an error.
    pub fn finish(mut self, findings: &mut Findings) {
        for (key, _) in self.rest() {
            let name = key.text().unwrap_or_default();
            let help = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("{} can have: {}", self.what, self.known.join(", ")),
            };
            findings.error(key, format!("unknown key '{name}'"), help);
        }
    }
}

/// The text of a node that must be a single text.
pub(crate) fn scalar<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Option<&'n str> {
    let text = node.text().map(str::trim_end);
    if text.is_none() {
        findings.error(
            node,
            format!("'{what}' is a single text, but here is {}", node.kind()),
            "a text with { }, [ ] or ': ' in it needs quotes",
        );
    }
    text
}

/// Text that is the same in every language, or a mapping of language codes.
pub(crate) fn text(node: &Node, what: &str, findings: &mut Findings) -> Text {
    match &node.value {
        Value::Scalar(words) if words.trim().is_empty() => {
            findings.error(
                node,
                format!("'{what}' is empty"),
                "write the words, or leave the key out",
            );
            Text::default()
        }
        Value::Scalar(words) => Text::plain(words.trim_end()),
        Value::Mapping(entries) => entries
            .iter()
            .filter_map(|(language, words)| Some((language.text()?, scalar(words, what, findings)?)))
            .collect(),
        Value::Sequence(_) => {
            findings.error(
                node,
                format!("'{what}' is a text in each language, but here is a list"),
                format!("write `{what}: {{zh: …, en: …}}`"),
            );
            Text::default()
        }
    }
}

/// The items of a list.
pub(crate) fn list<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> &'n [Node] {
    match &node.value {
        Value::Sequence(items) => items,
        Value::Scalar(_) | Value::Mapping(_) => {
            findings.error(
                node,
                format!("'{what}' is a list, but here is {}", node.kind()),
                "write one item a line, each after `- `, or [item, item]",
            );
            &[]
        }
    }
}

/// A mapping of texts.
pub(crate) fn pairs<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Vec<(&'n Node, &'n Node)> {
    match &node.value {
        Value::Mapping(entries) => entries.iter().map(|(key, value)| (key, value)).collect(),
        Value::Scalar(_) | Value::Sequence(_) => {
            findings.error(
                node,
                format!("'{what}' is a mapping, but here is {}", node.kind()),
                format!("write `{what}: {{key: value}}`"),
            );
            Vec::new()
        }
    }
}

/// A yes or no as people and XLSForm write it.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "true()" => Some(true),
        "false" | "no" | "false()" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str, reader: impl FnOnce(Fields<'_>, &mut Findings)) -> Vec<String> {
        let (node, _) = Node::parse("f.yaml", source);
        let node = node.unwrap();
        let mut findings = Findings::default();
        if let Some(fields) = Fields::new(&node, "a question", &mut findings) {
            reader(fields, &mut findings);
        }
        findings.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn unknown_keys_are_errors_with_the_nearest_known_key() {
        let errors = read("label: A\nrelevnt: x\nzzz: y\n", |mut fields, findings| {
            fields.require("label", findings);
            assert_eq!(fields.languages("label", findings), Text::plain("A"));
            fields.get("relevant");
            fields.finish(findings);
        });
        assert_eq!(
            errors,
            [
                "f.yaml:2:1: error: unknown key 'relevnt'\n  help: did you mean 'relevant'?",
                "f.yaml:3:1: error: unknown key 'zzz'\n  help: a question can have: label, relevant",
            ]
        );
    }

    #[test]
    fn a_missing_key_is_one_error_and_a_misspelt_one_is_too() {
        let require = |mut fields: Fields<'_>, findings: &mut Findings| {
            fields.require("name", findings);
            fields.finish(findings);
        };
        assert_eq!(
            read("{}", require),
            ["f.yaml:1:1: error: a question has no 'name'\n  help: add `name: …`"]
        );
        assert_eq!(
            read("nmae: a", require),
            ["f.yaml:1:1: error: unknown key 'nmae'\n  help: did you mean 'name'?"]
        );
    }

    #[test]
    fn what_has_the_wrong_shape_is_said_with_what_would_be_right() {
        assert_eq!(
            read("label: [a]\nrequired: perhaps\n", |mut fields, findings| {
                fields.languages("label", findings);
                fields.flag("required", findings);
            }),
            [
                "f.yaml:1:8: error: 'label' is a text in each language, but here is a list\n  help: write `label: {zh: …, en: …}`",
                "f.yaml:2:11: error: 'required' is 'perhaps'\n  help: write true or false",
            ]
        );
    }
}
