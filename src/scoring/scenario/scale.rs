//! What a step of the assessment did to a column, kept so that it can be done to other values.
//!
//! Beside the new value stands its slope: by how much it rises for a rise of the old value by 1. At an end, that is the
//! slope on the side where the figure is better.

use crate::scoring::box_cox::BoxCox;
use crate::scoring::framework::Indicator;
use crate::scoring::numbers::{extremes, is_constant, mean, standard_deviation, ties};
use crate::scoring::options::{Normalise, NormaliseMethod, TreatMethod};
use crate::scoring::treat::Treatment;

/// A value after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OnLine {
    pub value: f64,
    pub slope: f64,
    /// The end that it is held at, so that the slope is 0.
    pub held: Option<End>,
}

/// An end of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Best,
    Worst,
}

impl OnLine {
    fn free(value: f64, slope: f64) -> Self {
        Self {
            value,
            slope,
            held: None,
        }
    }

    fn at(value: f64, end: End) -> Self {
        Self {
            value,
            slope: 0.0,
            held: Some(end),
        }
    }
}

/// What was done to outliers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FixedTreatment {
    /// Values beyond these were moved to them.
    Between {
        /// The least that was left; minus infinity where none was moved up.
        least: f64,
        /// The greatest that was left.
        greatest: f64,
    },
    /// ln(x - least + offset).
    Log { least: f64, offset: f64 },
    /// -ln(greatest - x + offset).
    ReflectedLog { greatest: f64, offset: f64 },
    /// A power.
    Power(BoxCox),
}

impl FixedTreatment {
    /// What made `after` of `before`, as `done` says.
    pub fn of(method: TreatMethod, done: &Treatment, before: &[f64], after: &[f64]) -> Self {
        let ends = |column: &[f64]| extremes(column).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let ((least, greatest), (kept_least, kept_greatest)) = (ends(before), ends(after));
        if done.method == TreatMethod::Log.name() {
            let offset = 0.01 * (greatest - least);
            let reflected = method == TreatMethod::Log && done.skewness[0].is_some_and(|skewness| skewness < 0.0);
            return if reflected {
                Self::ReflectedLog { greatest, offset }
            } else {
                Self::Log { least, offset }
            };
        }
        if let Some(power) = done.lambda.and_then(|lambda| BoxCox::with(before, lambda)) {
            return Self::Power(power);
        }
        Self::Between {
            least: if kept_least > least {
                kept_least
            } else {
                f64::NEG_INFINITY
            },
            greatest: if kept_greatest < greatest {
                kept_greatest
            } else {
                f64::INFINITY
            },
        }
    }

    /// Nothing was done.
    pub fn none() -> Self {
        Self::Between {
            least: f64::NEG_INFINITY,
            greatest: f64::INFINITY,
        }
    }

    /// The treated value; NaN where a logarithm or a power has none. `upwards` says whether more is better.
    pub fn apply(self, value: f64, upwards: bool) -> OnLine {
        match self {
            Self::Between { least, greatest } => {
                let held = match upwards {
                    true if value >= greatest => Some(End::Best),
                    true if value < least => Some(End::Worst),
                    false if value <= least => Some(End::Best),
                    false if value > greatest => Some(End::Worst),
                    _ => None,
                };
                OnLine {
                    value: value.clamp(least, greatest),
                    slope: if held.is_some() { 0.0 } else { 1.0 },
                    held,
                }
            }
            Self::Log { least, offset } => {
                let within = value - least + offset;
                OnLine::free(within.ln(), 1.0 / within)
            }
            Self::ReflectedLog { greatest, offset } => {
                let within = greatest - value + offset;
                OnLine::free(-within.ln(), 1.0 / within)
            }
            Self::Power(power) => OnLine::free(power.apply(value), power.slope(value)),
        }
    }
}

/// A scale that was fitted to the units of one frame. What comes in is the value times its direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FixedScale {
    /// low + (x - from) / (to - from) (high - low).
    Line(Line),
    /// The same towards the target of each unit.
    ToTarget { worst: f64, cap: bool },
    /// The reference was the worst: what is better has 1, the others 0.
    Above(f64),
    /// least / -x.
    Reciprocal(f64),
    /// All units were equal, so that there is no scale for anything else.
    Constant,
}

/// A straight scale, held at its ends where that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
    held_below: bool,
    held_above: bool,
}

/// Why values cannot be put on a scale that is kept.
pub(super) type NoScale = &'static str;

