//! Numbers of a column of values in which NaN stands for missing: moments, order, ties.
//!
//! Sums run in the order of the units, so that the same input gives the same bits.

use std::cmp::Ordering;

/// The values that are there.
pub(super) fn present(column: &[f64]) -> impl Iterator<Item = f64> + '_ {
    column.iter().copied().filter(|value| !value.is_nan())
}

/// How many values are there.
pub(super) fn count(column: &[f64]) -> usize {
    present(column).count()
}

/// The mean of the values that are there.
pub(super) fn mean(column: &[f64]) -> Option<f64> {
    let (count, sum) = present(column).fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

/// The standard deviation with n - 1.
pub(super) fn standard_deviation(column: &[f64]) -> Option<f64> {
    let mean = mean(column)?;
    let count = count(column);
    (count > 1)
        .then(|| (present(column).map(|value| (value - mean).powi(2)).sum::<f64>() / (count as f64 - 1.0)).sqrt())
}

/// The quantile that R calls type 7: linear between the order statistics at 1 + (n - 1) p (R. J. Hyndman and Y. Fan, Sample
/// quantiles in statistical packages, The American Statistician 50, 1996). All values are there; they are reordered.
pub(super) fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let at = (values.len().checked_sub(1)?) as f64 * p;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below the number of values"
    )]
    let below = at.floor() as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    let share = at - at.floor();
    Some(if share > 0.0 { low + share * (high - low) } else { low })
}

/// The least and the greatest value.
pub(super) fn extremes(column: &[f64]) -> Option<(f64, f64)> {
    present(column).fold(None, |extremes, value| {
        let (least, greatest) = extremes.unwrap_or((value, value));
        Some((value.min(least), value.max(greatest)))
    })
}

/// The median: the middle value, or the mean of the two in the middle. What is NaN is missing; `None` where all is.
///
/// ```
/// use innogauge::scoring::median;
///
/// assert_eq!(median(&[3.0, f64::NAN, 1.0]), Some(2.0));
/// assert_eq!(median(&[]), None);
/// ```
pub fn median(column: &[f64]) -> Option<f64> {
    let mut values: Vec<f64> = present(column).collect();
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if !even {
        return Some(upper);
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(f64::midpoint(lower, upper))
}

/// Skewness G1 and excess kurtosis G2, the definitions of Excel's SKEW and KURT.
///
/// `None` where the column is constant or has too few values for one of them (3 and 4).
pub(super) fn shape(column: &[f64]) -> Option<(f64, f64)> {
    let n = count(column) as f64;
    let mean = mean(column)?;
    let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
    for value in present(column) {
        let deviation = value - mean;
        let square = deviation * deviation;
        second += square;
        third += square * deviation;
        fourth += square * square;
    }
    let (second, third, fourth) = (second / n, third / n, fourth / n);
    if n < 4.0 || second <= 0.0 || is_constant(column) {
        return None;
    }
    let skewness = third / second.powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0);
    let excess = fourth / (second * second) - 3.0;
    let kurtosis = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0);
    (skewness.is_finite() && kurtosis.is_finite()).then_some((skewness, kurtosis))
}

/// Whether all values that are there are equal (also where there is one, or none).
pub(super) fn is_constant(column: &[f64]) -> bool {
    extremes(column).is_none_or(|(least, greatest)| ties(least, greatest))
}

/// Whether two values are equal to 1e-12 relative, which is what a tie is.
pub(super) fn ties(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
}

