//! The body: a control for each question that people see.

use std::borrow::Cow;

use super::Form;
use super::actions;
use super::itext::{hint_in_itext, label_in_itext, list_in_itext};
use super::reference::Standpoint;
use super::xml::Node;
use crate::definition::choices::{ChoiceSource, Select};
use crate::definition::element::{Element, Kind};
use crate::definition::model::ElementId;
use crate::definition::question_type::QuestionType;

/// The controls in a group or repeat, or at the top.
pub(super) fn controls<'d>(form: &Form<'d>, parent: Option<ElementId>) -> Vec<Node<'d>> {
    let children = form.definition.children(parent).iter();
    children
        .filter_map(|id| form.definition.get(*id))
        .filter_map(|element| match &element.kind {
            Kind::Group => group(form, element),
            Kind::Repeat => Some(repeat(form, element)),
            Kind::Question(question_type) => question(form, element, question_type),
        })
        .collect()
}

/// A group, where there is anything in it to show: ODK Validate refuses an empty one.
fn group<'d>(form: &Form<'d>, element: &'d Element) -> Option<Node<'d>> {
    let controls = controls(form, Some(element.id));
    if controls.is_empty() {
        return None;
    }
    let mut node = Node::new("group").with("ref", form.paths.absolute(element.id));
    attributes(form, element, &mut node);
    if !element.label.is_empty() || !element.media.is_empty() {
        node.push(label(form, element));
    }
    Some(node.children(controls))
}

fn repeat<'d>(form: &Form<'d>, element: &'d Element) -> Node<'d> {
    let path = form.paths.absolute(element.id);
    let mut repeat = Node::new("repeat").with("nodeset", path.clone());
    if let Some(count) = &element.repeat_count {
        let from = Standpoint::of(form.definition, element.id);
        repeat.set("jr:count", form.paths.expression(count.source(), &from));
    }
    attributes(form, element, &mut repeat);
    let repeat = repeat
        .children(controls(form, Some(element.id)))
        .children(actions::on_new_repeat(form, element.id));
    Node::new("group")
        .with("ref", path)
        .child(label(form, element))
        .child(repeat)
}

/// Whether people see a question: what is calculated without a label is not asked.
pub(in crate::definition) fn is_shown(element: &Element, question_type: &QuestionType) -> bool {
    let silent = matches!(question_type, QuestionType::Calculate(_) | QuestionType::Hidden)
        || question_type.is_metadata()
        || !question_type.has_value();
    let worked_out = element.calculation.is_some() || !element.trigger.is_empty();
    let says = !element.label.is_empty() || !element.hint.is_empty();
    !silent && (says || !worked_out)
}

fn question<'d>(form: &Form<'d>, element: &'d Element, question_type: &'d QuestionType) -> Option<Node<'d>> {
    if !is_shown(element, question_type) {
        return None;
    }
    let (name, media) = match question_type {
        QuestionType::SelectOne(select) if form.is_external(select) => ("input", None),
        QuestionType::SelectOne(_) => ("select1", None),
        QuestionType::SelectMultiple(_) => ("select", None),
        QuestionType::Rank(_) => ("odk:rank", None),
        QuestionType::Range => ("range", None),
        QuestionType::Acknowledge => ("trigger", None),
        QuestionType::Image => ("upload", Some("image/*")),
        QuestionType::Audio => ("upload", Some("audio/*")),
        QuestionType::Video => ("upload", Some("video/*")),
        QuestionType::File => ("upload", Some("application/*")),
        _ => ("input", None),
    };
    let mut node = Node::new(name).with("ref", form.paths.absolute(element.id));
    if let Some(media) = media {
        node.set("mediatype", media);
    }
    attributes(form, element, &mut node);
    parameters(element, question_type, &mut node);
    node.push(label(form, element));
    if !element.hint.is_empty() || !element.guidance_hint.is_empty() {
        node.push(hint(form, element));
    }
    if let Some(select) = question_type.select() {
        choices(form, element, select, &mut node);
    }
    if let Some(list) = element.parameters.get("tick_labelset") {
        node.push(itemset(form, list, format!("instance('{list}')/root/item")));
    }
    if let Some(list) = element.parameters.get("reference-geometry") {
        node.push(reference_geometry(form, element, list));
    }
    Some(node.children(actions::on_change(form, element)))
}

