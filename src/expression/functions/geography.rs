//! Functions of places: `latitude longitude altitude accuracy`, joined by semicolons into lines and shapes.
//!
//! Distances and areas are those of JavaRosa and Enketo: on a sphere of the equator's radius, to a hundredth.

use super::super::error::EvaluationError;
use super::super::tree::Tree;
use super::super::value::Value;
use super::{Arguments, Outcome};

const EQUATORIAL_RADIUS_METRES: f64 = 6_378_100.0;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    latitude: f64,
    longitude: f64,
}

/// The points of text; `None` where one of them is none.
fn points(text: &str) -> Option<Vec<Point>> {
    text.trim().trim_end_matches(';').split(';').map(point).collect()
}

fn point(text: &str) -> Option<Point> {
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(super::super::parse_number).collect();
    let numbers = numbers?;
    let (latitude, longitude) = (*numbers.first()?, *numbers.get(1)?);
    let valid = numbers.len() <= 4 && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    valid.then_some(Point { latitude, longitude })
}

/// The points of all arguments from an index on; of nodes, of every one.
fn points_from<T: Tree>(of: &Arguments<'_, '_, T>, index: usize) -> Result<Option<Vec<Point>>, EvaluationError> {
    let texts = of.strings_from(index)?;
    let lines: Option<Vec<Vec<Point>>> = texts.iter().map(|text| points(text)).collect();
    Ok(lines.map(|lines| lines.concat()).filter(|points| !points.is_empty()))
}

fn to_hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// `area(shape)`: square metres within the points, in any direction; NaN where a point is none.
pub(super) fn area<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let Some(points) = points_from(of, 0)? else {
        return Ok(Value::Number(f64::NAN));
    };
    if points.len() < 3 {
        return Ok(Value::Number(0.0));
    }
    let following = points.iter().cycle().skip(1);
    let sum: f64 = points
        .iter()
        .zip(following)
        .map(|(one, next)| {
            (next.longitude - one.longitude).to_radians()
                * (2.0 + one.latitude.to_radians().sin() + next.latitude.to_radians().sin())
        })
        .sum();
    Ok(Value::Number(to_hundredths(
        (sum * EQUATORIAL_RADIUS_METRES.powi(2) / 2.0).abs(),
    )))
}

/// `distance(line)` or `distance(point, point, …)`: metres along the points; NaN where one is none.
pub(super) fn distance<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let Some(points) = points_from(of, 0)? else {
        return Ok(Value::Number(f64::NAN));
    };
    let metres: f64 = points
        .iter()
        .zip(points.iter().skip(1))
        .map(|(one, next)| metres_between(*one, *next))
        .sum();
    Ok(Value::Number(to_hundredths(metres)))
}

fn metres_between(one: Point, other: Point) -> f64 {
    if one == other {
        return 0.0;
    }
    let (north, south) = (one.latitude.to_radians(), other.latitude.to_radians());
    let turn = (one.longitude - other.longitude).to_radians();
    let cosine = north.sin() * south.sin() + north.cos() * south.cos() * turn.cos();
    cosine.clamp(-1.0, 1.0).acos() * EQUATORIAL_RADIUS_METRES
}

/// `geofence(point, shape)`: whether the point lies within the shape; false where either is none.
pub(super) fn geofence<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (place, shape) = (point(&of.string(0)?), points(&of.string(1)?));
    let (Some(place), Some(shape)) = (place, shape) else {
        return Ok(Value::Boolean(false));
    };
    let mut within = false;
    for (one, next) in shape.iter().zip(shape.iter().cycle().skip(1)) {
        let spans = (one.longitude > place.longitude) != (next.longitude > place.longitude);
        if spans {
            let share = (place.longitude - one.longitude) / (next.longitude - one.longitude);
            within ^= place.latitude < one.latitude + share * (next.latitude - one.latitude);
        }
    }
    Ok(Value::Boolean(within && shape.len() > 2))
}

/// `intersects(line)`: whether a line or shape crosses or touches itself elsewhere than where its pieces meet.
pub(super) fn intersects<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let Some(mut points) = points_from(of, 0)? else {
        return Ok(Value::Boolean(false));
    };
    points.dedup();
    let closed = points.len() > 3 && points.first() == points.last();
    let pieces: Vec<(Point, Point)> = points.iter().copied().zip(points.iter().copied().skip(1)).collect();
    let last = pieces.len().saturating_sub(1);
    let crosses = pieces.iter().enumerate().any(|(index, one)| {
        pieces.iter().enumerate().skip(index + 1).any(|(other_index, other)| {
            if other_index == index + 1 {
                // Neighbours share a point; they meet elsewhere only by turning straight back.
                turns_back(*one, other.1)
            } else if closed && index == 0 && other_index == last {
                turns_back(*other, one.1)
            } else {
                meet(*one, *other)
            }
        })
    });
    Ok(Value::Boolean(crosses))
}

/// On which side of a line a point lies: positive, negative, or on it.
fn side(line: (Point, Point), point: Point) -> f64 {
    let (from, to) = line;
    (to.longitude - from.longitude) * (point.latitude - from.latitude)
        - (to.latitude - from.latitude) * (point.longitude - from.longitude)
}

fn turns_back(line: (Point, Point), next: Point) -> bool {
    let (from, to) = line;
    let ahead = (to.longitude - from.longitude) * (next.longitude - to.longitude)
        + (to.latitude - from.latitude) * (next.latitude - to.latitude);
    side(line, next) == 0.0 && ahead < 0.0
}

fn within_box(line: (Point, Point), point: Point) -> bool {
    let between = |a: f64, b: f64, x: f64| a.min(b) <= x && x <= a.max(b);
    between(line.0.latitude, line.1.latitude, point.latitude)
        && between(line.0.longitude, line.1.longitude, point.longitude)
}

fn meet(one: (Point, Point), other: (Point, Point)) -> bool {
    let (a, b) = (side(one, other.0), side(one, other.1));
    let (c, d) = (side(other, one.0), side(other, one.1));
    let apart = |x: f64, y: f64| (x > 0.0 && y < 0.0) || (x < 0.0 && y > 0.0);
    (apart(a, b) && apart(c, d))
        || (a == 0.0 && within_box(one, other.0))
        || (b == 0.0 && within_box(one, other.1))
        || (c == 0.0 && within_box(other, one.0))
        || (d == 0.0 && within_box(other, one.1))
}
