//! The marginal return of each indicator for each unit: what its improvement adds to the index, all else as it is.
//!
//! In the frozen frame, one unit's score depends on its own figures alone, so that one aggregation gives the return of
//! an indicator for all units at once. The slope is the product of what the steps do on the way up: the scale, then
//! for each parent w/W (s/x)^(1-p) of a mean of exponent p (1 arithmetic, 0 geometric, -1 harmonic), with s the parent's
//! score, x the child's, w its weight and W the weight of the children that are there.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, elements and rows are those of the framework and the table"
)]

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::frozen::FrozenFrame;
use super::scale::End;
use crate::scoring::error::ScoringError;
use crate::scoring::framework::{Element, Framework};
use crate::scoring::numbers::standard_deviation;
use crate::scoring::options::{Aggregate, AggregateMethod};
use crate::scoring::series::Series;

/// What a small improvement adds to the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginalReturns {
    /// The element whose score it is about: the index.
    pub element: String,
    /// By indicator.
    pub indicators: IndexMap<String, MarginalReturn>,
}

/// The return of one indicator, unit by unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginalReturn {
    /// By how much the index rises for each improvement by 1 in the indicator's own unit, where the unit stands now.
    /// An improvement is a fall where less is better. Missing where the region is `rising`: without limit, as in a
    /// geometric mean at 0.
    pub per_unit: Series,
    /// The standard improvement: a tenth of the way between the goalposts; where there are none, one standard deviation
    /// of the units. Missing where there is neither.
    pub step: Option<f64>,
    /// What the step is.
    pub step_is: StepBasis,
    /// By how much the index rises for that improvement, to the last bit: past the end of a scale nothing more is gained.
    /// Missing where the step has no place on the scale.
    pub per_step: Series,
    /// Where the unit stands.
    pub region: Vec<Region>,
}

/// What the standard improvement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepBasis {
    /// A tenth of the way between the goalposts.
    TenthOfGoalposts,
    /// One standard deviation of the units.
    StandardDeviation,
}

/// Where a unit stands on the way from an indicator to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// An improvement raises the index.
    Rising,
    /// At the best end of the scale or beyond it: nothing more is gained.
    AtTop,
    /// Below the worse end of the scale: nothing is gained until that is reached.
    BelowBottom,
    /// The index does not depend on it here: it has no weight, or another child of a geometric or harmonic mean is 0.
    Flat,
    /// The unit has no value, or no score, or there is no scale.
    Missing,
}

/// What the scores of parents are made of.
pub(super) struct Way<'a> {
    pub framework: &'a Framework,
    pub aggregate: &'a Aggregate,
    pub weights: &'a [f64],
    /// The scores of all elements.
    pub scores: &'a [Vec<f64>],
}

impl Way<'_> {
    /// The exponent of the mean that makes an element's score.
    fn exponent(&self, element: &Element) -> f64 {
        let level = (element.level as usize).saturating_sub(2);
        let method = self
            .aggregate
            .by_level
            .get(level)
            .copied()
            .unwrap_or(self.aggregate.method);
        match method {
            AggregateMethod::Geometric => 0.0,
            AggregateMethod::Harmonic => -1.0,
            AggregateMethod::Power => self.aggregate.exponent.unwrap_or(1.0),
            _ => 1.0,
        }
    }

    /// By how much the index of a row rises for a rise of this element's score by 1.
    fn slope(&self, position: usize, row: usize) -> f64 {
        let elements = self.framework.elements();
        let (mut slope, mut at) = (1.0, position);
        while let Some(parent) = elements[at].parent {
            let own = self.weights[at];
            if own <= 0.0 {
                return 0.0;
            }
            let present = |child: &&usize| self.weights[**child] > 0.0 && !self.scores[**child][row].is_nan();
            let total: f64 = elements[parent]
                .children
                .iter()
                .filter(present)
                .map(|&child| self.weights[child])
                .sum();
            let exponent = self.exponent(&elements[parent]);
            let (score, value) = (self.scores[parent][row], self.scores[at][row]);
            let by_mean = if (exponent - 1.0).abs() < f64::EPSILON {
                own / total
            } else if value == 0.0 && score == 0.0 {
                let others = elements[parent].children.iter().filter(|child| **child != at);
                let others_at_0 = others.filter(present).any(|&child| self.scores[child][row] == 0.0);
                slope_at_0(own / total, exponent, others_at_0)
            } else {
                own / total * (score / value).powf(1.0 - exponent)
            };
            // Without limit further down or not: what the parent does not depend on, the index does not.
            if by_mean == 0.0 {
                return 0.0;
            }
            slope *= by_mean;
            at = parent;
        }
        slope
    }
}

