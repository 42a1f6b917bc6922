//! From runs to intervals, frequencies and probabilities.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: runs, elements and units are counted once, at the start"
)]

use indexmap::IndexMap;
use rayon::prelude::*;

use super::experiment::Experiment;
use super::runs::Runs;
use super::tree::UNRANKED;
use super::{ElementUncertainty, Intervals, Spread};
use crate::scoring::assessment::Assessment;
use crate::scoring::numbers::{mean_of_counts, quantile, quantile_of_counts};
use crate::scoring::options::UncertaintyOptions;
use crate::scoring::series::Series;

/// Tables of units by units are made of up to so many units.
pub(super) const MOST_IN_SQUARE: usize = 2000;
/// A tier ends where the probability that its first unit is above reaches this.
const TIER: f64 = 0.95;

/// The values of so many units are collected in one pass over the runs.
const READ_AT_ONCE: usize = 64;

/// What runs are gathered against.
pub(in crate::scoring) struct Gathering<'a> {
    assessment: &'a Assessment,
    ids: Vec<&'a str>,
    units: usize,
    groups: &'a [Vec<usize>],
    long: bool,
    /// The names and probabilities of the quantiles.
    quantiles: Vec<(String, f64)>,
    top: &'a [usize],
}

impl<'a> Gathering<'a> {
    pub fn new(assessment: &'a Assessment, experiment: &'a Experiment<'_>, options: &'a UncertaintyOptions) -> Self {
        let elements = experiment.framework.elements();
        let tail = (1.0 - options.confidence) / 2.0;
        Self {
            assessment,
            ids: experiment
                .tree
                .elements()
                .map(|element| elements[element].id.as_str())
                .collect(),
            units: experiment.units(),
            groups: &experiment.groups,
            long: experiment.table.times().is_some(),
            quantiles: [tail, 0.5, 1.0 - tail].map(|share| (name(share), share)).into(),
            top: &options.top,
        }
    }

    /// The index first, each dimension before those below it.
    pub fn elements(&self, runs: &Runs) -> IndexMap<String, ElementUncertainty> {
        let slots = (0..self.ids.len()).into_par_iter().rev();
        let elements: Vec<ElementUncertainty> = slots.map(|slot| self.element(runs, slot)).collect();
        self.ids.iter().rev().map(|id| (*id).to_owned()).zip(elements).collect()
    }

    /// Intervals alone, in the same order.
    pub fn intervals(&self, runs: &Runs) -> Vec<Intervals> {
        let slots = (0..self.ids.len()).into_par_iter().rev();
        slots
            .map(|slot| self.interval(runs, slot, self.rank_counts(runs, slot).as_deref()))
            .collect()
    }

    fn interval(&self, runs: &Runs, slot: usize, rank_counts: Option<&[Vec<u32>]>) -> Intervals {
        let nominal = &self.assessment.scores[self.ids[slot]];
        let all = || 0..runs.len();
        let on_scale = all().filter(|run| runs.on_scale[*run]);
        let score = self.spread(nominal.clone(), &on_scale, |run, unit| {
            Some(runs.scores(run, slot)[unit]).filter(|score| !score.is_nan())
        });
        let nominal = self.nominal_ranks(slot).iter().map(|rank| rank.map(f64::from));
        let nominal: Series = nominal.collect();
        let rank = match rank_counts {
            Some(counts) => self.spread_of_counts(nominal, counts),
            None => self.spread(nominal, &all(), |run, unit| {
                Some(runs.ranks(run, slot)[unit])
                    .filter(|rank| *rank != UNRANKED)
                    .map(f64::from)
            }),
        };
        Intervals { score, rank }
    }

    /// Intervals of what `after` has more than `before`, run by run; `nominal` gives the differences of scores and ranks of
    /// an element. In the order of [`Self::elements`].
    pub fn differences(
        &self,
        before: &Runs,
        after: &Runs,
        nominal: &(dyn Fn(&str) -> (Series, Series) + Sync),
    ) -> Vec<Intervals> {
        let slots = (0..self.ids.len()).into_par_iter().rev();
        let of_slot = |slot: usize| {
            let (score, rank) = nominal(self.ids[slot]);
            let on_scale = (0..before.len()).filter(|run| before.on_scale[*run]);
            let score = self.spread(score, &on_scale, |run, unit| {
                let difference = after.scores(run, slot)[unit] - before.scores(run, slot)[unit];
                Some(difference).filter(|difference| !difference.is_nan())
            });
            let rank = self.spread(rank, &(0..before.len()), |run, unit| {
                let (before, after) = (before.ranks(run, slot)[unit], after.ranks(run, slot)[unit]);
                let both = before != UNRANKED && after != UNRANKED;
                both.then(|| f64::from(after) - f64::from(before))
            });
            Intervals { score, rank }
        };
        slots.map(of_slot).collect()
    }