fn label<'d>(form: &Form<'d>, element: &'d Element) -> Node<'d> {
    let mut node = Node::new("label");
    if label_in_itext(element) {
        return node.with("ref", format!("jr:itext('{}:label')", form.paths.absolute(element.id)));
    }
    if let Some(words) = element.label.exact("") {
        let from = Standpoint::of(form.definition, element.id);
        form.paths.words(words, &from, &mut node);
    }
    node
}

fn hint<'d>(form: &Form<'d>, element: &'d Element) -> Node<'d> {
    let mut node = Node::new("hint");
    if hint_in_itext(element) {
        return node.with("ref", format!("jr:itext('{}:hint')", form.paths.absolute(element.id)));
    }
    if let Some(words) = element.hint.exact("") {
        let from = Standpoint::of(form.definition, element.id);
        form.paths.words(words, &from, &mut node);
    }
    node
}

/// Attributes that a definition gives a control as they are.
fn attributes<'d>(form: &Form<'d>, element: &'d Element, node: &mut Node<'d>) {
    let from = Standpoint::of(form.definition, element.id);
    if let Some(appearance) = &element.appearance {
        node.set("appearance", form.paths.expression(appearance, &from));
    }
    for name in ["autoplay", "intent", "rows"] {
        if let Some(value) = element.extra.get(name) {
            node.set(name, form.paths.expression(value, &from));
        }
    }
    for (name, value) in super::in_order(&element.body) {
        node.set(name, form.paths.expression(value, &from));
    }
}

/// The parameters that are attributes of the control.
fn parameters<'d>(element: &'d Element, question_type: &QuestionType, node: &mut Node<'d>) {
    let given = |parameter: &str| element.parameters.get(parameter);
    let attributes: &[(&str, &str)] = match question_type {
        QuestionType::Range => {
            for (parameter, otherwise) in [("start", "1"), ("end", "10"), ("step", "1")] {
                node.set(parameter, given(parameter).map_or(otherwise, String::as_str));
            }
            &[
                ("tick_interval", "odk:tick-interval"),
                ("placeholder", "odk:placeholder"),
            ]
        }
        QuestionType::Text => &[("rows", "rows")],
        QuestionType::Geopoint => &[
            ("capture-accuracy", "accuracyThreshold"),
            ("warning-accuracy", "unacceptableAccuracyThreshold"),
        ],
        QuestionType::Geotrace | QuestionType::Geoshape => &[("incremental", "incremental")],
        QuestionType::Image if matches!(element.appearance.as_deref(), None | Some("annotate")) => &[("app", "intent")],
        _ => &[],
    };
    for (parameter, attribute) in attributes {
        if let Some(value) = given(parameter) {
            // All that can be said of it is yes.
            let value = if *parameter == "incremental" { "true" } else { value };
            node.set(*attribute, value);
        }
    }
}

/// The choices of a select: by reference to an instance, or one by one where a search in a file finds them.
fn choices<'d>(form: &Form<'d>, element: &'d Element, select: &'d Select, node: &mut Node<'d>) {
    let from = Standpoint::of(form.definition, element.id).in_predicate();
    let filter = element.choice_filter.as_ref();
    match &select.source {
        ChoiceSource::List(list) => {
            let filter = filter.map(|filter| form.paths.expression(filter.source(), &from));
            let filter = filter.map(|filter| format!("[{filter}]")).unwrap_or_default();
            let nodes = format!("instance('{list}')/root/item{filter}");
            if form.is_external(select) {
                node.set("query", nodes);
            } else if form.is_searched(list) {
                items(form, list, node);
            } else {
                node.push(itemset(form, list, randomized(form, element, nodes)));
            }
        }
        ChoiceSource::File(file) => {
            let filter = filter.map(|filter| form.paths.expression(filter.source(), &from));
            let filter = filter.map(|filter| format!("[{filter}]")).unwrap_or_default();
            let (name, extension) = file.rsplit_once('.').unwrap_or((file, ""));
            let (value, label) = if extension == "geojson" {
                ("id", "title")
            } else {
                ("name", "label")
            };
            let given = |parameter: &str, otherwise: &'d str| {
                element.parameters.get(parameter).map_or(otherwise, String::as_str)
            };
            let nodes = randomized(form, element, format!("instance('{name}')/root/item{filter}"));
            node.push(items_of(nodes, given("value", value), given("label", label)));
        }
        ChoiceSource::Question(question) => node.push(answers(form, element, question, &from)),
    }
}

