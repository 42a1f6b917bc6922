//! Changed answers: what a response would say, with everything that is calculated from it and asked because of it.
//!
//! A stored response is read as it is settled, the answers are changed, and what depends on them is settled anew, by the
//! rules of the version that it answers. So a changed answer does all that an edited response would do.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde_json::Value as Json;

use super::change::{AnswerEdit, Change, ChangedAnswer, Named, Scenario, ScenarioAim, Scope as Units};
use crate::definition::{Diagnostic, Element, ElementId, IdentityPart, QuestionType, nearest};
use crate::expression::{Environment, Expression, FindingKind, Purpose, Scope, Surroundings};
use crate::response::{Answer, Answers, Door, Form, Node, Value, is_protected, parse_cell, recalculate_from};
use crate::scoring::estimate::Resample;
use crate::scoring::framework::Written;
use crate::scoring::table::Table;

/// What the changed answers of one scenario come to.
#[derive(Debug, Clone)]
pub struct Amended {
    /// The units by indicators, in the order of the assessment's units.
    pub table: Table,
    /// The same respondents with their changed answers, where respondents are drawn again.
    pub resample: Option<Resample>,
}

impl Scenario {
    /// Whether it changes answers.
    pub fn changes_answers(&self) -> bool {
        self.answer_changes().next().is_some()
    }

    fn answer_changes(&self) -> impl Iterator<Item = &ChangedAnswer> {
        let changes = match &self.aim {
            ScenarioAim::Changes { changes, .. } => changes.as_slice(),
            ScenarioAim::Inverse(_) => &[],
        };
        changes.iter().filter_map(|change| match change {
            Change::Answer(answer) => Some(answer.as_ref()),
            Change::Indicator { .. } | Change::Weight { .. } => None,
        })
    }
}

/// The changes of answers of one scenario, ready for the responses to one version of a survey.
#[derive(Debug)]
pub struct Amendment {
    form: Arc<Form>,
    edits: Vec<CompiledChange>,
}

#[derive(Debug)]
struct CompiledChange {
    question: ElementId,
    units: Units,
    condition: Option<Expression>,
    to: ParsedEdit,
}

#[derive(Debug)]
enum ParsedEdit {
    Scale(f64),
    Add(f64),
    Set(Answer),
}

impl Amendment {
    /// The changes of a scenario that this version can answer: a question that it lacks has no answer to be changed.
    pub fn new(scenario: &Scenario, form: &Arc<Form>) -> Self {
        let edits = scenario
            .answer_changes()
            .filter_map(|change| compiled(change, form).ok()?);
        Self {
            edits: edits.collect(),
            form: Arc::clone(form),
        }
    }

    /// Everything that is wrong with a scenario's changes of answers over the newest versions of these surveys.
    pub fn check(scenario: &Scenario, forms: &[Arc<Form>]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for change in scenario.answer_changes() {
            match asked_in(&change.question, change.survey.as_ref(), forms) {
                Err(problem) => problems.push(*problem),
                Ok(form) => problems.extend(compiled(change, form).err().unwrap_or_default()),
            }
        }
        problems
    }

    /// The answers of a response of a unit after the changes, as canonical JSON; `None` where nothing changes.
    ///
    /// # Errors
    /// Where the answers are no JSON, or what depends on the changed ones cannot be worked out anew.
    pub fn amended(&self, unit: &str, answers: &[u8]) -> Result<Option<Vec<u8>>, String> {
        if !self.edits.iter().any(|edit| edit.units.has(unit)) {
            return Ok(None);
        }
        let json: Json = serde_json::from_slice(answers).map_err(|error| error.to_string())?;
        let (mut settled, _) = Answers::from_settled_json(&self.form, &json);
        let mut any = false;
        for edit in self.edits.iter().filter(|edit| edit.units.has(unit)) {
            if !edit.change(&mut settled) {
                continue;
            }
            any = true;
            let done = recalculate_from(&mut settled, &[edit.question], Door::Json, &Unmoving);
            if let Some(error) = done.errors.first() {
                return Err(error.message.clone());
            }
        }
        Ok(any.then(|| settled.to_json().to_string().into_bytes()))
    }
}

impl CompiledChange {
    /// Changes the answers that are meant; whether there were any.
    fn change(&self, answers: &mut Answers) -> bool {
        let mut any = false;
        for node in answers.nodes(self.question) {
            let Node::Element(instance, question) = node else {
                continue;
            };
            let Some(answer) = self.to.of(answers.in_instance(instance, question)) else {
                continue;
            };
            let meant = self.condition.as_ref().is_none_or(|condition| {
                let scope = Scope::new(answers, node, &Unmoving);
                condition.evaluate(&scope).is_ok_and(|value| value.boolean())
            });
            if meant {
                answers.set(instance, question, answer);
                any = true;
            }
        }
        any
    }
}

