//! Answers as JSON: reading what was sent, and writing the canonical form.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json, json};

use super::answers::{Answers, InstanceId, Limits};
use super::form::Form;
use super::parse::{calculated_text, choices, missing_choice, parse_text, shortened, whole, wrong_type};
use super::problem::{Problem, ProblemCode};
use super::unknown::unknown_question;
use super::value::{Answer, Value};
use crate::definition::{DataType, Element, ElementId, Kind, MissingCode, QuestionType};

/// The outcome of reading: what could be read, and what was wrong.
pub type Read = (Answers, Vec<Problem>);

impl Answers {
    /// Reads answers as they were sent: nested as the instance is. What can't be read is a problem, and the rest is
    /// read all the same.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use innogauge::definition::Definition;
    /// use innogauge::response::{Answer, Answers, Form, ProblemCode, Value};
    ///
    /// # let yaml = "{survey: s, version: '1', title: S, questions: [{type: integer, name: persons, label: Persons}]}";
    /// # let definition = Definition::from_yaml("s.yaml", yaml).map_err(|errors| errors[0].to_string())?.value;
    /// let form: Arc<Form> = Form::new(definition);
    /// let (answers, problems) = Answers::from_json(&form, &serde_json::json!({"persons": 12, "perons": 3}));
    /// let persons = form.find("persons").ok_or("no such question")?;
    /// assert_eq!(answers.get(persons), &Answer::Answered(Value::Integer(12)));
    /// assert_eq!(problems[0].code, ProblemCode::MisspeltQuestion);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(form: &Arc<Form>, json: &Json) -> Read {
        Self::from_json_within(form, json, Limits::default())
    }

    /// As [`Answers::from_json`], with other limits.
    pub fn from_json_within(form: &Arc<Form>, json: &Json, limits: Limits) -> Read {
        let mut reader = Reader {
            answers: Self::new(form),
            form: form.as_ref(),
            problems: Vec::new(),
            limits,
        };
        match json {
            Json::Object(object) => reader.read_children(InstanceId::ROOT, None, object),
            Json::Null => {}
            other => reader
                .problems
                .push(Problem::new(ProblemCode::NotAnObject, ["answers"]).of(shortened(&other.to_string()))),
        }
        (reader.answers, reader.problems)
    }

    /// Reads the text of a JSON document of answers.
    pub fn from_json_text(form: &Arc<Form>, text: &str) -> Read {
        match serde_json::from_str::<Json>(text) {
            Ok(json) => Self::from_json(form, &json),
            Err(error) => {
                let code = if error.to_string().starts_with("recursion limit") {
                    ProblemCode::TooDeep
                } else {
                    ProblemCode::NotJson
                };
                (Self::new(form), vec![Problem::new(code, [error.to_string()])])
            }
        }
    }

    /// Reads what [`Answers::to_json`] wrote, without evaluating anything: what is absent was not asked, what is null
    /// was not answered, and calculations are taken as they are.
    pub fn from_settled_json(form: &Arc<Form>, json: &Json) -> Read {
        let (mut answers, problems) = Self::from_json(form, json);
        if let Json::Object(object) = json {
            answers.settle_children(InstanceId::ROOT, None, Some(object));
        }
        (answers, problems)
    }

    /// Marks what is absent as not asked.
    fn settle_children(&mut self, instance: InstanceId, parent: Option<ElementId>, object: Option<&Map<String, Json>>) {
        let form = Arc::clone(self.form());
        for element in form.children(parent).iter().filter_map(|id| form.get(*id)) {
            let json = object.and_then(|object| object.get(&element.name));
            match &element.kind {
                Kind::Repeat => {
                    let instances = self.repeated(instance, element.id).to_vec();
                    for (position, inner) in instances.into_iter().enumerate() {
                        let object = json.and_then(|json| json.get(position)).and_then(Json::as_object);
                        self.settle_children(inner, Some(element.id), object);
                    }
                }
                Kind::Group => {
                    if json.is_none() {
                        self.mark_not_asked(instance, element.id);
                    }
                    self.settle_children(instance, Some(element.id), json.and_then(Json::as_object));
                }
                Kind::Question(question_type) => {
                    if json.is_none() && is_written_empty(question_type) {
                        self.mark_not_asked(instance, element.id);
                    }
                }
            }
        }
    }

    /// The answers in force as canonical JSON: nested as the instance is, in document order. What was asked and not
    /// answered is null; what was not asked is left out.
    pub fn to_json(&self) -> Json {
        Json::Object(
            self.write_children(InstanceId::ROOT, None, true, &|answers, instance, question| {
                answers.in_instance(instance, question)
            }),
        )
    }

    /// The answers as they were received, as canonical JSON, whether or not they are in force. What was not answered is
    /// left out.
    ///
    /// This is what a version keeps: reading it again with [`Answers::from_json`] gives the same response.
    pub fn received_json(&self) -> Json {
        Json::Object(
            self.write_children(InstanceId::ROOT, None, false, &|answers, instance, question| {
                answers.received(instance, question)
            }),
        )
    }

    fn write_children(
        &self,
        instance: InstanceId,
        parent: Option<ElementId>,
        nulls: bool,
        read: &dyn Fn(&Self, InstanceId, ElementId) -> &Answer,
    ) -> Map<String, Json> {
        let form = self.form();
        let mut object = Map::new();
        for element in form.children(parent).iter().filter_map(|id| form.get(*id)) {
            let json = match &element.kind {
                Kind::Group => {
                    let inner = self.write_children(instance, Some(element.id), nulls, read);
                    (!inner.is_empty()).then_some(Json::Object(inner))
                }
                Kind::Repeat => {
                    let instances: Vec<Json> = self
                        .repeated(instance, element.id)
                        .iter()
                        .map(|inner| Json::Object(self.write_children(*inner, Some(element.id), nulls, read)))
                        .collect();
                    (!instances.is_empty()).then_some(Json::Array(instances))
                }
                Kind::Question(question_type) => match read(self, instance, element.id) {
                    Answer::Unanswered if nulls && is_written_empty(question_type) => Some(Json::Null),
                    answer => answer.to_json(),
                },
            };
            if let Some(json) = json {
                object.insert(element.name.clone(), json);
            }
        }
        object
    }
}

