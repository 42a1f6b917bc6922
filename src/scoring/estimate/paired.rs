//! Drawing the respondents of two rounds again, together: an organisation in both gets the same draws.
//!
//! Of the organisations of a stratum in both rounds p are the same, out of n₁ and n₂ that answered. Each round draws
//! n - 1 with replacement, as it would alone ([`Resample`]). How many of these draws fall on the p follows in both rounds
//! from one uniform number, by the quantiles of the two binomial distributions; as many of them as both rounds have are the
//! same organisations, the others and those outside of the p are drawn apart. So each round's draws are distributed as
//! if it were alone, and with n₁ = n₂ = n the covariance of two means is p/n² times the panel's covariance, which is that of
//! two samples that overlap; for n₁ ≠ n₂ it is slightly smaller, so that intervals are rather too wide.
//! Bootstrapping of overlapping samples by common draws: G. Roberts, M. Kovačević, H. Mantel and O. Phillips, Cross
//! sectional inference based on longitudinal surveys (Statistics Canada, 2001).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, strata and rows are counted once, when the rounds are put together"
)]

use std::collections::{HashMap, HashSet};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::resample::Resample;
use super::strata::{Stratum, draw_alone};
use crate::scoring::framework::Framework;
use crate::scoring::series::Series;
use crate::scoring::table::Table;

/// Something that respondents are drawn again for: the indicators' columns of each replicate.
pub trait Replicates: Sync {
    /// The columns of one replicate, in the framework's order.
    fn replicate(&self, random: &mut ChaCha8Rng) -> Vec<Vec<f64>>;
}

impl Replicates for Resample {
    fn replicate(&self, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let (weights, _) = self.weights_under(&self.draw(random));
        self.estimate_widened(&weights)
    }
}

/// How many organisations of a unit answered in two rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// The responses of the earlier round.
    pub old: usize,
    /// The responses of this round.
    pub new: usize,
    /// Organisations that answered the same survey in both, known by their credit code.
    pub both: usize,
    /// Those of them whose draws are the same in both rounds: they are of one stratum. Strata that answered completely are
    /// not drawn at all.
    pub drawn_together: usize,
    /// Organisations in both, out of the responses of this round, 0 to 1; none where nobody answered.
    pub share: Option<f64>,
}

/// The respondents of two rounds, ready to be drawn together.
#[derive(Debug)]
pub struct Paired<'a> {
    new: &'a Resample,
    old: &'a Resample,
    /// The respondents that are one organisation: the earlier and the later one.
    matched: Vec<(usize, usize)>,
    together: Vec<Together>,
    /// The strata that have no counterpart.
    old_alone: Vec<usize>,
    new_alone: Vec<usize>,
}

/// A stratum in both rounds.
#[derive(Debug)]
struct Together {
    old: Side,
    new: Side,
}

impl Together {
    /// Draws both rounds' respondents.
    fn draw(&self, old: &mut [u32], new: &mut [u32], random: &mut ChaCha8Rng) {
        let quantile: f64 = random.random();
        let (before, after) = (self.old.on_panel(quantile), self.new.on_panel(quantile));
        let shared = before.min(after);
        for _ in 0..shared {
            let drawn = random.random_range(0..self.old.panel.len());
            old[self.old.panel[drawn]] += 1;
            new[self.new.panel[drawn]] += 1;
        }
        self.old.draw_rest(before, shared, old, random);
        self.new.draw_rest(after, shared, new, random);
    }
}

/// A stratum in one of the rounds.
#[derive(Debug)]
struct Side {
    /// The organisations in both rounds; the two sides have them in the same order.
    panel: Vec<usize>,
    others: Vec<usize>,
}

impl Side {
    fn new(stratum: &Stratum, panel: Vec<usize>) -> Self {
        let known: HashSet<usize> = panel.iter().copied().collect();
        let others = stratum
            .members
            .clone()
            .filter(|member| !known.contains(member))
            .collect();
        Self { panel, others }
    }

    /// How many draws the stratum takes.
    fn draws(&self) -> usize {
        self.panel.len() + self.others.len() - 1
    }

    /// How many draws fall on the panel, at this quantile.
    fn on_panel(&self, quantile: f64) -> usize {
        let n = self.panel.len() + self.others.len();
        binomial_quantile(self.draws(), self.panel.len() as f64 / n as f64, quantile)
    }

