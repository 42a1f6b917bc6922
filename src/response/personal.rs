//! What is personal among the answers of a response: taking it out, putting it back, showing it as pseudonyms.
//!
//! Works on answers as JSON, nested as the survey's groups and repeats are. Who may see what is decided elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::problem::{Problem, ProblemCode};
use crate::definition::{Definition, Element, ElementId, Kind};

/// How much is shown of what is personal, or tells which organisation it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing.
    #[default]
    None,
    /// Pseudonyms: the same for the same value, and nothing else.
    Pseudonymised,
    /// All of it: with a reason, and on the record.
    Full,
}

impl Tier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Pseudonymised, Self::Full];

    /// Its name in the API and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pseudonymised => "pseudonymised",
            Self::Full => "full",
        }
    }

    /// The tier of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.name() == name)
    }
}

/// Whether the answer to a question is shown by tier: it is a person's, or tells which organisation this is.
pub fn is_protected(question: &Element) -> bool {
    question.is_personal() || question.identifying
}

/// Shows the answers to protected questions as pseudonyms.
pub fn pseudonymise(definition: &Definition, answers: &mut Json, pseudonym: &impl Fn(&str) -> String) {
    if let Some(mut taken) = take_out(definition, answers, is_protected) {
        substitute_each(&mut taken, pseudonym);
        put_back(answers, taken);
    }
}

/// Whether any question of the survey is about a person.
pub fn asks_personal(definition: &Definition) -> bool {
    definition.questions().any(|(element, _)| element.is_personal())
}

/// Takes the answers to the questions that meet a condition out of `answers`, and returns them, nested the same way.
///
/// ```
/// use innogauge::definition::Definition;
/// use innogauge::response::{put_back, take_out};
/// use serde_json::json;
///
/// let survey = "survey: s\nversion: '1'\ntitle: S\nquestions:\n  - {type: integer, name: staff, label: Staff}\n  - {type: text, name: contact, label: Contact, personal: true}\n";
/// let survey = Definition::from_yaml("s.yaml", survey).unwrap().value;
/// let mut answers = json!({"staff": 7, "contact": "Li Ming"});
/// let taken = take_out(&survey, &mut answers, |question| question.is_personal()).unwrap();
/// assert_eq!((&answers, &taken), (&json!({"staff": 7}), &json!({"contact": "Li Ming"})));
/// put_back(&mut answers, taken);
/// assert_eq!(answers, json!({"staff": 7, "contact": "Li Ming"}));
/// ```
pub fn take_out(definition: &Definition, answers: &mut Json, which: impl Fn(&Element) -> bool + Copy) -> Option<Json> {
    take_within(definition, None, answers, which)
}

fn take_within(
    definition: &Definition,
    within: Option<ElementId>,
    answers: &mut Json,
    which: impl Fn(&Element) -> bool + Copy,
) -> Option<Json> {
    match answers {
        Json::Array(instances) => {
            let parts: Vec<Option<Json>> = instances
                .iter_mut()
                .map(|instance| take_within(definition, within, instance, which))
                .collect();
            // Each part stays at the position of its instance.
            parts.iter().any(Option::is_some).then(|| {
                let whole = parts
                    .into_iter()
                    .map(|part| part.unwrap_or_else(|| Json::Object(Map::new())));
                Json::Array(whole.collect())
            })
        }
        Json::Object(object) => {
            let mut taken = Map::new();
            for element in definition.children(within).iter().filter_map(|id| definition.get(*id)) {
                let part = if which(element) {
                    object.shift_remove(&element.name)
                } else if matches!(element.kind, Kind::Question(_)) {
                    None
                } else {
                    object
                        .get_mut(&element.name)
                        .and_then(|inner| take_within(definition, Some(element.id), inner, which))
                };
                if let Some(part) = part {
                    taken.insert(element.name.clone(), part);
                }
            }
            (!taken.is_empty()).then_some(Json::Object(taken))
        }
        _ => None,
    }
}

/// Puts answers back that [`take_out`] took.
pub fn put_back(answers: &mut Json, taken: Json) {
    match (answers, taken) {
        (Json::Object(object), Json::Object(taken)) => {
            for (name, part) in taken {
                match object.get_mut(&name) {
                    Some(inner) => put_back(inner, part),
                    None => {
                        object.insert(name, part);
                    }
                }
            }
        }
        (Json::Array(instances), Json::Array(parts)) => {
            for (instance, part) in instances.iter_mut().zip(parts) {
                put_back(instance, part);
            }
        }
        (place, taken) => *place = taken,
    }
}