/// Whether a question that was asked and not answered is written as null: not where nobody is asked anything.
fn is_written_empty(question_type: &QuestionType) -> bool {
    question_type.has_value() && !matches!(question_type, QuestionType::Note)
}

struct Reader<'a> {
    answers: Answers,
    form: &'a Form,
    problems: Vec<Problem>,
    limits: Limits,
}

impl Reader<'_> {
    fn read_children(&mut self, instance: InstanceId, parent: Option<ElementId>, object: &Map<String, Json>) {
        let siblings = self.form.children(parent);
        let mut next = 0;
        for (key, json) in object {
            // Canonical JSON is in document order, so that the next sibling is mostly the one.
            let found = siblings
                .iter()
                .enumerate()
                .skip(next)
                .take(2)
                .find(|(_, id)| self.form.get(**id).is_some_and(|element| element.name == *key))
                .map(|(position, id)| {
                    next = position + 1;
                    *id
                })
                .or_else(|| self.form.child(parent, key));
            match found.and_then(|id| self.form.get(id)) {
                Some(element) => self.read_element(instance, element, json),
                None if json.is_null() => {}
                None => self.unknown(instance, parent, key, json),
            }
        }
    }

    fn read_element(&mut self, instance: InstanceId, element: &Element, json: &Json) {
        match (&element.kind, json) {
            (_, Json::Null) => {}
            (Kind::Group, Json::Object(object)) => self.read_children(instance, Some(element.id), object),
            (Kind::Group, _) => self.report(instance, element, ProblemCode::NotAnObject, json),
            (Kind::Repeat, Json::Array(items)) => self.read_repeat(instance, element, items),
            (Kind::Repeat, _) => self.report(instance, element, ProblemCode::NotAList, json),
            (Kind::Question(question_type), _) => {
                if !question_type.has_value() {
                    self.unknown(instance, element.parent, &element.name, json);
                    return;
                }
                match read_answer(self.form, element, question_type, json) {
                    Ok(answer) => self.answers.set(instance, element.id, answer),
                    Err(problem) => {
                        let path = self.answers.path(instance, element.id);
                        self.problems.push(problem.at(path, &element.label).of(as_shown(json)));
                    }
                }
            }
        }
    }

    fn read_repeat(&mut self, instance: InstanceId, element: &Element, items: &[Json]) {
        for item in items {
            let Some(inner) = self.answers.add_instance(instance, element.id, self.limits) else {
                let most = self.limits.instances_of_a_repeat.min(self.limits.instances).to_string();
                let problem = Problem::new(ProblemCode::TooManyInstances, [element.name.clone(), most]);
                let path = self.answers.path(instance, element.id);
                self.problems
                    .push(problem.at(path, &element.label).of(items.len().to_string()));
                return;
            };
            match item {
                Json::Object(object) => self.read_children(inner, Some(element.id), object),
                Json::Null => {}
                other => self.report(inner, element, ProblemCode::NotAnObject, other),
            }
        }
    }

    fn report(&mut self, instance: InstanceId, element: &Element, code: ProblemCode, json: &Json) {
        let path = self.answers.path(instance, element.id);
        self.problems.push(
            Problem::new(code, [element.name.clone()])
                .at(path, &element.label)
                .of(as_shown(json)),
        );
    }

    fn unknown(&mut self, instance: InstanceId, parent: Option<ElementId>, key: &str, json: &Json) {
        let problem = unknown_question(&self.answers, instance, parent, key);
        self.problems.push(problem.of(as_shown(json)));
    }
}

