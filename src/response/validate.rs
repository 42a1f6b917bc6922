//! The rules of the definition on settled answers: required, constraints, choices, soft checks, unasked answers.

use std::sync::Arc;

use super::answers::{Answers, InstanceId, Node};
use super::credit_code::CreditCode;
use super::form::Form;
use super::parse::shortened;
use super::problem::{Problem, ProblemCode, Severity};
use super::recalculate::{RuleError, evaluate_boolean};
use super::submission::{Door, Unasked};
use super::value::{Answer, Value};
use crate::definition::{ChoiceSource, Element, Formula, IdentityPart, QuestionType, Select, Text, nearest};
use crate::expression::{Environment, EvaluationError, Scope};

/// Checks settled answers against every rule. `unread` are the paths whose values could not be read: they are not
/// reported once more as missing.
pub(super) fn validate(
    answers: &Answers,
    door: Door,
    unasked: Unasked,
    unread: &[String],
    environment: &dyn Environment,
) -> Vec<Problem> {
    let form = Arc::clone(answers.form());
    let mut validator = Validator {
        answers,
        form: &form,
        unread,
        is_form_client: door.is_form_client(),
        unasked: match (unasked, door.is_form_client()) {
            (Unasked::Report, false) => Severity::Problem,
            (Unasked::Drop, _) | (Unasked::Report, true) => Severity::Note,
        },
        environment,
        found: Vec::new(),
    };
    for id in form.checked() {
        let Some(element) = form.get(*id) else { continue };
        match form.place(*id) {
            Some(place) if place.frame == 0 => validator.check(InstanceId::ROOT, element),
            _ if element.is_repeat() => validator.check_repeat(element),
            _ => {
                for instance in answers.instances_of(*id) {
                    validator.check(instance, element);
                }
            }
        }
    }
    validator.found
}

/// The problem of an expression that could not be evaluated.
pub(super) fn rule_problem(answers: &Answers, error: &RuleError) -> Problem {
    let label = answers.form().get(error.element).map(|element| &element.label);
    Problem::new(
        ProblemCode::EvaluationError,
        [error.expression.source(), error.message.as_str()],
    )
    .at(
        answers.path(error.instance, error.element),
        label.unwrap_or(&Text::default()),
    )
    .by(error.expression.source(), &Text::default())
}

struct Validator<'a> {
    answers: &'a Answers,
    form: &'a Form,
    unread: &'a [String],
    is_form_client: bool,
    unasked: Severity,
    environment: &'a dyn Environment,
    found: Vec<Problem>,
}

