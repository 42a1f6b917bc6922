//! The kind of value that an expression gives, told from its shape.

use super::super::ast::{Expr, Operator};
use super::super::signature::Function;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// true or false.
    Boolean,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A date, with a time or without.
    Date,
    /// Names of choices.
    Choices,
    /// Nodes.
    Nodes,
    /// Not known before it is evaluated.
    Unknown,
}

pub(super) fn of(expr: &Expr) -> ValueKind {
    match expr {
        Expr::Number(_) | Expr::Negate(_) => ValueKind::Number,
        Expr::Literal(..) => ValueKind::Text,
        Expr::Or(_) | Expr::And(_) => ValueKind::Boolean,
        Expr::Chain(_, rest) => {
            let compares = rest
                .first()
                .is_some_and(|(operator, _): &(Operator, Expr)| operator.is_comparison());
            if compares {
                ValueKind::Boolean
            } else {
                ValueKind::Number
            }
        }
        Expr::Union(_) | Expr::Path(_) | Expr::Filter(..) | Expr::Reference(_) => ValueKind::Nodes,
        Expr::Call(call) => match call.function {
            None => ValueKind::Unknown,
            Some(Function::If) => common(call.arguments.get(1), call.arguments.get(2)),
            Some(Function::Coalesce) => common(call.arguments.first(), call.arguments.get(1)),
            Some(Function::Once | Function::Depend) => call.arguments.first().map_or(ValueKind::Unknown, of),
            Some(function) => of_function(function),
        },
    }
}

fn common(one: Option<&Expr>, other: Option<&Expr>) -> ValueKind {
    match (one.map(of), other.map(of)) {
        (Some(one), Some(other)) if one == other => one,
        _ => ValueKind::Unknown,
    }
}

fn of_function(function: Function) -> ValueKind {
    use Function as F;
    match function {
        F::True
        | F::False
        | F::Boolean
        | F::Not
        | F::Lang
        | F::StartsWith
        | F::EndsWith
        | F::Contains
        | F::BooleanFromString
        | F::Regex
        | F::Selected
        | F::IsSelected
        | F::Checklist
        | F::WeightedChecklist
        | F::Geofence
        | F::Intersects => ValueKind::Boolean,
        F::Id | F::Current | F::Instance | F::IndexedRepeat | F::Randomize => ValueKind::Nodes,
        F::Today | F::Now | F::Date | F::DateTime => ValueKind::Date,
        F::Name
        | F::LocalName
        | F::NamespaceUri
        | F::String
        | F::Concat
        | F::Join
        | F::SubstringBefore
        | F::SubstringAfter
        | F::Substring
        | F::Substr
        | F::NormalizeSpace
        | F::Translate
        | F::Digest
        | F::Base64Decode
        | F::Uuid
        | F::ExtractSigned
        | F::Property
        | F::Version
        | F::Pulldata
        | F::FormatDate
        | F::FormatDateTime
        | F::SelectedAt
        | F::ChoiceName
        | F::Itext => ValueKind::Text,
        F::If | F::Coalesce | F::Once | F::Depend => ValueKind::Unknown,
        F::Last
        | F::Position
        | F::Count
        | F::CountNonEmpty
        | F::CountSelected
        | F::StringLength
        | F::Number
        | F::Int
        | F::Abs
        | F::Floor
        | F::Ceiling
        | F::Round
        | F::Log
        | F::Log10
        | F::Exp
        | F::Exp10
        | F::Sqrt
        | F::Sin
        | F::Cos
        | F::Tan
        | F::Asin
        | F::Acos
        | F::Atan
        | F::Atan2
        | F::Pow
        | F::Pi
        | F::Sum
        | F::Min
        | F::Max
        | F::Random
        | F::DecimalDateTime
        | F::DecimalTime
        | F::Area
        | F::EnclosedArea
        | F::Distance => ValueKind::Number,
    }
}
