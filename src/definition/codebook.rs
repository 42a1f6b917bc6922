//! The codebook: one row per question, saying what is stored and when.

use serde::Serialize;

use super::choices::Choice;
use super::element::{Companion, Element, Kind};
use super::model::Definition;
use super::question_type::QuestionType;
use super::text::Text;
use super::unanswered::MissingCode;

/// A question as analysts need to know it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodebookRow {
    /// The path of the question: `/research/has_rd`.
    pub path: String,
    /// The type's name.
    #[serde(rename = "type")]
    pub question_type: &'static str,
    /// What is asked.
    pub label: Text,
    /// The unit of the stored value.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub unit: Text,
    /// The choices in their order: code and label.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<CodebookChoice>,
    /// The codes that can stand instead of an answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingCode>,
    /// When it is asked: the relevance of the question and of every group around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relevant: Option<String>,
    /// What an answer fulfils.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// When an answer must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// How the value is calculated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculation: Option<String>,
    /// The repeats around it, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<String>,
    /// Whether the answer is a person's data.
    pub personal: bool,
    /// Whether the answer tells which organisation this is.
    pub identifying: bool,
}

/// A choice as analysts need to know it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodebookChoice {
    /// The stored code.
    pub name: String,
    /// What people read.
    pub label: Text,
}

/// The rows of a definition's codebook, in document order. Notes and attached files store nothing, and have no row.
///
/// ```
/// use innogauge::definition::{Definition, codebook};
///
/// let definition = Definition::from_yaml(
///     "survey.yaml",
///     r#"
/// survey: s
/// version: "1"
/// title: Survey
/// questions:
///   - {type: integer, name: staff, label: Staff, unit: persons}
///   - type: group
///     name: research
///     label: Research
///     relevant: ${staff} > 0
///     questions:
///       - {type: decimal, name: rd, label: R&D, relevant: "${staff} > 9"}
/// "#,
/// )
/// .unwrap()
/// .value;
/// let rows = codebook(&definition);
/// assert_eq!(rows[1].path, "/research/rd");
/// assert_eq!(rows[1].relevant.as_deref(), Some("(${staff} > 0) and (${staff} > 9)"));
/// ```
pub fn codebook(definition: &Definition) -> Vec<CodebookRow> {
    definition
        .questions()
        .filter(|(element, question_type)| {
            question_type.has_value()
                && **question_type != QuestionType::Note
                && !matches!(
                    element.companion,
                    Some(Companion::Missing { .. } | Companion::Warning { .. })
                )
        })
        .map(|(element, question_type)| row(definition, element, question_type))
        .collect()
}

fn row(definition: &Definition, element: &Element, question_type: &QuestionType) -> CodebookRow {
    let choice = |choice: &Choice| CodebookChoice {
        name: choice.name.clone(),
        label: choice.label.clone(),
    };
    let mut repeats: Vec<String> = definition
        .ancestors(element.id)
        .filter(|element| element.kind == Kind::Repeat)
        .map(|element| element.name.clone())
        .collect();
    repeats.reverse();
    CodebookRow {
        path: definition.path(element.id).to_owned(),
        question_type: question_type.name(),
        label: element.label.clone(),
        unit: element.unit.as_ref().map(|unit| unit.label.clone()).unwrap_or_default(),
        choices: definition
            .choice_list(element.id)
            .map(|list| list.choices().iter().map(choice).collect())
            .unwrap_or_default(),
        missing: element.missing.clone(),
        relevant: relevance(definition, element),
        constraint: element.constraint.as_ref().map(|formula| formula.source().to_owned()),
        required: element.required.as_ref().map(|formula| formula.source().to_owned()),
        calculation: element.calculation.as_ref().map(|formula| formula.source().to_owned()),
        repeats,
        personal: element.is_personal(),
        identifying: element.identifying,
    }
}

/// The relevance of an element together with that of everything around it.
fn relevance(definition: &Definition, element: &Element) -> Option<String> {
    let mut conditions: Vec<&str> = std::iter::once(element)
        .chain(definition.ancestors(element.id))
        .filter_map(|element| element.relevant.as_ref())
        .map(super::Formula::source)
        .collect();
    conditions.reverse();
    match conditions.as_slice() {
        [] => None,
        [only] => Some((*only).to_owned()),
        several => Some(
            several
                .iter()
                .map(|condition| format!("({condition})"))
                .collect::<Vec<_>>()
                .join(" and "),
        ),
    }
}
