//! Treating indicators with outliers: winsorising, logarithms and powers.
//!
//! A column passes where its absolute skewness G1 is below `max_skewness` or its excess kurtosis G2 below
//! `max_kurtosis`. Values are the natural ones, before direction.

#![allow(
    clippy::float_cmp,
    reason = "winsorising moves exactly the cells that hold the extreme"
)]

use serde::{Deserialize, Serialize};

use super::box_cox::BoxCox;
use super::note::{Note, NoteCode, Notes};
use super::numbers::{extremes, shape, ties};
use super::options::{Treat, TreatMethod};

/// What was done to one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Treatment {
    /// `none`, `winsorise`, `log` or `box_cox`.
    pub method: String,
    /// How many values were moved by winsorising.
    pub moved: usize,
    /// The power of `box_cox`, -5 to 5.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lambda: Option<f64>,
    /// Skewness before and after; missing where it is not defined.
    pub skewness: [Option<f64>; 2],
    /// Excess kurtosis before and after.
    pub kurtosis: [Option<f64>; 2],
    /// Whether the column passes now.
    pub passed: bool,
}

/// A column that was treated within one frame.
pub(super) struct Treated {
    pub record: Treatment,
    /// Whether winsorising ended because one more move would have made all units equal.
    pub stopped: bool,
}

/// Treats one column within one frame, in place.
pub(super) fn treat(options: &Treat, column: &mut [f64]) -> Treated {
    let before = shape(column);
    let mut method = TreatMethod::None;
    let mut moves = Moves::default();
    let mut lambda = None;
    if !passes(options, column) {
        let original = column.to_vec();
        match options.method {
            TreatMethod::None => {}
            TreatMethod::Winsorise => {
                method = TreatMethod::Winsorise;
                moves = winsorise(options, column);
            }
            TreatMethod::Log => {
                method = TreatMethod::Log;
                logarithm(column, before.is_some_and(|(skewness, _)| skewness < 0.0));
            }
            TreatMethod::BoxCox => {
                if let Some(fitted) = BoxCox::fit(column) {
                    method = TreatMethod::BoxCox;
                    lambda = Some(fitted.lambda);
                    for value in column.iter_mut() {
                        *value = fitted.apply(*value);
                    }
                }
            }
            TreatMethod::WinsoriseThenLog => {
                method = TreatMethod::Winsorise;
                moves = winsorise(options, column);
                if !passes(options, column) {
                    method = TreatMethod::Log;
                    moves.cells = 0;
                    column.copy_from_slice(&original);
                    logarithm(column, false);
                }
            }
        }
    }
    let after = shape(column);
    let record = Treatment {
        method: method.name().to_owned(),
        moved: moves.cells,
        lambda,
        skewness: [
            before.map(|(skewness, _)| skewness),
            after.map(|(skewness, _)| skewness),
        ],
        kurtosis: [
            before.map(|(_, kurtosis)| kurtosis),
            after.map(|(_, kurtosis)| kurtosis),
        ],
        passed: passes(options, column),
    };
    Treated {
        record,
        stopped: moves.stopped,
    }
}

/// Says where winsorising was stopped.
pub(super) fn note_stopped(options: &Treat, indicator: &str, frames: &[Treated], notes: &mut Notes) {
    if frames.iter().any(|treated| treated.stopped) {
        let message = match options.method {
            TreatMethod::WinsoriseThenLog => {
                "winsorising would have made all units equal: the logarithm of the original values was taken"
            }
            _ => "winsorising was stopped before the move that would have made all units equal",
        };
        notes.push(Note::new(NoteCode::WinsorisingStopped, message).of(indicator));
    }
}

/// A column without a shape (constant, or under four values) has no outliers to speak of. Winsorising makes none of these.
fn passes(options: &Treat, column: &[f64]) -> bool {
    shape(column)
        .is_none_or(|(skewness, kurtosis)| skewness.abs() < options.max_skewness || kurtosis < options.max_kurtosis)
}

/// What winsorising did.
#[derive(Debug, Default)]
struct Moves {
    /// How many cells are at an end to which they were moved.
    cells: usize,
    /// Whether the next move would have made the column constant, which has no shape that could pass.
    stopped: bool,
}

/// Moves the outermost values to the next one until the column passes, the limit is reached or two values are left.
fn winsorise(options: &Treat, column: &mut [f64]) -> Moves {
    let (mut moved_down, mut moved_up) = (0, 0);
    let mut stopped = false;
    while moved_down + moved_up < options.max_winsorised && !passes(options, column) {
        let (Some((skewness, _)), Some((least, greatest))) = (shape(column), extremes(column)) else {
            break;
        };
        let end = if skewness >= 0.0 { greatest } else { least };
        let rest = extremes(&column.iter().copied().filter(|value| *value != end).collect::<Vec<_>>());
        let Some((next_least, next_greatest)) = rest.filter(|(least, greatest)| !ties(*least, *greatest)) else {
            stopped = true;
            break;
        };
        let next = if skewness >= 0.0 { next_greatest } else { next_least };
        let mut moved = 0;
        for value in column.iter_mut().filter(|value| **value == end) {
            *value = next;
            moved += 1;
        }
        *(if skewness >= 0.0 {
            &mut moved_down
        } else {
            &mut moved_up
        }) = moved;
    }
    Moves {
        cells: moved_down + moved_up,
        stopped,
    }
}

