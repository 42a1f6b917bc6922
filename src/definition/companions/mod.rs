//! `expand` makes plain XLSForm questions of our own keys, `fold` takes them back.
//!
//! An expanded definition asks the same interview in any ODK tool: XForm and XLSForm are written from it. What was read
//! of such an XLSForm is folded as it is read ([`read`]).

mod fold;
mod read;

pub use fold::fold;
pub(super) use read::folded;

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;

use super::assemble::assemble;
use super::choices::{Choice, ChoiceList, ChoiceSource, Select};
use super::element::{Companion, Element, Kind, SoftCheck};
use super::formula::Formula;
use super::model::{Definition, ElementId};
use super::outline::{Outline, Places, Provenance};
use super::place::{Origin, Place};
use super::question_type::QuestionType;
use super::scan::replace_dot;
use super::text::Text;
use super::unanswered::MissingCode;
use super::unit::Unit;

/// The same survey in plain XLSForm questions.
///
/// - `missing` of a question `q` becomes a question `q_missing` after it, required in its stead; on a select the codes
///   become its last choices, in a list of its own where the list is shared.
/// - Each `warn_if` of `q` becomes a box to tick, `q_warn1`, shown where the test holds.
/// - `unit` is written at the end of the label.
///
/// ```
/// use innogauge::definition::{Definition, expand, fold};
///
/// let definition = Definition::from_yaml(
///     "survey.yaml",
///     r#"
/// survey: s
/// version: "1"
/// title: Survey
/// questions:
///   - {type: decimal, name: turnover, label: Turnover, unit: 10k_cny, required: true, missing: [refused]}
/// "#,
/// )
/// .unwrap()
/// .value;
/// let expanded = expand(&definition);
/// let why = expanded.element(expanded.find("turnover_missing").unwrap());
/// assert_eq!(why.relevant.as_ref().unwrap().source(), "${turnover} = ''");
/// assert!(expanded.element(expanded.find("turnover").unwrap()).required.is_none());
/// assert_eq!(fold(&expanded), definition);
/// ```
pub fn expand(definition: &Definition) -> Definition {
    let mut plain = in_plain_questions(definition).into_owned();
    plain.expanded = true;
    plain
}

/// The same, which is the definition itself where it has none of our own keys.
pub(super) fn in_plain_questions(definition: &Definition) -> Cow<'_, Definition> {
    let has_ours =
        |element: &Element| !element.missing.is_empty() || !element.warn_if.is_empty() || element.unit.is_some();
    if definition.is_expanded() || !definition.elements().iter().any(has_ours) {
        return Cow::Borrowed(definition);
    }
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for list in definition
        .questions()
        .filter_map(|(_, question_type)| question_type.select()?.list())
    {
        *uses.entry(list).or_default() += 1;
    }
    let mut outline = empty_outline(definition);
    outline.expanded = true;
    rebuild(definition, &[], &mut outline, |definition, element, outline| {
        let mut made = Vec::new();
        if !element.missing.is_empty() {
            if element
                .question_type()
                .is_some_and(|question_type| question_type.select().is_some())
            {
                codes_as_choices(definition, element, outline, &uses);
            } else {
                made.push(missing_question(definition, element, outline));
            }
            element.missing.clear();
        }
        let checks = std::mem::take(&mut element.warn_if);
        made.extend(
            checks
                .into_iter()
                .enumerate()
                .map(|(index, check)| warning_question(definition, element, index + 1, check)),
        );
        if let Some(unit) = &element.unit {
            element.label = element
                .label
                .map(|language, words| format!("{words}{}", suffix(unit, language, words)));
        }
        Some(made)
    });
    Cow::Owned(assemble(outline))
}

/// Everything of a definition but its elements.
pub(super) fn empty_outline(definition: &Definition) -> Outline {
    Outline {
        survey: definition.survey.clone(),
        version: definition.version.clone(),
        title: definition.title.clone(),
        respondent: definition.respondent.clone(),
        languages: definition.languages.clone(),
        timezone: definition.timezone.clone(),
        identity: definition.identity.clone(),
        settings: definition.settings.clone(),
        profiles: definition.profiles.clone(),
        choices: definition.choices.clone(),
        entities: definition.entities.clone(),
        elements: Vec::with_capacity(definition.elements.len()),
        expanded: definition.expanded,
        provenance: Provenance::Own,
        places: Vec::new(),
        top: Places::default(),
        file: Place::file(""),
    }
}

