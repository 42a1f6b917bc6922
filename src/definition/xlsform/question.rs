//! Reading a row of the survey into an element.

use vecmap::VecMap;

use super::Reader;
use super::columns::Target;
use super::dynamic::is_dynamic;
use super::parameters::parameters;
use super::table::{Cell, Row};
use super::text::flag;
use crate::definition::element::{DefaultValue, Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::outline::Places;
use crate::definition::place::{Diagnostic, Origin};
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::scan::{Token, tokens};
use crate::definition::text::Text;

/// Reads what the cells of a row say of an element of this name and kind.
pub(super) fn element(
    row: Row<'_>,
    name: &str,
    kind: Kind,
    lists: &[String],
    reader: &mut Reader,
) -> (Element, Places) {
    let mut element = Element::new(name, kind, Origin(row.place("type")));
    let mut places = Places::default();
    for key in ["type", "name"] {
        places.note(key, row.place(key));
    }
    texts(row, &mut element, &mut places, reader);
    expressions(row, &mut element, &mut places, reader);
    attributes(row, &mut element, &mut places, lists, reader);
    data_type(&mut element);
    (element, places)
}

fn texts(row: Row<'_>, element: &mut Element, places: &mut Places, reader: &Reader) {
    let mut text = |key: &'static str| -> Text {
        let (text, place) = row.text(&Target::Key(key), &reader.languages);
        if let Some(place) = place {
            places.note(key, place);
        }
        text
    };
    element.label = text("label");
    element.hint = text("hint");
    element.guidance_hint = text("guidance_hint");
    element.constraint_message = text("constraint_message");
    element.required_message = text("required_message");
    for cell in row.cells() {
        if let Target::Media(kind) = &cell.column.target
            && !element.media.contains_key(kind)
        {
            let (files, place) = row.text(&cell.column.target, &reader.languages);
            element.media.insert(kind.clone(), files);
            if let Some(place) = place {
                places.note("media", place);
            }
        }
    }
}

fn expressions(row: Row<'_>, element: &mut Element, places: &mut Places, reader: &mut Reader) {
    let mut given = |key: &'static str| {
        let cell = row.cell(key)?;
        places.note(key, cell.place());
        Some(cell)
    };
    let relevant = given("relevant");
    let constraint = given("constraint");
    let required = given("required");
    let calculation = given("calculation");
    let default = given("default");
    let read_only = given("read_only");
    let choice_filter = given("choice_filter");
    let repeat_count = given("repeat_count");
    let trigger = given("trigger");
    let mut formula = |cell: Option<Cell<'_>>| cell.and_then(|cell| read(&cell, reader));
    element.relevant = formula(relevant);
    element.constraint = formula(constraint);
    element.calculation = formula(calculation);
    element.choice_filter = formula(choice_filter);
    element.repeat_count = formula(repeat_count);
    // `no` says what an empty cell says.
    let mut condition = |cell: Option<Cell<'_>>| {
        cell.filter(|cell| flag(cell.text) != Some(false))
            .and_then(|cell| read(&cell, reader))
    };
    element.required = condition(required);
    element.read_only = condition(read_only);
    element.default = default.and_then(|cell| default_value(&cell, element, reader));
    element.trigger = trigger.map(|cell| triggers(&cell, reader)).unwrap_or_default();
}

/// An expression; `yes` and `no` are expressions too.
fn read(cell: &Cell<'_>, reader: &mut Reader) -> Option<Formula> {
    let source = match flag(cell.text) {
        Some(true) => "true()",
        Some(false) => "false()",
        None => cell.text,
    };
    reader.keep(Formula::read(source, cell.place(), false))
}

fn default_value(cell: &Cell<'_>, element: &Element, reader: &mut Reader) -> Option<DefaultValue> {
    let dynamic = element
        .question_type()
        .is_some_and(|question_type| is_dynamic(cell.text, question_type));
    if dynamic {
        let formula = Formula::read(cell.text, cell.place(), false);
        return reader.keep(formula).map(DefaultValue::Dynamic);
    }
    Some(DefaultValue::Fixed(cell.text.to_owned()))
}

