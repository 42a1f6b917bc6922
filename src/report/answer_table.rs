//! Responses as tables: one with a row per response, and one with a row per instance for each repeat.
//!
//! Both the workbook and the data export are written from these, so that a column means the same in either.

use serde_json::Value as Json;

use super::Wording;
use crate::definition::{Choice, Definition, Element, ElementId, MissingCode, QuestionType};
use crate::response::is_protected;

/// The content of one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// Unanswered or not asked.
    Empty,
    /// Words, a code, a date.
    Text(String),
    /// A number.
    Number(f64),
}

/// One table of a survey.
#[derive(Debug, Clone)]
pub struct AnswerTable<'d> {
    definition: &'d Definition,
    /// The repeats on the way to the rows, outermost first; none for the responses themselves.
    repeats: Vec<ElementId>,
    columns: Vec<AnswerColumn<'d>>,
}

/// One column: the answers to a question as they are stored, or with the labels of the choices.
#[derive(Debug, Clone)]
pub struct AnswerColumn<'d> {
    /// The question.
    pub question: &'d Element,
    /// Its path from the top.
    pub path: &'d str,
    /// Whether the column has labels instead of codes.
    pub labels: bool,
    /// The names on the way from the row's object to the answer.
    steps: Vec<&'d str>,
}

impl<'d> AnswerTable<'d> {
    /// The tables of a survey: the responses first, then each repeat in document order.
    ///
    /// Questions about persons, and those that identify an organisation, are columns only where `personal` says so. A select question has two columns: codes and
    /// labels.
    pub fn of(definition: &'d Definition, personal: bool) -> Vec<Self> {
        let mut frames: Vec<Vec<ElementId>> = vec![Vec::new()];
        for element in definition.elements().iter().filter(|element| element.is_repeat()) {
            let mut chain = repeats_around(definition, element.id);
            chain.push(element.id);
            frames.push(chain);
        }
        let tables = frames.into_iter().map(|repeats| {
            let columns = columns(definition, &repeats, personal);
            Self {
                definition,
                repeats,
                columns,
            }
        });
        tables.collect()
    }

    /// The repeat whose instances are the rows; none where the rows are responses.
    pub fn repeat(&self) -> Option<&'d Element> {
        self.repeats.last().map(|id| self.definition.element(*id))
    }

    /// The columns.
    pub fn columns(&self) -> &[AnswerColumn<'d>] {
        &self.columns
    }

    /// The rows that one response makes (answers as canonical JSON), each with the positions of its instances,
    /// counted from 1 and joined by dots; that is empty for the response itself.
    pub fn rows(&self, answers: &Json, wording: &Wording) -> Vec<(String, Vec<Datum>)> {
        self.instances(answers)
            .into_iter()
            .map(|(key, instance)| {
                let row = self.columns.iter().map(|column| self.datum(column, instance, wording));
                (key, row.collect())
            })
            .collect()
    }

    fn instances<'j>(&self, answers: &'j Json) -> Vec<(String, &'j Json)> {
        let mut found = vec![(String::new(), answers)];
        let mut around: &[ElementId] = &[];
        for (depth, repeat) in self.repeats.iter().enumerate() {
            let steps = steps(self.definition, *repeat, around.last().copied());
            let inner = found.into_iter().flat_map(|(key, object)| {
                let list = descend(object, &steps).and_then(Json::as_array);
                list.into_iter()
                    .flatten()
                    .zip(1_usize..)
                    .map(move |(instance, number)| {
                        let key = if key.is_empty() {
                            number.to_string()
                        } else {
                            format!("{key}.{number}")
                        };
                        (key, instance)
                    })
            });
            found = inner.collect();
            around = self.repeats.get(..=depth).unwrap_or_default();
        }
        found
    }

    fn datum(&self, column: &AnswerColumn<'_>, instance: &Json, wording: &Wording) -> Datum {
        let Some(value) = descend(instance, &column.steps) else {
            return Datum::Empty;
        };
        if column.labels {
            self.label(column.question, value, wording)
        } else {
            stored(value)
        }
    }

    fn label(&self, question: &Element, value: &Json, wording: &Wording) -> Datum {
        let list = self.definition.choice_list(question.id);
        let said = |name: &str| {
            let choice = list.and_then(|list| list.get(name));
            choice.map_or_else(|| name.to_owned(), |choice: &Choice| wording.text(&choice.label))
        };
        match value {
            Json::String(name) => Datum::Text(said(name)),
            Json::Array(names) => {
                let labels: Vec<String> = names.iter().filter_map(Json::as_str).map(said).collect();
                Datum::Text(labels.join("; "))
            }
            other => match missing(other) {
                Some(code) => Datum::Text(wording.text(&code.label())),
                None => stored(other),
            },
        }
    }
}

/// The repeats around an element, outermost first.
fn repeats_around(definition: &Definition, id: ElementId) -> Vec<ElementId> {
    let mut chain: Vec<ElementId> = definition
        .ancestors(id)
        .filter(|element| element.is_repeat())
        .map(|element| element.id)
        .collect();
    chain.reverse();
    chain
}

fn columns<'d>(definition: &'d Definition, repeats: &[ElementId], personal: bool) -> Vec<AnswerColumn<'d>> {
    let mut columns = Vec::new();
    for (question, question_type) in definition.questions() {
        let shown = question_type.has_value() && *question_type != QuestionType::Note;
        if !shown || (is_protected(question) && !personal) || repeats_around(definition, question.id) != repeats {
            continue;
        }
        let codes = AnswerColumn {
            question,
            path: definition.path(question.id),
            labels: false,
            steps: steps(definition, question.id, repeats.last().copied()),
        };
        if definition.choice_list(question.id).is_some() {
            let labels = AnswerColumn {
                labels: true,
                ..codes.clone()
            };
            columns.extend([codes, labels]);
        } else {
            columns.push(codes);
        }
    }
    columns
}

/// The names on the way to an element from the repeat around it, or from the top.
fn steps(definition: &Definition, id: ElementId, from: Option<ElementId>) -> Vec<&str> {
    let above = definition.ancestors(id).take_while(|element| Some(element.id) != from);
    let mut steps: Vec<&str> = above.map(|element| element.name.as_str()).collect();
    steps.reverse();
    steps.push(&definition.element(id).name);
    steps
}

fn descend<'j>(object: &'j Json, steps: &[&str]) -> Option<&'j Json> {
    steps.iter().try_fold(object, |object, step| object.get(*step))
}

/// The code of `{"missing": "refused"}`.
fn missing(value: &Json) -> Option<MissingCode> {
    value
        .get("missing")
        .and_then(Json::as_str)
        .and_then(MissingCode::from_code)
}

/// A value as it is stored: selections of several joined by spaces, as XForms does.
fn stored(value: &Json) -> Datum {
    match value {
        Json::Null => Datum::Empty,
        Json::Number(number) => number.as_f64().map_or(Datum::Empty, Datum::Number),
        Json::String(text) => Datum::Text(text.clone()),
        Json::Bool(truth) => Datum::Number(f64::from(u8::from(*truth))),
        Json::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(Json::as_str).collect();
            Datum::Text(names.join(" "))
        }
        Json::Object(_) => missing(value).map_or(Datum::Empty, |code| Datum::Text(code.code().to_owned())),
    }
}
