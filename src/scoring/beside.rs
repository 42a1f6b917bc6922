//! Scores of what stands beside the units of an assessment: in its frame, by its weights, and without changing either.
//!
//! The frame is what the assessment's own units came to (`scenario/frozen.rs`); what is scored here takes no part in it.

#![allow(
    clippy::indexing_slicing,
    reason = "columns and elements are those of the framework and the table"
)]

use super::aggregate::Aggregation;
use super::analyse::Subject;
use super::assessment::Assessment;
use super::error::ScoringError;
use super::note::Notes;
use super::options::{AggregateMethod, NormaliseMethod, Options, WeightMethod};
use super::scenario::FrozenFrame;

/// The frame and the weights of an assessment.
pub(super) struct Beside<'a> {
    subject: &'a Subject<'a>,
    frame: FrozenFrame,
    weights: Vec<f64>,
}

/// The scores of one unit beside the others.
pub(super) struct ScoredBeside {
    /// Of every element; NaN where there is none.
    pub scores: Vec<f64>,
    /// The indicators whose figure has no place on the scale, and why.
    pub without_place: Vec<(usize, &'static str)>,
}

/// A figure with what it is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnFigure {
    /// In natural units; NaN where it is missing.
    pub value: f64,
    /// What it is divided by: 1 where figures are not divided.
    pub divisor: f64,
    /// The target in natural units; NaN where there is none.
    pub target: f64,
}

/// Why nothing can be scored beside the units, where that is so: a score that is made of all units has no frame that could be
/// kept.
pub(super) fn why_not(options: &Options) -> Option<String> {
    if options.weights.method == WeightMethod::BenefitOfTheDoubt {
        return Some("benefit of the doubt holds each unit against all others".to_owned());
    }
    let relative = [AggregateMethod::Copeland, AggregateMethod::Mpi];
    if let Some(method) = relative.into_iter().find(|method| options.aggregate.uses(*method)) {
        return Some(format!("{} holds the units against each other", method.name()));
    }
    let method = options.normalise.method;
    let ranks = [
        NormaliseMethod::Rank,
        NormaliseMethod::Borda,
        NormaliseMethod::PercentileRank,
    ];
    ranks
        .contains(&method)
        .then(|| format!("{} has no scale beside the units", method.name()))
}

impl<'a> Beside<'a> {
    /// The frame and the weights that an assessment came to. Ask [`why_not`] first.
    ///
    /// # Errors
    /// Where the figures cannot be scored at all.
    pub fn of(assessment: &Assessment, subject: &'a Subject<'a>) -> Result<Self, ScoringError> {
        Ok(Self {
            frame: FrozenFrame::of(subject.framework, subject.table, subject.options, None)?,
            weights: assessment.elements.iter().map(|element| element.weight).collect(),
            subject,
        })
    }

    /// The scores of a unit that is none of the assessment's.
    ///
    /// # Errors
    /// What aggregation says.
    pub fn outside(&self, name: &str, figures: &[OwnFigure]) -> Result<ScoredBeside, ScoringError> {
        let place = |(column, figure): (usize, &OwnFigure)| {
            self.frame.outside(column, figure.value, figure.divisor, figure.target)
        };
        self.aggregated(name, figures.iter().enumerate().map(place).collect())
    }

    /// The scores that the unit of this row has where its figures are these. A figure that is what it was keeps its place.
    ///
    /// # Errors
    /// What aggregation says.
    pub fn changed(&self, row: usize, figures: &[f64]) -> Result<ScoredBeside, ScoringError> {
        let place =
            |(column, value): (usize, &f64)| self.frame.cell(column, row, *value).map_err(|no_place| no_place.reason);
        let name = self.subject.table.units()[row].as_str();
        self.aggregated(name, figures.iter().enumerate().map(place).collect())
    }

    /// The figures of the unit of this row as they came.
    pub fn figures(&self, row: usize) -> Vec<f64> {
        self.frame.natural.iter().map(|column| column[row]).collect()
    }

    fn aggregated(&self, name: &str, placed: Vec<Result<f64, &'static str>>) -> Result<ScoredBeside, ScoringError> {
        let framework = self.subject.framework;
        let (frames, units) = ([vec![0]], [name.to_owned()]);
        let aggregation = Aggregation::new(framework, self.subject.options, &frames, &units)?;
        let mut scores = vec![vec![f64::NAN]; framework.elements().len()];
        let mut without_place = Vec::new();
        for (column, ((position, ..), placed)) in framework.indicators().zip(placed).enumerate() {
            match placed {
                Ok(score) => scores[position][0] = score,
                Err(reason) => without_place.push((column, reason)),
            }
        }
        aggregation.parents(&self.weights, &mut scores, &mut Notes::default())?;
        Ok(ScoredBeside {
            scores: scores.into_iter().map(|column| column[0]).collect(),
            without_place,
        })
    }
}
