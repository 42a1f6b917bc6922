//! The axes of XPath, node tests, and document order.

use std::cmp::Ordering;

use super::ast::{Axis, NodeTest};
use super::tree::{NodeKind, NodeSet, Tree};

/// Names of this namespace are never meant by a name without prefix, though those of other default namespaces are: an
/// instance comes with a default namespace and without one, and the expressions of its form have no prefixes.
const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Pushes the nodes along an axis, nearest first.
pub(super) fn collect<T: Tree>(tree: &T, axis: Axis, node: T::Node, found: &mut NodeSet<T::Node>) {
    match axis {
        Axis::Itself => found.push(node),
        Axis::Child => tree.children(node, found),
        Axis::Attribute => tree.attributes(node, found),
        Axis::Namespace => {}
        Axis::Parent => found.extend(tree.parent(node)),
        Axis::Ancestor => found.extend(ancestors(tree, tree.parent(node))),
        Axis::AncestorOrSelf => found.extend(ancestors(tree, Some(node))),
        Axis::Descendant => {
            descendants(tree, node, found);
            found.remove(0);
        }
        Axis::DescendantOrSelf => descendants(tree, node, found),
        Axis::FollowingSibling => found.extend(siblings(tree, node, Ordering::Greater)),
        Axis::PrecedingSibling => found.extend(siblings(tree, node, Ordering::Less).into_iter().rev()),
        Axis::Following => {
            if tree.kind(node) == NodeKind::Attribute
                && let Some(element) = tree.parent(node)
            {
                let mut inside = NodeSet::new();
                descendants(tree, element, &mut inside);
                found.extend(inside.into_iter().skip(1));
            }
            for ancestor in ancestors(tree, Some(node)) {
                for sibling in siblings(tree, ancestor, Ordering::Greater) {
                    descendants(tree, sibling, found);
                }
            }
        }
        Axis::Preceding => {
            for ancestor in ancestors(tree, Some(node)) {
                for sibling in siblings(tree, ancestor, Ordering::Less).into_iter().rev() {
                    let mut inside = NodeSet::new();
                    descendants(tree, sibling, &mut inside);
                    found.extend(inside.into_iter().rev());
                }
            }
        }
    }
}

/// A node and those above it, upwards.
pub(super) fn ancestors<T: Tree>(tree: &T, from: Option<T::Node>) -> impl Iterator<Item = T::Node> {
    std::iter::successors(from, |node| tree.parent(*node))
}

/// Pushes a node and all below it, in document order.
pub(super) fn descendants<T: Tree>(tree: &T, node: T::Node, found: &mut NodeSet<T::Node>) {
    let mut waiting: NodeSet<T::Node> = NodeSet::new();
    waiting.push(node);
    while let Some(next) = waiting.pop() {
        found.push(next);
        let before = waiting.len();
        tree.children(next, &mut waiting);
        if let Some(children) = waiting.get_mut(before..) {
            children.reverse();
        }
    }
}

/// The siblings on one side of a node, in document order. An attribute has none.
pub(super) fn siblings<T: Tree>(tree: &T, node: T::Node, side: Ordering) -> NodeSet<T::Node> {
    let mut all = NodeSet::new();
    if tree.kind(node) != NodeKind::Attribute
        && let Some(parent) = tree.parent(node)
    {
        tree.children(parent, &mut all);
        all.retain(|sibling| tree.order(*sibling, node) == side);
    }
    all
}

/// Whether a node that was found along an axis is one that the test names.
pub(super) fn matches<T: Tree>(tree: &T, axis: Axis, test: &NodeTest, node: T::Node) -> bool {
    let kind = tree.kind(node);
    let principal = if axis == Axis::Attribute {
        NodeKind::Attribute
    } else {
        NodeKind::Element
    };
    match test {
        NodeTest::AnyNode => true,
        NodeTest::Text => kind == NodeKind::Text,
        NodeTest::Comment => kind == NodeKind::Comment,
        NodeTest::ProcessingInstruction(None) => kind == NodeKind::ProcessingInstruction,
        NodeTest::ProcessingInstruction(Some(target)) => {
            kind == NodeKind::ProcessingInstruction && tree.name(node).local == &**target
        }
        NodeTest::AnyName => kind == principal,
        NodeTest::AnyIn(prefix) => kind == principal && has_prefix(tree, node, prefix),
        NodeTest::Name {
            prefix: Some(prefix),
            local,
        } => kind == principal && tree.name(node).local == &**local && has_prefix(tree, node, prefix),
        NodeTest::Name { prefix: None, local } => {
            let name = tree.name(node);
            kind == principal && name.local == &**local && name.prefix.is_none() && name.namespace != Some(XHTML)
        }
    }
}

fn has_prefix<T: Tree>(tree: &T, node: T::Node, prefix: &str) -> bool {
    let name = tree.name(node);
    match tree.namespace(prefix) {
        Some(namespace) => name.namespace == Some(namespace),
        None => name.prefix == Some(prefix),
    }
}

/// Brings nodes into document order, each once.
pub(super) fn normalise<T: Tree>(tree: &T, nodes: &mut NodeSet<T::Node>) {
    if nodes.is_sorted_by(|left, right| tree.order(*left, *right) == Ordering::Less) {
        return;
    }
    nodes.sort_by(|left, right| tree.order(*left, *right));
    nodes.dedup();
}
