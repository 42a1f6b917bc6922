//! The units that have every value, for methods that cannot do with less.

use super::numbers::gathered;

/// The columns, cut down to the rows in which all of them have a value.
pub(super) fn complete(columns: &[&[f64]]) -> Vec<Vec<f64>> {
    let rows = columns.first().map_or(0, |column| column.len());
    let whole: Vec<bool> = (0..rows)
        .map(|row| {
            columns
                .iter()
                .all(|column| column.get(row).is_some_and(|value| !value.is_nan()))
        })
        .collect();
    let left = whole.iter().filter(|whole| **whole).count();
    let cut = |column: &&[f64]| {
        let kept = column.iter().zip(&whole).filter(|(_, whole)| **whole);
        gathered(left, kept.map(|(value, _)| *value))
    };
    columns.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_hole_is_left_out_of_every_column() {
        let columns = complete(&[&[1.0, f64::NAN, 3.0], &[4.0, 5.0, 6.0]]);
        assert_eq!(columns, [[1.0, 3.0], [4.0, 6.0]]);
    }
}
