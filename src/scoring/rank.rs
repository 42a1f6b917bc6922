//! Ranks of the units: 1 is the best score, ties take the smallest rank, a missing score has none.

use super::numbers::{Ascending, ties};

/// The ranks from the greatest value: it is 1.
pub(super) fn ranks_down(column: &[f64]) -> Vec<Option<u32>> {
    let sorted = Ascending::of(column);
    ranked(sorted.values().iter().rev(), column.len(), 1, |_| Some(0))
}

/// The ranks from the least value: it is 1.
pub(super) fn ranks_up(column: &[f64]) -> Vec<Option<u32>> {
    let sorted = Ascending::of(column);
    ranked(sorted.values().iter(), column.len(), 1, |_| Some(0))
}

/// The ranks from the best score within each group of rows (all rows, or those of one time).
pub(super) fn rank_within(groups: &[Vec<usize>], scores: &[f64]) -> Vec<Option<u32>> {
    rank_sorted(groups, &Ascending::of(scores))
}

/// The same of scores that are sorted already.
pub(super) fn rank_sorted(groups: &[Vec<usize>], scores: &Ascending) -> Vec<Option<u32>> {
    let mut group_of = vec![None; scores.units()];
    for (group, rows) in groups.iter().enumerate() {
        for row in rows {
            if let Some(slot) = group_of.get_mut(*row) {
                *slot = Some(group);
            }
        }
    }
    let group_of = |row: usize| group_of.get(row).copied().flatten();
    ranked(scores.values().iter().rev(), scores.units(), groups.len(), group_of)
}

/// The ranks of units that come in order, each within its group.
fn ranked<'a>(
    sorted: impl Iterator<Item = &'a (f64, usize)>,
    units: usize,
    groups: usize,
    group_of: impl Fn(usize) -> Option<usize>,
) -> Vec<Option<u32>> {
    let mut places = vec![Place::default(); groups];
    let mut ranks = vec![None; units];
    for &(value, unit) in sorted {
        let place = group_of(unit).and_then(|group| places.get_mut(group));
        if let (Some(place), Some(rank)) = (place, ranks.get_mut(unit)) {
            *rank = Some(place.rank(value));
        }
    }
    ranks
}

/// How far the ranking of a group has come.
#[derive(Clone, Default)]
struct Place {
    ranked: u32,
    /// The first of those that tie, with its rank.
    leader: Option<(f64, u32)>,
}

impl Place {
    /// The rank of the value that comes next.
    fn rank(&mut self, value: f64) -> u32 {
        self.ranked += 1;
        match self.leader {
            Some((first, rank)) if ties(first, value) => rank,
            _ => {
                self.leader = Some((value, self.ranked));
                self.ranked
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_take_the_smallest_rank_and_missing_takes_none() {
        let ranks = ranks_down(&[5.0, 7.0, f64::NAN, 5.0 + 1e-13, 1.0]);
        assert_eq!(ranks, [Some(2), Some(1), None, Some(2), Some(4)]);
        let ranks = ranks_up(&[5.0, 7.0, f64::NAN, 5.0 + 1e-13, 1.0]);
        assert_eq!(ranks, [Some(2), Some(4), None, Some(2), Some(1)]);
    }

    #[test]
    fn the_highest_score_of_its_time_is_first() {
        let groups = [vec![0, 2], vec![1, 3]];
        assert_eq!(
            rank_within(&groups, &[1.0, 5.0, 2.0, f64::NAN]),
            [Some(2), Some(1), Some(1), None]
        );
    }
}
