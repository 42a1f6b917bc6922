//! `=`, `!=`, `<`, `<=`, `>`, `>=`: XPath 1.0 section 3.4, with dates.
//!
//! A comparison with nodes holds where it holds for one of them. Dates compare as moments, also where both are text.
//! The module's page says where this leaves XPath for what the field's engines do.

use super::ast::Operator;
use super::environment::Environment;
use super::moment;
use super::tree::{NodeSet, Scope, Tree};
use super::value::{Value, node_number};

pub(super) fn compare<'a, T: Tree>(
    operator: Operator,
    left: &Value<'a, T::Node>,
    right: &Value<'a, T::Node>,
    scope: &Scope<'a, T>,
) -> bool {
    match (left, right) {
        (Value::Nodes(left), Value::Nodes(right)) => compare_sets(operator, left, right, scope),
        (Value::Nodes(nodes), value) => compare_nodes(operator, nodes, value, scope),
        (value, Value::Nodes(nodes)) => compare_nodes(mirrored(operator), nodes, value, scope),
        _ => compare_values(operator, left, right, scope),
    }
}

fn compare_values<'a, T: Tree>(
    operator: Operator,
    left: &Value<'a, T::Node>,
    right: &Value<'a, T::Node>,
    scope: &Scope<'a, T>,
) -> bool {
    if is_equality(operator) {
        match (left, right) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) => {
                return (left.boolean() == right.boolean()) == (operator == Operator::Equal);
            }
            (Value::Text(left), Value::Text(right)) => {
                return same_text(left, right, scope.environment) == (operator == Operator::Equal);
            }
            _ => {}
        }
    }
    holds(operator, left.number(scope), right.number(scope))
}

fn compare_nodes<'a, T: Tree>(
    operator: Operator,
    nodes: &NodeSet<T::Node>,
    value: &Value<'a, T::Node>,
    scope: &Scope<'a, T>,
) -> bool {
    if is_equality(operator) {
        match value {
            Value::Boolean(value) => return (nodes.is_empty() != *value) == (operator == Operator::Equal),
            Value::Text(text) => {
                return nodes.iter().any(|node| {
                    same_text(&scope.tree.string_value(*node), text, scope.environment) == (operator == Operator::Equal)
                });
            }
            _ => {}
        }
    }
    let number = value.number(scope);
    nodes
        .iter()
        .any(|node| holds(operator, node_number(*node, scope), number))
}

fn compare_sets<T: Tree>(
    operator: Operator,
    left: &NodeSet<T::Node>,
    right: &NodeSet<T::Node>,
    scope: &Scope<'_, T>,
) -> bool {
    if !is_equality(operator) {
        let numbers: smallvec::SmallVec<[f64; 4]> = right.iter().map(|node| node_number(*node, scope)).collect();
        return left.iter().any(|node| {
            let number = node_number(*node, scope);
            numbers.iter().any(|other| holds(operator, number, *other))
        });
    }
    left.iter().any(|one| {
        right
            .iter()
            .any(|other| same_nodes(*one, *other, scope) == (operator == Operator::Equal))
    })
}

/// Whether two nodes have the same value. Numbers that the tree knows as such compare as numbers: 5 is 5.0.
fn same_nodes<T: Tree>(left: T::Node, right: T::Node, scope: &Scope<'_, T>) -> bool {
    if let (Some(left), Some(right)) = (scope.tree.number_value(left), scope.tree.number_value(right))
        && !left.is_nan()
        && !right.is_nan()
    {
        return holds(Operator::Equal, left, right);
    }
    same_text(
        &scope.tree.string_value(left),
        &scope.tree.string_value(right),
        scope.environment,
    )
}

/// Whether two texts are equal, or are the same moment: `2018-06-25` and `2018-06-25T00:00:00.000-07:00`, there.
fn same_text(left: &str, right: &str, environment: &dyn Environment) -> bool {
    left == right
        || (moment::looks_like_date(left)
            && moment::looks_like_date(right)
            && moment::parse(left, environment)
                .is_some_and(|left| moment::parse(right, environment).is_some_and(|right| left == right)))
}

#[allow(clippy::float_cmp, reason = "XPath's equality of numbers is exact")]
fn holds(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => left < right,
        Operator::LessOrEqual => left <= right,
        Operator::Greater => left > right,
        Operator::GreaterOrEqual => left >= right,
        _ => false,
    }
}

fn is_equality(operator: Operator) -> bool {
    matches!(operator, Operator::Equal | Operator::NotEqual)
}

/// The operator for swapped sides.
fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    }
}