impl ParsedEdit {
    /// The answer afterwards; none where it stays: a question that is not asked has none, and only a number that was
    /// given can be multiplied or added to.
    fn of(&self, answer: &Answer) -> Option<Answer> {
        let number = || match answer {
            Answer::Answered(Value::Integer(_) | Value::Decimal(_)) => answer.as_number(),
            _ => None,
        };
        match self {
            Self::Set(_) if *answer == Answer::NotAsked => None,
            Self::Set(to) => Some(to.clone()),
            Self::Scale(by) => Some(Answer::number(number()? * by)),
            Self::Add(more) => Some(Answer::number(number()? + more)),
        }
    }
}

/// A change compiled for a version; `Ok(None)` where the version lacks the question.
fn compiled(change: &ChangedAnswer, form: &Form) -> Result<Option<CompiledChange>, Vec<Diagnostic>> {
    let ChangedAnswer {
        question,
        survey,
        units,
        condition,
        to,
    } = change;
    let (Some(id), true) = (
        form.find(&question.name),
        survey.as_ref().is_none_or(|survey| survey.name == form.survey()),
    ) else {
        return Ok(None);
    };
    let Some(element) = form.get(id) else { return Ok(None) };
    let mut problems: Vec<Diagnostic> = refusal(element, question, form).into_iter().collect();
    let parsed = parsed(to, element, question, form);
    let condition = match condition {
        None => Ok(None),
        Some(written) => condition_of(written, form).map(Some),
    };
    match (parsed, condition) {
        (Ok(to), Ok(condition)) if problems.is_empty() => Ok(Some(CompiledChange {
            question: id,
            units: units.clone(),
            condition,
            to,
        })),
        (parsed, condition) => {
            problems.extend(parsed.err().map(|problem| *problem));
            problems.extend(condition.err().unwrap_or_default());
            Err(problems)
        }
    }
}

fn error(named: &Named, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(named.place.clone(), message).with_help(help)
}

/// The one survey that asks the question.
fn asked_in<'f>(
    question: &Named,
    survey: Option<&Named>,
    forms: &'f [Arc<Form>],
) -> Result<&'f Arc<Form>, Box<Diagnostic>> {
    if let Some(survey) = survey.filter(|survey| forms.iter().all(|form| form.survey() != survey.name)) {
        let names: Vec<&str> = forms.iter().map(|form| form.survey()).collect();
        let help = match nearest(&survey.name, names.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("one of: {}", names.join(", ")),
        };
        let message = format!("the framework reads no survey '{}'", survey.name);
        return Err(Box::new(error(survey, message, help)));
    }
    let meant = |form: &&Arc<Form>| survey.is_none_or(|survey| survey.name == form.survey());
    let asking: Vec<&Arc<Form>> = forms
        .iter()
        .filter(meant)
        .filter(|form| !form.named(&question.name).is_empty())
        .collect();
    match asking.as_slice() {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = forms
                .iter()
                .filter(meant)
                .flat_map(|form| form.questions().map(|(element, _)| element.name.as_str()))
                .collect();
            let help = match nearest(&question.name, names) {
                Some(near) => format!("did you mean '{near}'?"),
                None => "name a question of a survey that the framework reads".to_owned(),
            };
            let message = format!("there is no question '{}'", question.name);
            Err(Box::new(error(question, message, help)))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|form| form.survey()).collect();
            let message = format!("'{}' is a question of {}", question.name, names.join(" and "));
            Err(Box::new(error(
                question,
                message,
                format!("add `survey: {}`", names.first().copied().unwrap_or_default()),
            )))
        }
    }
}

/// Why the answers to a question cannot be changed.
fn refusal(element: &Element, question: &Named, form: &Form) -> Option<Diagnostic> {
    let name = &question.name;
    if form.named(name).len() > 1 {
        let message = format!("'{name}' is the name of several questions");
        return Some(error(question, message, "change an indicator that reads it"));
    }
    if element.question_type().is_none() {
        return Some(error(question, format!("'{name}' is a group"), "name a question of it"));
    }
    if element.calculation.is_some() {
        let help = "change an answer that it is calculated from";
        return Some(error(question, format!("'{name}' is calculated"), help));
    }
    if is_protected(element) {
        let message = format!("'{name}' is personal: its answers are sealed, and no indicator reads them");
        return Some(error(question, message, "change another answer"));
    }
    let fixed = [IdentityPart::City, IdentityPart::Stratum, IdentityPart::Weight];
    let identity = form.identity();
    if fixed.into_iter().any(|part| identity.get(part) == Some(element.id)) {
        let message = format!("'{name}' says where a respondent belongs and how much it counts, which is kept");
        return Some(error(question, message, "change another answer"));
    }
    let moving = moving_with(element.id, form)?;
    let message =
        format!("'{moving}' depends on '{name}' and on the clock or on chance, so that it cannot be worked out again");
    Some(error(question, message, "change an indicator that reads it"))
}