/// The slope of a mean that is 0 at a child that is 0 and has this share of the weights; infinite where it is without limit.
fn slope_at_0(share: f64, exponent: f64, others_at_0: bool) -> f64 {
    // As the aggregation has it, exponent 0 is the geometric mean.
    let geometric = exponent.abs() < f64::EPSILON;
    if others_at_0 && (geometric || exponent < 0.0) {
        return 0.0;
    }
    if !geometric {
        // The child's own term is the largest near 0, or the only one.
        return share.powf(1.0 / exponent);
    }
    if share < 1.0 { f64::INFINITY } else { 1.0 }
}

/// Fills in the scores of all parents.
pub(super) type Parents<'a> = dyn Fn(&mut [Vec<f64>]) -> Result<(), ScoringError> + 'a;

/// Whether a way to aggregate has marginal returns: scores of a unit depend on it alone, and have a slope.
pub(super) fn has_returns(aggregate: &Aggregate) -> bool {
    let own = [AggregateMethod::Copeland, AggregateMethod::Mpi, AggregateMethod::Ampi];
    !own.into_iter().any(|method| aggregate.uses(method))
}

/// The returns.
///
/// # Errors
/// What `parents` says.
pub(super) fn returns(
    way: &Way<'_>,
    frame: &FrozenFrame,
    parents: &Parents<'_>,
) -> Result<MarginalReturns, ScoringError> {
    let mut indicators = IndexMap::new();
    for (column, (position, element, indicator)) in way.framework.indicators().enumerate() {
        let natural = &frame.natural[column];
        let sign = indicator.direction.sign();
        let (step, step_is) = match indicator.goalposts {
            Some([low, high]) => (Some((high - low) / 10.0), StepBasis::TenthOfGoalposts),
            None => (
                standard_deviation(natural).filter(|deviation| *deviation > 0.0),
                StepBasis::StandardDeviation,
            ),
        };
        let (mut per_unit, mut region) = (Vec::new(), Vec::new());
        let mut stepped = way.scores.to_vec();
        // Whether the step has a place on the scale.
        let mut steps = vec![false; natural.len()];
        for (row, &value) in natural.iter().enumerate() {
            if value.is_nan() || way.scores[0][row].is_nan() || frame.placed[column][row].is_nan() {
                per_unit.push(f64::NAN);
                region.push(Region::Missing);
                continue;
            }
            let Ok(here) = frame.at(column, row, value) else {
                per_unit.push(f64::NAN);
                region.push(Region::Missing);
                continue;
            };
            let after = step.and_then(|step| frame.cell(column, row, value + sign * step).ok());
            if let Some(score) = after.filter(|score| !score.is_nan()) {
                stepped[position][row] = score;
                steps[row] = true;
            }
            let by_parents = way.slope(position, row);
            let slope = if by_parents == 0.0 {
                0.0
            } else {
                here.slope * by_parents
            };
            region.push(match here.held {
                Some(End::Best) => Region::AtTop,
                Some(End::Worst) => Region::BelowBottom,
                None if slope == 0.0 => Region::Flat,
                None => Region::Rising,
            });
            per_unit.push(if here.held.is_some() { 0.0 } else { slope });
        }
        parents(&mut stepped)?;
        let gains = stepped[0].iter().zip(&way.scores[0]).zip(&steps);
        let gain = |((after, before), steps): ((&f64, &f64), &bool)| if *steps { after - before } else { f64::NAN };
        let found = MarginalReturn {
            per_unit: Series::from_numbers(per_unit),
            step,
            step_is,
            per_step: Series::from_numbers(gains.map(gain).collect()),
            region,
        };
        indicators.insert(element.id.clone(), found);
    }
    Ok(MarginalReturns {
        element: way
            .framework
            .elements()
            .first()
            .map_or_else(String::new, |index| index.id.clone()),
        indicators,
    })
}
