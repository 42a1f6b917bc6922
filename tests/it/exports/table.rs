//! Responses as tables: the columns of a form and the texts in them, before an exporter gives them its shape.

use std::sync::Arc;

use innogauge::definition::{Definition, Element, ElementId, QuestionType, expand};
use innogauge::response::Form;
use serde_json::Value as Json;

/// What a phone asks: our own keys are questions there.
pub struct Phone {
    pub asked: Definition,
}

/// A question of a table, with what is around it.
pub struct Question<'d> {
    pub element: &'d Element,
    pub kind: &'d QuestionType,
    /// The groups, repeats among them, and the question itself.
    pub steps: Vec<&'d Element>,
}

/// An entry of a repeat, or a response.
pub struct Entry<'j> {
    pub json: &'j Json,
    /// The number of the response.
    pub response: usize,
    /// The number of the entry around it, in the table of that.
    pub around: Option<usize>,
    /// The names and numbers of the repeats on the way: `product[1]`.
    pub steps: Vec<String>,
}

impl Phone {
    pub fn of(form: &Arc<Form>) -> Self {
        Self {
            asked: expand(form.definition()),
        }
    }

    pub fn repeats(&self) -> Vec<&Element> {
        self.asked
            .elements()
            .iter()
            .filter(|element| element.is_repeat())
            .collect()
    }

    pub fn questions(&self, repeat: Option<ElementId>) -> Vec<Question<'_>> {
        let mut questions = Vec::new();
        for (element, question_type) in self.asked.questions() {
            if self.asked.repeat_around(element.id) == repeat {
                let mut steps: Vec<&Element> = self.asked.ancestors(element.id).collect();
                steps.reverse();
                steps.push(element);
                questions.push(Question {
                    element,
                    kind: question_type,
                    steps,
                });
            }
        }
        questions
    }

    /// The rows of a table.
    pub fn entries<'j>(&self, repeat: Option<ElementId>, responses: &[&'j Json]) -> Vec<Entry<'j>> {
        let Some(repeat) = repeat else {
            let all = responses.iter().enumerate();
            return all
                .map(|(response, json)| Entry {
                    json,
                    response,
                    around: None,
                    steps: Vec::new(),
                })
                .collect();
        };
        let around = self.asked.repeat_around(repeat);
        let mut entries = Vec::new();
        for (number, outer) in self.entries(around, responses).into_iter().enumerate() {
            let inner = self.within(outer.json, repeat, around);
            for (position, json) in inner.and_then(Json::as_array).into_iter().flatten().enumerate() {
                let mut steps = outer.steps.clone();
                steps.push(format!("{}[{}]", self.asked.element(repeat).name, position + 1));
                entries.push(Entry {
                    json,
                    response: outer.response,
                    around: around.map(|_| number),
                    steps,
                });
            }
        }
        entries
    }

    /// What an entry of a table says of an element, down its groups.
    fn within<'j>(&self, json: &'j Json, element: ElementId, around: Option<ElementId>) -> Option<&'j Json> {
        let mut steps: Vec<&Element> = self
            .asked
            .ancestors(element)
            .take_while(|ancestor| Some(ancestor.id) != around)
            .collect();
        steps.reverse();
        let mut json = json;
        for step in steps {
            json = json.get(&step.name)?;
        }
        json.get(&self.asked.element(element).name)
    }

    /// The text that a phone sends for a question: a companion has the reason of the question beside it.
    pub fn text(&self, question: &Question<'_>, entry: &Entry<'_>) -> String {
        let around = self.asked.repeat_around(question.element.id);
        let json = |name: &str| {
            let mut json = self.within(entry.json, question.element.id, around);
            if name != question.element.name {
                let parent = question.element.parent.map(|parent| {
                    if Some(parent) == around {
                        Some(entry.json)
                    } else {
                        self.within(entry.json, parent, around)
                    }
                });
                json = parent.unwrap_or(Some(entry.json)).and_then(|parent| parent.get(name));
            }
            json.cloned().unwrap_or(Json::Null)
        };
        let name = &question.element.name;
        let reason_of = name
            .strip_suffix("_missing")
            .filter(|_| question.element.companion.is_some());
        match (reason_of, json(reason_of.unwrap_or(name))) {
            (Some(_), said) => said["missing"].as_str().unwrap_or_default().to_owned(),
            (None, Json::String(text)) => text,
            (None, Json::Number(number)) => number.to_string(),
            (None, Json::Array(choices)) => {
                let names: Vec<&str> = choices.iter().filter_map(Json::as_str).collect();
                names.join(" ")
            }
            (None, Json::Object(reason)) if question.kind.select().is_some() => {
                reason["missing"].as_str().unwrap_or_default().to_owned()
            }
            _ if name.contains("_warn") => tick(question, &json),
            _ => String::new(),
        }
    }

    /// The choices of a select, by name, with the label in a language.
    pub fn choices(&self, question: &Question<'_>, language: Option<&str>) -> Vec<(String, String)> {
        let list = self.asked.choice_list(question.element.id).unwrap();
        let label = |choice: &innogauge::definition::Choice| match language {
            Some(language) => choice.label.get(language).to_owned(),
            None => choice.name.clone(),
        };
        list.choices()
            .iter()
            .map(|choice| (choice.name.clone(), label(choice)))
            .collect()
    }
}

/// A soft check was asked and passed where the answer gave pause.
fn tick(question: &Question<'_>, json: &dyn Fn(&str) -> Json) -> String {
    let of = question.element.name.split("_warn").next().unwrap_or_default();
    let unlikely = json(of).as_f64().is_some_and(|number| number > 100_000.0);
    if unlikely { "OK".to_owned() } else { String::new() }
}
