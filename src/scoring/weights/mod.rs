//! Weights and scores of all parents, from the lowest level up.
//!
//! Weights that the framework, equality or experts give are settled before; those that rest on data are found when the
//! scores of a parent's children are known, and a unit's own weights make its score at once.

mod benefit_of_the_doubt;
mod component;
mod expert_file;
mod experts;
mod given;
mod information;
mod optimised;
mod pairwise;

use indexmap::IndexMap;

pub use self::experts::{Expert, ExpertSpread, ExpertWeights};

use self::benefit_of_the_doubt::{Best, Limits, benefit_of_the_doubt};
use self::component::{factor_weights, pca_weights};
pub(super) use self::experts::{Panel, scored_children};
pub(super) use self::given::effective;
use self::given::weights;
use self::information::{critic_weights, entropy_weights};
use self::optimised::optimise;
use super::aggregate::Aggregation;
use super::complete::complete;
use super::components::correlation_matrix;
use super::error::{ScoringError, nearest_name};
use super::framework::{Element, Framework};
use super::note::{Note, NoteCode, Notes};
use super::numbers::{extremes, is_constant};
use super::options::{AggregateMethod, NormaliseMethod, Options, WeightMethod};
use super::screen::enough;
use super::series::Series;

/// The weights that an assessment came to.
#[derive(Debug)]
pub(super) struct Weighed {
    /// The weight of every element within its parent, in the framework's order; of children with weights by unit their
    /// mean.
    pub weights: Vec<f64>,
    /// By parent and child: the weight that each unit gives it.
    pub by_unit: IndexMap<String, IndexMap<String, Series>>,
    /// By parent: what the experts said.
    pub experts: IndexMap<String, ExpertWeights>,
}

/// The fewest units per child for weights that rest on data.
const UNITS_PER_CHILD: usize = 3;

/// The most units that benefit of the doubt holds against one another.
const MOST_UNITS: usize = 2_000;

/// The most children whose correlations are taken apart.
const MOST_CHILDREN: usize = 500;

/// Fills in the scores of all elements above the indicators; `scores` has those of the indicators.
pub(super) fn weigh_and_aggregate(
    framework: &Framework,
    options: &Options,
    frames: &[Vec<usize>],
    units: &[String],
    scores: &mut [Vec<f64>],
    notes: &mut Notes,
) -> Result<Weighed, ScoringError> {
    check_importance(framework, options)?;
    let mut weighing = Weighing {
        framework,
        options,
        frames,
        units,
        aggregation: Aggregation::new(framework, options, frames, units)?,
        weighed: Weighed {
            weights: weights(framework, &options.weights)?,
            by_unit: IndexMap::new(),
            experts: IndexMap::new(),
        },
    };
    weighing.ask_experts(notes)?;
    // Children stand behind their parents, so going backwards every child is settled before its parent.
    for (position, element) in framework.elements().iter().enumerate().rev() {
        if element.indicator.is_some() {
            continue;
        }
        if let Some(column) = weighing.parent(position, element, scores, notes)?
            && let Some(slot) = scores.get_mut(position)
        {
            *slot = column;
        }
    }
    weighing.weighed.by_unit.reverse();
    Ok(weighing.weighed)
}

struct Weighing<'a> {
    framework: &'a Framework,
    options: &'a Options,
    frames: &'a [Vec<usize>],
    units: &'a [String],
    aggregation: Aggregation<'a>,
    weighed: Weighed,
}

