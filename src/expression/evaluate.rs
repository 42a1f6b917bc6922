//! Evaluating an expression on a tree.

use super::ast::{Expr, Operator, Path, ReferenceIndex, Start};
use super::bind::Reference;
use super::compare::compare;
use super::error::EvaluationError;
use super::tree::{NodeSet, Scope, Tree};
use super::value::Value;
use super::{Expression, axes, functions};

impl Expression {
    /// The value of the expression at a place in a tree.
    ///
    /// `and`, `or`, `if()` and `coalesce()` evaluate only what they need.
    ///
    /// ```
    /// use innogauge::expression::{Expression, Scope, Tree, XmlTree, WallClock};
    /// let tree = XmlTree::parse("<data><a>1</a><a>2</a></data>")?;
    /// let scope = Scope::new(&tree, tree.root(), &WallClock);
    /// assert_eq!(Expression::parse("sum(/data/a)")?.evaluate(&scope)?.number(&scope), 3.0);
    ///
    /// let error = Expression::parse("summ(/data/a)")?.evaluate(&scope).unwrap_err();
    /// assert_eq!(error.to_string(), "unknown function 'summ', did you mean 'sum'? (column 1)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate<'a, T: Tree>(&'a self, scope: &Scope<'a, T>) -> Result<Value<'a, T::Node>, EvaluationError> {
        Evaluator {
            references: &self.inner.references,
        }
        .value(&self.inner.root, scope)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Evaluator<'a> {
    references: &'a [Reference],
}

impl<'a> Evaluator<'a> {
    pub(super) fn value<T: Tree>(
        self,
        expr: &'a Expr,
        scope: &Scope<'a, T>,
    ) -> Result<Value<'a, T::Node>, EvaluationError> {
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Literal(text, _) => Value::Text(text.as_ref().into()),
            Expr::Or(terms) => Value::Boolean(self.any(terms, true, scope)?),
            Expr::And(terms) => Value::Boolean(!self.any(terms, false, scope)?),
            Expr::Chain(first, rest) => {
                let mut left = self.value(first, scope)?;
                for (operator, right) in rest {
                    left = apply(*operator, &left, &self.value(right, scope)?, scope);
                }
                left
            }
            Expr::Negate(operand) => Value::Number(-self.value(operand, scope)?.number(scope)),
            Expr::Reference(index) => Value::Nodes(self.reference(*index, scope.current, scope)?),
            Expr::Call(call) => functions::call(self, call, scope)?,
            Expr::Union(terms) => {
                let mut nodes = NodeSet::new();
                for term in terms {
                    nodes.extend(self.nodes(term, scope, "'|'", 0)?);
                }
                axes::normalise(scope.tree, &mut nodes);
                Value::Nodes(nodes)
            }
            Expr::Path(path) => Value::Nodes(self.path(path, scope)?),
            Expr::Filter(base, predicates) => {
                let nodes = self.nodes(base, scope, "'['", 0)?;
                Value::Nodes(self.filter(nodes, predicates, scope)?)
            }
        })
    }

    /// Whether a term has the given truth; what comes after the first such term is not evaluated.
    fn any<T: Tree>(self, terms: &'a [Expr], truth: bool, scope: &Scope<'a, T>) -> Result<bool, EvaluationError> {
        for term in terms {
            if self.value(term, scope)?.boolean() == truth {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The nodes that an expression gives; an error where it gives none by its kind.
    pub(super) fn nodes<T: Tree>(
        self,
        expr: &'a Expr,
        scope: &Scope<'a, T>,
        what: &str,
        offset: usize,
    ) -> Result<NodeSet<T::Node>, EvaluationError> {
        match self.value(expr, scope)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(EvaluationError::NotNodes {
                what: what.to_owned(),
                offset,
            }),
        }
    }

    /// The nodes of `${name}` as seen from a node.
    pub(super) fn reference<T: Tree>(
        self,
        index: ReferenceIndex,
        from: T::Node,
        scope: &Scope<'a, T>,
    ) -> Result<NodeSet<T::Node>, EvaluationError> {
        let mut nodes = NodeSet::new();
        match self.references.get(index.0) {
            Some(Reference { slot: Some(slot), .. }) => scope.tree.reference(from, *slot, &mut nodes),
            Some(Reference { name, offset, .. }) => {
                return Err(EvaluationError::Unbound {
                    name: name.clone(),
                    offset: *offset,
                });
            }
            None => {}
        }
        Ok(nodes)
    }

    fn path<T: Tree>(self, path: &'a Path, scope: &Scope<'a, T>) -> Result<NodeSet<T::Node>, EvaluationError> {
        let mut nodes: NodeSet<T::Node> = NodeSet::new();
        match &path.start {
            Start::Root => nodes.push(scope.tree.root()),
            Start::Context => nodes.push(scope.node),
            Start::Expr(base) => nodes = self.nodes(base, scope, "'/'", path.offset)?,
        }
        for step in &path.steps {
            if step.is_self() {
                continue;
            }
            let mut reached = NodeSet::new();
            for node in &nodes {
                let mut along = NodeSet::new();
                axes::collect(scope.tree, step.axis, *node, &mut along);
                along.retain(|node| axes::matches(scope.tree, step.axis, &step.test, *node));
                reached.extend(self.filter(along, &step.predicates, scope)?);
            }
            if nodes.len() > 1 || step.axis.is_reverse() {
                axes::normalise(scope.tree, &mut reached);
            }
            nodes = reached;
        }
        Ok(nodes)
    }

    /// The nodes for which every predicate holds; a number holds at that position.
    fn filter<T: Tree>(
        self,
        mut nodes: NodeSet<T::Node>,
        predicates: &'a [Expr],
        scope: &Scope<'a, T>,
    ) -> Result<NodeSet<T::Node>, EvaluationError> {
        for predicate in predicates {
            let size = nodes.len();
            let mut kept = NodeSet::new();
            for (index, node) in nodes.iter().enumerate() {
                let position = index + 1;
                let holds = match self.value(predicate, &scope.at(*node, position, size))? {
                    Value::Number(number) => (number - position as f64).abs() < f64::EPSILON,
                    value => value.boolean(),
                };
                if holds {
                    kept.push(*node);
                }
            }
            nodes = kept;
        }
        Ok(nodes)
    }
}

fn apply<'a, T: Tree>(
    operator: Operator,
    left: &Value<'a, T::Node>,
    right: &Value<'a, T::Node>,
    scope: &Scope<'a, T>,
) -> Value<'a, T::Node> {
    if operator.is_comparison() {
        return Value::Boolean(compare(operator, left, right, scope));
    }
    let (left, right) = (left.number(scope), right.number(scope));
    Value::Number(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    })
}
