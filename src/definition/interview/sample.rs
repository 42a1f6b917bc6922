//! One interview in thought: an answer for some questions, each repeat once, as a tree that relevance is evaluated on.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset};

use crate::definition::Formula;
use crate::definition::choices::Choice;
use crate::definition::element::Kind;
use crate::definition::model::{Definition, ElementId, MISSING_SLOT};
use crate::definition::question_type::QuestionType;
use crate::expression::{Environment, Name, NodeKind, NodeSet, Scope, Tree};

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Document,
    Root,
    Element(ElementId),
    /// A choice of a question, by its position.
    Choice(ElementId, usize),
    /// A column of a choice; the first is the name.
    Column(ElementId, usize, usize),
}

/// The world of an interview in thought: always the same moment.
struct Moment;

impl Environment for Moment {
    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::UNIX_EPOCH.fixed_offset()
    }
}

/// Answers in thought.
pub(super) struct Sample<'d> {
    definition: &'d Definition,
    values: Vec<String>,
    relevant: Vec<bool>,
}

impl<'d> Sample<'d> {
    pub fn new(definition: &'d Definition) -> Self {
        let size = definition.elements().len();
        Self {
            definition,
            values: vec![String::new(); size],
            relevant: vec![true; size],
        }
    }

    pub fn answer(&mut self, id: ElementId, value: &str) {
        if let Some(slot) = self.values.get_mut(id.index()) {
            value.clone_into(slot);
        }
    }

    /// Whether the element is asked by the last settling.
    pub fn is_relevant(&self, id: ElementId) -> bool {
        self.relevant.get(id.index()).copied().unwrap_or(true)
    }

    /// Settles relevance and calculation of these elements, which stand in the definition's order.
    pub fn settle(&mut self, elements: impl Iterator<Item = ElementId>) {
        for id in elements {
            let Some(element) = self.definition.get(id) else {
                continue;
            };
            let above = element.parent.is_none_or(|parent| self.is_relevant(parent));
            let relevant = above && element.relevant.as_ref().is_none_or(|formula| self.holds(formula, id));
            if let Some(slot) = self.relevant.get_mut(id.index()) {
                *slot = relevant;
            }
            if let (Some(formula), Some(QuestionType::Calculate(_) | QuestionType::Hidden)) =
                (&element.calculation, element.question_type())
            {
                let value = if relevant {
                    self.value(formula, id)
                } else {
                    String::new()
                };
                self.answer(id, &value);
            }
        }
    }

    /// Whether a condition holds. What can't be evaluated here is taken to hold.
    pub fn holds(&self, formula: &Formula, id: ElementId) -> bool {
        let scope = Scope::new(self, Node::Element(id), &Moment);
        formula
            .expression()
            .evaluate(&scope)
            .map_or(true, |value| value.boolean())
    }

    /// Whether a choice is offered now.
    pub fn is_offered(&self, filter: &Formula, question: ElementId, choice: usize) -> bool {
        let scope = Scope::for_choice(self, Node::Choice(question, choice), Node::Element(question), &Moment);
        filter
            .expression()
            .evaluate(&scope)
            .map_or(true, |value| value.boolean())
    }

    /// What an element reads as now.
    pub fn reads(&self, id: ElementId) -> &str {
        let value = self.values.get(id.index()).map_or("", String::as_str);
        if self.is_relevant(id) { value } else { "" }
    }

    fn choice(&self, question: ElementId, position: usize) -> Option<&Choice> {
        self.definition.choice_list(question)?.choices().get(position)
    }

    fn value(&self, formula: &Formula, id: ElementId) -> String {
        let scope = Scope::new(self, Node::Element(id), &Moment);
        let text = formula
            .expression()
            .evaluate(&scope)
            .map(|value| value.string(&scope).into_owned());
        text.ok().filter(|text| text != "NaN").unwrap_or_default()
    }
}

impl Tree for Sample<'_> {
    type Node = Node;

    fn root(&self) -> Node {
        Node::Document
    }

    fn parent(&self, node: Node) -> Option<Node> {
        match node {
            Node::Document | Node::Choice(..) => None,
            Node::Root => Some(Node::Document),
            Node::Element(id) => Some(self.definition.get(id)?.parent.map_or(Node::Root, Node::Element)),
            Node::Column(question, position, _) => Some(Node::Choice(question, position)),
        }
    }

    fn children(&self, node: Node, found: &mut NodeSet<Node>) {
        let parent = match node {
            Node::Document => return found.push(Node::Root),
            Node::Root => None,
            Node::Element(id) => Some(id),
            Node::Choice(question, position) => {
                let columns = self.choice(question, position).map_or(0, |choice| choice.columns.len());
                return found.extend((0..=columns).map(|column| Node::Column(question, position, column)));
            }
            Node::Column(..) => return,
        };
        found.extend(self.definition.children(parent).iter().copied().map(Node::Element));
    }

    fn kind(&self, node: Node) -> NodeKind {
        if node == Node::Document {
            NodeKind::Root
        } else {
            NodeKind::Element
        }
    }

    fn name(&self, node: Node) -> Name<'_> {
        match node {
            Node::Document => Name::default(),
            Node::Root => Name::plain("data"),
            Node::Element(id) => self
                .definition
                .get(id)
                .map_or(Name::default(), |element| Name::plain(&element.name)),
            Node::Choice(..) => Name::plain("item"),
            Node::Column(.., 0) => Name::plain("name"),
            Node::Column(question, position, column) => self
                .choice(question, position)
                .and_then(|choice| choice.columns.get_index(column - 1))
                .map_or(Name::default(), |(name, _)| Name::plain(name)),
        }
    }

    fn string_value(&self, node: Node) -> Cow<'_, str> {
        match node {
            Node::Element(id) => Cow::Borrowed(self.reads(id)),
            Node::Column(question, position, column) => {
                Cow::Borrowed(self.choice(question, position).map_or("", |choice| match column {
                    0 => &choice.name,
                    column => choice.columns.get_index(column - 1).map_or("", |(_, value)| value),
                }))
            }
            Node::Root | Node::Document | Node::Choice(..) => Cow::Borrowed(""),
        }
    }

    fn order(&self, left: Node, right: Node) -> Ordering {
        let rank = |node| match node {
            Node::Document => (0, 0, 0),
            Node::Root => (1, 0, 0),
            Node::Element(id) => (2, id.index(), 0),
            Node::Choice(_, position) => (3, position, 0),
            Node::Column(_, position, column) => (3, position, column + 1),
        };
        rank(left).cmp(&rank(right))
    }

    fn reference(&self, _context: Node, slot: u32, found: &mut NodeSet<Node>) {
        // In thought nobody refuses: the companion of a question is empty.
        if slot & MISSING_SLOT == 0 {
            found.push(Node::Element(ElementId(slot)));
        }
    }
}

/// Whether the element is a question that a person answers.
pub(super) fn is_asked(definition: &Definition, id: ElementId) -> bool {
    definition
        .get(id)
        .is_some_and(|element| matches!(&element.kind, Kind::Question(question_type) if question_type.is_asked()))
}
