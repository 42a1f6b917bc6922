//! Relevance and calculations, settled together in one pass in dependency order; and again for what changed.

use std::sync::Arc;

use super::answers::{Answers, InstanceId, Node, Source};
use super::form::{Form, Step};
use super::parse::calculated_text;
use super::submission::Door;
use super::value::{Answer, Value};
use crate::definition::{DataType, Element, ElementId, Kind, QuestionType};
use crate::expression::{self, Environment, EvaluationError, Expression, Scope, Tree as _};

/// What a pass did.
#[derive(Debug, Default)]
pub struct Recalculated {
    /// How many relevances and calculations were evaluated.
    pub evaluated: usize,
    /// Elements of which at least one node is asked, not asked, or calculated other than before.
    pub changed: Vec<ElementId>,
    /// The expressions that could not be evaluated, and where.
    pub errors: Vec<RuleError>,
}

/// An expression that could not be evaluated.
#[derive(Debug, Clone)]
pub struct RuleError {
    /// The instance.
    pub instance: InstanceId,
    /// The element that the expression belongs to.
    pub element: ElementId,
    /// The expression.
    pub expression: Expression,
    /// What was wrong, in words.
    pub message: String,
}

impl RuleError {
    pub(super) fn new(
        instance: InstanceId,
        element: ElementId,
        expression: &Expression,
        error: &EvaluationError,
    ) -> Self {
        Self {
            instance,
            element,
            expression: expression.clone(),
            message: error.to_string(),
        }
    }
}

/// Settles every relevance and calculation in one pass.
///
/// Calculations that can't be reproduced (random numbers, words in the phone's language, and what is calculated from
/// them) are kept as received from form clients; at other doors they are calculated where they were not sent.
pub fn recalculate(answers: &mut Answers, door: Door, environment: &dyn Environment) -> Recalculated {
    let form = Arc::clone(answers.form());
    let mut done = Recalculated::default();
    for step in form.steps() {
        settle(&form, step, answers, door, environment, &mut done);
    }
    done
}

/// Settles what depends, directly or not, on the elements that changed since the last pass: questions whose answers
/// were [set](Answers::set), and repeats that got instances.
///
/// The outcome is the same as that of [`recalculate`].
pub fn recalculate_from(
    answers: &mut Answers,
    changed: &[ElementId],
    door: Door,
    environment: &dyn Environment,
) -> Recalculated {
    let form = Arc::clone(answers.form());
    let mut done = Recalculated::default();
    let mut pending = vec![false; form.elements().len()];
    for id in changed {
        mark_dependents(&form, *id, &mut pending);
        match form.get(*id) {
            Some(element) if element.is_repeat() => mark_within(&form, *id, &mut pending),
            Some(_) => mark(*id, &mut pending), // a calculation that is kept as received, or compared
            None => {}
        }
    }
    for step in form.steps() {
        if pending.get(step.element.index()).copied().unwrap_or(false)
            && settle(&form, step, answers, door, environment, &mut done)
        {
            mark_dependents(&form, step.element, &mut pending);
        }
    }
    done
}

fn mark(id: ElementId, pending: &mut [bool]) {
    if let Some(flag) = pending.get_mut(id.index()) {
        *flag = true;
    }
}

/// What reads an element, or the groups and repeats around it as a whole, or lies in it.
fn mark_dependents(form: &Form, id: ElementId, pending: &mut [bool]) {
    let around = form.ancestors(id).map(|element| element.id);
    for dependent in form.dependents(id) {
        mark(*dependent, pending);
    }
    for id in around {
        for dependent in form.dependents(id) {
            // Its own children are no readers of it: only those that name it are.
            if form.get(*dependent).is_some_and(|element| element.parent != Some(id)) {
                mark(*dependent, pending);
            }
        }
    }
}

/// All that lies in a repeat that got an instance, and what reads any of it.
fn mark_within(form: &Form, repeat: ElementId, pending: &mut [bool]) {
    mark(repeat, pending);
    for child in form.children(Some(repeat)) {
        mark_dependents(form, *child, pending);
        mark_within(form, *child, pending);
    }
}

