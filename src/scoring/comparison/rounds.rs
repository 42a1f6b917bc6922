//! Two rounds: scored together in one frame, and drawn again together.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;

use super::contributions::contributions;
use super::error::ComparisonError;
use super::intervals::{ChangeIntervals, SamplingDraws, independent, of_runs};
use super::panel::panel;
use super::pooled::{Pooled, factors, varied};
use super::{
    Against, Comparison, ComparisonKind, ElementChange, IntervalsMade, OldRespondents, OldResult, compared_with,
    differences, element_change, figures_that_differ, note_framework,
};
use crate::scoring::analyse::{EACH_UNIT_ITS_OWN, Respondents, Subject, as_many};
use crate::scoring::assessment::Assessment;
use crate::scoring::error::ScoringError;
use crate::scoring::estimate::{BothRounds, Paired, Replicates};
use crate::scoring::framework::{Element, Indicator};
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::numbers::ties;
use crate::scoring::options::{UncertaintyOptions, Vary, WeightMethod};
use crate::scoring::rank::ranks_down;
use crate::scoring::run::assess;
use crate::scoring::series::Series;
use crate::scoring::uncertainty::{Draw, Experiment, Observer, Progress, Replay, Runs};
use crate::scoring::weighting::Weighting;

pub(super) fn compared(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    against: &Against<'_>,
    replay: &Replay,
    observer: &Observer<'_>,
) -> Result<Comparison, ScoringError> {
    let pooled = Pooled::new(assessment, subject, against)?;
    let not_scored = |error: ScoringError| ComparisonError::NotScored {
        name: against.old.name.clone(),
        reason: error.to_string(),
    };
    let both = assess(&pooled.framework, &pooled.table, &pooled.options).map_err(not_scored)?;
    note_framework(assessment, against.old);
    let mut elements = changes(&both, &pooled.pairs);
    note_frame(assessment, &both);
    note_figures(assessment, &both, against.old, pooled.new);
    note_weights(assessment, against);
    carry_notes(assessment, &both);

    let (contributions, left) = contributions(&pooled.framework, &pooled.options.aggregate, &both, &pooled.pairs);
    if !left.is_empty() {
        let message = format!(
            "how the children of {} add to a change is not worked out: only arithmetic and geometric means under common \
             weights are taken apart",
            left.join(", ")
        );
        assessment.notes.push(Note::new(NoteCode::NotDecomposed, message));
    }

    let paired = match (subject.respondents, against.respondents) {
        (Respondents::Drawn(new), OldRespondents::Here { resample: old, .. }) => Some(Paired::new(new, old)),
        _ => None,
    };
    let drawing = Drawing {
        pooled: &pooled,
        both: &both,
        subject,
        against,
        paired: paired.as_ref(),
        replay,
        observer,
    };
    let intervals = drawing.intervals(assessment, &mut elements)?;
    let panel = match (&paired, against.respondents) {
        (Some(paired), OldRespondents::Here { .. }) => panel(assessment, &pooled, paired, &drawing)?,
        _ => None,
    };
    Ok(Comparison {
        kind: ComparisonKind::Rounds,
        old: compared_with(against.old),
        units: pooled.units(),
        times: None,
        differences: differences(assessment, against.old),
        elements,
        contributions,
        intervals,
        overlap: paired.as_ref().map(|paired| {
            let rows = pooled.pairs.iter().map(|&(old, new)| (old - pooled.new, new));
            paired.overlap(rows)
        }),
        panel,
        only_old: pooled.only_old,
        only_new: pooled.only_new,
    })
}

/// The change of every element between these pairs of rows (old, new) of an assessment of both rounds.
pub(super) fn changes(both: &Assessment, pairs: &[(usize, usize)]) -> IndexMap<String, ElementChange> {
    let change = |(id, scores): (&String, &Series)| {
        let of =
            |row: fn(&(usize, usize)) -> usize| -> Series { pairs.iter().map(|pair| scores.get(row(pair))).collect() };
        let (old, new) = (of(|pair| pair.0), of(|pair| pair.1));
        let (old_ranks, new_ranks) = (ranks_down(old.raw()), ranks_down(new.raw()));
        (id.clone(), element_change(old, new, true, old_ranks, new_ranks))
    };
    both.scores.iter().map(change).collect()
}

