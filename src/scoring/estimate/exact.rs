//! Sums that do not depend on the order of their terms.
//!
//! A sum of floating-point numbers has other last bits in another order, and so on another number of threads. Here
//! every term is a multiple of 2^-128 in a number of 256 bits, added exactly; only the finished sum is rounded.

#![allow(
    clippy::indexing_slicing,
    reason = "positions of the four limbs are computed from the exponent"
)]

/// The greatest absolute value of one term; greater figures are no answers of this world.
pub(super) const GREATEST: f64 = 1e30;

/// An exact sum of up to 2^27 terms that are not beyond [`GREATEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ExactSum {
    /// Two's complement, the lowest limb first; the point stands between the second and the third.
    limbs: [u64; 4],
}

impl ExactSum {
    /// Adds a term; what is below 2^-128 is dropped.
    pub fn add(&mut self, term: f64) {
        let bits = term.to_bits();
        let biased = (bits >> 52) & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if biased == 0 { fraction } else { fraction | (1 << 52) };
        // term = mantissa · 2^(biased - 1075), and the lowest bit of the sum is 2^-128.
        let shift = i64::try_from(biased.max(1)).unwrap_or(0) - 1075 + 128;
        if mantissa == 0 || shift <= -53 || shift > 200 {
            return;
        }
        let mut addend = [0_u64; 4];
        if shift < 0 {
            addend[0] = mantissa >> shift.unsigned_abs();
        } else {
            let (limb, offset) = (usize::try_from(shift / 64).unwrap_or(0), shift % 64);
            addend[limb] = mantissa << offset;
            if offset > 11 {
                addend[limb + 1] = mantissa >> (64 - offset);
            }
        }
        if bits >> 63 == 1 {
            addend = negated(addend);
        }
        self.limbs = sum(self.limbs, addend);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Self) {
        self.limbs = sum(self.limbs, other.limbs);
    }

    /// The sum, rounded to the nearest floating-point number.
    pub fn value(self) -> f64 {
        let negative = self.limbs[3] >> 63 == 1;
        let magnitude = if negative { negated(self.limbs) } else { self.limbs };
        let Some(top) = (0..4).rev().find(|&limb| magnitude[limb] != 0) else {
            return 0.0;
        };
        let below = |limb: usize| if limb == 0 { 0 } else { magnitude[limb - 1] };
        let zeros = magnitude[top].leading_zeros();
        let mut leading = magnitude[top] << zeros;
        let mut dropped = below(top);
        if zeros > 0 {
            leading |= dropped >> (64 - zeros);
            dropped <<= zeros;
        }
        // A bit below those that decide the rounding stands for all that is dropped.
        let rest = dropped != 0 || magnitude[..top.saturating_sub(1)].iter().any(|limb| *limb != 0);
        leading |= u64::from(rest);
        let exponent = i32::try_from(top * 64).unwrap_or(0) - i32::try_from(zeros).unwrap_or(0) - 128;
        let value = leading as f64 * 2.0_f64.powi(exponent);
        if negative { -value } else { value }
    }
}

fn sum(one: [u64; 4], other: [u64; 4]) -> [u64; 4] {
    let mut carry = false;
    let mut limbs = [0; 4];
    for limb in 0..4 {
        let (partial, first) = one[limb].overflowing_add(other[limb]);
        let (whole, second) = partial.overflowing_add(u64::from(carry));
        limbs[limb] = whole;
        carry = first || second;
    }
    limbs
}

fn negated(limbs: [u64; 4]) -> [u64; 4] {
    sum(limbs.map(|limb| !limb), [1, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(terms: impl IntoIterator<Item = f64>) -> f64 {
        let mut sum = ExactSum::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum.value()
    }

    #[test]
    fn a_single_term_comes_back_as_it_is() {
        for term in [
            0.0,
            1.0,
            -1.0,
            0.1,
            -0.1,
            1e30,
            -1e30,
            1e-20,
            123_456.789,
            f64::EPSILON,
            3e-17,
        ] {
            assert_eq!(total([term]).to_bits(), (term + 0.0).to_bits(), "{term}");
        }
        assert_eq!(total([1e-60]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_order_of_the_terms_and_of_merging_leaves_no_trace() {
        let terms: Vec<f64> = (1..2000_i32)
            .map(|n| f64::from(n * 7919 % 1009) * 1e6_f64.powi(n % 5 - 2) - 0.3)
            .collect();
        let forwards = total(terms.iter().copied());
        let backwards = total(terms.iter().rev().copied());
        assert_eq!(forwards.to_bits(), backwards.to_bits());
        let mut merged = ExactSum::default();
        for chunk in terms.chunks(37) {
            let mut part = ExactSum::default();
            for term in chunk {
                part.add(*term);
            }
            merged.merge(part);
        }
        assert_eq!(merged.value().to_bits(), forwards.to_bits());
        let naive: f64 = terms.iter().sum();
        assert!((forwards - naive).abs() <= 1e-12 * naive.abs());
    }

    #[test]
    fn what_cancels_leaves_exactly_what_does_not() {
        assert_eq!(total([1e30, 1.0, -1e30]).to_bits(), 1.0_f64.to_bits());
        assert_eq!(total([0.1, 0.2, -0.3]).to_bits(), (2.0_f64.powi(-55)).to_bits());
    }
}
