//! Functions of text. Positions count characters.

use std::borrow::Cow;

use super::super::tree::Tree;
use super::super::value::Value;
use super::number::half_up;
use super::{Arguments, Outcome};

pub(super) fn substring_before<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (text, mark) = (of.string(0)?, of.string(1)?);
    Ok(Value::text(
        text.split_once(&*mark)
            .map_or_else(String::new, |(before, _)| before.to_owned()),
    ))
}

pub(super) fn substring_after<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (text, mark) = (of.string(0)?, of.string(1)?);
    Ok(Value::text(
        text.split_once(&*mark)
            .map_or_else(String::new, |(_, after)| after.to_owned()),
    ))
}

/// `substring(text, start, length)`: the characters whose position, from 1, is at least `round(start)` and less than
/// `round(start) + round(length)`.
pub(super) fn substring<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let text = of.string(0)?;
    let start = half_up(of.number(1)?);
    let end = if of.len() > 2 {
        start + half_up(of.number(2)?)
    } else {
        f64::INFINITY
    };
    let mut position = 0.0;
    Ok(Value::text(
        text.chars()
            .filter(|_| {
                position += 1.0;
                position >= start && position < end
            })
            .collect(),
    ))
}

/// `substr(text, start, end)`: from 0, the end not included, negative numbers counted from the end.
pub(super) fn substr<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let text = of.string(0)?;
    let length = text.chars().count();
    let place = |number: f64| {
        let number = if number < 0.0 {
            number.trunc() + length as f64
        } else {
            number.trunc()
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "NaN and negatives become 0"
        )]
        let place = number as usize;
        place.min(length)
    };
    let start = place(of.number(1)?);
    let end = if of.len() > 2 { place(of.number(2)?) } else { length };
    Ok(Value::text(
        text.chars().skip(start).take(end.saturating_sub(start)).collect(),
    ))
}

pub(super) fn normalize_space<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let text = of.value_or_context(0)?.string(of.scope);
    let words: Vec<&str> = text
        .split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .collect();
    Ok(Value::text(words.join(" ")))
}

pub(super) fn translate<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (text, from, to) = (of.string(0)?, of.string(1)?, of.string(2)?);
    let replace = |c: char| match from.chars().position(|known| known == c) {
        None => Some(c),
        Some(place) => to.chars().nth(place),
    };
    Ok(Value::Text(Cow::Owned(text.chars().filter_map(replace).collect())))
}