/// The questions of a `trigger`, with commas between them.
fn triggers(cell: &Cell<'_>, reader: &mut Reader) -> Vec<Formula> {
    let mut trigger = Vec::new();
    for part in cell.text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match tokens(part).as_slice() {
            [(0, Token::Reference(_))] => {
                trigger.extend(reader.keep(Formula::read(part, cell.place(), false)));
            }
            _ => reader.found.push(
                Diagnostic::error(
                    cell.place(),
                    format!("'trigger' names a question, but here is '{part}'"),
                )
                .with_help("write ${city}, or ${city}, ${sector} with commas between several"),
            ),
        }
    }
    trigger
}

fn attributes(row: Row<'_>, element: &mut Element, places: &mut Places, lists: &[String], reader: &mut Reader) {
    element.appearance = row.get("appearance").map(ToOwned::to_owned);
    for key in ["appearance", "parameters", "save_to"] {
        if let Some(cell) = row.cell(key) {
            places.note(key, cell.place());
        }
    }
    for key in ["autoplay", "intent", "rows"] {
        if let Some(value) = row.get(key) {
            element.extra.insert(key.to_owned(), value.to_owned());
        }
    }
    if let Some(cell) = row.cell("parameters") {
        match parameters(cell.text) {
            Some(parameters) => element.parameters = parameters,
            None => reader.found.push(
                Diagnostic::error(cell.place(), "these parameters can't be read")
                    .with_help("write key=value pairs with spaces between them: start=0 end=10 step=1"),
            ),
        }
    }
    if let Some(cell) = row.cell("save_to") {
        element.save_to = save_to(&cell, lists, reader);
    }
    let message = Target::Key("no_app_error_string");
    if let Some(cell) = row.cells().find(|cell| cell.column.target == message) {
        element
            .bind
            .insert("jr:noAppErrorString".to_owned(), cell.text.to_owned());
    }
    for cell in row.cells() {
        let (into, name) = match &cell.column.target {
            Target::Bind(name) => (&mut element.bind, name),
            Target::Body(name) => (&mut element.body, name),
            Target::Instance(name) => (&mut element.instance, name),
            Target::Other(name) => (&mut element.extra, name),
            Target::Key(_) | Target::Media(_) => continue,
        };
        into.insert(name.clone(), cell.text.to_owned());
    }
}

/// `property`, or `list#property` where the form has several lists of entities.
fn save_to(cell: &Cell<'_>, lists: &[String], reader: &mut Reader) -> VecMap<String, String> {
    let mut refuse = |message: String, help: &str| {
        reader
            .found
            .push(Diagnostic::error(cell.place(), message).with_help(help));
        VecMap::new()
    };
    let parts: Vec<&str> = cell.text.split('#').collect();
    let (list, property) = match (parts.as_slice(), lists) {
        (_, []) => {
            return refuse(
                "'save_to' without entities".to_owned(),
                "declare a list of entities in the sheet 'entities'",
            );
        }
        ([property], [list]) => (list.as_str(), *property),
        ([_], _) => {
            return refuse(
                "'save_to' does not say which list of entities is meant".to_owned(),
                "write list#property, since the form has several lists",
            );
        }
        ([list, property], _) if lists.iter().any(|known| known == list) => (*list, *property),
        ([list, _], _) => {
            return refuse(
                format!("there is no list of entities '{list}'"),
                "declare it in the sheet 'entities'",
            );
        }
        _ => return refuse("'save_to' has more than one '#'".to_owned(), "write list#property"),
    };
    VecMap::from([(list.to_owned(), property.to_owned())])
}

/// `bind::type` of a calculation is its data type.
fn data_type(element: &mut Element) {
    let Kind::Question(QuestionType::Calculate(own)) = &mut element.kind else {
        return;
    };
    let written = element.bind.get("type").map(String::as_str);
    let known = DataType::ALL.iter().find(|(name, _)| Some(*name) == written);
    if let Some((_, known)) = known {
        *own = *known;
        element.bind.remove("type");
    }
}
