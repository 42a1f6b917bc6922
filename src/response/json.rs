//! Canonical JSON of answers.

use serde_json::{Map, Number, Value as Json, json};

use super::answers::{Answers, InstanceId};
use super::value::{Answer, Value};
use crate::definition::{ElementId, Kind};

impl Answers {
    /// The answers in force as canonical JSON: nested as the instance is, in document order, without what is
    /// unanswered or not asked.
    pub fn to_json(&self) -> Json {
        self.write(&|answers, instance, question| answers.in_instance(instance, question))
    }

    /// The answers as they were received, as canonical JSON, whether or not they are in force.
    pub fn received_json(&self) -> Json {
        self.write(&|answers, instance, question| answers.received(instance, question))
    }

    fn write(&self, read: &dyn Fn(&Self, InstanceId, ElementId) -> &Answer) -> Json {
        Json::Object(self.write_children(InstanceId::ROOT, None, read))
    }

    fn write_children(
        &self,
        instance: InstanceId,
        parent: Option<ElementId>,
        read: &dyn Fn(&Self, InstanceId, ElementId) -> &Answer,
    ) -> Map<String, Json> {
        let form = self.form();
        let mut object = Map::new();
        for element in form.children(parent).iter().filter_map(|id| form.get(*id)) {
            let json = match &element.kind {
                Kind::Group => {
                    let inner = self.write_children(instance, Some(element.id), read);
                    (!inner.is_empty()).then_some(Json::Object(inner))
                }
                Kind::Repeat => {
                    let instances: Vec<Json> = self
                        .repeated(instance, element.id)
                        .iter()
                        .map(|inner| Json::Object(self.write_children(*inner, Some(element.id), read)))
                        .collect();
                    (!instances.is_empty()).then_some(Json::Array(instances))
                }
                Kind::Question(_) => answer_to_json(read(self, instance, element.id)),
            };
            if let Some(json) = json {
                object.insert(element.name.clone(), json);
            }
        }
        object
    }
}

/// An answer as JSON; `None` where there is none.
pub(super) fn answer_to_json(answer: &Answer) -> Option<Json> {
    match answer {
        Answer::Unanswered | Answer::NotAsked => None,
        Answer::Missing(code) => Some(json!({ "missing": code.code() })),
        Answer::Answered(value) => Some(value.to_json()),
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
