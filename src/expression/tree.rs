//! What an expression is evaluated on: any tree of nodes, and a place in it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Debug;

use smallvec::SmallVec;

use super::environment::Environment;

/// Nodes, without allocation for up to four.
pub type NodeSet<N> = SmallVec<[N; 4]>;

/// What kind of node a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// The document, above its outermost element.
    Root,
    /// An element: in answers, a group, an instance of a repeat, or a question.
    Element,
    /// An attribute.
    Attribute,
    /// Text within an element.
    Text,
    /// A comment.
    Comment,
    /// A processing instruction; its name is the target.
    ProcessingInstruction,
}

/// The name of an element, attribute or processing instruction. Other nodes have the empty name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name without its prefix.
    pub local: &'a str,
    /// The prefix that it was written with.
    pub prefix: Option<&'a str>,
    /// The namespace, where it has one.
    pub namespace: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// A name in no namespace.
    pub fn plain(local: &'a str) -> Self {
        Self {
            local,
            prefix: None,
            namespace: None,
        }
    }
}

/// A tree of nodes that expressions are evaluated on.
///
/// A node is a small handle that is copied freely. Methods that find nodes push them to `found`, in document order.
pub trait Tree {
    /// A handle of a node.
    type Node: Copy + Eq + Debug;

    /// The document node of the main instance: where absolute paths start.
    fn root(&self) -> Self::Node;

    /// The node above; `None` for a document. The parent of an attribute is its element.
    fn parent(&self, node: Self::Node) -> Option<Self::Node>;

    /// The children, without attributes.
    fn children(&self, node: Self::Node, found: &mut NodeSet<Self::Node>);

    /// The attributes of an element. None by default.
    fn attributes(&self, _node: Self::Node, _found: &mut NodeSet<Self::Node>) {}

    /// What kind of node it is.
    fn kind(&self, node: Self::Node) -> NodeKind;

    /// Its name.
    fn name(&self, node: Self::Node) -> Name<'_>;

    /// Its text: of an element or document, all the text below it.
    fn string_value(&self, node: Self::Node) -> Cow<'_, str>;

    /// Its value as a number where the tree knows that without reading text: the fast path for typed answers. `None`
    /// means that [`Tree::string_value`] is to be converted. An unanswered number is `Some(NaN)`.
    fn number_value(&self, _node: Self::Node) -> Option<f64> {
        None
    }

    /// Which of two nodes comes first in the document.
    fn order(&self, left: Self::Node, right: Self::Node) -> Ordering;

    /// The document of a secondary instance: what `instance('id')` gives, with the instance's outermost element
    /// (`root`, for the lists of a form) as its child.
    fn secondary_instance(&self, _id: &str) -> Option<Self::Node> {
        None
    }

    /// The nodes that `${name}` means from `context`: within the same repeat that of the own instance, from outside
    /// all of them. `slot` is what the name was bound to.
    fn reference(&self, context: Self::Node, slot: u32, found: &mut NodeSet<Self::Node>);

    /// The namespace that a prefix stands for in expressions. Where it is `None`, prefixes are compared as written.
    fn namespace(&self, _prefix: &str) -> Option<&str> {
        None
    }
}

/// Where in a tree an expression is evaluated, and in which world.
pub struct Scope<'a, T: Tree> {
    /// The tree.
    pub tree: &'a T,
    /// The context node: what `.` means.
    pub node: T::Node,
    /// The node that the whole expression belongs to: what `current()` means, also within a predicate.
    pub current: T::Node,
    /// The position of the context node among those being filtered, from 1.
    pub position: usize,
    /// How many there are: what `last()` means.
    pub size: usize,
    /// Clock, randomness and the like.
    pub environment: &'a dyn Environment,
}

impl<T: Tree> Clone for Scope<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Tree> Copy for Scope<'_, T> {}

impl<T: Tree> Debug for Scope<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("node", &self.node)
            .field("current", &self.current)
            .field("position", &self.position)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Tree> Scope<'a, T> {
    /// The scope of a whole expression that belongs to a node.
    pub fn new(tree: &'a T, node: T::Node, environment: &'a dyn Environment) -> Self {
        Self {
            tree,
            node,
            current: node,
            position: 1,
            size: 1,
            environment,
        }
    }

    /// The scope of a choice filter: `.` is the choice item, and `${}` and `current()` are seen from the question.
    pub fn for_choice(tree: &'a T, item: T::Node, question: T::Node, environment: &'a dyn Environment) -> Self {
        Self {
            tree,
            node: item,
            current: question,
            position: 1,
            size: 1,
            environment,
        }
    }

    /// The same scope at another context node.
    pub(super) fn at(self, node: T::Node, position: usize, size: usize) -> Self {
        Self {
            node,
            position,
            size,
            ..self
        }
    }
}
