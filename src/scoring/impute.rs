//! Filling in missing values.
//!
//! A cell that has nothing to be filled from stays missing, and is noted.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows come from the frame, which covers the columns"
)]

use std::collections::BTreeMap;

use super::em;
use super::error::ScoringError;
use super::note::{Note, NoteCode, Notes};
use super::numbers::{extremes, is_constant, mean, median};
use super::options::ImputeMethod;

/// What imputation may look at beside the column itself.
pub(super) struct Surroundings<'a> {
    /// The units' ids.
    pub units: &'a [String],
    /// The group of each unit, where a group column was named.
    pub groups: Option<Vec<Option<String>>>,
    /// For long tables: the time of each row.
    pub times: Option<&'a [f64]>,
    /// The rows that share one frame.
    pub frames: &'a [Vec<usize>],
    /// The indicators of each parent.
    pub siblings: Vec<Siblings<'a>>,
    /// Per column 1, or -1 where less is better.
    pub directions: Vec<f64>,
}

/// The indicators of one parent.
pub(super) struct Siblings<'a> {
    pub parent: &'a str,
    /// The positions of their columns.
    pub columns: Vec<usize>,
}

/// Fills in the missing values of all columns.
///
/// # Errors
/// Where the method cannot be used on these columns.
pub(super) fn impute(
    method: ImputeMethod,
    names: &[String],
    columns: &mut [Vec<f64>],
    around: &Surroundings<'_>,
    notes: &mut Notes,
) -> Result<(), ScoringError> {
    match method {
        ImputeMethod::None => return Ok(()),
        ImputeMethod::RowMean => row_mean(columns, around),
        ImputeMethod::Em => conditional_means(columns, around)?,
        ImputeMethod::Latest | ImputeMethod::Linear => {
            for column in columns.iter_mut() {
                over_time(method, column, around);
            }
        }
        ImputeMethod::Mean | ImputeMethod::Median | ImputeMethod::GroupMean | ImputeMethod::GroupMedian => {
            for column in columns.iter_mut() {
                from_units(method, column, around);
            }
        }
    }
    for (name, column) in names.iter().zip(columns.iter()) {
        let missing: Vec<String> = column
            .iter()
            .zip(around.units)
            .filter(|(value, _)| value.is_nan())
            .map(|(_, unit)| unit.clone())
            .collect();
        if !missing.is_empty() && missing.len() < column.len() {
            notes.push(
                Note::new(NoteCode::NotImputed, "could not be imputed: nothing to impute from")
                    .of(name)
                    .at(missing),
            );
        }
    }
    Ok(())
}

fn from_units(method: ImputeMethod, column: &mut [f64], around: &Surroundings<'_>) {
    let middle: fn(&[f64]) -> Option<f64> = match method {
        ImputeMethod::Median | ImputeMethod::GroupMedian => median,
        _ => mean,
    };
    for rows in around.frames {
        let mut groups: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            let group = match &around.groups {
                None => Some(""),
                Some(groups) => groups[row].as_deref(),
            };
            groups.entry(group).or_default().push(row);
        }
        // A unit without a group has no group to be imputed from.
        for (_, rows) in groups.into_iter().filter(|(group, _)| group.is_some()) {
            let values: Vec<f64> = rows.iter().map(|&row| column[row]).collect();
            if let Some(filler) = middle(&values) {
                for row in rows {
                    if column[row].is_nan() {
                        column[row] = filler;
                    }
                }
            }
        }
    }
}

/// Where an indicator lies in a row mean.
enum Scale {
    /// From the worst to the best.
    Between { worst: f64, best: f64 },
    /// All units are equal, wherever they are among the others.
    Constant(f64),
    /// No unit has a value.
    Empty,
}

impl Scale {
    fn of(values: &[f64], direction: f64) -> Self {
        match extremes(values) {
            None => Self::Empty,
            Some((least, _)) if is_constant(values) => Self::Constant(least),
            Some((worst, best)) if direction > 0.0 => Self::Between { worst, best },
            Some((best, worst)) => Self::Between { worst, best },
        }
    }

    /// How far a value is from the worst to the best, NaN where that says nothing.
    fn position(&self, value: f64) -> f64 {
        match *self {
            Self::Between { worst, best } => (value - worst) / (best - worst),
            Self::Constant(_) | Self::Empty => f64::NAN,
        }
    }

    /// The value of a unit that has others, and of these the mean position where they have one.
    fn value(&self, position: Option<f64>) -> f64 {
        match (self, position) {
            (Self::Between { worst, best }, Some(position)) => worst + position * (best - worst),
            (Self::Constant(value), _) => *value,
            _ => f64::NAN,
        }
    }
}

