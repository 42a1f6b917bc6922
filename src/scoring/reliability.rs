//! Cronbach's alpha of an element's children over the units, and what it would be without each of them.
//!
//! alpha = k / (k - 1) · (1 - sum of variances / variance of the sum), over the units that have every child (Cronbach
//! 1951, Psychometrika 16:297; Handbook, section 4.2). It says how far the children move together; with few units, and
//! for children that are parts of a whole rather than readings of one thing, it says little. It can be below 0.

use super::numbers::{is_constant, standard_deviation};

/// Alpha, and what it would be without each column.
pub(super) struct Alphas {
    pub all: Option<f64>,
    pub without: Vec<Option<f64>>,
}

/// Alphas of columns without holes; `None` for fewer than two columns or three units, or where the sum
/// or every column is constant.
pub(super) fn alphas(columns: &[&[f64]]) -> Alphas {
    let columns: Vec<Part<'_>> = columns.iter().map(|column| Part::of(column)).collect();
    let without = |out: usize| {
        let rest = columns.iter().enumerate().filter(|(at, _)| *at != out);
        alpha_of(&rest.map(|(_, part)| part).collect::<Vec<_>>())
    };
    Alphas {
        all: alpha_of(&columns.iter().collect::<Vec<_>>()),
        without: (0..columns.len()).map(without).collect(),
    }
}

/// A column with what alpha needs of it.
struct Part<'a> {
    values: &'a [f64],
    variance: Option<f64>,
    is_constant: bool,
}

impl<'a> Part<'a> {
    fn of(values: &'a [f64]) -> Self {
        Self {
            values,
            variance: variance(values),
            is_constant: is_constant(values),
        }
    }
}

fn variance(column: &[f64]) -> Option<f64> {
    standard_deviation(column).map(|sd| sd * sd)
}

fn alpha_of(parts: &[&Part<'_>]) -> Option<f64> {
    let (k, n) = (parts.len() as f64, parts.first()?.values.len());
    if parts.len() < 2 || n < 3 {
        return None;
    }
    let mut sum = vec![0.0; n];
    for part in parts {
        for (sum, value) in sum.iter_mut().zip(part.values) {
            *sum += value;
        }
    }
    if is_constant(&sum) || parts.iter().all(|part| part.is_constant) {
        return None;
    }
    let variances: f64 = parts.iter().filter_map(|part| part.variance).sum();
    let whole = variance(&sum).filter(|whole| *whole > 1e-12 * variances)?;
    Some(k / (k - 1.0) * (1.0 - variances / whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alpha(columns: &[&[f64]]) -> Option<f64> {
        alphas(columns).all
    }

    #[test]
    fn readings_of_one_thing_have_alpha_1_and_what_disturbs_them_is_seen_when_it_is_removed() {
        let (one, other, noise) = ([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0], [3.0, -3.0, 3.0, -3.0]);
        assert!((alpha(&[&one, &other]).unwrap() - 1.0).abs() < 1e-12);
        let all: [&[f64]; 3] = [&one, &other, &noise];
        let Alphas { all, without } = alphas(&all);
        assert!((without[2].unwrap() - 1.0).abs() < 1e-12 && all.unwrap() < without[2].unwrap());
        assert_eq!(alpha(&[&one]), None);
    }

    #[test]
    fn columns_that_differ_by_rounding_alone_have_no_alpha() {
        let (low, high) = (0.1_f64 + 0.2, 0.3_f64);
        assert_ne!(low.to_bits(), high.to_bits());
        let (one, other): (&[f64], &[f64]) = (&[low, high, high], &[high, high, low]);
        assert_eq!(alpha(&[one, other]), None);
        assert_eq!(alpha(&[&[0.1; 3], &[0.2; 3]]), None);
        assert_eq!(
            alpha(&[&[0.1, 0.2, 0.3], &[0.3, 0.2, 0.1]]),
            None,
            "the sum is constant"
        );
        assert_eq!(
            alpha(&[one, &[-0.3; 3]]),
            None,
            "the sum is the rounding that is left of its parts"
        );
    }
}