    fn draw_rest(&self, on_panel: usize, shared: usize, times: &mut [u32], random: &mut ChaCha8Rng) {
        for _ in shared..on_panel {
            times[self.panel[random.random_range(0..self.panel.len())]] += 1;
        }
        for _ in on_panel..self.draws() {
            times[self.others[random.random_range(0..self.others.len())]] += 1;
        }
    }
}

impl<'a> Paired<'a> {
    /// Joins the respondents of this round and of an earlier one by survey and credit code.
    pub fn new(new: &'a Resample, old: &'a Resample) -> Self {
        let mut place: HashMap<(&str, &str), usize> = HashMap::new();
        for (at, organisation) in old.organisations().enumerate() {
            if let Some(organisation) = organisation {
                place.entry(organisation).or_insert(at);
            }
        }
        let mut matched = Vec::new();
        for (at, organisation) in new.organisations().enumerate() {
            // Taken out, so that of two responses of one organisation only the first is joined.
            if let Some(before) = organisation.and_then(|organisation| place.remove(&organisation)) {
                matched.push((before, at));
            }
        }
        let mut counts: HashMap<(usize, usize), Vec<(usize, usize)>> = HashMap::new();
        for &(before, after) in &matched {
            if let (Some(one), Some(other)) = (old.stratum_of(before), new.stratum_of(after)) {
                counts.entry((one, other)).or_default().push((before, after));
            }
        }
        // Each stratum has one counterpart: the one that it has most organisations in common with.
        let mut by_size: Vec<_> = counts.into_iter().collect();
        by_size.sort_by(|(one, some), (other, more)| more.len().cmp(&some.len()).then_with(|| one.cmp(other)));
        let (mut old_alone, mut new_alone) = (vec![true; old.strata().len()], vec![true; new.strata().len()]);
        let mut together = Vec::new();
        for ((before, after), mut members) in by_size {
            if !(old_alone[before] && new_alone[after]) {
                continue;
            }
            (old_alone[before], new_alone[after]) = (false, false);
            members.sort_unstable();
            let (olds, news) = members.into_iter().unzip();
            together.push((
                (before, after),
                Together {
                    old: Side::new(&old.strata()[before], olds),
                    new: Side::new(&new.strata()[after], news),
                },
            ));
        }
        together.sort_by_key(|(strata, _)| *strata);
        let positions = |alone: Vec<bool>| (0..alone.len()).filter(|at| alone[*at]).collect();
        Self {
            new,
            old,
            matched,
            together: together.into_iter().map(|(_, together)| together).collect(),
            old_alone: positions(old_alone),
            new_alone: positions(new_alone),
        }
    }

    /// How often each respondent of the earlier and of this round is drawn.
    fn draw(&self, random: &mut ChaCha8Rng) -> (Vec<u32>, Vec<u32>) {
        let mut old = vec![0; self.old.respondents()];
        let mut new = vec![0; self.new.respondents()];
        for stratum in &self.together {
            stratum.draw(&mut old, &mut new, random);
        }
        for &stratum in &self.old_alone {
            draw_alone(&self.old.strata()[stratum], &mut old, random);
        }
        for &stratum in &self.new_alone {
            draw_alone(&self.new.strata()[stratum], &mut new, random);
        }
        (old, new)
    }

    /// The overlap of units, given by their rows in the earlier and in this round.
    pub fn overlap(&self, rows: impl Iterator<Item = (usize, usize)>) -> Vec<Overlap> {
        let shared: Vec<(usize, usize)> = self
            .together
            .iter()
            .flat_map(|it| it.old.panel.iter().copied().zip(it.new.panel.iter().copied()))
            .collect();
        let of_unit = |pairs: &[(usize, usize)], row: usize| {
            pairs.iter().filter(|(_, new)| self.new.unit_of(*new) == row).count()
        };
        rows.map(|(old, new)| {
            let responses = self.new.members_of_unit(new);
            let both = of_unit(&self.matched, new);
            Overlap {
                old: self.old.members_of_unit(old),
                new: responses,
                both,
                drawn_together: of_unit(&shared, new),
                share: (responses > 0).then(|| both as f64 / responses as f64),
            }
        })
        .collect()
    }
}

/// The columns of two rounds, one after the other: this round's units, then the earlier one's.
pub struct BothRounds<'a> {
    paired: &'a Paired<'a>,
    /// What the figures of each indicator and row are multiplied by.
    scaling: Option<Vec<Vec<f64>>>,
    panel: Option<PanelOnly>,
}