/// Something that depends on a question and cannot be worked out twice with the same outcome.
fn moving_with(question: ElementId, form: &Form) -> Option<&str> {
    let mut reached = vec![question];
    let mut at = 0;
    while let Some(&id) = reached.get(at) {
        at += 1;
        for element in form.elements() {
            for formula in [&element.calculation, &element.relevant].into_iter().flatten() {
                if !formula.depends_on().contains(&id) {
                    continue;
                }
                if formula.expression().reads_clock() || !formula.expression().is_reproducible() {
                    return Some(&element.name);
                }
                if !reached.contains(&element.id) {
                    reached.push(element.id);
                }
            }
        }
    }
    None
}

fn parsed(to: &AnswerEdit, element: &Element, question: &Named, form: &Form) -> Result<ParsedEdit, Box<Diagnostic>> {
    let numeric = matches!(
        element.question_type(),
        Some(QuestionType::Integer | QuestionType::Decimal | QuestionType::Range)
    );
    match to {
        AnswerEdit::Scale(by) if numeric => Ok(ParsedEdit::Scale(*by)),
        AnswerEdit::Add(more) if numeric => Ok(ParsedEdit::Add(*more)),
        AnswerEdit::Scale(_) | AnswerEdit::Add(_) => {
            let message = format!("the answers to '{}' are no numbers", question.name);
            Err(Box::new(error(question, message, "use `set`")))
        }
        AnswerEdit::Set(text) => {
            let answer = parse_cell(form, element.id, text).map_err(|problem| {
                let message = format!(
                    "'{text}' is no answer to '{}': {}",
                    question.name,
                    problem.message("en")
                );
                Box::new(error(question, message, "write it as a cell of the workbook has it"))
            })?;
            check_choices(&answer, element, question, form)?;
            Ok(ParsedEdit::Set(answer))
        }
    }
}

/// Choices of a list exist.
fn check_choices(answer: &Answer, element: &Element, question: &Named, form: &Form) -> Result<(), Box<Diagnostic>> {
    let select = element.question_type().and_then(QuestionType::select);
    let Some(list) = select.and_then(|select| form.choices().get(select.list()?)) else {
        return Ok(());
    };
    let names: Vec<&str> = list.choices().iter().map(|choice| choice.name.as_str()).collect();
    let chosen = answer.value().map_or(&[][..], Value::choices);
    match chosen.iter().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let help = match nearest(unknown, names.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("one of: {}", names.join(", ")),
            };
            let message = format!("'{unknown}' is no choice of '{}'", question.name);
            Err(Box::new(error(question, message, help)))
        }
    }
}

/// The condition, bound to the questions of a version.
fn condition_of(written: &Written, form: &Form) -> Result<Expression, Vec<Diagnostic>> {
    let at = |offset: usize, message: String| Diagnostic::error(written.place_at(offset), message);
    let mut expression = Expression::parse(&written.source).map_err(|error| vec![at(error.offset, error.message)])?;
    let mut problems = Vec::new();
    for finding in expression.check(&Surroundings::unknown(Purpose::Condition)) {
        if finding.kind == FindingKind::Error {
            problems.push(at(finding.offset, finding.message));
        }
    }
    if expression.reads_clock() || !expression.is_reproducible() {
        problems.push(at(
            0,
            "a condition is a function of the answers alone: no clock and no chance".to_owned(),
        ));
    }
    for reference in expression.references() {
        let Some(element) = form.find(&reference.name).and_then(|id| form.get(id)) else {
            let names = form.questions().map(|(element, _)| element.name.as_str());
            let message = format!("unknown question '{}' in survey '{}'", reference.name, form.survey());
            let problem = at(reference.offset, message);
            problems.push(match nearest(&reference.name, names) {
                Some(near) => problem.with_help(format!("did you mean '{near}'?")),
                None => problem,
            });
            continue;
        };
        if is_protected(element) {
            let message = format!("'{}' is personal: its answers are sealed", reference.name);
            problems.push(at(reference.offset, message));
        }
    }
    if problems.is_empty() && expression.bind(|name| form.slot(name)).is_ok() {
        Ok(expression)
    } else {
        Err(problems)
    }
}

/// What depends on the clock is not changed: see [`moving_with`].
struct Unmoving;

impl Environment for Unmoving {
    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::UNIX_EPOCH.fixed_offset()
    }
}
