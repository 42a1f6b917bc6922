//! The uncertainty of scores and ranks: many assessments in which respondents and method are varied.
//!
//! In flow the framework, the table, the options with what is to be varied, and the respondents where they were kept;
//! out flow intervals of three kinds that are never merged silently (from who was asked, from the method, from both),
//! the frequency of ranks, probabilities and tiers. Random numbers follow from the seed and the number of the run
//! alone. Nothing here reads a file or a clock.

mod draw;
mod experiment;
mod gather;
mod replay;
mod runs;
mod tree;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use experiment::RefusedCombination;
pub use replay::{Design, Replay, WeightSets};
pub use runs::Observer;

pub(super) use draw::{Draw, Factor, Purpose, random};
pub(super) use experiment::{Experiment, on_one_scale};
pub(super) use gather::Gathering;
pub(super) use runs::{MOST_SCORES, Progress, Runs};
pub(super) use tree::UNRANKED;

use super::assessment::Assessment;
use super::error::ScoringError;
use super::estimate::Resample;
use super::note::{Note, NoteCode};
use super::options::UncertaintyOptions;
use super::series::Series;

/// The result of a Monte Carlo analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// How many runs.
    pub runs: usize,
    /// The seed of what is random.
    pub seed: u64,
    /// The share of the runs that each interval covers.
    pub confidence: f64,
    /// What was varied, and how many alternatives it has.
    pub factors: IndexMap<String, usize>,
    /// The runs on the nominal scale: those that score intervals are taken from.
    pub on_nominal_scale: usize,
    /// Combinations that cannot be done, and that no run takes.
    pub refused: Vec<RefusedCombination>,
    /// The index and every dimension.
    pub elements: IndexMap<String, ElementUncertainty>,
    /// Where a design was replayed: its runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replay: Option<Replayed>,
}

/// How uncertain the scores and ranks of one element are, unit by unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElementUncertainty {
    /// Scores under everything that was varied, over the runs on the nominal scale.
    pub score: Spread,
    /// Ranks under everything that was varied, over all runs.
    pub rank: Spread,
    /// From who was asked alone: a confidence interval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampling: Option<Intervals>,
    /// From the method alone: a range of robustness, of which no coverage is claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<Intervals>,
    /// For each unit the share of the runs in which it has each rank, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank_frequency: Option<Vec<Vec<f64>>>,
    /// For each k the probability of each unit to be among the first k.
    pub top: IndexMap<String, Series>,
    /// The probability that the unit of the row is above that of the column.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pairwise: Option<Vec<Vec<f64>>>,
    /// The tier of each unit, from 1: a unit stays in a tier while the probability that the tier's first unit is above
    /// it is below 0.95.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tier: Option<Vec<Option<u32>>>,
}

/// Intervals of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Of scores.
    pub score: Spread,
    /// Of ranks.
    pub rank: Spread,
}

/// How a number of each unit is spread over the runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// As assessed.
    pub nominal: Series,
    /// The mean over the runs.
    pub mean: Series,
    /// Type-7 quantiles by their name: `p5`, `p50` and `p95` for an interval of 90 %.
    #[serde(flatten)]
    pub quantiles: IndexMap<String, Series>,
}

impl Spread {
    /// The ends of the interval, the lower first.
    pub fn interval(&self) -> Option<(&Series, &Series)> {
        let mut quantiles = self.quantiles.values();
        Some((quantiles.next()?, quantiles.next_back()?))
    }
}

/// The runs of a design, of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The SHA-256 of the design.
    pub design: String,
    /// The SHA-256 of the weight sets, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub weight_sets: Option<String>,
    /// For each run the scores of all units.
    pub scores: Vec<Series>,
    /// For each run the mean over the units of the absolute change of rank.
    pub mean_abs_rank_change: Vec<Option<f64>>,
}

/// Does the runs, and says in `assessment` what came of them.
pub(super) fn analyse(
    assessment: &mut Assessment,
    experiment: &Experiment<'_>,
    options: &UncertaintyOptions,
    runs: usize,
    resample: Option<&Resample>,
    replay: &Replay,
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    let draws: Vec<Draw> = match &replay.design {
        Some(design) => design.draws(experiment)?,
        None => (0..runs as u64).map(|run| experiment.draw(run)).collect(),
    };
    let factors = experiment.factors();
    let sampled = factors.contains(&Factor::Sampling);
    let apart = sampled && factors.len() > 1;
    let progress = Progress::new(observer, draws.len() * if apart { 3 } else { 1 });
    let runs = Runs::all(experiment, &draws, &progress)?;
    let gathered = Gathering::new(&*assessment, experiment, options);
    let mut elements = gathered.elements(&runs);
    if apart {
        let with = |change: fn(Draw) -> Draw| -> Result<Vec<Intervals>, ScoringError> {
            let draws: Vec<Draw> = draws.iter().copied().map(change).collect();
            Ok(gathered.intervals(&Runs::all(experiment, &draws, &progress)?))
        };
        let (sampling, method) = (with(Draw::sampling_only)?, with(Draw::method_only)?);
        for ((element, sampling), method) in elements.values_mut().zip(sampling).zip(method) {
            element.sampling = Some(sampling);
            element.method = Some(method);
        }
    } else {
        for element in elements.values_mut() {
            let intervals = Some(Intervals {
                score: element.score.clone(),
                rank: element.rank.clone(),
            });
            *(if sampled {
                &mut element.sampling
            } else {
                &mut element.method
            }) = intervals;
        }
    }
    let replayed = replay.design.as_ref().map(|design| Replayed {
        design: design.hash().to_owned(),
        weight_sets: replay.weight_sets.as_ref().map(|sets| sets.hash().to_owned()),
        scores: gathered.index_scores(&runs),
        mean_abs_rank_change: gathered.rank_changes(&runs),
    });
    let factors = factors
        .into_iter()
        .map(|factor| (factor.name().to_owned(), experiment.alternatives(factor)));
    let uncertainty = Uncertainty {
        runs: runs.len(),
        seed: options.seed,
        confidence: options.confidence,
        factors: factors.collect(),
        on_nominal_scale: runs.on_scale.iter().filter(|on_scale| **on_scale).count(),
        refused: experiment.refused.clone(),
        elements,
        replay: replayed,
    };
    assessment
        .notes
        .extend(notes(&uncertainty, &runs, experiment, resample));
    assessment.recipe.seed = Some(options.seed);
    assessment.uncertainty = Some(uncertainty);
    Ok(())
}

fn notes(
    uncertainty: &Uncertainty,
    runs: &Runs,
    experiment: &Experiment<'_>,
    resample: Option<&Resample>,
) -> Vec<Note> {
    let mut notes: Vec<Note> = resample.map(|resample| resample.notes().to_vec()).unwrap_or_default();
    if uncertainty.on_nominal_scale == 0 {
        let message = "no run is on the nominal scale: there are no intervals of scores, only of ranks";
        notes.push(Note::new(NoteCode::RunsWithoutScore, message));
    }
    if let Some((_, reason)) = runs.failures.first() {
        let message = format!(
            "{} of {} runs have no scores: {reason}",
            runs.failures.len(),
            runs.len()
        );
        notes.push(Note::new(NoteCode::RunsWithoutScore, message));
    }
    if experiment.units() > gather::MOST_IN_SQUARE {
        let message = format!(
            "rank frequencies, pairwise probabilities and tiers are made of up to {} units",
            gather::MOST_IN_SQUARE
        );
        notes.push(Note::new(NoteCode::TooManyUnits, message));
    }
    notes
}
