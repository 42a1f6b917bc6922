//! From the children's scores to their parent's.
//!
//! Weights are rescaled over the children that are present; children of weight 0 are context and take no part. A
//! parent of which too few children are present has no score.

use super::copeland;
use super::error::ScoringError;
use super::framework::{Element, Framework};
use super::mazziotta_pareto;
use super::note::{Note, NoteCode, Notes};
use super::options::{Aggregate, AggregateMethod, Options};
use super::screen::enough;

/// How the scores of a framework's parents are made.
pub(super) struct Aggregation<'a> {
    framework: &'a Framework,
    options: &'a Aggregate,
    /// The ends of the scale that indicators were normalised to.
    scale: [f64; 2],
    /// The rows that are measured against one another.
    frames: &'a [Vec<usize>],
    units: &'a [String],
}

impl<'a> Aggregation<'a> {
    pub(super) fn new(
        framework: &'a Framework,
        options: &'a Options,
        frames: &'a [Vec<usize>],
        units: &'a [String],
    ) -> Result<Self, ScoringError> {
        let levels = framework
            .elements()
            .first()
            .map_or(0, |index| index.level as usize)
            .saturating_sub(1);
        let by_level = &options.aggregate.by_level;
        if !by_level.is_empty() && by_level.len() != levels {
            return Err(ScoringError::Levels {
                given: by_level.len(),
                levels,
            });
        }
        Ok(Self {
            framework,
            options: &options.aggregate,
            scale: [options.normalise.low, options.normalise.high],
            frames,
            units,
        })
    }

    /// The method that makes an element's score from its children's.
    pub(super) fn method(&self, element: &Element) -> AggregateMethod {
        self.options.method_at(element.level)
    }

    /// Fills in the scores of all parents under settled weights; `scores` has those of the indicators.
    pub(super) fn parents(
        &self,
        weights: &[f64],
        scores: &mut [Vec<f64>],
        notes: &mut Notes,
    ) -> Result<(), ScoringError> {
        // Children stand behind their parents.
        for (position, element) in self.framework.elements().iter().enumerate().rev() {
            if element.indicator.is_none()
                && let Some(column) = self.column(position, weights, scores, notes)?
                && let Some(slot) = scores.get_mut(position)
            {
                *slot = column;
            }
        }
        Ok(())
    }

    /// The scores of the parent at this position; `None` where all of its children have weight 0.
    pub(super) fn column(
        &self,
        position: usize,
        weights: &[f64],
        scores: &[Vec<f64>],
        notes: &mut Notes,
    ) -> Result<Option<Vec<f64>>, ScoringError> {
        let elements = self.framework.elements();
        let Some(element) = elements.get(position) else {
            return Ok(None);
        };
        let children: Vec<Child<'_>> = element
            .children
            .iter()
            .filter_map(|&child| {
                let weight = weights.get(child).copied().filter(|weight| *weight > 0.0)?;
                Some(Child {
                    element: elements.get(child)?,
                    weight,
                    column: scores.get(child)?,
                })
            })
            .collect();
        if children.is_empty() {
            notes.push(Note::new(NoteCode::NoWeight, "no score: all of its children have weight 0").of(&element.id));
            return Ok(None);
        }
        match self.method(element) {
            AggregateMethod::Copeland => Ok(Some(self.copeland(element, &children, notes))),
            AggregateMethod::Mpi => self.mpi(element, &children, notes).map(Some),
            AggregateMethod::Ampi => self.ampi(element, &children).map(Some),
            method => self.mean(method, element, &children, notes).map(Some),
        }
    }

