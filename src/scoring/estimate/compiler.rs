//! Compiling a framework's formulas against one version of one survey, with everything that is wrong with them.
//!
//! A formula that several indicators share is compiled, and later evaluated, once.

use std::collections::HashMap;

use super::formula::{Formula, Unasked, Wanted};
use super::intake::{Intake, PartPlan, Plan};
use super::numeric::can_be_number;
use super::row::Question;
use super::scale::Scale;
use super::stored::{Layout, Step};
use crate::definition::{Definition, Diagnostic, Element, ElementId, QuestionType, nearest};
use crate::expression::{Expression, FindingKind, Purpose, Surroundings};
use crate::scoring::framework::{Formulas, Framework, MeasureKind, NotAsked, Part, Written, parts};

/// Everything that is wrong with a framework's formulas over a definition.
pub(in crate::scoring) fn check(framework: &Framework, definition: &Definition) -> Vec<Diagnostic> {
    Compiler::run(framework, definition).1
}

/// Compiles what the indicators read of one version of a survey.
pub(super) struct Compiler<'d> {
    definition: &'d Definition,
    questions: Vec<Question>,
    elements: Vec<ElementId>,
    slots: HashMap<ElementId, u32>,
    formulas: Vec<Formula>,
    known: HashMap<(String, Unasked, Wanted), Option<usize>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'d> Compiler<'d> {
    /// What came of it, and everything that is wrong.
    pub fn run(framework: &Framework, definition: &'d Definition) -> (Intake, Vec<Diagnostic>) {
        let mut compiler = Self {
            definition,
            questions: Vec::new(),
            elements: Vec::new(),
            slots: HashMap::new(),
            formulas: Vec::new(),
            known: HashMap::new(),
            diagnostics: Vec::new(),
        };
        let declared: Vec<_> = framework
            .actors()
            .values()
            .filter(|actor| actor.survey == definition.survey())
            .collect();
        let actors: Vec<Option<usize>> = declared
            .iter()
            .map(|actor| {
                let condition = actor.condition.as_ref()?;
                compiler.formula(condition, Unasked::Blank, Wanted::Truth)
            })
            .collect();
        let mut plans = Vec::new();
        for (number, (_, part)) in parts(framework).enumerate() {
            if part.survey == definition.survey() {
                let actor = declared.iter().position(|actor| actor.id == part.actor);
                plans.push(compiler.part(number, part, actor));
            }
        }
        let identity = definition.identity();
        let [weight, language] =
            [identity.weight(), identity.language()].map(|question| question.map(|id| compiler.slot(id)));
        let intake = Intake {
            layout: compiler.layout(),
            questions: compiler.questions,
            formulas: compiler.formulas,
            actors,
            parts: plans,
            weight,
            language,
            survey: definition.survey().into(),
        };
        (intake, compiler.diagnostics)
    }

    fn part(&mut self, number: usize, part: &Part, actor: Option<usize>) -> PartPlan {
        let kind = part.measure.kind;
        let wanted = match kind {
            MeasureKind::Share | MeasureKind::Count => Wanted::Truth,
            _ => Wanted::Number,
        };
        let unasked = match part.not_asked {
            Some(NotAsked::Zero) => Unasked::Zero,
            Some(NotAsked::Exclude) | None => Unasked::Exclude,
        };
        let condition = part
            .condition
            .as_ref()
            .map(|written| self.formula(written, Unasked::Blank, Wanted::Truth));
        let plan = self.plan(&part.measure.formulas, unasked, wanted);
        if part.not_asked.is_none() {
            self.says_what_unasked_means(part);
        }
        PartPlan {
            number,
            kind,
            actor,
            plan: plan.filter(|_| condition != Some(None)),
            condition: condition.flatten(),
        }
    }

    /// `None` where this version of the survey cannot answer it.
    fn plan(&mut self, formulas: &Formulas, unasked: Unasked, wanted: Wanted) -> Option<Plan> {
        match formulas {
            Formulas::One(of) => self
                .formula(of, unasked, wanted)
                .map(|of| Plan::Value { of, over: None }),
            Formulas::Quotient { of, over } => {
                let of = self.formula(of, unasked, wanted);
                let over = self.formula(over, unasked, Wanted::Number);
                of.zip(over).map(|(of, over)| Plan::Value { of, over: Some(over) })
            }
            Formulas::Items(items) => {
                let items = items.iter().map(|item| self.item(item, unasked));
                Some(Plan::Scale(Scale(items.collect())))
            }
        }
    }

    /// An item of a scale is a number.
    fn item(&mut self, written: &Written, unasked: Unasked) -> Option<usize> {
        let number = self.formula(written, unasked, Wanted::Number)?;
        let formula = self.formulas.get(number)?;
        if !can_be_number(formula, &self.questions, &self.elements, self.definition) {
            let message = format!("'{}' is never a number, whatever is answered", written.source);
            let help = "an item reads numbers, or choices whose names are numbers; turn others into one: \
                        `if(${name} = 'yes', 1, 0)`";
            let diagnostic = Diagnostic::error(written.place.clone(), message).with_help(help);
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
        Some(number)
    }

    /// An indicator that reads a question behind a filter must say what not being asked counts as.
    fn says_what_unasked_means(&mut self, part: &Part) {
        for written in part.measure.formulas.all() {
            let Ok(expression) = Expression::parse(&written.source) else {
                continue;
            };
            for reference in expression.references() {
                let Some(id) = self.definition.find(&reference.name) else {
                    continue;
                };
                let Some(filter) = self.filter_of(id) else { continue };
                let message = format!(
                    "'{}' is asked only where {filter}, and the indicator does not say what not being asked counts as",
                    reference.name
                );
                let help =
                    "add `not_asked: zero` (it counts as 0, or not chosen) or `not_asked: exclude` (out of the base)";
                let diagnostic = Diagnostic::error(written.place_at(reference.offset), message).with_help(help);
                if !self.diagnostics.contains(&diagnostic) {
                    self.diagnostics.push(diagnostic);
                }
            }
        }
    }

    /// The relevance of a question or of what it lies in.
    fn filter_of(&self, id: ElementId) -> Option<String> {
        let own = self.definition.get(id)?;
        std::iter::once(own)
            .chain(self.definition.ancestors(id))
            .find_map(|element| element.relevant.as_ref())
            .map(|relevant| relevant.source().to_owned())
    }

    /// Compiles a formula, or finds it compiled; `None` where it is wrong.
    fn formula(&mut self, written: &Written, unasked: Unasked, wanted: Wanted) -> Option<usize> {
        let key = (written.source.clone(), unasked, wanted);
        if let Some(found @ Some(_)) = self.known.get(&key) {
            return *found;
        }
        let compiled = self.compile(written, unasked, wanted).map(|formula| {
            self.formulas.push(formula);
            self.formulas.len() - 1
        });
        self.known.insert(key, compiled);
        compiled
    }

    fn compile(&mut self, written: &Written, unasked: Unasked, wanted: Wanted) -> Option<Formula> {
        let mut expression = match Expression::parse(&written.source) {
            Ok(expression) => expression,
            Err(error) => {
                let mut diagnostic = Diagnostic::error(written.place_at(error.offset), error.message.clone());
                if let Some(help) = error.help.clone() {
                    diagnostic = diagnostic.with_help(help);
                }
                self.diagnostics.push(diagnostic);
                return None;
            }
        };
        let before = self.errors();
        if expression.references().is_empty() {
            let message = format!("'{}' reads no question", written.source);
            let help = "a question is written ${name}; for everybody in the base write `true()`";
            if !written.source.contains("true()") {
                self.diagnostics
                    .push(Diagnostic::error(written.place.clone(), message).with_help(help));
            }
        }
        if expression.reads_clock() || !expression.is_reproducible() {
            let message = "an indicator is a function of the answers alone: no clock and no chance";
            let help = "calculate it in the survey, and read the calculation here";
            self.diagnostics
                .push(Diagnostic::error(written.place.clone(), message).with_help(help));
        }
        let purpose = match wanted {
            Wanted::Truth => Purpose::Condition,
            Wanted::Number => Purpose::Calculation,
        };
        for finding in expression.check(&Surroundings::unknown(purpose)) {
            let place = written.place_at(finding.offset);
            let mut diagnostic = match finding.kind {
                FindingKind::Error => Diagnostic::error(place, finding.message),
                FindingKind::Doubt => Diagnostic::warning(place, finding.message),
                // Indicators are computed by the server alone.
                FindingKind::Portability => continue,
            };
            diagnostic.help = finding.help;
            self.diagnostics.push(diagnostic);
        }
        let names: Vec<(String, usize)> = expression
            .references()
            .iter()
            .map(|reference| (reference.name.clone(), reference.offset))
            .collect();
        let mut found = HashMap::new();
        for (name, offset) in names {
            if let Some(id) = self.resolve(written, &name, offset) {
                let slot = self.slot(id);
                found.insert(name, slot);
            }
        }
        if self.errors() > before || expression.bind(|name| found.get(name).copied()).is_err() {
            return None;
        }
        let mut slots: Vec<u32> = found.into_values().collect();
        slots.sort_unstable();
        let alone = written
            .source
            .trim()
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        let question = alone
            .is_some_and(|name| !name.contains('}'))
            .then(|| slots.first().copied())
            .flatten();
        Some(Formula {
            expression,
            slots,
            unasked,
            wanted,
            question,
        })
    }

    fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count()
    }

    fn resolve(&mut self, written: &Written, name: &str, offset: usize) -> Option<ElementId> {
        let place = written.place_at(offset);
        match self.definition.named(name) {
            [id] if self
                .definition
                .get(*id)
                .is_some_and(|element| element.question_type().is_some()) =>
            {
                Some(*id)
            }
            [] => {
                let questions = self.definition.questions().map(|(question, _)| question.name.as_str());
                let survey = self.definition.survey();
                let diagnostic = Diagnostic::error(place, format!("unknown question '{name}' in survey '{survey}'"));
                self.diagnostics.push(match nearest(name, questions) {
                    Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
                    None => diagnostic,
                });
                None
            }
            [_] => {
                let message = format!("'{name}' is a group: an indicator reads questions");
                self.diagnostics
                    .push(Diagnostic::error(place, message).with_help("name a question of it"));
                None
            }
            [..] => {
                let message = format!(
                    "'{name}' is the name of several questions of '{}'",
                    self.definition.survey()
                );
                self.diagnostics
                    .push(Diagnostic::error(place, message).with_help("give the question a name of its own"));
                None
            }
        }
    }

    fn slot(&mut self, id: ElementId) -> u32 {
        if let Some(slot) = self.slots.get(&id) {
            return *slot;
        }
        let slot = u32::try_from(self.questions.len()).unwrap_or(u32::MAX);
        if let Some(element) = self.definition.get(id) {
            self.questions.push(Question {
                name: element.name.clone(),
                repeated: self.definition.repeat_around(id).is_some(),
                numeric: is_numeric(element),
                missing: element.missing.clone(),
            });
            self.elements.push(id);
            self.slots.insert(id, slot);
        }
        slot
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        for (slot, id) in self.elements.iter().enumerate() {
            let Some(question) = self.definition.get(*id) else {
                continue;
            };
            let mut around: Vec<Step<'_>> = self
                .definition
                .ancestors(*id)
                .map(|element| Step {
                    name: &element.name,
                    repeat: element.is_repeat(),
                })
                .collect();
            around.reverse();
            layout.insert(&around, &question.name, slot);
        }
        layout
    }
}

fn is_numeric(element: &Element) -> bool {
    matches!(
        element.question_type(),
        Some(QuestionType::Integer | QuestionType::Decimal | QuestionType::Range | QuestionType::Calculate(_))
    )
}
