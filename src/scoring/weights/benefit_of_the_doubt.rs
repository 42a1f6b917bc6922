//! Benefit of the doubt: each unit is scored with the weights that are best for it.
//!
//! For unit c: maximise the sum over i of `w[i] y[i,c]`, where no unit may score above the top of the scale with these weights
//! and no weight is below 0 (Melyn and Moesen 1991; Cherchye, Moesen, Rogge and Van Puyenbroeck 2007, Social Indicators
//! Research 82:111; Handbook, section 6.2). Limits hold each child's part in the unit's own score between two shares,
//! `low sum(w y) ≤ w[i] y[i] ≤ high sum(w y)` (Cherchye et al. 2008, Journal of the Operational Research Society 59:239;
//! Compind's `ci_bod_constr`). A child that a unit lacks is left out of the unit's programme, and counts nothing in the
//! constraints of the others (Kuosmanen 2002).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows come from the frame, which covers the columns"
)]

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use rayon::prelude::*;

/// The limits of a child's part in a unit's score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// At least this share.
    pub low: f64,
    /// At most this share.
    pub high: f64,
}

/// The result for one unit.
pub(super) struct Best {
    /// Its score, 0 to the top of the scale.
    pub score: f64,
    /// Its weights: the score is their sum over w y. Missing for a child that it lacks.
    pub weights: Vec<f64>,
}

/// Scores the units of a frame; `None` for a unit without a value. Values are 0 or more.
///
/// The error is the solver's word on the unit in this row.
pub(super) fn benefit_of_the_doubt(
    columns: &[&[f64]],
    rows: &[usize],
    top: f64,
    limits: Limits,
) -> Result<Vec<Option<Best>>, (usize, String)> {
    let frontier = frontier(columns, rows);
    rows.par_iter()
        .map(|&row| best(columns, row, &frontier, top, limits).map_err(|message| (row, message)))
        .collect()
}

/// The units that bind: one that another matches or beats in every child can never be the first above the top.
fn frontier(columns: &[&[f64]], rows: &[usize]) -> Vec<Vec<f64>> {
    let value = |row: usize| -> Vec<f64> {
        columns
            .iter()
            .map(|column| if column[row].is_nan() { 0.0 } else { column[row] })
            .collect()
    };
    let mut units: Vec<Vec<f64>> = rows.iter().map(|&row| value(row)).collect();
    // A unit that is beaten has the smaller sum, so it meets what beats it in the list before it.
    let sum = |unit: &Vec<f64>| unit.iter().sum::<f64>();
    units.sort_by(|one, other| sum(other).total_cmp(&sum(one)).then_with(|| by_values(other, one)));
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for unit in units {
        let beaten = |by: &Vec<f64>| by.iter().zip(&unit).all(|(by, own)| by >= own);
        if !kept.iter().any(beaten) {
            kept.push(unit);
        }
    }
    kept
}