/// Says so where the common frame is not that of this round alone.
fn note_frame(assessment: &mut Assessment, both: &Assessment) {
    let Some(index) = assessment.elements.first() else {
        return;
    };
    let (Some(alone), Some(common)) = (assessment.scores.get(&index.id), both.scores.get(&index.id)) else {
        return;
    };
    let same = |(alone, common): (Option<f64>, Option<f64>)| match (alone, common) {
        (Some(alone), Some(common)) => (alone - common).abs() < 1e-9 || ties(alone, common),
        (alone, common) => alone.is_none() && common.is_none(),
    };
    if !alone.iter().zip(common.iter()).all(same) {
        let message = "both rounds are measured in one frame for the comparison, and this round alone for `scores`: \
                       the scores of this round differ between the two";
        assessment.notes.push(Note::new(NoteCode::CommonFrame, message));
    }
}

/// Says where the respondents of one round alone stand for a register, and what is to be known of the earlier round's.
fn note_weights(assessment: &mut Assessment, against: &Against<'_>) {
    let OldRespondents::Here { weightings, notes, .. } = against.respondents else {
        return;
    };
    let calibrated = |weightings: &[Weighting]| -> BTreeSet<(String, String)> {
        let calibrated = weightings.iter().filter(|weighting| !weighting.margins.is_empty());
        calibrated
            .map(|weighting| (weighting.unit.clone(), weighting.survey.clone()))
            .collect()
    };
    let (now, then) = (calibrated(&assessment.weightings), calibrated(weightings));
    let mut units: Vec<String> = now.symmetric_difference(&then).map(|(unit, _)| unit.clone()).collect();
    units.dedup();
    if !units.is_empty() {
        let message = "weights are calibrated to a register in one of the two rounds only, so that changes, and their intervals, are also \
                       those of the weights: load the register of the other round";
        assessment
            .notes
            .push(Note::new(NoteCode::WeightedInOneRound, message).at(units));
    }
    let of_weights = |note: &&Note| {
        matches!(
            note.code,
            NoteCode::UnitWeights | NoteCode::RegisterLacks | NoteCode::NotCalibrated | NoteCode::AnsweredTwice
        )
    };
    let earlier = notes.iter().filter(of_weights).cloned();
    assessment.notes.extend(earlier.map(|note| Note {
        message: format!("earlier round: {}", note.message),
        ..note
    }));
}

/// Says where the earlier round's figures, as they are now, are not those of its result. By another framework they need
/// not be.
fn note_figures(assessment: &mut Assessment, both: &Assessment, old: &OldResult, new: usize) {
    let (recipe, before) = (&assessment.recipe, &old.assessment);
    if recipe.framework_hash != before.recipe.framework_hash || before.stages.denominated.is_some() {
        return;
    }
    let rows: Vec<(usize, usize)> = (0..before.units.len()).map(|row| (row, new + row)).collect();
    let differing = figures_that_differ(before, both, &rows);
    if !differing.is_empty() {
        let message = format!(
            "the earlier round was estimated again from its responses, and differs from its result in {}: the register, \
             the weights or the rules for few respondents have changed since",
            differing.join(", ")
        );
        assessment.notes.push(Note::new(NoteCode::EstimatedAgain, message));
    }
}

/// What came up when both rounds were scored together, and not when this one was scored alone.
fn carry_notes(assessment: &mut Assessment, both: &Assessment) {
    let known = |note: &Note, found: &Note| {
        (note.code, &note.element, &note.message) == (found.code, &found.element, &found.message)
            && found.units.iter().all(|unit| note.units.contains(unit))
    };
    let carried = both.notes.iter().filter(|found| {
        found.code != NoteCode::CarriedColumns && !assessment.notes.iter().any(|note| known(note, found))
    });
    let carried: Vec<Note> = carried
        .map(|found| {
            let mut note = found.clone();
            note.message = format!("both rounds together: {}", found.message);
            // A unit has a row in each round.
            let mut seen = HashSet::new();
            note.units.retain(|unit| seen.insert(unit.clone()));
            note
        })
        .collect();
    assessment.notes.extend(carried);
}

/// What runs over both rounds are made of.
pub(super) struct Drawing<'a> {
    pooled: &'a Pooled,
    both: &'a Assessment,
    subject: &'a Subject<'a>,
    against: &'a Against<'a>,
    paired: Option<&'a Paired<'a>>,
    replay: &'a Replay,
    observer: &'a Observer<'a>,
}

