//! Sobol indices from evaluations: the centred estimator of A. Saltelli and others (Variance based sensitivity
//! analysis of model output, Computer Physics Communications 181, 2010) for the first order, that of M. J. W. Jansen
//! (Analysis of variance designs for model output, Computer Physics Communications 117, 1999) for the total, and
//! intervals from a bootstrap of the base points.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: evaluations and factors are counted once, at the start"
)]

use rand::RngExt as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scoring::numbers::quantile;
use crate::scoring::uncertainty::{Purpose, random};

/// How often base points are drawn again for the intervals.
const RESAMPLES: usize = 1000;
/// A variance below this share of the squared size of an output is rounding.
const NO_VARIANCE: f64 = 1e-24;

/// The indices of one factor for one output; missing where the output does not vary, or is not always there.
///
/// They are given as estimated: noise can make them negative, or their sum differ from 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Indices {
    /// The share of the variance that the factor makes alone.
    #[serde(rename = "S")]
    pub first: Option<f64>,
    /// The lower end of its interval.
    #[serde(rename = "S_low")]
    pub first_low: Option<f64>,
    /// Its upper end.
    #[serde(rename = "S_high")]
    pub first_high: Option<f64>,
    /// The share of the variance that the factor takes part in.
    #[serde(rename = "ST")]
    pub total: Option<f64>,
    /// The lower end of its interval.
    #[serde(rename = "ST_low")]
    pub total_low: Option<f64>,
    /// Its upper end.
    #[serde(rename = "ST_high")]
    pub total_high: Option<f64>,
}

/// How often each base point is in each resample, the same for all outputs.
pub(super) struct Resamples(Vec<Vec<u16>>);

impl Resamples {
    pub fn new(base: usize, seed: u64) -> Self {
        let resample = |number: usize| {
            let mut random = random(seed, Purpose::Indices, number as u64);
            let mut counts = vec![0_u16; base];
            for _ in 0..base {
                let at: usize = random.random_range(0..base);
                counts[at] = counts[at].saturating_add(1);
            }
            counts
        };
        Self((0..RESAMPLES).into_par_iter().map(resample).collect())
    }
}

/// The shape of a design: A, B and A with one column from B, each of so many base points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evaluations {
    pub base: usize,
    pub factors: usize,
}

impl Evaluations {
    /// The indices of every factor for an output, whose values stand in the order A, B, and A with each column from B.
    pub fn indices(self, output: &[f64], resamples: &Resamples, confidence: f64) -> Vec<Indices> {
        if output.iter().any(|value| value.is_nan()) {
            return vec![Indices::default(); self.factors];
        }
        let terms = self.terms(output);
        let mut sums = vec![0.0; self.width()];
        for row in terms.chunks(self.width()) {
            sums.iter_mut().zip(row).for_each(|(sum, term)| *sum += term);
        }
        let size = output.iter().map(|value| value * value).sum::<f64>() / output.len() as f64;
        let Some(found) = self.estimate(&sums, size) else {
            return vec![Indices::default(); self.factors];
        };
        let mut drawn: Vec<[Vec<f64>; 2]> = vec![[Vec::new(), Vec::new()]; self.factors];
        for counts in &resamples.0 {
            sums.fill(0.0);
            for (row, &count) in terms.chunks_exact(self.width()).zip(counts) {
                if count > 0 {
                    let count = f64::from(count);
                    sums.iter_mut().zip(row).for_each(|(sum, term)| *sum += count * term);
                }
            }
            for (drawn, indices) in drawn.iter_mut().zip(self.estimate(&sums, size).into_iter().flatten()) {
                drawn
                    .iter_mut()
                    .zip(indices)
                    .for_each(|(drawn, index)| drawn.push(index));
            }
        }
        let tail = (1.0 - confidence) / 2.0;
        let ends = |values: &mut Vec<f64>| {
            [tail, 1.0 - tail].map(|share| quantile(values, share).filter(|end| end.is_finite()))
        };
        let indices = |([first, total], [firsts, totals]): ([f64; 2], &mut [Vec<f64>; 2])| {
            let ([first_low, first_high], [total_low, total_high]) = (ends(firsts), ends(totals));
            Indices {
                first: Some(first),
                first_low,
                first_high,
                total: Some(total),
                total_low,
                total_high,
            }
        };
        found.into_iter().zip(&mut drawn).map(indices).collect()
    }

    fn width(self) -> usize {
        2 + 3 * self.factors
    }

    /// What each base point adds to the sums that the estimators are made of, around the mean of A and B.
    fn terms(self, output: &[f64]) -> Vec<f64> {
        let base = self.base;
        let centre = output[..2 * base].iter().sum::<f64>() / (2 * base) as f64;
        let mut terms = Vec::with_capacity(base * self.width());
        for point in 0..base {
            let (a, b) = (output[point] - centre, output[base + point] - centre);
            terms.extend([a + b, a * a + b * b]);
            for factor in 0..self.factors {
                let change = output[(factor + 2) * base + point] - centre - a;
                terms.extend([b * change, change, change * change]);
            }
        }
        terms
    }

