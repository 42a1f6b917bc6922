//! The intervals of a scenario's differences, over the runs of the assessment's uncertainty analysis.
//!
//! In each run assessment and scenario have the same respondents, weights and methods, so that what they have in common
//! cancels. A frozen frame is that of the run: its own extremes, means and treatment before the change.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, scenarios and runs are counted once, before the first run"
)]

use std::sync::OnceLock;

use super::change::ScenarioFrame;
use super::frozen::FrozenFrame;
use super::outcome::{DifferenceIntervals, Scenarios};
use super::work::{Changed, Work};
use crate::scoring::analyse::{Respondents, Subject};
use crate::scoring::error::ScoringError;
use crate::scoring::estimate::Replicates;
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::options::{AggregateMethod, Options};
use crate::scoring::run::{OnScale, scaled};
use crate::scoring::uncertainty::{
    Draw, Experiment, Factor, Gathering, Intervals, MOST_SCORES, Observer, Progress, Replay, Runs,
};

/// Fewer runs than this make no intervals.
const FEWEST_RUNS: usize = 100;

impl Work<'_> {
    /// Adds the intervals of all differences, where the assessment has an uncertainty analysis.
    pub fn intervals(
        &self,
        explored: &mut Scenarios,
        changes: &[&Changed<'_>],
        replay: &Replay,
        observer: &Observer<'_>,
    ) -> Result<(), ScoringError> {
        let (Some(done), Some(asked)) = (&self.assessment.uncertainty, &self.options().uncertainty) else {
            return Ok(());
        };
        let Subject { framework, table, .. } = *self.subject;
        let mut asked = asked.clone();
        let drawn = (self.subject.respondents, asked.vary.respondents);
        let resample = if let (Respondents::Drawn(resample), Some(_)) = drawn {
            Some(resample)
        } else {
            asked.vary.respondents = None;
            None
        };
        let options = self.options();
        let weights = self.weights.clone();
        let redrawn = resample.map(|resample| resample as &dyn Replicates);
        let experiment = Experiment::new(framework, table, options, &asked, weights, redrawn, replay)?;
        // The runs of the assessment and of a scenario are kept at once.
        let most = MOST_SCORES / 2 / experiment.width().max(1);
        let count = done.runs.min(most);
        if count < FEWEST_RUNS.min(done.runs) {
            let message = "no intervals of differences: the scores of so many units and elements cannot be kept twice";
            explored.notes.push(Note::new(NoteCode::NotVaried, message));
            return Ok(());
        }
        let draws: Vec<Draw> = match &replay.design {
            Some(design) => design.draws(&experiment)?.into_iter().take(count).collect(),
            None => (0..count as u64).map(|run| experiment.draw(run)).collect(),
        };
        let factors = experiment.factors();
        let sampled = factors.contains(&Factor::Sampling);
        let apart = sampled && factors.len() > 1;
        let mut kinds: Vec<Vec<Draw>> = vec![draws.clone()];
        if apart {
            let with = |change: fn(Draw) -> Draw| draws.iter().copied().map(change).collect();
            kinds.extend([with(Draw::sampling_only), with(Draw::method_only)]);
        }
        let progress = Progress::new(observer, kinds.len() * (1 + changes.len()) * draws.len());
        let gathering = Gathering::new(self.assessment, &experiment, &asked);
        let mut found: Vec<Vec<Vec<Intervals>>> = changes.iter().map(|_| Vec::new()).collect();
        let mut counted = vec![0; changes.len()];
        for draws in &kinds {
            let before = Runs::all(&experiment, draws, &progress)?;
            for (at, changed) in changes.iter().enumerate() {
                let outcome = &explored.outcomes[changed.id];
                let nominal = |id: &str| {
                    let element = &outcome.elements[id];
                    (element.score.difference.clone(), element.rank.differences())
                };
                let repeated = Repeated::new(self, changed, &experiment);
                let after = Runs::made(&experiment, draws, &progress, &|draw, scores| {
                    repeated.scores(draw, scores)
                })?;
                if found[at].is_empty() {
                    let fails = |run: &usize| [&before, &after].iter().any(|runs| runs.fails(*run));
                    counted[at] = (0..draws.len()).filter(|run| !fails(run)).count();
                }
                found[at].push(gathering.differences(&before, &after, &nominal));
            }
        }
        for ((changed, kinds), runs) in changes.iter().zip(found).zip(counted) {
            let Some(outcome) = explored.outcomes.get_mut(changed.id) else {
                continue;
            };
            if runs < draws.len() {
                let message = format!(
                    "{} of {} runs have no scores to be compared",
                    draws.len() - runs,
                    draws.len()
                );
                outcome.notes.push(Note::new(NoteCode::RunsWithoutScore, message));
            }
            let mut kinds: Vec<_> = kinds.into_iter().map(Vec::into_iter).collect();
            for id in gathering.ids() {
                let mut of_element = kinds.iter_mut().filter_map(Iterator::next);
                let (Some(both), first, second) = (of_element.next(), of_element.next(), of_element.next()) else {
                    continue;
                };
                let (sampling, method) = match (apart, sampled) {
                    (true, _) => (first, second),
                    (false, true) => (Some(both.clone()), None),
                    (false, false) => (None, Some(both.clone())),
                };
                if let Some(element) = outcome.elements.get_mut(id) {
                    element.uncertainty = Some(DifferenceIntervals {
                        runs,
                        score: both.score,
                        rank: both.rank,
                        sampling,
                        method,
                    });
                }
            }
        }
        Ok(())
    }
}