impl Weighing<'_> {
    /// Weights from experts; parents that they were not asked about keep theirs, unless `within` names them.
    fn ask_experts(&mut self, notes: &mut Notes) -> Result<(), ScoringError> {
        let options = &self.options.weights;
        let Some(experts) = &options.experts else { return Ok(()) };
        let panel = Panel::new(self.framework, options, experts)?;
        for (position, element) in self.framework.elements().iter().enumerate() {
            let children = scored_children(self.framework, position);
            if !self.chosen(element) || children.is_empty() {
                continue;
            }
            if !panel.covers(position) {
                if !options.within.is_empty() {
                    return Err(self.refuse(
                        element,
                        format!("the experts' file '{}' does not have them", experts.name()),
                    ));
                }
                if children.len() > 1 {
                    let message = "the experts were not asked about its children: their weights are as given";
                    notes.push(Note::new(NoteCode::GivenWeights, message).of(&element.id));
                }
                continue;
            }
            let report = panel.report(self.framework, position, options.combine);
            let weights = panel.weights(position, options.combine);
            let (Some(report), Some(weights)) = (report, weights) else {
                let message = "under the geometric mean every child has 0 points of some expert: use combine: mean";
                return Err(self.refuse(element, message.to_owned()));
            };
            note_experts(element, &report, notes);
            self.set(&children, &weights);
            self.weighed.experts.insert(element.id.clone(), report);
        }
        Ok(())
    }

    /// The scores of a parent, after its children's weights are settled.
    fn parent(
        &mut self,
        position: usize,
        element: &Element,
        scores: &[Vec<f64>],
        notes: &mut Notes,
    ) -> Result<Option<Vec<f64>>, ScoringError> {
        let children = scored_children(self.framework, position);
        let chosen = !children.is_empty() && self.chosen(element);
        match self.options.weights.method {
            WeightMethod::Pca
            | WeightMethod::Factor
            | WeightMethod::Optimised
            | WeightMethod::Entropy
            | WeightMethod::Critic
                if chosen =>
            {
                match children[..] {
                    [only] => self.set(&[only], &[1.0]),
                    _ => self.rest_on_data(position, element, &children, scores, notes)?,
                }
            }
            WeightMethod::BenefitOfTheDoubt if chosen => {
                return self.by_unit(element, &children, scores, notes).map(Some);
            }
            _ => {}
        }
        self.aggregation.column(position, &self.weighed.weights, scores, notes)
    }

    fn chosen(&self, element: &Element) -> bool {
        self.options.weights.are_within(&element.id)
    }

    fn set(&mut self, children: &[usize], weights: &[f64]) {
        for (&child, &weight) in children.iter().zip(weights) {
            if let Some(slot) = self.weighed.weights.get_mut(child) {
                *slot = weight;
            }
        }
    }

    fn refuse(&self, element: &Element, message: String) -> ScoringError {
        ScoringError::Weighting {
            method: self.options.weights.method.name(),
            parent: element.id.clone(),
            message,
        }
    }

    fn id(&self, position: usize) -> &str {
        let element = self.framework.elements().get(position);
        element.map_or("", |element| element.id.as_str())
    }

    fn enough_units(&self, element: &Element, units: usize, children: usize) -> Result<(), ScoringError> {
        if units >= UNITS_PER_CHILD * children || self.options.weights.force {
            return Ok(());
        }
        Err(self.refuse(
            element,
            format!(
                "{units} units with values for {children} children are fewer than {UNITS_PER_CHILD} per child, too few \
                 to rest weights on; force: true does it all the same"
            ),
        ))
    }

    /// Weights by pca, factor, optimised, entropy or critic.
    fn rest_on_data(
        &mut self,
        position: usize,
        element: &Element,
        children: &[usize],
        scores: &[Vec<f64>],
        notes: &mut Notes,
    ) -> Result<(), ScoringError> {
        if children.len() > MOST_CHILDREN {
            let message = format!("{} children are more than {MOST_CHILDREN}", children.len());
            return Err(self.refuse(element, message));
        }
        let column = |child: &usize| scores.get(*child).map_or(&[][..], Vec::as_slice);
        let everything: Vec<&[f64]> = children.iter().map(column).collect();
        let whole = complete(&everything);
        let varies = |at: usize| whole.get(at).is_some_and(|column| !is_constant(column));
        let (varying, constant): (Vec<usize>, Vec<usize>) = (0..children.len()).partition(|&at| varies(at));
        self.enough_units(element, whole.first().map_or(0, Vec::len), children.len())?;
        if varying.is_empty() {
            let message = "its children do not vary: their weights are as given";
            notes.push(Note::new(NoteCode::GivenWeights, message).of(&element.id));
            return Ok(());
        }
        for &at in &constant {
            let message = "weight 0, since all units that have every value are equal in it";
            let name = children.get(at).map_or("", |&child| self.id(child));
            notes.push(Note::new(NoteCode::ZeroWeight, message).of(name));
        }
        let kept: Vec<usize> = varying.iter().filter_map(|&at| children.get(at).copied()).collect();
        let columns: Vec<&[f64]> = kept.iter().map(column).collect();
        let weights = self.of_varying(position, element, &kept, &columns, scores, notes)?;
        self.set(children, &vec![0.0; children.len()]);
        self.set(&kept, &weights);
        Ok(())
    }

    fn of_varying(
        &self,
        position: usize,
        element: &Element,
        children: &[usize],
        columns: &[&[f64]],
        scores: &[Vec<f64>],
        notes: &mut Notes,
    ) -> Result<Vec<f64>, ScoringError> {
        if children.len() == 1 {
            return Ok(vec![1.0]);
        }
        let options = &self.options.weights;
        let whole = complete(columns);
        if options.method == WeightMethod::Entropy {
            self.not_below_zero(children, columns)?;
            return Ok(entropy_weights(&whole));
        }
        let few = || self.refuse(element, "fewer than 3 units have a value for all children".to_owned());
        let correlations = correlation_matrix(&whole).ok_or_else(few)?;
        match options.method {
            WeightMethod::Critic => critic_weights(&whole, &correlations).ok_or_else(|| {
                let message = "they all rise and fall together, so that none has information of its own: use equal";
                self.refuse(element, message.to_owned())
            }),
            WeightMethod::Pca => pca_weights(correlations).map_err(|negative| {
                let child = children.get(negative.column).map_or("", |&child| self.id(child));
                let message = format!(
                    "'{child}' runs against the others and would have a weight below 0: turn its direction, move it or leave it out"
                );
                self.refuse(element, message)
            }),
            WeightMethod::Factor => Ok(factor_weights(correlations, options.factors)),
            _ => {
                let wanted: Vec<f64> = children
                    .iter()
                    .map(|&child| options.importance.get(self.id(child)).copied().unwrap_or(1.0))
                    .collect();
                let mut trial = self.weighed.weights.clone();
                for child in scored_children(self.framework, position) {
                    if let Some(slot) = trial.get_mut(child) {
                        *slot = 0.0;
                    }
                }
                let mut failure = None;
                let found = optimise(columns, correlations, &wanted, |weights| {
                    for (&child, &weight) in children.iter().zip(weights) {
                        if let Some(slot) = trial.get_mut(child) {
                            *slot = weight;
                        }
                    }
                    let column = self.aggregation.column(position, &trial, scores, &mut Notes::default());
                    column.map_err(|error| failure = Some(error)).ok().flatten()
                });
                if let Some(error) = failure {
                    return Err(error);
                }
                let found = found.ok_or_else(|| {
                    self.refuse(element, "its children have no correlation above 0 with it".to_owned())
                })?;
                let named = children.iter().zip(&found.correlations);
                let named: Vec<String> = named.map(|(&child, r)| format!("{} {r:.3}", self.id(child))).collect();
                let (code, words) = if found.reached {
                    (NoteCode::OptimisedWeights, "as wanted")
                } else {
                    (NoteCode::NotOptimised, "as near to what is wanted as weights of 0 or more can bring them")
                };
                let message = format!("correlations of its children with it {words}: {}", named.join(", "));
                notes.push(Note::new(code, message).of(&element.id));
                Ok(found.weights)
            }
        }
    }

    /// Scores by benefit of the doubt, each unit with its own weights.
    fn by_unit(
        &mut self,
        element: &Element,
        children: &[usize],
        scores: &[Vec<f64>],
        notes: &mut Notes,
    ) -> Result<Vec<f64>, ScoringError> {
        if self.aggregation.method(element) != AggregateMethod::Arithmetic {
            let message = "each unit's score is the sum of its weighted values: use aggregate: arithmetic at its level";
            return Err(self.refuse(element, message.to_owned()));
        }
        let columns: Vec<&[f64]> = children
            .iter()
            .map(|child| scores.get(*child).map_or(&[][..], Vec::as_slice))
            .collect();
        self.not_below_zero(children, &columns)?;
        let limits = self.limits(element, children.len())?;
        let mut parent = vec![f64::NAN; self.units.len()];
        let mut by_child = vec![vec![f64::NAN; self.units.len()]; children.len()];
        let mut floored = Vec::new();
        for rows in self.frames {
            let scored: Vec<usize> = rows
                .iter()
                .copied()
                .filter(|&row| self.has_enough(&columns, row))
                .collect();
            self.enough_units(element, scored.len(), children.len())?;
            if scored.len() > MOST_UNITS {
                let message = format!(
                    "{} units are more than {MOST_UNITS}: each is held against all",
                    scored.len()
                );
                return Err(self.refuse(element, message));
            }
            let found = benefit_of_the_doubt(&columns, &scored, self.top(&columns), limits);
            let found = found.map_err(|(row, message)| {
                let unit = self.units.get(row).map_or("", String::as_str);
                self.refuse(element, format!("unit '{unit}': {message}"))
            })?;
            for (&row, best) in scored.iter().zip(found) {
                let Some(Best { score, weights }) = best else { continue };
                if limits.low > 0.0 && score == 0.0 {
                    floored.extend(self.units.get(row).cloned());
                }
                if let Some(slot) = parent.get_mut(row) {
                    *slot = score;
                }
                for (column, weight) in by_child.iter_mut().zip(weights) {
                    if let Some(slot) = column.get_mut(row) {
                        *slot = weight;
                    }
                }
            }
        }
        if !floored.is_empty() {
            let message = "0, since one of its children is 0, which no weight gives the part that min_share asks for";
            notes.push(Note::new(NoteCode::ZeroScore, message).of(&element.id).at(floored));
        }
        self.set(children, &mean_shares(&by_child));
        let named = children.iter().map(|&child| self.id(child).to_owned());
        let by_child = named.zip(by_child.into_iter().map(Series::from_numbers)).collect();
        self.weighed.by_unit.insert(element.id.clone(), by_child);
        Ok(parent)
    }

    fn not_below_zero(&self, children: &[usize], columns: &[&[f64]]) -> Result<(), ScoringError> {
        for (&child, column) in children.iter().zip(columns) {
            if let Some(row) = column.iter().position(|value| *value < 0.0) {
                return Err(ScoringError::Unsuitable {
                    method: self.options.weights.method.name(),
                    element: self.id(child).to_owned(),
                    unit: self.units.get(row).cloned().unwrap_or_default(),
                    value: column.get(row).copied().unwrap_or_default(),
                    rule: "it takes no values below 0: normalise to a scale that starts at 0 or above",
                });
            }
        }
        Ok(())
    }

    fn limits(&self, element: &Element, children: usize) -> Result<Limits, ScoringError> {
        let options = &self.options.weights;
        let limits = Limits {
            low: options.min_share.unwrap_or(0.0),
            high: options.max_share.unwrap_or(1.0),
        };
        let equal = 1.0 / children as f64;
        if limits.low > equal || limits.high < equal {
            let message = format!(
                "parts between min_share {} and max_share {} cannot make a whole of {children} children",
                limits.low, limits.high
            );
            return Err(self.refuse(element, message));
        }
        Ok(limits)
    }

    fn has_enough(&self, columns: &[&[f64]], row: usize) -> bool {
        let has = |column: &&&[f64]| column.get(row).is_some_and(|value| !value.is_nan());
        let present = columns.iter().filter(has).count();
        present > 0 && enough(present, columns.len(), self.options.aggregate.min_available)
    }

    /// The top of the scale, which the best unit gets; where the scale has no end of its own, the greatest value.
    fn top(&self, columns: &[&[f64]]) -> f64 {
        let normalise = &self.options.normalise;
        match normalise.method {
            NormaliseMethod::MinMax | NormaliseMethod::Goalposts | NormaliseMethod::PercentileRank => normalise.high,
            NormaliseMethod::DistanceToMax
            | NormaliseMethod::DistanceToTarget
            | NormaliseMethod::DistanceToReference
            | NormaliseMethod::FractionOfMax => 1.0,
            NormaliseMethod::ZScore | NormaliseMethod::Rank | NormaliseMethod::Borda => columns
                .iter()
                .filter_map(|column| extremes(column))
                .fold(0.0, |top: f64, (_, greatest)| top.max(greatest)),
        }
    }
}