    /// First order and total of each factor; `None` where the output does not vary.
    fn estimate(self, sums: &[f64], size: f64) -> Option<Vec<[f64; 2]>> {
        let n = self.base as f64;
        let mean = sums[0] / (2.0 * n);
        let variance = sums[1] / (2.0 * n) - mean * mean;
        if variance <= NO_VARIANCE * size {
            return None;
        }
        let factor = |sums: &[f64]| {
            [
                (sums[0] - mean * sums[1]) / n / variance,
                sums[2] / (2.0 * n) / variance,
            ]
        };
        Some(sums[2..].chunks(3).map(factor).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::super::points::Points;
    use super::*;

    /// Indices of a model; with intervals where there are resamples.
    fn found(model: fn(&[f64]) -> f64, factors: usize, runs: usize, seed: u64, resamples: &Resamples) -> Vec<Indices> {
        let points = Points::new(runs, factors, seed);
        let evaluations = Evaluations {
            base: points.len(),
            factors,
        };
        let mut output = Vec::new();
        for matrix in 0..factors + 2 {
            for point in 0..points.len() {
                let x: Vec<f64> = (0..factors)
                    .map(|at| {
                        let from_b = matrix == 1 || matrix == at + 2;
                        if from_b {
                            points.b(point, at)
                        } else {
                            points.a(point, at)
                        }
                    })
                    .collect();
                output.push(model(&x));
            }
        }
        evaluations.indices(&output, resamples, 0.9)
    }

    fn linear(x: &[f64]) -> f64 {
        x[0] + 2.0 * x[1] + 3.0 * x[2]
    }

    fn ishigami(x: &[f64]) -> f64 {
        let x: Vec<f64> = x.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    }

    /// The exact indices of the Ishigami function with a = 7 and b = 0.1.
    fn ishigami_exact() -> [[f64; 2]; 3] {
        let (a, b) = (7.0, 0.1);
        let first = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
        let second = a * a / 8.0;
        let both = b * b * PI.powi(8) * (1.0 / 18.0 - 1.0 / 50.0);
        let variance = first + second + both;
        [[first, first + both], [second, second], [0.0, both]].map(|pair| pair.map(|part| part / variance))
    }

    #[test]
    fn indices_of_linear_and_ishigami_functions_come_close_to_the_exact_ones() {
        let linear_exact = [1.0, 4.0, 9.0].map(|square: f64| [square / 14.0; 2]);
        for (model, exact) in [
            (linear as fn(&[f64]) -> f64, linear_exact),
            (ishigami, ishigami_exact()),
        ] {
            let mut errors = Vec::new();
            for seed in 1..=8 {
                let indices = found(model, 3, 4096, seed, &Resamples(Vec::new()));
                let squares = indices.iter().zip(exact).map(|(found, [first, total])| {
                    (found.first.unwrap() - first).powi(2) + (found.total.unwrap() - total).powi(2)
                });
                errors.push((squares.sum::<f64>() / 6.0).sqrt());
            }
            let mean = errors.iter().sum::<f64>() / 8.0;
            assert!(errors[0] < 0.005 && mean < 0.004, "RMSE by seed: {errors:?}");
            let indices = found(model, 3, 256, 1, &Resamples::new(256, 1));
            let held = |low: Option<f64>, high: Option<f64>, exact| (low.unwrap()..=high.unwrap()).contains(&exact);
            let held = indices.iter().zip(exact).map(|(found, [first, total])| {
                u32::from(held(found.first_low, found.first_high, first))
                    + u32::from(held(found.total_low, found.total_high, total))
            });
            assert!(held.sum::<u32>() >= 5, "{indices:?}");
        }
    }

    /// What `SALib` 1.6.0 (`SALib.analyze.sobol.analyze`) makes of the Ishigami function at 256 points of a Kronecker
    /// sequence. It centres by the mean of all evaluations, we by that of A and B: hence the tolerance of S.
    #[test]
    fn indices_are_those_of_salib_on_the_same_evaluations() {
        let roots = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0].map(f64::sqrt);
        let coordinate = |point: usize, dimension: usize| ((point + 1) as f64 * roots[dimension]).fract();
        let evaluations = Evaluations { base: 256, factors: 3 };
        let mut output = Vec::new();
        for matrix in 0..5 {
            for point in 0..256 {
                let from_b = |at: usize| matrix == 1 || matrix == at + 2;
                let x: Vec<f64> = (0..3)
                    .map(|at| coordinate(point, if from_b(at) { at + 3 } else { at }))
                    .collect();
                output.push(ishigami(&x));
            }
        }
        let found = evaluations.indices(&output, &Resamples::new(256, 1), 0.95);
        let expected = [
            (0.243_930_373_173_589_26, 0.397_219_896_735_982_3),
            (0.486_227_049_111_318_6, 0.432_243_463_350_163),
            (-0.027_736_213_144_616_974, 0.238_315_411_496_599_13),
        ];
        for (indices, (first, total)) in found.iter().zip(expected) {
            assert!((indices.first.unwrap() - first).abs() < 1e-4, "{indices:?}");
            assert!((indices.total.unwrap() - total).abs() < 1e-9, "{indices:?}");
        }
        // SALib's half widths of 95 % are 0.098 and 0.079.
        let half = |low: Option<f64>, high: Option<f64>| (high.unwrap() - low.unwrap()) / 2.0;
        assert!((half(found[0].first_low, found[0].first_high) - 0.098).abs() < 0.015);
        assert!((half(found[0].total_low, found[0].total_high) - 0.079).abs() < 0.015);
    }

    #[test]
    fn an_output_that_does_not_vary_or_is_not_always_there_has_no_indices() {
        let none = Resamples(Vec::new());
        assert_eq!(found(|_| 0.1, 2, 64, 1, &none), [Indices::default(); 2]);
        assert_eq!(
            found(|x| if x[0] > 0.9 { f64::NAN } else { x[1] }, 2, 64, 1, &none),
            [Indices::default(); 2]
        );
    }
}
