//! Compares what JavaRosa says of an interview with what comes of it here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use innogauge::definition::{Companion, Definition, Element, Formula, MissingCode, QuestionType, expand};
use innogauge::expression::Environment;
use innogauge::response::instance::{Names, read, write};
use innogauge::response::{
    Answer, Answers, Door, Form, InstanceId, Problem, ProblemCode, Processed, Received, Severity, Value, process,
};
use serde_json::{Map, Value as Json, json};

use super::engine::JavaRosa;

/// Every so many interviews are opened again for editing.
const OPENED: u64 = 5;

/// What the harness has, too: no attached list has the key.
struct World;

impl Environment for World {
    fn now(&self) -> DateTime<FixedOffset> {
        now()
    }

    fn pulldata(&self, _list: &str, _column: &str, _key_column: &str, _key: &str) -> Option<String> {
        Some(String::new())
    }
}

fn now() -> DateTime<FixedOffset> {
    let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
    Utc::now().with_timezone(&shanghai)
}

pub struct Judge {
    form: Arc<Form>,
    asked: Definition,
}

impl Judge {
    pub fn new(form: &Arc<Form>) -> Self {
        Self {
            form: Arc::clone(form),
            asked: expand(form.definition()),
        }
    }

    /// What is different.
    pub fn compare(&self, engine: &mut JavaRosa, report: &Json, seed: u64) -> Vec<String> {
        let nodes = report["nodes"].as_object().unwrap();
        let mut found = Vec::new();
        // Also the nodes that are not sent, since they are not asked.
        let all = self.process(&self.instance(nodes), &mut found);
        self.compare_nodes(&all, nodes, &mut found);
        found.extend(self.compare_rules(&all, nodes));
        found.extend(self.compare_choices(&all, report, seed));
        let sent = self.process(report["xml"].as_str().unwrap(), &mut found);
        if without_empty(sent.answers.to_json()) != without_empty(all.answers.to_json()) {
            found.push(format!(
                "what was sent: {}\nall: {}",
                sent.answers.to_json(),
                all.answers.to_json()
            ));
        }
        if seed.is_multiple_of(OPENED) {
            found.extend(self.reopen(engine, &sent.answers));
        }
        found
    }

    fn process(&self, xml: &str, found: &mut Vec<String>) -> Processed {
        let (answers, problems) = read(xml.as_bytes(), &self.form).unwrap_or_else(|error| panic!("{error}: {xml}"));
        for problem in problems.iter().filter(|problem| problem.severity == Severity::Problem) {
            // Codes among the choices of a select are allowed to be chosen by the widget, not by the constraint.
            if problem.code != ProblemCode::MissingCodeNotAlone {
                found.push(format!("reading {}: {}", problem.path, problem.message("en")));
            }
        }
        process(Received::new(answers, problems, Door::OpenRosa, now()), &World)
    }

    /// Every node as a client would send it that sends all.
    fn instance(&self, nodes: &Map<String, Json>) -> String {
        let mut xml = format!("<data id='{}'>", self.form.survey());
        let mut open: Vec<&str> = Vec::new();
        for (path, node) in nodes {
            let steps: Vec<&str> = path.split('/').skip(1).collect();
            while open.len() >= steps.len() {
                let _ = write!(xml, "</{}>", name(open.pop().unwrap()));
            }
            let step = steps.last().unwrap();
            let _ = write!(xml, "<{}>", name(step));
            open.push(step);
            // A companion that is not asked still holds what was ticked before.
            let is_idle = node["relevant"] == json!(false) && self.is_companion(path);
            if let (Some(text), false) = (node["text"].as_str(), is_idle) {
                xml.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
            }
        }
        for step in open.iter().rev() {
            let _ = write!(xml, "</{}>", name(step));
        }
        xml + "</data>"
    }

    fn is_companion(&self, path: &str) -> bool {
        let plain = path.split('/').map(name).collect::<Vec<_>>().join("/");
        let element = self.asked.find_path(&plain).and_then(|id| self.asked.get(id));
        element.is_some_and(|element| {
            matches!(
                element.companion,
                Some(Companion::Missing { .. } | Companion::Warning { .. })
            )
        })
    }

