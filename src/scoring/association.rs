//! How strongly two columns go together: Pearson's r, Spearman's rho and Kendall's tau-b, over the units that have both.
//!
//! Three units with both values are needed, and neither column may be constant over them; else there is no figure. In
//! rank correlations values tie where they are equal to the last bit, as in R and scipy, so that they are those of COINr.

#![allow(
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a numeric kernel: ranks are counted from the column that they index, and ties are exact"
)]

use super::numbers::{Deviations, count, is_constant};

/// A column as deviations from its mean, 0 where there is no value.
struct Spread {
    deviations: Vec<f64>,
    squares: f64,
}

impl Spread {
    /// `None` where the values that are there do not vary or are too few.
    fn of(values: &[f64]) -> Option<Self> {
        let of = Deviations::of(values).filter(|_| count(values) >= FEWEST && !is_constant(values))?;
        let deviation = |value: &f64| if value.is_nan() { 0.0 } else { of.deviation(*value) };
        let deviations: Vec<f64> = values.iter().map(deviation).collect();
        let squares = dot(&deviations, &deviations);
        Some(Self { deviations, squares })
    }

    /// Pearson's r; exactly 1 with itself, since the root of a square is exact.
    fn correlation(&self, other: &Self) -> Option<f64> {
        let r = dot(&self.deviations, &other.deviations) / (self.squares * other.squares).sqrt();
        r.is_finite().then(|| r.clamp(-1.0, 1.0))
    }

    /// What is left of the sums without some units.
    fn without(&self, units: &[usize]) -> Sums {
        let lost = units.iter().map(|&unit| self.deviations[unit]);
        let (sum, squares) = lost.fold((0.0, 0.0), |(sum, squares), lost| (sum + lost, squares + lost * lost));
        Sums {
            sum: -sum,
            squares: self.squares - squares,
        }
    }
}

/// Sums over some of the deviations of a column, which over all of them sum to 0.
struct Sums {
    sum: f64,
    squares: f64,
}

impl Sums {
    /// The squares about the mean of the `n` units that they are over. `None` where little is left of the squares `of` all:
    /// then it has lost digits.
    fn about_mean(&self, n: f64, of: f64) -> Option<f64> {
        Some(self.squares - self.sum * self.sum / n).filter(|left| *left > of / 16.0)
    }
}

/// Pearson's correlation over the units that have both values; `None` where one of the columns does not vary over them.
pub(super) fn pearson(one: &[f64], other: &[f64]) -> Option<f64> {
    let both = one.iter().zip(other).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
    Spread::of(&x)?.correlation(&Spread::of(&y)?)
}

/// A column made ready for Pearson's correlation with many others.
pub(super) struct Centred<'a> {
    pub(super) values: &'a [f64],
    spread: Option<Spread>,
    /// The units without a value.
    holes: Vec<usize>,
}

impl<'a> Centred<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self {
            values,
            spread: Spread::of(values),
            holes: (0..values.len()).filter(|&unit| values[unit].is_nan()).collect(),
        }
    }

    /// How many units have both values.
    pub(super) fn common(&self, other: &Self) -> usize {
        let only_here = other.holes.iter().filter(|&&unit| !self.values[unit].is_nan());
        self.values.len() - self.holes.len() - only_here.count()
    }

    /// Pearson's correlation over the units that have both values: the sums over all units less those over the holes of the
    /// other column, where that keeps its digits.
    pub(super) fn pearson(&self, other: &Self) -> Option<f64> {
        let (one, two) = (self.spread.as_ref()?, other.spread.as_ref()?);
        let n = Some(self.common(other)).filter(|n| *n >= FEWEST)? as f64;
        let (of_one, of_two) = (one.without(&other.holes), two.without(&self.holes));
        let squares = of_one.about_mean(n, one.squares).zip(of_two.about_mean(n, two.squares));
        let Some((squares_of_one, squares_of_two)) = squares else {
            return pearson(self.values, other.values);
        };
        let products = dot(&one.deviations, &two.deviations) - of_one.sum * of_two.sum / n;
        Some((products / (squares_of_one * squares_of_two).sqrt()).clamp(-1.0, 1.0))
    }
}