impl FixedScale {
    /// The scale of a column (transformed, times its direction); none where the column is empty.
    ///
    /// # Errors
    /// Where the method knows ranks only.
    pub fn of(
        options: &Normalise,
        indicator: &Indicator,
        x: &[f64],
        reference: Option<f64>,
    ) -> Result<Option<Self>, NoScale> {
        // Goalposts are there before any unit is.
        let ends = extremes(x).or_else(|| (options.method == NormaliseMethod::Goalposts).then_some((0.0, 0.0)));
        let Some((worst, best)) = ends else { return Ok(None) };
        let line = |from, to, low, high| Line {
            from,
            to,
            low,
            high,
            held_below: false,
            held_above: false,
        };
        let unless_constant = |scale: Line| {
            if is_constant(x) {
                Self::Constant
            } else {
                Self::Line(scale)
            }
        };
        Ok(Some(match options.method {
            NormaliseMethod::MinMax => unless_constant(line(worst, best, options.low, options.high)),
            NormaliseMethod::DistanceToMax => unless_constant(line(worst, best, 0.0, 1.0)),
            NormaliseMethod::ZScore => {
                let middle = mean(x).unwrap_or(worst);
                let deviation = standard_deviation(x).unwrap_or(0.0);
                unless_constant(line(
                    middle,
                    middle + deviation,
                    options.mean,
                    options.mean + options.sd,
                ))
            }
            NormaliseMethod::Goalposts => {
                let Some([low, high]) = indicator.goalposts else {
                    return Ok(None);
                };
                let ends = [low, high].map(|post| indicator.transform.apply(post) * indicator.direction.sign());
                Self::Line(Line {
                    held_below: options.cap,
                    held_above: options.cap,
                    ..line(ends[0].min(ends[1]), ends[0].max(ends[1]), options.low, options.high)
                })
            }
            NormaliseMethod::DistanceToTarget => Self::ToTarget {
                worst,
                cap: options.cap,
            },
            NormaliseMethod::DistanceToReference => {
                let Some(reference) = reference else { return Ok(None) };
                if ties(reference, worst) {
                    Self::Above(reference)
                } else {
                    Self::Line(Line {
                        held_above: options.cap,
                        ..line(worst, reference, 0.0, 1.0)
                    })
                }
            }
            NormaliseMethod::FractionOfMax if indicator.direction.sign() < 0.0 => Self::Reciprocal(-best),
            NormaliseMethod::FractionOfMax => Self::Line(line(0.0, best, 0.0, 1.0)),
            NormaliseMethod::Rank | NormaliseMethod::Borda | NormaliseMethod::PercentileRank => {
                return Err("ranks have no scale that could be kept: use frame: recomputed, or another normalise");
            }
        }))
    }

    /// The score of a value and its slope on the side where more is better.
    ///
    /// # Errors
    /// Where the scale has no place for it.
    pub fn apply(self, x: f64, target: f64) -> Result<OnLine, NoScale> {
        Ok(match self {
            Self::Line(line) => line.apply(x),
            Self::ToTarget { worst, .. } if target <= worst => OnLine::at(1.0, End::Best),
            Self::ToTarget { worst, cap } => Line {
                from: worst,
                to: target,
                low: 0.0,
                high: 1.0,
                held_below: false,
                held_above: cap,
            }
            .apply(x),
            Self::Above(reference) if x > reference && !ties(x, reference) => OnLine::at(1.0, End::Best),
            Self::Above(_) => OnLine::at(0.0, End::Worst),
            Self::Reciprocal(least) if x < 0.0 => OnLine::free(least / -x, least / (x * x)),
            Self::Reciprocal(_) => return Err("of an indicator of direction -1 every value must be above 0"),
            Self::Constant => {
                return Err(
                    "all units are equal in the assessment, so that there is no scale to be kept: use frame: \
                            recomputed, or goalposts",
                );
            }
        })
    }

    /// The x at which the scale ends upwards; none where it goes on.
    pub fn top(self, target: f64) -> Option<f64> {
        match self {
            Self::Line(line) => line.held_above.then_some(line.to),
            Self::ToTarget { worst, .. } if target <= worst => Some(worst),
            Self::ToTarget { cap, .. } => cap.then_some(target),
            Self::Above(_) | Self::Reciprocal(_) | Self::Constant => None,
        }
    }

    /// The x below which nothing changes; none where it goes on.
    pub fn bottom(self) -> Option<f64> {
        match self {
            Self::Line(line) => line.held_below.then_some(line.from),
            _ => None,
        }
    }

    /// Whether it is straight between its ends.
    pub fn is_straight(self) -> bool {
        matches!(self, Self::Line(_) | Self::ToTarget { .. })
    }
}

impl Line {
    fn apply(self, x: f64) -> OnLine {
        let share = (x - self.from) / (self.to - self.from);
        if self.held_above && share >= 1.0 {
            return OnLine::at(self.high, End::Best);
        }
        if self.held_below && share < 0.0 {
            return OnLine::at(self.low, End::Worst);
        }
        let slope = (self.high - self.low) / (self.to - self.from);
        OnLine::free(self.low + share * (self.high - self.low), slope)
    }
}
