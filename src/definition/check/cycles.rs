//! Cycles, as JavaRosa sees them: a question may read itself only in its constraint.

use super::Subject;
use crate::definition::element::Element;
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::place::Diagnostic;

/// The formulas whose result changes the question they belong to.
fn deciding(element: &Element) -> impl Iterator<Item = (&'static str, &Formula)> {
    element
        .formulas()
        .filter(|(key, _)| matches!(*key, "relevant" | "calculation" | "required" | "read_only"))
}

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let mut search = Search {
        definition,
        states: vec![State::New; definition.elements().len()],
        trail: Vec::new(),
        found,
    };
    for element in definition.elements() {
        for (key, formula) in deciding(element) {
            if formula.depends_on().contains(&element.id) {
                search.found.push(
                    Diagnostic::error(
                        formula.origin().0.clone(),
                        format!(
                            "the {} of '{}' depends on '{}' itself",
                            words(key),
                            element.name,
                            element.name
                        ),
                    )
                    .with_help("only a constraint can read the answer that it belongs to"),
                );
            }
        }
    }
    for element in definition.elements() {
        search.visit(element.id);
    }
}

fn words(key: &str) -> &str {
    match key {
        "relevant" => "relevance",
        "read_only" => "read-only condition",
        "required" => "required condition",
        other => other,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnTrail,
    Done,
}

struct Search<'s, 'd> {
    definition: &'d Definition,
    states: Vec<State>,
    trail: Vec<ElementId>,
    found: &'s mut Vec<Diagnostic>,
}

impl Search<'_, '_> {
    /// Follows what an element depends on, depth first, with the stack on the heap. A cycle is told once, where it
    /// closes.
    fn visit(&mut self, start: ElementId) {
        let mut stack = vec![(start, self.inputs(start))];
        if !self.enter(start) {
            return;
        }
        while let Some((id, inputs)) = stack.last_mut() {
            let id = *id;
            match inputs.pop() {
                Some(next) if self.state(next) == State::OnTrail => self.report(next),
                Some(next) if self.state(next) == State::New => {
                    self.enter(next);
                    let inputs = self.inputs(next);
                    stack.push((next, inputs));
                }
                Some(_) => {}
                None => {
                    self.set(id, State::Done);
                    self.trail.pop();
                    stack.pop();
                }
            }
        }
    }

    fn inputs(&self, id: ElementId) -> Vec<ElementId> {
        let Some(element) = self.definition.get(id) else {
            return Vec::new();
        };
        let mut inputs: Vec<ElementId> = deciding(element)
            .flat_map(|(_, formula)| formula.depends_on().iter().copied())
            .chain(element.parent)
            .filter(|input| *input != id)
            .collect();
        inputs.sort_unstable_by(|left, right| right.cmp(left));
        inputs.dedup();
        inputs
    }

    fn enter(&mut self, id: ElementId) -> bool {
        let new = self.state(id) == State::New;
        if new {
            self.set(id, State::OnTrail);
            self.trail.push(id);
        }
        new
    }

    fn state(&self, id: ElementId) -> State {
        self.states.get(id.index()).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, id: ElementId, state: State) {
        if let Some(slot) = self.states.get_mut(id.index()) {
            *slot = state;
        }
    }

    fn report(&mut self, closing: ElementId) {
        let cycle: Vec<&Element> = self
            .trail
            .iter()
            .skip_while(|id| **id != closing)
            .filter_map(|id| self.definition.get(*id))
            .collect();
        let names: Vec<String> = cycle
            .iter()
            .chain(cycle.first())
            .map(|element| format!("'{}'", element.name))
            .collect();
        let place = cycle
            .iter()
            .find_map(|element| deciding(element).find(|(_, formula)| !formula.depends_on().is_empty()))
            .map(|(_, formula)| formula.origin().0.clone());
        if let Some(place) = place {
            self.found.push(
                Diagnostic::error(place, format!("a cycle: {}", names.join(" reads "))).with_help(
                    "relevance, required and read-only conditions and calculations can't read each other in a circle",
                ),
            );
        }
    }
}
