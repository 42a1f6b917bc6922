//! The few answers of one response that the indicators read, as a tree that formulas are evaluated on.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::definition::MissingCode;
use crate::expression::{Name, NodeKind, NodeSet, Tree, format_number};

/// A question that an indicator reads.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// Its name.
    pub name: String,
    /// Whether it is asked any number of times.
    pub repeated: bool,
    /// Whether its answers are numbers, so that not asked can count as 0.
    pub numeric: bool,
    /// The codes that stand for a reason instead of an answer.
    pub missing: Vec<MissingCode>,
}

/// What was answered to one question, in one instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Entry {
    /// Not to be asked.
    NotAsked,
    /// Asked and left empty.
    Unanswered,
    /// A reason instead of an answer.
    Missing(MissingCode),
    /// A number.
    Number(f64),
    /// Text: a piece of the row's text.
    Text {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
}

/// The answers of one response, by slot. It is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub single: Vec<Entry>,
    pub repeated: Vec<Vec<Entry>>,
    pub text: String,
}

impl Row {
    /// An empty row for so many questions.
    pub fn new(questions: usize) -> Self {
        Self {
            single: vec![Entry::NotAsked; questions],
            repeated: vec![Vec::new(); questions],
            text: String::new(),
        }
    }

    /// Forgets the answers.
    pub fn clear(&mut self) {
        self.single.fill(Entry::NotAsked);
        self.repeated.iter_mut().for_each(Vec::clear);
        self.text.clear();
    }

    /// Notes an answer.
    pub fn set(&mut self, slot: usize, question: &Question, entry: Entry) {
        if question.repeated {
            if let Some(entries) = self.repeated.get_mut(slot) {
                entries.push(entry);
            }
        } else if let Some(single) = self.single.get_mut(slot) {
            *single = entry;
        }
    }

    /// Keeps a text.
    pub fn keep(&mut self, words: &str) -> Entry {
        let start = self.text.len();
        self.text.push_str(words);
        Entry::Text {
            start,
            end: self.text.len(),
        }
    }

    /// The answers to a question: one, or one per instance.
    pub fn entries(&self, slot: u32, questions: &[Question]) -> &[Entry] {
        let slot = slot as usize;
        match questions.get(slot) {
            Some(question) if question.repeated => self.repeated.get(slot).map_or(&[], Vec::as_slice),
            _ => self.single.get(slot).map_or(&[], std::slice::from_ref),
        }
    }

    pub fn words(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// A row as formulas see it.
pub(super) struct View<'a> {
    pub row: &'a Row,
    pub questions: &'a [Question],
    /// Whether a number that was not asked for reads 0 instead of nothing.
    pub zero: bool,
}

/// A node: the document, a question (slot and instance), or its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowNode {
    Document,
    Question(u32, u32),
    Text(u32, u32),
}

impl View<'_> {
    fn entry(&self, slot: u32, instance: u32) -> Entry {
        self.row
            .entries(slot, self.questions)
            .get(instance as usize)
            .copied()
            .unwrap_or(Entry::NotAsked)
    }

    fn is_numeric(&self, slot: u32) -> bool {
        self.questions
            .get(slot as usize)
            .is_some_and(|question| question.numeric)
    }

    fn number(&self, slot: u32, instance: u32) -> Option<f64> {
        match self.entry(slot, instance) {
            Entry::Number(number) => Some(number),
            Entry::NotAsked if self.zero && self.is_numeric(slot) => Some(0.0),
            Entry::NotAsked | Entry::Unanswered | Entry::Missing(_) => Some(f64::NAN),
            Entry::Text { .. } => None,
        }
    }
}

impl Tree for View<'_> {
    type Node = RowNode;

    fn root(&self) -> RowNode {
        RowNode::Document
    }

    fn parent(&self, node: RowNode) -> Option<RowNode> {
        match node {
            RowNode::Document => None,
            RowNode::Question(..) => Some(RowNode::Document),
            RowNode::Text(slot, instance) => Some(RowNode::Question(slot, instance)),
        }
    }

    fn children(&self, node: RowNode, found: &mut NodeSet<RowNode>) {
        if let RowNode::Question(slot, instance) = node {
            found.push(RowNode::Text(slot, instance));
        }
    }

    fn kind(&self, node: RowNode) -> NodeKind {
        match node {
            RowNode::Document => NodeKind::Root,
            RowNode::Question(..) => NodeKind::Element,
            RowNode::Text(..) => NodeKind::Text,
        }
    }

    fn name(&self, node: RowNode) -> Name<'_> {
        match node {
            RowNode::Question(slot, _) => self
                .questions
                .get(slot as usize)
                .map_or_else(Name::default, |question| Name::plain(&question.name)),
            RowNode::Document | RowNode::Text(..) => Name::default(),
        }
    }

    fn string_value(&self, node: RowNode) -> Cow<'_, str> {
        let (RowNode::Question(slot, instance) | RowNode::Text(slot, instance)) = node else {
            return Cow::Borrowed("");
        };
        match self.entry(slot, instance) {
            Entry::Text { start, end } => Cow::Borrowed(self.row.words(start, end)),
            _ => match self.number(slot, instance) {
                Some(number) if !number.is_nan() => Cow::Owned(format_number(number)),
                _ => Cow::Borrowed(""),
            },
        }
    }

    fn number_value(&self, node: RowNode) -> Option<f64> {
        match node {
            RowNode::Question(slot, instance) | RowNode::Text(slot, instance) => self.number(slot, instance),
            RowNode::Document => None,
        }
    }

    fn order(&self, left: RowNode, right: RowNode) -> Ordering {
        let key = |node: RowNode| match node {
            RowNode::Document => (0, 0, 0),
            RowNode::Question(slot, instance) => (slot + 1, instance, 0),
            RowNode::Text(slot, instance) => (slot + 1, instance, 1),
        };
        key(left).cmp(&key(right))
    }

    fn reference(&self, _context: RowNode, slot: u32, found: &mut NodeSet<RowNode>) {
        let instances = self.row.entries(slot, self.questions).len();
        found.extend(
            (0..u32::try_from(instances).unwrap_or(u32::MAX)).map(|instance| RowNode::Question(slot, instance)),
        );
    }
}