    /// Whether each node is asked, and what is calculated.
    fn compare_nodes(&self, processed: &Processed, nodes: &Map<String, Json>, found: &mut Vec<String>) {
        let answers = &processed.answers;
        for element in self.form.elements() {
            for instance in answers.instances_of(element.id) {
                let path = answers.path(instance, element.id);
                let Some(node) = nodes.get(&path) else { continue };
                let theirs = node["relevant"] == json!(true);
                if theirs != answers.is_asked(instance, element.id) {
                    let rule = element.relevant.as_ref().map_or("", Formula::source);
                    found.push(format!("{path} is asked by JavaRosa: {theirs}, rule {rule}"));
                } else if let (Some(calculation), true) = (&element.calculation, theirs) {
                    let text = node["text"].as_str().unwrap_or_default();
                    let ours = answers.in_instance(instance, element.id);
                    if !is_same(text, ours) {
                        let rule = calculation.source();
                        found.push(format!(
                            "{path}: JavaRosa calculates '{text}', we '{ours}': {rule}{}",
                            self.read_by(answers, instance, element)
                        ));
                    }
                }
            }
        }
    }

    /// What the answers are that a rule of an element reads, for the message.
    fn read_by(&self, answers: &Answers, instance: InstanceId, element: &Element) -> String {
        let formulas = [&element.relevant, &element.calculation, &element.constraint];
        let mut text = String::new();
        for id in formulas.into_iter().flatten().flat_map(Formula::depends_on) {
            let name = &self.form.element(*id).name;
            let value = match answers.in_instance(instance, *id) {
                Answer::NotAsked => answers.get(*id),
                answer => answer,
            };
            let _ = write!(text, " [{name}: {value:?}]");
        }
        text
    }

    /// Which constraints are broken, which answers are required and not there, which soft checks hold.
    fn compare_rules(&self, processed: &Processed, nodes: &Map<String, Json>) -> Vec<String> {
        let mut theirs = BTreeSet::new();
        let answers = &processed.answers;
        let is = |path: &str, what: &str| nodes.get(path).is_some_and(|node| node[what] == json!(true));
        let is_empty = |path: &str| nodes.get(path).is_none_or(|node| node["text"].is_null());
        for (element, question_type) in self.form.questions() {
            for instance in answers.instances_of(element.id) {
                let path = answers.path(instance, element.id);
                if nodes.get(&path).is_some_and(|node| node["holds"] == json!(false)) {
                    theirs.insert((path.clone(), "constraint".to_owned()));
                }
                let is_select = question_type.select().is_some();
                let must = if element.missing.is_empty() || is_select {
                    path.clone()
                } else {
                    MissingCode::companion_of(&path)
                };
                let is_person_asked = question_type.is_asked() && element.calculation.is_none();
                if is_person_asked && is(&must, "required") && is_empty(&must) {
                    theirs.insert((path.clone(), "required".to_owned()));
                }
                for (number, check) in element.warn_if.iter().enumerate() {
                    if is(&Companion::warning_name(&path, number + 1), "relevant") {
                        theirs.insert((path.clone(), check.test.source().to_owned()));
                    }
                }
            }
        }
        let ours: BTreeSet<(String, String)> = processed.findings().filter_map(said).collect();
        let differ = theirs.symmetric_difference(&ours);
        differ
            .map(|(path, what)| {
                let by = if ours.contains(&(path.clone(), what.clone())) {
                    "only we"
                } else {
                    "only JavaRosa"
                };
                let value = nodes
                    .get(path)
                    .and_then(|node| node["text"].as_str())
                    .unwrap_or_default();
                let rule = processed
                    .findings()
                    .find(|finding| finding.path == *path)
                    .and_then(|finding| finding.rule.clone());
                format!("{path} '{value}': {by}: {what} {}", rule.unwrap_or_default())
            })
            .collect()
    }

