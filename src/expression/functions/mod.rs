//! The functions, by subject. [`call`] is the one place that knows which function is where.

mod choices;
mod coding;
mod date;
mod geography;
mod nodes;
mod number;
mod pattern;
mod text;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(super) use date::{contains_name_of_day_or_month, unknown_date_format};
pub(super) use pattern::compile;

use super::ast::{Call, Expr};
use super::error::EvaluationError;
use super::evaluate::Evaluator;
use super::signature::Function::{self, self as F};
use super::tree::{NodeSet, Scope, Tree};
use super::value::Value;

/// The result of a function.
type Outcome<'a, T> = Result<Value<'a, <T as Tree>::Node>, EvaluationError>;

/// A call: its arguments, evaluated when they are asked for.
struct Arguments<'a, 's, T: Tree> {
    evaluator: Evaluator<'a>,
    call: &'a Call,
    scope: &'s Scope<'a, T>,
}

impl<'a, T: Tree> Arguments<'a, '_, T> {
    fn len(&self) -> usize {
        self.call.arguments.len()
    }

    fn expr(&self, index: usize) -> Result<&'a Expr, EvaluationError> {
        self.call
            .arguments
            .get(index)
            .ok_or_else(|| self.wrong(format!("argument {} is missing", index + 1)))
    }

    fn value(&self, index: usize) -> Outcome<'a, T> {
        self.evaluator.value(self.expr(index)?, self.scope)
    }

    fn number(&self, index: usize) -> Result<f64, EvaluationError> {
        Ok(self.value(index)?.number(self.scope))
    }

    fn boolean(&self, index: usize) -> Result<bool, EvaluationError> {
        Ok(self.value(index)?.boolean())
    }

    fn string(&self, index: usize) -> Result<Cow<'a, str>, EvaluationError> {
        Ok(self.value(index)?.string(self.scope))
    }

    fn nodes(&self, index: usize) -> Result<NodeSet<T::Node>, EvaluationError> {
        self.evaluator.nodes(
            self.expr(index)?,
            self.scope,
            &format!("{}()", self.call.name),
            self.call.offset,
        )
    }

    /// The value of an argument that can be left out; then the context node.
    fn value_or_context(&self, index: usize) -> Outcome<'a, T> {
        if index < self.len() {
            self.value(index)
        } else {
            Ok(Value::Nodes(NodeSet::from_iter([self.scope.node])))
        }
    }

    /// The nodes of an argument that can be left out; then the context node.
    fn nodes_or_context(&self, index: usize) -> Result<NodeSet<T::Node>, EvaluationError> {
        if index < self.len() {
            self.nodes(index)
        } else {
            Ok(NodeSet::from_iter([self.scope.node]))
        }
    }

    /// The text of every argument from an index on; of nodes, of every one.
    fn strings_from(&self, index: usize) -> Result<Vec<Cow<'a, str>>, EvaluationError> {
        let mut texts = Vec::new();
        for index in index..self.len() {
            match self.value(index)? {
                Value::Nodes(nodes) => texts.extend(nodes.iter().map(|node| self.scope.tree.string_value(*node))),
                value => texts.push(value.string(self.scope)),
            }
        }
        Ok(texts)
    }

    /// An error about the arguments.
    fn wrong(&self, message: impl Into<String>) -> EvaluationError {
        EvaluationError::Argument {
            name: self.call.name.to_string(),
            message: message.into(),
            offset: self.call.offset,
        }
    }

    /// What the environment said, or the error that it could not.
    fn available<V>(&self, answer: Option<V>) -> Result<V, EvaluationError> {
        answer.ok_or_else(|| EvaluationError::Unavailable {
            name: self.call.name.to_string(),
            message: "only the device that the form is filled in on knows".to_owned(),
            offset: self.call.offset,
        })
    }
}

