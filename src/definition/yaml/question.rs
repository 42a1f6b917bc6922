//! Reading a question, group or repeat.

use vecmap::VecMap;

use super::definition::aliases;
use super::fields::{Fields, Findings, flag, list, pairs, scalar, text};
use super::node::{Node, Value};
use crate::definition::choices::{ChoiceSource, Select};
use crate::definition::element::{DefaultValue, Element, Kind, SoftCheck};
use crate::definition::formula::Formula;
use crate::definition::model::ElementId;
use crate::definition::outline::{Outline, Places};
use crate::definition::place::Origin;
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::unanswered::MissingCode;
use crate::definition::unit::Unit;
use crate::definition::xlsform::is_file;

/// XLSForm columns that clients know and innogauge passes on untouched.
pub(super) const PASSED_ON: [&str; 4] = ["autoplay", "intent", "disabled", "rows"];

/// Reads the items of `questions` into the outline.
pub(super) fn questions(node: &Node, parent: Option<ElementId>, outline: &mut Outline, findings: &mut Findings) {
    for item in list(node, "questions", findings) {
        question(item, parent, outline, findings);
    }
}

fn question(node: &Node, parent: Option<ElementId>, outline: &mut Outline, findings: &mut Findings) {
    let Some(mut fields) = Fields::new(node, "a question", findings) else {
        return;
    };
    let mut places = Places::default();
    note_places(node, &mut places);
    let type_node = fields.require("type", findings);
    let name_node = fields.require("name", findings);
    let data_type = data_type(&mut fields, findings);
    let kind = type_node
        .and_then(|node| Some((node, scalar(node, "type", findings)?)))
        .and_then(|(node, written)| kind(node, written, data_type, findings));
    let name = name_node.and_then(|node| scalar(node, "name", findings));
    // What has no type or name is read all the same, for the errors in the rest of it.
    let known = kind.is_some() && name.is_some();
    let mut element = Element::new(
        name.unwrap_or_default(),
        kind.unwrap_or(Kind::Question(QuestionType::Text)),
        Origin(node.place()),
    );

    element.label = fields.languages("label", findings);
    element.hint = fields.languages("hint", findings);
    element.guidance_hint = fields.languages("guidance_hint", findings);
    element.relevant = formula(&mut fields, "relevant", findings);
    element.constraint = formula(&mut fields, "constraint", findings);
    element.constraint_message = fields.languages("constraint_message", findings);
    element.required = condition(&mut fields, "required", findings);
    element.required_message = fields.languages("required_message", findings);
    element.calculation = formula(&mut fields, "calculation", findings);
    element.default = default_value(&mut fields, findings);
    element.read_only = condition(&mut fields, "read_only", findings);
    element.appearance = fields.text("appearance", findings).map(str::to_owned);
    element.choice_filter = formula(&mut fields, "choice_filter", findings);
    element.repeat_count = formula(&mut fields, "repeat_count", findings);
    element.parameters = parameters(&mut fields, findings);
    element.trigger = trigger(&mut fields, findings);
    if let Some(node) = fields.get("media") {
        element.media = pairs(node, "media", findings)
            .into_iter()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), text(value, "media", findings))))
            .collect();
    }
    element.bind = texts(&mut fields, "bind", findings);
    element.body = texts(&mut fields, "body", findings);
    element.instance = texts(&mut fields, "instance", findings);
    element.save_to = texts(&mut fields, "save_to", findings);
    element.unit = unit(&mut fields, findings);
    element.personal = fields.flag("personal", findings);
    element.identifying = fields.flag("identifying", findings);
    element.missing = missing(&mut fields, findings);
    element.warn_if = soft_checks(&mut fields, findings);
    if let Some(node) = fields.get("aliases") {
        element.aliases = aliases(node, findings);
    }
    element.extra = texts(&mut fields, "extra", findings);
    for column in PASSED_ON {
        if let Some(value) = fields.text(column, findings) {
            element.extra.insert(column.to_owned(), value.to_owned());
        }
    }
    let inner = fields.get("questions");
    let holds = matches!(element.kind, Kind::Group | Kind::Repeat);
    let kind_name = type_node.and_then(Node::text).unwrap_or_default().to_owned();
    fields.finish(findings);

    if let (Some(node), false, true) = (inner, holds, known) {
        findings.error(
            node,
            format!("a question of type '{kind_name}' holds no questions"),
            "type: group or repeat holds questions",
        );
    }
    if inner.is_none() && holds && known {
        findings.error(
            node,
            format!("the {kind_name} holds no questions"),
            "add `questions:` with a list of questions",
        );
    }
    // A question without a type is kept, so that what refers to it is no error too.
    let id = if name.is_some() {
        Some(outline.push(element, parent, places))
    } else {
        parent
    };
    if let Some(node) = inner {
        questions(node, id, outline, findings);
    }
}

