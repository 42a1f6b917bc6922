//! Weights that make the children as important for their parent as they are wanted to be.
//!
//! Importance is the correlation of a child with its parent's score: with equal weights it is hardly ever equal. Becker,
//! Saisana, Paruolo and Vandecasteele (2017, Ecological Indicators 80:12) and COINr's `get_opt_weights` look for the
//! weights under which the correlations stand in the wanted proportions. COINr searches with a tolerance of a tenth;
//! for arithmetic means over complete data the answer is a system of linear equations, which is solved here and then
//! improved until it holds for the true aggregation, with its missing values and its method.

use nalgebra::{DMatrix, DVector};

use crate::scoring::association::pearson;
use crate::scoring::numbers::standard_deviation;

/// What the search came to.
pub(super) struct Optimised {
    /// The weights; they sum to 1.
    pub weights: Vec<f64>,
    /// The correlation of each child with the parent under them.
    pub correlations: Vec<f64>,
    /// Whether the correlations stand in the wanted proportions.
    pub reached: bool,
}

/// Steps of the search at most.
const STEPS: usize = 2_000;

/// Steps without an improvement after which it stops before that.
const PATIENCE: usize = 100;

/// Proportions that differ by no more than this are as wanted.
const CLOSE: f64 = 1e-9;

/// Finds weights for columns that vary; `score` is the parent's score under given weights.
pub(super) fn optimise(
    columns: &[&[f64]],
    correlations: DMatrix<f64>,
    wanted: &[f64],
    mut score: impl FnMut(&[f64]) -> Option<Vec<f64>>,
) -> Option<Optimised> {
    let total: f64 = wanted.iter().sum();
    let wanted: Vec<f64> = wanted.iter().map(|share| share / total).collect();
    let mut weights = start(columns, correlations, &wanted);
    let mut best: Option<(f64, Vec<f64>, Vec<f64>)> = None;
    let mut improved = 0;
    for step in 0..STEPS {
        let parent = score(&weights)?;
        let found: Option<Vec<f64>> = columns.iter().map(|column| pearson(column, &parent)).collect();
        let found = found?;
        let sum: f64 = found.iter().sum();
        let away = found
            .iter()
            .zip(&wanted)
            .map(|(r, share)| (r / sum - share).abs())
            .fold(0.0, f64::max);
        let better = best.as_ref().is_none_or(|(least, ..)| away < *least);
        if sum > 0.0 && better {
            best = Some((away, weights.clone(), found.clone()));
            improved = step;
        }
        if sum > 0.0 && (away < CLOSE || step - improved > PATIENCE) {
            break;
        }
        // Half a step in logarithms: a child that is too important loses weight, one that is not enough gains.
        for ((weight, r), share) in weights.iter_mut().zip(&found).zip(&wanted) {
            let step = if *r > 0.0 && sum > 0.0 { share * sum / r } else { 4.0 };
            *weight *= step.clamp(0.25, 4.0).sqrt();
        }
        rescale(&mut weights);
    }
    best.map(|(away, weights, correlations)| Optimised {
        weights,
        correlations,
        reached: away < CLOSE,
    })
}

/// The answer for arithmetic means over complete data where there is one, else weights that undo the spread.
fn start(columns: &[&[f64]], correlations: DMatrix<f64>, wanted: &[f64]) -> Vec<f64> {
    let spread: Vec<f64> = columns
        .iter()
        .map(|column| standard_deviation(column).unwrap_or(1.0))
        .collect();
    // The correlation of child i with the sum of w x is proportional to the sum over j of r_ij (w_j sd_j).
    let solved = correlations.lu().solve(&DVector::from_column_slice(wanted));
    let solved = solved.filter(|solved| solved.iter().all(|value| *value > 0.0 && value.is_finite()));
    let mut weights: Vec<f64> = match solved {
        Some(solved) => solved.iter().zip(&spread).map(|(value, sd)| value / sd).collect(),
        None => spread.iter().map(|sd| 1.0 / sd).collect(),
    };
    rescale(&mut weights);
    weights
}

fn rescale(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::components::correlation_matrix;

    fn mean(columns: &[&[f64]], weights: &[f64]) -> Vec<f64> {
        (0..columns[0].len())
            .map(|row| {
                columns
                    .iter()
                    .zip(weights)
                    .map(|(column, weight)| column[row] * weight)
                    .sum()
            })
            .collect()
    }

    fn found(columns: &[Vec<f64>], wanted: &[f64]) -> Optimised {
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let correlations = correlation_matrix(columns).unwrap();
        optimise(&views, correlations, wanted, |weights| Some(mean(&views, weights))).unwrap()
    }

    #[test]
    fn importance_comes_out_in_the_wanted_proportions() {
        let columns = vec![
            vec![1.0, 4.0, 2.0, 8.0, 5.0, 7.0],
            vec![90.0, 30.0, 20.0, 10.0, 70.0, 60.0],
            vec![3.0, 1.0, 5.0, 4.0, 2.0, 6.0],
        ];
        let equal = found(&columns, &[1.0, 1.0, 1.0]);
        assert!(equal.reached);
        assert!(
            equal
                .correlations
                .iter()
                .all(|r| (r - equal.correlations[0]).abs() < 1e-8)
        );
        let double = found(&columns, &[1.0, 1.0, 2.0]);
        let [one, _, three] = double.correlations[..] else {
            panic!()
        };
        assert!(!double.reached || (three - 2.0 * one).abs() < 1e-8);
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        let column = vec![1.0, 2.0, 3.0, 4.0];
        let double: Vec<f64> = column.iter().map(|value| 2.0 * value).collect();
        assert!(!found(&[column, double], &[1.0, 3.0]).reached);
    }
}