/// Copies the elements, letting each be changed, dropped (`None`) or followed by others. `places` are those of the
/// elements, as far as they are known.
fn rebuild(
    definition: &Definition,
    places: &[Places],
    outline: &mut Outline,
    mut change: impl FnMut(&Definition, &mut Element, &mut Outline) -> Option<Vec<Element>>,
) {
    let mut moved: Vec<Option<ElementId>> = Vec::with_capacity(definition.elements().len());
    for original in definition.elements() {
        let mut element = original.clone();
        let parent = original
            .parent
            .and_then(|parent| moved.get(parent.index()).copied().flatten());
        match change(definition, &mut element, outline) {
            None => moved.push(None),
            Some(after) => {
                let own = places.get(original.id.index()).cloned().unwrap_or_default();
                moved.push(Some(outline.push(element, parent, own)));
                for made in after {
                    outline.push(made, parent, Places::default());
                }
            }
        }
    }
}

/// Words of ours in every language of a survey.
fn words(languages: &IndexMap<String, String>, chinese: &str, english: &str) -> Text {
    if languages.is_empty() {
        return Text::plain(english);
    }
    languages
        .keys()
        .map(|code| (code.as_str(), if code.starts_with("zh") { chinese } else { english }))
        .collect()
}

/// An expression that we wrote ourselves of parts that were parsed before.
fn made(source: &str, origin: &Origin) -> Option<Formula> {
    Formula::read(source, origin.0.clone(), false).ok()
}

/// `${name}`, or a path where the name is ambiguous.
fn reference(definition: &Definition, element: &Element) -> String {
    match definition.find(&element.name) {
        Some(_) => format!("${{{}}}", element.name),
        None => format!("../{}", element.name),
    }
}

fn and(relevant: Option<&Formula>, condition: &str) -> String {
    match relevant {
        Some(relevant) => format!("({}) and {condition}", relevant.source()),
        None => condition.to_owned(),
    }
}

fn missing_question(definition: &Definition, element: &mut Element, outline: &mut Outline) -> Element {
    let codes: Vec<&str> = element.missing.iter().map(|code| code.code()).collect();
    let list = format!("missing_{}", codes.join("_"));
    let mut question = Element::new(
        MissingCode::companion_of(&element.name),
        Kind::Question(QuestionType::SelectOne(Select {
            source: ChoiceSource::List(list.clone()),
            or_other: false,
        })),
        element.origin.clone(),
    );
    question.label = words(
        definition.languages(),
        "没有填写数据，原因是什么？",
        "No figure given. Why?",
    );
    let empty = format!("{} = ''", reference(definition, element));
    question.relevant = made(&and(element.relevant.as_ref(), &empty), &element.origin);
    question.required = element.required.take();
    question.required_message = std::mem::take(&mut element.required_message);
    question.companion = Some(Companion::Missing {
        of: element.name.clone(),
    });
    if !outline.choices.contains_key(&list) {
        let choices = element
            .missing
            .iter()
            .map(|code| code_choice(definition.languages(), *code, &element.origin))
            .collect();
        outline
            .choices
            .insert(list.clone(), derived(&list, "", choices, &element.origin));
    }
    question
}

fn derived(name: &str, from: &str, choices: Vec<Choice>, origin: &Origin) -> ChoiceList {
    let mut list = ChoiceList::new(name, choices, origin.clone());
    list.derived_from = Some(from.to_owned());
    list
}

fn code_choice(languages: &IndexMap<String, String>, code: MissingCode, origin: &Origin) -> Choice {
    let mut choice = Choice::new(code.code(), code_label(languages, code), origin.clone());
    choice.missing = Some(code);
    choice
}

