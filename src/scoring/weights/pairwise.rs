//! Priorities from pairwise comparisons, and how consistent they are (Saaty 1980, The Analytic Hierarchy Process).

#![allow(clippy::indexing_slicing, reason = "a numeric kernel: matrices are square")]

/// A reciprocal matrix: how many times as important the row is as the column.
pub(super) type Matrix = Vec<Vec<f64>>;

/// What a matrix of comparisons says.
pub(super) struct Priorities {
    /// The principal eigenvector; it sums to 1.
    pub weights: Vec<f64>,
    /// Saaty's consistency ratio: 0 for a judge who never contradicts himself, about 1 for one who answers by chance.
    pub consistency_ratio: f64,
}

/// Above this a judge contradicts himself too much (Saaty).
pub(super) const CONSISTENT: f64 = 0.1;

/// The mean consistency index of random matrices of order 1 to 15 (Saaty 1980); larger ones take the last.
const RANDOM_INDEX: [f64; 15] = [
    0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
];

/// Steps of the power method at most; comparisons need a few dozen.
const STEPS: usize = 10_000;

/// The principal eigenvector and the consistency ratio (lambda - n) / (n - 1) / RI.
pub(super) fn priorities(matrix: &Matrix) -> Priorities {
    let n = matrix.len();
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    let mut lambda = n as f64;
    for _ in 0..STEPS {
        let next: Vec<f64> = matrix
            .iter()
            .map(|row| row.iter().zip(&weights).map(|(value, weight)| value * weight).sum())
            .collect();
        // The weights sum to 1, so the sum of what they become is the eigenvalue.
        lambda = next.iter().sum();
        let next: Vec<f64> = next.into_iter().map(|value| value / lambda).collect();
        let moved = next
            .iter()
            .zip(&weights)
            .map(|(next, weight)| (next - weight).abs())
            .fold(0.0, f64::max);
        weights = next;
        if moved < 1e-16 {
            break;
        }
    }
    let random = RANDOM_INDEX.get(n.saturating_sub(1)).copied().unwrap_or(1.59);
    let index = if n > 2 {
        (lambda - n as f64) / (n as f64 - 1.0)
    } else {
        0.0
    };
    Priorities {
        weights,
        consistency_ratio: if random > 0.0 { (index / random).max(0.0) } else { 0.0 },
    }
}

/// The geometric mean of several judges' comparisons, which is the only mean that keeps a matrix reciprocal (Aczél and
/// Saaty 1983, Journal of Mathematical Psychology 27:93).
pub(super) fn geometric_mean(matrices: &[&Matrix]) -> Matrix {
    let n = matrices.first().map_or(0, |matrix| matrix.len());
    let mean = |row: usize, column: usize| {
        let logarithms: f64 = matrices.iter().map(|matrix| matrix[row][column].ln()).sum();
        (logarithms / matrices.len() as f64).exp()
    };
    (0..n)
        .map(|row| (0..n).map(|column| mean(row, column)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_without_contradiction_has_ratio_0_and_the_weights_behind_the_comparisons() {
        let behind = [0.5, 0.3, 0.2];
        let matrix: Matrix = behind
            .iter()
            .map(|row| behind.iter().map(|column| row / column).collect())
            .collect();
        let found = priorities(&matrix);
        assert!(found.consistency_ratio < 1e-12);
        for (weight, expected) in found.weights.iter().zip(behind) {
            assert!((weight - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn saatys_house_has_the_published_priorities_and_consistency() {
        // The satisfaction with a house: size, transport, neighbourhood, age, yard, facilities, condition, financing
        // (Saaty 1990, European Journal of Operational Research 48:9, table 2).
        let upper: [&[f64]; 8] = [
            &[5.0, 3.0, 7.0, 6.0, 6.0, 1.0 / 3.0, 1.0 / 4.0],
            &[1.0 / 3.0, 5.0, 3.0, 3.0, 1.0 / 5.0, 1.0 / 7.0],
            &[6.0, 3.0, 4.0, 6.0, 1.0 / 5.0],
            &[1.0 / 3.0, 1.0 / 4.0, 1.0 / 7.0, 1.0 / 8.0],
            &[1.0 / 2.0, 1.0 / 5.0, 1.0 / 6.0],
            &[1.0 / 5.0, 1.0 / 6.0],
            &[1.0 / 2.0],
            &[],
        ];
        let mut matrix = vec![vec![1.0; 8]; 8];
        for (row, values) in upper.iter().enumerate() {
            for (at, value) in values.iter().enumerate() {
                matrix[row][row + 1 + at] = *value;
                matrix[row + 1 + at][row] = 1.0 / value;
            }
        }
        let found = priorities(&matrix);
        let published = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333];
        for (weight, published) in found.weights.iter().zip(published) {
            assert!((weight - published).abs() < 0.0015, "{:?}", found.weights);
        }
        assert!(
            (found.consistency_ratio - 0.169).abs() < 0.003,
            "{}",
            found.consistency_ratio
        );
    }

    #[test]
    fn judges_who_differ_by_a_factor_meet_in_the_middle() {
        let pair = |value: f64| vec![vec![1.0, value], vec![1.0 / value, 1.0]];
        let mean = geometric_mean(&[&pair(9.0), &pair(1.0)]);
        assert!((mean[0][1] - 3.0).abs() < 1e-12 && (mean[1][0] - 1.0 / 3.0).abs() < 1e-12);
    }
}
