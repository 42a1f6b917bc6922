//! Doing runs, on as many threads as there are, with the same result on any number of them.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: runs, elements and units are counted once, at the start"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::draw::Draw;
use super::experiment::{Experiment, Making, Scratch};
use crate::scoring::error::ScoringError;

/// Is told how many runs of how many are done, from any thread, and says whether to go on.
pub type Observer<'a> = dyn Fn(u64, u64) -> bool + Sync + 'a;

/// Runs that are told of at once.
const BATCH: usize = 16;
/// So many scores are kept at most: 1.2 GB with their ranks.
pub(in crate::scoring) const MOST_SCORES: usize = 100_000_000;

/// How far an analysis has come.
pub(in crate::scoring) struct Progress<'a> {
    observer: &'a Observer<'a>,
    done: AtomicU64,
    of: u64,
    stopped: AtomicBool,
}

impl<'a> Progress<'a> {
    pub fn new(observer: &'a Observer<'a>, of: usize) -> Self {
        Self {
            observer,
            done: AtomicU64::new(0),
            of: of as u64,
            stopped: AtomicBool::new(false),
        }
    }

    /// Counts runs; whether to go on.
    pub fn count(&self, runs: usize) -> bool {
        let done = self.done.fetch_add(runs as u64, Ordering::Relaxed) + runs as u64;
        if !(self.observer)(done, self.of) {
            self.stopped.store(true, Ordering::Relaxed);
        }
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// The scores and ranks of all runs.
pub(in crate::scoring) struct Runs {
    units: usize,
    width: usize,
    scores: Vec<f64>,
    ranks: Vec<u32>,
    /// Whether each run is on the nominal scale.
    pub on_scale: Vec<bool>,
    /// The runs that have no scores, and why.
    pub failures: Vec<(usize, String)>,
}

impl Runs {
    /// Does all runs.
    ///
    /// # Errors
    /// Where they are too many to be kept, or somebody ends them.
    pub fn all(experiment: &Experiment<'_>, draws: &[Draw], progress: &Progress<'_>) -> Result<Self, ScoringError> {
        Self::made(experiment, draws, progress, &|draw, scores| {
            experiment.scores(draw, &experiment.weights_of(draw), scores)
        })
    }

    /// Does all runs, making their scores in another way.
    ///
    /// # Errors
    /// As [`Runs::all`].
    pub fn made(
        experiment: &Experiment<'_>,
        draws: &[Draw],
        progress: &Progress<'_>,
        make: &Making<'_>,
    ) -> Result<Self, ScoringError> {
        let width = experiment.width().max(1);
        if draws.len().saturating_mul(width) > MOST_SCORES {
            return Err(ScoringError::TooManyScores {
                runs: draws.len(),
                each: width,
                most: MOST_SCORES,
            });
        }
        let mut scores = vec![f64::NAN; draws.len() * width];
        let mut ranks = vec![0; draws.len() * width];
        let failures = Mutex::new(Vec::new());
        let batch = |scratch: &mut Scratch, number: usize, draws: &[Draw], scores: &mut [f64], ranks: &mut [u32]| {
            let slots = scores.chunks_mut(width).zip(ranks.chunks_mut(width));
            for (at, (draw, (scores, ranks))) in draws.iter().zip(slots).enumerate() {
                if let Err(reason) = experiment.run(make, *draw, scratch, scores, ranks)
                    && let Ok(mut failures) = failures.lock()
                {
                    failures.push((number * BATCH + at, reason));
                }
            }
            progress.count(draws.len()).then_some(())
        };
        draws
            .par_chunks(BATCH)
            .zip(scores.par_chunks_mut(BATCH * width))
            .zip(ranks.par_chunks_mut(BATCH * width))
            .enumerate()
            .map_init(Scratch::default, |scratch, (number, ((draws, scores), ranks))| {
                batch(scratch, number, draws, scores, ranks)
            })
            .collect::<Option<()>>()
            .ok_or(ScoringError::Stopped)?;
        let mut failures = failures.into_inner().unwrap_or_default();
        failures.sort_unstable();
        Ok(Self {
            units: experiment.units(),
            width,
            scores,
            ranks,
            on_scale: draws.iter().map(|draw| experiment.is_on_nominal_scale(*draw)).collect(),
            failures,
        })
    }

    /// Whether a run has no scores.
    pub fn fails(&self, run: usize) -> bool {
        self.failures.binary_search_by_key(&run, |(run, _)| *run).is_ok()
    }

    pub fn len(&self) -> usize {
        self.on_scale.len()
    }

    /// The scores of one element of the tree in one run, for all units.
    pub fn scores(&self, run: usize, slot: usize) -> &[f64] {
        let start = run * self.width + slot * self.units;
        &self.scores[start..start + self.units]
    }

    /// The ranks of one element of the tree in one run, for all units.
    pub fn ranks(&self, run: usize, slot: usize) -> &[u32] {
        let start = run * self.width + slot * self.units;
        &self.ranks[start..start + self.units]
    }
}