/// ln(x - min + 0.01 (max - min)), or its mirror image for a tail to the left.
fn logarithm(column: &mut [f64], reflect: bool) {
    let Some((least, greatest)) = extremes(column).filter(|(least, greatest)| greatest > least) else {
        return;
    };
    let offset = 0.01 * (greatest - least);
    for value in column.iter_mut() {
        *value = if reflect {
            -(greatest - *value + offset).ln()
        } else {
            (*value - least + offset).ln()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Options;

    fn options(method: TreatMethod, max_winsorised: usize) -> Treat {
        Treat {
            method,
            max_winsorised,
            ..Options::score().treat
        }
    }

    fn column() -> Vec<f64> {
        let mut column: Vec<f64> = (1..=20).map(f64::from).collect();
        column.extend([400.0, 900.0, f64::NAN]);
        column
    }

    #[test]
    fn winsorising_moves_the_outermost_values_to_the_next_until_the_shape_passes() {
        let mut column = column();
        let done = treat(&options(TreatMethod::WinsoriseThenLog, 5), &mut column).record;
        assert_eq!((done.method.as_str(), done.moved, done.passed), ("winsorise", 2, true));
        assert_eq!(
            column[19..22].iter().map(|value| value.round()).collect::<Vec<_>>(),
            [20.0, 20.0, 20.0]
        );
        assert!(column[22].is_nan(), "a missing value stays missing");
    }

    #[test]
    fn where_winsorising_is_not_enough_the_logarithm_of_the_original_is_taken() {
        let mut column = column();
        let done = treat(&options(TreatMethod::WinsoriseThenLog, 1), &mut column).record;
        assert_eq!((done.method.as_str(), done.moved), ("log", 0));
        assert!((column[0] - (0.01_f64 * 899.0).ln()).abs() < 1e-12);
        assert!((column[21] - (1.01_f64 * 899.0).ln()).abs() < 1e-12);
    }

    #[test]
    fn winsorising_stops_before_it_makes_all_units_equal() {
        let mut column = [vec![0.0; 28], vec![5.0, 6.0]].concat();
        let done = treat(&options(TreatMethod::Winsorise, 5), &mut column);
        assert_eq!((done.record.moved, done.record.passed, done.stopped), (1, false, true));
        assert_eq!(column[27..], [0.0, 5.0, 5.0]);

        let mut column = [vec![0.0; 9], vec![5.0]].concat();
        let done = treat(&options(TreatMethod::Winsorise, 1), &mut column);
        assert_eq!((done.record.moved, done.record.passed, done.stopped), (0, false, true));
        assert_eq!(column[8..], [0.0, 5.0]);
    }

    #[test]
    fn where_winsorising_would_make_all_units_equal_the_logarithm_of_the_original_is_taken() {
        for (mut column, limit) in [
            ([vec![0.0; 28], vec![5.0, 6.0]].concat(), 5),
            ([vec![0.0; 9], vec![5.0]].concat(), 1),
        ] {
            let offset = 0.01 * column.iter().copied().fold(0.0, f64::max);
            let logarithms: Vec<f64> = column.iter().map(|value| f64::ln(value + offset)).collect();
            let done = treat(&options(TreatMethod::WinsoriseThenLog, limit), &mut column);
            assert_eq!(
                (done.record.method.as_str(), done.record.moved, done.stopped),
                ("log", 0, true)
            );
            assert_eq!(column, logarithms);
        }
    }

    #[test]
    fn the_logarithm_alone_is_reflected_where_the_tail_is_to_the_left() {
        let mut column: Vec<f64> = column().iter().map(|value| -value).collect();
        treat(&options(TreatMethod::Log, 5), &mut column);
        assert!(
            (column[0] + (0.01_f64 * 899.0).ln()).abs() < 1e-12,
            "order is kept: the greatest stays the greatest"
        );
        assert!(column[0] > column[1] && column[20] > column[21]);
    }

    #[test]
    fn the_power_is_in_the_record_and_missing_values_stay_missing() {
        let mut column = column();
        let done = treat(&options(TreatMethod::BoxCox, 5), &mut column).record;
        assert_eq!((done.method.as_str(), done.moved, done.passed), ("box_cox", 0, true));
        assert!((done.lambda.unwrap() + 0.872_727_611).abs() < 1e-8);
        assert!(column[..22].iter().all(|value| value.is_finite()) && column[22].is_nan());
    }

    #[test]
    fn a_column_that_passes_keeps_its_values() {
        let mut column: Vec<f64> = (1..=20).map(f64::from).collect();
        let before = column.clone();
        let done = treat(&options(TreatMethod::BoxCox, 5), &mut column).record;
        assert_eq!((done.method.as_str(), done.lambda), ("none", None));
        assert_eq!(column, before);
    }

    #[test]
    fn a_constant_column_and_a_short_one_are_left_alone() {
        for method in [TreatMethod::WinsoriseThenLog, TreatMethod::BoxCox] {
            for mut column in [vec![3.0; 9], vec![1.0, 1.0, 900.0]] {
                let before = column.clone();
                assert_eq!(treat(&options(method, 5), &mut column).record.method, "none");
                assert_eq!(column, before);
            }
        }
    }
}
