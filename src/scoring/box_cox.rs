//! The power transformation of Box and Cox (1964, Journal of the Royal Statistical Society B 26:211), with the power that
//! makes a column most like a normal distribution.
//!
//! (y^λ - 1) / λ, and ln y where λ is 0, of y = (x - min) / (max - min) + 0.01. That y is what the logarithm is taken of (see
//! [`treat`](super::treat)), divided by the range: λ is the same, and neither do powers of large figures overflow nor do those
//! of small differences vanish.

use super::numbers::{Centre, extremes, present};

/// The powers among which the most likely one is looked for.
const POWERS: (f64, f64) = (-5.0, 5.0);

/// Halvings after which the power is found to the last digit.
const HALVINGS: usize = 60;

/// The least y.
const OFFSET: f64 = 0.01;

/// A transformation that was fitted to a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BoxCox {
    least: f64,
    range: f64,
    /// The power.
    pub lambda: f64,
}

impl BoxCox {
    /// By maximum likelihood; `None` where all values are equal, or too far apart to be measured.
    pub(super) fn fit(column: &[f64]) -> Option<Self> {
        let mut fitted = Self::with(column, 0.0)?;
        let logarithms: Vec<f64> = present(column).map(|value| fitted.positive(value).ln()).collect();
        fitted.lambda = most_likely(&logarithms);
        Some(fitted)
    }

    /// With a power that is known.
    pub(super) fn with(column: &[f64], lambda: f64) -> Option<Self> {
        let (least, greatest) = extremes(column)?;
        let range = greatest - least;
        (range > 0.0 && range.is_finite()).then_some(Self { least, range, lambda })
    }

    fn positive(&self, value: f64) -> f64 {
        (value - self.least) / self.range + OFFSET
    }

    /// The value after the transformation; NaN where there is none, as far below the least one.
    pub(super) fn apply(&self, value: f64) -> f64 {
        power(self.positive(value).ln(), self.lambda)
    }

    /// By how much the transformed value rises for a rise of this one by 1.
    pub(super) fn slope(&self, value: f64) -> f64 {
        self.positive(value).powf(self.lambda - 1.0) / self.range
    }
}

/// (y^λ - 1) / λ, by the logarithm of y.
fn power(logarithm: f64, lambda: f64) -> f64 {
    if lambda == 0.0 {
        logarithm
    } else {
        (lambda * logarithm).exp_m1() / lambda
    }
}

/// How fast that rises with λ: t² ∫ s e^(λ t s) ds over s from 0 to 1, with t the logarithm of y.
fn by_lambda(logarithm: f64, lambda: f64) -> f64 {
    let u = lambda * logarithm;
    let integral = if u.abs() < 0.5 {
        // The power series, the terms of which are u^k / (k! (k + 2)): the closed form loses its digits here.
        let mut term = 1.0;
        (0..16_u8).map(f64::from).fold(0.0, |sum, k| {
            let sum = sum + term / (k + 2.0);
            term *= u / (k + 1.0);
            sum
        })
    } else {
        ((u - 1.0) * u.exp() + 1.0) / (u * u)
    };
    logarithm * logarithm * integral
}

