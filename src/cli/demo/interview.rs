//! A synthetic interview: asks what the form asks, in its order, and answers as the organisation would.

use chrono::{DateTime, Duration, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::city::normal;
use super::organisation::{Kind, Organisation};
use super::quantity::quantity;
use crate::definition::{Choice, Element, ElementId, MissingCode, QuestionType};
use crate::response::{Answer, Answers, Door, Form, InstanceId, ProblemCode, Value, recalculate, recalculate_from};
use crate::study::Reception;

/// How often answers that break a rule are thought over.
const SECOND_THOUGHTS: usize = 6;
/// Of a hundred quantities, how many are not known or not told.
const UNKNOWN_PERCENT: u32 = 4;

/// Interviews an organisation. A careless one leaves an answer that breaks a rule.
pub fn interview(
    reception: &Reception,
    organisation: &Organisation,
    at: DateTime<Utc>,
    random: &mut ChaCha8Rng,
) -> Answers {
    let (form, world) = (reception.form(), reception.world());
    let mut answers = Answers::new(form);
    recalculate(&mut answers, Door::WebForm, world);
    let questions: Vec<ElementId> = form.questions().map(|(question, _)| question.id).collect();
    for id in &questions {
        let Some(answer) = answer(form, &answers, *id, organisation, at, random) else {
            continue;
        };
        answers.set(InstanceId::ROOT, *id, answer);
        recalculate_from(&mut answers, &[*id], Door::WebForm, world);
    }
    think_again(reception, &mut answers, organisation, at, random);
    if organisation.careless {
        slip(form, &mut answers, &questions);
        recalculate(&mut answers, Door::WebForm, world);
    }
    answers
}

/// The answer to a question that is asked now; `None` where nothing is to be said.
fn answer(
    form: &Form,
    answers: &Answers,
    id: ElementId,
    organisation: &Organisation,
    at: DateTime<Utc>,
    random: &mut ChaCha8Rng,
) -> Option<Answer> {
    let question = form.get(id)?;
    let question_type = question.question_type()?;
    let started = at - Duration::minutes(random.random_range(18..55));
    match question_type {
        QuestionType::Start => return Some(Answer::Answered(Value::DateTime(started.fixed_offset()))),
        QuestionType::End => return Some(Answer::Answered(Value::DateTime(at.fixed_offset()))),
        QuestionType::Today => return Some(Answer::Answered(Value::Date(at.date_naive()))),
        _ if form.identity().language() == Some(id) => return Some(Answer::text(organisation.language)),
        _ if !question_type.is_asked() || !answers.is_asked(InstanceId::ROOT, id) => return None,
        _ => {}
    }
    if may_be_missing(question) && random.random_ratio(UNKNOWN_PERCENT, 100) {
        let code = if random.random_bool(0.7) {
            MissingCode::DontKnow
        } else {
            MissingCode::Refused
        };
        if question.missing.contains(&code) {
            return Some(Answer::Missing(code));
        }
    }
    match question_type {
        QuestionType::SelectOne(_) => {
            let choice = one(form, answers, question, organisation, random)?;
            Some(Answer::choice(choice))
        }
        QuestionType::SelectMultiple(_) => Some(Answer::Answered(Value::Choices(several(
            form,
            answers,
            question,
            organisation,
            random,
        )))),
        QuestionType::Integer => {
            let value = quantity(&question.name, organisation, &known(form, answers), random)?;
            #[allow(
                clippy::cast_possible_truncation,
                reason = "quantities of the model stay far below 2^53"
            )]
            Some(Answer::Answered(Value::Integer(value.round() as i64)))
        }
        QuestionType::Decimal => {
            let value = quantity(&question.name, organisation, &known(form, answers), random)?;
            Some(Answer::number((value * 10.0).round() / 10.0))
        }
        QuestionType::Text => text(&question.name, organisation).map(Answer::text),
        QuestionType::Acknowledge => Some(Answer::text("OK")),
        _ => None,
    }
}

/// What was answered so far, by name.
fn known<'a>(form: &'a Form, answers: &'a Answers) -> impl Fn(&str) -> Option<f64> + 'a {
    |name| answers.get(form.find(name)?).as_number()
}