/// Settles an element in all its instances; says whether anything changed.
fn settle(
    form: &Form,
    step: &Step,
    answers: &mut Answers,
    door: Door,
    environment: &dyn Environment,
    done: &mut Recalculated,
) -> bool {
    let Some(element) = form.get(step.element) else {
        return false;
    };
    let changed = if step.frame == 0 {
        settle_one(form, step, element, InstanceId::ROOT, answers, door, environment, done)
    } else {
        let mut changed = false;
        for instance in answers.instances_of(step.element) {
            changed |= settle_one(form, step, element, instance, answers, door, environment, done);
        }
        changed
    };
    if changed {
        done.changed.push(step.element);
    }
    changed
}

#[allow(clippy::too_many_arguments, reason = "the parts of one pass, handed down once")]
fn settle_one(
    form: &Form,
    step: &Step,
    element: &Element,
    instance: InstanceId,
    answers: &mut Answers,
    door: Door,
    environment: &dyn Environment,
    done: &mut Recalculated,
) -> bool {
    let node = Node::Element(instance, step.element);
    let parent_asked = match (step.conditional_parent, &element.kind) {
        (None, _) => true,
        (Some(parent), Kind::Repeat) => answers
            .around(instance)
            .is_none_or(|around| answers.is_asked(around, parent)),
        (Some(parent), _) => answers.is_asked(instance, parent),
    };
    let asked = parent_asked
        && element.relevant.as_ref().is_none_or(|relevant| {
            done.evaluated += 1;
            match evaluate_boolean(answers, node, relevant.expression(), environment) {
                Ok(relevant) => relevant,
                Err(error) => {
                    done.errors
                        .push(RuleError::new(instance, step.element, relevant.expression(), &error));
                    true // what was answered is not lost to a rule that can't be decided
                }
            }
        });
    let mut source = if asked { Source::Given } else { Source::NotAsked };
    let mut calculated = Answer::Unanswered;
    if let (true, Some(calculation)) = (asked, &element.calculation) {
        let given = answers.received(instance, step.element);
        let keep = step.kept && (door.is_form_client() || *given != Answer::Unanswered);
        if !keep {
            source = Source::Calculated;
            done.evaluated += 1;
            let scope = Scope::new(answers, node, environment);
            match calculation.expression().evaluate(&scope) {
                Ok(value) => match calculated_answer(form, element, &value, &scope) {
                    Ok(answer) => calculated = answer,
                    Err(message) => done.errors.push(RuleError {
                        instance,
                        element: step.element,
                        expression: calculation.expression().clone(),
                        message,
                    }),
                },
                Err(error) => {
                    done.errors
                        .push(RuleError::new(instance, step.element, calculation.expression(), &error));
                }
            }
        }
    }
    let Some(cell) = answers.cell_mut(instance, step.element) else {
        return false;
    };
    // once() gives what is there already, as text: the value keeps its type.
    if let (Answer::Answered(Value::Text(text)), Answer::Answered(before)) = (&calculated, &cell.calculated)
        && before.to_text() == text.as_str()
    {
        calculated = cell.calculated.clone();
    }
    let changed = cell.source != source || cell.calculated != calculated;
    cell.source = source;
    cell.calculated = calculated;
    changed
}

/// The value of an expression at a node, as a boolean.
pub(super) fn evaluate_boolean(
    answers: &Answers,
    node: Node,
    expression: &Expression,
    environment: &dyn Environment,
) -> Result<bool, EvaluationError> {
    let scope = Scope::new(answers, node, environment);
    Ok(expression.evaluate(&scope)?.boolean())
}

