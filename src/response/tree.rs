//! Answers as the tree that expressions are evaluated on: the instance, and each choice list as a secondary instance.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::answers::{Answers, InstanceId, Node};
use super::value::{Answer, Value};
use crate::definition::{Choice, ChoiceList, Element, ElementId, Kind, MISSING_SLOT, MissingCode};
use crate::expression::{Name, NodeKind, NodeSet, Tree};

/// The columns of a choice that every list has; filter columns come after them.
const NAME: u32 = 0;
const LABEL: u32 = 1;
const GEOMETRY: u32 = 2;
const FIRST_COLUMN: u32 = 3;

impl Answers {
    fn list(&self, list: u32) -> Option<&ChoiceList> {
        self.form()
            .choices()
            .get_index(list as usize)
            .map(|(_, choices)| choices)
    }

    fn choice(&self, list: u32, position: u32) -> Option<&Choice> {
        self.list(list)?.choices().get(position as usize)
    }

    fn push_children(&self, instance: InstanceId, parent: Option<ElementId>, found: &mut NodeSet<Node>) {
        let form = self.form();
        for element in form.children(parent).iter().filter_map(|id| form.get(*id)) {
            match &element.kind {
                Kind::Repeat => {
                    for inner in self.repeated(instance, element.id) {
                        found.push(Node::Element(*inner, element.id));
                    }
                }
                Kind::Group => found.push(Node::Element(instance, element.id)),
                Kind::Question(question_type) => {
                    if question_type.has_value() {
                        found.push(Node::Element(instance, element.id));
                    }
                }
            }
        }
    }

    /// The text of an answer as the instance holds it.
    fn text_of(&self, instance: InstanceId, element: &Element) -> Cow<'_, str> {
        match self.in_instance(instance, element.id) {
            Answer::Answered(value) => value.to_text(),
            Answer::Missing(code) if is_select(element) => Cow::Borrowed(code.code()),
            Answer::Missing(_) | Answer::Unanswered | Answer::NotAsked => Cow::Borrowed(""),
        }
    }

    fn text_below(&self, node: Node, text: &mut String) {
        let mut children = NodeSet::new();
        self.children(node, &mut children);
        for child in children {
            match child {
                Node::Text(..) | Node::Column(..) => text.push_str(&self.string_value(child)),
                _ => self.text_below(child, text),
            }
        }
    }
}

fn is_select(element: &Element) -> bool {
    element
        .question_type()
        .is_some_and(|question_type| question_type.select().is_some())
}

impl Tree for Answers {
    type Node = Node;

    fn root(&self) -> Node {
        Node::Document
    }

    fn parent(&self, node: Node) -> Option<Node> {
        let form = self.form();
        match node {
            Node::Document | Node::List(_) => None,
            Node::Root => Some(Node::Document),
            Node::Element(instance, id) | Node::Missing(instance, id) => {
                let element = form.get(id)?;
                let instance = if element.kind == Kind::Repeat {
                    self.around(instance)?
                } else {
                    instance
                };
                Some(match element.parent {
                    Some(parent) => Node::Element(instance, parent),
                    None => Node::Root,
                })
            }
            Node::Text(instance, id) => Some(Node::Element(instance, id)),
            Node::ListRoot(list) => Some(Node::List(list)),
            Node::Choice(list, _) => Some(Node::ListRoot(list)),
            Node::Column(list, choice, _) => Some(Node::Choice(list, choice)),
        }
    }

    fn children(&self, node: Node, found: &mut NodeSet<Node>) {
        match node {
            Node::Document => found.push(Node::Root),
            Node::Root => self.push_children(InstanceId::ROOT, None, found),
            Node::Element(instance, id) => match self.form().get(id) {
                Some(element) if matches!(element.kind, Kind::Question(_)) => {
                    if !self.text_of(instance, element).is_empty() {
                        found.push(Node::Text(instance, id));
                    }
                }
                _ => self.push_children(instance, Some(id), found),
            },
            Node::List(list) => found.push(Node::ListRoot(list)),
            Node::ListRoot(list) => {
                let count = self.list(list).map_or(0, |choices| choices.choices().len());
                found
                    .extend((0..u32::try_from(count).unwrap_or(u32::MAX)).map(|position| Node::Choice(list, position)));
            }
            Node::Choice(list, position) => {
                if let Some(choice) = self.choice(list, position) {
                    found.push(Node::Column(list, position, NAME));
                    if !choice.label.is_empty() {
                        found.push(Node::Column(list, position, LABEL));
                    }
                    if choice.geometry.is_some() {
                        found.push(Node::Column(list, position, GEOMETRY));
                    }
                    let columns = u32::try_from(choice.columns.len()).unwrap_or(0);
                    found.extend((0..columns).map(|column| Node::Column(list, position, FIRST_COLUMN + column)));
                }
            }
            Node::Missing(..) | Node::Text(..) | Node::Column(..) => {}
        }
    }

    fn kind(&self, node: Node) -> NodeKind {
        match node {
            Node::Document | Node::List(_) => NodeKind::Root,
            Node::Text(..) => NodeKind::Text,
            _ => NodeKind::Element,
        }
    }