impl Drawing<'_> {
    /// Adds intervals to the changes, of each kind that was asked for, and says how they were made.
    fn intervals(
        &self,
        assessment: &mut Assessment,
        elements: &mut IndexMap<String, ElementChange>,
    ) -> Result<Option<IntervalsMade>, ScoringError> {
        let Some(asked) = &self.subject.options.uncertainty else {
            say(assessment, "no uncertainty was asked for");
            return Ok(None);
        };
        if self.subject.options.weights.method == WeightMethod::BenefitOfTheDoubt {
            say(assessment, EACH_UNIT_ITS_OWN);
            return Ok(None);
        }
        let mut made = IntervalsMade {
            confidence: asked.confidence,
            runs: 0,
            seed: asked.seed,
            sampling: None,
        };
        let resampled = asked.vary.respondents.is_some() && matches!(self.subject.respondents, Respondents::Drawn(_));
        let joint = self.paired.filter(|_| resampled);
        if resampled && joint.is_none() {
            self.independent(assessment, elements, asked, &mut made);
        }
        let varied = UncertaintyOptions {
            vary: Vary {
                respondents: asked.vary.respondents.filter(|_| joint.is_some()),
                ..varied(&asked.vary)
            },
            ..asked.clone()
        };
        if varied.vary != Vary::default() || self.replay.weight_sets.is_some() {
            let columns = joint.map(|paired| BothRounds::all(paired, scaling(assessment, self.against, self.pooled)));
            made.runs = self.runs(assessment, elements, &varied, columns.as_ref())?;
            made.sampling = made
                .sampling
                .or(joint.filter(|_| made.runs > 0).map(|_| SamplingDraws::Joint));
        }
        Ok((made.runs > 0 || made.sampling.is_some()).then_some(made))
    }

    /// Sampling intervals from those of the two results, where the respondents of both are not at hand.
    fn independent(
        &self,
        assessment: &mut Assessment,
        elements: &mut IndexMap<String, ElementChange>,
        asked: &UncertaintyOptions,
        made: &mut IntervalsMade,
    ) {
        let old = &self.against.old.assessment;
        let alike = old.uncertainty.as_ref();
        let alike = alike.is_some_and(|old| (old.confidence - asked.confidence).abs() < 1e-9);
        let (then, now): (Vec<usize>, Vec<usize>) = self
            .pooled
            .pairs
            .iter()
            .map(|(old, new)| (old - self.pooled.new, *new))
            .unzip();
        let found = if alike {
            independent(elements, (assessment, &now), (old, &then))
        } else {
            IndexMap::new()
        };
        let reason = match self.against.respondents {
            OldRespondents::Gone(reason) => reason,
            OldRespondents::None | OldRespondents::Here { .. } => "the respondents of both rounds are not at hand",
        };
        if found.is_empty() {
            say(
                assessment,
                &format!(
                    "respondents cannot be drawn for both rounds ({reason}), and the earlier result has no sampling \
                     intervals of the same confidence in the same frame"
                ),
            );
            return;
        }
        made.sampling = Some(SamplingDraws::Independent);
        let message = format!(
            "sampling intervals of changes are those of independent samples ({reason}): where organisations answered in \
             both rounds they are too wide"
        );
        assessment.notes.push(Note::new(NoteCode::IndependentSamples, message));
        for (id, intervals) in found {
            if let Some(element) = elements.get_mut(&id) {
                element.sampling = Some(intervals);
            }
        }
    }

    /// Does the runs over both rounds; how many they were.
    fn runs(
        &self,
        assessment: &mut Assessment,
        elements: &mut IndexMap<String, ElementChange>,
        asked: &UncertaintyOptions,
        columns: Option<&BothRounds<'_>>,
    ) -> Result<usize, ScoringError> {
        let columns = columns.map(|columns| columns as &dyn Replicates);
        let experiment = self.experiment(self.both, asked, columns, self.replay)?;
        let draws: Vec<Draw> = if let Some(design) = &self.replay.design {
            design.draws(&experiment)?
        } else if let Some(runs) = as_many(asked.runs, experiment.width()) {
            (0..runs as u64).map(|run| experiment.draw(run)).collect()
        } else {
            let reason = "the scores of so many units in both rounds cannot be kept for enough runs";
            say(assessment, reason);
            return Ok(0);
        };
        let method = asked.vary != only_respondents(&asked.vary) || self.replay.weight_sets.is_some();
        let apart = columns.is_some() && method;
        let progress = Progress::new(self.observer, draws.len() * if apart { 3 } else { 1 });
        let run = |draws: &[Draw]| self.over(&experiment, draws, asked.confidence, &progress);
        let changed = |change: fn(Draw) -> Draw| -> Vec<Draw> { draws.iter().copied().map(change).collect() };
        let mut set = |found: IndexMap<String, ChangeIntervals>, kind: Kind| {
            for (id, intervals) in found {
                if let Some(element) = elements.get_mut(&id) {
                    *kind.of(element) = Some(intervals);
                }
            }
        };
        if apart {
            set(run(&draws)?, Kind::Both);
            set(run(&changed(Draw::sampling_only))?, Kind::Sampling);
            set(run(&changed(Draw::method_only))?, Kind::Method);
        } else if columns.is_some() {
            set(run(&draws)?, Kind::Sampling);
        } else {
            set(run(&draws)?, Kind::Method);
        }
        Ok(draws.len())
    }

    /// The sampling intervals of changes under these columns, where respondents are drawn again.
    pub fn sampling_of(
        &self,
        both: &Assessment,
        columns: &BothRounds<'_>,
    ) -> Result<IndexMap<String, ChangeIntervals>, ScoringError> {
        let asked = self.subject.options.uncertainty.as_ref();
        let by_unit = self.subject.options.weights.method == WeightMethod::BenefitOfTheDoubt;
        let Some(asked) = asked.filter(|asked| asked.vary.respondents.is_some() && !by_unit) else {
            return Ok(IndexMap::new());
        };
        let asked = UncertaintyOptions {
            vary: only_respondents(&asked.vary),
            ..asked.clone()
        };
        let none = Replay::default();
        let experiment = self.experiment(both, &asked, Some(columns), &none)?;
        let Some(runs) = as_many(asked.runs, experiment.width()) else {
            return Ok(IndexMap::new());
        };
        let draws: Vec<Draw> = (0..runs as u64).map(|run| experiment.draw(run)).collect();
        let progress = Progress::new(self.observer, draws.len());
        self.over(&experiment, &draws, asked.confidence, &progress)
    }

    fn experiment<'e>(
        &'e self,
        both: &Assessment,
        asked: &'e UncertaintyOptions,
        columns: Option<&'e dyn Replicates>,
        replay: &Replay,
    ) -> Result<Experiment<'e>, ScoringError> {
        Experiment::new(
            &self.pooled.framework,
            &self.pooled.table,
            &self.pooled.options,
            asked,
            both.elements.iter().map(|element| element.weight).collect(),
            columns,
            replay,
        )
    }

    /// The intervals of every element above the indicators over these runs.
    fn over(
        &self,
        experiment: &Experiment<'_>,
        draws: &[Draw],
        confidence: f64,
        progress: &Progress<'_>,
    ) -> Result<IndexMap<String, ChangeIntervals>, ScoringError> {
        let runs = Runs::all(experiment, draws, progress)?;
        let elements = self.pooled.framework.elements();
        let ids: Vec<&str> = experiment
            .tree
            .elements()
            .filter_map(|position| elements.get(position))
            .map(|element| element.id.as_str())
            .collect();
        Ok(of_runs(&runs, &ids, &self.pooled.pairs, confidence))
    }

    /// What the figures of replicates are multiplied by.
    pub fn scaling(&self, assessment: &Assessment) -> Option<Vec<Vec<f64>>> {
        scaling(assessment, self.against, self.pooled)
    }
}