/// The sum of products, in eight sums side by side and so in the same order everywhere.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (chunks, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest: f64 = chunks
        .remainder()
        .iter()
        .zip(others.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in chunks.zip(others) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The fewest units with both values.
const FEWEST: usize = 3;

/// No value.
const ABSENT: u32 = u32::MAX;

/// A column as dense ranks: 0 for the least value, the same for ties.
pub(super) struct Ranked {
    dense: Vec<u32>,
    groups: usize,
}

impl Ranked {
    pub(super) fn new(column: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..column.len()).filter(|&unit| !column[unit].is_nan()).collect();
        order.sort_unstable_by(|&one, &other| column[one].total_cmp(&column[other]).then(one.cmp(&other)));
        let mut dense = vec![ABSENT; column.len()];
        let mut leader = None;
        let mut group = 0;
        for unit in order {
            match leader {
                Some(value) if value == column[unit] => {}
                None => leader = Some(column[unit]),
                Some(_) => {
                    leader = Some(column[unit]);
                    group += 1;
                }
            }
            dense[unit] = group;
        }
        let groups = leader.map_or(0, |_| group as usize + 1);
        Self { dense, groups }
    }
}

/// The dense ranks of the units that have both values.
fn pairs<'a>(one: &'a Ranked, other: &'a Ranked) -> impl Iterator<Item = (u32, u32)> + 'a {
    let both = one.dense.iter().copied().zip(other.dense.iter().copied());
    both.filter(|&(x, y)| x != ABSENT && y != ABSENT)
}

/// Spearman's rank correlation: Pearson's r of the ranks, where ties share the mean of theirs.
pub(super) fn spearman(one: &Ranked, other: &Ranked) -> Option<f64> {
    let (mut of_one, mut of_other) = (vec![0_u32; one.groups], vec![0_u32; other.groups]);
    for (x, y) in pairs(one, other) {
        of_one[x as usize] += 1;
        of_other[y as usize] += 1;
    }
    let (of_one, of_other) = (mean_ranks(&of_one), mean_ranks(&of_other));
    let (x, y): (Vec<f64>, Vec<f64>) = pairs(one, other)
        .map(|(x, y)| (of_one[x as usize], of_other[y as usize]))
        .unzip();
    pearson(&x, &y)
}

/// The mean rank of each group of ties, from how many are in it.
fn mean_ranks(counts: &[u32]) -> Vec<f64> {
    let mut before = 0.0;
    counts
        .iter()
        .map(|&count| {
            let rank = before + f64::midpoint(f64::from(count), 1.0);
            before += f64::from(count);
            rank
        })
        .collect()
}

/// Kendall's tau-b, which takes account of ties, in n log n steps (Knight 1966, JASA 61:436).
pub(super) fn kendall(one: &Ranked, other: &Ranked) -> Option<f64> {
    let mut both: Vec<(u32, u32)> = pairs(one, other).collect();
    if both.len() < FEWEST {
        return None;
    }
    both.sort_unstable();
    let tied_in_one = tied_pairs(both.iter().map(|pair| pair.0));
    let tied_in_both = tied_pairs(both.iter().copied());
    let mut y: Vec<u32> = both.iter().map(|pair| pair.1).collect();
    let mut buffer = y.clone();
    let discordant = exchanges(&mut y, &mut buffer);
    let tied_in_other = tied_pairs(y.iter().copied());
    let all = pairs_among(both.len() as u64);
    let (free_one, free_other) = (all - tied_in_one, all - tied_in_other);
    if free_one == 0 || free_other == 0 {
        return None;
    }
    let concordant_less_discordant =
        (all + tied_in_both) as f64 - (tied_in_one + tied_in_other) as f64 - 2.0 * discordant as f64;
    let tau = concordant_less_discordant / (free_one as f64 * free_other as f64).sqrt();
    Some(tau.clamp(-1.0, 1.0))
}

