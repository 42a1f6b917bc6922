//! What the questions of a survey are for: which of them an indicator reads, and which nothing reads.

use std::collections::BTreeSet;

use super::{Framework, Part};
use crate::definition::{Definition, Diagnostic, Element, ElementId, Formula};
use crate::expression::Expression;

impl Framework {
    /// The questions of a survey that tables are broken down by and nothing else reads, as `breakdowns` names them.
    pub fn breakdowns(&self, survey: &str) -> &[String] {
        self.breakdowns.get(survey).map_or(&[], Vec::as_slice)
    }

    /// Warnings of questions that are asked for nothing: no indicator, rule, calculation or breakdown reads them, and
    /// they identify nobody; and of questions about persons that an indicator reads. Of surveys that no indicator is computed from nothing is said.
    ///
    /// ```
    /// use innogauge::definition::Definition;
    /// use innogauge::scoring::Framework;
    ///
    /// let survey = "survey: s\nversion: '1'\ntitle: S\nquestions:\n  - {type: integer, name: a, label: A}\n  - {type: integer, name: b, label: B}\n";
    /// let survey = Definition::from_yaml("s.yaml", survey).unwrap().value;
    /// let framework = "index: {id: Index, indicators: [{id: x, from: s, mean: '${a}'}]}";
    /// let framework = Framework::from_yaml("f.yaml", framework, &[&survey]).unwrap().value;
    /// let unused = framework.unused(&survey);
    /// assert!(unused[0].to_string().contains("nothing reads the question 'b'"));
    /// assert_eq!(unused.len(), 1);
    /// ```
    pub fn unused(&self, survey: &Definition) -> Vec<Diagnostic> {
        if !self.surveys().contains(&survey.survey()) {
            return Vec::new();
        }
        let mut used = self.read_of(survey);
        let personal: Vec<Diagnostic> = used
            .iter()
            .filter_map(|id| survey.get(*id))
            .filter(|element| element.is_personal())
            .map(not_scored)
            .collect();
        for element in survey.elements() {
            // A figure that is held against another one is part of a rule, too.
            let held = |rule: &Formula| rule.depends_on().iter().any(|id| *id != element.id);
            if element.constraint.as_ref().is_some_and(held) {
                used.insert(element.id);
            }
            used.extend(read_by(element));
        }
        let identity = survey.identity();
        let known = [
            identity.code(),
            identity.name(),
            identity.city(),
            identity.sector(),
            identity.size(),
            identity.stratum(),
            identity.weight(),
            identity.consent(),
            identity.language(),
        ];
        used.extend(known.into_iter().flatten());
        let declared = self.breakdowns(survey.survey());
        let asked_for_nothing = survey.questions().filter(|(element, question_type)| {
            let has_use = used.contains(&element.id) || element.is_personal() || declared.contains(&element.name);
            question_type.is_asked() && !has_use
        });
        asked_for_nothing
            .map(|(element, _)| {
                let message = format!("nothing reads the question '{}'", element.name);
                let help =
                    "compute an indicator from it, name it under `breakdowns` of the framework, or do not ask it";
                Diagnostic::warning(element.origin.0.clone(), message).with_help(help)
            })
            .chain(personal)
            .collect()
    }

    /// What the indicators read of a survey.
    fn read_of(&self, survey: &Definition) -> BTreeSet<ElementId> {
        let indicators = self.indicators();
        let parts = indicators.flat_map(|(_, _, indicator)| indicator.parts());
        let own = parts.filter(|part| part.survey == survey.survey());
        let actors = self.actors().values();
        let conditions = actors.filter(|actor| actor.survey == survey.survey());
        own.flat_map(names)
            .chain(
                conditions
                    .filter_map(|actor| actor.condition.as_ref())
                    .flat_map(|written| named_in(&written.source)),
            )
            .filter_map(|name| survey.find(&name))
            .collect()
    }
}

/// Personal answers are kept sealed: scoring never reads them.
fn not_scored(element: &Element) -> Diagnostic {
    let message = format!(
        "an indicator reads the question '{}', which is about a person: its answers are not scored",
        element.name
    );
    let help = "compute it from another question, or from a calculation that tells nothing of the person";
    Diagnostic::warning(element.origin.0.clone(), message).with_help(help)
}

/// The questions that a part of an indicator comes down to: calculations stand for what they read.
pub(super) fn questions(part: &Part, survey: &Definition) -> BTreeSet<ElementId> {
    let mut open: Vec<ElementId> = names(part).iter().filter_map(|name| survey.find(name)).collect();
    let mut seen = BTreeSet::new();
    let mut questions = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(element) = survey.get(id).filter(|_| seen.insert(id)) else {
            continue;
        };
        match &element.calculation {
            Some(calculation) => open.extend(calculation.depends_on()),
            None => {
                questions.insert(id);
            }
        }
    }
    questions
}

/// The names that a part reads.
fn names(part: &Part) -> Vec<String> {
    let formulas = part.measure.formulas.all().into_iter();
    formulas
        .chain(&part.condition)
        .flat_map(|written| named_in(&written.source))
        .collect()
}

/// A formula of a checked framework can be parsed.
fn named_in(source: &str) -> Vec<String> {
    Expression::parse(source).map_or_else(
        |_| Vec::new(),
        |expression| {
            let references = expression.references().iter();
            references.map(|reference| reference.name.clone()).collect()
        },
    )
}

/// What the rules of an element read of others.
fn read_by(element: &Element) -> Vec<ElementId> {
    let rules = [
        &element.relevant,
        &element.constraint,
        &element.required,
        &element.calculation,
        &element.choice_filter,
        &element.repeat_count,
    ];
    let tests = element.warn_if.iter().map(|check| &check.test);
    let read = rules.into_iter().flatten().chain(tests);
    read.flat_map(|rule| rule.depends_on().iter().copied())
        .filter(|id| *id != element.id)
        .collect()
}