/// A kind of interval.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Both,
    Sampling,
    Method,
}

impl Kind {
    fn of(self, element: &mut ElementChange) -> &mut Option<ChangeIntervals> {
        match self {
            Self::Both => &mut element.both,
            Self::Sampling => &mut element.sampling,
            Self::Method => &mut element.method,
        }
    }
}

/// The respondents alone, of what is varied.
fn only_respondents(vary: &Vary) -> Vary {
    Vary {
        respondents: vary.respondents,
        ..Vary::default()
    }
}

fn say(assessment: &mut Assessment, reason: &str) {
    let message = format!("no intervals of changes: {reason}");
    assessment.notes.push(Note::new(NoteCode::NoChangeIntervals, message));
}

/// What the figures of replicates are multiplied by where indicators are divided by denominators: for each indicator, and
/// each row of both rounds.
fn scaling(assessment: &Assessment, against: &Against<'_>, pooled: &Pooled) -> Option<Vec<Vec<f64>>> {
    let before = &against.old.assessment;
    let (now, then) = (
        assessment.stages.denominated.as_ref()?,
        before.stages.denominated.as_ref()?,
    );
    let column = |(_, element, _): (usize, &Element, &Indicator)| {
        let new = factors(now, &assessment.stages.raw, &element.id, assessment.units.len());
        [new, factors(then, &before.stages.raw, &element.id, before.units.len())].concat()
    };
    Some(pooled.framework.indicators().map(column).collect())
}
