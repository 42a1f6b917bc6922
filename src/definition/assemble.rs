//! From an outline to the arena: children, paths, indexes, bound expressions, dependencies and their order.
//!
//! Nothing is refused here: a name that can't be bound stays unbound, and the checks say so.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::element::{DefaultValue, Element};
use super::formula::Formula;
use super::model::{Definition, ElementId, MISSING_SLOT};
use super::outline::Outline;
use super::unanswered::MissingCode;
use crate::expression::{Reference, Skeleton};

/// Settles everything about a definition that follows from its outline.
pub(super) fn assemble(outline: Outline) -> Definition {
    let mut definition = Definition {
        survey: outline.survey,
        version: outline.version,
        title: outline.title,
        respondent: outline.respondent,
        languages: outline.languages,
        timezone: outline.timezone,
        identity: outline.identity,
        profiles: outline.profiles,
        settings: outline.settings,
        choices: outline.choices,
        entities: outline.entities,
        elements: outline.elements,
        roots: Vec::new(),
        paths: Vec::new(),
        by_name: HashMap::new(),
        by_path: HashMap::new(),
        order: Vec::new(),
        dependents: Vec::new(),
        expanded: outline.expanded,
    };
    place_elements(&mut definition);
    bind(&mut definition);
    let (order, dependents) = order(&definition.elements);
    definition.order = order;
    definition.dependents = dependents;
    definition
}

fn place_elements(definition: &mut Definition) {
    let mut children: HashMap<Option<ElementId>, Vec<ElementId>> = HashMap::new();
    for element in &definition.elements {
        children.entry(element.parent).or_default().push(element.id);
        let above = element.parent.and_then(|parent| definition.paths.get(parent.index()));
        let path = format!("{}/{}", above.map_or("", String::as_str), element.name);
        definition.by_path.entry(path.clone()).or_insert(element.id);
        definition.paths.push(path);
        definition
            .by_name
            .entry(element.name.clone())
            .or_default()
            .push(element.id);
    }
    definition.roots = children.remove(&None).unwrap_or_default();
    for element in &mut definition.elements {
        element.children = children.remove(&Some(element.id)).unwrap_or_default();
    }
}

fn bind(definition: &mut Definition) {
    let names = Names {
        by_name: &definition.by_name,
        missing: definition.elements.iter().map(takes_companion).collect(),
    };
    let bones = Bones {
        roots: definition.roots.clone(),
        elements: definition.elements.iter().map(Bone::of).collect(),
    };
    for element in &mut definition.elements {
        let id = element.id;
        element.each_formula_mut(&mut |formula| formula.bind(&names, &bones, Some(id)));
    }
    if let Some(formula) = &mut definition.settings.instance_name {
        formula.bind(&names, &bones, None);
    }
    for entity in &mut definition.entities {
        entity.each_formula_mut(&mut |formula| formula.bind(&names, &bones, None));
    }
    let named = |name: &str| match definition.by_name.get(name).map(Vec::as_slice) {
        Some([id]) => Some(*id),
        _ => None,
    };
    for question in definition.identity.parts.values_mut() {
        question.id = named(&question.name);
    }
    for answer in definition
        .profiles
        .values_mut()
        .flat_map(|profile| &mut profile.answers)
    {
        answer.id = named(&answer.name);
    }
}

/// Whether the missing codes of a question travel in a companion of its own.
pub(super) fn takes_companion(element: &Element) -> bool {
    !element.missing.is_empty()
        && element
            .question_type()
            .is_some_and(|question_type| question_type.select().is_none())
}

/// How the elements lie in each other, apart from their expressions, which are changed meanwhile.
struct Bones {
    roots: Vec<ElementId>,
    elements: Vec<Bone>,
}

struct Bone {
    name: String,
    parent: Option<ElementId>,
    children: Vec<ElementId>,
}

impl Bone {
    fn of(element: &Element) -> Self {
        Self {
            name: element.name.clone(),
            parent: element.parent,
            children: element.children.clone(),
        }
    }
}

impl Skeleton for Bones {
    fn parent(&self, element: u32) -> Option<u32> {
        Some(self.elements.get(ElementId(element).index())?.parent?.0)
    }

    fn children(&self, element: Option<u32>) -> Vec<u32> {
        let children = match element {
            None => Some(&self.roots),
            Some(element) => self.elements.get(ElementId(element).index()).map(|bone| &bone.children),
        };
        children.into_iter().flatten().map(|id| id.0).collect()
    }

    fn name(&self, element: u32) -> &str {
        self.elements
            .get(ElementId(element).index())
            .map_or("", |bone| bone.name.as_str())
    }

    fn referred(&self, reference: &Reference) -> Option<u32> {
        referred(reference)
    }
}