/// Quantities have missing codes; a select with one is answered.
fn may_be_missing(question: &Element) -> bool {
    question
        .question_type()
        .is_some_and(|question_type| question_type.select().is_none())
        && !question.missing.is_empty()
        && !question.identifying
}

fn text(name: &str, organisation: &Organisation) -> Option<String> {
    match name {
        "org_name" => Some(organisation.name.clone()),
        "credit_code" => Some(organisation.credit_code.clone()),
        _ => None,
    }
}

/// The choices that are offered, as far as a filter compares their columns with answers of the same name.
fn offered<'f>(form: &'f Form, answers: &Answers, question: &Element) -> Vec<&'f Choice> {
    let Some(list) = form.choice_list(question.id) else {
        return Vec::new();
    };
    let fits = |choice: &&Choice| {
        question.choice_filter.is_none()
            || choice.columns.iter().all(|(column, value)| {
                let answered = form.find(column).and_then(|id| answers.get(id).value());
                answered.is_none_or(|answered| answered.to_text() == value.as_str())
            })
    };
    list.choices().iter().filter(fits).collect()
}

/// One choice.
fn one(
    form: &Form,
    answers: &Answers,
    question: &Element,
    organisation: &Organisation,
    random: &mut ChaCha8Rng,
) -> Option<String> {
    let fixed = match (question.name.as_str(), organisation.kind) {
        ("city", _) => Some(organisation.city.as_str()),
        ("section", _) => Some(organisation.section),
        ("actor_type", Kind::Institution(actor)) => Some(actor),
        ("declared_size", _) => Some(declared_size(organisation)),
        ("consent", _) => Some("1"),
        _ => None,
    };
    let choices = offered(form, answers, question);
    if let Some(fixed) = fixed {
        return choices
            .iter()
            .find(|choice| choice.name == fixed)
            .map(|choice| choice.name.clone());
    }
    let lean = lean(&question.name, organisation);
    let numbers: Vec<f64> = choices.iter().filter_map(|choice| choice.name.parse().ok()).collect();
    let number = if numbers.len() == choices.len() && choices.len() > 2 {
        // A grade: the answers gather around a point that moves with the organisation.
        let middle = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let (slope, spread) = leaning(&question.name);
        let drawn = normal(random, middle + slope * lean, spread);
        nearest(&numbers, drawn)
    } else if choices.len() == 2 {
        usize::from(!random.random_bool(logistic(lean - 1.0)))
    } else {
        random.random_range(0..choices.len().max(1))
    };
    choices.get(number).map(|choice| choice.name.clone())
}

/// Several choices; "none" stands alone.
fn several(
    form: &Form,
    answers: &Answers,
    question: &Element,
    organisation: &Organisation,
    random: &mut ChaCha8Rng,
) -> Vec<String> {
    let choices = offered(form, answers, question);
    let lean = lean(&question.name, organisation);
    let before = chosen_before(answers, question);
    // What was sought is more often obtained than anything is sought; partners are rarer than contacts.
    let (any, each) = match (before.is_some(), question.name.as_str()) {
        (true, _) => (lean + 0.9, 0.4),
        (false, "coop_partners") => (lean - 1.6, -1.2),
        (false, "linked_actors") => (lean + 0.4, -0.6),
        (false, _) => (lean - 0.6, -1.0),
    };
    let any = random.random_bool(logistic(any));
    let chosen: Vec<String> = choices
        .iter()
        .filter(|choice| before.is_none_or(|before| before.contains(&choice.name)))
        .filter(|choice| any && choice.name != "none" && random.random_bool(logistic(0.3 * lean + each)))
        .map(|choice| choice.name.clone())
        .collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let none = choices.iter().find(|choice| choice.name == "none").or(choices.first());
    none.map(|choice| choice.name.clone()).into_iter().collect()
}

/// What was chosen before, where only that is offered now.
fn chosen_before<'a>(answers: &'a Answers, question: &Element) -> Option<&'a Vec<String>> {
    let read = question.choice_filter.as_ref()?.depends_on();
    read.iter().find_map(|id| match answers.get(*id).value() {
        Some(Value::Choices(chosen)) => Some(chosen),
        _ => None,
    })
}