    fn name(&self, node: Node) -> Name<'_> {
        let form = self.form();
        Name::plain(match node {
            Node::Root => form.root_name(),
            Node::Element(_, id) => form.get(id).map_or("", |element| &element.name),
            Node::Missing(_, id) => form.companion_name(id),
            Node::ListRoot(_) => "root",
            Node::Choice(..) => "item",
            Node::Column(list, position, column) => match column {
                NAME => "name",
                LABEL => "label",
                GEOMETRY => "geometry",
                other => self
                    .choice(list, position)
                    .and_then(|choice| choice.columns.get_index((other - FIRST_COLUMN) as usize))
                    .map_or("", |(name, _)| name),
            },
            Node::Document | Node::List(_) | Node::Text(..) => "",
        })
    }

    fn string_value(&self, node: Node) -> Cow<'_, str> {
        match node {
            Node::Element(instance, id) | Node::Text(instance, id) => match self.form().get(id) {
                Some(element) if matches!(element.kind, Kind::Question(_)) => self.text_of(instance, element),
                _ => {
                    let mut text = String::new();
                    self.text_below(node, &mut text);
                    Cow::Owned(text)
                }
            },
            Node::Missing(instance, id) => Cow::Borrowed(match self.in_instance(instance, id) {
                Answer::Missing(code) => code.code(),
                _ => "",
            }),
            Node::Column(list, position, column) => self.choice(list, position).map_or(Cow::Borrowed(""), |choice| {
                Cow::Borrowed(match column {
                    NAME => &choice.name,
                    LABEL => choice.label.get(self.form().default_language()),
                    GEOMETRY => choice.geometry.as_deref().unwrap_or_default(),
                    other => choice
                        .columns
                        .get_index((other - FIRST_COLUMN) as usize)
                        .map_or("", |(_, value)| value),
                })
            }),
            Node::Document | Node::Root | Node::List(_) | Node::ListRoot(_) | Node::Choice(..) => {
                let mut text = String::new();
                self.text_below(node, &mut text);
                Cow::Owned(text)
            }
        }
    }

    fn number_value(&self, node: Node) -> Option<f64> {
        let (Node::Element(instance, id) | Node::Text(instance, id)) = node else {
            return None;
        };
        match &self.cell(instance, id)?.answer() {
            #[allow(clippy::cast_precision_loss, reason = "XPath numbers are doubles")]
            Answer::Answered(Value::Integer(number)) => Some(*number as f64),
            Answer::Answered(Value::Decimal(number)) => Some(*number),
            Answer::Answered(Value::Choice(name)) => one_digit(name),
            Answer::Answered(_) => None,
            Answer::Missing(_) => Some(f64::NAN),
            // A group has no answer of its own, but text below it.
            Answer::Unanswered | Answer::NotAsked => {
                matches!(self.form().get(id)?.kind, Kind::Question(_)).then_some(f64::NAN)
            }
        }
    }

    fn order(&self, left: Node, right: Node) -> Ordering {
        if left == right {
            return Ordering::Equal;
        }
        let place = |node: Node| match node {
            Node::Element(instance, id) => Some((instance, id, 0_u8)),
            Node::Text(instance, id) => Some((instance, id, 1)),
            Node::Missing(instance, id) => Some((instance, id, 2)),
            _ => None,
        };
        match (place(left), place(right)) {
            (Some(left), Some(right)) => self
                .document_order((left.0, left.1), (right.0, right.1))
                .then(left.2.cmp(&right.2)),
            _ => tree_rank(left).cmp(&tree_rank(right)),
        }
    }

    fn secondary_instance(&self, id: &str) -> Option<Node> {
        let list = self.form().choices().get_index_of(id)?;
        Some(Node::List(u32::try_from(list).ok()?))
    }

    fn reference(&self, context: Node, slot: u32, found: &mut NodeSet<Node>) {
        let id = ElementId(slot & !MISSING_SLOT);
        let node = |instance| {
            if slot & MISSING_SLOT == 0 {
                Node::Element(instance, id)
            } else {
                Node::Missing(instance, id)
            }
        };
        let Some(place) = self.form().place(id) else {
            return;
        };
        if place.frame == 0 {
            found.push(node(InstanceId::ROOT));
            return;
        }
        let mut from = match context {
            Node::Element(instance, _) | Node::Text(instance, _) | Node::Missing(instance, _) => instance,
            _ => InstanceId::ROOT,
        };
        // Up to the innermost instance around the context whose frame also lies around the question.
        while !self
            .form()
            .frames_around(place.frame)
            .any(|frame| frame == self.frame_of(from))
        {
            match self.around(from) {
                Some(around) => from = around,
                None => break,
            }
        }
        self.descend(from, place.frame, &mut |instance| found.push(node(instance)));
    }
}

/// Codes of choices are mostly one digit: read without the care that other text needs.
fn one_digit(name: &str) -> Option<f64> {
    match name.as_bytes() {
        [digit @ b'0'..=b'9'] => Some(f64::from(digit - b'0')),
        _ => None,
    }
}

/// The order of nodes of which at least one is no element of the instance: the instance first, then the lists.
fn tree_rank(node: Node) -> (u8, u32, u32, u32) {
    match node {
        Node::Document => (0, 0, 0, 0),
        Node::Root => (1, 0, 0, 0),
        Node::Element(..) | Node::Text(..) | Node::Missing(..) => (2, 0, 0, 0),
        Node::List(list) => (3, list, 0, 0),
        Node::ListRoot(list) => (3, list, 1, 0),
        Node::Choice(list, position) => (3, list, position + 2, 0),
        Node::Column(list, position, column) => (3, list, position + 2, column + 1),
    }
}

/// The name of the question that holds the missing code of another, in forms for clients.
pub(super) fn companion_name(name: &str) -> Box<str> {
    MissingCode::companion_of(name).into()
}
