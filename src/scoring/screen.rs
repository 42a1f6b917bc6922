//! Leaving out units that have too little data to be scored.

use super::numbers::count;

/// Which units keep a share of their indicators of at least `min_available`.
pub(super) fn kept(columns: &[Vec<f64>], units: usize, min_available: f64) -> Vec<bool> {
    let mut present = vec![0_usize; units];
    for column in columns {
        for (number, value) in present.iter_mut().zip(column) {
            *number += usize::from(!value.is_nan());
        }
    }
    let all = columns.len();
    present
        .into_iter()
        .map(|number| enough(number, all, min_available))
        .collect()
}

/// Whether `present` of `all` is a share of at least `least`, forgiving the last bits of the share.
pub(super) fn enough(present: usize, all: usize, least: f64) -> bool {
    present as f64 + 1e-9 >= least * all as f64
}

/// The share of a column's units that have a value.
pub(super) fn share_present(column: &[f64]) -> f64 {
    if column.is_empty() {
        0.0
    } else {
        count(column) as f64 / column.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_kept_at_exactly_the_share_asked_for() {
        let columns = [vec![1.0, 1.0], vec![1.0, f64::NAN], vec![f64::NAN, f64::NAN]];
        assert_eq!(kept(&columns, 2, 2.0 / 3.0), [true, false]);
        assert_eq!(kept(&columns, 2, 0.0), [true, true]);
    }
}