    /// One choice of one select with a filter: it is offered by both or by none.
    fn compare_choices(&self, processed: &Processed, report: &Json, seed: u64) -> Option<String> {
        let answers = &processed.answers;
        let mut filtered = Vec::new();
        for element in self
            .form
            .elements()
            .iter()
            .filter(|element| element.choice_filter.is_some())
        {
            for instance in answers.instances_of(element.id) {
                let offered = report["offered"][answers.path(instance, element.id)].as_array();
                if let (Some(offered), true) = (offered, answers.is_asked(instance, element.id)) {
                    filtered.push((element, instance, offered));
                }
            }
        }
        let number = usize::try_from(seed).unwrap();
        let (element, instance, offered) = filtered.get(number % filtered.len().max(1))?;
        let list = self.form.choice_list(element.id)?.choices();
        let name = &list[number % list.len()].name;
        let answer = match element.question_type()?.name() {
            "select_one" => Answer::choice(name),
            _ => Answer::Answered(Value::Choices(vec![name.clone()])),
        };
        let mut tried = answers.clone();
        tried.set(*instance, element.id, answer);
        let tried = process(Received::new(tried, Vec::new(), Door::OpenRosa, now()), &World);
        let path = answers.path(*instance, element.id);
        let is_refusal = |problem: &Problem| problem.path == path && problem.code == ProblemCode::ChoiceNotOffered;
        let refused = tried.problems.iter().any(is_refusal);
        (refused == offered.contains(&json!(name)))
            .then(|| format!("{path}: JavaRosa offers {offered:?}, and we refuse {name}: {refused}"))
    }

    /// The answers without the times at which the form was opened, where JavaRosa is a millisecond off now and then, and
    /// finished, which is another each time.
    fn unchanging(&self, answers: &Answers) -> Json {
        let mut answers = answers.clone();
        let clock = |of: &QuestionType| matches!(of, QuestionType::Start | QuestionType::End);
        for (element, _) in self.form.questions().filter(|(_, of)| clock(of)) {
            answers.set(InstanceId::ROOT, element.id, Answer::Unanswered);
        }
        without_empty(answers.to_json())
    }

    /// What we write, JavaRosa opens for editing, and sends as it was.
    fn reopen(&self, engine: &mut JavaRosa, answers: &Answers) -> Option<String> {
        let names = Names {
            instance_id: "uuid:2",
            deprecated_id: Some("uuid:1"),
        };
        let written = write(answers, &names);
        let report = engine.ask(&json!({"open": written}));
        let mut found = Vec::new();
        let again = self.process(report["xml"].as_str().unwrap(), &mut found).answers;
        let (before, after) = (self.unchanging(answers), self.unchanging(&again));
        (before != after).then(|| format!("opened again: {before}\nafter: {after}"))
    }
}

/// A step of a path without its number.
fn name(step: &str) -> &str {
    step.split('[').next().unwrap_or(step)
}

/// What a finding of ours is to JavaRosa.
fn said(finding: &Problem) -> Option<(String, String)> {
    let what = match finding.code {
        ProblemCode::Constraint | ProblemCode::MissingCodeNotAlone => "constraint".to_owned(),
        ProblemCode::Required | ProblemCode::RequiredOrMissing => "required".to_owned(),
        ProblemCode::SoftCheck => finding.rule.clone()?,
        // Choices are compared by themselves: JavaRosa keeps one where none is offered any more.
        ProblemCode::UnaskedAnswer
        | ProblemCode::InvalidCreditCode
        | ProblemCode::SoftCheckConfirmed
        | ProblemCode::ChoiceNotOffered => return None,
        other => format!("{other:?} {:?}", finding.details),
    };
    Some((finding.path.clone(), what))
}

/// Whether a calculation of JavaRosa's is ours, by value.
fn is_same(text: &str, ours: &Answer) -> bool {
    let Answer::Answered(value) = ours else {
        return text.is_empty() || text == "NaN";
    };
    let ours = value.to_text();
    let number = |text: &str| match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        other => other.parse::<f64>().ok(),
    };
    match (number(text), number(&ours)) {
        (Some(theirs), Some(ours)) => (theirs - ours).abs() <= 1e-9 * theirs.abs().max(ours.abs()),
        _ => text == ours,
    }
}

/// Without what is empty: entries that are not asked are not sent.
fn without_empty(json: Json) -> Json {
    match json {
        Json::Object(object) => object
            .into_iter()
            .map(|(key, value)| (key, without_empty(value)))
            .filter(|(_, value)| !matches!(value, Json::Object(inner) if inner.is_empty()))
            .filter(|(_, value)| !matches!(value, Json::Array(inner) if inner.is_empty()))
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(items) => items
            .into_iter()
            .map(without_empty)
            .filter(|value| !matches!(value, Json::Object(inner) if inner.is_empty()))
            .collect(),
        other => other,
    }
}