    /// The ids of the elements in the order of [`Self::elements`].
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().rev().copied()
    }

    fn nominal_ranks(&self, slot: usize) -> &[Option<u32>] {
        &self.assessment.ranks[self.ids[slot]]
    }

    /// Mean and quantiles of what each unit has in these runs. Runs stand one after the other, so that they are read once for
    /// many units.
    fn spread(
        &self,
        nominal: Series,
        runs: &(impl Iterator<Item = usize> + Clone),
        value: impl Fn(usize, usize) -> Option<f64>,
    ) -> Spread {
        let mut mean = vec![f64::NAN; self.units];
        let mut quantiles = vec![vec![f64::NAN; self.units]; self.quantiles.len()];
        for first in (0..self.units).step_by(READ_AT_ONCE) {
            let mut columns = vec![Vec::new(); READ_AT_ONCE.min(self.units - first)];
            for run in runs.clone() {
                for (unit, column) in (first..).zip(&mut columns) {
                    column.extend(value(run, unit));
                }
            }
            for (unit, values) in (first..).zip(&mut columns) {
                if values.is_empty() {
                    continue;
                }
                mean[unit] = values.iter().sum::<f64>() / values.len() as f64;
                for ((_, share), quantiles) in self.quantiles.iter().zip(&mut quantiles) {
                    quantiles[unit] = quantile(values, *share).unwrap_or(f64::NAN);
                }
            }
        }
        self.spread_of(nominal, mean, quantiles)
    }

    /// The same of ranks, by how often each unit has each: they need not be sorted.
    fn spread_of_counts(&self, nominal: Series, counts: &[Vec<u32>]) -> Spread {
        let mean = counts.iter().map(|counts| mean_of_counts(counts).unwrap_or(f64::NAN));
        let quantiles = self.quantiles.iter().map(|(_, share)| {
            let of_unit = |counts: &Vec<u32>| quantile_of_counts(counts, *share).unwrap_or(f64::NAN);
            counts.iter().map(of_unit).collect()
        });
        self.spread_of(nominal, mean.collect(), quantiles.collect())
    }

    fn spread_of(&self, nominal: Series, mean: Vec<f64>, quantiles: Vec<Vec<f64>>) -> Spread {
        let names = self.quantiles.iter().map(|(name, _)| name.clone());
        Spread {
            nominal,
            mean: Series::from_numbers(mean),
            quantiles: names.zip(quantiles.into_iter().map(Series::from_numbers)).collect(),
        }
    }

    /// Whether tables of units by units are made.
    fn is_square(&self) -> bool {
        self.units <= MOST_IN_SQUARE
    }

    fn element(&self, runs: &Runs, slot: usize) -> ElementUncertainty {
        let counts = self.rank_counts(runs, slot);
        let Intervals { score, rank } = self.interval(runs, slot, counts.as_deref());
        let pairwise = (self.is_square() && !self.long).then(|| self.pairwise(runs, slot));
        ElementUncertainty {
            score,
            rank,
            sampling: None,
            method: None,
            rank_frequency: counts.map(rank_frequency),
            top: self.top(runs, slot),
            tier: pairwise
                .as_ref()
                .map(|pairwise| tiers(self.nominal_ranks(slot), pairwise)),
            pairwise,
        }
    }

    /// For each unit in how many runs it has each rank, from 1; `None` where the units are too many for such a table.
    fn rank_counts(&self, runs: &Runs, slot: usize) -> Option<Vec<Vec<u32>>> {
        if !self.is_square() {
            return None;
        }
        let ranks = self.groups.iter().map(Vec::len).max().unwrap_or(0);
        let mut counts = vec![vec![0_u32; ranks]; self.units];
        for run in 0..runs.len() {
            for (counts, &rank) in counts.iter_mut().zip(runs.ranks(run, slot)) {
                if rank != UNRANKED {
                    counts[rank as usize - 1] += 1;
                }
            }
        }
        Some(counts)
    }

    fn top(&self, runs: &Runs, slot: usize) -> IndexMap<String, Series> {
        let largest = self.groups.iter().map(Vec::len).max().unwrap_or(0);
        let first = |k: usize| {
            let mut counts = vec![(0_u32, 0_u32); self.units];
            for run in 0..runs.len() {
                for ((within, ranked), &rank) in counts.iter_mut().zip(runs.ranks(run, slot)) {
                    *within += u32::from(rank as usize <= k);
                    *ranked += u32::from(rank != UNRANKED);
                }
            }
            let probability = |(within, ranked)| (ranked > 0).then(|| f64::from(within) / f64::from(ranked));
            (k.to_string(), counts.into_iter().map(probability).collect())
        };
        self.top.iter().copied().filter(|k| *k < largest).map(first).collect()
    }

    /// Of the runs in which both units are ranked, the share in which the one of the row is above.
    fn pairwise(&self, runs: &Runs, slot: usize) -> Vec<Vec<f64>> {
        let units = self.units;
        let mut above = vec![0_u32; units * units];
        let mut both = vec![0_u32; units * units];
        let mut complete = 0;
        for run in 0..runs.len() {
            let ranks = runs.ranks(run, slot);
            if ranks.contains(&UNRANKED) {
                for (row, &own) in ranks.iter().enumerate().filter(|(_, rank)| **rank != UNRANKED) {
                    for (column, &other) in ranks.iter().enumerate().filter(|(_, rank)| **rank != UNRANKED) {
                        both[row * units + column] += 1;
                        above[row * units + column] += u32::from(own < other);
                    }
                }
                continue;
            }
            complete += 1;
            for (row, &own) in above.chunks_mut(units).zip(ranks) {
                for (count, &other) in row.iter_mut().zip(ranks) {
                    *count += u32::from(own < other);
                }
            }
        }
        let share = |(above, both): (&u32, &u32)| match complete + both {
            0 => 0.0,
            runs => f64::from(*above) / f64::from(runs),
        };
        let rows = above.chunks(units.max(1)).zip(both.chunks(units.max(1)));
        rows.map(|(above, both)| above.iter().zip(both).map(share).collect())
            .collect()
    }

    /// The index's scores, run by run.
    pub fn index_scores(&self, runs: &Runs) -> Vec<Series> {
        let index = self.ids.len() - 1;
        (0..runs.len())
            .map(|run| Series::from_numbers(runs.scores(run, index).to_vec()))
            .collect()
    }

    /// The mean absolute change of the index's ranks, run by run.
    pub fn rank_changes(&self, runs: &Runs) -> Vec<Option<f64>> {
        let index = self.ids.len() - 1;
        let nominal = self.nominal_ranks(index);
        (0..runs.len())
            .map(|run| rank_change(nominal, runs.ranks(run, index)))
            .collect()
    }
}