/// The mean over the units of each child's share in the sum of the unit's weights.
fn mean_shares(by_child: &[Vec<f64>]) -> Vec<f64> {
    let units = by_child.first().map_or(0, Vec::len);
    let mut shares = vec![0.0; by_child.len()];
    let mut counted = 0.0;
    for row in 0..units {
        let own = || {
            by_child
                .iter()
                .map(move |column| column.get(row).copied().unwrap_or(f64::NAN).max(0.0))
        };
        let sum: f64 = own().sum();
        if sum > 0.0 {
            counted += 1.0;
            shares
                .iter_mut()
                .zip(own())
                .for_each(|(share, weight)| *share += weight / sum);
        }
    }
    if counted == 0.0 {
        return vec![1.0 / by_child.len().max(1) as f64; by_child.len()];
    }
    shares.iter().map(|share| share / counted).collect()
}

fn note_experts(element: &Element, report: &ExpertWeights, notes: &mut Notes) {
    let inconsistent = report
        .experts
        .iter()
        .filter_map(|(name, expert)| Some((name, expert, expert.consistency_ratio?)))
        .filter(|(.., ratio)| *ratio > pairwise::CONSISTENT);
    for (name, expert, ratio) in inconsistent {
        let what = if expert.left_out {
            "left out"
        } else {
            "counted all the same"
        };
        let message =
            format!("the comparisons of '{name}' contradict one another: consistency ratio {ratio:.3}, {what}");
        notes.push(Note::new(NoteCode::InconsistentExpert, message).of(&element.id));
    }
    for (child, spread) in report.elements.iter().filter(|(_, spread)| spread.weight == 0.0) {
        let message = if spread.max > 0.0 {
            "weight 0, since one expert gives it no points and the mean is geometric: combine: mean counts the others"
        } else {
            "weight 0, since no expert gives it points"
        };
        notes.push(Note::new(NoteCode::ZeroWeight, message).of(child));
    }
}

/// Every name in `importance` is an element's.
fn check_importance(framework: &Framework, options: &Options) -> Result<(), ScoringError> {
    for name in options.weights.importance.keys() {
        if framework.find(name).is_none() {
            return Err(ScoringError::Unknown {
                option: "weights.importance",
                kind: "element",
                name: name.clone(),
                near: nearest_name(name, framework.elements().iter().map(|element| element.id.as_str())),
            });
        }
    }
    Ok(())
}