/// How far a grade moves with what an organisation leans to, and how widely it is spread around that. The items of one
/// scale are readings of one thing.
fn leaning(question: &str) -> (f64, f64) {
    let is_item = ["failure_", "risk_taken", "ict_"]
        .iter()
        .any(|scale| question.starts_with(scale));
    if is_item { (0.9, 0.8) } else { (0.5, 1.0) }
}

/// Which way an organisation leans on a question.
fn lean(name: &str, organisation: &Organisation) -> f64 {
    match name {
        _ if name.starts_with("eco_") => organisation.green,
        // Innovators meet more barriers, though money less.
        "barrier_finance" | "barrier_cost" => -0.3 * organisation.innovation,
        _ if name.starts_with("barrier_") => 0.2 * organisation.innovation,
        _ => organisation.innovation,
    }
}

fn declared_size(organisation: &Organisation) -> &'static str {
    match organisation.employees {
        employees if employees < 20.0 => "micro",
        employees if employees < 300.0 => "small",
        employees if employees < 1000.0 => "medium",
        _ => "large",
    }
}

/// Answers again what breaks a rule; what can't be set right is said not to be known.
fn think_again(
    reception: &Reception,
    answers: &mut Answers,
    organisation: &Organisation,
    at: DateTime<Utc>,
    random: &mut ChaCha8Rng,
) {
    let (form, world) = (reception.form(), reception.world());
    for thought in 0..SECOND_THOUGHTS {
        let processed = reception.process(answers.clone(), Vec::new());
        if processed.is_sound() {
            return;
        }
        for problem in &processed.problems {
            let Some(id) = form.find_path(&problem.path) else {
                continue;
            };
            let Some(question) = form.get(id) else { continue };
            let again = if problem.code == ProblemCode::ChoiceNotOffered {
                without(form, question, answers.get(id), problem.value.as_deref())
            } else if thought + 2 < SECOND_THOUGHTS {
                answer(form, answers, id, organisation, at, random)
            } else {
                question.missing.first().map(|code| Answer::Missing(*code))
            };
            answers.set(InstanceId::ROOT, id, again.unwrap_or_default());
            recalculate_from(answers, &[id], Door::WebForm, world);
        }
    }
}

/// The same choices without one that was not offered; "none" where nothing is left.
fn without(form: &Form, question: &Element, given: &Answer, choice: Option<&str>) -> Option<Answer> {
    let Some(Value::Choices(chosen)) = given.value() else {
        return None;
    };
    let mut left: Vec<String> = chosen
        .iter()
        .filter(|name| Some(name.as_str()) != choice)
        .cloned()
        .collect();
    if left.is_empty() {
        let none = form.choice_list(question.id)?.get("none")?;
        left.push(none.name.clone());
    }
    Some(Answer::Answered(Value::Choices(left)))
}

/// A slip that people make: a minus sign where no amount is below zero.
fn slip(form: &Form, answers: &mut Answers, questions: &[ElementId]) {
    let slipped = questions.iter().rev().find_map(|id| {
        let question = form.get(*id)?;
        let value = answers.get(*id).as_number()?;
        let is_quantity = matches!(
            question.question_type(),
            Some(QuestionType::Decimal | QuestionType::Integer)
        );
        (is_quantity && question.constraint.is_some() && value >= 0.0).then_some(*id)
    });
    if let Some(id) = slipped {
        let wrong = match form.get(id).and_then(Element::question_type) {
            Some(QuestionType::Integer) => Value::Integer(-1),
            _ => Value::Decimal(-1.0),
        };
        answers.set(InstanceId::ROOT, id, Answer::Answered(wrong));
    }
}

fn nearest(numbers: &[f64], drawn: f64) -> usize {
    let distance = |number: &f64| (number - drawn).abs();
    let ranked = numbers
        .iter()
        .enumerate()
        .min_by(|left, right| distance(left.1).total_cmp(&distance(right.1)));
    ranked.map_or(0, |(position, _)| position)
}

fn logistic(lean: f64) -> f64 {
    1.0 / (1.0 + (-lean).exp())
}