/// The value of a calculation as the question's type holds it. NaN and empty text are no answer.
fn calculated_answer<'a>(
    form: &Form,
    element: &Element,
    value: &expression::Value<'a, Node>,
    scope: &Scope<'a, Answers>,
) -> Result<Answer, String> {
    let number = |number: f64| {
        if number.is_nan() {
            Ok(Answer::Unanswered)
        } else if number.is_infinite() {
            Err("the result is infinite (a division by zero?)".to_owned())
        } else {
            Ok(Answer::Answered(Value::Decimal(number + 0.0))) // + 0.0: no negative zero
        }
    };
    match element.question_type() {
        Some(QuestionType::Integer | QuestionType::Calculate(DataType::Int)) => {
            Ok(match number(value.number(scope))? {
                // As JavaRosa does, the fraction is cut off.
                Answer::Answered(Value::Decimal(number)) if number.abs() < 9e15 => {
                    #[allow(clippy::cast_possible_truncation, reason = "whole, and far inside i64")]
                    let whole = number.trunc() as i64;
                    Answer::Answered(Value::Integer(whole))
                }
                other => other,
            })
        }
        Some(QuestionType::Decimal | QuestionType::Range | QuestionType::Calculate(DataType::Decimal)) => {
            number(value.number(scope))
        }
        Some(QuestionType::Calculate(DataType::Boolean)) => Ok(Answer::Answered(Value::Boolean(value.boolean()))),
        Some(question_type) => {
            let data_type = match question_type {
                QuestionType::Calculate(data_type) => *data_type,
                QuestionType::Date | QuestionType::Today => DataType::Date,
                QuestionType::Time => DataType::Time,
                QuestionType::DateTime => DataType::DateTime,
                QuestionType::Geopoint => DataType::Geopoint,
                _ => DataType::String,
            };
            match (value, question_type) {
                (expression::Value::Number(result), QuestionType::Calculate(DataType::String)) => number(*result),
                (expression::Value::Boolean(result), QuestionType::Calculate(DataType::String)) => {
                    Ok(Answer::Answered(Value::Boolean(*result)))
                }
                // A question's value keeps its type: nothing is lost by writing and reading it.
                (expression::Value::Nodes(nodes), QuestionType::Calculate(DataType::String)) => {
                    Ok(match nodes.first() {
                        Some(node @ Node::Element(instance, id)) => {
                            copied(scope.tree.in_instance(*instance, *id), &scope.tree.string_value(*node))
                        }
                        Some(_) => text_answer(form, data_type, &value.string(scope)),
                        None => Answer::Unanswered,
                    })
                }
                (_, QuestionType::SelectOne(_)) => {
                    let text = value.string(scope);
                    Ok(if text.is_empty() {
                        Answer::Unanswered
                    } else {
                        Answer::choice(text)
                    })
                }
                (_, QuestionType::SelectMultiple(_) | QuestionType::Rank(_)) => {
                    let names: Vec<String> = value.string(scope).split_whitespace().map(str::to_owned).collect();
                    Ok(if names.is_empty() {
                        Answer::Unanswered
                    } else {
                        Answer::Answered(Value::Choices(names))
                    })
                }
                _ => Ok(text_answer(form, data_type, &value.string(scope))),
            }
        }
        None => Ok(Answer::Unanswered),
    }
}

fn text_answer(form: &Form, data_type: DataType, text: &str) -> Answer {
    if text.is_empty() || text == "NaN" || text == "Invalid Date" {
        Answer::Unanswered
    } else {
        Answer::Answered(calculated_text(form, data_type, text))
    }
}

/// Another question's answer as the value of a calculation: numbers stay numbers, the rest is the text that others read.
fn copied(answer: &Answer, text: &str) -> Answer {
    match answer {
        Answer::Answered(value) => match value {
            Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_) => answer.clone(),
            other => Answer::text(other.to_text()),
        },
        // The code where it is one of the choices; elsewhere the question reads as empty.
        Answer::Missing(_) if !text.is_empty() => Answer::text(text),
        Answer::Missing(_) | Answer::Unanswered | Answer::NotAsked => Answer::Unanswered,
    }
}
