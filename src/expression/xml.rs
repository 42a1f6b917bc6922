//! An XML document as a tree for expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use roxmltree::{Document, Node, NodeId, NodeType, ParsingOptions};
use thiserror::Error;

use super::axes;
use super::tree::{Name, NodeKind, NodeSet, Tree};

/// Prefixes that the field uses everywhere, known though a document does not declare them.
const WELL_KNOWN: [(&str, &str); 10] = [
    ("xhtml", "http://www.w3.org/1999/xhtml"),
    ("h", "http://www.w3.org/1999/xhtml"),
    ("x", "http://www.w3.org/2002/xforms"),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
    ("xsd", "http://www.w3.org/2001/XMLSchema"),
    ("ev", "http://www.w3.org/2001/xml-events"),
    ("jr", "http://openrosa.org/javarosa"),
    ("orx", "http://openrosa.org/xforms"),
    ("odk", "http://www.opendatakit.org/xforms"),
    ("entities", "http://www.opendatakit.org/xforms/entities"),
];

/// An XML document.
///
/// Comments and processing instructions are nodes, the document type declaration is not, and CDATA is text.
/// `instance('id')` gives the `instance` element of that id, wherever it stands. A `${name}` is bound with
/// [`XmlTree::slot`] and means the elements of that name: the nearest around the context, in its own instance of a
/// repeat before others.
#[derive(Debug)]
pub struct XmlTree<'a> {
    document: Document<'a>,
}

/// The text is not an XML document.
#[derive(Debug, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct XmlError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// A node of an [`XmlTree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct XmlNode {
    id: NodeId,
    /// The position of an attribute among those of the element `id`.
    attribute: Option<u32>,
}

impl From<NodeId> for XmlNode {
    fn from(id: NodeId) -> Self {
        Self { id, attribute: None }
    }
}

impl<'a> XmlTree<'a> {
    /// Parses a document.
    pub fn parse(text: &'a str) -> Result<Self, XmlError> {
        let options = ParsingOptions {
            allow_dtd: true,
            nodes_limit: 10_000_000,
            ..ParsingOptions::default()
        };
        match Document::parse_with_options(text, options) {
            Ok(document) => Ok(Self { document }),
            Err(error) => {
                let place = error.pos();
                Err(XmlError {
                    line: place.row,
                    column: place.col,
                    message: error.to_string(),
                })
            }
        }
    }

    /// What `${name}` can be bound to: a slot, where the document has an element of that name.
    pub fn slot(&self, name: &str) -> Option<u32> {
        let named = |node: &Node<'_, '_>| node.is_element() && node.tag_name().name() == name;
        self.document.descendants().find(named).map(|node| node.id().get())
    }

    /// The path to a node, as `/data/products[2]/@id`: positions only where there is more than one of the name.
    pub fn path(&self, node: XmlNode) -> String {
        let mut steps: Vec<String> = axes::ancestors(self, Some(node)).map(|node| self.step(node)).collect();
        steps.pop();
        steps.reverse();
        format!("/{}", steps.join("/"))
    }

    fn step(&self, node: XmlNode) -> String {
        let name = self.name(node);
        let name = match name.prefix {
            Some(prefix) => format!("{prefix}:{}", name.local),
            None => name.local.to_owned(),
        };
        let step = match self.kind(node) {
            NodeKind::Attribute => return format!("@{name}"),
            NodeKind::Root => return String::new(),
            NodeKind::Element => name,
            NodeKind::Text => "text()".to_owned(),
            NodeKind::Comment => "comment()".to_owned(),
            NodeKind::ProcessingInstruction => format!("processing-instruction('{name}')"),
        };
        let alike = |other: &XmlNode| self.kind(*other) == self.kind(node) && self.name(*other) == self.name(node);
        let before = axes::siblings(self, node, Ordering::Less)
            .iter()
            .filter(|other| alike(other))
            .count();
        let after = axes::siblings(self, node, Ordering::Greater).iter().any(alike);
        if before > 0 || after {
            format!("{step}[{}]", before + 1)
        } else {
            step
        }
    }

    fn element(&self, node: XmlNode) -> Node<'_, 'a> {
        self.document.get_node(node.id).unwrap_or_else(|| self.document.root())
    }

    fn attribute(&self, node: XmlNode) -> Option<roxmltree::Attribute<'_, 'a>> {
        let position = usize::try_from(node.attribute?).ok()?;
        self.element(node).attributes().nth(position)
    }
}

/// The prefix that a name was written with, from the source text of the name.
fn written_prefix<'s>(source: &'s str, local: &str) -> Option<&'s str> {
    let end = source.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '='))?;
    source.get(..end)?.strip_suffix(local)?.strip_suffix(':')
}