/// The element that a bound reference stands for; none where it is the companion of one, or an earlier response's.
pub(super) fn referred(reference: &Reference) -> Option<u32> {
    reference
        .slot
        .filter(|slot| slot & MISSING_SLOT == 0 && !reference.name.starts_with("last-saved#"))
}

/// What `${name}` can stand for.
pub(super) struct Names<'d> {
    by_name: &'d HashMap<String, Vec<ElementId>>,
    /// For each element, whether it has a companion for missing codes.
    missing: Vec<bool>,
}

impl Names<'_> {
    /// The slot of a name that stands for exactly one thing.
    pub fn slot(&self, name: &str) -> Option<u32> {
        let name = name.strip_prefix("last-saved#").unwrap_or(name);
        match self.by_name.get(name).map(Vec::as_slice) {
            Some([id]) => Some(id.0),
            Some(_) => None,
            None => match self
                .by_name
                .get(name.strip_suffix(MissingCode::COMPANION_SUFFIX)?)
                .map(Vec::as_slice)
            {
                Some([id]) if self.missing.get(id.index()) == Some(&true) => Some(id.0 | MISSING_SLOT),
                _ => None,
            },
        }
    }
}

impl Element {
    /// Every expression of the element that is evaluated on answers, with its key.
    pub(super) fn formulas(&self) -> impl Iterator<Item = (&'static str, &Formula)> {
        let dynamic = match &self.default {
            Some(DefaultValue::Dynamic(formula)) => Some(formula),
            Some(DefaultValue::Fixed(_)) | None => None,
        };
        [
            ("relevant", self.relevant.as_ref()),
            ("constraint", self.constraint.as_ref()),
            ("required", self.required.as_ref()),
            ("calculation", self.calculation.as_ref()),
            ("default", dynamic),
            ("read_only", self.read_only.as_ref()),
            ("choice_filter", self.choice_filter.as_ref()),
            ("repeat_count", self.repeat_count.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, formula)| Some((key, formula?)))
        .chain(self.trigger.iter().map(|formula| ("trigger", formula)))
        .chain(self.warn_if.iter().map(|check| ("warn_if", &check.test)))
    }

    /// Lets every expression of the element be changed.
    pub(super) fn each_formula_mut(&mut self, change: &mut impl FnMut(&mut Formula)) {
        [
            &mut self.relevant,
            &mut self.constraint,
            &mut self.required,
            &mut self.calculation,
            &mut self.read_only,
            &mut self.choice_filter,
            &mut self.repeat_count,
        ]
        .into_iter()
        .flatten()
        .for_each(&mut *change);
        if let Some(DefaultValue::Dynamic(formula)) = &mut self.default {
            change(formula);
        }
        self.trigger.iter_mut().for_each(&mut *change);
        self.warn_if.iter_mut().for_each(|check| change(&mut check.test));
    }
}

/// For each element the elements that it depends on, by relevance and calculation and by lying in its parent.
fn inputs(element: &Element) -> impl Iterator<Item = ElementId> {
    [&element.relevant, &element.calculation]
        .into_iter()
        .flatten()
        .flat_map(|formula| formula.depends_on().iter().copied())
        .chain(element.parent)
}

/// The order that settles everything in one pass, nearest to document order, and what depends on what.
///
/// Elements in a cycle come last, in document order; a checked definition has none.
fn order(elements: &[Element]) -> (Vec<ElementId>, Vec<Vec<ElementId>>) {
    let mut dependents: Vec<Vec<ElementId>> = vec![Vec::new(); elements.len()];
    let mut waiting_for = vec![0_usize; elements.len()];
    for element in elements {
        for input in inputs(element) {
            if let (Some(list), Some(count)) = (
                dependents.get_mut(input.index()),
                waiting_for.get_mut(element.id.index()),
            ) && !list.contains(&element.id)
            {
                list.push(element.id);
                *count += 1;
            }
        }
    }
    let mut ready: BinaryHeap<Reverse<ElementId>> = elements
        .iter()
        .zip(&waiting_for)
        .filter(|(_, count)| **count == 0)
        .map(|(element, _)| Reverse(element.id))
        .collect();
    let mut order = Vec::with_capacity(elements.len());
    let mut settled = vec![false; elements.len()];
    while let Some(Reverse(id)) = ready.pop() {
        order.push(id);
        if let Some(settled) = settled.get_mut(id.index()) {
            *settled = true;
        }
        for dependent in dependents.get(id.index()).into_iter().flatten() {
            if let Some(count) = waiting_for.get_mut(dependent.index()) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(*dependent));
                }
            }
        }
    }
    order.extend(
        elements
            .iter()
            .map(|element| element.id)
            .filter(|id| settled.get(id.index()) == Some(&false)),
    );
    (order, dependents)
}
