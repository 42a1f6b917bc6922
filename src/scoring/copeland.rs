//! Copeland's rule: a unit scores the number of units that it outranks less the number that outrank it.
//!
//! One unit outranks another where the children in which it is better, and half of those in which both tie, have more
//! than half of the weight (Handbook, section 6.5; Munda and Nardo 2009; COINr's `a_copeland`, whose score is a sum of the
//! outranking matrix instead of wins minus losses). Only children that both have count; units that share none do not
//! meet. A share within 1e-12 of one half is a draw.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows come from the frame, which covers the columns"
)]

use rayon::prelude::*;

use super::numbers::ties;

/// More units than this are not compared pair by pair.
pub(super) const MOST: usize = 2_000;

/// How near to one half a draw is.
const DRAW: f64 = 1e-12;

/// Wins minus losses of each row, in the order of `rows`; `takes_part` says which rows have enough children.
pub(super) fn copeland(children: &[(f64, &[f64])], rows: &[usize], takes_part: &[bool]) -> Vec<f64> {
    rows.par_iter()
        .map(|&row| {
            if !takes_part[row] {
                return f64::NAN;
            }
            let others = rows.iter().filter(|&&other| other != row && takes_part[other]);
            let balance: i32 = others.map(|&other| meeting(children, row, other)).sum();
            f64::from(balance)
        })
        .collect()
}

/// 1 where the first outranks the second, -1 where it is outranked, 0 for a draw.
fn meeting(children: &[(f64, &[f64])], row: usize, other: usize) -> i32 {
    let (mut won, mut all) = (0.0, 0.0);
    for (weight, column) in children {
        let (own, its) = (column[row], column[other]);
        if own.is_nan() || its.is_nan() {
            continue;
        }
        all += weight;
        won += match (ties(own, its), own > its) {
            (true, _) => weight / 2.0,
            (false, true) => *weight,
            (false, false) => 0.0,
        };
    }
    if all <= 0.0 || (won / all - 0.5).abs() <= DRAW {
        0
    } else if won > all / 2.0 {
        1
    } else {
        -1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn scores(children: &[(f64, &[f64])]) -> Vec<f64> {
        let rows: Vec<usize> = (0..children[0].1.len()).collect();
        copeland(children, &rows, &vec![true; rows.len()])
    }

    fn same(found: &[f64], expected: &[f64]) {
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(one, other)| (one - other).abs() < 1e-15),
            "{found:?}"
        );
    }

    #[test]
    fn wins_count_one_losses_minus_one_and_draws_nothing() {
        // The first beats the second by 3 of 5 and the third by 3.5, who beats the second by 3.
        same(
            &scores(&[
                (3.0, &[3.0, 1.0, 2.0]),
                (1.0, &[1.0, 2.0, 1.0]),
                (1.0, &[1.0, 3.0, 2.0]),
            ]),
            &[2.0, -2.0, 0.0],
        );
        same(&scores(&[(1.0, &[1.0, 2.0]), (1.0, &[2.0, 1.0])]), &[0.0, 0.0]);
    }

    #[test]
    fn units_meet_on_what_both_have() {
        same(
            &scores(&[(5.0, &[1.0, MISSING, 0.0]), (1.0, &[2.0, 3.0, MISSING])]),
            &[0.0, 1.0, -1.0],
        );
    }
}
