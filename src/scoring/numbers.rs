//! Numbers of a column of values in which NaN stands for missing: moments, order, ties.
//!
//! Sums run in the order of the units, so that the same input gives the same bits.

/// The values that are there.
pub(super) fn present(column: &[f64]) -> impl Iterator<Item = f64> + '_ {
    column.iter().copied().filter(|value| !value.is_nan())
}

/// The values that are there, in a list of their own.
pub(super) fn values(column: &[f64]) -> Vec<f64> {
    gathered(column.len(), present(column))
}

/// A list of at most so many, with room for them from the start: one that grows is copied again and again.
pub(super) fn gathered<T>(most: usize, items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(most);
    list.extend(items);
    list
}

/// How many values are there.
pub(super) fn count(column: &[f64]) -> usize {
    present(column).count()
}

/// The mean of the values that are there.
pub(super) fn mean(column: &[f64]) -> Option<f64> {
    Centre::of(column).map(Centre::mean)
}

/// The mean in two parts: what the sum gives, and the mean of what is left then. Deviations keep their digits where the
/// mean is far above them, and are 0 where all values are the same (the corrected two-pass algorithm: Chan et al. 1983,
/// The American Statistician 37:242).
#[derive(Debug, Clone, Copy)]
pub(super) struct Centre {
    sum: f64,
    rest: f64,
}

impl Centre {
    /// Of the values that are there.
    pub(super) fn of(column: &[f64]) -> Option<Self> {
        let count = Some(count(column)).filter(|count| *count > 0)? as f64;
        let sum = present(column).sum::<f64>() / count;
        let rest = present(column).map(|value| value - sum).sum::<f64>() / count;
        Some(Self { sum, rest })
    }

    pub(super) fn mean(self) -> f64 {
        self.sum + self.rest
    }

    /// The value less the mean.
    pub(super) fn deviation(self, value: f64) -> f64 {
        value - self.sum - self.rest
    }
}

/// Deviations from the mean in a unit that is a power of two and brings the largest of them between 1 and 2, so that their
/// powers neither overflow nor vanish.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deviations {
    centre: Centre,
    unit: f64,
}

impl Deviations {
    /// Of the values that are there.
    pub(super) fn of(column: &[f64]) -> Option<Self> {
        /// The exponent of a number, without sign and digits.
        const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
        let centre = Centre::of(column)?;
        let largest = present(column).fold(0.0, |largest: f64, value| largest.max(centre.deviation(value).abs()));
        let unit = f64::from_bits(largest.to_bits() & EXPONENT).max(f64::MIN_POSITIVE);
        Some(Self { centre, unit })
    }

    /// That of a value.
    pub(super) fn deviation(&self, value: f64) -> f64 {
        self.centre.deviation(value) / self.unit
    }
}

/// The standard deviation with n - 1; 0 where the column is constant.
pub(super) fn standard_deviation(column: &[f64]) -> Option<f64> {
    let n = Some(count(column)).filter(|n| *n > 1)?;
    let deviations = Deviations::of(column)?;
    if is_constant(column) {
        return Some(0.0);
    }
    let squares: f64 = present(column).map(|value| deviations.deviation(value).powi(2)).sum();
    Some(deviations.unit * (squares / (n as f64 - 1.0)).sqrt())
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

/// The same quantile of the whole numbers from 1, by how often each occurs.
pub(super) fn quantile_of_counts(counts: &[u32], p: f64) -> Option<f64> {
    let all: u64 = counts.iter().copied().map(u64::from).sum();
    let at = all.checked_sub(1)? as f64 * p;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below the number of values"
    )]
    let below = at.floor() as u64;
    let mut passed = 0;
    let mut numbers = (1_u32..).zip(counts).filter_map(|(number, &count)| {
        passed += u64::from(count);
        (passed > below).then_some((number, passed))
    });
    let (low, passed) = numbers.next()?;
    let share = at - at.floor();
    if share == 0.0 || passed > below + 1 {
        return Some(f64::from(low));
    }
    let high = numbers.find(|(_, up_to)| *up_to > passed)?.0;
    Some(f64::from(low) + share * f64::from(high - low))
}

