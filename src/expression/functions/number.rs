//! Functions of numbers.

use super::super::tree::Tree;
use super::super::value::{Value, node_number};
use super::{Arguments, Outcome};

/// A function of one number.
pub(super) fn map<'a, T: Tree>(of: &Arguments<'a, '_, T>, function: fn(f64) -> f64) -> Outcome<'a, T> {
    Ok(Value::Number(function(of.number(0)?)))
}

/// `round(number)` as XPath has it (halves upwards), and `round(number, digits)` as the specification has it: halves
/// away from zero, on the decimal digits as written (so 1.475 to two digits is 1.48), negative digits for tens.
pub(super) fn round<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let number = of.number(0)?;
    let digits = if of.len() > 1 { of.number(1)? } else { 0.0 };
    Ok(Value::Number(if digits == 0.0 {
        half_up(number)
    } else if digits.fract() != 0.0 || digits.abs() > 400.0 || !number.is_finite() {
        f64::NAN
    } else {
        let magnitude = shift(half_up(shift(number.abs(), digits)), -digits);
        magnitude.copysign(number)
    }))
}

/// The nearest whole number, of two the greater; negative zero for what is a little less than zero.
pub(super) fn half_up(number: f64) -> f64 {
    let floor = number.floor();
    let nearest = if number - floor >= 0.5 { floor + 1.0 } else { floor };
    if nearest == 0.0 {
        nearest.copysign(number)
    } else {
        nearest
    }
}

/// The number with its decimal point moved, without the error of a multiplication.
fn shift(number: f64, digits: f64) -> f64 {
    format!("{number}e{digits}").parse().unwrap_or(f64::NAN)
}

/// `sum(nodes)`, as XPath has it: NaN where one of them is no number (JavaRosa leaves those out).
pub(super) fn sum<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    Ok(Value::Number(
        of.nodes(0)?
            .iter()
            .map(|node| node_number(*node, of.scope))
            .fold(0.0, |sum, number| sum + number),
    ))
}

/// `min` and `max` of nodes or of several arguments: NaN where there are none, or one is no number.
pub(super) fn extreme<'a, T: Tree>(of: &Arguments<'a, '_, T>, choose: fn(f64, f64) -> f64) -> Outcome<'a, T> {
    let mut found: Option<f64> = None;
    let mut take = |number: f64| {
        found = Some(match found {
            Some(before) if before.is_nan() || number.is_nan() => f64::NAN,
            Some(before) => choose(before, number),
            None => number,
        });
    };
    for index in 0..of.len() {
        match of.value(index)? {
            Value::Nodes(nodes) => nodes.iter().for_each(|node| take(node_number(*node, of.scope))),
            value => take(value.number(of.scope)),
        }
    }
    Ok(Value::Number(found.unwrap_or(f64::NAN)))
}