/// The power of greatest profile likelihood, -n/2 ln(variance) + (λ - 1) Σ ln y, or the end of the range that is nearest to it.
///
/// The likelihood is concave: the variance is a sum over pairs of the squares of e^(λ(a+b)/2) sinh(λ(a-b)/2) / λ, whose
/// logarithms are convex in λ, and so is that of their sum. So its slope has one zero, which halving finds.
fn most_likely(logarithms: &[f64]) -> f64 {
    let (mut low, mut high) = POWERS;
    if slope_of_likelihood(logarithms, low) <= 0.0 {
        return low;
    }
    if slope_of_likelihood(logarithms, high) >= 0.0 {
        return high;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope_of_likelihood(logarithms, middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

fn slope_of_likelihood(logarithms: &[f64], lambda: f64) -> f64 {
    let transformed: Vec<f64> = logarithms.iter().map(|logarithm| power(*logarithm, lambda)).collect();
    let Some(centre) = Centre::of(&transformed) else {
        return 0.0;
    };
    let (mut squares, mut products) = (0.0, 0.0);
    for (value, logarithm) in transformed.iter().zip(logarithms) {
        let deviation = centre.deviation(*value);
        squares += deviation * deviation;
        products += deviation * by_lambda(*logarithm, lambda);
    }
    logarithms.iter().sum::<f64>() - logarithms.len() as f64 * products / squares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column() -> Vec<f64> {
        let mut column: Vec<f64> = (1..=20).map(f64::from).collect();
        column.extend([400.0, 900.0, f64::NAN]);
        column
    }

    fn lambda(column: &[f64]) -> f64 {
        BoxCox::fit(column).unwrap().lambda
    }

    #[test]
    fn the_power_is_the_most_likely_one() {
        // scipy 1.17, y = (x - x.min()) / (x.max() - x.min()) + 0.01: stats.boxcox(y)[1] is -0.87272763, and of -x
        // 3.68521152 (it stops at about 1e-8). The zero of the slope by mpmath, to 40 digits: -0.87272761132631166, and
        // 3.68521146883614939.
        let mirrored: Vec<f64> = column().iter().map(|value| -value).collect();
        for (column, by_scipy, exact) in [
            (column(), -0.872_727_626_4, -0.872_727_611_326_311_7),
            (mirrored, 3.685_211_523_3, 3.685_211_468_836_149_4),
        ] {
            assert!((lambda(&column) - by_scipy).abs() < 1e-6);
            assert!((lambda(&column) - exact).abs() < 1e-12, "{}", lambda(&column));
        }
    }

    #[test]
    fn the_power_does_not_depend_on_the_unit_of_measure() {
        for unit in [1e-200, 1e6, 1e297] {
            let measured: Vec<f64> = column().iter().map(|value| value * unit).collect();
            assert!((lambda(&measured) - lambda(&column())).abs() < 1e-9, "{unit}");
        }
    }

    #[test]
    fn the_power_ends_where_the_range_ends() {
        let mut column = vec![1.0; 40];
        column.extend([0.0, 0.999]);
        assert_eq!(lambda(&column).to_bits(), 5.0_f64.to_bits());
        let mirrored: Vec<f64> = column.iter().map(|value| -value).collect();
        assert_eq!(lambda(&mirrored).to_bits(), (-5.0_f64).to_bits());
    }

    #[test]
    fn around_a_power_of_0_nothing_leaps() {
        for logarithm in [-4.6, -0.3, 0.009] {
            let at = |lambda: f64| power(logarithm, lambda);
            assert!((at(1e-9) - at(0.0)).abs() < 1e-7 && (at(-1e-9) - at(0.0)).abs() < 1e-7);
            for lambda in [-5.0, -0.11, 0.0, 1e-5, 0.12, 3.0] {
                let step = 1e-6;
                let slope = (at(lambda + step) - at(lambda - step)) / (2.0 * step);
                let found = by_lambda(logarithm, lambda);
                assert!(
                    (found - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                    "{found} is not {slope}"
                );
            }
        }
    }

    #[test]
    fn order_is_kept_and_what_is_constant_has_no_power() {
        let fitted = BoxCox::fit(&column()).unwrap();
        assert!(
            column()
                .windows(2)
                .take(21)
                .all(|pair| fitted.apply(pair[0]) < fitted.apply(pair[1]))
        );
        assert!(fitted.apply(-100.0).is_nan() && fitted.apply(f64::NAN).is_nan());
        assert_eq!(BoxCox::fit(&[3.0, 3.0, f64::NAN]), None);
        assert_eq!(BoxCox::fit(&[f64::NAN]), None);
    }
}
