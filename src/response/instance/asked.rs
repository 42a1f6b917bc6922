//! The nodes that form clients have of a survey: its questions, and what is made of them for the interview.

use std::collections::HashMap;

use crate::definition::{Companion, Definition, ElementId, as_asked};

/// A survey as form clients have it, and what each node in it stands for.
#[derive(Debug)]
pub(in super::super) struct Asked {
    definition: Definition,
    /// By the number of the element in that definition.
    nodes: Vec<AskedNode>,
    /// The nodes that are no questions of the survey, by what they lie in and their name.
    made: HashMap<(Option<ElementId>, Box<str>), AskedNode>,
}

/// What a node stands for. Ids are those of the survey itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum AskedNode {
    /// A group, repeat or question of the survey.
    Own(ElementId),
    /// The missing code of a question.
    Missing(ElementId),
    /// The confirmation of a soft check of a question, by the position of the check.
    Confirmed(ElementId, usize),
    /// A counter of a repeat or the header of a table: it holds no answer.
    Made,
}

impl Asked {
    /// Of a survey.
    pub fn of(survey: &Definition) -> Self {
        let definition = as_asked(survey).into_owned();
        let own: HashMap<(Option<ElementId>, &str), ElementId> = survey
            .elements()
            .iter()
            .map(|element| ((element.parent, element.name.as_str()), element.id))
            .collect();
        let mut nodes: Vec<AskedNode> = Vec::with_capacity(definition.elements().len());
        let mut made = HashMap::new();
        for element in definition.elements() {
            let parent = element.parent.and_then(|parent| match nodes.get(parent.index()) {
                Some(AskedNode::Own(id)) => Some(*id),
                _ => None,
            });
            let beside = |name: &String| own.get(&(parent, name.as_str())).copied();
            let node = match (&element.companion, own.get(&(parent, element.name.as_str()))) {
                (_, Some(id)) => AskedNode::Own(*id),
                (Some(Companion::Missing { of }), None) => beside(of).map_or(AskedNode::Made, AskedNode::Missing),
                (Some(Companion::Warning { of, .. }), None) => beside(of)
                    .and_then(|id| Some(AskedNode::Confirmed(id, check_number(survey, id, &element.name)?)))
                    .unwrap_or(AskedNode::Made),
                _ => AskedNode::Made,
            };
            if !matches!(node, AskedNode::Own(_)) {
                made.insert((parent, element.name.as_str().into()), node);
            }
            nodes.push(node);
        }
        Self {
            definition,
            nodes,
            made,
        }
    }

    /// The survey as form clients have it.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// What an element of that definition stands for.
    pub fn node(&self, element: ElementId) -> AskedNode {
        self.nodes.get(element.index()).copied().unwrap_or(AskedNode::Made)
    }

    /// What a node stands for that is no question of the survey: it lies in this group or repeat of the survey.
    pub fn made(&self, parent: Option<ElementId>, name: &str) -> Option<AskedNode> {
        self.made.get(&(parent, name.into())).copied()
    }
}

/// Which of the soft checks of a question a node of this name confirms, from 0.
fn check_number(survey: &Definition, question: ElementId, name: &str) -> Option<usize> {
    let element = survey.get(question)?;
    (0..element.warn_if.len()).find(|position| Companion::warning_name(&element.name, position + 1) == name)
}
