//! Ranks of the units: 1 is the best score, ties take the smallest rank, a missing score has none.

use super::numbers::ranks;

/// The ranks within each group of rows (all rows, or those of one time).
pub(super) fn rank_within(groups: &[Vec<usize>], scores: &[f64]) -> Vec<Option<u32>> {
    let mut all = vec![None; scores.len()];
    for rows in groups {
        let column: Vec<f64> = rows
            .iter()
            .map(|&row| scores.get(row).copied().unwrap_or(f64::NAN))
            .collect();
        for (&row, rank) in rows.iter().zip(ranks(&column, |one, other| other.total_cmp(one))) {
            if let Some(slot) = all.get_mut(row) {
                *slot = rank;
            }
        }
    }
    all
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
