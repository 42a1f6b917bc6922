//! The points of the design: one scrambled Sobol sequence whose first half of dimensions is A, the second B.
//!
//! The direction numbers are those of S. Joe and F. Y. Kuo, scrambled as A. B. Owen proposed (Scrambling Sobol' and
//! Niederreiter-Xing points, Journal of Complexity 14, 1998).

/// Base points.
pub(super) struct Points {
    base: usize,
    factors: usize,
    seed: u32,
}

impl Points {
    /// At least `runs` base points: the next power of two.
    pub fn new(runs: usize, factors: usize, seed: u64) -> Self {
        // Both halves of the seed count.
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
        let seed = half(seed) ^ half(seed >> 32).rotate_left(16);
        Self {
            base: runs.next_power_of_two(),
            factors,
            seed,
        }
    }

    /// N.
    pub fn len(&self) -> usize {
        self.base
    }

    /// A coordinate of A, from 0 (included) to 1.
    pub fn a(&self, point: usize, factor: usize) -> f64 {
        self.coordinate(point, factor)
    }

    /// A coordinate of B.
    pub fn b(&self, point: usize, factor: usize) -> f64 {
        self.coordinate(point, self.factors + factor)
    }

    fn coordinate(&self, point: usize, dimension: usize) -> f64 {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        f64::from(sobol_burley::sample(number(point), number(dimension), self.seed))
    }
}