impl Validator<'_> {
    fn check(&mut self, instance: InstanceId, element: &Element) {
        let Some(question_type) = element.question_type() else {
            return;
        };
        let Some(cell) = self.answers.cell(instance, element.id) else {
            return;
        };
        match cell.answer() {
            Answer::NotAsked => self.check_unasked(instance, element, &cell.given),
            Answer::Unanswered => {
                if let Some(required) = &element.required {
                    self.check_required(instance, element, question_type, required);
                }
            }
            // What could not be read was reported then; no rule is about such text.
            Answer::Answered(value) if is_unread(question_type, value) => {}
            Answer::Missing(_) => {}
            Answer::Answered(value) => self.check_value(instance, element, question_type, value),
        }
        if cell.is_calculated() {
            self.check_calculation(instance, element, &cell.given, &cell.calculated);
        }
    }

    fn report(&mut self, instance: InstanceId, element: &Element, problem: Problem) {
        let path = self.answers.path(instance, element.id);
        self.found.push(problem.at(path, &element.label));
    }

    /// Whether a rule holds; one that can't be evaluated is reported and counts as neither held nor broken.
    fn holds(&mut self, instance: InstanceId, element: &Element, rule: &Formula) -> Option<bool> {
        let node = Node::Element(instance, element.id);
        match evaluate_boolean(self.answers, node, rule.expression(), self.environment) {
            Ok(holds) => Some(holds),
            Err(error) => {
                self.report_rule(instance, element, rule, &error);
                None
            }
        }
    }

    fn report_rule(&mut self, instance: InstanceId, element: &Element, rule: &Formula, error: &EvaluationError) {
        let error = RuleError::new(instance, element.id, rule.expression(), error);
        self.found.push(rule_problem(self.answers, &error));
    }

    /// Whether a soft check holds. One that needs a list which is not there holds its peace: nothing is compared with.
    fn gives_pause(&mut self, instance: InstanceId, element: &Element, test: &Formula) -> bool {
        let node = Node::Element(instance, element.id);
        match evaluate_boolean(self.answers, node, test.expression(), self.environment) {
            Ok(holds) => holds,
            Err(EvaluationError::Unavailable { .. }) => false,
            Err(error) => {
                self.report_rule(instance, element, test, &error);
                false
            }
        }
    }

    fn check_unasked(&mut self, instance: InstanceId, element: &Element, given: &Answer) {
        // A calculation that is not relevant has no answer of a person to lose.
        if *given == Answer::Unanswered || element.calculation.is_some() {
            return;
        }
        let condition = std::iter::once(element)
            .chain(self.form.ancestors(element.id))
            .find_map(|element| element.relevant.as_ref())
            .map_or("", Formula::source);
        let problem = Problem::new(ProblemCode::UnaskedAnswer, [condition])
            .of(shortened(&given.to_string()))
            .by(condition, &Text::default())
            .weighing(self.unasked);
        self.report(instance, element, problem);
    }

    fn check_required(
        &mut self,
        instance: InstanceId,
        element: &Element,
        question_type: &QuestionType,
        required: &Formula,
    ) {
        if !question_type.is_asked() || element.calculation.is_some() {
            return;
        }
        if !self.unread.is_empty() && self.unread.contains(&self.answers.path(instance, element.id)) {
            return;
        }
        if self.holds(instance, element, required) == Some(true) {
            let problem = if element.missing.is_empty() {
                Problem::new(ProblemCode::Required, [""; 0])
            } else {
                let codes: Vec<&str> = element.missing.iter().map(|code| code.code()).collect();
                Problem::new(ProblemCode::RequiredOrMissing, [codes.join(", ")])
            };
            self.report(
                instance,
                element,
                problem.by(required.source(), &element.required_message),
            );
        }
    }

    fn check_value(&mut self, instance: InstanceId, element: &Element, question_type: &QuestionType, value: &Value) {
        match question_type {
            QuestionType::SelectOne(select) | QuestionType::SelectMultiple(select) => {
                self.check_choices(instance, element, select, value.choices());
            }
            QuestionType::Rank(select) => {
                self.check_choices(instance, element, select, value.choices());
                self.check_rank(instance, element, value.choices());
            }
            QuestionType::Range => self.check_range(instance, element, value),
            _ => {}
        }
        if let Some(constraint) = &element.constraint
            && self.holds(instance, element, constraint) == Some(false)
        {
            let problem = Problem::new(ProblemCode::Constraint, [constraint.source()])
                .of(shortened(&value.to_text()))
                .by(constraint.source(), &element.constraint_message);
            self.report(instance, element, problem);
        }
        for check in &element.warn_if {
            if self.gives_pause(instance, element, &check.test) {
                let problem = Problem::new(ProblemCode::SoftCheck, [check.test.source()])
                    .of(shortened(&value.to_text()))
                    .by(check.test.source(), &check.message);
                self.report(instance, element, problem);
            }
        }
        if self.form.identity().get(IdentityPart::Code) == Some(element.id)
            && CreditCode::parse(&value.to_text()).is_err()
        {
            let problem = Problem::new(ProblemCode::InvalidCreditCode, [""; 0]).of(shortened(&value.to_text()));
            self.report(instance, element, problem);
        }
    }

    fn check_choices(&mut self, instance: InstanceId, element: &Element, select: &Select, chosen: &[String]) {
        for (position, name) in chosen.iter().enumerate() {
            if chosen.iter().take(position).any(|before| before == name) {
                let problem = Problem::new(ProblemCode::RepeatedChoice, [shortened(name)]).of(shortened(name));
                self.report(instance, element, problem);
                continue;
            }
            let problem = match &select.source {
                ChoiceSource::List(_) => self.check_choice(instance, element, select, name),
                ChoiceSource::Question(question) => self.check_answer_as_choice(instance, element, question, name),
                ChoiceSource::File(file) => self.check_live_choice(element, file, name),
            };
            if let Some(problem) = problem {
                self.report(instance, element, problem.of(shortened(name)));
            }
        }
    }

    /// A choice of a list of the definition: it exists, and is offered after the other answers.
    fn check_choice(
        &mut self,
        instance: InstanceId,
        element: &Element,
        select: &Select,
        name: &str,
    ) -> Option<Problem> {
        let form = self.form;
        let (number, _, list) = form.choices().get_full(select.list()?)?;
        if list.get(name).is_none() {
            return (!(select.or_other && name == "other")).then(|| {
                let codes: Vec<&str> = list.choices().iter().map(|choice| choice.name.as_str()).collect();
                match nearest(name, codes.iter().copied()) {
                    Some(meant) if codes.len() > 12 => {
                        Problem::new(ProblemCode::MisspeltChoice, [shortened(name), meant.to_owned()])
                    }
                    _ if codes.len() <= 12 => {
                        Problem::new(ProblemCode::MisspeltChoice, [shortened(name), codes.join(", ")])
                    }
                    _ => Problem::new(ProblemCode::UnknownChoice, [shortened(name)]),
                }
            });
        }
        let filter = element.choice_filter.as_ref()?;
        let question = Node::Element(instance, element.id);
        let list_number = u32::try_from(number).ok()?;
        // A name may stand in the list more than once, under different filters.
        for (position, _) in list
            .choices()
            .iter()
            .enumerate()
            .filter(|(_, choice)| choice.name == name)
        {
            let item = Node::Choice(list_number, u32::try_from(position).ok()?);
            let scope = Scope::for_choice(self.answers, item, question, self.environment);
            match filter.expression().evaluate(&scope) {
                Ok(offered) if offered.boolean() => return None,
                Ok(_) => {}
                Err(error) => {
                    let error = RuleError::new(instance, element.id, filter.expression(), &error);
                    self.found.push(rule_problem(self.answers, &error));
                    return None;
                }
            }
        }
        Some(Problem::new(ProblemCode::ChoiceNotOffered, [shortened(name)]).by(filter.source(), &Text::default()))
    }

    /// A choice of an attached file, where the caller's environment can read that. The file may have grown since the
    /// client fetched it, so that an unknown choice is only a warning.
    fn check_live_choice(&self, element: &Element, file: &str, name: &str) -> Option<Problem> {
        let list = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let column = element.parameters.get("value").map_or("name", String::as_str);
        let found = self.environment.pulldata(list, column, column, name)?;
        found
            .is_empty()
            .then(|| Problem::new(ProblemCode::UnknownLiveChoice, [shortened(name)]))
    }

    /// A choice among the answers to a question in a repeat.
    fn check_answer_as_choice(
        &self,
        instance: InstanceId,
        element: &Element,
        question: &str,
        name: &str,
    ) -> Option<Problem> {
        use crate::expression::{NodeSet, Tree as _};
        let id = self.form.find(question)?;
        let mut nodes = NodeSet::new();
        self.answers
            .reference(Node::Element(instance, element.id), id.0, &mut nodes);
        let known = nodes.iter().any(|node| self.answers.string_value(*node) == name);
        (!known).then(|| Problem::new(ProblemCode::UnknownChoice, [shortened(name)]))
    }

    fn check_rank(&mut self, instance: InstanceId, element: &Element, ranked: &[String]) {
        let Some(list) = self.form.choice_list(element.id) else {
            return;
        };
        let all = list.choices().len();
        // With a filter it is the client that knows how many were offered.
        if element.choice_filter.is_none() && ranked.len() < all {
            let problem = Problem::new(ProblemCode::RankIncomplete, [all.to_string(), ranked.len().to_string()]);
            self.report(instance, element, problem.of(ranked.join(" ")));
        }
    }

    fn check_range(&mut self, instance: InstanceId, element: &Element, value: &Value) {
        let bound = |name: &str| {
            element
                .parameters
                .get(name)
                .and_then(|text| text.trim().parse::<f64>().ok())
        };
        let (Some(start), Some(end), Some(number)) = (bound("start"), bound("end"), value.as_number()) else {
            return;
        };
        if number < start.min(end) || number > start.max(end) {
            let problem = Problem::new(ProblemCode::OutsideRange, [start.to_string(), end.to_string()]);
            self.report(instance, element, problem.of(value.to_text()));
        }
    }

    /// A calculation that was sent is compared, not used.
    fn check_calculation(&mut self, instance: InstanceId, element: &Element, theirs: &Answer, ours: &Answer) {
        if *theirs == Answer::Unanswered || agree(theirs, ours) {
            return;
        }
        let severity = if self.form.reads_clock(element.id) {
            Severity::Note // the client's clock went on between calculating and finishing
        } else {
            Severity::Problem
        };
        let rule = element.calculation.as_ref().map_or("", Formula::source);
        let problem = Problem::new(ProblemCode::CalculationDiffers, [shortened(&ours.to_string())])
            .of(shortened(&theirs.to_string()))
            .by(rule, &Text::default())
            .weighing(severity);
        self.report(instance, element, problem);
    }

    /// A repeat that the definition counts has as many instances, wherever it is asked.
    fn check_repeat(&mut self, repeat: &Element) {
        let Some(count) = &repeat.repeat_count else { return };
        let around = self.form.repeat_around(repeat.id);
        let places = match around {
            Some(around) => self.answers.instances_of(around),
            None => vec![InstanceId::ROOT],
        };
        for within in places {
            self.check_count(within, repeat, count);
        }
    }

    fn check_count(&mut self, within: InstanceId, repeat: &Element, count: &Formula) {
        let instances = self.answers.repeated(within, repeat.id);
        let node = repeat.parent.map_or(Node::Root, |parent| Node::Element(within, parent));
        let asked = if let Some(first) = instances.first() {
            self.answers.is_asked(*first, repeat.id)
        } else {
            // No instance whose relevance was settled: it is decided where the first would lie.
            let parent_asked = repeat.parent.is_none_or(|parent| self.answers.is_asked(within, parent));
            parent_asked
                && repeat.relevant.as_ref().is_none_or(|relevant| {
                    evaluate_boolean(self.answers, node, relevant.expression(), self.environment).unwrap_or(false)
                })
        };
        if !asked {
            return;
        }
        let given = instances.len();
        let scope = Scope::new(self.answers, node, self.environment);
        match count.expression().evaluate(&scope) {
            Ok(value) => {
                let wanted = value.number(&scope);
                let wanted = if wanted.is_finite() {
                    wanted.trunc().max(0.0)
                } else {
                    0.0
                };
                // A phone never takes away the entry that a form begins with.
                let is_first_kept = self.is_form_client && wanted < 1.0 && given == 1;
                #[allow(clippy::float_cmp, reason = "whole numbers")]
                if wanted != given as f64 && !is_first_kept {
                    let problem =
                        Problem::new(ProblemCode::RepeatCountDiffers, [wanted.to_string(), given.to_string()]);
                    let path = self.answers.path(within, repeat.id);
                    self.found
                        .push(problem.at(path, &repeat.label).by(count.source(), &Text::default()));
                }
            }
            Err(error) => {
                let error = RuleError::new(within, repeat.id, count.expression(), &error);
                self.found.push(rule_problem(self.answers, &error));
            }
        }
    }
}