fn note_places(node: &Node, places: &mut Places) {
    const NOTED: [&str; 27] = [
        "type",
        "name",
        "label",
        "hint",
        "guidance_hint",
        "relevant",
        "constraint",
        "constraint_message",
        "required",
        "required_message",
        "calculation",
        "default",
        "read_only",
        "appearance",
        "choice_filter",
        "repeat_count",
        "parameters",
        "trigger",
        "media",
        "unit",
        "personal",
        "identifying",
        "missing",
        "warn_if",
        "aliases",
        "save_to",
        "data_type",
    ];
    if let Value::Mapping(entries) = &node.value {
        for (key, value) in entries {
            if let Some(noted) = key.text().and_then(|key| NOTED.iter().find(|noted| **noted == key)) {
                places.note(noted, value.place());
            }
        }
    }
}

fn kind(node: &Node, written: &str, data_type: DataType, findings: &mut Findings) -> Option<Kind> {
    let words: Vec<&str> = written.split_whitespace().collect();
    let (name, rest) = words
        .split_first()
        .map_or(("", &[] as &[&str]), |(name, rest)| (*name, rest));
    let question_type = match name {
        "group" | "repeat" if rest.is_empty() => {
            return Some(if name == "group" { Kind::Group } else { Kind::Repeat });
        }
        "select_one" | "select_multiple" | "rank" | "select_one_from_file" | "select_multiple_from_file" => {
            let select = select(node, name, rest, findings)?;
            match name {
                "rank" => QuestionType::Rank(select),
                "select_multiple" | "select_multiple_from_file" => QuestionType::SelectMultiple(select),
                _ => QuestionType::SelectOne(select),
            }
        }
        "calculate" if rest.is_empty() => QuestionType::Calculate(data_type),
        _ => {
            let Some(question_type) = QuestionType::simple(written) else {
                let names = ["group", "repeat", "select_one", "select_multiple", "rank"]
                    .into_iter()
                    .chain(["select_one_from_file", "select_multiple_from_file"])
                    .chain(QuestionType::simple_names())
                    .collect::<Vec<_>>();
                findings.unknown(node, "type", if rest.is_empty() { written } else { name }, names);
                return None;
            };
            question_type
        }
    };
    Some(Kind::Question(question_type))
}

fn select(node: &Node, name: &str, rest: &[&str], findings: &mut Findings) -> Option<Select> {
    let (source, or_other) = match rest {
        [source] => (*source, false),
        [source, "or_other"] | [source, "or", "specify", "other"] => (*source, true),
        [] => {
            findings.error(
                node,
                format!("'{name}' names no list of choices"),
                format!("write `type: {name} yes_no`"),
            );
            return None;
        }
        [_, other, ..] => {
            findings.error(
                node,
                format!("'{other}' after the list of a '{name}'"),
                "only `or_other` can follow the name of the list",
            );
            return None;
        }
    };
    let source = if name.ends_with("_from_file") || is_file(source) {
        ChoiceSource::File(source.to_owned())
    } else if let Some(question) = source.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        ChoiceSource::Question(question.to_owned())
    } else {
        ChoiceSource::List(source.to_owned())
    };
    Some(Select { source, or_other })
}

fn data_type(fields: &mut Fields<'_>, findings: &mut Findings) -> DataType {
    let Some(node) = fields.get("data_type") else {
        return DataType::default();
    };
    let Some(written) = scalar(node, "data_type", findings) else {
        return DataType::default();
    };
    let known = DataType::ALL.iter().find(|(name, _)| *name == written);
    if known.is_none() {
        findings.unknown(node, "data type", written, DataType::ALL.iter().map(|(name, _)| *name));
    }
    known.map(|(_, data_type)| *data_type).unwrap_or_default()
}

