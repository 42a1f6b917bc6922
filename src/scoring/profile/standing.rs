//! Strengths and weaknesses: the ranks among the best and the worst that are no accident of the sample.

#![allow(
    clippy::indexing_slicing,
    reason = "indicators, rows and groups are those of the assessment"
)]

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scoring::analyse::Subject;
use crate::scoring::assessment::Assessment;
use crate::scoring::error::ScoringError;
use crate::scoring::estimate::{Replicates as _, Resample};
use crate::scoring::framework::Framework;
use crate::scoring::numbers::{median, quantile};
use crate::scoring::options::UncertaintyOptions;
use crate::scoring::run::scaled;
use crate::scoring::uncertainty::{Observer, Progress, Purpose, random};

/// At most so many strengths, and weaknesses.
const MOST: usize = 5;
/// At most so many gaps are kept at once: 400 MB.
const MOST_GAPS: usize = 50_000_000;

/// Where a unit stands in one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The indicator.
    pub indicator: String,
    /// The unit's rank in it: 1 is the best.
    pub rank: u32,
    /// Of how many.
    pub of: u32,
    /// Its score less the median of all units, on the common scale.
    pub gap: f64,
    /// The sampling interval of the gap, low first, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval: Option<[f64; 2]>,
}

/// The intervals of all gaps over the replicates of the respondents.
pub(super) struct Sampled {
    /// By column and row; NaN where there is none.
    intervals: Vec<Vec<[f64; 2]>>,
}

impl Sampled {
    /// Scores the replicates that the uncertainty analysis drew, as the assessment was scored.
    pub fn new(
        subject: &Subject<'_>,
        asked: &UncertaintyOptions,
        resample: &Resample,
        groups: &[Vec<usize>],
        observer: &Observer<'_>,
    ) -> Result<Self, ScoringError> {
        let (columns, rows) = (subject.framework.indicators().count(), subject.table.units().len());
        let runs = asked.runs.min(MOST_GAPS / (columns * rows).max(1));
        let progress = Progress::new(observer, runs);
        let one = |run: usize| {
            let drawn = resample.replicate(&mut random(asked.seed, Purpose::Respondents, run as u64));
            // A replicate that cannot be scored tells nothing, and is left out.
            let scored = scaled(subject.framework, subject.table, subject.options, Some(drawn)).ok();
            progress
                .count(1)
                .then(|| scored.map(|scored| gaps(&scored.columns, groups)))
        };
        let replicates: Option<Vec<Option<Vec<Vec<f64>>>>> = (0..runs).into_par_iter().map(one).collect();
        let replicates: Vec<Vec<Vec<f64>>> = replicates.ok_or(ScoringError::Stopped)?.into_iter().flatten().collect();
        let tail = (1.0 - asked.confidence) / 2.0;
        let cell = |column: usize, row: usize| {
            let mut values: Vec<f64> = replicates.iter().map(|gaps| gaps[column][row]).collect();
            values.retain(|value| !value.is_nan());
            [tail, 1.0 - tail].map(|share| quantile(&mut values, share).unwrap_or(f64::NAN))
        };
        let intervals = (0..columns)
            .into_par_iter()
            .map(|column| (0..rows).map(|row| cell(column, row)).collect())
            .collect();
        Ok(Self { intervals })
    }
}

/// The distance of each figure to the median of its column, within each time.
fn gaps(columns: &[Vec<f64>], groups: &[Vec<usize>]) -> Vec<Vec<f64>> {
    let column = |column: &Vec<f64>| {
        let mut gaps = vec![f64::NAN; column.len()];
        for rows in groups {
            let values: Vec<f64> = rows.iter().map(|&row| column[row]).collect();
            let middle = median(&values).unwrap_or(f64::NAN);
            for &row in rows {
                gaps[row] = column[row] - middle;
            }
        }
        gaps
    };
    columns.iter().map(column).collect()
}

/// The strengths of each unit, and the weaknesses.
pub(super) fn of_units(
    assessment: &Assessment,
    framework: &Framework,
    groups: &[Vec<usize>],
    sampled: Option<&Sampled>,
) -> (Vec<Vec<Standing>>, Vec<Vec<Standing>>) {
    let columns: Vec<Vec<f64>> = framework
        .indicators()
        .map(|(_, element, _)| assessment.scores[&element.id].raw().to_vec())
        .collect();
    let gaps = gaps(&columns, groups);
    // Beside each standing, how many units are ranked worse.
    let mut all: Vec<Vec<(Standing, usize)>> = vec![Vec::new(); assessment.units.len()];
    for (column, (position, element, _)) in framework.indicators().enumerate() {
        if assessment.elements[position].effective_weight <= 0.0 {
            continue;
        }
        let ranks = &assessment.ranks[&element.id];
        for rows in groups {
            let ranked = rows.iter().filter_map(|&row| Some((row, ranks[row]?)));
            let of = u32::try_from(ranked.clone().count()).unwrap_or(u32::MAX);
            let mut sorted: Vec<u32> = ranked.clone().map(|(_, rank)| rank).collect();
            sorted.sort_unstable();
            for (row, rank) in ranked {
                let interval = sampled.map(|sampled| sampled.intervals[column][row]);
                let worse = sorted.len() - sorted.partition_point(|other| *other <= rank);
                let standing = Standing {
                    indicator: element.id.clone(),
                    rank,
                    of,
                    gap: gaps[column][row],
                    interval: interval.filter(|ends| ends.iter().all(|end| !end.is_nan())),
                };
                all[row].push((standing, worse));
            }
        }
    }
    let is_told = |standing: &Standing, sign: f64| {
        let beyond = |[low, high]: [f64; 2]| if sign > 0.0 { low > 0.0 } else { high < 0.0 };
        standing.gap * sign > 0.0 && (sampled.is_none() || standing.interval.is_some_and(beyond))
    };
    let chosen = |sign: f64| {
        let of_unit = |standings: &Vec<(Standing, usize)>| {
            let mut told: Vec<&(Standing, usize)> = standings.iter().filter(|(it, _)| is_told(it, sign)).collect();
            // How many units are better, or worse: a tie for the last place is the last place, though its rank is a
            // smaller one.
            let from_end = |(it, worse): &(Standing, usize)| if sign > 0.0 { it.rank as usize - 1 } else { *worse };
            told.sort_by(|one, other| {
                let by_gap = (other.0.gap * sign).total_cmp(&(one.0.gap * sign));
                from_end(one).cmp(&from_end(other)).then(by_gap)
            });
            told.into_iter()
                .take(MOST)
                .map(|(standing, _)| standing.clone())
                .collect()
        };
        all.iter().map(of_unit).collect()
    };
    (chosen(1.0), chosen(-1.0))
}