/// The mean of the unit's other indicators of the same parent, each on its own min-max scale from worst to best, taken
/// back to the indicator's scale. An indicator without spread has no min-max scale and takes no part, but is filled in
/// with what all units have.
fn row_mean(columns: &mut [Vec<f64>], around: &Surroundings<'_>) {
    for rows in around.frames {
        for Siblings { columns: siblings, .. } in &around.siblings {
            let scale = |&sibling: &usize| {
                let values: Vec<f64> = rows.iter().map(|&row| columns[sibling][row]).collect();
                Scale::of(&values, around.directions[sibling])
            };
            let scales: Vec<Scale> = siblings.iter().map(scale).collect();
            for &row in rows {
                let own: Vec<f64> = siblings.iter().map(|&sibling| columns[sibling][row]).collect();
                if own.iter().all(|value| value.is_nan()) {
                    continue;
                }
                let positions: Vec<f64> = scales
                    .iter()
                    .zip(&own)
                    .map(|(scale, &value)| scale.position(value))
                    .collect();
                let position = mean(&positions);
                for ((&sibling, scale), value) in siblings.iter().zip(&scales).zip(own) {
                    if value.is_nan() {
                        columns[sibling][row] = scale.value(position);
                    }
                }
            }
        }
    }
}

/// What the unit's other indicators of the same parent make expected, under the normal distribution that is most likely within
/// the frame. As in a row mean, an indicator without spread takes no part, but is filled in with what all units have, and a
/// unit without any value has nothing to be filled in from.
fn conditional_means(columns: &mut [Vec<f64>], around: &Surroundings<'_>) -> Result<(), ScoringError> {
    for rows in around.frames {
        for siblings in &around.siblings {
            let within = |&column: &usize| -> Vec<f64> { rows.iter().map(|&row| columns[column][row]).collect() };
            let mut found: Vec<Vec<f64>> = siblings.columns.iter().map(within).collect();
            fill_constants(&mut found);
            let mut varying: Vec<&mut Vec<f64>> = found.iter_mut().filter(|column| !is_constant(column)).collect();
            em::fill(&mut varying).map_err(|failure| refusal(siblings.parent, &failure))?;
            for (&column, found) in siblings.columns.iter().zip(found) {
                rows.iter()
                    .zip(found)
                    .for_each(|(&row, value)| columns[column][row] = value);
            }
        }
    }
    Ok(())
}

/// Fills what is constant in rows that have some value.
fn fill_constants(columns: &mut [Vec<f64>]) {
    let rows = columns.first().map_or(0, Vec::len);
    let has_some: Vec<bool> = (0..rows)
        .map(|row| columns.iter().any(|column| !column[row].is_nan()))
        .collect();
    for column in columns.iter_mut().filter(|column| is_constant(column)) {
        let Some((constant, _)) = extremes(column) else {
            continue;
        };
        for (value, _) in column
            .iter_mut()
            .zip(&has_some)
            .filter(|(value, some)| value.is_nan() && **some)
        {
            *value = constant;
        }
    }
}

fn refusal(parent: &str, failure: &em::Failure) -> ScoringError {
    let message = match failure {
        em::Failure::TooManyColumns => format!("they are more than {}: use row_mean", em::MOST_COLUMNS),
        em::Failure::TooFewComplete { complete, needed } => format!(
            "{complete} units have all of those that vary, and {needed} are needed, one more than there are indicators: \
             use mean or row_mean"
        ),
        em::Failure::Dependent => {
            "one of them follows from the others, so that they have no common distribution: leave it out, or use mean or \
             row_mean"
                .to_owned()
        }
        em::Failure::NotSettled => format!(
            "the estimates did not settle in {} steps, since too much is missing or one nearly follows from the others: \
             use mean or row_mean",
            em::STEPS
        ),
    };
    ScoringError::Imputing {
        method: ImputeMethod::Em.name(),
        parent: parent.to_owned(),
        message,
    }
}

