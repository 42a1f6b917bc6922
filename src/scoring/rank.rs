//! Ranks of the units: 1 is the best score, ties take the smallest rank, a missing score has none.

use super::numbers::{Ascending, ties};

/// The ranks within each group of rows (all rows, or those of one time).
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
    let mut places = vec![Place::default(); groups.len()];
    let mut ranks = vec![None; scores.units()];
    for &(score, row) in scores.values().iter().rev() {
        let group = group_of.get(row).copied().flatten();
        if let (Some(place), Some(rank)) = (group.and_then(|group| places.get_mut(group)), ranks.get_mut(row)) {
            *rank = Some(place.rank(score));
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
    /// The rank of the next lower score.
    fn rank(&mut self, score: f64) -> u32 {
        self.ranked += 1;
        match self.leader {
            Some((first, rank)) if ties(first, score) => rank,
            _ => {
                self.leader = Some((score, self.ranked));
                self.ranked
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_of_its_time_is_first() {
        let groups = [vec![0, 2], vec![1, 3]];
        assert_eq!(
            rank_within(&groups, &[1.0, 5.0, 2.0, f64::NAN]),
            [Some(2), Some(1), Some(1), None]
        );
    }
}
