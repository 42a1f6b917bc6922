//! The one-factor model of a correlation matrix, by minimum residuals.
//!
//! Loadings that make the sum of squared residuals rᵢⱼ - λᵢ λⱼ off the diagonal least (Harman and Jones 1966,
//! Psychometrika 31:351), one loading at a time, which is exact for that one, from the first principal component until
//! none moves by more than 1e-12. No communality is above 1 (Harman and Fukuda 1966, Psychometrika 31:563): a loading
//! that would be beyond is held at 1, a Heywood case. With three items that is the closed form λ₁² = r₁₂ r₁₃ / r₂₃.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: items are counted from the matrix that they index"
)]

use nalgebra::DMatrix;

use crate::scoring::components::{components, loadings};

/// A step below this is none.
const TOLERANCE: f64 = 1e-12;
/// Rounds through all items after which it is given up; a hundred are usual.
const ROUNDS: usize = 100_000;
/// An item that loads less has no part in the factor.
const LEAST_LOADING: f64 = 1e-6;

/// What came of fitting one factor.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fit {
    /// The loadings, -1 to 1, turned so that they sum to 0 or more.
    Found {
        /// One per item.
        loadings: Vec<f64>,
        /// Whether one is held at its bound.
        heywood: bool,
    },
    /// Fewer than three items have a part in the factor: many sets of loadings fit as well.
    NotIdentified,
    /// Loadings still move after so many rounds.
    NotConverged,
}

/// Fits one factor to a correlation matrix without holes.
pub(super) fn one_factor(correlations: &DMatrix<f64>) -> Fit {
    if correlations.nrows() < 3 {
        return Fit::NotIdentified;
    }
    let start = loadings(&components(correlations.clone()), 1);
    let mut loadings: Vec<f64> = start.column(0).iter().map(|loading| loading.clamp(-1.0, 1.0)).collect();
    let is_settled = (0..ROUNDS).any(|_| round(correlations, &mut loadings) <= TOLERANCE);
    let is_weak = |loading: &&f64| loading.abs() < LEAST_LOADING;
    if loadings.len() - loadings.iter().filter(is_weak).count() < 3 {
        return Fit::NotIdentified;
    }
    if !is_settled {
        return Fit::NotConverged;
    }
    if loadings.iter().sum::<f64>() < 0.0 {
        for loading in &mut loadings {
            *loading = -*loading;
        }
    }
    Fit::Found {
        heywood: loadings.iter().any(|loading| loading.abs() >= 1.0),
        loadings,
    }
}

/// Sets each loading to its best given the others; the greatest step.
fn round(correlations: &DMatrix<f64>, loadings: &mut [f64]) -> f64 {
    let mut greatest: f64 = 0.0;
    for item in 0..loadings.len() {
        let (mut product, mut square) = (0.0, 0.0);
        for (other, loading) in loadings.iter().enumerate().filter(|(other, _)| *other != item) {
            product += correlations[(item, other)] * loading;
            square += loading * loading;
        }
        let best = if square > 0.0 {
            (product / square).clamp(-1.0, 1.0)
        } else {
            0.0
        };
        greatest = greatest.max((best - loadings[item]).abs());
        loadings[item] = best;
    }
    greatest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(below: &[&[f64]]) -> DMatrix<f64> {
        let at = |row: usize, column: usize| match row.cmp(&column) {
            std::cmp::Ordering::Equal => 1.0,
            _ => below[row.max(column) - 1][row.min(column)],
        };
        DMatrix::from_fn(below.len() + 1, below.len() + 1, at)
    }

    fn found(correlations: &DMatrix<f64>) -> (Vec<f64>, bool) {
        match one_factor(correlations) {
            Fit::Found { loadings, heywood } => (loadings, heywood),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn three_items_have_the_closed_form() {
        let (r12, r13, r23) = (0.42, 0.35, 0.3_f64);
        let (loadings, heywood) = found(&matrix(&[&[r12], &[r13, r23]]));
        let expected = [r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12].map(f64::sqrt);
        for (loading, expected) in loadings.iter().zip(expected) {
            assert!((loading - expected).abs() < 1e-10, "{loading} is not {expected}");
        }
        assert!(!heywood);
    }

    #[test]
    fn correlations_that_one_factor_made_give_it_back_with_its_signs() {
        let made = [0.9, 0.7, 0.5, -0.4, 0.8];
        let correlations = DMatrix::from_fn(
            5,
            5,
            |one, other| if one == other { 1.0 } else { made[one] * made[other] },
        );
        let (loadings, _) = found(&correlations);
        for (loading, made) in loadings.iter().zip(made) {
            assert!((loading - made).abs() < 1e-9, "{loading} is not {made}");
        }
    }

    #[test]
    fn a_loading_that_would_be_beyond_1_is_held_there_and_the_others_are_the_best_beside_it() {
        // l_1² would be 0.8 · 0.7 / 0.4 = 1.4. With l_1 = 1 the other two minimise their own squares.
        let (loadings, heywood) = found(&matrix(&[&[0.8], &[0.7, 0.4]]));
        assert!(heywood);
        assert!((loadings[0] - 1.0).abs() < 1e-15);
        let (l2, l3) = (loadings[1], loadings[2]);
        let gradient = [(l2 - 0.8) + l3 * (l2 * l3 - 0.4), (l3 - 0.7) + l2 * (l2 * l3 - 0.4)];
        assert!(gradient.iter().all(|slope| slope.abs() < 1e-10), "{gradient:?}");
    }

    #[test]
    fn a_factor_of_two_items_is_not_identified() {
        assert_eq!(one_factor(&matrix(&[&[0.5]])), Fit::NotIdentified);
        assert_eq!(one_factor(&matrix(&[&[0.5], &[0.0, 0.0]])), Fit::NotIdentified);
    }
}