/// Who is in both rounds, and which figures are too thin without the others.
struct PanelOnly {
    old: Vec<bool>,
    new: Vec<bool>,
    thin: Vec<Vec<bool>>,
}

impl<'a> BothRounds<'a> {
    /// Of all respondents.
    pub fn all(paired: &'a Paired<'a>, scaling: Option<Vec<Vec<f64>>>) -> Self {
        Self {
            paired,
            scaling,
            panel: None,
        }
    }

    /// Of the organisations that are in both rounds. What does not come from answers stays as it is.
    pub fn panel(paired: &'a Paired<'a>, scaling: Option<Vec<Vec<f64>>>) -> Self {
        let mut old = vec![false; paired.old.respondents()];
        let mut new = vec![false; paired.new.respondents()];
        for &(before, after) in &paired.matched {
            old[before] = true;
            new[after] = true;
        }
        let (now, then) = (paired.new.thin(&new), paired.old.thin(&old));
        let thin = now
            .into_iter()
            .zip(then)
            .map(|(now, then)| [now, then].concat())
            .collect();
        Self {
            paired,
            scaling,
            panel: Some(PanelOnly { old, new, thin }),
        }
    }

    /// A table like `like` with the figures of the respondents as they are.
    pub fn table(&self, framework: &Framework, like: &Table) -> Table {
        let (new, old) = (self.paired.new, self.paired.old);
        let columns = self.columns(new.weights().to_vec(), old.weights().to_vec());
        let indicators = framework.indicators().zip(columns);
        indicators.fold(like.clone(), |table, ((_, element, indicator), column)| {
            let name = indicator.column(&element.id).to_owned();
            table.with_numbers(name, &Series::from_numbers(column))
        })
    }

    fn columns(&self, mut new: Vec<f64>, mut old: Vec<f64>) -> Vec<Vec<f64>> {
        if let Some(panel) = &self.panel {
            let leave_out = |weights: &mut [f64], stays: &[bool]| {
                for (weight, stays) in weights.iter_mut().zip(stays) {
                    *weight *= f64::from(u8::from(*stays));
                }
            };
            leave_out(&mut new, &panel.new);
            leave_out(&mut old, &panel.old);
        }
        // Of a panel the sample has other figures.
        let estimate = match self.panel {
            Some(_) => Resample::estimate,
            None => Resample::estimate_widened,
        };
        let (now, then) = (estimate(self.paired.new, &new), estimate(self.paired.old, &old));
        let mut columns: Vec<Vec<f64>> = now
            .into_iter()
            .zip(then)
            .map(|(now, then)| [now, then].concat())
            .collect();
        for (column, factors) in columns.iter_mut().zip(self.scaling.iter().flatten()) {
            column
                .iter_mut()
                .zip(factors)
                .for_each(|(value, factor)| *value *= factor);
        }
        for (column, thin) in columns.iter_mut().zip(self.panel.iter().flat_map(|panel| &panel.thin)) {
            let hidden = column.iter_mut().zip(thin).filter(|(_, thin)| **thin);
            hidden.for_each(|(value, _)| *value = f64::NAN);
        }
        columns
    }
}

impl Replicates for BothRounds<'_> {
    fn replicate(&self, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let (old, new) = self.paired.draw(random);
        let (new, _) = self.paired.new.weights_under(&new);
        let (old, _) = self.paired.old.weights_under(&old);
        self.columns(new, old)
    }
}

