//! What each indicator looks like before anything is done to it.

use serde::{Deserialize, Serialize};

use super::numbers::{count, extremes, mean, median, quantile, shape, standard_deviation, values};
use super::options::Treat;

/// Figures of one indicator over the units; those that are not defined are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorStatistics {
    /// Units that have a value.
    pub n: usize,
    /// Their share of all units, 0 to 1.
    pub coverage: f64,
    /// The mean.
    pub mean: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The standard deviation with n - 1.
    pub sd: Option<f64>,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// Skewness G1 (Excel's SKEW).
    pub skewness: Option<f64>,
    /// Excess kurtosis G2 (Excel's KURT).
    pub kurtosis: Option<f64>,
    /// Whether the shape asks for treatment: absolute skewness at `max_skewness` or above and excess kurtosis at
    /// `max_kurtosis` or above.
    #[serde(default)]
    pub outlying: bool,
    /// The units (and times, in long tables) beyond Tukey's fences: more than 1.5 interquartile ranges below the first
    /// or above the third quartile (type 7). None where the quartiles are equal.
    #[serde(default)]
    pub outliers: Vec<String>,
}

/// Figures of a column; `treat` says from when on a shape is outlying, `name` what a row is called.
pub(super) fn statistics(column: &[f64], treat: &Treat, name: impl Fn(usize) -> String) -> IndicatorStatistics {
    let (extremes, shape) = (extremes(column), shape(column));
    let fences = fences(column);
    let beyond = |value: f64| fences.is_some_and(|(low, high)| value < low || value > high);
    IndicatorStatistics {
        n: count(column),
        coverage: super::screen::share_present(column),
        mean: mean(column),
        median: median(column),
        sd: standard_deviation(column),
        min: extremes.map(|(least, _)| least),
        max: extremes.map(|(_, greatest)| greatest),
        skewness: shape.map(|(skewness, _)| skewness),
        kurtosis: shape.map(|(_, kurtosis)| kurtosis),
        outlying: shape
            .is_some_and(|(skewness, kurtosis)| skewness.abs() >= treat.max_skewness && kurtosis >= treat.max_kurtosis),
        outliers: (0..column.len())
            .filter(|&row| column.get(row).is_some_and(|value| beyond(*value)))
            .map(name)
            .collect(),
    }
}

/// Tukey's fences (1977, Exploratory Data Analysis); `None` below four values or where the quartiles are equal.
fn fences(column: &[f64]) -> Option<(f64, f64)> {
    let mut values = values(column);
    if values.len() < 4 {
        return None;
    }
    let (low, high) = (quantile(&mut values, 0.25)?, quantile(&mut values, 0.75)?);
    let range = high - low;
    (range > 0.0).then_some((low - 1.5 * range, high + 1.5 * range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Options;

    fn of(column: &[f64]) -> IndicatorStatistics {
        statistics(column, &Options::score().treat, |row| format!("u{row}"))
    }

    #[test]
    fn an_indicator_without_values_has_no_figures_but_a_count() {
        let found = of(&[f64::NAN, f64::NAN]);
        assert_eq!((found.n, found.mean, found.sd, found.skewness), (0, None, None, None));
        assert!(found.coverage.abs() < 1e-15 && !found.outlying && found.outliers.is_empty());
    }

    #[test]
    fn a_constant_indicator_has_its_value_as_mean_and_no_spread() {
        let found = of(&[0.1; 3]);
        assert_eq!((found.mean, found.sd), (Some(0.1), Some(0.0)));
    }

    #[test]
    fn values_beyond_the_fences_are_named() {
        // Quartiles 2.25 and 4.75 (type 7), so the fences are at -1.5 and 8.5.
        let found = of(&[1.0, 2.0, f64::NAN, 3.0, 4.0, 5.0, 8.6]);
        assert_eq!(found.outliers, ["u6"]);
        assert!(
            of(&[0.0, 0.0, 0.0, 0.0, 7.0]).outliers.is_empty(),
            "quartiles are equal"
        );
        assert!(of(&[0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 90.0]).outlying);
    }
}
