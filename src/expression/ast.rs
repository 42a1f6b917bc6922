//! The shape of a parsed expression.
//!
//! Chains of operators are lists, not nested pairs, so that the depth of the tree is the depth of the parentheses,
//! which the parser limits: evaluating, checking and dropping an expression can recurse without fear.

use regex::Regex;

use super::signature::Function;

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Number(f64),
    /// Text in quotes, and the byte offset of its first quotation mark.
    Literal(Box<str>, usize),
    Or(Vec<Expr>),
    And(Vec<Expr>),
    /// Operators of one precedence, applied from left to right.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    Negate(Box<Expr>),
    Union(Vec<Expr>),
    Path(Path),
    /// The nodes of an expression for which every predicate holds.
    Filter(Box<Expr>, Vec<Expr>),
    Reference(ReferenceIndex),
    Call(Box<Call>),
}

/// A place in the expression's list of references.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReferenceIndex(pub usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operator {
    pub(super) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub name: Box<str>,
    /// `None` where there is no function of that name.
    pub function: Option<Function>,
    pub arguments: Vec<Expr>,
    /// Byte offset of the name.
    pub offset: usize,
    /// The compiled pattern of `regex()` where it is written out.
    pub pattern: Option<Regex>,
}

#[derive(Debug, Clone)]
pub(super) struct Path {
    pub start: Start,
    pub steps: Vec<Step>,
    /// Byte offset of its first character.
    pub offset: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Start {
    Root,
    Context,
    Expr(Box<Expr>),
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: NodeTest,
    pub predicates: Vec<Expr>,
}

impl Step {
    pub(super) fn bare(axis: Axis, test: NodeTest) -> Self {
        Self {
            axis,
            test,
            predicates: Vec::new(),
        }
    }

    /// The step that is written `.`.
    pub(super) fn is_self(&self) -> bool {
        self.axis == Axis::Itself && matches!(self.test, NodeTest::AnyNode) && self.predicates.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    pub(super) const ALL: [(&'static str, Self); 13] = [
        ("ancestor", Self::Ancestor),
        ("ancestor-or-self", Self::AncestorOrSelf),
        ("attribute", Self::Attribute),
        ("child", Self::Child),
        ("descendant", Self::Descendant),
        ("descendant-or-self", Self::DescendantOrSelf),
        ("following", Self::Following),
        ("following-sibling", Self::FollowingSibling),
        ("namespace", Self::Namespace),
        ("parent", Self::Parent),
        ("preceding", Self::Preceding),
        ("preceding-sibling", Self::PrecedingSibling),
        ("self", Self::Itself),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, axis)| *axis)
    }

    /// Whether positions along it count backwards in the document.
    pub(super) fn is_reverse(self) -> bool {
        matches!(
            self,
            Self::Ancestor | Self::AncestorOrSelf | Self::Preceding | Self::PrecedingSibling
        )
    }
}

#[derive(Debug, Clone)]
pub(super) enum NodeTest {
    AnyNode,
    Text,
    Comment,
    ProcessingInstruction(Option<Box<str>>),
    /// `*`
    AnyName,
    /// `prefix:*`
    AnyIn(Box<str>),
    Name {
        prefix: Option<Box<str>>,
        local: Box<str>,
    },
}
