//! How much rests on a single respondent: the largest one's share of each numerator, and the scores without it.
//!
//! In flow an assessment of places and the tally that it was made of; out flows the section `influence`. Whoever is the
//! largest somewhere is left out of all figures of its place at once, as if it had never answered; the frame is kept. This
//! is data of single organisations: no publication has it.

#![allow(
    clippy::indexing_slicing,
    reason = "indicators, elements and rows are those of the framework and the table"
)]

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::analyse::Subject;
use super::assessment::Assessment;
use super::beside::{Beside, why_not};
use super::error::ScoringError;
use super::estimate::{Largest, LeaveOut, Populations, Tally};
use super::framework::{Framework, Part, parts};
use super::note::{Note, NoteCode};
use super::rank::rank_within;
use super::uncertainty::{Intervals, Spread};

/// Influence is worked out in up to so many units.
const MOST_UNITS: usize = 1000;

/// The section `influence` of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Influence {
    /// By indicator that is computed from answers, for each unit the largest respondent of each actor type; those of a
    /// numerator that is not above 0 are absent.
    pub largest: IndexMap<String, Vec<Vec<LargestRespondent>>>,
    /// The scores without each of them, unit by unit, those that move the index most first. None where the methods have no
    /// frame that could be kept.
    pub left_out: Vec<LeftOut>,
}

/// The respondent that adds most to a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LargestRespondent {
    /// Its actor type.
    pub actor: String,
    /// The instance id of its response.
    pub response: String,
    /// Its share (0 to 1, above only where others are below 0) of the weighted numerator; of the weight in a median.
    pub share: f64,
    /// The figure of the unit without it, in natural units.
    pub without: Option<f64>,
}

/// A unit without one of its respondents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The unit.
    pub unit: String,
    /// The instance id of the response that is left out.
    pub response: String,
    /// The scores of the index and the dimensions without it.
    pub scores: IndexMap<String, Option<f64>>,
    /// The rank of the index without it, among the unchanged scores of the others.
    pub rank: Option<u32>,
    /// Whether the score of the index moves by more than half the width of its sampling interval, or is lost.
    pub moves_score: bool,
    /// Whether its rank does; where ranks have no sampling interval, whether it moves at all.
    pub moves_rank: bool,
}

impl LeftOut {
    /// Whether score or rank of the index move too far.
    pub fn moves(&self) -> bool {
        self.moves_score || self.moves_rank
    }
}

/// What one unit comes to.
struct OfUnit {
    /// By part.
    largest: Vec<Option<LargestRespondent>>,
    left_out: Vec<LeftOut>,
}

/// Adds the influence of single respondents to an assessment of places. Call it after [`analyse`](super::analyse): what
/// moves too far is told by its sampling intervals.
///
/// # Errors
/// What scoring says.
pub fn influence(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    tally: &Tally,
    populations: &Populations,
) -> Result<(), ScoringError> {
    let Subject { framework, options, .. } = *subject;
    let without = |assessment: &mut Assessment, reason: &str| {
        let message = format!("the influence of single respondents is not worked out: {reason}");
        assessment.notes.push(Note::new(NoteCode::NoInfluence, message));
    };
    if assessment.units.len() > MOST_UNITS {
        without(assessment, &format!("there are more than {MOST_UNITS} units"));
        return Ok(());
    }
    let Some(leave_out) = LeaveOut::new(framework, tally, populations, &options.responses) else {
        without(assessment, "there are too many of them");
        return Ok(());
    };
    let beside = match why_not(options) {
        None => Some(Beside::of(assessment, subject)?),
        Some(reason) => {
            without(assessment, &format!("{reason}. Their shares are"));
            None
        }
    };
    let work = Work {
        assessment,
        framework,
        leave_out,
        beside,
    };
    let found: Vec<OfUnit> = (0..assessment.units.len())
        .into_par_iter()
        .map(|row| work.unit(row))
        .collect::<Result<_, _>>()?;
    let influence = gathered(framework, found);
    let mut units: Vec<String> = Vec::new();
    for left_out in influence.left_out.iter().filter(|left_out| left_out.moves()) {
        if units.last() != Some(&left_out.unit) {
            units.push(left_out.unit.clone());
        }
    }
    if !units.is_empty() {
        let message =
            "leaving one respondent out moves its score or rank by more than half the width of the sampling interval";
        let index = framework.elements().first().map_or("", |index| index.id.as_str());
        let note = Note::new(NoteCode::Influential, message).of(index).at(units);
        assessment.notes.push(note);
    }
    assessment.influence = Some(influence);
    Ok(())
}

fn gathered(framework: &Framework, of_units: Vec<OfUnit>) -> Influence {
    let mut influence = Influence {
        largest: IndexMap::new(),
        left_out: Vec::new(),
    };
    let elements = framework.elements();
    for of_unit in of_units {
        let mut by_indicator: IndexMap<&str, Vec<LargestRespondent>> = IndexMap::new();
        for ((position, _), largest) in parts(framework).zip(of_unit.largest) {
            let of_indicator = by_indicator.entry(&elements[position].id).or_default();
            of_indicator.extend(largest);
        }
        for (id, largest) in by_indicator {
            influence.largest.entry(id.to_owned()).or_default().push(largest);
        }
        influence.left_out.extend(of_unit.left_out);
    }
    influence
}

