//! The answers of one response: the instance tree of a definition, in a few flat arrays.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use super::form::Form;
use super::value::Answer;
use crate::definition::{ElementId, Kind};

/// One instance of a repeat, or the part of a response outside all repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(super) u32);

impl InstanceId {
    /// What lies outside all repeats.
    pub const ROOT: Self = Self(0);
}

/// A node of the tree that expressions see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// The document.
    Document,
    /// The outermost element.
    Root,
    /// A group, an instance of a repeat, or a question.
    Element(InstanceId, ElementId),
    /// The missing code of a question, as the question of its own that form clients have for it.
    Missing(InstanceId, ElementId),
    /// The text of a question.
    Text(InstanceId, ElementId),
    /// The document of a choice list, by its number in the form.
    List(u32),
    /// The outermost element of a choice list.
    ListRoot(u32),
    /// A choice: list and position.
    Choice(u32, u32),
    /// A column of a choice: list, position, column.
    Column(u32, u32, u32),
}

/// What an answer is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// What was received.
    Given,
    /// Our own calculation.
    Calculated,
    /// Nothing: the element is not to be asked.
    NotAsked,
}

#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub given: Answer,
    pub calculated: Answer,
    pub source: Source,
}

impl Cell {
    const EMPTY: Self = Self {
        given: Answer::Unanswered,
        calculated: Answer::Unanswered,
        source: Source::Given,
    };

    /// Whether our own calculation is in force.
    pub fn is_calculated(&self) -> bool {
        self.source == Source::Calculated
    }

    /// What is in force.
    pub fn answer(&self) -> &Answer {
        match self.source {
            Source::Given => &self.given,
            Source::Calculated => &self.calculated,
            Source::NotAsked => &Answer::NotAsked,
        }
    }
}

#[derive(Debug, Clone)]
struct Instance {
    frame: u32,
    parent: InstanceId,
    /// Among its siblings, from 0.
    position: u32,
    /// Where its cells begin.
    base: usize,
    /// The instances of each repeat that lies directly in it.
    repeats: Vec<Vec<InstanceId>>,
}

/// How large a response may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instances of one repeat in one place.
    pub instances_of_a_repeat: usize,
    /// Instances of all repeats together.
    pub instances: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances_of_a_repeat: 1_000,
            instances: 10_000,
        }
    }
}

/// The answers of one response to one definition.
///
/// Every element has exactly one node in each instance of the repeats around it. What was received stays beside what
/// is in force: an answer to a question that is not to be asked reads as [`Answer::NotAsked`] and is still there as
/// [`Answers::received`].
#[derive(Debug, Clone)]
pub struct Answers {
    form: Arc<Form>,
    cells: Vec<Cell>,
    instances: Vec<Instance>,
}

impl Answers {
    /// A response in which nothing is answered and no repeat has an instance.
    pub fn new(form: &Arc<Form>) -> Self {
        let mut answers = Self {
            form: Arc::clone(form),
            cells: Vec::new(),
            instances: Vec::with_capacity(1),
        };
        answers.push_instance(0, InstanceId::ROOT, 0);
        answers
    }

    /// The form that was answered.
    pub fn form(&self) -> &Arc<Form> {
        &self.form
    }

    /// The answer to a question outside repeats. Of one within, the answer of the first instance.
    pub fn get(&self, question: ElementId) -> &Answer {
        let instance = match self.form.place(question) {
            Some(place) if place.frame == 0 => InstanceId::ROOT,
            _ => match self.nodes(question).first() {
                Some(Node::Element(instance, _)) => *instance,
                _ => return &Answer::NotAsked,
            },
        };
        self.in_instance(instance, question)
    }

    /// The answer to a question in an instance of the repeat that it lies in.
    pub fn in_instance(&self, instance: InstanceId, question: ElementId) -> &Answer {
        self.cell(instance, question).map_or(&Answer::NotAsked, Cell::answer)
    }

