//! The frame of an assessment, kept: where a changed figure stands on the scale that all figures had before.
//!
//! A figure that does not change keeps its place to the bit. Only a changed one is put on the scale anew, by the
//! denominator, the treatment and the ends of the scale that the assessment came to.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, frames and rows are counted once, when the frame is made"
)]

use super::scale::{End, FixedScale, FixedTreatment, NoScale};
use crate::scoring::error::ScoringError;
use crate::scoring::framework::{Direction, Framework, Transform};
use crate::scoring::options::{ImputeMethod, Options};
use crate::scoring::run::{Taken, scaled_watched};
use crate::scoring::table::Table;

/// Why a figure has no place that could be written down.
pub(super) const TOO_LARGE: &str = "the changed figure would be too large";

/// The frame of all indicators.
pub(in crate::scoring) struct FrozenFrame {
    /// The figures as they came, column by column.
    pub natural: Vec<Vec<f64>>,
    /// The same on the scale.
    pub placed: Vec<Vec<f64>>,
    /// The rows that are measured against one another, without those that were left out.
    pub frames: Vec<Vec<usize>>,
    columns: Vec<FrozenColumn>,
    imputes: bool,
}

/// The frame of one indicator.
struct FrozenColumn {
    denominator: Option<Vec<f64>>,
    target: Option<Vec<f64>>,
    transform: Transform,
    direction: Direction,
    /// For each frame.
    treatment: Vec<FixedTreatment>,
    scale: Vec<Result<Option<FixedScale>, NoScale>>,
    /// The frame of each row; none where the row was left out.
    frame_of: Vec<Option<usize>>,
}

/// What a value is held against.
#[derive(Debug, Clone, Copy)]
struct Against {
    frame: usize,
    /// What it is divided by: 1 where figures are not divided.
    divisor: f64,
    /// In natural units; NaN where there is none.
    target: f64,
}

impl FrozenColumn {
    /// Where a value stands; the error is why it has no place.
    fn place(&self, value: f64, against: Against) -> Result<Placed, &'static str> {
        let Against { frame, divisor, target } = against;
        if value.is_nan() {
            return Ok(Placed::NOWHERE);
        }
        let Some(scale) = self.scale[frame]? else {
            return Err("no unit has a value in the assessment, so that there is no scale to be kept");
        };
        let quotient = value / divisor;
        if value.is_infinite() || (quotient.is_infinite() && divisor != 0.0) {
            return Err(TOO_LARGE);
        }
        if !quotient.is_finite() {
            return Ok(Placed::NOWHERE);
        }
        let sign = self.direction.sign();
        let treated = self.treatment[frame].apply(quotient, sign > 0.0);
        let x = self.transform.apply(treated.value);
        if !x.is_finite() {
            return Err("a logarithm, root or power has no value there");
        }
        let scored = scale.apply(x * sign, self.transform.apply(target) * sign)?;
        if scored.value.is_infinite() {
            return Err(TOO_LARGE);
        }
        Ok(Placed {
            score: scored.value,
            slope: scored.slope * self.transform.slope(treated.value) * treated.slope / divisor,
            held: treated.held.or(scored.held),
        })
    }
}

/// Where a figure stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    /// Its score.
    pub score: f64,
    /// By how much the score rises when the figure improves by 1 in its own unit.
    pub slope: f64,
    /// The end of the scale that it is held at.
    pub held: Option<End>,
}

impl Placed {
    /// Of a missing value.
    const NOWHERE: Self = Self {
        score: f64::NAN,
        slope: 0.0,
        held: None,
    };
}

/// A figure that has no place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scoring) struct NoPlace {
    pub column: usize,
    pub row: usize,
    pub value: f64,
    pub reason: &'static str,
}

impl FrozenFrame {
    /// The frame that these figures have (those of the table where no columns are given).
    ///
    /// # Errors
    /// Where the figures cannot be scored at all.
    pub fn of(
        framework: &Framework,
        table: &Table,
        options: &Options,
        columns: Option<Vec<Vec<f64>>>,
    ) -> Result<Self, ScoringError> {
        let taken = scaled_watched(framework, table, options, columns)?;
        let Taken {
            raw,
            untreated,
            treated,
            treatment,
            denominators,
            targets,
            on_scale,
        } = taken;
        let units = table.units().len();
        let mut frame_of = vec![None; units];
        for (number, rows) in on_scale.frames.iter().enumerate() {
            for &row in rows {
                frame_of[row] = Some(number);
            }
        }
        let reference = |frame: &[usize], x: &[f64]| {
            let id = options.normalise.reference.as_ref()?;
            let at = frame.iter().position(|&row| table.units()[row] == *id)?;
            Some(x[at]).filter(|x| !x.is_nan())
        };
        let columns = framework.indicators().enumerate().map(|(column, (.., indicator))| {
            let (mut treatments, mut scales) = (Vec::new(), Vec::new());
            for (number, rows) in on_scale.frames.iter().enumerate() {
                let pick = |from: &[Vec<f64>]| -> Vec<f64> { rows.iter().map(|&row| from[column][row]).collect() };
                let done = treatment.get(column).and_then(|frames| frames.get(number));
                treatments.push(done.map_or_else(FixedTreatment::none, |done| {
                    FixedTreatment::of(options.treat.method, done, &pick(&untreated), &pick(&treated))
                }));
                let x: Vec<f64> = pick(&treated)
                    .into_iter()
                    .map(|value| indicator.transform.apply(value) * indicator.direction.sign())
                    .collect();
                scales.push(FixedScale::of(&options.normalise, indicator, &x, reference(rows, &x)));
            }
            FrozenColumn {
                denominator: denominators[column].clone(),
                target: targets[column].clone(),
                transform: indicator.transform,
                direction: indicator.direction,
                treatment: treatments,
                scale: scales,
                frame_of: frame_of.clone(),
            }
        });
        Ok(Self {
            columns: columns.collect(),
            natural: raw,
            placed: on_scale.columns,
            frames: on_scale.frames,
            imputes: options.impute.method != ImputeMethod::None,
        })
    }