struct Work<'a> {
    assessment: &'a Assessment,
    framework: &'a Framework,
    leave_out: LeaveOut<'a>,
    beside: Option<Beside<'a>>,
}

impl Work<'_> {
    fn unit(&self, row: usize) -> Result<OfUnit, ScoringError> {
        let unit = self.assessment.units[row].as_str();
        let largest = self.leave_out.largest(unit);
        let mut without: BTreeMap<usize, Vec<Option<f64>>> = BTreeMap::new();
        for respondent in largest.iter().flatten().map(|largest| largest.respondent) {
            without
                .entry(respondent)
                .or_insert_with(|| self.leave_out.without(unit, respondent));
        }
        let mut left_out = Vec::new();
        if let Some(beside) = &self.beside {
            for (respondent, figures) in &without {
                left_out.push(self.left_out(beside, row, *respondent, figures)?);
            }
        }
        let before = self.index_score(row);
        let change = |left_out: &LeftOut| {
            let after = left_out.scores.values().next().copied().flatten();
            match (before, after) {
                (Some(before), Some(after)) => (after - before).abs(),
                (Some(_), None) => f64::INFINITY,
                (None, _) => 0.0,
            }
        };
        left_out.sort_by(|one, other| {
            let by_change = change(other).total_cmp(&change(one));
            by_change.then_with(|| one.response.cmp(&other.response))
        });
        let column_of: BTreeMap<usize, usize> = self
            .framework
            .indicators()
            .map(|(position, ..)| position)
            .zip(0..)
            .collect();
        let named = |(found, (position, part)): (Option<Largest>, (usize, &Part))| {
            let found = found?;
            Some(LargestRespondent {
                actor: part.actor.clone(),
                response: self.leave_out.response(unit, found.respondent).to_owned(),
                share: found.share,
                without: without[&found.respondent][column_of[&position]].filter(|figure| !figure.is_nan()),
            })
        };
        Ok(OfUnit {
            largest: largest.into_iter().zip(parts(self.framework)).map(named).collect(),
            left_out,
        })
    }

    fn left_out(
        &self,
        beside: &Beside<'_>,
        row: usize,
        respondent: usize,
        without: &[Option<f64>],
    ) -> Result<LeftOut, ScoringError> {
        let mut figures = beside.figures(row);
        for (figure, without) in figures.iter_mut().zip(without) {
            *figure = without.unwrap_or(*figure);
        }
        let scored = beside.changed(row, &figures)?;
        let elements = self.framework.elements();
        let index = scored.scores[0];
        let dimensions = elements[0].children.iter().copied();
        let shown = std::iter::once(0).chain(dimensions);
        let score = |position: usize| {
            let score = scored.scores[position];
            (elements[position].id.clone(), (!score.is_nan()).then_some(score))
        };
        let rank = self.rank(row, index);
        let unit = self.assessment.units[row].as_str();
        Ok(LeftOut {
            unit: unit.to_owned(),
            response: self.leave_out.response(unit, respondent).to_owned(),
            scores: shown.map(score).collect(),
            rank,
            moves_score: self.moves_score(row, index),
            moves_rank: self.moves_rank(row, rank),
        })
    }

    fn index_score(&self, row: usize) -> Option<f64> {
        self.assessment.scores.values().next()?.get(row)
    }

    /// The rank of the index where the score of this row is another one.
    fn rank(&self, row: usize, score: f64) -> Option<u32> {
        let mut column = self.assessment.scores.values().next()?.raw().to_vec();
        column[row] = score;
        let all = [(0..column.len()).collect()];
        rank_within(&all, &column)[row]
    }

    /// The sampling intervals of the index.
    fn sampling(&self) -> Option<&Intervals> {
        let index = self.framework.elements().first()?;
        let elements = &self.assessment.uncertainty.as_ref()?.elements;
        elements.get(&index.id)?.sampling.as_ref()
    }

    fn moves_score(&self, row: usize, after: f64) -> bool {
        let Some(before) = self.index_score(row) else {
            return false;
        };
        let half = self.sampling().and_then(|sampling| half_width(&sampling.score, row));
        after.is_nan() || half.is_some_and(|half| (after - before).abs() > half)
    }

    fn moves_rank(&self, row: usize, after: Option<u32>) -> bool {
        let ranks = self.assessment.ranks.values().next();
        let before = ranks.and_then(|ranks| ranks.get(row)).copied().flatten();
        let (Some(before), Some(after)) = (before, after) else {
            return false;
        };
        let half = self.sampling().and_then(|sampling| half_width(&sampling.rank, row));
        f64::from(before.abs_diff(after)) > half.unwrap_or(0.0)
    }
}

/// Half the width of a unit's interval.
fn half_width(spread: &Spread, row: usize) -> Option<f64> {
    let (low, high) = spread.interval()?;
    Some((high.get(row)? - low.get(row)?) / 2.0)
}