fn pairs_among(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// How many pairs of a sorted sequence are equal.
fn tied_pairs<T: PartialEq>(sorted: impl Iterator<Item = T>) -> u64 {
    let (mut total, mut run, mut last) = (0, 0, None);
    for item in sorted {
        if last.as_ref() == Some(&item) {
            run += 1;
        } else {
            total += pairs_among(run);
            run = 1;
            last = Some(item);
        }
    }
    total + pairs_among(run)
}

/// Sorts, and counts the pairs that stood the wrong way round: a merge sort.
fn exchanges(values: &mut [u32], buffer: &mut [u32]) -> u64 {
    let middle = values.len() / 2;
    if middle == 0 {
        return 0;
    }
    let (left, right) = values.split_at_mut(middle);
    let (left_buffer, right_buffer) = buffer.split_at_mut(middle);
    let mut count = exchanges(left, left_buffer) + exchanges(right, right_buffer);
    let (mut i, mut j) = (0, 0);
    for slot in buffer.iter_mut() {
        let from_left = j == right.len() || (i < left.len() && left[i] <= right[j]);
        if from_left {
            *slot = left[i];
            i += 1;
        } else {
            *slot = right[j];
            j += 1;
            count += (left.len() - i) as u64;
        }
    }
    values.copy_from_slice(buffer);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn both(x: &[f64], y: &[f64]) -> (Option<f64>, Option<f64>) {
        let (x, y) = (Ranked::new(x), Ranked::new(y));
        (spearman(&x, &y), kendall(&x, &y))
    }

    /// Kendall's tau-b by its definition, pair by pair.
    fn by_definition(x: &[f64], y: &[f64]) -> f64 {
        let (mut balance, mut free_x, mut free_y) = (0.0, 0.0, 0.0);
        for i in 0..x.len() {
            for j in 0..i {
                let (dx, dy) = (x[i] - x[j], y[i] - y[j]);
                balance += if dx * dy == 0.0 { 0.0 } else { (dx * dy).signum() };
                free_x += f64::from(u8::from(dx != 0.0));
                free_y += f64::from(u8::from(dy != 0.0));
            }
        }
        balance / f64::sqrt(free_x * free_y)
    }

    #[test]
    fn ranks_with_ties_correlate_as_their_definitions_say() {
        let x: Vec<f64> = (0..60).map(|unit| f64::from(unit * 37 % 11)).collect();
        let y: Vec<f64> = (0..60).map(|unit| f64::from(unit * unit % 13)).collect();
        let (rho, tau) = both(&x, &y);
        assert!((tau.unwrap() - by_definition(&x, &y)).abs() < 1e-14);
        assert!(rho.unwrap().abs() < 1.0);
        let cubes: Vec<f64> = x.iter().map(|value| value.powi(3)).collect();
        let (rho, tau) = both(&x, &cubes);
        assert!((rho.unwrap() - 1.0).abs() < 1e-12 && (tau.unwrap() - 1.0).abs() < 1e-12);
        let down: Vec<f64> = x.iter().map(|value| -value).collect();
        assert!((both(&x, &down).1.unwrap() + 1.0).abs() < 1e-12);
    }

    #[test]
    fn only_units_with_both_values_count_and_their_ranks_are_among_themselves() {
        let found = both(&[1.0, 9.0, MISSING, 2.0, 3.0], &[5.0, MISSING, 0.0, 6.0, 4.0]);
        assert_eq!(found, both(&[1.0, 2.0, 3.0], &[5.0, 6.0, 4.0]));
        assert!((found.0.unwrap() + 0.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn many_correlations_at_once_are_the_same_as_each_alone() {
        let columns: Vec<Vec<f64>> = (1..5_u32)
            .map(|seed| (0..37_u32).map(|unit| f64::from(unit * unit * seed % 41)).collect())
            .collect();
        let mut with_hole = columns[0].clone();
        with_hole[3] = MISSING;
        let all: Vec<&[f64]> = columns
            .iter()
            .map(Vec::as_slice)
            .chain([with_hole.as_slice(), &[2.0; 37]])
            .collect();
        for one in &all {
            for other in &all {
                let (found, alone) = (Centred::new(one).pearson(&Centred::new(other)), pearson(one, other));
                assert_eq!(found.is_some(), alone.is_some());
                assert!(
                    found
                        .zip(alone)
                        .is_none_or(|(found, alone)| (found - alone).abs() < 1e-14)
                );
            }
        }
    }

    #[test]
    fn what_correlates_with_itself_does_so_exactly() {
        for n in 3..40_u32 {
            let x: Vec<f64> = (0..n).map(|unit| f64::from(unit * unit % 17) / 3.0).collect();
            let (rho, tau) = both(&x, &x);
            let r = Centred::new(&x).pearson(&Centred::new(&x));
            assert_eq!(
                (pearson(&x, &x), r, rho, tau),
                (Some(1.0), Some(1.0), Some(1.0), Some(1.0))
            );
        }
    }

    #[test]
    fn a_column_that_does_not_vary_correlates_with_nothing() {
        assert_eq!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(pearson(&[1.0, 1.0 + 1e-14, 1.0], &[1.0, 2.0, 3.0]), None);
        let r = pearson(&[1.0, 2.0, 3.0, MISSING], &[2.0, 4.0, 6.0, 0.0]);
        assert!((r.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constant_or_too_short_columns_have_no_figure() {
        assert_eq!(both(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), (None, None));
        assert_eq!(both(&[1.0, 2.0], &[1.0, 2.0]), (None, None));
        assert_eq!(both(&[], &[]), (None, None));
    }
}