/// The answers to a repeated question as choices.
fn answers<'d>(form: &Form<'d>, element: &Element, question: &str, from: &Standpoint) -> Node<'d> {
    let Some(id) = form.definition.find(question) else {
        return Node::new("itemset");
    };
    let (nodes, name) = form.paths.repeated(id, from);
    let filter = element.choice_filter.as_ref().map_or_else(
        || format!("./{name} != ''"),
        |filter| within(&form.paths.expression(filter.source(), from), &nodes),
    );
    items_of(
        randomized(form, element, format!("{nodes}[{filter}]")),
        name.clone(),
        name,
    )
}

/// A condition on some nodes, in which paths to them are paths from each of them.
fn within(filter: &str, nodes: &str) -> String {
    filter.replace(&format!("current()/{nodes}"), ".").replace(nodes, ".")
}

/// The nodes in an order that changes from response to response, where that is wanted.
fn randomized(form: &Form<'_>, element: &Element, nodes: String) -> String {
    if element.parameters.get("randomize").map(String::as_str) != Some("true") {
        return nodes;
    }
    let from = Standpoint::of(form.definition, element.id);
    match element.parameters.get("seed") {
        Some(seed) => format!("randomize({nodes}, {})", form.paths.expression(seed, &from).trim()),
        None => format!("randomize({nodes})"),
    }
}

fn items_of<'d>(nodes: String, value: impl Into<Cow<'d, str>>, label: impl Into<Cow<'d, str>>) -> Node<'d> {
    Node::new("itemset")
        .with("nodeset", nodes)
        .child(Node::new("value").with("ref", value))
        .child(Node::new("label").with("ref", label))
}

fn itemset<'d>(form: &Form<'d>, list: &str, nodes: String) -> Node<'d> {
    let translated = form.definition.choices().get(list).is_some_and(list_in_itext);
    items_of(nodes, "name", if translated { "jr:itext(itextId)" } else { "label" })
}

/// The places that a map shows beside the one that is asked for.
fn reference_geometry<'d>(form: &Form<'d>, element: &Element, list: &str) -> Node<'d> {
    let from = Standpoint::of(form.definition, element.id).in_predicate();
    let filter = element.choice_filter.as_ref();
    let filter = filter.map(|filter| form.paths.expression(filter.source(), &from));
    let repeat = super::reference::reference(list).and_then(|(name, _)| form.definition.find(name));
    let Some(repeat) = repeat else {
        let filter = filter.map(|filter| format!("[{filter}]")).unwrap_or_default();
        return itemset(form, list, format!("instance('{list}')/root/item{filter}"));
    };
    let nodes = form.paths.repeated_path(repeat, &from);
    // A condition that is always there keeps clients from taking the own instance alone.
    let filter = filter.map_or_else(|| "./geometry != ''".to_owned(), |filter| within(&filter, &nodes));
    items_of(format!("{nodes}[{filter}]"), "geometry", "geometry")
}

/// The choices one by one.
fn items<'d>(form: &Form<'d>, list: &str, node: &mut Node<'d>) {
    let Some(list) = form.definition.choices().get(list) else {
        return;
    };
    let translated = list_in_itext(list);
    for (number, choice) in list.choices().iter().enumerate() {
        let mut label = Node::new("label");
        if translated {
            label.set("ref", format!("jr:itext('{}-{number}')", list.name()));
        } else if let Some(words) = choice.label.exact("") {
            form.paths.words(words, &Standpoint::top(), &mut label);
        }
        node.push(
            Node::new("item")
                .child(label)
                .child(Node::new("value").text(&choice.name)),
        );
    }
}