/// What the choice that stands for a code is called.
fn code_label(languages: &IndexMap<String, String>, code: MissingCode) -> Text {
    let label = code.label();
    words(languages, label.get("zh"), label.get("en"))
}

fn warning_question(definition: &Definition, element: &Element, number: usize, check: SoftCheck) -> Element {
    let mut question = Element::new(
        Companion::warning_name(&element.name, number),
        Kind::Question(QuestionType::Acknowledge),
        element.origin.clone(),
    );
    let own = reference(definition, element);
    let test = format!("{own} != '' and ({})", replace_dot(check.test.source(), &own));
    question.relevant = made(&and(element.relevant.as_ref(), &test), check.test.origin());
    question.required = made("true()", check.test.origin());
    question.label = check.message;
    question.companion = Some(Companion::Warning {
        of: element.name.clone(),
        test: check.test,
    });
    question
}

/// The select of a question type, to be changed.
fn select_of(element: &mut Element) -> Option<&mut Select> {
    match &mut element.kind {
        Kind::Question(
            QuestionType::SelectOne(select) | QuestionType::SelectMultiple(select) | QuestionType::Rank(select),
        ) => Some(select),
        Kind::Group | Kind::Repeat | Kind::Question(_) => None,
    }
}

fn codes_as_choices(
    definition: &Definition,
    element: &mut Element,
    outline: &mut Outline,
    uses: &HashMap<&str, usize>,
) {
    let codes = element.missing.clone();
    let several = matches!(element.kind, Kind::Question(QuestionType::SelectMultiple(_)));
    let origin = element.origin.clone();
    let Some(select) = select_of(element) else { return };
    let ChoiceSource::List(name) = select.source.clone() else {
        return;
    };
    let Some(list) = definition.choices().get(&name) else {
        return;
    };
    let mut choices = list.choices().to_vec();
    choices.extend(
        codes
            .iter()
            .map(|code| code_choice(definition.languages(), *code, &origin)),
    );
    if uses.get(name.as_str()).copied().unwrap_or_default() <= 1 {
        outline.choices.insert(name.clone(), list.with_choices(choices));
    } else {
        let own = codes.iter().fold(name.clone(), |own, code| format!("{own}_{code}"));
        select.source = ChoiceSource::List(own.clone());
        if !outline.choices.contains_key(&own) {
            outline
                .choices
                .insert(own.clone(), derived(&own, &name, choices, list.origin()));
        }
    }
    let constraint = element.constraint.clone();
    let constraint_message = element.constraint_message.clone();
    // A code is no answer that the constraint is about.
    if let Some(constraint) = &constraint {
        element.constraint = made(&format!("{} or ({})", is_code(&codes), constraint.source()), &origin);
    }
    if several {
        element.constraint = made(&and(element.constraint.as_ref(), &alone(&codes)), &origin);
        if element.constraint_message.is_empty() {
            element.constraint_message = alone_message(definition.languages());
        }
    }
    element.companion.get_or_insert(Companion::Codes {
        constraint,
        constraint_message,
    });
}

/// That a code was chosen.
fn is_code(codes: &[MissingCode]) -> String {
    let selected: Vec<String> = codes.iter().map(|code| format!("selected(., '{code}')")).collect();
    selected.join(" or ")
}

/// That a code stands alone among the choices of a question that takes several.
fn alone(codes: &[MissingCode]) -> String {
    format!("(not({}) or count-selected(.) = 1)", is_code(codes))
}

fn alone_message(languages: &IndexMap<String, String>) -> Text {
    words(
        languages,
        "选择该项时不能同时选择其他选项。",
        "A reason for no answer can't go with other choices.",
    )
}

/// How a unit is written after a label in a language.
fn suffix(unit: &Unit, language: &str, words: &str) -> String {
    let chinese = language.starts_with("zh")
        || (language.is_empty()
            && words
                .chars()
                .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)));
    if chinese {
        format!("（{}）", unit.label.get("zh"))
    } else {
        let label = if language.is_empty() {
            unit.label.get("en")
        } else {
            unit.label.exact(language).unwrap_or(unit.label.get("en"))
        };
        format!(" ({label})")
    }
}