/// From the same unit's values at other times: the latest earlier one, or the line between the neighbours.
fn over_time(method: ImputeMethod, column: &mut [f64], around: &Surroundings<'_>) {
    let Some(times) = around.times else { return };
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, unit) in around.units.iter().enumerate() {
        rows_of.entry(unit).or_default().push(row);
    }
    for mut rows in rows_of.into_values() {
        rows.sort_by(|&one, &other| times[one].total_cmp(&times[other]));
        let known: Vec<(f64, f64)> = rows
            .iter()
            .filter(|&&row| !column[row].is_nan())
            .map(|&row| (times[row], column[row]))
            .collect();
        for row in rows.into_iter().filter(|&row| column[row].is_nan()).collect::<Vec<_>>() {
            let at = times[row];
            let before = known.iter().rev().find(|(time, _)| *time < at);
            let after = known.iter().find(|(time, _)| *time > at);
            column[row] = match (method, before, after) {
                (ImputeMethod::Latest, Some((_, value)), _) => *value,
                (ImputeMethod::Linear, Some((start, from)), Some((end, to))) => {
                    from + (to - from) * (at - start) / (end - start)
                }
                _ => f64::NAN,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn run(
        method: ImputeMethod,
        columns: &mut [Vec<f64>],
        groups: Option<&[Option<&str>]>,
        times: Option<&[f64]>,
        units: &[&str],
    ) {
        let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
        let frames = vec![(0..units.len()).collect::<Vec<_>>()];
        let around = Surroundings {
            units: &units,
            groups: groups.map(|groups| groups.iter().map(|group| group.map(str::to_owned)).collect()),
            times,
            frames: &frames,
            siblings: vec![Siblings {
                parent: "P",
                columns: (0..columns.len()).collect(),
            }],
            // The fourth indicator of a test is one of which less is better.
            directions: [1.0, 1.0, 1.0, -1.0][..columns.len()].to_vec(),
        };
        let names: Vec<String> = (0..columns.len()).map(|number| format!("i{number}")).collect();
        impute(method, &names, columns, &around, &mut Notes::default()).unwrap();
    }

    #[test]
    fn a_group_mean_stays_within_the_group_and_a_group_without_values_stays_missing() {
        let mut columns = [vec![1.0, 3.0, MISSING, MISSING, 9.0, MISSING]];
        let groups = [Some("A"), Some("A"), Some("A"), Some("B"), Some("C"), None];
        run(
            ImputeMethod::GroupMean,
            &mut columns,
            Some(&groups),
            None,
            &["a", "b", "c", "d", "e", "f"],
        );
        assert!((columns[0][2] - 2.0).abs() < 1e-15);
        assert!(columns[0][3].is_nan() && columns[0][5].is_nan());
    }

    #[test]
    fn a_row_mean_is_taken_on_min_max_values_and_brought_back() {
        // Unit c: 0.5 and 1.0 on the first two scales, so 0.75 on the third: 10 + 0.75 * 20.
        let mut columns = [vec![0.0, 10.0, 5.0], vec![0.0, 4.0, 4.0], vec![10.0, 30.0, MISSING]];
        run(ImputeMethod::RowMean, &mut columns, None, None, &["a", "b", "c"]);
        assert!((columns[2][2] - 25.0).abs() < 1e-12);
    }

    #[test]
    fn a_row_mean_counts_from_the_worst_to_the_best_where_less_is_better() {
        // Unit c: 0.5, 1.0 and, at 10 of 10 to 50 downwards, 1.0; so 2.5 / 3 on the third.
        let mut columns = [
            vec![0.0, 10.0, 5.0],
            vec![0.0, 4.0, 4.0],
            vec![10.0, 40.0, MISSING],
            vec![50.0, 20.0, 10.0],
        ];
        run(ImputeMethod::RowMean, &mut columns, None, None, &["a", "b", "c"]);
        assert!((columns[2][2] - 35.0).abs() < 1e-12);
    }

    #[test]
    fn a_row_mean_of_what_is_constant_is_the_constant_whatever_else_the_unit_has() {
        let mut columns = [
            vec![1.0, 2.0, 3.0, MISSING, MISSING],
            vec![7.0, 7.0, MISSING, MISSING, MISSING],
            vec![5.0, 5.0, 5.0, 5.0, MISSING],
        ];
        run(
            ImputeMethod::RowMean,
            &mut columns,
            None,
            None,
            &["a", "b", "c", "d", "e"],
        );
        assert_eq!(columns[1][..4], [7.0; 4]);
        assert!(columns[0][3].is_nan(), "what is constant says nothing of the others");
        assert!(
            columns.iter().all(|column| column[4].is_nan()),
            "a unit without any value has no row"
        );
    }

    #[test]
    fn conditional_means_leave_out_what_is_constant_and_units_without_any_value() {
        // Two columns, the first complete: the conditional mean is the regression of the second on it over the first four
        // rows, 1.5 + 0.8 x.
        let mut columns = [
            vec![1.0, 2.0, 3.0, 4.0, 10.0, MISSING, MISSING],
            vec![2.0, 3.5, 4.0, 4.5, MISSING, MISSING, MISSING],
            vec![7.0, 7.0, MISSING, 7.0, MISSING, 7.0, MISSING],
        ];
        let units = ["a", "b", "c", "d", "e", "f", "g"];
        run(ImputeMethod::Em, &mut columns, None, None, &units);
        assert!((columns[1][4] - 9.5).abs() < 1e-9, "{}", columns[1][4]);
        assert_eq!(columns[2][..6], [7.0; 6]);
        assert!(
            columns[0][5].is_nan() && columns[1][5].is_nan(),
            "what is constant says nothing of the others"
        );
        assert!(columns.iter().all(|column| column[6].is_nan()));
    }

    #[test]
    fn over_time_the_line_needs_both_neighbours_and_the_latest_only_an_earlier_one() {
        let units = ["a", "a", "a", "a", "b"];
        let times = [2020.0, 2022.0, 2021.0, 2023.0, 2020.0];
        let column = vec![1.0, 4.0, MISSING, MISSING, MISSING];
        let mut linear = [column.clone()];
        run(ImputeMethod::Linear, &mut linear, None, Some(&times), &units);
        assert!((linear[0][2] - 2.5).abs() < 1e-15);
        assert!(linear[0][3].is_nan() && linear[0][4].is_nan());
        let mut latest = [column];
        run(ImputeMethod::Latest, &mut latest, None, Some(&times), &units);
        assert_eq!(
            (latest[0][2].to_bits(), latest[0][3].to_bits()),
            (1.0_f64.to_bits(), 4.0_f64.to_bits())
        );
    }
}