/// A scenario that is repeated in the runs of an experiment.
struct Repeated<'a> {
    work: &'a Work<'a>,
    changed: &'a Changed<'a>,
    experiment: &'a Experiment<'a>,
    /// The indicators on the scale, for each way to impute, treat and normalise the figures as they are.
    ways: Vec<OnceLock<Result<OnScale, String>>>,
}

impl<'a> Repeated<'a> {
    fn new(work: &'a Work<'a>, changed: &'a Changed<'a>, experiment: &'a Experiment<'a>) -> Self {
        Self {
            work,
            changed,
            experiment,
            ways: (0..experiment.ways()).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The scores of one run.
    fn scores(&self, draw: Draw, scores: &mut [f64]) -> Result<(), String> {
        self.experiment.check(draw)?;
        let nominal = self.changed.weights.get().unwrap_or(&self.work.weights);
        let change = |weights: &mut [f64]| self.changed.resolved.weigh(weights);
        let weights = self.experiment.varied_weights(draw, nominal, change);
        let options = self.experiment.options_of(draw);
        if self.changed.frame == ScenarioFrame::Frozen && options.aggregate.uses(AggregateMethod::Mpi) {
            return Err("mpi makes z-scores at every parent, which cannot be kept".to_owned());
        }
        if let (Some(before), Some(replicate)) = (self.experiment.replicate(draw), draw.respondents) {
            let mut after = match self.changed.amended.map(|amended| amended.resample.as_ref()) {
                None => before.clone(),
                Some(Some(resample)) => self.experiment.redraw(resample, replicate),
                Some(None) => return Err("the respondents with changed answers were not kept".to_owned()),
            };
            self.changed.resolved.apply(&before, &mut after);
            let on_scale = self.on_scale(&options, before, after)?;
            return self.experiment.aggregate(draw, &weights, &on_scale, None, scores);
        }
        let on_scale = self.ways[self.experiment.way_of(draw)].get_or_init(|| {
            let (after, _) = self.work.figures(self.changed).map_err(|error| error.to_string())?;
            self.on_scale(&options, self.work.natural.clone(), after)
        });
        let on_scale = on_scale.as_ref().map_err(Clone::clone)?;
        self.experiment.aggregate(draw, &weights, on_scale, None, scores)
    }

    fn on_scale(&self, options: &Options, before: Vec<Vec<f64>>, after: Vec<Vec<f64>>) -> Result<OnScale, String> {
        let Subject { framework, table, .. } = *self.work.subject;
        let said = |error: ScoringError| error.to_string();
        match self.changed.frame {
            ScenarioFrame::Recomputed => scaled(framework, table, options, Some(after)).map_err(said),
            ScenarioFrame::Frozen => {
                let frame = FrozenFrame::of(framework, table, options, Some(before)).map_err(said)?;
                let columns = frame.place(&after).map_err(|none| self.work.place_of(&none))?;
                Ok(OnScale {
                    columns,
                    frames: frame.frames,
                })
            }
        }
    }
}
