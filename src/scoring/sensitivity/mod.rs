//! Which choice scores and ranks depend on most.
//!
//! In flow an experiment with its factors; out flow Sobol indices of each output with bootstrap intervals, and two
//! tables for people who do not read Sobol indices: one swing at a time, and the removal of each element.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: evaluations, factors and units are counted once, at the start"
)]

mod indices;
mod points;
mod swings;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use indices::Indices;
pub use swings::{Removal, Swing};

use self::indices::{Evaluations, Resamples};
use self::points::Points;
use super::assessment::Assessment;
use super::error::ScoringError;
use super::note::{Note, NoteCode};
use super::options::{SensitivityOptions, UncertaintyOptions};
use super::uncertainty::{Draw, Experiment, Factor, Observer, Progress, UNRANKED};

/// Units have outputs of their own up to so many.
const MOST_UNITS: usize = 500;
/// Evaluations that are told of at once.
const BATCH: usize = 64;

/// The result of a sensitivity analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// N, the number of base points, a power of two.
    pub runs: usize,
    /// How often the assessment was repeated: N (d + 2) of d factors.
    pub evaluations: usize,
    /// The seed of the points and of the bootstrap.
    pub seed: u64,
    /// The share of the bootstrap's resamples that each interval covers.
    pub confidence: f64,
    /// For each output (`mean_abs_rank_change`, and `score:` and `rank:` of each unit) the indices of each factor.
    pub outputs: IndexMap<String, IndexMap<String, Indices>>,
    /// For each output the sums of the indices over the factors, as they are: noise can make them miss 1.
    pub sums: IndexMap<String, Sums>,
    /// One thing changed at a time.
    pub swings: Vec<Swing>,
    /// Each element taken out.
    pub removals: IndexMap<String, Removal>,
}

/// Sums of indices over the factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Of the first-order indices: under 1 by what factors do together.
    #[serde(rename = "S")]
    pub first: Option<f64>,
    /// Of the total indices: above 1 by what factors do together.
    #[serde(rename = "ST")]
    pub total: Option<f64>,
}

/// Evaluates the design, and says in `assessment` what came of it.
pub(super) fn analyse(
    assessment: &mut Assessment,
    experiment: &Experiment<'_>,
    uncertainty: &UncertaintyOptions,
    options: SensitivityOptions,
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    if let Some(refused) = experiment.refused.first() {
        return Err(ScoringError::NotEveryCombination {
            normalise: refused.normalise.clone(),
            aggregate: refused.aggregate.clone(),
            reason: refused.reason.clone(),
        });
    }
    let factors = experiment.factors();
    let points = Points::new(options.runs, factors.len(), uncertainty.seed);
    let mut notes = Vec::new();
    if points.len() != options.runs {
        let message = format!(
            "sensitivity.runs is {} instead of {}: a power of two",
            points.len(),
            options.runs
        );
        notes.push(Note::new(NoteCode::RoundedUp, message));
    }
    let evaluated = evaluate(assessment, experiment, &factors, &points, observer)?;
    if evaluated.failed > 0 {
        let message = format!(
            "{} evaluations have no scores: outputs that they enter have no indices",
            evaluated.failed
        );
        notes.push(Note::new(NoteCode::RunsWithoutScore, message));
    }
    let names = output_names(assessment);
    if names.len() == 1 {
        let message = format!("sensitivity is said of single units up to {MOST_UNITS} of them");
        notes.push(Note::new(NoteCode::TooManyUnits, message));
    }
    let resamples = Resamples::new(points.len(), uncertainty.seed);
    let evaluations = Evaluations {
        base: points.len(),
        factors: factors.len(),
    };
    let found: Vec<Vec<Indices>> = (0..names.len())
        .into_par_iter()
        .map(|output| evaluations.indices(&evaluated.output(output), &resamples, uncertainty.confidence))
        .collect();
    let sum = |of: fn(&Indices) -> Option<f64>, all: &[Indices]| all.iter().map(of).sum::<Option<f64>>();
    let sums = found.iter().map(|all| Sums {
        first: sum(|it| it.first, all),
        total: sum(|it| it.total, all),
    });
    let named = |all: &Vec<Indices>| {
        let all = factors.iter().zip(all);
        all.map(|(factor, indices)| (factor.name().to_owned(), *indices))
            .collect()
    };
    assessment.sensitivity = Some(Sensitivity {
        runs: points.len(),
        evaluations: points.len() * (factors.len() + 2),
        seed: uncertainty.seed,
        confidence: uncertainty.confidence,
        sums: names.iter().cloned().zip(sums).collect(),
        outputs: names.iter().cloned().zip(found.iter().map(named)).collect(),
        swings: swings::swings(assessment, experiment),
        removals: swings::removals(assessment, experiment),
    });
    assessment.notes.extend(notes);
    assessment.recipe.seed = Some(uncertainty.seed);
    Ok(())
}