/// The mean absolute change of rank over the units that have both ranks.
pub(in crate::scoring) fn rank_change(nominal: &[Option<u32>], ranks: &[u32]) -> Option<f64> {
    let both = nominal
        .iter()
        .zip(ranks)
        .filter_map(|(nominal, rank)| Some(((*nominal)?, *rank)));
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (nominal, rank) in both.filter(|(_, rank)| *rank != UNRANKED) {
        sum += u64::from(nominal.abs_diff(rank));
        count += 1;
    }
    (count > 0).then(|| sum as f64 / count as f64)
}

/// The share of a unit's runs in which it has each rank.
fn rank_frequency(counts: Vec<Vec<u32>>) -> Vec<Vec<f64>> {
    let shares = |counts: Vec<u32>| {
        let ranked = f64::from(counts.iter().sum::<u32>().max(1));
        counts.into_iter().map(|count| f64::from(count) / ranked).collect()
    };
    counts.into_iter().map(shares).collect()
}

/// `p5` for 0.05, `p2.5` for 0.025.
fn name(share: f64) -> String {
    format!("p{}", (share * 1e6).round() / 1e4)
}

/// Going down the ranking, a unit stays in the tier while its first unit is above it with a probability under [`TIER`].
fn tiers(ranks: &[Option<u32>], pairwise: &[Vec<f64>]) -> Vec<Option<u32>> {
    let mut order: Vec<(u32, usize)> = ranks
        .iter()
        .enumerate()
        .filter_map(|(unit, rank)| Some(((*rank)?, unit)))
        .collect();
    order.sort_unstable();
    let mut tiers = vec![None; ranks.len()];
    let (mut first, mut tier) = (None, 0);
    for (_, unit) in order {
        if first.is_none_or(|first: usize| pairwise[first][unit] >= TIER) {
            first = Some(unit);
            tier += 1;
        }
        tiers[unit] = Some(tier);
    }
    tiers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_named_by_their_share() {
        assert_eq!(
            (name(0.05), name(0.025), name(0.95)),
            ("p5".into(), "p2.5".into(), "p95".into())
        );
    }

    #[test]
    fn a_tier_lasts_while_its_first_unit_is_not_surely_above() {
        let pairwise = vec![
            vec![0.0, 0.6, 0.97, 1.0],
            vec![0.4, 0.0, 0.9, 1.0],
            vec![0.03, 0.1, 0.0, 0.94],
            vec![0.0, 0.0, 0.06, 0.0],
        ];
        assert_eq!(
            tiers(&[Some(1), Some(2), Some(3), Some(4)], &pairwise),
            [Some(1), Some(1), Some(2), Some(2)]
        );
        assert_eq!(
            tiers(&[None, Some(1), None, None], &pairwise),
            [None, Some(1), None, None]
        );
    }
}
