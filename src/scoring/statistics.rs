//! What each indicator looks like before anything is done to it.

use serde::{Deserialize, Serialize};

use super::numbers::{count, extremes, mean, median, shape, standard_deviation};

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
}

pub(super) fn statistics(column: &[f64]) -> IndicatorStatistics {
    let (extremes, shape) = (extremes(column), shape(column));
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indicator_without_values_has_no_figures_but_a_count() {
        let found = statistics(&[f64::NAN, f64::NAN]);
        assert_eq!((found.n, found.mean, found.sd, found.skewness), (0, None, None, None));
        assert!(found.coverage.abs() < 1e-15);
    }
}