/// An expression, where the key is there.
pub(super) fn formula(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<Formula> {
    fields.get(key).and_then(|node| formula_of(node, key, findings))
}

fn formula_of(node: &Node, key: &str, findings: &mut Findings) -> Option<Formula> {
    let Some(source) = node.text() else {
        findings.error(
            node,
            format!("'{key}' is an expression, but here is {}", node.kind()),
            format!("an expression with {{ }} in it needs quotes here: {key}: \"${{turnover}} > 0\""),
        );
        return None;
    };
    let source = source.trim_end();
    if source.trim().is_empty() {
        findings.error(
            node,
            format!("'{key}' is empty"),
            "write an expression, or leave the key out",
        );
        return None;
    }
    let (place, verbatim) = node.text_start();
    match Formula::read(source, place, verbatim) {
        Ok(formula) => Some(formula),
        Err(diagnostic) => {
            findings.0.push(diagnostic);
            None
        }
    }
}

/// An expression, or true or false, where the key is there; false is the same as absent.
fn condition(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<Formula> {
    let node = fields.get(key)?;
    match node.text().map(|text| flag(text.trim())) {
        Some(Some(true)) => Formula::always(node.place()),
        Some(Some(false)) => None,
        _ => formula_of(node, key, findings),
    }
}

/// A default: an expression where it looks like one, or as `{expression: …}` or `{value: …}` says.
fn default_value(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<DefaultValue> {
    let node = fields.get("default")?;
    if let Value::Mapping(_) = node.value {
        let mut fields = Fields::new(node, "a default", findings)?;
        let expression = formula(&mut fields, "expression", findings).map(DefaultValue::Dynamic);
        let value = fields.text("value", findings);
        fields.finish(findings);
        return expression.or(value.map(|value| DefaultValue::Fixed(value.to_owned())));
    }
    let written = scalar(node, "default", findings)?;
    if Formula::is_dynamic(written) {
        formula_of(node, "default", findings).map(DefaultValue::Dynamic)
    } else {
        Some(DefaultValue::Fixed(written.to_owned()))
    }
}

fn parameters(fields: &mut Fields<'_>, findings: &mut Findings) -> VecMap<String, String> {
    let Some(node) = fields.get("parameters") else {
        return VecMap::new();
    };
    let Some(written) = node.text() else {
        return pairs(node, "parameters", findings)
            .into_iter()
            .filter_map(|(key, value)| {
                Some((
                    key.text()?.to_owned(),
                    scalar(value, "parameters", findings)?.to_owned(),
                ))
            })
            .collect();
    };
    let mut parameters = VecMap::new();
    for pair in written.split([' ', ',', ';']).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) => {
                parameters.insert(key.to_owned(), value.to_owned());
            }
            None => findings.error(
                node,
                format!("the parameter '{pair}' has no value"),
                "write `start=0 end=10`, or {start: 0, end: 10}",
            ),
        }
    }
    parameters
}

fn trigger(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<Formula> {
    let Some(node) = fields.get("trigger") else {
        return Vec::new();
    };
    let items: Vec<&Node> = match &node.value {
        Value::Sequence(items) => items.iter().collect(),
        Value::Scalar(_) | Value::Mapping(_) => vec![node],
    };
    let mut trigger = Vec::new();
    for item in items {
        let Some(written) = scalar(item, "trigger", findings) else {
            continue;
        };
        for part in written.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part.starts_with("${") && part.ends_with('}') && !part.contains(' ') {
                let offset = written.find(part).unwrap_or(0);
                match Formula::read(part, item.place_at(offset), true) {
                    Ok(formula) => trigger.push(formula),
                    Err(diagnostic) => findings.0.push(diagnostic),
                }
            } else {
                findings.error(
                    item,
                    format!("'trigger' names a question, but here is '{part}'"),
                    "write trigger: \"${city}\"",
                );
            }
        }
    }
    trigger
}

fn texts(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> VecMap<String, String> {
    let Some(node) = fields.get(key) else {
        return VecMap::new();
    };
    pairs(node, key, findings)
        .into_iter()
        .filter_map(|(name, value)| Some((name.text()?.to_owned(), scalar(value, key, findings)?.to_owned())))
        .collect()
}

fn unit(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Unit> {
    let node = fields.get("unit")?;
    if let Value::Mapping(_) = node.value {
        return Some(Unit {
            code: String::new(),
            label: text(node, "unit", findings),
        });
    }
    let code = scalar(node, "unit", findings)?;
    let unit = Unit::known(code);
    if unit.is_none() {
        let help = match crate::definition::place::nearest(code, Unit::codes()) {
            Some(near) => format!("did you mean '{near}'? Any other unit is written out: unit: {{zh: …, en: …}}"),
            None => format!(
                "write it out, unit: {{zh: …, en: …}}, or take one of: {}",
                Unit::codes().collect::<Vec<_>>().join(", ")
            ),
        };
        findings.error(node, format!("unknown unit '{code}'"), help);
    }
    unit
}

fn missing(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<MissingCode> {
    let Some(node) = fields.get("missing") else {
        return Vec::new();
    };
    let mut codes = Vec::new();
    for item in list(node, "missing", findings) {
        let Some(written) = scalar(item, "missing", findings) else {
            continue;
        };
        match MissingCode::from_code(written) {
            Some(code) if codes.contains(&code) => {
                findings.error(item, format!("'{code}' is given twice"), "keep one of the two");
            }
            Some(code) => codes.push(code),
            None => findings.unknown(item, "missing code", written, MissingCode::ALL.map(MissingCode::code)),
        }
    }
    codes
}

fn soft_checks(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<SoftCheck> {
    let Some(node) = fields.get("warn_if") else {
        return Vec::new();
    };
    let mut checks = Vec::new();
    for item in list(node, "warn_if", findings) {
        let Some(mut fields) = Fields::new(item, "a soft check", findings) else {
            continue;
        };
        fields.require("test", findings);
        fields.require("message", findings);
        let test = formula(&mut fields, "test", findings);
        let message = fields.languages("message", findings);
        fields.finish(findings);
        if let Some(test) = test {
            checks.push(SoftCheck { test, message });
        }
    }
    checks
}
