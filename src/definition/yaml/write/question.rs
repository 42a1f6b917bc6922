//! Questions, groups and repeats.

use super::print::Out;
use super::{Entries, aliases, text};
use crate::definition::choices::ChoiceSource;
use crate::definition::element::{Companion, DefaultValue, Element, Kind, SoftCheck};
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::unit::Unit;
use crate::definition::yaml::question::PASSED_ON;

/// The questions in a group or repeat, or at the top.
pub(super) fn questions(definition: &Definition, parent: Option<ElementId>) -> Vec<Out> {
    let elements = definition.children(parent).iter().filter_map(|id| definition.get(*id));
    elements
        // What `or_other` asks follows from it.
        .filter(|element| !matches!(element.companion, Some(Companion::Other { .. })))
        .map(|element| question(definition, element))
        .collect()
}

fn question(definition: &Definition, element: &Element) -> Out {
    let mut entries = Entries::default();
    entries.words("type", Some(&type_of(element)));
    entries.words("name", Some(&element.name));
    if let Some(QuestionType::Calculate(data_type)) = element.question_type()
        && *data_type != DataType::String
    {
        entries.words("data_type", Some(data_type.name()));
    }
    asked(element, &mut entries);
    rules(element, &mut entries);
    attributes(element, &mut entries);
    if element.question_type().is_none() {
        entries.put("questions", Out::List(questions(definition, Some(element.id))).block());
    }
    entries.into_map()
}

fn type_of(element: &Element) -> String {
    let question_type = match &element.kind {
        Kind::Group => return "group".to_owned(),
        Kind::Repeat => return "repeat".to_owned(),
        Kind::Question(question_type) => question_type,
    };
    let Some(select) = question_type.select() else {
        return question_type.name().to_owned();
    };
    let list = match &select.source {
        ChoiceSource::List(name) | ChoiceSource::File(name) => name.clone(),
        ChoiceSource::Question(name) => format!("${{{name}}}"),
    };
    let other = if select.or_other { " or_other" } else { "" };
    format!("{} {list}{other}", question_type.name())
}

/// What is asked.
fn asked(element: &Element, entries: &mut Entries) {
    entries.text("label", &element.label);
    if !element.aliases.is_empty() {
        entries.put("aliases", aliases(&element.aliases));
    }
    entries.text("hint", &element.hint);
    entries.text("guidance_hint", &element.guidance_hint);
    let media: Vec<(String, Out)> = element
        .media
        .iter()
        .map(|(kind, files)| (kind.clone(), text(files)))
        .collect();
    if !media.is_empty() {
        entries.put("media", Out::Map(media));
    }
    if let Some(unit) = &element.unit {
        entries.put("unit", unit_of(unit));
    }
    entries.flag("identifying", element.identifying);
    entries.flag("personal", element.personal);
}

fn unit_of(unit: &Unit) -> Out {
    if unit.code.is_empty() {
        let words = unit.label.iter();
        Out::Map(
            words
                .map(|(language, words)| (language.to_owned(), Out::words(words)))
                .collect(),
        )
    } else {
        Out::words(&unit.code)
    }
}

/// When it is asked, and what an answer must fulfil.
fn rules(element: &Element, entries: &mut Entries) {
    let source = |formula: &Option<Formula>| formula.as_ref().map(|formula| formula.source().to_owned());
    let condition = |key: &str, formula: &Option<Formula>, entries: &mut Entries| match source(formula).as_deref() {
        Some("true()") => entries.put(key, Out::TRUE),
        source => entries.words(key, source),
    };
    entries.words("relevant", source(&element.relevant).as_deref());
    condition("required", &element.required, entries);
    entries.text("required_message", &element.required_message);
    let missing: Vec<Out> = element.missing.iter().map(|code| Out::words(code.code())).collect();
    if !missing.is_empty() {
        entries.put("missing", Out::List(missing));
    }
    entries.words("constraint", source(&element.constraint).as_deref());
    entries.text("constraint_message", &element.constraint_message);
    if !element.warn_if.is_empty() {
        let checks = element.warn_if.iter().map(soft_check).collect();
        entries.put("warn_if", Out::List(checks).block());
    }
    entries.words("choice_filter", source(&element.choice_filter).as_deref());
    entries.words("calculation", source(&element.calculation).as_deref());
    if let Some(default) = &element.default {
        entries.put("default", default_of(default));
    }
    condition("read_only", &element.read_only, entries);
    match element.trigger.as_slice() {
        [] => {}
        [one] => entries.words("trigger", Some(one.source())),
        several => {
            let triggers = several.iter().map(|formula| Out::words(formula.source())).collect();
            entries.put("trigger", Out::List(triggers));
        }
    }
    entries.words("repeat_count", source(&element.repeat_count).as_deref());
}

fn soft_check(check: &SoftCheck) -> Out {
    let mut entries = Entries::default();
    entries.words("test", Some(check.test.source()));
    entries.text("message", &check.message);
    entries.into_map()
}

/// A default; where its text alone would be taken for the other kind, it says which it is.
fn default_of(default: &DefaultValue) -> Out {
    let (words, dynamic, kind) = match default {
        DefaultValue::Fixed(words) => (words.as_str(), false, "value"),
        DefaultValue::Dynamic(formula) => (formula.source(), true, "expression"),
    };
    if Formula::is_dynamic(words) == dynamic {
        Out::words(words)
    } else {
        Out::Map(vec![(kind.to_owned(), Out::words(words))])
    }
}

/// What clients are told of its control and its node.
fn attributes(element: &Element, entries: &mut Entries) {
    entries.words("appearance", element.appearance.as_deref());
    entries.map("parameters", &element.parameters);
    entries.map("bind", &element.bind);
    entries.map("body", &element.body);
    entries.map("instance", &element.instance);
    entries.map("save_to", &element.save_to);
    let known = |name: &str| PASSED_ON.contains(&name);
    for (name, value) in element.extra.iter().filter(|(name, _)| known(name)) {
        entries.words(name, Some(value));
    }
    entries.map("extra", element.extra.iter().filter(|(name, _)| !known(name)));
}
