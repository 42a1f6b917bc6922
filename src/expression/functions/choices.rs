//! Functions of choices: lists of names parted by white space, and checklists.

use super::super::tree::Tree;
use super::super::value::Value;
use super::{Arguments, Outcome};

/// `selected(list, name)`. An empty name is selected where nothing is, as in JavaRosa.
pub(super) fn selected<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (list, name) = (of.string(0)?, of.string(1)?);
    let name = name.trim();
    Ok(Value::Boolean(if name.is_empty() {
        list.trim().is_empty()
    } else {
        list.split_whitespace().any(|chosen| chosen == name)
    }))
}

/// `selected-at(list, place)`, from 0; empty where there is none.
pub(super) fn selected_at<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (list, place) = (of.string(0)?, of.number(1)?);
    if place.is_nan() || place < 0.0 {
        return Ok(Value::Text("".into()));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; too large finds nothing"
    )]
    let chosen = list.split_whitespace().nth(place as usize);
    Ok(Value::text(chosen.unwrap_or_default().to_owned()))
}

/// `checklist(min, max, a, b, …)`: whether the number of true ones is within bounds; -1 is no bound.
pub(super) fn checklist<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let mut met = 0.0;
    for index in 2..of.len() {
        met += f64::from(u8::from(of.boolean(index)?));
    }
    within_bounds(of, met)
}

/// `weighted-checklist(min, max, a, weight, b, weight, …)`: the same with the sum of the weights of the true ones.
pub(super) fn weighted_checklist<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    if !of.len().is_multiple_of(2) {
        return Err(of.wrong("takes pairs of a condition and its weight after the two bounds"));
    }
    let mut met = 0.0;
    for index in (2..of.len()).step_by(2) {
        if of.boolean(index)? {
            met += of.number(index + 1)?;
        }
    }
    within_bounds(of, met)
}

#[allow(clippy::float_cmp, reason = "-1 is a mark, not a measure")]
fn within_bounds<'a, T: Tree>(of: &Arguments<'a, '_, T>, met: f64) -> Outcome<'a, T> {
    let (least, most) = (of.number(0)?, of.number(1)?);
    Ok(Value::Boolean(
        (least == -1.0 || met >= least) && (most == -1.0 || met <= most),
    ))
}