    /// What was received for a question, whether or not it is in force.
    pub fn received(&self, instance: InstanceId, question: ElementId) -> &Answer {
        self.cell(instance, question)
            .map_or(&Answer::Unanswered, |cell| &cell.given)
    }

    /// The nodes of an element in document order: one outside repeats, one per instance within.
    pub fn nodes(&self, element: ElementId) -> Vec<Node> {
        self.instances_of(element)
            .into_iter()
            .map(|instance| Node::Element(instance, element))
            .collect()
    }

    /// The answers to a question in document order: one outside repeats, one per instance within.
    pub fn all(&self, question: ElementId) -> impl Iterator<Item = &Answer> {
        self.instances_of(question)
            .into_iter()
            .map(move |instance| self.in_instance(instance, question))
    }

    /// The instances that an element has nodes in, in document order.
    pub fn instances_of(&self, element: ElementId) -> Vec<InstanceId> {
        let mut found = Vec::new();
        if let Some(place) = self.form.place(element) {
            self.descend(InstanceId::ROOT, place.frame, &mut |instance| found.push(instance));
        }
        found
    }

    /// The instances of a repeat that lie directly in an instance.
    pub fn repeated(&self, within: InstanceId, repeat: ElementId) -> &[InstanceId] {
        self.repeat_ordinal(within, repeat)
            .and_then(|ordinal| self.instance(within)?.repeats.get(ordinal))
            .map_or(&[], Vec::as_slice)
    }

    /// Adds an instance of a repeat after those that are there. `None` where the repeat does not lie in this instance,
    /// or there are too many already.
    pub fn add_instance(&mut self, within: InstanceId, repeat: ElementId, limits: Limits) -> Option<InstanceId> {
        let ordinal = self.repeat_ordinal(within, repeat)?;
        let place = self.form.place(repeat)?;
        let position = self.instance(within)?.repeats.get(ordinal)?.len();
        if position >= limits.instances_of_a_repeat || self.instances.len() > limits.instances {
            return None;
        }
        let id = self.push_instance(place.frame, within, u32::try_from(position).ok()?);
        self.instances
            .get_mut(within.0 as usize)?
            .repeats
            .get_mut(ordinal)?
            .push(id);
        Some(id)
    }

    /// The instance that an instance lies in.
    pub fn around(&self, instance: InstanceId) -> Option<InstanceId> {
        (instance != InstanceId::ROOT)
            .then(|| self.instance(instance).map(|it| it.parent))
            .flatten()
    }

    /// Sets what was received for a question. Nothing is recomputed: see [`recalculate_from`](super::recalculate_from).
    ///
    /// The answer is taken as it is; [`parse_text`](super::parse_text) and the readers make answers of the right type.
    pub fn set(&mut self, instance: InstanceId, question: ElementId, answer: Answer) {
        if let Some(cell) = self.cell_mut(instance, question) {
            cell.given = answer;
        }
    }

    /// The path of an element in an instance, with instances counted from 1: `/products[2]/share`.
    pub fn path(&self, instance: InstanceId, element: ElementId) -> String {
        let form = &self.form;
        let mut chain: Vec<ElementId> = form.ancestors(element).map(|ancestor| ancestor.id).collect();
        chain.reverse();
        chain.push(element);
        let mut positions: Vec<u32> = std::iter::successors(Some(instance), |instance| self.around(*instance))
            .filter_map(|instance| self.instance(instance))
            .filter(|instance| instance.frame != 0)
            .map(|instance| instance.position)
            .collect();
        let mut path = String::new();
        for id in chain {
            let Some(element) = form.get(id) else { continue };
            path.push('/');
            path.push_str(&element.name);
            if element.kind == Kind::Repeat
                && let Some(position) = positions.pop()
            {
                let _ = write!(path, "[{}]", position + 1);
            }
        }
        path
    }

    fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(id.0 as usize)
    }

    /// Whether a group, a repeat instance or a question is to be asked, as settled last.
    pub fn is_asked(&self, instance: InstanceId, element: ElementId) -> bool {
        // A group around an instance of a repeat lies outside it.
        let mut instance = instance;
        loop {
            if let Some(cell) = self.cell(instance, element) {
                return cell.source != Source::NotAsked;
            }
            match self.around(instance) {
                Some(around) => instance = around,
                None => return false,
            }
        }
    }

    pub(super) fn mark_not_asked(&mut self, instance: InstanceId, element: ElementId) {
        if let Some(cell) = self.cell_mut(instance, element) {
            cell.source = Source::NotAsked;
        }
    }

    pub(super) fn frame_of(&self, id: InstanceId) -> u32 {
        self.instance(id).map_or(0, |instance| instance.frame)
    }

    pub(super) fn cell(&self, instance: InstanceId, element: ElementId) -> Option<&Cell> {
        let place = self.form.place(element)?;
        let instance = self.instance(instance)?;
        (instance.frame == place.frame)
            .then(|| self.cells.get(instance.base + place.offset as usize))
            .flatten()
    }

    pub(super) fn cell_mut(&mut self, instance: InstanceId, element: ElementId) -> Option<&mut Cell> {
        let place = self.form.place(element)?;
        let instance = self.instance(instance)?;
        let position = instance.base + place.offset as usize;
        (instance.frame == place.frame)
            .then(|| self.cells.get_mut(position))
            .flatten()
    }

    fn push_instance(&mut self, frame: u32, parent: InstanceId, position: u32) -> InstanceId {
        let id = InstanceId(u32::try_from(self.instances.len()).unwrap_or(u32::MAX));
        let base = self.cells.len();
        let (elements, repeats) = self
            .form
            .frame(frame)
            .map_or((0, 0), |frame| (frame.elements.len(), frame.repeats.len()));
        self.cells.resize(base + elements, Cell::EMPTY);
        self.instances.push(Instance {
            frame,
            parent,
            position,
            base,
            repeats: vec![Vec::new(); repeats],
        });
        id
    }

    fn repeat_ordinal(&self, within: InstanceId, repeat: ElementId) -> Option<usize> {
        self.form
            .frame(self.instance(within)?.frame)?
            .repeats
            .iter()
            .position(|candidate| *candidate == repeat)
    }

    /// Visits the instances of a frame that lie in an instance, in document order.
    pub(super) fn descend(&self, from: InstanceId, frame: u32, visit: &mut dyn FnMut(InstanceId)) {
        if self.frame_of(from) == frame {
            visit(from);
            return;
        }
        let here = self.frame_of(from);
        // The repeat directly in `from` that leads to the frame.
        let step = self
            .form
            .frames_around(frame)
            .filter_map(|number| self.form.frame(number)?.repeat)
            .find(|(_, around)| *around == here);
        if let Some((repeat, _)) = step {
            for instance in self.repeated(from, repeat) {
                self.descend(*instance, frame, visit);
            }
        }
    }

    /// Which of two elements comes first in the document.
    pub(super) fn document_order(&self, left: (InstanceId, ElementId), right: (InstanceId, ElementId)) -> Ordering {
        if left.0 == right.0 {
            return left.1.cmp(&right.1);
        }
        self.order_key(left).cmp(&self.order_key(right))
    }

    /// The repeats around an element with the positions of its instances, outermost first, then the element itself.
    fn order_key(&self, (instance, element): (InstanceId, ElementId)) -> Vec<(ElementId, u32)> {
        let mut key: Vec<(ElementId, u32)> = std::iter::successors(Some(instance), |instance| self.around(*instance))
            .filter_map(|id| {
                let instance = self.instance(id)?;
                let (repeat, _) = self.form.frame(instance.frame)?.repeat?;
                Some((repeat, instance.position))
            })
            .collect();
        key.reverse();
        if key.last().is_none_or(|(repeat, _)| *repeat != element) {
            key.push((element, 0));
        }
        key
    }
}