impl Tree for XmlTree<'_> {
    type Node = XmlNode;

    fn root(&self) -> XmlNode {
        self.document.root().id().into()
    }

    fn parent(&self, node: XmlNode) -> Option<XmlNode> {
        if node.attribute.is_some() {
            return Some(node.id.into());
        }
        self.element(node).parent().map(|parent| parent.id().into())
    }

    fn children(&self, node: XmlNode, found: &mut NodeSet<XmlNode>) {
        if node.attribute.is_none() {
            found.extend(self.element(node).children().map(|child| XmlNode::from(child.id())));
        }
    }

    fn attributes(&self, node: XmlNode, found: &mut NodeSet<XmlNode>) {
        if node.attribute.is_none() {
            let positions = (0..).zip(self.element(node).attributes());
            found.extend(positions.map(|(position, _)| XmlNode {
                id: node.id,
                attribute: Some(position),
            }));
        }
    }

    fn kind(&self, node: XmlNode) -> NodeKind {
        if node.attribute.is_some() {
            return NodeKind::Attribute;
        }
        match self.element(node).node_type() {
            NodeType::Root => NodeKind::Root,
            NodeType::Element => NodeKind::Element,
            NodeType::PI => NodeKind::ProcessingInstruction,
            NodeType::Comment => NodeKind::Comment,
            NodeType::Text => NodeKind::Text,
        }
    }

    fn name(&self, node: XmlNode) -> Name<'_> {
        let source = self.document.input_text();
        if let Some(attribute) = self.attribute(node) {
            let written = source.get(attribute.range().start..).unwrap_or_default();
            let prefix = written_prefix(written, attribute.name());
            return Name {
                local: attribute.name(),
                prefix,
                namespace: attribute.namespace(),
            };
        }
        let element = self.element(node);
        if let Some(instruction) = element.pi() {
            return Name::plain(instruction.target);
        }
        let name = element.tag_name();
        let written = source.get(element.range().start + 1..).unwrap_or_default();
        let prefix = if element.is_element() {
            written_prefix(written, name.name())
        } else {
            None
        };
        Name {
            local: name.name(),
            prefix,
            namespace: name.namespace(),
        }
    }

    fn string_value(&self, node: XmlNode) -> Cow<'_, str> {
        if let Some(attribute) = self.attribute(node) {
            return Cow::Owned(attribute.value().to_owned());
        }
        let element = self.element(node);
        match element.node_type() {
            NodeType::PI => Cow::Borrowed(
                element
                    .pi()
                    .and_then(|instruction| instruction.value)
                    .unwrap_or_default(),
            ),
            NodeType::Comment | NodeType::Text => Cow::Borrowed(element.text().unwrap_or_default()),
            NodeType::Root | NodeType::Element => {
                let mut texts = element
                    .descendants()
                    .filter(Node::is_text)
                    .filter_map(|text| text.text());
                let Some(first) = texts.next() else {
                    return Cow::Borrowed("");
                };
                let mut all = Cow::Borrowed(first);
                for text in texts {
                    all.to_mut().push_str(text);
                }
                all
            }
        }
    }

    fn order(&self, left: XmlNode, right: XmlNode) -> Ordering {
        // Ids are given in document order; an element comes before its attributes.
        (left.id.get(), left.attribute).cmp(&(right.id.get(), right.attribute))
    }

    fn secondary_instance(&self, id: &str) -> Option<XmlNode> {
        let wanted = |node: &Node<'_, '_>| {
            node.tag_name().name() == "instance" && node.attribute("id").is_some_and(|it| it == id)
        };
        self.document.descendants().find(wanted).map(|node| node.id().into())
    }

    fn reference(&self, context: XmlNode, slot: u32, found: &mut NodeSet<XmlNode>) {
        let Some(named) = self.document.descendants().find(|node| node.id().get() == slot) else {
            return;
        };
        let name = named.tag_name().name();
        for ancestor in axes::ancestors(self, Some(context)) {
            let below = self
                .element(ancestor)
                .descendants()
                .filter(|node| node.id() != ancestor.id);
            let named = below.filter(|node| node.is_element() && node.tag_name().name() == name);
            found.extend(named.map(|node| XmlNode::from(node.id())));
            if !found.is_empty() {
                return;
            }
        }
    }

    fn namespace(&self, prefix: &str) -> Option<&str> {
        let declared = self
            .document
            .descendants()
            .filter(Node::is_element)
            .find_map(|element| element.namespaces().find(|namespace| namespace.name() == Some(prefix)));
        match declared {
            Some(namespace) => Some(namespace.uri()),
            None => WELL_KNOWN
                .iter()
                .find(|(known, _)| *known == prefix)
                .map(|(_, uri)| *uri),
        }
    }
}
