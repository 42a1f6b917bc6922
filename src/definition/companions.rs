//! `expand` makes plain XLSForm questions of our own keys, `fold` takes them back.
//!
//! An expanded definition asks the same interview in any ODK tool: XForm and XLSForm are written from it.

use std::collections::HashMap;

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
    if definition.is_expanded() {
        return definition.clone();
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
    rebuild(definition, &mut outline, |definition, element, outline| {
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
    assemble(outline)
}

/// The survey with our own keys again: the inverse of [`expand`].
pub fn fold(expanded: &Definition) -> Definition {
    if !expanded.is_expanded() {
        return expanded.clone();
    }
    let mut companions: HashMap<(Option<ElementId>, String), Vec<&Element>> = HashMap::new();
    for element in expanded.elements() {
        if let Some(Companion::Missing { of } | Companion::Warning { of, .. }) = &element.companion {
            companions
                .entry((element.parent, of.clone()))
                .or_default()
                .push(element);
        }
    }
    let mut outline = empty_outline(expanded);
    outline.expanded = false;
    outline.choices = expanded
        .choices()
        .iter()
        .filter(|(_, list)| list.derived_from.is_none())
        .map(|(name, list)| {
            let choices = list
                .choices()
                .iter()
                .filter(|choice| choice.missing.is_none())
                .cloned()
                .collect();
            (name.clone(), list.with_choices(choices))
        })
        .collect();
    rebuild(expanded, &mut outline, |expanded, element, _| {
        if matches!(
            element.companion,
            Some(Companion::Missing { .. } | Companion::Warning { .. })
        ) {
            return None;
        }
        if let Some(Companion::Codes {
            constraint,
            constraint_message,
        }) = element
            .companion
            .take_if(|companion| matches!(companion, Companion::Codes { .. }))
        {
            choices_as_codes(expanded, element);
            element.constraint = constraint;
            element.constraint_message = constraint_message;
        }
        for companion in companions
            .get(&(element.parent, element.name.clone()))
            .into_iter()
            .flatten()
        {
            match &companion.companion {
                Some(Companion::Missing { .. }) => {
                    element.required.clone_from(&companion.required);
                    element.required_message.clone_from(&companion.required_message);
                    element.missing = codes_of(expanded, companion);
                }
                Some(Companion::Warning { test, .. }) => {
                    element.warn_if.push(SoftCheck {
                        test: test.clone(),
                        message: companion.label.clone(),
                    });
                }
                _ => {}
            }
        }
        if let Some(unit) = &element.unit {
            element.label = element
                .label
                .map(|language, words| without_suffix(unit, language, words));
        }
        Some(Vec::new())
    });
    assemble(outline)
}

/// Everything of a definition but its elements.
pub(super) fn empty_outline(definition: &Definition) -> Outline {
    Outline {
        survey: definition.survey.clone(),
        version: definition.version.clone(),
        title: definition.title.clone(),
        respondent: definition.respondent.clone(),
        languages: definition.languages.clone(),
        timezone: definition.timezone,
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

/// Copies the elements, letting each be changed, dropped (`None`) or followed by others.
fn rebuild(
    definition: &Definition,
    outline: &mut Outline,
    mut change: impl FnMut(&Definition, &mut Element, &mut Outline) -> Option<Vec<Element>>,
) {
    let mut moved: Vec<Option<ElementId>> = Vec::with_capacity(definition.elements().len());
    for element in definition.elements() {
        let mut element = element.clone();
        let parent = element
            .parent
            .and_then(|parent| moved.get(parent.index()).copied().flatten());
        match change(definition, &mut element, outline) {
            None => moved.push(None),
            Some(after) => {
                moved.push(Some(outline.push(element, parent, Places::default())));
                for made in after {
                    outline.push(made, parent, Places::default());
                }
            }
        }
    }
}

/// Words of ours in every language of a survey.
fn words(definition: &Definition, chinese: &str, english: &str) -> Text {
    if definition.languages().is_empty() {
        return Text::plain(english);
    }
    definition
        .languages()
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
    question.label = words(definition, "没有填写数据，原因是什么？", "No figure given. Why?");
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
            .map(|code| code_choice(definition, *code, &element.origin))
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

fn code_choice(definition: &Definition, code: MissingCode, origin: &Origin) -> Choice {
    let label = code.label();
    let mut choice = Choice::new(
        code.code(),
        words(definition, label.get("zh"), label.get("en")),
        origin.clone(),
    );
    choice.missing = Some(code);
    choice
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
    choices.extend(codes.iter().map(|code| code_choice(definition, *code, &origin)));
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
    let is_code = codes
        .iter()
        .map(|code| format!("selected(., '{code}')"))
        .collect::<Vec<_>>()
        .join(" or ");
    // A code is no answer that the constraint is about.
    if let Some(constraint) = &constraint {
        element.constraint = made(&format!("{is_code} or ({})", constraint.source()), &origin);
    }
    if several {
        // A code stands alone.
        let alone = format!("(not({is_code}) or count-selected(.) = 1)");
        element.constraint = made(&and(element.constraint.as_ref(), &alone), &origin);
        if element.constraint_message.is_empty() {
            element.constraint_message = words(
                definition,
                "选择该项时不能同时选择其他选项。",
                "A reason for no answer can't go with other choices.",
            );
        }
    }
    element.companion.get_or_insert(Companion::Codes {
        constraint,
        constraint_message,
    });
}

fn choices_as_codes(expanded: &Definition, element: &mut Element) {
    let Some(list) = expanded.choice_list(element.id) else {
        return;
    };
    element.missing = list.choices().iter().filter_map(|choice| choice.missing).collect();
    if let (Some(from), Some(select)) = (&list.derived_from, select_of(element)) {
        select.source = ChoiceSource::List(from.clone());
    }
}

fn codes_of(expanded: &Definition, companion: &Element) -> Vec<MissingCode> {
    expanded
        .choice_list(companion.id)
        .map(|list| list.choices().iter().filter_map(|choice| choice.missing).collect())
        .unwrap_or_default()
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

fn without_suffix(unit: &Unit, language: &str, words: &str) -> String {
    // Which of the two ways a label without a language has is told by the label without its unit.
    words
        .char_indices()
        .filter(|(_, character)| matches!(character, '（' | ' '))
        .filter_map(|(at, _)| words.split_at_checked(at))
        .find(|(label, end)| suffix(unit, language, label) == *end)
        .map_or(words, |(label, _)| label)
        .to_owned()
}