/// Ranks from the first in this order: the first is 1, ties take the smallest rank, missing has none.
pub(super) fn ranks(column: &[f64], order: fn(&f64, &f64) -> Ordering) -> Vec<Option<u32>> {
    let mut sorted: Vec<(f64, usize)> = column
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, value)| !value.is_nan())
        .map(|(unit, value)| (value, unit))
        .collect();
    sorted.sort_unstable_by(|(one, first), (other, second)| order(one, other).then(first.cmp(second)));
    let mut ranks = vec![None; column.len()];
    let mut leader: Option<(f64, u32)> = None;
    for ((value, unit), position) in sorted.into_iter().zip(1_u32..) {
        let rank = match leader {
            Some((first, rank)) if ties(first, value) => rank,
            _ => {
                leader = Some((value, position));
                position
            }
        };
        if let Some(slot) = ranks.get_mut(unit) {
            *slot = Some(rank);
        }
    }
    ranks
}

/// Pearson's correlation over the units that have both values; `None` where one of them does not vary.
pub(super) fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let pairs = || one.iter().zip(other).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let n = pairs().count() as f64;
    let (sum_x, sum_y) = pairs().fold((0.0, 0.0), |(sum_x, sum_y), (x, y)| (sum_x + x, sum_y + y));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    let (mut largest_x, mut largest_y) = (0.0_f64, 0.0_f64);
    for (x, y) in pairs() {
        xx += (x - mean_x) * (x - mean_x);
        yy += (y - mean_y) * (y - mean_y);
        xy += (x - mean_x) * (y - mean_y);
        (largest_x, largest_y) = (largest_x.max(x.abs()), largest_y.max(y.abs()));
    }
    // What differs in the last bits only is constant.
    let varies = |squares: f64, largest: f64| squares > n * (1e-12 * largest).powi(2);
    let correlation = xy / (xx.sqrt() * yy.sqrt());
    (n >= 3.0 && correlation.is_finite() && varies(xx, largest_x) && varies(yy, largest_y))
        .then(|| correlation.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn moments_leave_missing_values_out() {
        let column = [2.0, MISSING, 4.0, 9.0];
        close(mean(&column).unwrap(), 5.0);
        close(median(&column).unwrap(), 4.0);
        close(standard_deviation(&column).unwrap(), 13.0_f64.sqrt());
        assert_eq!(mean(&[MISSING]), None);
        assert_eq!(median(&[]), None);
        close(median(&[1.0, 2.0, 5.0, 4.0]).unwrap(), 3.0);
    }

    #[test]
    fn quantiles_are_those_of_r_and_numpy_by_default() {
        let mut values = [16.0, 2.0, 4.0, 1.0, 8.0];
        for (share, expected) in [(0.05, 1.2), (0.5, 4.0), (0.95, 14.4), (0.0, 1.0), (1.0, 16.0)] {
            close(quantile(&mut values, share).unwrap(), expected);
        }
        assert_eq!(quantile(&mut [], 0.5), None);
    }

    #[test]
    fn skewness_and_kurtosis_are_those_of_excel() {
        // Excel's own example: SKEW(3,4,5,2,3,4,5,6,4,7) = 0.359543, KURT = -0.151799637.
        let (skewness, kurtosis) = shape(&[3.0, 4.0, 5.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 7.0]).unwrap();
        assert!((skewness - 0.359_543_071_4).abs() < 1e-9);
        assert!((kurtosis + 0.151_799_637_2).abs() < 1e-9);
        assert_eq!(shape(&[1.0, 1.0, 1.0, 1.0, 1.0]), None);
    }

    #[test]
    fn ties_take_the_smallest_rank_and_missing_takes_none() {
        let down = |one: &f64, other: &f64| other.total_cmp(one);
        let ranks = ranks(&[5.0, 7.0, MISSING, 5.0 + 1e-13, 1.0], down);
        assert_eq!(ranks, [Some(2), Some(1), None, Some(2), Some(4)]);
    }

    #[test]
    fn a_column_that_does_not_vary_correlates_with_nothing() {
        assert_eq!(correlation(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(correlation(&[1.0, 1.0 + 1e-14, 1.0], &[1.0, 2.0, 3.0]), None);
        close(
            correlation(&[1.0, 2.0, 3.0, MISSING], &[2.0, 4.0, 6.0, 0.0]).unwrap(),
            1.0,
        );
    }
}
