//! The primary instance: a node for each question, as an answer will have it.

use super::entities;
use super::reference::Standpoint;
use super::xml::Node;
use super::{Form, NAMESPACES};
use crate::definition::element::{DefaultValue, Element, Kind};
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::QuestionType;

/// The instance with the root and all questions.
pub(super) fn primary<'d>(form: &Form<'d>) -> Node<'d> {
    let mut root = root(form);
    for child in nodes(form, None, Copy::Instance) {
        root.push(child);
    }
    let meta = meta(form);
    if !meta.is_empty() {
        root.push(meta);
    }
    Node::new("instance").child(root)
}

/// The root element with its attributes.
fn root<'d>(form: &Form<'d>) -> Node<'d> {
    let definition = form.definition;
    let settings = &definition.settings().other;
    let mut root = Node::new(form.paths.root);
    for (name, value) in super::in_order(settings) {
        if let Some(attribute) = name.strip_prefix("attribute::") {
            root.set(attribute, value);
        }
    }
    root.set("id", definition.survey());
    if let Some(namespace) = settings.get("instance_xmlns") {
        root.set("xmlns", namespace);
    }
    if !definition.version().is_empty() {
        root.set("version", definition.version());
    }
    for (setting, attribute) in [("prefix", "odk:prefix"), ("delimiter", "odk:delimiter")] {
        if let Some(value) = settings.get(setting) {
            root.set(attribute, value);
        }
    }
    root
}

/// The nodes of an instance that stands by itself, without its form around it.
pub(crate) struct InstanceNodes<'d>(Form<'d>);

impl<'d> InstanceNodes<'d> {
    /// Of a survey as form clients have it; `root` names the root element.
    pub fn of(asked: &'d Definition, root: &'d str) -> Self {
        Self(Form::of(asked, root))
    }

    /// The root element with its attributes and the namespaces that a form has.
    pub fn root(&self) -> Node<'d> {
        let mut node = root(&self.0);
        let known = NAMESPACES
            .into_iter()
            .filter(|(name, _)| INSTANCE_NAMESPACES.contains(name));
        let known = known.map(|(name, address)| (name.to_owned(), address.to_owned()));
        for (name, address) in known.chain(self.0.own_namespaces()) {
            node.set(name, address);
        }
        node
    }

    /// The node of a group, repeat or question with its attributes, and nothing in it.
    pub fn node(&self, element: &'d Element) -> Node<'d> {
        attributed(&self.0, element, Node::new(&element.name))
    }
}

/// The namespaces that attributes of an instance may be in.
const INSTANCE_NAMESPACES: [&str; 3] = ["xmlns:jr", "xmlns:orx", "xmlns:odk"];

/// What the client notes of the response itself.
fn meta<'d>(form: &Form<'d>) -> Node<'d> {
    let definition = form.definition;
    let mut meta = Node::new("meta");
    meta = meta.children(entities::node(form, None));
    let audits = definition
        .questions()
        .filter(|(_, question_type)| **question_type == QuestionType::Audit);
    meta = meta.children(audits.map(|(element, _)| Node::new(&element.name)));
    if form.has_instance_id() {
        meta.push(Node::new("instanceID"));
    }
    if definition.settings().instance_name.is_some() {
        meta.push(Node::new("instanceName"));
    }
    meta
}

/// Which of the two copies that a repeat has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// The one that is there from the start.
    Instance,
    /// The one that others are made from.
    Template,
}

/// The nodes in a group or repeat, or at the top. A repeat is preceded by the template of it, unless it lies in another,
/// whose template holds it.
fn nodes<'d>(form: &Form<'d>, parent: Option<ElementId>, copy: Copy) -> Vec<Node<'d>> {
    let mut nodes = Vec::new();
    let children = form.definition.children(parent).iter();
    for element in children.filter_map(|id| form.definition.get(*id)) {
        match &element.kind {
            Kind::Group => nodes.push(holder(form, element, copy)),
            Kind::Repeat => {
                let within = form.definition.repeat_around(element.id).is_some();
                if !within {
                    nodes.push(holder(form, element, Copy::Template).with("jr:template", ""));
                }
                let own = holder(form, element, copy);
                nodes.push(if within && copy == Copy::Template {
                    own.with("jr:template", "")
                } else {
                    own
                });
            }
            Kind::Question(QuestionType::XmlExternal | QuestionType::CsvExternal | QuestionType::Audit) => {}
            Kind::Question(question_type) => nodes.push(question(form, element, question_type)),
        }
    }
    nodes
}

fn holder<'d>(form: &Form<'d>, element: &'d Element, copy: Copy) -> Node<'d> {
    let node = attributed(form, element, Node::new(&element.name)).children(nodes(form, Some(element.id), copy));
    match entities::node(form, Some(element.id)) {
        Some(entity) => node.child(Node::new("meta").child(entity)),
        None => node,
    }
}

fn question<'d>(form: &Form<'d>, element: &'d Element, question_type: &QuestionType) -> Node<'d> {
    let node = attributed(form, element, Node::new(&element.name));
    match &element.default {
        Some(DefaultValue::Fixed(value))
            if *question_type == QuestionType::Image && !value.contains("jr://images/") =>
        {
            node.text(format!("jr://images/{value}"))
        }
        Some(DefaultValue::Fixed(value)) => node.text(value),
        Some(DefaultValue::Dynamic(_)) | None => node,
    }
}

fn attributed<'d>(form: &Form<'d>, element: &'d Element, mut node: Node<'d>) -> Node<'d> {
    let from = Standpoint::of(form.definition, element.id);
    for (name, value) in super::in_order(&element.instance) {
        node.set(name, form.paths.expression(value, &from));
    }
    node
}
