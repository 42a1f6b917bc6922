//! From the children's scores to their parent's, from the lowest level up.
//!
//! Weights are rescaled over the children that are present; children of weight 0 are context and take no part. A
//! parent of which too few children are present has no score.

use super::error::ScoringError;
use super::framework::Framework;
use super::note::{Note, NoteCode, Notes};
use super::options::{Aggregate, AggregateMethod};
use super::screen::enough;

/// Fills in the scores of all elements above the indicators; `scores` has those of the indicators.
pub(super) fn aggregate(
    framework: &Framework,
    options: &Aggregate,
    weights: &[f64],
    scores: &mut [Vec<f64>],
    units: &[String],
    notes: &mut Notes,
) -> Result<(), ScoringError> {
    let elements = framework.elements();
    let levels = elements
        .first()
        .map_or(0, |index| index.level as usize)
        .saturating_sub(1);
    if !options.by_level.is_empty() && options.by_level.len() != levels {
        return Err(ScoringError::Levels {
            given: options.by_level.len(),
            levels,
        });
    }
    // Children stand behind their parents, so going backwards every child is settled before its parent.
    for (position, element) in elements
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, element)| element.indicator.is_none())
    {
        let level = (element.level as usize).saturating_sub(2);
        let method = options.by_level.get(level).copied().unwrap_or(options.method);
        let children: Vec<(f64, usize)> = element
            .children
            .iter()
            .filter_map(|&child| Some((*weights.get(child)?, child)))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        if children.is_empty() {
            notes.push(Note::new(NoteCode::NoWeight, "no score: all of its children have weight 0").of(&element.id));
            continue;
        }
        let mut mean = Mean::new(method, options.exponent.unwrap_or(1.0), units.len());
        for &(weight, child) in &children {
            let Some(column) = scores.get(child) else { continue };
            if let Some((unit, value)) = mean.add(weight, column) {
                return Err(ScoringError::Unsuitable {
                    method: method.name(),
                    element: elements.get(child).map(|child| child.id.clone()).unwrap_or_default(),
                    unit: units.get(unit).cloned().unwrap_or_default(),
                    value,
                    rule: "it takes no values below 0: normalise to a scale that starts at 0 or above, or use arithmetic",
                });
            }
        }
        let (column, zero) = mean.finish(children.len(), options.min_available);
        if !zero.is_empty() {
            let at = zero.into_iter().filter_map(|unit| units.get(unit).cloned()).collect();
            let message = format!("0, since one of its children is 0 under the {} mean", method.name());
            notes.push(Note::new(NoteCode::ZeroScore, message).of(&element.id).at(at));
        }
        if let Some(slot) = scores.get_mut(position) {
            *slot = column;
        }
    }
    Ok(())
}

/// Weighted means of one method for all units at once.
struct Mean {
    method: AggregateMethod,
    exponent: f64,
    sums: Vec<f64>,
    weights: Vec<f64>,
    present: Vec<u32>,
    zero: Vec<bool>,
}

impl Mean {
    fn new(method: AggregateMethod, exponent: f64, units: usize) -> Self {
        Self {
            method,
            exponent,
            sums: vec![0.0; units],
            weights: vec![0.0; units],
            present: vec![0; units],
            zero: vec![false; units],
        }
    }

    /// Whether a single 0 makes the whole mean 0.
    fn zero_decides(&self) -> bool {
        match self.method {
            AggregateMethod::Arithmetic => false,
            AggregateMethod::Geometric | AggregateMethod::Harmonic => true,
            AggregateMethod::Power => self.exponent < 0.0,
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
                    AggregateMethod::Arithmetic => value,
                    AggregateMethod::Geometric => value.ln(),
                    AggregateMethod::Harmonic => 1.0 / value,
                    AggregateMethod::Power => value.powf(exponent),
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
                AggregateMethod::Arithmetic => mean,
                AggregateMethod::Geometric => mean.exp(),
                AggregateMethod::Harmonic => 1.0 / mean,
                AggregateMethod::Power => mean.powf(1.0 / self.exponent),
            };
            scores.push(if score.is_finite() { score } else { f64::NAN });
        }
        (scores, zeros)
    }
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
        let mut scores = vec![vec![MISSING; one.len()], one.to_vec(), other.to_vec()];
        let mut notes = Notes::default();
        aggregate(
            &framework,
            &options.aggregate,
            &[1.0, 1.0, 3.0],
            &mut scores,
            &units,
            &mut notes,
        )?;
        Ok((scores.swap_remove(0), notes.into_list()))
    }

    #[test]
    fn each_mean_is_its_formula_with_weights_rescaled_over_what_is_present() {
        for (settings, expected) in [
            ("arithmetic", 7.0),
            ("geometric", (4.0_f64.ln() * 0.25 + 8.0_f64.ln() * 0.75).exp()),
            ("harmonic", 1.0 / (0.25 / 4.0 + 0.75 / 8.0)),
            ("{method: power, exponent: 2}", (16.0_f64 * 0.25 + 64.0 * 0.75).sqrt()),
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
    fn by_level_needs_one_method_for_each_level_above_the_indicators() {
        let error = index("{by_level: [arithmetic, geometric]}", &[1.0], &[1.0])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "aggregate.by_level lists 2 methods, but the framework has 1 levels above its indicators"
        );
    }
}
