//! Dividing indicators by their denominators.

use super::note::{Note, NoteCode, Notes};

/// Divides each value by the unit's denominator. A missing or zero denominator leaves the value missing.
pub(super) fn denominate(
    indicator: &str,
    column: &mut [f64],
    denominator: &[f64],
    units: &[String],
    notes: &mut Notes,
) {
    let mut without = Vec::new();
    for ((value, divisor), unit) in column.iter_mut().zip(denominator).zip(units) {
        if value.is_nan() {
            continue;
        }
        let quotient = *value / divisor;
        if quotient.is_finite() {
            *value = quotient;
        } else {
            *value = f64::NAN;
            without.push(unit.clone());
        }
    }
    if !without.is_empty() {
        notes.push(
            Note::new(
                NoteCode::NoDenominator,
                "no value, since the denominator is missing or 0",
            )
            .of(indicator)
            .at(without),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_or_missing_denominator_leaves_the_value_missing_and_is_noted() {
        let mut column = [10.0, 10.0, 10.0, f64::NAN];
        let units: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
        let mut notes = Notes::default();
        denominate("x", &mut column, &[4.0, 0.0, f64::NAN, 2.0], &units, &mut notes);
        assert!((column[0] - 2.5).abs() < 1e-15);
        assert!(column[1..].iter().all(|value| value.is_nan()));
        assert_eq!(notes.into_list()[0].units, ["b", "c"]);
    }
}