/// The least k for which the binomial distribution of n trials reaches this quantile.
fn binomial_quantile(n: usize, share: f64, quantile: f64) -> usize {
    if share >= 1.0 {
        return n;
    }
    if share <= 0.0 {
        return 0;
    }
    // In logarithms: (1 - share)^n of a large stratum is below the least number.
    let odds = share.ln() - (-share).ln_1p();
    let mut logarithm = n as f64 * (-share).ln_1p();
    let mut reached = logarithm.exp();
    for k in 0..n {
        if reached >= quantile {
            return k;
        }
        logarithm += odds + ((n - k) as f64 / (k + 1) as f64).ln();
        reached += logarithm.exp();
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::uncertainty::{Purpose, random};

    /// A stratum of which `panel` organisations answered in both rounds and others in one.
    fn together(panel: usize, old: usize, new: usize) -> Together {
        let side = |n: usize| Side {
            panel: (0..panel).collect(),
            others: (panel..n).collect(),
        };
        Together {
            old: side(old),
            new: side(new),
        }
    }

    /// What the members say: the mean is 0 in the panel and outside of it, so that who is in it makes no difference.
    fn values(panel: usize, n: usize, round: usize) -> Vec<f64> {
        let value = |member: usize| ((member * 61 % 17) as f64) + ((member * 13 + round * 7) % 5) as f64;
        let mut values: Vec<f64> = (0..n).map(value).collect();
        let (inside, outside) = values.split_at_mut(panel);
        for part in [inside, outside] {
            let mean = part.iter().sum::<f64>() / part.len().max(1) as f64;
            for value in part {
                *value -= mean;
            }
        }
        values
    }

    /// Over many replicates the variance of each round's mean, and their covariance.
    fn moments(stratum: &Together, old: &[f64], new: &[f64]) -> (f64, f64, f64) {
        let replicates = 20_000;
        let mut sums = (0.0, 0.0, 0.0);
        for replicate in 0..replicates {
            let mut random = random(3, Purpose::Respondents, replicate);
            let (mut then, mut now) = (vec![0; old.len()], vec![0; new.len()]);
            stratum.draw(&mut then, &mut now, &mut random);
            let mean = |values: &[f64], times: &[u32]| {
                let drawn: u32 = times.iter().sum();
                assert_eq!(drawn as usize, values.len() - 1);
                let sum: f64 = values
                    .iter()
                    .zip(times)
                    .map(|(value, times)| value * f64::from(*times))
                    .sum();
                sum / f64::from(drawn)
            };
            let (before, after) = (mean(old, &then), mean(new, &now));
            sums = (
                sums.0 + before * before,
                sums.1 + after * after,
                sums.2 + before * after,
            );
        }
        let n = replicates as f64;
        (sums.0 / n, sums.1 / n, sums.2 / n)
    }

    #[test]
    fn each_round_is_drawn_as_it_would_be_alone_and_the_two_vary_together_as_overlapping_samples_do() {
        for (panel, n_old, n_new, tolerance) in [(20, 30, 30, 0.05), (20, 30, 45, 0.08), (0, 30, 30, 0.0)] {
            let (old, new) = (values(panel, n_old, 0), values(panel, n_new, 1));
            let (before, after, both) = moments(&together(panel, n_old, n_new), &old, &new);
            let variance = |values: &[f64]| {
                values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64 / (values.len() - 1) as f64
            };
            assert!(
                (before / variance(&old) - 1.0).abs() < 0.05,
                "{before} {}",
                variance(&old)
            );
            assert!(
                (after / variance(&new) - 1.0).abs() < 0.05,
                "{after} {}",
                variance(&new)
            );
            let products: f64 = old.iter().zip(&new).take(panel).map(|(old, new)| old * new).sum();
            if panel == 0 {
                assert!(both.abs() < 0.05 * before, "{both}");
                continue;
            }
            // p / (n₁ n₂) times the panel's covariance, with n - 1.
            let expected = panel as f64 * products / (panel - 1) as f64 / (n_old * n_new) as f64;
            assert!((both / expected - 1.0).abs() < tolerance, "{both} is not {expected}");
        }
    }

    #[test]
    fn where_everybody_answered_twice_the_draws_are_the_same() {
        let stratum = together(12, 12, 12);
        for replicate in 0..50 {
            let (mut old, mut new) = (vec![0; 12], vec![0; 12]);
            stratum.draw(&mut old, &mut new, &mut random(1, Purpose::Respondents, replicate));
            assert_eq!(old, new);
        }
    }

    #[test]
    fn quantiles_of_a_binomial_distribution() {
        // 1, 4, 6, 4, 1 of 16.
        let found: Vec<usize> = [0.01, 0.07, 0.31, 0.32, 0.68, 0.69, 0.93, 0.94, 0.999]
            .into_iter()
            .map(|quantile| binomial_quantile(4, 0.5, quantile))
            .collect();
        assert_eq!(found, [0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!((binomial_quantile(9, 0.0, 0.5), binomial_quantile(9, 1.0, 0.5)), (0, 9));
        assert_eq!(binomial_quantile(50_000, 0.5, 0.5), 25_000);
    }
}
