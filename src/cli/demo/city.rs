//! The profiles of the synthetic cities.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// A synthetic city. Its figures say nothing of the real one whose code it carries.
#[derive(Debug, Clone)]
pub struct City {
    /// The code.
    pub code: String,
    /// How innovative its organisations are: standard deviations from the mean of all cities.
    pub innovation: f64,
    /// How green they are.
    pub green: f64,
    /// How much its economy lives on coal, timber and ore, 0 to 1.
    pub resource: f64,
    seed: u64,
}

impl City {
    /// The profile that belongs to a code and a seed.
    pub fn new(code: &str, seed: u64) -> Self {
        let seed = code
            .bytes()
            .fold(seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        Self {
            code: code.to_owned(),
            innovation: normal(&mut random, 0.0, 0.5),
            green: normal(&mut random, 0.0, 0.5),
            resource: random.random_range(0.1..0.6),
            seed,
        }
    }

    /// A share (0.1 to 0.9) of its own for any name: where an official figure lies between its goalposts.
    pub fn share(&self, name: &str) -> f64 {
        let seed = name
            .bytes()
            .fold(self.seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let lean = normal(&mut ChaCha8Rng::seed_from_u64(seed), 0.45 + 0.1 * self.innovation, 0.15);
        lean.clamp(0.1, 0.9)
    }
}

/// A normally distributed number.
pub fn normal(random: &mut ChaCha8Rng, mean: f64, deviation: f64) -> f64 {
    Normal::new(mean, deviation).map_or(mean, |distribution| distribution.sample(random))
}
