//! The store: what is kept, on either database.

mod access;
mod accounts;
mod audit;
mod backup;
mod changes;
mod commands;
mod connection_loss;
mod definitions;
mod editors;
mod fieldwork;
mod imports;
mod jobs;
mod listing;
mod opening;
mod partitions;
mod review;
mod submissions;
mod upgrades;

use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use innogauge::definition::Definition;
use innogauge::response::{Answer, Answers, Door, Form, Identity, InstanceId, Problem, ProblemCode, Processed, Value};
use innogauge::store::{Envelope, Submission};

const VISIT: &str = r"
survey: visit
version: 1
title: Visit
identity: {code: code, name: name, city: city}
questions:
- {type: text, name: code, label: Credit code}
- {type: text, name: name, label: Name}
- {type: text, name: city, label: City}
- {type: text, name: finding, label: What was found}
- {type: start-geopoint, name: place}
";

/// A moment in the tests' own time, so many seconds after its beginning.
pub fn at(seconds: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_790_000_000 + seconds, 0).unwrap()
}

/// A response as a test describes it.
#[derive(Clone)]
pub struct Visit<'a> {
    pub instance: &'a str,
    pub replaces: Option<&'a str>,
    pub code: Option<&'a str>,
    pub name: &'a str,
    pub city: &'a str,
    pub finding: &'a str,
    /// Where it was, as clients write it.
    pub place: Option<&'a str>,
    pub problems: usize,
    pub round: Option<&'a str>,
    pub at: i64,
}

impl<'a> Visit<'a> {
    pub fn new(instance: &'a str) -> Self {
        Self {
            instance,
            replaces: None,
            code: None,
            name: instance,
            city: "230700",
            finding: "all well",
            place: None,
            problems: 0,
            round: Some("2026"),
            at: 0,
        }
    }

    pub fn replacing(self, replaces: &'a str) -> Self {
        Self {
            replaces: Some(replaces),
            ..self
        }
    }

    pub fn of_code(self, code: &'a str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    pub fn finding(self, finding: &'a str) -> Self {
        Self { finding, ..self }
    }

    pub fn submission(&self) -> Submission {
        let definition = Definition::from_yaml("visit.yaml", VISIT).unwrap().value;
        let form = Form::new(Arc::new(definition));
        self.answering(&form)
    }

    pub fn answering(&self, form: &Arc<Form>) -> Submission {
        let mut answers = Answers::new(form);
        let text = |text: &str| Value::Text(text.to_owned());
        let answered = [
            ("code", self.code.map(text)),
            ("name", Some(text(self.name))),
            ("city", Some(text(self.city))),
            ("finding", Some(text(self.finding))),
            ("place", self.place.map(|place| Value::Geo(place.to_owned()))),
        ];
        for (question, value) in answered {
            if let Some(value) = value {
                let question = form.definition().find(question).unwrap();
                answers.set(InstanceId::ROOT, question, Answer::Answered(value));
            }
        }
        let problem = Problem::new(ProblemCode::ALL[0], ["x"]);
        let processed = Processed {
            identity: Identity::of(&answers),
            answers,
            problems: vec![problem; self.problems],
            warnings: Vec::new(),
            notes: Vec::new(),
        };
        let envelope = Envelope {
            round: self.round.map(str::to_owned),
            survey: "visit".to_owned(),
            definition_version: "1".to_owned(),
            claimed_version: "1".to_owned(),
            instance_id: self.instance.to_owned(),
            deprecated_id: self.replaces.map(str::to_owned),
            door: Door::Json,
            sender: Some("ann".to_owned()),
            received_at: at(self.at),
            test: false,
        };
        Submission::new(envelope, &processed, self.finding.as_bytes()).unwrap()
    }
}

/// The form that the visits answer, for tests that make many.
pub fn form() -> Arc<Form> {
    Form::new(Arc::new(Definition::from_yaml("visit.yaml", VISIT).unwrap().value))
}
