//! Binds: the type of each node and the rules for it.

use std::borrow::Cow;

use super::Form;
use super::itext::message_in_itext;
use super::reference::Standpoint;
use super::xml::Node;
use crate::definition::element::{Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::text::Text;

/// The bind of an element, where it has one.
pub(super) fn bind<'d>(form: &Form<'d>, element: &'d Element) -> Option<Node<'d>> {
    let mut node = Node::new("bind").with("nodeset", form.path(element));
    let from = Standpoint::of(form.definition, element.id);
    if let Kind::Question(question_type) = &element.kind {
        if matches!(question_type, QuestionType::XmlExternal | QuestionType::CsvExternal) {
            return None;
        }
        node.set("type", data_type(element, question_type));
        preload(question_type, &mut node);
        if *question_type == QuestionType::Note {
            node.set("readonly", "true()");
        }
        parameters(element, question_type, &mut node);
    }
    let calculation = element.calculation.as_ref().filter(|_| element.trigger.is_empty());
    let rules: [(&str, Option<&Formula>); 5] = [
        ("required", element.required.as_ref()),
        ("relevant", element.relevant.as_ref()),
        ("constraint", element.constraint.as_ref()),
        ("readonly", element.read_only.as_ref()),
        ("calculate", calculation),
    ];
    for (name, formula) in rules {
        if let Some(formula) = formula {
            node.set(name, form.paths.expression(formula.source(), &from));
        }
    }
    for (name, text) in [
        ("jr:constraintMsg", &element.constraint_message),
        ("jr:requiredMsg", &element.required_message),
    ] {
        if let Some(words) = message(form, element, name, text) {
            node.set(name, words);
        }
    }
    for (name, value) in super::in_order(&element.bind) {
        node.set(name, form.paths.expression(value, &from));
    }
    if let Some((_, property)) = element.save_to.iter().next() {
        node.set("entities:saveto", property);
    }
    (node.attributes() > 1).then_some(node)
}

fn message<'d>(form: &Form<'d>, element: &Element, name: &str, text: &'d Text) -> Option<Cow<'d, str>> {
    if message_in_itext(text) {
        return Some(format!("jr:itext('{}:{name}')", form.paths.absolute(element.id)).into());
    }
    text.exact("").map(Cow::from)
}

fn data_type(element: &Element, question_type: &QuestionType) -> &'static str {
    match question_type {
        QuestionType::Integer => "int",
        QuestionType::Decimal => "decimal",
        QuestionType::Range => {
            let whole = |value: &String| value.parse::<f64>().is_ok_and(|value| value.fract() == 0.0);
            let numbers = ["start", "end", "step", "tick_interval", "placeholder"];
            let mut given = numbers.iter().filter_map(|key| element.parameters.get(*key));
            if given.all(whole) { "int" } else { "decimal" }
        }
        QuestionType::Rank(_) => "odk:rank",
        QuestionType::Date | QuestionType::Today => "date",
        QuestionType::Time => "time",
        QuestionType::DateTime | QuestionType::Start | QuestionType::End => "dateTime",
        QuestionType::Geopoint | QuestionType::StartGeopoint | QuestionType::BackgroundGeopoint => "geopoint",
        QuestionType::Geotrace => "geotrace",
        QuestionType::Geoshape => "geoshape",
        QuestionType::Image
        | QuestionType::Audio
        | QuestionType::Video
        | QuestionType::File
        | QuestionType::BackgroundAudio
        | QuestionType::Audit => "binary",
        QuestionType::Barcode => "barcode",
        QuestionType::Calculate(data_type) => DataType::name(*data_type),
        QuestionType::Text
        | QuestionType::SelectOne(_)
        | QuestionType::SelectMultiple(_)
        | QuestionType::Note
        | QuestionType::Hidden
        | QuestionType::Acknowledge
        | QuestionType::DeviceId
        | QuestionType::Username
        | QuestionType::Email
        | QuestionType::PhoneNumber
        | QuestionType::SimSerial
        | QuestionType::SubscriberId
        | QuestionType::XmlExternal
        | QuestionType::CsvExternal => "string",
    }
}

/// What the client fills in by itself.
fn preload(question_type: &QuestionType, node: &mut Node<'_>) {
    let (kind, parameter) = match question_type {
        QuestionType::Start => ("timestamp", "start"),
        QuestionType::End => ("timestamp", "end"),
        QuestionType::Today => ("date", "today"),
        QuestionType::DeviceId => ("property", "deviceid"),
        QuestionType::Username => ("property", "username"),
        QuestionType::Email => ("property", "email"),
        QuestionType::PhoneNumber => ("property", "phonenumber"),
        QuestionType::SimSerial => ("property", "simserial"),
        QuestionType::SubscriberId => ("property", "subscriberid"),
        _ => return,
    };
    node.set("jr:preload", kind);
    node.set("jr:preloadParams", parameter);
}

/// The parameters that are attributes of the bind.
fn parameters<'d>(element: &'d Element, question_type: &QuestionType, node: &mut Node<'d>) {
    let attributes: &[(&str, &str)] = match question_type {
        QuestionType::Image => &[("max-pixels", "orx:max-pixels")],
        QuestionType::Audio => &[("quality", "odk:quality")],
        QuestionType::Geopoint | QuestionType::Geotrace | QuestionType::Geoshape => {
            &[("allow-mock-accuracy", "odk:allow-mock-accuracy")]
        }
        QuestionType::Audit => &[
            ("track-changes", "odk:track-changes"),
            ("track-changes-reasons", "odk:track-changes-reasons"),
            ("identify-user", "odk:identify-user"),
            ("location-max-age", "odk:location-max-age"),
            ("location-min-interval", "odk:location-min-interval"),
            ("location-priority", "odk:location-priority"),
        ],
        _ => &[],
    };
    for (parameter, attribute) in attributes {
        if let Some(value) = element.parameters.get(*parameter) {
            node.set(*attribute, value);
        }
    }
}
