//! Writing XForms: what phones and browsers ask a survey from.
//!
//! Flows in: a [`Definition`]. Flows out: an XForm as the ODK XForms specification has it, with the same meaning as the
//! one that pyxform makes of the same survey, and always the same bytes. Nothing here decides what a survey means.

mod actions;
mod bind;
mod body;
mod entities;
mod instance;
mod itemsets;
mod itext;
mod prepare;
mod reference;
mod secondary;
mod xml;

use std::borrow::Cow;

use vecmap::VecMap;

use super::choices::Select;
use super::companions::in_plain_questions;
use super::element::{Element, Kind};
use super::entity_places::entity_places;
use super::model::{Definition, ElementId};
use super::question_type::QuestionType;
pub(super) use body::is_shown;
pub(crate) use instance::InstanceNodes;
pub use itemsets::{ITEMSETS, itemsets};
use reference::{Paths, Standpoint};
pub(super) use secondary::attached_files;
use xml::Node;
pub(crate) use xml::Node as XmlNode;

/// The name of the root element where none is given.
const ROOT: &str = "data";

const NAMESPACES: [(&str, &str); 7] = [
    ("xmlns", "http://www.w3.org/2002/xforms"),
    ("xmlns:h", "http://www.w3.org/1999/xhtml"),
    ("xmlns:ev", "http://www.w3.org/2001/xml-events"),
    ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xmlns:jr", "http://openrosa.org/javarosa"),
    ("xmlns:orx", "http://openrosa.org/xforms"),
    ("xmlns:odk", "http://www.opendatakit.org/xforms"),
];

/// Names and values in the order of the names: what is equal as a definition is the same XForm, whatever the order in
/// which it was written.
fn in_order<T>(map: &VecMap<String, T>) -> Vec<(&String, &T)> {
    let mut entries: Vec<(&String, &T)> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries
}

/// A form while it is written.
struct Form<'d> {
    definition: &'d Definition,
    paths: Paths<'d>,
    /// For each entity what it is made in.
    entity_places: Vec<Option<ElementId>>,
    /// The questions that others trigger.
    triggered: Vec<&'d Element>,
}

/// The XForm of a definition. `root` names the root element of its answers, where the definition's own setting `name`
/// does not; it is `data` where nothing does.
///
/// ```
/// use innogauge::definition::{Definition, xform};
///
/// let definition = Definition::from_yaml(
///     "survey.yaml",
///     "survey: s\nversion: '1'\ntitle: Survey\nquestions:\n- {type: decimal, name: rd, label: R&D, constraint: . >= 0}\n",
/// )
/// .unwrap()
/// .value;
/// let form = xform(&definition, None);
/// assert!(form.contains(r#"<bind nodeset="/data/rd" type="decimal" constraint=". &gt;= 0"/>"#));
/// ```
pub fn xform(definition: &Definition, root: Option<&str>) -> String {
    let asked = as_asked(definition);
    let named = asked.settings().other.get("name").map(String::as_str);
    Form::of(&asked, named.or(root).unwrap_or(ROOT)).html().document()
}

/// A survey as form clients have it: what is made of our own keys, counters of repeats and headers of tables are
/// questions in it.
pub(crate) fn as_asked(definition: &Definition) -> Cow<'_, Definition> {
    let plain = in_plain_questions(definition);
    if prepare::has_nothing_to_prepare(&plain) {
        plain
    } else {
        Cow::Owned(prepare::prepare(&plain))
    }
}

impl<'d> Form<'d> {
    fn of(asked: &'d Definition, root: &'d str) -> Self {
        Self {
            definition: asked,
            paths: Paths {
                definition: asked,
                root,
            },
            // A checked definition has a place for each.
            entity_places: entity_places(asked).unwrap_or_default(),
            triggered: asked
                .elements()
                .iter()
                .filter(|element| !element.trigger.is_empty())
                .collect(),
        }
    }

