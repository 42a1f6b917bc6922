//! How sure each figure is, from replicates of the respondents: its coefficient of variation, and of each indicator how
//! much of what cities differ by is more than sampling.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: columns and units are counted once"
)]

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::resample::Resample;
use crate::scoring::assessment::Assessment;
use crate::scoring::cell::CellStatus;
use crate::scoring::framework::Framework;
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::numbers::{mean, present, standard_deviation};
use crate::scoring::uncertainty::{Purpose, random};

/// So many replicates: a standard error is then known to about 5 % of itself.
const REPLICATES: u64 = 200;
/// A note says where totals are missed more often than in this share of the cases.
const MOST_MISSED: f64 = 0.1;
/// A figure whose coefficient of variation is above this is flagged.
const MOST_CV: f64 = 0.3;
/// An indicator whose reliability is below this is flagged.
const LEAST_RELIABILITY: f64 = 0.5;

/// How much of what cities differ by in an indicator is more than sampling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// max(0, (between - sampling) / between), 0 to 1: below 0.5 ranks are mostly noise. None where cities do not
    /// differ.
    pub reliability: Option<f64>,
    /// The variance of the figure between cities (n - 1).
    pub between: f64,
    /// The mean of the cities' sampling variances.
    pub sampling: f64,
}

impl Signal {
    /// Whether ranks by the indicator are mostly noise: a reliability below 0.5.
    pub fn is_noise(&self) -> bool {
        self.reliability
            .is_some_and(|reliability| reliability < LEAST_RELIABILITY)
    }
}

/// Adds coefficients of variation and signals to an assessment whose respondents can be drawn again, flags what is
/// imprecise, and says which indicators rank noise. The replicates are the first of the uncertainty analysis.
pub(in crate::scoring) fn add_precision(
    assessment: &mut Assessment,
    framework: &Framework,
    resample: &Resample,
    seed: u64,
) {
    let (errors, missed) = standard_errors(resample, seed, assessment.units.len());
    if missed > MOST_MISSED {
        let message = format!(
            "where respondents are drawn again, fewer totals of the register are reached than in the sample in {:.0} % of the \
             cases: their figures vary rather too much",
            100.0 * missed
        );
        assessment.notes.push(Note::new(NoteCode::NotCalibrated, message));
    }
    let mut noisy = Vec::new();
    for (column, (_, element, _)) in framework.indicators().enumerate() {
        if !resample.is_drawn(column) {
            continue;
        }
        let values = assessment
            .stages
            .raw
            .get(&element.id)
            .map(|series| series.raw().to_vec());
        let (Some(values), Some(errors)) = (values, errors.get(column)) else {
            continue;
        };
        let mut imprecise = Vec::new();
        for (unit, cell) in assessment.cells.get_mut(&element.id).into_iter().flatten().enumerate() {
            cell.cv = Some(errors[unit] / values[unit].abs()).filter(|cv| cv.is_finite());
            if cell.cv.is_some_and(|cv| cv > MOST_CV) {
                imprecise.push(assessment.units[unit].clone());
                if cell.status == CellStatus::Published {
                    cell.status = CellStatus::Flagged;
                }
            }
        }
        if !imprecise.is_empty() {
            let message = "the sampling error is over 30 % of the figure";
            let note = Note::new(NoteCode::Imprecise, message).of(&element.id).at(imprecise);
            assessment.notes.push(note);
        }
        if let Some(signal) = signal(&values, errors) {
            if signal.is_noise() {
                noisy.push((element.id.clone(), signal.reliability.unwrap_or_default()));
            }
            assessment.signals.insert(element.id.clone(), signal);
        }
    }
    for (indicator, reliability) in noisy {
        let message = format!("ranks noise: reliability {reliability:.2}");
        let note = Note::new(NoteCode::RanksNoise, message).of(&indicator);
        assessment.notes.push(note);
    }
}

/// The standard error of each column and unit over the replicates, NaN where a figure has none; and the share (0 to 1) of
/// calibrated units in them that reach fewer totals of the register than in the sample.
fn standard_errors(resample: &Resample, seed: u64, units: usize) -> (Vec<Vec<f64>>, f64) {
    let draw = |replicate: u64| resample.columns_drawn(&mut random(seed, Purpose::Respondents, replicate));
    let replicates: Vec<(Vec<Vec<f64>>, usize)> = (0..REPLICATES).into_par_iter().map(draw).collect();
    let missed: usize = replicates.iter().map(|(_, missed)| missed).sum();
    let missed = missed as f64 / (replicates.len() * resample.calibrated_groups()).max(1) as f64;
    let columns = replicates.first().map_or(0, |(columns, _)| columns.len());
    let error = |column: usize, unit: usize| {
        let values: Vec<f64> = replicates.iter().map(|(columns, _)| columns[column][unit]).collect();
        standard_deviation(&values).unwrap_or(f64::NAN)
    };
    let errors = (0..columns)
        .map(|column| (0..units).map(|unit| error(column, unit)).collect())
        .collect();
    (errors, missed)
}

/// `None` with fewer than three cities that have a figure and its error.
fn signal(values: &[f64], errors: &[f64]) -> Option<Signal> {
    let both = values.iter().zip(errors);
    let (values, variances): (Vec<f64>, Vec<f64>) = both
        .map(|(value, error)| (*value, error * error))
        .filter(|(value, variance)| value.is_finite() && variance.is_finite())
        .unzip();
    if present(&values).count() < 3 {
        return None;
    }
    let between = standard_deviation(&values)?.powi(2);
    let sampling = mean(&variances)?;
    Some(Signal {
        reliability: (between > 0.0).then(|| ((between - sampling) / between).max(0.0)),
        between,
        sampling,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reliability_is_the_share_of_the_differences_that_sampling_does_not_explain() {
        let signal = |errors: [f64; 4]| signal(&[1.0, 2.0, 3.0, f64::NAN], &errors).unwrap();
        assert_eq!(signal([0.5, 0.5, 0.5, 9.0]).reliability, Some(0.75));
        assert_eq!(signal([2.0, 0.5, 0.5, 0.0]).reliability, Some(0.0));
        assert_eq!(super::signal(&[1.0, 2.0], &[0.1, 0.1]), None);
        assert_eq!(super::signal(&[2.0; 3], &[0.1; 3]).unwrap().reliability, None);
    }
}