/// Replaces every answer in `taken` (as [`take_out`] gives it) by what `substitute` makes of its text. Reasons for having
/// no answer (`{"missing": "refused"}`) tell nothing of the person and stay.
pub fn substitute_each(taken: &mut Json, substitute: &impl Fn(&str) -> String) {
    match taken {
        Json::Null => {}
        Json::String(text) => *text = substitute(text),
        Json::Number(number) => *taken = Json::String(substitute(&number.to_string())),
        Json::Bool(truth) => *taken = Json::String(substitute(&truth.to_string())),
        Json::Array(parts) if parts.iter().any(|part| !part.is_object()) => {
            *taken = Json::String(substitute(&Json::Array(parts.clone()).to_string()));
        }
        Json::Array(instances) => instances
            .iter_mut()
            .for_each(|instance| substitute_each(instance, substitute)),
        Json::Object(object) if object.len() == 1 && object.contains_key("missing") => {}
        Json::Object(object) => object.values_mut().for_each(|part| substitute_each(part, substitute)),
    }
}

/// Every answer in `taken` as text.
pub fn texts_of(taken: &Json) -> Vec<String> {
    match taken {
        Json::Null | Json::Bool(_) => Vec::new(),
        Json::String(text) => vec![text.clone()],
        Json::Number(number) => vec![number.to_string()],
        Json::Array(parts) => parts.iter().flat_map(texts_of).collect(),
        Json::Object(object) if object.len() == 1 && object.contains_key("missing") => Vec::new(),
        Json::Object(object) => object.values().flat_map(texts_of).collect(),
    }
}

/// Whether the question at this path (`/products[2]/share`) is personal. What the definition does not know may be.
pub fn is_personal_path(definition: &Definition, path: &str) -> bool {
    element_at(definition, path).is_none_or(Element::is_personal)
}

/// The element at a path with instances (`/products[2]/share`).
pub fn element_at<'d>(definition: &'d Definition, path: &str) -> Option<&'d Element> {
    let steps: Vec<&str> = path
        .split('/')
        .map(|step| step.split('[').next().unwrap_or(step))
        .collect();
    definition.find_path(&steps.join("/")).and_then(|id| definition.get(id))
}

/// What a finding tells of a personal answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The value as it was received.
    pub value: Option<String>,
    /// The details, where they repeat the value.
    pub details: Option<Vec<String>>,
}

/// Takes out of a finding what it tells of an answer that meets a condition; `None` where it tells nothing. What the
/// definition does not know may be anything.
pub fn take_told(definition: &Definition, finding: &mut Problem, which: impl Fn(&Element) -> bool) -> Option<Told> {
    let element = element_at(definition, &finding.path);
    if finding.path.is_empty() || element.is_some_and(|element| !which(element)) {
        return None;
    }
    let told = Told {
        value: finding.value.take(),
        details: (element.is_some() && repeats_the_value(finding.code)).then(|| std::mem::take(&mut finding.details)),
    };
    (told.value.is_some() || told.details.is_some()).then_some(told)
}

/// Whether the details of such a finding repeat what was answered.
fn repeats_the_value(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::UnknownChoice
            | ProblemCode::MisspeltChoice
            | ProblemCode::ChoiceNotOffered
            | ProblemCode::RepeatedChoice
            | ProblemCode::UnknownMissingCode
            | ProblemCode::MissingCodeNotAlone
            | ProblemCode::EvaluationError
            | ProblemCode::CalculationDiffers
            | ProblemCode::UnknownLiveChoice
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_personal_in_repeats_and_groups_goes_and_comes_back_to_its_place() {
        let survey = "survey: s\nversion: '1'\ntitle: S\nquestions:\n- type: repeat\n  name: staff\n  label: Staff\n  questions:\n  - {type: text, name: who, label: Who, personal: true}\n  - {type: integer, name: years, label: Years}\n";
        let survey = Definition::from_yaml("s.yaml", survey).unwrap().value;
        let whole = json!({"staff": [{"years": 1}, {"who": "Li", "years": 2}]});
        let mut open = whole.clone();
        let mut taken = take_out(&survey, &mut open, Element::is_personal).unwrap();
        assert_eq!(open, json!({"staff": [{"years": 1}, {"years": 2}]}));
        assert_eq!(texts_of(&taken), ["Li"]);
        let mut again = open.clone();
        put_back(&mut again, taken.clone());
        assert_eq!(again, whole);
        substitute_each(&mut taken, &|text| format!("<{text}>"));
        put_back(&mut open, taken);
        assert_eq!(open["staff"][1]["who"], "<Li>");
        assert!(is_personal_path(&survey, "/staff[2]/who") && !is_personal_path(&survey, "/staff[2]/years"));
    }
}