    /// The changed figures on the scale.
    ///
    /// # Errors
    /// The first figure that has no place on it.
    pub fn place(&self, changed: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, NoPlace> {
        let column = |(number, column): (usize, &Vec<f64>)| {
            let cell = |(row, &value): (usize, &f64)| self.cell(number, row, value);
            column.iter().enumerate().map(cell).collect()
        };
        changed.iter().enumerate().map(column).collect()
    }

    /// The score of one figure.
    pub fn cell(&self, column: usize, row: usize, value: f64) -> Result<f64, NoPlace> {
        let before = self.natural[column][row];
        if value.to_bits() == before.to_bits() || (value.is_nan() && before.is_nan()) {
            return Ok(self.placed[column][row]);
        }
        if value.is_nan() && self.imputes {
            let reason = "the change leaves it without a value, and what was imputed elsewhere cannot be kept for it: \
                          use frame: recomputed";
            return Err(NoPlace {
                column,
                row,
                value,
                reason,
            });
        }
        self.at(column, row, value).map(|placed| placed.score)
    }

    /// Where a value of this column and row stands; NaN for a missing value, and in a row that was left out.
    pub(super) fn at(&self, column: usize, row: usize, value: f64) -> Result<Placed, NoPlace> {
        let of = &self.columns[column];
        let Some(frame) = of.frame_of[row] else {
            return Ok(Placed::NOWHERE);
        };
        let against = Against {
            frame,
            divisor: self.divisor(column, row),
            target: of.target.as_ref().map_or(f64::NAN, |target| target[row]),
        };
        of.place(value, against).map_err(|reason| NoPlace {
            column,
            row,
            value,
            reason,
        })
    }

    /// The score of a value that belongs to none of the rows, with its own divisor and target (NaN where it has none), in
    /// the frame of the first rows.
    ///
    /// # Errors
    /// Why it has no place.
    pub fn outside(&self, column: usize, value: f64, divisor: f64, target: f64) -> Result<f64, &'static str> {
        if self.frames.is_empty() {
            return Ok(f64::NAN);
        }
        let against = Against {
            frame: 0,
            divisor,
            target,
        };
        self.columns[column].place(value, against).map(|placed| placed.score)
    }

    /// The value at which the scale of this column and row ends: `best` or worst. None where it goes on, or where what
    /// lies between is no straight line.
    pub fn end(&self, column: usize, row: usize, best: bool) -> Option<f64> {
        let of = &self.columns[column];
        let sign = of.direction.sign();
        let frame = of.frame_of[row]?;
        let scale = of.scale[frame].ok().flatten()?;
        let target = of.target.as_ref().map_or(f64::NAN, |target| target[row] * sign);
        let x = if best { scale.top(target) } else { scale.bottom() };
        let by_scale = x.map(|x| x * sign);
        let FixedTreatment::Between { least, greatest } = of.treatment[frame] else {
            return None;
        };
        // A treatment that holds values ends the scale before its own end.
        let held = if best == (sign > 0.0) { greatest } else { least };
        let nearer = |scale: f64| {
            if best == (sign > 0.0) {
                scale.min(held)
            } else {
                scale.max(held)
            }
        };
        let value = by_scale.map_or_else(|| held.is_finite().then_some(held), |scale| Some(nearer(scale)))?;
        Some(value * self.divisor(column, row))
    }

    /// What a value of this column and row is divided by: 1 where figures are not divided.
    pub fn divisor(&self, column: usize, row: usize) -> f64 {
        let denominator = self.columns[column].denominator.as_ref();
        denominator.map_or(1.0, |denominator| denominator[row])
    }

    /// Whether these rows are measured against one another in this column.
    pub fn are_together(&self, column: usize, one: usize, other: usize) -> bool {
        let frame_of = &self.columns[column].frame_of;
        frame_of[one].is_some() && frame_of[one] == frame_of[other]
    }