/// The mean of the whole numbers from 1, by how often each occurs.
pub(super) fn mean_of_counts(counts: &[u32]) -> Option<f64> {
    let all: u64 = counts.iter().copied().map(u64::from).sum();
    let sum: u64 = (1_u64..)
        .zip(counts)
        .map(|(number, count)| number * u64::from(*count))
        .sum();
    (all > 0).then(|| sum as f64 / all as f64)
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
    let mut values = values(column);
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
    let deviations = Deviations::of(column).filter(|_| !is_constant(column))?;
    let n = count(column) as f64;
    let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
    for deviation in present(column).map(|value| deviations.deviation(value)) {
        let square = deviation * deviation;
        second += square;
        third += square * deviation;
        fourth += square * square;
    }
    let (second, third, fourth) = (second / n, third / n, fourth / n);
    if n < 4.0 {
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

/// The values of a column that are there, each with its unit, from the least to the greatest.
pub(super) struct Ascending {
    values: Vec<(f64, usize)>,
    units: usize,
}

impl Ascending {
    pub(super) fn of(column: &[f64]) -> Self {
        let with_units = column.iter().copied().zip(0_usize..);
        let mut values = gathered(column.len(), with_units.filter(|(value, _)| !value.is_nan()));
        values.sort_unstable_by(|(one, first), (other, second)| one.total_cmp(other).then(first.cmp(second)));
        Self {
            values,
            units: column.len(),
        }
    }

    pub(super) fn values(&self) -> &[(f64, usize)] {
        &self.values
    }

    /// How many units there are, with a value or without.
    pub(super) fn units(&self) -> usize {
        self.units
    }
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
    fn what_is_counted_has_the_mean_and_the_quantiles_of_what_is_listed() {
        for counts in [
            &[3, 0, 2, 1, 0, 4][..],
            &[0, 1],
            &[0, 0, 2],
            &[1, 0, 0, 1],
            &[0, 7, 9, 0, 0],
        ] {
            let listed = (1_u32..)
                .zip(counts)
                .flat_map(|(number, count)| vec![f64::from(number); *count as usize]);
            let mut listed: Vec<f64> = listed.collect();
            let mean = listed.iter().sum::<f64>() / listed.len() as f64;
            assert_eq!(mean_of_counts(counts), Some(mean));
            for share in [0.0, 0.025, 0.05, 0.25, 1.0 / 3.0, 0.5, 0.9, 0.95, 1.0] {
                assert_eq!(
                    quantile_of_counts(counts, share),
                    quantile(&mut listed, share),
                    "{counts:?} {share}"
                );
            }
        }
        assert_eq!(
            (mean_of_counts(&[0, 0]), quantile_of_counts(&[0, 0], 0.5)),
            (None, None)
        );
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
    fn what_lies_close_together_far_from_0_keeps_its_digits() {
        // Thousandths around 100,000, as whole multiples of 2^-10, so that the shifted column is exact.
        let near: Vec<f64> = [-3.0, -1.0, 0.0, 0.0, 1.0, 2.0, 9.0]
            .map(|value| value / 1024.0)
            .to_vec();
        let far: Vec<f64> = near.iter().map(|value| value + 1e5).collect();
        let (expected, found) = (shape(&near).unwrap(), shape(&far).unwrap());
        assert!(
            (found.0 / expected.0 - 1.0).abs() < 1e-13,
            "{found:?} is not {expected:?}"
        );
        assert!(
            (found.1 / expected.1 - 1.0).abs() < 1e-13,
            "{found:?} is not {expected:?}"
        );
        let (expected, found) = (standard_deviation(&near).unwrap(), standard_deviation(&far).unwrap());
        assert!((found / expected - 1.0).abs() < 1e-13, "{found} is not {expected}");
    }

    #[test]
    fn what_is_constant_has_itself_as_mean_and_no_deviation() {
        for value in [0.1, 100.0 / 3.0, -7e-9, 1e300] {
            for n in [2, 3, 7, 49] {
                let column = vec![value; n];
                assert_eq!(mean(&column), Some(value));
                assert_eq!(standard_deviation(&column), Some(0.0));
            }
        }
        assert_eq!(standard_deviation(&[1.0, 1.0 + 1e-14, 1.0]), Some(0.0));
    }

    #[test]
    fn moments_of_very_large_and_very_small_numbers_are_those_of_their_multiples() {
        let column = [1.0, 2.0, 3.0, 5.0, 11.0];
        let (shape_of_it, sd) = (shape(&column).unwrap(), standard_deviation(&column).unwrap());
        for unit in [2.0_f64.powi(990), 2.0_f64.powi(-900)] {
            let scaled = column.map(|value| value * unit);
            assert_eq!(shape(&scaled), Some(shape_of_it));
            assert_eq!(standard_deviation(&scaled), Some(sd * unit));
        }
    }
}