/// The names of the outputs: the first is the mean change of rank, then the units' scores, then their ranks.
fn output_names(assessment: &Assessment) -> Vec<String> {
    let mut names = vec!["mean_abs_rank_change".to_owned()];
    if assessment.units.len() <= MOST_UNITS {
        for kind in ["score", "rank"] {
            names.extend(assessment.units.iter().enumerate().map(|(row, unit)| {
                match assessment.times.as_ref().and_then(|times| times.get(row)) {
                    Some(time) => format!("{kind}:{unit}@{time}"),
                    None => format!("{kind}:{unit}"),
                }
            }));
        }
    }
    names
}

/// The outputs of all evaluations.
struct Evaluated {
    units: usize,
    changes: Vec<f64>,
    scores: Vec<f64>,
    ranks: Vec<u32>,
    failed: usize,
}

impl Evaluated {
    /// One output in the order of the evaluations.
    fn output(&self, number: usize) -> Vec<f64> {
        let Some(number) = number.checked_sub(1) else {
            return self.changes.clone();
        };
        if number < self.units {
            return self.scores.iter().skip(number).step_by(self.units).copied().collect();
        }
        let rank = |rank: &u32| if *rank == UNRANKED { f64::NAN } else { f64::from(*rank) };
        self.ranks
            .iter()
            .skip(number - self.units)
            .step_by(self.units)
            .map(rank)
            .collect()
    }
}

/// A, B, and A with the column of each factor from B, in this order.
fn evaluate(
    assessment: &Assessment,
    experiment: &Experiment<'_>,
    factors: &[Factor],
    points: &Points,
    observer: &Observer<'_>,
) -> Result<Evaluated, ScoringError> {
    let units = experiment.units();
    let draws: Vec<Draw> = (0..points.len() * (factors.len() + 2))
        .map(|number| {
            let (matrix, point) = (number / points.len(), number % points.len());
            let uniform = |at: usize| match matrix {
                0 => points.a(point, at),
                1 => points.b(point, at),
                _ if at + 2 == matrix => points.b(point, at),
                _ => points.a(point, at),
            };
            let uniforms: Vec<_> = factors
                .iter()
                .enumerate()
                .map(|(at, factor)| (*factor, uniform(at)))
                .collect();
            experiment.draw_by(&uniforms)
        })
        .collect();
    let progress = Progress::new(observer, draws.len());
    let index = &assessment.elements[0].id;
    let nominal = &assessment.ranks[index];
    let mut evaluated = Evaluated {
        units,
        changes: vec![f64::NAN; draws.len()],
        scores: vec![f64::NAN; draws.len() * units],
        ranks: vec![UNRANKED; draws.len() * units],
        failed: 0,
    };
    let failed: Option<Vec<usize>> = draws
        .par_chunks(BATCH)
        .zip(evaluated.changes.par_chunks_mut(BATCH))
        .zip(evaluated.scores.par_chunks_mut(BATCH * units))
        .zip(evaluated.ranks.par_chunks_mut(BATCH * units))
        .map_init(
            || experiment.index_scratch(),
            |scratch, (((draws, changes), scores), ranks)| {
                let slots = scores.chunks_mut(units).zip(ranks.chunks_mut(units));
                let mut failed = 0;
                for ((draw, change), (scores, ranks)) in draws.iter().zip(changes).zip(slots) {
                    let weights = experiment.weights_of(*draw);
                    match experiment.index(*draw, &weights, scratch, nominal, scores, ranks) {
                        Ok(found) => *change = found.unwrap_or(f64::NAN),
                        Err(_) => failed += 1,
                    }
                }
                progress.count(draws.len()).then_some(failed)
            },
        )
        .collect();
    evaluated.failed = failed.ok_or(ScoringError::Stopped)?.into_iter().sum();
    Ok(evaluated)
}