    fn html(&self) -> Node<'d> {
        let mut html = Node::new("h:html");
        for (name, address) in NAMESPACES {
            html.set(name, address);
        }
        if !self.definition.entities().is_empty() {
            html.set("xmlns:entities", "http://www.opendatakit.org/xforms/entities");
        }
        for (name, address) in self.own_namespaces() {
            html.set(name, address);
        }
        let title = Node::new("h:title").text(self.definition.title().get(self.definition.default_language()));
        let head = Node::new("h:head").child(title).child(self.model());
        let mut body = Node::new("h:body");
        if let Some(style) = self.setting("style") {
            body.set("class", style);
        }
        html.child(head).child(body.children(body::controls(self, None)))
    }

    fn setting(&self, name: &str) -> Option<&'d str> {
        self.definition.settings().other.get(name).map(String::as_str)
    }

    /// The namespaces that the settings add: `esri="http://esri.com/xforms"`.
    fn own_namespaces(&self) -> Vec<(String, String)> {
        let given = self.setting("namespaces").unwrap_or_default();
        given
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .filter(|(prefix, address)| !prefix.is_empty() && !address.contains('='))
            .map(|(prefix, address)| (format!("xmlns:{prefix}"), address.replace(['"', '\''], "")))
            .filter(|(name, _)| NAMESPACES.iter().all(|(known, _)| known != name))
            .collect()
    }

    fn model(&self) -> Node<'d> {
        let mut model = Node::new("model").with("odk:xforms-version", "1.0.0");
        let entities = self.definition.entities();
        if !entities.is_empty() {
            let repeated = self.entity_places.iter().flatten().any(|place| {
                self.definition.get(*place).is_some_and(Element::is_repeat)
                    || self.definition.repeat_around(*place).is_some()
            });
            let version = if entities.len() > 1 || repeated {
                "2025.1.0"
            } else {
                "2024.1.0"
            };
            model.set("entities:entities-version", version);
        }
        let mut model = model
            .children(self.submission())
            .children(itext::itext(self))
            .child(instance::primary(self))
            .children(secondary::instances(self));
        for element in self.definition.elements() {
            model = model
                .children(bind::bind(self, element))
                .children(actions::on_load(self, element));
            if matches!(element.kind, Kind::Group | Kind::Repeat) {
                model = model.children(entities::binds(self, Some(element.id)));
            }
        }
        model.children(entities::binds(self, None)).children(self.meta_binds())
    }

    /// Where and how responses are sent, where the settings say so.
    fn submission(&self) -> Option<Node<'d>> {
        let mut node = Node::new("submission");
        if let Some(address) = self.setting("submission_url") {
            node.set("action", address);
            node.set("method", "post");
        }
        if let Some(key) = &self.definition.settings().public_key {
            node.set("base64RsaPublicKey", key);
        }
        for (setting, attribute) in [("auto_send", "orx:auto-send"), ("auto_delete", "orx:auto-delete")] {
            if let Some(value) = self.setting(setting) {
                node.set(attribute, value);
            }
        }
        if self.definition.settings().client_editable {
            node.set("odk:client-editable", "true");
        }
        (node.attributes() > 0).then_some(node)
    }

    fn meta_binds(&self) -> Vec<Node<'d>> {
        let bind = |name: &str| {
            let path = format!("/{}/meta/{name}", self.paths.root);
            Node::new("bind").with("nodeset", path).with("type", "string")
        };
        let id = bind("instanceID").with("readonly", "true()").with("jr:preload", "uid");
        let name = self.definition.settings().instance_name.as_ref().map(|formula| {
            let value = self.paths.expression(formula.source(), &Standpoint::top());
            bind("instanceName").with("calculate", value)
        });
        self.has_instance_id().then_some(id).into_iter().chain(name).collect()
    }

    /// Whether responses have an id of their own.
    fn has_instance_id(&self) -> bool {
        let omitted = self.setting("omit_instanceID").map(str::to_lowercase);
        !matches!(omitted.as_deref(), Some("yes" | "true" | "true()"))
    }

    /// The path of an element's node. The log of the interview lies in `meta`.
    fn path(&self, element: &Element) -> String {
        if element.question_type() == Some(&QuestionType::Audit) {
            return format!("/{}/meta/{}", self.paths.root, element.name);
        }
        self.paths.absolute(element.id)
    }

    /// Whether a select takes its choices from `itemsets.csv`.
    fn is_external(&self, select: &Select) -> bool {
        let list = select.list().and_then(|list| self.definition.choices().get(list));
        list.is_some_and(super::choices::ChoiceList::is_external)
    }

    /// Whether the choices of a list are found by a search in an attached file (`search('file')` as the appearance).
    fn is_searched(&self, list: &str) -> bool {
        self.definition.questions().any(|(element, question_type)| {
            let searches = element
                .appearance
                .as_deref()
                .is_some_and(|appearance| appearance.contains("search("));
            searches && question_type.select().and_then(Select::list) == Some(list)
        })
    }
}