fn by_values(one: &[f64], other: &[f64]) -> std::cmp::Ordering {
    let mut pairs = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
    pairs.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// One unit's linear programme, in parts of the score, `w[i] y[i] / top`, so that all numbers are near 1.
fn best(
    columns: &[&[f64]],
    row: usize,
    frontier: &[Vec<f64>],
    top: f64,
    limits: Limits,
) -> Result<Option<Best>, String> {
    let own: Vec<f64> = columns.iter().map(|column| column[row]).collect();
    if own.iter().all(|value| value.is_nan()) {
        return Ok(None);
    }
    let lacks = |value: &f64| value.is_nan() || *value <= 0.0;
    let floor = limits.low > 0.0 && own.iter().any(|value| *value <= 0.0);
    if own.iter().all(lacks) || floor {
        // A child at 0 has no part in the score, which a lower limit then holds at 0.
        let weights = own.iter().map(|value| if value.is_nan() { f64::NAN } else { 0.0 });
        return Ok(Some(Best {
            score: 0.0,
            weights: weights.collect(),
        }));
    }
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let parts: Vec<Option<Variable>> = own
        .iter()
        .map(|value| (!lacks(value)).then(|| problem.add_var(1.0, (0.0, f64::INFINITY))))
        .collect();
    for unit in frontier {
        let terms = parts.iter().zip(unit).zip(&own);
        let terms: Vec<(Variable, f64)> = terms
            .filter_map(|((part, value), own)| part.map(|part| (part, value / own)))
            .collect();
        problem.add_constraint(terms, ComparisonOp::Le, 1.0);
    }
    limit(&mut problem, &parts, limits);
    let solution = problem
        .solve()
        .map_err(|error| error.to_string())?
        .into_solution()
        .map_err(|_| "the linear programme was not finished".to_owned())?;
    let mut score = 0.0;
    let weights = parts
        .iter()
        .zip(&own)
        .map(|(part, own)| match part {
            Some(part) => {
                let share = solution.var_value(*part).max(0.0);
                score += share * top;
                share * top / own
            }
            None if own.is_nan() => f64::NAN,
            None => 0.0,
        })
        .collect();
    Ok(Some(Best {
        score: score.min(top),
        weights,
    }))
}

/// Each part of the score between two shares of the whole.
fn limit(problem: &mut Problem, parts: &[Option<Variable>], limits: Limits) {
    let present: Vec<Variable> = parts.iter().flatten().copied().collect();
    let mut hold = |share: f64, operator: ComparisonOp| {
        for one in &present {
            let term = |part: &Variable| (*part, if part == one { 1.0 - share } else { -share });
            problem.add_constraint(present.iter().map(term).collect::<Vec<_>>(), operator, 0.0);
        }
    };
    if limits.low > 0.0 {
        hold(limits.low, ComparisonOp::Ge);
    }
    if limits.high < 1.0 {
        hold(limits.high, ComparisonOp::Le);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;
    const FREE: Limits = Limits { low: 0.0, high: 1.0 };

    fn scores(columns: &[&[f64]], limits: Limits) -> Vec<Option<f64>> {
        let rows: Vec<usize> = (0..columns[0].len()).collect();
        let found = benefit_of_the_doubt(columns, &rows, 100.0, limits).unwrap();
        found.iter().map(|best| best.as_ref().map(|best| best.score)).collect()
    }

    fn close(found: &[Option<f64>], expected: &[Option<f64>]) {
        for (found, expected) in found.iter().zip(expected) {
            match (found, expected) {
                (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-9, "{found} is not {expected}"),
                (found, expected) => assert_eq!(found, expected),
            }
        }
    }

    #[test]
    fn who_is_best_in_anything_or_in_a_mixture_gets_the_top_and_the_others_the_share_they_reach() {
        // C lies on the ray to the middle of A and B, at half of the way.
        let found = scores(&[&[80.0, 0.0, 20.0], &[0.0, 40.0, 10.0]], FREE);
        close(&found, &[Some(100.0), Some(100.0), Some(50.0)]);
    }

    #[test]
    fn limits_hold_each_part_and_a_zero_under_a_lower_limit_gives_zero() {
        let columns: [&[f64]; 2] = [&[80.0, 10.0, 20.0, 5.0], &[10.0, 40.0, 10.0, 0.0]];
        let rows = [0, 1, 2, 3];
        let limits = Limits { low: 0.3, high: 0.7 };
        let found = benefit_of_the_doubt(&columns, &rows, 100.0, limits).unwrap();
        for (row, best) in found.iter().enumerate().take(3) {
            let best = best.as_ref().unwrap();
            let parts: Vec<f64> = columns
                .iter()
                .zip(&best.weights)
                .map(|(column, weight)| column[row] * weight)
                .collect();
            assert!((parts.iter().sum::<f64>() - best.score).abs() < 1e-9);
            assert!(
                parts
                    .iter()
                    .all(|part| *part >= 0.3 * best.score - 1e-6 && *part <= 0.7 * best.score + 1e-6)
            );
        }
        assert!(found[3].as_ref().unwrap().score.abs() < 1e-12);
    }

    #[test]
    fn a_unit_is_scored_on_what_it_has() {
        let found = scores(
            &[&[80.0, MISSING, 40.0, MISSING], &[40.0, 20.0, MISSING, MISSING]],
            FREE,
        );
        close(&found, &[Some(100.0), Some(50.0), Some(50.0), None]);
    }
}
