//! The intervals of changes: from runs over both rounds, or from the intervals of two independent results.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: runs, elements and rows are counted once, when the experiment is set up"
)]

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ElementChange;
use crate::scoring::assessment::Assessment;
use crate::scoring::numbers::{quantile, ties};
use crate::scoring::rank::ranks_down;
use crate::scoring::series::Series;
use crate::scoring::uncertainty::Runs;

/// The intervals of one kind, for each unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeIntervals {
    /// Of the change of score, over the runs on the nominal scale.
    pub change: Interval,
    /// Of the places gained, over all runs; absent where there were no runs over both rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank_change: Option<Interval>,
    /// The share of the runs in which the score rose, 0 to 1; absent where there were no runs over both rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub risen: Option<Series>,
}

/// The ends of an interval for each unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: Series,
    /// The upper end.
    pub high: Series,
}

/// How the respondents of the two rounds were drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplingDraws {
    /// Together: an organisation in both rounds gets the same draws.
    Joint,
    /// Apart: the intervals are made from those of the two results, as of independent samples.
    Independent,
}

/// The intervals of every element of the tree, from runs over both rounds; `slots` are the elements' ids in its order.
pub(super) fn of_runs(
    runs: &Runs,
    slots: &[&str],
    pairs: &[(usize, usize)],
    confidence: f64,
) -> IndexMap<String, ChangeIntervals> {
    let intervals: Vec<ChangeIntervals> = (0..slots.len())
        .into_par_iter()
        .map(|slot| of_element(runs, slot, pairs, confidence))
        .collect();
    slots.iter().map(|id| (*id).to_owned()).zip(intervals).collect()
}

fn of_element(runs: &Runs, slot: usize, pairs: &[(usize, usize)], confidence: f64) -> ChangeIntervals {
    let mut changes: Vec<Vec<f64>> = vec![Vec::with_capacity(runs.len()); pairs.len()];
    let mut gains: Vec<Vec<f64>> = vec![Vec::with_capacity(runs.len()); pairs.len()];
    for run in 0..runs.len() {
        let scores = runs.scores(run, slot);
        let of =
            |row: fn(&(usize, usize)) -> usize| -> Vec<f64> { pairs.iter().map(|pair| scores[row(pair)]).collect() };
        let (old, new) = (of(|pair| pair.0), of(|pair| pair.1));
        for (unit, (before, after)) in ranks_down(&old).into_iter().zip(ranks_down(&new)).enumerate() {
            if let (Some(before), Some(after)) = (before, after) {
                gains[unit].push(f64::from(before) - f64::from(after));
                if runs.on_scale[run] {
                    changes[unit].push(new[unit] - old[unit]);
                }
            }
        }
    }
    let risen = |changes: &Vec<f64>| {
        let risen = changes.iter().filter(|change| **change > 0.0).count();
        (!changes.is_empty()).then(|| risen as f64 / changes.len() as f64)
    };
    let risen = changes.iter().map(risen).collect();
    ChangeIntervals {
        change: interval(changes, confidence),
        rank_change: Some(interval(gains, confidence)),
        risen: Some(risen),
    }
}

fn interval(mut values: Vec<Vec<f64>>, confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    let mut end = |share: f64| values.iter_mut().map(|values| quantile(values, share)).collect();
    Interval {
        low: end(tail),
        high: end(1.0 - tail),
    }
}

/// The sampling intervals of changes from those of the two results, as of independent samples: the method of variance
/// estimates recovery (G. Y. Zou and A. Donner, Construction of confidence intervals about effect measures, Statistics in
/// Medicine 27, 2008). With the difference d of n in (n₁, n₂) and o in (o₁, o₂) it goes from d - √((n - n₁)² + (o₂ - o)²)
/// to d + √((n₂ - n)² + (o - o₁)²).
///
/// Only elements whose scores in the two results are those of the common frame have one: an interval on another scale says
/// nothing of the change.
pub(super) fn independent(
    elements: &IndexMap<String, ElementChange>,
    new: (&Assessment, &[usize]),
    old: (&Assessment, &[usize]),
) -> IndexMap<String, ChangeIntervals> {
    let one = |(id, element): (&String, &ElementChange)| {
        let ends = |(assessment, rows): (&Assessment, &[usize]), common: &Series| -> Option<Vec<[f64; 3]>> {
            let sampling = &assessment.uncertainty.as_ref()?.elements.get(id)?.sampling;
            let (low, high) = sampling.as_ref()?.score.interval()?;
            let scores = assessment.scores.get(id)?;
            let numbers = rows.iter().zip(common.iter()).map(|(&row, common)| {
                let number = |series: &Series| series.get(row).unwrap_or(f64::NAN);
                let score = number(scores);
                let same = common.is_none_or(|common| (common - score).abs() < 1e-9 || ties(common, score));
                same.then(|| [number(low), score, number(high)])
            });
            numbers.collect()
        };
        let (now, then) = (ends(new, &element.new)?, ends(old, &element.old)?);
        let end = |sign: f64| -> Series {
            let differences = now.iter().zip(&then).map(|(now, then)| {
                let (below, above) = if sign < 0.0 {
                    (now[0], then[2])
                } else {
                    (now[2], then[0])
                };
                now[1] - then[1] + sign * (now[1] - below).hypot(above - then[1])
            });
            Series::from_numbers(differences.collect())
        };
        let change = Interval {
            low: end(-1.0),
            high: end(1.0),
        };
        let intervals = ChangeIntervals {
            change,
            rank_change: None,
            risen: None,
        };
        Some((id.clone(), intervals))
    };
    elements.iter().filter_map(one).collect()
}