    fn mean(
        &self,
        method: AggregateMethod,
        element: &Element,
        children: &[Child<'_>],
        notes: &mut Notes,
    ) -> Result<Vec<f64>, ScoringError> {
        let mut mean = Mean::new(method, self.options.exponent.unwrap_or(1.0), children, self.units.len());
        for child in children {
            if let Some((unit, value)) = mean.add(child.weight, child.column) {
                let rule =
                    "it takes no values below 0: normalise to a scale that starts at 0 or above, or use arithmetic";
                return Err(self.unsuitable(method, child.element, unit, value, rule));
            }
        }
        let (column, zero) = mean.finish(children.len(), self.options.min_available);
        if !zero.is_empty() {
            let at = zero
                .into_iter()
                .filter_map(|unit| self.units.get(unit).cloned())
                .collect();
            let message = format!("0, since one of its children is 0 under the {} mean", method.name());
            notes.push(Note::new(NoteCode::ZeroScore, message).of(&element.id).at(at));
        }
        Ok(column)
    }

    fn copeland(&self, element: &Element, children: &[Child<'_>], notes: &mut Notes) -> Vec<f64> {
        let takes_part = self.with_enough(children);
        let pairs: Vec<(f64, &[f64])> = children.iter().map(|child| (child.weight, child.column)).collect();
        let mut column = vec![f64::NAN; self.units.len()];
        for rows in self.frames {
            if rows.len() > copeland::MOST {
                let message = format!(
                    "no score: copeland compares all pairs, and {} units are more than {}",
                    rows.len(),
                    copeland::MOST
                );
                notes.push(Note::new(NoteCode::TooManyUnits, message).of(&element.id));
                continue;
            }
            for (&row, score) in rows.iter().zip(copeland::copeland(&pairs, rows, &takes_part)) {
                if let Some(slot) = column.get_mut(row) {
                    *slot = score;
                }
            }
        }
        column
    }

    fn mpi(&self, element: &Element, children: &[Child<'_>], notes: &mut Notes) -> Result<Vec<f64>, ScoringError> {
        let standardise = |child: &Child<'_>| {
            let (column, constant) = mazziotta_pareto::standardised(child.column, self.frames);
            if constant {
                let message = "all units are equal: each counts 100 under mpi";
                notes.push(Note::new(NoteCode::Constant, message).of(&child.element.id));
            }
            (child.weight, column)
        };
        let standardised: Vec<_> = children.iter().map(standardise).collect();
        self.penalised(AggregateMethod::Mpi, element, children, &standardised)
    }

    fn ampi(&self, element: &Element, children: &[Child<'_>]) -> Result<Vec<f64>, ScoringError> {
        let between = |child: &Child<'_>| {
            // What ampi made is on its scale already.
            let own = child.element.indicator.is_none() && self.method(child.element) == AggregateMethod::Ampi;
            let column = if own {
                child.column.to_vec()
            } else {
                mazziotta_pareto::between_70_and_130(child.column, self.scale)
            };
            (child.weight, column)
        };
        let between: Vec<_> = children.iter().map(between).collect();
        self.penalised(AggregateMethod::Ampi, element, children, &between)
    }

    fn penalised(
        &self,
        method: AggregateMethod,
        element: &Element,
        children: &[Child<'_>],
        columns: &[(f64, Vec<f64>)],
    ) -> Result<Vec<f64>, ScoringError> {
        mazziotta_pareto::penalised(columns, &self.with_enough(children)).map_err(|none| {
            let rule = "the penalty needs a mean of the children above 0: hold values at their goalposts (cap)";
            self.unsuitable(method, element, none.row, none.mean, rule)
        })
    }

    /// Which units have enough of these children.
    fn with_enough(&self, children: &[Child<'_>]) -> Vec<bool> {
        (0..self.units.len())
            .map(|unit| {
                let has = |child: &&Child<'_>| child.column.get(unit).is_some_and(|value| !value.is_nan());
                let present = children.iter().filter(has).count();
                present > 0 && enough(present, children.len(), self.options.min_available)
            })
            .collect()
    }

    fn unsuitable(
        &self,
        method: AggregateMethod,
        element: &Element,
        unit: usize,
        value: f64,
        rule: &'static str,
    ) -> ScoringError {
        ScoringError::Unsuitable {
            method: method.name(),
            element: element.id.clone(),
            unit: self.units.get(unit).cloned().unwrap_or_default(),
            value,
            rule,
        }
    }
}

/// A child that counts.
struct Child<'a> {
    element: &'a Element,
    weight: f64,
    column: &'a [f64],
}

/// Weighted means of one method for all units at once.
struct Mean {
    method: AggregateMethod,
    exponent: f64,
    sums: Vec<f64>,
    weights: Vec<f64>,
    present: Vec<u32>,
    zero: Vec<bool>,
    /// For a power mean: what each unit's values are divided by before they are raised, so that no power overflows.
    scale: Vec<f64>,
}

impl Mean {
    fn new(method: AggregateMethod, exponent: f64, children: &[Child<'_>], units: usize) -> Self {
        // The power mean of exponent 0 is the limit, the geometric mean.
        let power = method == AggregateMethod::Power;
        let method = if power && exponent == 0.0 {
            AggregateMethod::Geometric
        } else {
            method
        };
        Self {
            method,
            exponent,
            sums: vec![0.0; units],
            weights: vec![0.0; units],
            present: vec![0; units],
            zero: vec![false; units],
            scale: if power {
                largest_term(exponent, children, units)
            } else {
                Vec::new()
            },
        }
    }

    /// Whether a single 0 makes the whole mean 0.
    fn zero_decides(&self) -> bool {
        match self.method {
            AggregateMethod::Geometric | AggregateMethod::Harmonic => true,
            AggregateMethod::Power => self.exponent < 0.0,
            _ => false,
        }
    }

    /// Adds one child; the unit and value that the mean cannot take, if there is one.
    fn add(&mut self, weight: f64, column: &[f64]) -> Option<(usize, f64)> {
        let zero_decides = self.zero_decides();
        let (method, exponent) = (self.method, self.exponent);
        let slots = self
            .sums
            .iter_mut()
            .zip(&mut self.weights)
            .zip(&mut self.present)
            .zip(&mut self.zero);
        for (unit, ((((sum, total), present), zero), &value)) in slots.zip(column).enumerate() {
            if value.is_nan() {
                continue;
            }
            if value < 0.0 && method != AggregateMethod::Arithmetic {
                return Some((unit, value));
            }
            *present += 1;
            *total += weight;
            if value == 0.0 && zero_decides {
                *zero = true;
                continue;
            }
            *sum += weight
                * match method {
                    AggregateMethod::Geometric => value.ln(),
                    AggregateMethod::Harmonic => 1.0 / value,
                    AggregateMethod::Power => {
                        let scale = self.scale.get(unit).copied().unwrap_or(1.0);
                        (value / scale).powf(exponent)
                    }
                    _ => value,
                };
        }
        None
    }

    /// The means, and the units whose mean is 0 for a single 0.
    fn finish(self, children: usize, min_available: f64) -> (Vec<f64>, Vec<usize>) {
        let (mut scores, mut zeros) = (Vec::with_capacity(self.sums.len()), Vec::new());
        let units = self.sums.iter().zip(&self.weights).zip(&self.present).zip(&self.zero);
        for (unit, (((&sum, &weight), &present), &zero)) in units.enumerate() {
            if present == 0 || !enough(present as usize, children, min_available) {
                scores.push(f64::NAN);
                continue;
            }
            if zero {
                zeros.push(unit);
                scores.push(0.0);
                continue;
            }
            let mean = sum / weight;
            let score = match self.method {
                AggregateMethod::Geometric => mean.exp(),
                AggregateMethod::Harmonic => 1.0 / mean,
                AggregateMethod::Power => self.scale.get(unit).copied().unwrap_or(1.0) * mean.powf(1.0 / self.exponent),
                _ => mean,
            };
            scores.push(if score.is_finite() { score } else { f64::NAN });
        }
        (scores, zeros)
    }
}

/// The value of each unit whose power is the largest: its greatest, or under an exponent below 0 its least above 0.
fn largest_term(exponent: f64, children: &[Child<'_>], units: usize) -> Vec<f64> {
    let mut scale = vec![f64::NAN; units];
    for child in children {
        for (scale, &value) in scale.iter_mut().zip(child.column).filter(|(_, value)| **value > 0.0) {
            let larger = if exponent > 0.0 {
                scale.max(value)
            } else {
                scale.min(value)
            };
            *scale = larger;
        }
    }
    scale
        .into_iter()
        .map(|scale| if scale.is_nan() { 1.0 } else { scale })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Options;

    const MISSING: f64 = f64::NAN;

    /// The index's scores over two indicators of weights 1 and 3.
    fn index(settings: &str, one: &[f64], other: &[f64]) -> Result<(Vec<f64>, Vec<Note>), ScoringError> {
        let text = "index: {id: I, indicators: [{id: x}, {id: y, weight: 3}]}";
        let framework = Framework::for_table("f.yaml", text).unwrap().value;
        let options = Options::read("o.yaml", &format!("aggregate: {settings}"), Options::score()).unwrap();
        let units: Vec<String> = (0..one.len()).map(|unit| format!("u{unit}")).collect();
        let frames = [(0..one.len()).collect()];
        let scores = [vec![MISSING; one.len()], one.to_vec(), other.to_vec()];
        let mut notes = Notes::default();
        let aggregation = Aggregation::new(&framework, &options, &frames, &units)?;
        let column = aggregation.column(0, &[1.0, 1.0, 3.0], &scores, &mut notes)?;
        Ok((column.unwrap(), notes.into_list()))
    }

    #[test]
    fn each_mean_is_its_formula_with_weights_rescaled_over_what_is_present() {
        for (settings, expected) in [
            ("arithmetic", 7.0),
            ("geometric", (4.0_f64.ln() * 0.25 + 8.0_f64.ln() * 0.75).exp()),
            ("harmonic", 1.0 / (0.25 / 4.0 + 0.75 / 8.0)),
            ("{method: power, exponent: 2}", (16.0_f64 * 0.25 + 64.0 * 0.75).sqrt()),
            ("{method: power, exponent: -1}", 1.0 / (0.25 / 4.0 + 0.75 / 8.0)),
            (
                "{method: power, exponent: 0}",
                (4.0_f64.ln() * 0.25 + 8.0_f64.ln() * 0.75).exp(),
            ),
            ("{method: power, exponent: 5000}", 8.0 * 0.75_f64.powf(1.0 / 5000.0)),
            ("{method: power, exponent: -5000}", 4.0 * 0.25_f64.powf(-1.0 / 5000.0)),
        ] {
            let (scores, _) = index(settings, &[4.0, MISSING, MISSING], &[8.0, 8.0, MISSING]).unwrap();
            assert!(
                (scores[0] - expected).abs() < 1e-12,
                "{settings}: {} is not {expected}",
                scores[0]
            );
            assert!((scores[1] - 8.0).abs() < 1e-12 && scores[2].is_nan());
        }
    }

    #[test]
    fn too_few_children_by_number_leave_the_parent_without_a_score() {
        let (scores, _) = index("{method: arithmetic, min_available: 0.6}", &[4.0, MISSING], &[8.0, 8.0]).unwrap();
        assert!((scores[0] - 7.0).abs() < 1e-12 && scores[1].is_nan());
    }

    #[test]
    fn zero_makes_a_geometric_mean_zero_and_is_noted() {
        let (scores, notes) = index("geometric", &[0.0, 4.0], &[8.0, 4.0]).unwrap();
        assert_eq!(scores[0].to_bits(), 0.0_f64.to_bits());
        assert_eq!(
            (notes[0].code, notes[0].units.as_slice()),
            (NoteCode::ZeroScore, ["u0".to_owned()].as_slice())
        );
    }

    #[test]
    fn below_zero_only_the_arithmetic_mean_is_defined() {
        assert!(index("arithmetic", &[-4.0], &[8.0]).is_ok());
        for settings in ["geometric", "harmonic", "{method: power, exponent: 0.5}"] {
            let error = index(settings, &[4.0, -4.0], &[8.0, 8.0]).unwrap_err().to_string();
            assert!(error.contains("for 'x': the value of unit 'u1' is -4"), "{error}");
        }
    }

    #[test]
    fn copeland_counts_outrankings_and_the_penalised_means_are_less_than_the_mean() {
        let (one, other) = ([3.0, 1.0, 2.0, MISSING], [10.0, 30.0, 20.0, MISSING]);
        let (scores, _) = index("copeland", &one, &other).unwrap();
        for (score, expected) in scores.iter().zip([-2.0, 2.0, 0.0]) {
            assert!((score - expected).abs() < 1e-15);
        }
        assert!(scores[3].is_nan());
        let (scores, _) = index("mpi", &one, &other).unwrap();
        let z = 10.0 * 1.5_f64.sqrt();
        let mean = 100.0 + 0.25 * z - 0.75 * z;
        let variance = 0.25 * 0.75 * (2.0 * z) * (2.0 * z);
        assert!((scores[0] - (mean - variance / mean)).abs() < 1e-12 && scores[3].is_nan());
        let (scores, _) = index("ampi", &[100.0], &[130.0]).unwrap();
        let mean = 0.25 * 100.0 + 0.75 * 130.0;
        assert!((scores[0] - (mean - 0.25 * 0.75 * 900.0 / mean)).abs() < 1e-12);
    }

    #[test]
    fn by_level_needs_one_method_for_each_level_above_the_indicators() {
        let error = index("{by_level: [arithmetic, geometric]}", &[1.0], &[1.0])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "aggregate.by_level lists 2 methods, but the framework has 1 level above its indicators"
        );
    }
}