/// A JSON value as a message shows it: text without quotes.
fn as_shown(json: &Json) -> String {
    match json {
        Json::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn read_answer(
    form: &Form,
    element: &Element,
    question_type: &QuestionType,
    json: &Json,
) -> Result<Answer, Box<Problem>> {
    match json {
        Json::Object(object) => read_missing(element, object),
        Json::String(text) => read_text(form, element, question_type, text),
        Json::Number(number) => read_number(question_type, number),
        Json::Bool(boolean) => match question_type {
            QuestionType::Acknowledge => Ok(if *boolean {
                Answer::text("OK")
            } else {
                Answer::Unanswered
            }),
            QuestionType::Calculate(_) | QuestionType::Hidden => Ok(Answer::Answered(Value::Boolean(*boolean))),
            other => Err(wrong_type(expected(other))),
        },
        Json::Array(items) => match question_type {
            QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => {
                let names: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                match names {
                    Some(names) if names.iter().all(|name| !name.contains('\0')) => choices(element, names),
                    _ => Err(wrong_type("@choices")),
                }
            }
            other => Err(wrong_type(expected(other))),
        },
        Json::Null => Ok(Answer::Unanswered),
    }
}

/// `{"missing": "refused"}`.
fn read_missing(element: &Element, object: &Map<String, Json>) -> Result<Answer, Box<Problem>> {
    let kind = || wrong_type(element.question_type().map_or("@text", expected));
    let code = object.get("missing").and_then(Json::as_str).ok_or_else(kind)?;
    if object.len() > 1 {
        return Err(Box::new(Problem::new(
            ProblemCode::MissingCodeNotAlone,
            [shortened(code)],
        )));
    }
    match MissingCode::from_code(code) {
        None => Err(Box::new(Problem::new(
            ProblemCode::UnknownMissingCode,
            [shortened(code)],
        ))),
        Some(known) if !element.missing.contains(&known) => {
            Err(Box::new(Problem::new(ProblemCode::MissingCodeNotOffered, [code])))
        }
        Some(known) => Ok(Answer::Missing(known)),
    }
}

fn read_text(form: &Form, element: &Element, question_type: &QuestionType, text: &str) -> Result<Answer, Box<Problem>> {
    if text.contains('\0') {
        return Err(wrong_type(expected(question_type)));
    }
    match question_type {
        _ if text.is_empty() => Ok(Answer::Unanswered),
        // The types that JSON has itself are not read from text.
        QuestionType::Integer
        | QuestionType::Decimal
        | QuestionType::Range
        | QuestionType::SelectMultiple(_)
        | QuestionType::Rank(_) => Err(wrong_type(expected(question_type))),
        QuestionType::SelectOne(_) => Ok(match missing_choice(element, text) {
            Some(code) => Answer::Missing(code),
            None => Answer::choice(text),
        }),
        QuestionType::Calculate(data_type) => Ok(Answer::Answered(calculated_text(form, *data_type, text))),
        QuestionType::Text | QuestionType::Barcode | QuestionType::Hidden | QuestionType::Note => {
            Ok(Answer::text(text))
        }
        _ => parse_text(form, element.id, text),
    }
}

fn read_number(question_type: &QuestionType, number: &Number) -> Result<Answer, Box<Problem>> {
    let real = number
        .as_f64()
        .filter(|real| real.is_finite())
        .ok_or_else(|| Box::new(Problem::new(ProblemCode::NumberOutOfRange, [""; 0])))?;
    let integer = || match number.as_i64() {
        Some(integer) => Ok(integer),
        None => whole(real),
    };
    Ok(Answer::Answered(match question_type {
        QuestionType::Integer => Value::Integer(integer()?),
        QuestionType::Calculate(DataType::Int) => match integer() {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Decimal(real + 0.0),
        },
        QuestionType::Decimal | QuestionType::Range | QuestionType::Calculate(_) | QuestionType::Hidden => {
            Value::Decimal(real + 0.0) // + 0.0: no negative zero
        }
        other => return Err(wrong_type(expected(other))),
    }))
}

/// The key of the kind of value that a type of question takes, for messages.
fn expected(question_type: &QuestionType) -> &'static str {
    match question_type {
        QuestionType::Integer => "@integer",
        QuestionType::Decimal | QuestionType::Range => "@decimal",
        QuestionType::SelectOne(_) => "@choice",
        QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => "@choices",
        QuestionType::Date | QuestionType::Today => "@date",
        QuestionType::Time => "@time",
        QuestionType::DateTime | QuestionType::Start | QuestionType::End => "@datetime",
        QuestionType::Geopoint
        | QuestionType::Geotrace
        | QuestionType::Geoshape
        | QuestionType::StartGeopoint
        | QuestionType::BackgroundGeopoint => "@geo",
        QuestionType::Acknowledge => "@boolean",
        other if other.is_file() => "@file",
        _ => "@text",
    }
}

impl Answer {
    /// The answer as canonical JSON; `None` where there is none.
    pub fn to_json(&self) -> Option<Json> {
        match self {
            Self::Unanswered | Self::NotAsked => None,
            Self::Missing(code) => Some(json!({ "missing": code.code() })),
            Self::Answered(value) => Some(value.to_json()),
        }
    }
}

impl Value {
    /// The value as canonical JSON: numbers are numbers, selections of several are arrays, the rest is text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Integer(number) => Json::from(*number),
            Self::Decimal(number) => decimal_to_json(*number),
            Self::Boolean(boolean) => Json::Bool(*boolean),
            Self::Choices(choices) => Json::from(choices.as_slice()),
            other => Json::String(other.to_text().into_owned()),
        }
    }
}

/// Whole numbers without a fraction: 10, not 10.0.
fn decimal_to_json(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: up to here every whole number is a double
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        return Json::from(number as i64);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}