/// The value of a call.
pub(super) fn call<'a, T: Tree>(evaluator: Evaluator<'a>, call: &'a Call, scope: &Scope<'a, T>) -> Outcome<'a, T> {
    let Some(function) = call.function else {
        let help = Function::suggestion(&call.name).map(ToOwned::to_owned);
        return Err(EvaluationError::UnknownFunction {
            name: call.name.to_string(),
            help,
            offset: call.offset,
        });
    };
    if !function.arity().admits(call.arguments.len()) {
        return Err(EvaluationError::Arity {
            name: call.name.to_string(),
            expected: function.arity().in_words(),
            given: call.arguments.len(),
            offset: call.offset,
        });
    }
    let of = Arguments { evaluator, call, scope };
    match function {
        F::If => of.value(if of.boolean(0)? { 1 } else { 2 }),
        F::Coalesce => coalesce(&of),
        F::Once => once(&of),
        F::Depend => of.value(0),
        F::True => Ok(Value::Boolean(true)),
        F::False => Ok(Value::Boolean(false)),
        F::Boolean => Ok(Value::Boolean(of.boolean(0)?)),
        F::Not => Ok(Value::Boolean(!of.boolean(0)?)),
        F::Property => Ok(Value::text(of.available(scope.environment.property(&of.string(0)?))?)),
        F::Version => Ok(Value::text(of.available(scope.environment.version())?)),

        F::Last => Ok(Value::Number(scope.size as f64)),
        F::Position => nodes::position(&of),
        F::Count => Ok(Value::Number(of.nodes(0)?.len() as f64)),
        F::CountNonEmpty => nodes::count_non_empty(&of),
        F::Id => nodes::id(&of),
        F::Name => nodes::name(&of),
        F::LocalName => nodes::local_name(&of),
        F::NamespaceUri => nodes::namespace_uri(&of),
        F::Lang => nodes::lang(&of),
        F::Current => Ok(Value::Nodes(NodeSet::from_iter([scope.current]))),
        F::Instance => nodes::instance(&of),
        F::IndexedRepeat => nodes::indexed_repeat(&of),
        F::Randomize => nodes::randomize(&of),
        F::Pulldata => nodes::pulldata(&of),

        F::String => Ok(Value::Text(of.value_or_context(0)?.string(scope))),
        F::Concat => Ok(Value::text(of.strings_from(0)?.concat())),
        F::Join => Ok(Value::text(of.strings_from(1)?.join(&*of.string(0)?))),
        F::StartsWith => Ok(Value::Boolean(of.string(0)?.starts_with(&*of.string(1)?))),
        F::EndsWith => Ok(Value::Boolean(of.string(0)?.ends_with(&*of.string(1)?))),
        F::Contains => Ok(Value::Boolean(of.string(0)?.contains(&*of.string(1)?))),
        F::SubstringBefore => text::substring_before(&of),
        F::SubstringAfter => text::substring_after(&of),
        F::Substring => text::substring(&of),
        F::Substr => text::substr(&of),
        F::StringLength => Ok(Value::Number(
            of.value_or_context(0)?.string(scope).chars().count() as f64
        )),
        F::NormalizeSpace => text::normalize_space(&of),
        F::Translate => text::translate(&of),
        F::BooleanFromString => Ok(Value::Boolean(matches!(&*of.string(0)?, "true" | "1"))),
        F::Regex => pattern::regex(&of),
        F::Digest => coding::digest(&of),
        F::Base64Decode => coding::base64_decode(&of),
        F::Uuid => coding::uuid(&of),
        F::ExtractSigned => {
            let contents = scope.environment.extract_signed(&of.string(0)?, &of.string(1)?);
            Ok(Value::text(of.available(contents)?))
        }

        F::Number => Ok(Value::Number(of.value_or_context(0)?.number(scope))),
        F::Int => number::map(&of, f64::trunc),
        F::Abs => number::map(&of, f64::abs),
        F::Floor => number::map(&of, f64::floor),
        F::Ceiling => number::map(&of, f64::ceil),
        F::Log => number::map(&of, f64::ln),
        F::Log10 => number::map(&of, f64::log10),
        F::Exp => number::map(&of, f64::exp),
        F::Exp10 => number::map(&of, |power| 10_f64.powf(power)),
        F::Sqrt => number::map(&of, f64::sqrt),
        F::Sin => number::map(&of, f64::sin),
        F::Cos => number::map(&of, f64::cos),
        F::Tan => number::map(&of, f64::tan),
        F::Asin => number::map(&of, f64::asin),
        F::Acos => number::map(&of, f64::acos),
        F::Atan => number::map(&of, f64::atan),
        F::Atan2 => Ok(Value::Number(of.number(0)?.atan2(of.number(1)?))),
        F::Pow => Ok(Value::Number(of.number(0)?.powf(of.number(1)?))),
        F::Pi => Ok(Value::Number(std::f64::consts::PI)),
        F::Round => number::round(&of),
        F::Sum => number::sum(&of),
        F::Min => number::extreme(&of, f64::min),
        F::Max => number::extreme(&of, f64::max),
        F::Random => Ok(Value::Number(of.available(scope.environment.random())?)),

        F::Today => Ok(date::today(&of)),
        F::Now => Ok(Value::Date(Some(scope.environment.now()))),
        F::Date | F::DateTime => Ok(Value::Date(date::moment_of(&of, 0)?)),
        F::DecimalDateTime => date::decimal_date_time(&of),
        F::DecimalTime => date::decimal_time(&of),
        F::FormatDate | F::FormatDateTime => date::format(&of),

        F::Selected | F::IsSelected => choices::selected(&of),
        F::SelectedAt => choices::selected_at(&of),
        F::CountSelected => Ok(Value::Number(of.string(0)?.split_whitespace().count() as f64)),
        F::ChoiceName => {
            let label = scope.environment.choice_label(&of.string(0)?, &of.string(1)?);
            Ok(Value::text(of.available(label)?))
        }
        F::Itext => Ok(Value::text(of.available(scope.environment.itext(&of.string(0)?))?)),
        F::Checklist => choices::checklist(&of),
        F::WeightedChecklist => choices::weighted_checklist(&of),

        F::Area | F::EnclosedArea => geography::area(&of),
        F::Distance => geography::distance(&of),
        F::Geofence => geography::geofence(&of),
        F::Intersects => geography::intersects(&of),
    }
}

/// `coalesce(a, b, …)`: the first that is not empty; what comes after it is not evaluated. The specification and both
/// field engines take exactly two arguments.
fn coalesce<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let mut value = of.value(0)?;
    for index in 1..of.len() {
        if !value.string(of.scope).is_empty() {
            break;
        }
        value = of.value(index)?;
    }
    Ok(value)
}

/// `once(a)`: the value that the calculated question already has, or `a` where it is empty.
fn once<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let value = of.scope.tree.string_value(of.scope.current);
    if value.is_empty() {
        of.value(0)
    } else {
        Ok(Value::Text(value))
    }
}
