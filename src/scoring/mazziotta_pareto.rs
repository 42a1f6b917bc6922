//! The Mazziotta-Pareto index and its adjusted form: a mean less a penalty for imbalance.
//!
//! A unit scores M - S · cv = M - S² / M, with the mean M and the standard deviation S (over n) of its children. MPI takes
//! them as z-scores of mean 100 and standard deviation 10 (over n), for one point in time; AMPI takes them between fixed
//! goalposts as 70 to 130, so that years can be compared (De Muro, Mazziotta and Pareto 2011, Social Indicators Research
//! 104:1; Mazziotta and Pareto 2016, 127:983). With weights M and S are the weighted ones (Mazziotta and Pareto 2022,
//! Rivista Italiana di Economia Demografia e Statistica 76). The penalty is subtracted: more is better.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows come from the frame, which covers the columns"
)]

use super::numbers::{Centre, count, is_constant, present};

/// A column as z-scores of mean 100 and standard deviation 10 (over n) within each frame; constant: 100 for all.
///
/// The second is whether the column was constant in a frame.
pub(super) fn standardised(column: &[f64], frames: &[Vec<usize>]) -> (Vec<f64>, bool) {
    let mut standardised = vec![f64::NAN; column.len()];
    let mut constant = false;
    for rows in frames {
        let values: Vec<f64> = rows.iter().map(|&row| column[row]).collect();
        let Some(centre) = Centre::of(&values) else { continue };
        let flat = is_constant(&values);
        constant |= flat;
        let squares = present(&values).map(|value| centre.deviation(value).powi(2));
        let deviation = (squares.sum::<f64>() / count(&values) as f64).sqrt();
        for (&row, value) in rows.iter().zip(&values).filter(|(_, value)| !value.is_nan()) {
            standardised[row] = if flat {
                100.0
            } else {
                100.0 + 10.0 * centre.deviation(*value) / deviation
            };
        }
    }
    (standardised, constant)
}

/// A column of a scale from `low` to `high` as 70 to 130.
pub(super) fn between_70_and_130(column: &[f64], [low, high]: [f64; 2]) -> Vec<f64> {
    column
        .iter()
        .map(|value| 70.0 + 60.0 * (value - low) / (high - low))
        .collect()
}

/// The unit and mean of which the penalty is not defined, since the mean is not above 0.
pub(super) struct NoMean {
    /// The row.
    pub row: usize,
    /// The mean of its children.
    pub mean: f64,
}

/// Mean less penalty of every row over the children that are present, with weights rescaled over them.
pub(super) fn penalised(children: &[(f64, Vec<f64>)], takes_part: &[bool]) -> Result<Vec<f64>, NoMean> {
    let score = |(row, &takes_part): (usize, &bool)| {
        if !takes_part {
            return Ok(f64::NAN);
        }
        let values = || {
            let own = children.iter().map(|(weight, column)| (*weight, column[row]));
            own.filter(|(_, value)| !value.is_nan())
        };
        let (all, sum) = values().fold((0.0, 0.0), |(all, sum), (weight, value)| {
            (all + weight, sum + weight * value)
        });
        let mean = sum / all;
        let variance = values()
            .map(|(weight, value)| weight * (value - mean).powi(2))
            .sum::<f64>()
            / all;
        if mean <= 0.0 {
            return Err(NoMean { row, mean });
        }
        Ok(mean - variance / mean)
    };
    takes_part.iter().enumerate().map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn balance_costs_nothing_and_imbalance_its_variance_over_the_mean() {
        let children = vec![(1.0, vec![100.0, 110.0, f64::NAN]), (1.0, vec![100.0, 90.0, 95.0])];
        let scores = penalised(&children, &[true; 3]).ok().unwrap();
        near(scores[0], 100.0);
        near(scores[1], 99.0);
        near(scores[2], 95.0);
        let weighted = vec![(3.0, vec![110.0]), (1.0, vec![90.0])];
        near(penalised(&weighted, &[true]).ok().unwrap()[0], 105.0 - 75.0 / 105.0);
    }

    #[test]
    fn z_scores_have_mean_100_and_deviation_10_over_n_and_a_constant_is_100() {
        let (scores, constant) = standardised(&[1.0, 3.0, f64::NAN], &[vec![0, 1, 2]]);
        near(scores[0], 90.0);
        near(scores[1], 110.0);
        assert!(scores[2].is_nan() && !constant);
        let (scores, constant) = standardised(&[4.0, 4.0], &[vec![0, 1]]);
        assert!(constant);
        near(scores[1], 100.0);
    }

    #[test]
    fn goalposts_are_70_and_130() {
        let column = between_70_and_130(&[0.0, 50.0, 100.0], [0.0, 100.0]);
        near(column[0], 70.0);
        near(column[1], 100.0);
        near(column[2], 130.0);
    }

    #[test]
    fn a_mean_at_or_below_0_has_no_penalty_to_speak_of() {
        assert_eq!(penalised(&[(1.0, vec![-5.0])], &[true]).err().unwrap().row, 0);
    }
}
