//! What a response goes through, told by examples on one small survey.

#![allow(clippy::needless_pass_by_value, reason = "json!() is handed over as it is written")]

mod calculations;
mod properties;
mod quality;
mod reading;
mod rules;
mod tree;

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset};
use serde_json::{Value as Json, json};

use super::{Answer, Answers, Door, Form, InstanceId, Problem, ProblemCode, Processed, Received, process};
use crate::definition::{Definition, ElementId};
use crate::expression::Environment;

/// A world in which nothing is left to chance.
struct World;

impl Environment for World {
    fn now(&self) -> DateTime<FixedOffset> {
        at("2030-01-01T00:00:00Z")
    }

    fn random(&self) -> Option<f64> {
        Some(0.25)
    }
}

fn at(moment: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(moment).unwrap()
}

fn form() -> Arc<Form> {
    static FORM: LazyLock<Arc<Form>> = LazyLock::new(|| form_of(include_str!("survey.yaml")));
    Arc::clone(&FORM)
}

fn form_of(yaml: &str) -> Arc<Form> {
    match Definition::from_yaml("survey.yaml", yaml) {
        Ok(checked) => Form::new(checked.value),
        Err(errors) => panic!(
            "{}",
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        ),
    }
}

/// The answers that every response needs, with others laid over them.
fn with(over: Json) -> Json {
    let mut answers = json!({"org_name": "甲公司", "city": "230700", "turnover": 900, "product_count": 0});
    if let (Json::Object(answers), Json::Object(over)) = (&mut answers, over) {
        answers.extend(over);
    }
    answers
}

fn send(form: &Arc<Form>, door: Door, answers: &Json) -> Processed {
    let (answers, problems) = Answers::from_json(form, answers);
    process(
        Received::new(answers, problems, door, at("2026-03-01T08:30:00+08:00")),
        &World,
    )
}

/// Answers at the JSON door.
fn json_door(answers: Json) -> Processed {
    send(&form(), Door::Json, &with(answers))
}

/// Each finding as `number path value`.
fn brief<'a>(findings: impl IntoIterator<Item = &'a Problem>) -> Vec<String> {
    findings
        .into_iter()
        .map(|finding| {
            format!(
                "{} {} {}",
                finding.code.number(),
                finding.path,
                finding.value.as_deref().unwrap_or_default()
            )
            .trim_end()
            .to_owned()
        })
        .collect()
}

fn id(form: &Form, name: &str) -> ElementId {
    form.find(name).unwrap_or_else(|| panic!("no question {name}"))
}

fn value(processed: &Processed, name: &str) -> Answer {
    processed.answers.get(id(processed.answers.form(), name)).clone()
}
