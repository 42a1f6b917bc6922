//! Principal components of a few columns, and their varimax rotation.
//!
//! Components are those of the correlation matrix, over units that have every value: each column counts the same,
//! whatever its scale (Handbook, section 4.2; COINr's `get_PCA`).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows and columns are counted from the matrix that they index"
)]

use nalgebra::DMatrix;

use super::association::Centred;

/// The correlation matrix; `None` where a column is constant or there are fewer than three units.
pub(super) fn correlation_matrix(columns: &[Vec<f64>]) -> Option<DMatrix<f64>> {
    let p = columns.len();
    let columns: Vec<Centred<'_>> = columns.iter().map(|column| Centred::new(column)).collect();
    let mut matrix = DMatrix::identity(p, p);
    for (i, one) in columns.iter().enumerate() {
        for (j, other) in columns.iter().enumerate().take(i) {
            let r = one.pearson(other)?;
            matrix[(i, j)] = r;
            matrix[(j, i)] = r;
        }
    }
    Some(matrix)
}

/// Principal components, the largest first.
pub(super) struct Components {
    /// The variance of each: they sum to the number of columns.
    pub eigenvalues: Vec<f64>,
    /// A component per column of the matrix: its coefficients, of length 1, turned so that they sum to 0 or more.
    pub vectors: DMatrix<f64>,
}

/// The components of a correlation matrix.
pub(super) fn components(matrix: DMatrix<f64>) -> Components {
    let p = matrix.nrows();
    let eigen = matrix.symmetric_eigen();
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by(|&one, &other| eigen.eigenvalues[other].total_cmp(&eigen.eigenvalues[one]));
    let vectors = DMatrix::from_fn(p, p, |row, column| {
        let vector = eigen.eigenvectors.column(order.get(column).copied().unwrap_or(column));
        if vector.sum() < 0.0 { -vector[row] } else { vector[row] }
    });
    Components {
        eigenvalues: order.iter().map(|&at| eigen.eigenvalues[at].max(0.0)).collect(),
        vectors,
    }
}

/// Loadings: the correlations of the columns with the first `factors` components.
pub(super) fn loadings(components: &Components, factors: usize) -> DMatrix<f64> {
    let p = components.vectors.nrows();
    let deviation = |factor: usize| components.eigenvalues.get(factor).copied().unwrap_or(0.0).sqrt();
    DMatrix::from_fn(p, factors.min(p), |row, factor| {
        components.vectors[(row, factor)] * deviation(factor)
    })
}

/// Sweeps over all pairs of factors after which a rotation stops at the latest; a few are enough.
const SWEEPS: usize = 200;

/// Loadings turned so that each factor loads high on few columns: varimax with Kaiser's normalisation (Kaiser 1958,
/// Psychometrika 23:187), plane by plane.
pub(super) fn varimax(mut loadings: DMatrix<f64>) -> DMatrix<f64> {
    let (p, factors) = loadings.shape();
    let lengths: Vec<f64> = loadings.row_iter().map(|row| row.norm()).collect();
    for (mut row, &length) in loadings.row_iter_mut().zip(&lengths) {
        if length > 0.0 {
            row /= length;
        }
    }
    for _ in 0..SWEEPS {
        let mut largest: f64 = 0.0;
        for one in 0..factors {
            for other in one + 1..factors {
                let angle = plane_angle(&loadings, one, other, p);
                largest = largest.max(angle.abs());
                let (sine, cosine) = angle.sin_cos();
                for row in 0..p {
                    let (x, y) = (loadings[(row, one)], loadings[(row, other)]);
                    loadings[(row, one)] = x * cosine + y * sine;
                    loadings[(row, other)] = y * cosine - x * sine;
                }
            }
        }
        if largest < 1e-12 {
            break;
        }
    }
    for (mut row, &length) in loadings.row_iter_mut().zip(&lengths) {
        row *= length;
    }
    loadings
}

/// The angle by which turning two factors makes the variance of their squared loadings greatest.
fn plane_angle(loadings: &DMatrix<f64>, one: usize, other: usize, p: usize) -> f64 {
    let (mut differences, mut products, mut cosine, mut sine) = (0.0, 0.0, 0.0, 0.0);
    for row in 0..p {
        let (x, y) = (loadings[(row, one)], loadings[(row, other)]);
        let (difference, product) = (x * x - y * y, 2.0 * x * y);
        differences += difference;
        products += product;
        cosine += difference * difference - product * product;
        sine += 2.0 * difference * product;
    }
    let rows = p as f64;
    sine -= 2.0 * differences * products / rows;
    cosine -= (differences * differences - products * products) / rows;
    // A plane in which nothing can be gained is left as it is.
    if sine.hypot(cosine) < 1e-14 {
        0.0
    } else {
        sine.atan2(cosine) / 4.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_have_the_components_that_their_correlation_says() {
        let columns = vec![vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 1.0, 4.0, 3.0]];
        let found = components(correlation_matrix(&columns).unwrap());
        assert!((found.eigenvalues[0] - 1.6).abs() < 1e-12 && (found.eigenvalues[1] - 0.4).abs() < 1e-12);
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!((found.vectors[(0, 0)] - half).abs() < 1e-12 && (found.vectors[(1, 0)] - half).abs() < 1e-12);
    }

    #[test]
    fn a_rotation_finds_a_simple_structure_that_was_turned_and_keeps_what_each_column_explains() {
        let simple = DMatrix::from_row_slice(4, 2, &[0.9, 0.0, 0.8, 0.0, 0.0, 0.7, 0.0, 0.6]);
        let (sine, cosine) = 0.5_f64.sin_cos();
        let turned = &simple * DMatrix::from_row_slice(2, 2, &[cosine, -sine, sine, cosine]);
        let found = varimax(turned);
        for row in 0..4 {
            let (large, small) = (found.row(row).amax(), found.row(row).amin());
            assert!(small.abs() < 1e-9, "{found}");
            assert!((large - simple.row(row).amax()).abs() < 1e-9 || (large + simple.row(row).amax()).abs() < 1e-9);
        }
    }
}
