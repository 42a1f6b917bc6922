//! Weights from the data's own structure: the first principal component, or rotated factors.
//!
//! Both give weight to what goes together, not to what matters: see `docs/methods.md` for when that is defensible.

use nalgebra::DMatrix;

use crate::scoring::components::{Components, components, loadings, varimax};

/// Why a component gives no weights.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Negative {
    /// The column with a negative coefficient.
    pub column: usize,
}

/// The coefficients of the first component as weights (COINr's PCA weights, with the sign settled): they are turned so
/// that they sum to more than 0, and one below 0 is refused.
pub(super) fn pca_weights(correlations: DMatrix<f64>) -> Result<Vec<f64>, Negative> {
    let first: Vec<f64> = components(correlations).vectors.column(0).iter().copied().collect();
    match first.iter().position(|&weight| weight < -1e-12) {
        Some(column) => Err(Negative { column }),
        None => Ok(first.into_iter().map(|weight| weight.max(0.0)).collect()),
    }
}

/// Weights by the Handbook's factor method (section 6.1; Nicoletti, Scarpetta and Boylaud 2000); they sum to 1.
///
/// Factors are kept and rotated by varimax. Each column belongs to the factor in which its squared loading is the
/// greatest share of what the factor explains; its weight is that share times the factor's share of what all kept
/// factors explain.
pub(super) fn factor_weights(correlations: DMatrix<f64>, factors: Option<usize>) -> Vec<f64> {
    let found = components(correlations);
    let rotated = varimax(loadings(&found, factors.unwrap_or_else(|| kept(&found))));
    let squares = rotated.map(|loading| loading * loading);
    let explained: Vec<f64> = squares.column_iter().map(|column| column.sum()).collect();
    let all: f64 = explained.iter().sum();
    let mut weights: Vec<f64> = squares
        .row_iter()
        .map(|row| {
            let shares = row.iter().zip(&explained).map(|(square, &of)| (square / of, of));
            let own = shares.fold((0.0, 0.0), |best, share| if share.0 > best.0 { share } else { best });
            own.0 * own.1 / all
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

/// How many factors the Handbook keeps: those with an eigenvalue above 1 that each explain over a tenth of the variance,
/// and as many more as it takes to explain over 60 % together.
pub(super) fn kept(components: &Components) -> usize {
    let all = components.eigenvalues.len() as f64;
    let large = |&&value: &&f64| value > 1.0 && value > 0.1 * all;
    let mut kept = components.eigenvalues.iter().take_while(large).count().max(1);
    let explained = |kept: usize| components.eigenvalues.iter().take(kept).sum::<f64>();
    while kept < components.eigenvalues.len() && explained(kept) <= 0.6 * all {
        kept += 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correlated(r: &[[f64; 3]; 3]) -> DMatrix<f64> {
        DMatrix::from_fn(3, 3, |row, column| r[row][column])
    }

    #[test]
    fn columns_that_are_all_alike_weigh_the_same() {
        let alike = correlated(&[[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]]);
        for weight in factor_weights(alike.clone(), None) {
            assert!((weight - 1.0 / 3.0).abs() < 1e-9);
        }
        for weight in pca_weights(alike).unwrap() {
            assert!((weight - 1.0 / 3.0_f64.sqrt()).abs() < 1e-9);
        }
    }

    #[test]
    fn a_column_that_runs_against_the_others_is_refused_by_pca() {
        let against = correlated(&[[1.0, 0.8, -0.5], [0.8, 1.0, -0.4], [-0.5, -0.4, 1.0]]);
        assert_eq!(pca_weights(against), Err(Negative { column: 2 }));
    }
}