    /// Whether the scale of this column is a straight line between its ends, for units of this row's frame.
    pub fn is_straight(&self, column: usize, row: usize) -> bool {
        let of = &self.columns[column];
        let straight = |frame: usize| {
            matches!(of.treatment[frame], FixedTreatment::Between { .. })
                && of.scale[frame].ok().flatten().is_some_and(FixedScale::is_straight)
        };
        of.transform == Transform::None && of.frame_of[row].is_some_and(straight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Options;

    const FRAMEWORK: &str = "index: {id: I, indicators: [\
        {id: a, goalposts: [0, 50], target: 40}, {id: b, direction: -1, goalposts: [2, 60], target: 5, denominator: size}, \
        {id: c, goalposts: [1, 500], target: 300, transform: ln}, {id: d, direction: -1, goalposts: [3, 90], target: 2, transform: sqrt}]}";

    /// Powers are below 0, so that they have no logarithms or roots.
    const PLAIN: &str = "index: {id: I, indicators: [\
        {id: a, goalposts: [0, 50], target: 40}, {id: b, direction: -1, goalposts: [2, 60], target: 5, denominator: size}, \
        {id: c, goalposts: [1, 500], target: 300}, {id: d, direction: -1, goalposts: [3, 90], target: 2}]}";

    const TABLE: &str = "unit,a,b,c,d,size\nu,1,80,3,4,2\nv,30,12,,81,3\nw,55,9,40,9,1\nx,12,70,700,2,4\ny,44,33,8,90,2\nz,400,21,5,7,1\n";

    fn frames() -> Vec<(String, FrozenFrame)> {
        let framework = |text: &str| Framework::for_table("f.yaml", text).unwrap().value;
        let (transformed, plain) = (framework(FRAMEWORK), framework(PLAIN));
        let table = Table::read_csv("t.csv", TABLE.as_bytes(), None, None).unwrap();
        let scales = [
            "min_max",
            "{method: z_score, mean: 10, sd: 2}",
            "goalposts",
            "{method: goalposts, low: 1, high: 7, cap: false}",
            "distance_to_target",
            "{method: distance_to_target, cap: false}",
            "distance_to_max",
            "{method: distance_to_reference, reference: y}",
            "{method: distance_to_reference, reference: u}",
            "fraction_of_max",
        ];
        let treatments = [
            (&transformed, "none"),
            (&transformed, "{method: winsorise, max_skewness: 0.1, max_kurtosis: -9}"),
            (&transformed, "{method: log, max_skewness: 0.1, max_kurtosis: -9}"),
            (&plain, "{method: box_cox, max_skewness: 0.1, max_kurtosis: -9}"),
        ];
        let mut frames = Vec::new();
        for scale in scales {
            for (framework, treatment) in treatments {
                for denominate in [false, true] {
                    let text = format!("{{normalise: {scale}, treat: {treatment}, denominate: {denominate}}}");
                    let options = Options::read("o.yaml", &text, Options::score()).unwrap();
                    // Logarithms of logarithms, and quotients of what is below 0, have no scores in the first place.
                    if let Ok(frame) = FrozenFrame::of(framework, &table, &options, None) {
                        frames.push((text, frame));
                    }
                }
            }
        }
        assert!(frames.len() > 45, "{}", frames.len());
        frames
    }

    #[test]
    fn every_figure_has_the_place_on_the_kept_scale_that_the_assessment_gave_it() {
        for (options, frame) in frames() {
            for (column, values) in frame.natural.iter().enumerate() {
                for (row, &value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                    let (found, expected) = (frame.at(column, row, value).unwrap().score, frame.placed[column][row]);
                    assert!(
                        (found - expected).abs() < 1e-9,
                        "{options}: {column} {row}: {found} is not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn slopes_are_those_that_differences_find_on_the_better_side() {
        const STEP: f64 = 1e-7;
        for (options, frame) in frames() {
            for (column, values) in frame.natural.iter().enumerate() {
                // Where the reference is the worst, scores leap.
                if matches!(frame.columns[column].scale[0], Ok(Some(FixedScale::Above(_)))) {
                    continue;
                }
                let better = frame.columns[column].direction.sign() * STEP;
                for (row, &value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                    let here = frame.at(column, row, value).unwrap();
                    let Ok(there) = frame.at(column, row, value + better) else {
                        continue;
                    };
                    let found = (there.score - here.score) / STEP;
                    let tolerance = 1e-4 * (1.0 + here.slope.abs());
                    assert!(
                        (found - here.slope).abs() < tolerance,
                        "{options}: {column} {row}: {found} is not {}",
                        here.slope
                    );
                }
            }
        }
    }

    #[test]
    fn a_straight_scale_ends_where_it_is_held() {
        for (options, frame) in frames() {
            for column in 0..4 {
                let (row, sign) = (0, frame.columns[column].direction.sign());
                let Some(best) = frame.end(column, row, true).filter(|_| frame.is_straight(column, row)) else {
                    continue;
                };
                let score = |value: f64| frame.at(column, row, value).unwrap().score;
                assert!((score(best) - score(best + 1000.0 * sign)).abs() < 1e-9, "{options}");
                assert!(score(best) > score(best - 0.01 * sign), "{options}");
            }
        }
    }
}
