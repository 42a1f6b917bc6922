//! Cronbach's alpha of an element's children over the units, and what it would be without each of them.
//!
//! alpha = k / (k - 1) · (1 - sum of variances / variance of the sum), over the units that have every child (Cronbach
//! 1951, Psychometrika 16:297; Handbook, section 4.2). It says how far the children move together; with few units, and
//! for children that are parts of a whole rather than readings of one thing, it says little. It can be below 0.

use super::numbers::{is_constant, standard_deviation};

/// Alpha of columns without holes; `None` for fewer than two columns or three units, or where the sum
/// or every column is constant.
pub(super) fn alpha(columns: &[&[f64]]) -> Option<f64> {
    let (k, n) = (columns.len() as f64, columns.first()?.len());
    if columns.len() < 2 || n < 3 {
        return None;
    }
    let variance = |column: &[f64]| standard_deviation(column).map(|sd| sd * sd);
    let sum: Vec<f64> = (0..n)
        .map(|row| columns.iter().filter_map(|column| column.get(row)).sum())
        .collect();
    if is_constant(&sum) || columns.iter().all(|column| is_constant(column)) {
        return None;
    }
    let parts: f64 = columns.iter().filter_map(|column| variance(column)).sum();
    let whole = variance(&sum).filter(|whole| *whole > 1e-12 * parts)?;
    Some(k / (k - 1.0) * (1.0 - parts / whole))
}

/// Alpha without each column in turn.
pub(super) fn alpha_without(columns: &[&[f64]]) -> Vec<Option<f64>> {
    (0..columns.len())
        .map(|out| {
            let rest: Vec<&[f64]> = columns
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != out)
                .map(|(_, column)| *column)
                .collect();
            alpha(&rest)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_one_thing_have_alpha_1_and_what_disturbs_them_is_seen_when_it_is_removed() {
        let (one, other, noise) = ([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0], [3.0, -3.0, 3.0, -3.0]);
        assert!((alpha(&[&one, &other]).unwrap() - 1.0).abs() < 1e-12);
        let all: [&[f64]; 3] = [&one, &other, &noise];
        let without = alpha_without(&all);
        assert!((without[2].unwrap() - 1.0).abs() < 1e-12 && alpha(&all).unwrap() < without[2].unwrap());
        assert_eq!(alpha(&[&one]), None);
    }

    #[test]
    fn columns_that_differ_by_rounding_alone_have_no_alpha() {
        let (low, high) = (0.1_f64 + 0.2, 0.3_f64);
        assert_ne!(low.to_bits(), high.to_bits());
        let (one, other): (&[f64], &[f64]) = (&[low, high, high], &[high, high, low]);
        assert_eq!(alpha(&[one, other]), None);
        assert_eq!(alpha(&[&[0.1; 3], &[0.2; 3]]), None);
        assert_eq!(
            alpha(&[&[0.1, 0.2, 0.3], &[0.3, 0.2, 0.1]]),
            None,
            "the sum is constant"
        );
        assert_eq!(
            alpha(&[one, &[-0.3; 3]]),
            None,
            "the sum is the rounding that is left of its parts"
        );
    }
}