/// Whether a value is text that was kept though the question takes no text.
fn is_unread(question_type: &QuestionType, value: &Value) -> bool {
    let takes_text = matches!(
        question_type,
        QuestionType::Text
            | QuestionType::Barcode
            | QuestionType::Note
            | QuestionType::Calculate(_)
            | QuestionType::Hidden
            | QuestionType::Acknowledge
            | QuestionType::DeviceId
            | QuestionType::Username
            | QuestionType::Email
            | QuestionType::PhoneNumber
            | QuestionType::SimSerial
            | QuestionType::SubscriberId
    );
    matches!(value, Value::Text(_)) && !takes_text
}

/// Whether two values of a calculation are the same: by value, numbers to one in 10⁹, 1 being true and 0 false.
fn agree(theirs: &Answer, ours: &Answer) -> bool {
    let (theirs, ours) = match (theirs, ours) {
        (Answer::Answered(theirs), Answer::Answered(ours)) => (theirs, ours),
        (Answer::Answered(Value::Text(text)), _) => return text.trim().is_empty() || text == "NaN",
        (theirs, ours) => return theirs.to_string() == ours.to_string(),
    };
    if theirs == ours || theirs.to_text() == ours.to_text() {
        return true;
    }
    if let (Value::DateTime(one), Value::DateTime(other)) = (theirs, ours) {
        return one == other;
    }
    let number = |value: &Value| match value {
        Value::Boolean(boolean) => Some(f64::from(u8::from(*boolean))),
        Value::Text(text) if text == "true" => Some(1.0),
        Value::Text(text) if text == "false" => Some(0.0),
        other => other.as_number(),
    };
    match (number(theirs), number(ours)) {
        (Some(theirs), Some(ours)) => (theirs - ours).abs() <= 1e-9 * theirs.abs().max(ours.abs()),
        _ => false,
    }
}
