//! How much of the index's variance an element accounts for, which nominal weights do not show.
//!
//! The squared correlation is what a straight line explains. The correlation ratio also sees curves: the share of the
//! index's variance that is explained by the mean of the index given the element (Paruolo, Saisana and Saltelli 2013,
//! Journal of the Royal Statistical Society A 176:609). It takes many units to tell a curve from noise, so that it is
//! given from 50 units on.

use super::association::Centred;
use super::numbers::{Ascending, gathered, ties};

/// The fewest units for a correlation ratio.
const FEWEST: usize = 50;

/// The squared correlation of an element with the index; `None` where one of them does not vary.
pub(super) fn importance(element: &Centred<'_>, index: &Centred<'_>) -> Option<f64> {
    element.pearson(index).map(|r| r * r)
}

/// The correlation ratio of the index given the element, 0 to 1; `None` where one of them does not vary. The mean is
/// estimated by straight lines over about sqrt(n) / 2 stretches of equally many units, and the share explained is adjusted
/// for their number.
pub(super) fn correlation_ratio(element: &Ascending, index: &[f64]) -> Option<f64> {
    let both = element
        .values()
        .iter()
        .filter_map(|&(x, unit)| Some((x, *index.get(unit)?)));
    let points = gathered(element.values().len(), both.filter(|(_, y)| !y.is_nan()));
    let n = points.len();
    if n < FEWEST {
        return None;
    }
    let (least, greatest) = (points.first()?.0, points.last()?.0);
    let (lowest, highest) = points
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, y)| {
            (low.min(*y), high.max(*y))
        });
    if ties(least, greatest) || ties(lowest, highest) {
        return None;
    }
    let total = Line::through(&points).spread;
    let stretches = (n.isqrt() / 2).max(2);
    let (mut rest, mut parameters, mut begin) = (0.0, 0, 0);
    for stretch in 1..=stretches {
        let mut end = (n * stretch / stretches).max(begin);
        // Units that tie stay together.
        while let (true, Some(last), Some(next)) = (end > begin, points.get(end.wrapping_sub(1)), points.get(end)) {
            if !ties(last.0, next.0) {
                break;
            }
            end += 1;
        }
        let Some(part) = points.get(begin..end).filter(|part| !part.is_empty()) else {
            continue;
        };
        let line = Line::through(part);
        rest += line.rest;
        parameters += line.parameters;
        begin = end;
    }
    let free = n.checked_sub(parameters).filter(|free| *free > 0)?;
    let unexplained = rest / free as f64 / (total / (n as f64 - 1.0));
    unexplained.is_finite().then(|| (1.0 - unexplained).clamp(0.0, 1.0))
}

/// The straight line of least squares through a few points.
struct Line {
    /// Sum of squares around the mean.
    spread: f64,
    /// Sum of squares around the line.
    rest: f64,
    /// How many numbers the line takes: 2, or 1 where all x are equal.
    parameters: usize,
}

impl Line {
    fn through(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
        let (mean_x, mean_y) = (sum_x / n, sum_y / n);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            xx += (x - mean_x) * (x - mean_x);
            xy += (x - mean_x) * (y - mean_y);
            yy += (y - mean_y) * (y - mean_y);
        }
        let slope = points
            .first()
            .zip(points.last())
            .is_some_and(|(first, last)| !ties(first.0, last.0))
            && xx > 0.0;
        Self {
            spread: yy,
            rest: if slope { (yy - xy * xy / xx).max(0.0) } else { yy },
            parameters: if slope { 2 } else { 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u32) -> Vec<f64> {
        (0..n).map(|unit| f64::from(unit * 37 % 101) - 50.0).collect()
    }

    #[test]
    fn a_straight_line_is_fully_explained_either_way() {
        let x = line(101);
        let y: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        assert!((importance(&Centred::new(&x), &Centred::new(&y)).unwrap() - 1.0).abs() < 1e-12);
        assert!((correlation_ratio(&Ascending::of(&x), &y).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_parabola_has_no_correlation_but_a_ratio_near_1() {
        let x = line(101);
        let y: Vec<f64> = x.iter().map(|x| x * x).collect();
        assert!(importance(&Centred::new(&x), &Centred::new(&y)).unwrap() < 1e-9);
        assert!(correlation_ratio(&Ascending::of(&x), &y).unwrap() > 0.97);
    }

    #[test]
    fn what_is_unrelated_explains_next_to_nothing_and_few_units_nothing_at_all() {
        let x = line(101);
        let y: Vec<f64> = (0..101_u32).map(|unit| f64::from(unit * unit * 7 % 103)).collect();
        assert!(correlation_ratio(&Ascending::of(&x), &y).unwrap() < 0.2);
        assert_eq!(correlation_ratio(&Ascending::of(&x[..49]), &y[..49]), None);
        assert_eq!(correlation_ratio(&Ascending::of(&[1.0; 60]), &y[..60]), None);
    }
}
