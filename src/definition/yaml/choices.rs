//! Reading choice lists.

use indexmap::IndexMap;

use super::definition::aliases;
use super::fields::{Fields, Findings, scalar, text};
use super::node::{Node, Value};
use crate::definition::choices::{Choice, ChoiceList};
use crate::definition::place::Origin;

/// What a label can have beside its words.
const MEDIA: [&str; 4] = ["image", "audio", "video", "big-image"];

/// The keys of a choice that are no filter columns; a column of such a name stands under `columns`.
pub(super) const KEYS: [&str; 9] = [
    "name",
    "label",
    "aliases",
    "geometry",
    "image",
    "audio",
    "video",
    "big-image",
    "columns",
];

/// Reads `choices`: lists by name.
pub(super) fn choice_lists(node: &Node, findings: &mut Findings) -> IndexMap<String, ChoiceList> {
    let Value::Mapping(lists) = &node.value else {
        findings.error(
            node,
            format!("'choices' is a mapping of lists, but here is {}", node.kind()),
            "write `choices: {yes_no: {1: {zh: 是, en: \"Yes\"}, 0: {zh: 否, en: \"No\"}}}`",
        );
        return IndexMap::new();
    };
    lists
        .iter()
        .filter_map(|(name, node)| {
            let choices = match &node.value {
                Value::Mapping(entries) => entries
                    .iter()
                    .filter_map(|(name, label)| short(name, label, findings))
                    .collect(),
                Value::Sequence(items) => items.iter().filter_map(|item| choice(item, findings)).collect(),
                Value::Scalar(_) => {
                    findings.error(
                        node,
                        format!("a choice list is a list or a mapping, but here is {}", node.kind()),
                        "write {1: {zh: 是, en: \"Yes\"}, 0: {zh: 否, en: \"No\"}}, or a list of {name, label}",
                    );
                    Vec::new()
                }
            };
            let name_text = name.text()?;
            Some((
                name_text.to_owned(),
                ChoiceList::new(name_text, choices, Origin(name.place())),
            ))
        })
        .collect()
}

/// `1: {zh: 是, en: "Yes"}`: a choice with a label alone.
fn short(name: &Node, label: &Node, findings: &mut Findings) -> Option<Choice> {
    Some(Choice::new(
        name.text()?,
        text(label, "label", findings),
        Origin(name.place()),
    ))
}

fn choice(node: &Node, findings: &mut Findings) -> Option<Choice> {
    let mut fields = Fields::new(node, "a choice", findings)?;
    let name_node = fields.require("name", findings);
    let name = name_node.and_then(|node| scalar(node, "name", findings));
    let place = name_node.map_or_else(|| node.place(), Node::place);
    let mut choice = Choice::new(
        name.unwrap_or_default(),
        fields.languages("label", findings),
        Origin(place),
    );
    if let Some(node) = fields.get("aliases") {
        choice.aliases = aliases(node, findings);
    }
    choice.geometry = fields.text("geometry", findings).map(str::to_owned);
    for kind in MEDIA {
        let media = fields.languages(kind, findings);
        if !media.is_empty() {
            choice.media.insert(kind.to_owned(), media);
        }
    }
    if let Some(node) = fields.get("columns") {
        // A filter column may be called that, too.
        match &node.value {
            Value::Mapping(entries) => choice.columns.extend(entries.iter().filter_map(|(key, value)| {
                Some((
                    key.text()?.to_owned(),
                    scalar(value, "a filter column", findings)?.to_owned(),
                ))
            })),
            Value::Scalar(value) => _ = choice.columns.insert("columns".to_owned(), value.clone()),
            Value::Sequence(_) => _ = scalar(node, "columns", findings),
        }
    }
    for (key, value) in fields.rest() {
        if let (Some(column), Some(value)) = (key.text(), scalar(value, "a filter column", findings)) {
            choice.columns.insert(column.to_owned(), value.to_owned());
        }
    }
    name.map(|_| choice)
}
