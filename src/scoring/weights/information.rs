//! Weights from how well the children tell units apart: Shannon's entropy, and CRITIC.
//!
//! Both give weight to what varies, not to what matters: see `docs/methods.md` for when that is defensible.

use nalgebra::DMatrix;

use crate::scoring::numbers::{Centre, extremes, standard_deviation};

/// Weights by entropy (Shannon 1948; Zeleny 1982, Multiple Criteria Decision Making; Hwang and Yoon 1981, Multiple Attribute
/// Decision Making, ch. 3), of complete columns that vary and have no value below 0; they sum to 1.
///
/// With p the shares of the units in the sum of a column, its entropy is E = -Σ p ln p / ln n, between 0 and 1, and its
/// weight is proportional to 1 - E.
pub(super) fn entropy_weights(columns: &[Vec<f64>]) -> Vec<f64> {
    let divergences: Vec<f64> = columns.iter().map(|column| divergence(column)).collect();
    let sum: f64 = divergences.iter().sum();
    divergences.iter().map(|divergence| divergence / sum).collect()
}

/// (1 - E) n ln n, which is 1 - E but for what all columns have in common.
///
/// With q = n p that is the sum of q ln q - q + 1, since the q sum to n. None of these is below 0, so that a column that
/// hardly varies keeps its digits, where 1 - E has none left.
fn divergence(column: &[f64]) -> f64 {
    let greatest = extremes(column).map_or(1.0, |(_, greatest)| greatest);
    let scaled: Vec<f64> = column.iter().map(|value| value / greatest).collect();
    let Some(centre) = Centre::of(&scaled) else { return 0.0 };
    let term = |value: &f64| {
        let excess = centre.deviation(*value) / centre.mean();
        let share = 1.0 + excess;
        // What q ln q - q + 1 comes to as q goes to 0.
        if share > 0.0 {
            (share * excess.ln_1p() - excess).max(0.0)
        } else {
            1.0
        }
    };
    scaled.iter().map(term).sum()
}

/// A correlation that is no further than this from 1 is 1.
const ALIKE: f64 = 1e-12;

/// Weights by CRITIC (Diakoulaki, Mavrotas and Papayannakis 1995, Computers & Operations Research 22:763), of complete columns
/// that vary; they sum to 1.
///
/// A column's information is s Σ (1 - r), with s its standard deviation and r its correlations with the others, and its
/// weight is proportional to that. `None` where no column has any, since all of them rise and fall together.
pub(super) fn critic_weights(columns: &[Vec<f64>], correlations: &DMatrix<f64>) -> Option<Vec<f64>> {
    let conflict = |r: &f64| Some(1.0 - r).filter(|conflict| *conflict > ALIKE).unwrap_or(0.0);
    let information: Vec<f64> = columns
        .iter()
        .zip(correlations.row_iter())
        .map(|(column, row)| standard_deviation(column).unwrap_or(0.0) * row.iter().map(conflict).sum::<f64>())
        .collect();
    let sum: f64 = information.iter().sum();
    (sum > 0.0 && sum.is_finite()).then(|| information.iter().map(|own| own / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::components::correlation_matrix;

    /// Four aircraft by six attributes, the example of Hwang and Yoon (1981): speed, range, payload, cost, reliability,
    /// manoeuvrability.
    fn aircraft() -> Vec<Vec<f64>> {
        vec![
            vec![2.0, 2.5, 1.8, 2.2],
            vec![1500.0, 2700.0, 2000.0, 1800.0],
            vec![20000.0, 18000.0, 21000.0, 20000.0],
            vec![5.5, 6.5, 4.5, 5.0],
            vec![5.0, 3.0, 7.0, 5.0],
            vec![9.0, 5.0, 7.0, 5.0],
        ]
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
        }
    }

    #[test]
    fn entropy_weights_are_those_of_the_formula() {
        // numpy: P = X / X.sum(0); d = 1 + (P * np.log(P)).sum(0) / np.log(4); d / d.sum().
        let expected = [
            0.064_189_734_6,
            0.206_088_164_2,
            0.013_444_590_9,
            0.081_325_628_6,
            0.358_680_024_3,
            0.276_271_857_3,
        ];
        near(&entropy_weights(&aircraft()), &expected);
    }

    #[test]
    fn a_column_with_a_single_value_above_0_has_all_the_divergence_that_there_can_be() {
        // E is 0 for the first and ln 2 / ln 4 for the second: 1 - E is 1 and 1/2.
        let columns = [vec![0.0, 0.0, 3.0, 0.0], vec![7.0, 0.0, 0.0, 7.0]];
        near(&entropy_weights(&columns), &[2.0 / 3.0, 1.0 / 3.0]);
    }

    #[test]
    fn columns_that_hardly_vary_keep_the_proportions_of_their_variances() {
        // For small deviations the divergence is half the squared coefficient of variation: 1 to 4 here.
        let little = |by: f64| vec![1.0 - by, 1.0, 1.0 + by];
        let found = entropy_weights(&[little(1e-9), little(2e-9)]);
        assert!(
            (found[0] - 0.2).abs() < 1e-6 && (found[1] - 0.8).abs() < 1e-6,
            "{found:?}"
        );
    }

    #[test]
    fn critic_weights_are_those_of_the_formula() {
        // numpy, on columns from 0 to 1 (cost reversed): Z.std(0, ddof=1) * (1 - np.corrcoef(Z.T)).sum(0), over its sum.
        let mut columns = aircraft();
        for (at, column) in columns.iter_mut().enumerate() {
            let (least, greatest) = extremes(column).unwrap();
            for value in column.iter_mut() {
                *value = (*value - least) / (greatest - least);
                if at == 3 {
                    *value = 1.0 - *value;
                }
            }
        }
        let correlations = correlation_matrix(&columns).unwrap();
        let expected = [
            0.235_874_438_3,
            0.208_818_456_7,
            0.127_000_272_8,
            0.130_615_474_7,
            0.120_926_158_9,
            0.176_765_198_6,
        ];
        near(&critic_weights(&columns, &correlations).unwrap(), &expected);
    }

    #[test]
    fn columns_that_all_rise_and_fall_together_have_no_information_of_their_own() {
        let columns = [vec![1.0, 2.0, 4.0], vec![10.0, 20.0, 40.0], vec![0.1, 0.2, 0.4]];
        let correlations = correlation_matrix(&columns).unwrap();
        assert_eq!(critic_weights(&columns, &correlations), None);
    }
}
