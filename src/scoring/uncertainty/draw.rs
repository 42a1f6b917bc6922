//! What is different in one run: the alternative of each factor, and the numbers that random weights follow from.
//!
//! Everything random follows from the seed and the number of a run or replicate alone, so that runs can be done in any
//! order and on any number of threads.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What can be varied, in the order in which the uniform numbers of a run are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::scoring) enum Factor {
    Impute,
    Treat,
    Normalise,
    Aggregate,
    Weights,
    DropOne,
    Sampling,
}

impl Factor {
    pub const ALL: [Self; 7] = [
        Self::Impute,
        Self::Treat,
        Self::Normalise,
        Self::Aggregate,
        Self::Weights,
        Self::DropOne,
        Self::Sampling,
    ];

    /// Its name in results: the key of `vary`, and `sampling` for the respondents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Impute => "impute",
            Self::Treat => "treat",
            Self::Normalise => "normalise",
            Self::Aggregate => "aggregate",
            Self::Weights => "weights",
            Self::DropOne => "drop_one",
            Self::Sampling => "sampling",
        }
    }
}

/// A run: the alternative that each factor takes; where it takes none, it is as in the nominal assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(in crate::scoring) struct Draw {
    pub impute: Option<usize>,
    pub treat: Option<usize>,
    pub normalise: Option<usize>,
    pub aggregate: Option<usize>,
    /// The replicate of the weights, or the number of a given set.
    pub weights: Option<u64>,
    /// The indicator that is left out, by its number among the indicators that count.
    pub dropped: Option<usize>,
    /// The replicate of the respondents.
    pub respondents: Option<u64>,
}

impl Draw {
    /// The same run with the respondents as they are.
    pub fn method_only(self) -> Self {
        Self {
            respondents: None,
            ..self
        }
    }

    /// The same respondents, scored as nominally.
    pub fn sampling_only(self) -> Self {
        Self {
            respondents: self.respondents,
            ..Self::default()
        }
    }

    /// Sets what a factor takes; `item` counts from 0.
    pub fn set(&mut self, factor: Factor, item: usize) {
        match factor {
            Factor::Impute => self.impute = Some(item),
            Factor::Treat => self.treat = Some(item),
            Factor::Normalise => self.normalise = Some(item),
            Factor::Aggregate => self.aggregate = Some(item),
            Factor::Weights => self.weights = Some(item as u64),
            // The first alternative leaves nothing out.
            Factor::DropOne => self.dropped = item.checked_sub(1),
            Factor::Sampling => self.respondents = Some(item as u64),
        }
    }
}

/// The alternative that a uniform number (0 to 1) stands for, counted from 0.
pub(in crate::scoring) fn item(uniform: f64, alternatives: usize) -> usize {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number from 0 to the number of alternatives"
    )]
    let item = (uniform * alternatives as f64) as usize;
    item.min(alternatives.saturating_sub(1))
}

/// What random numbers are for: each has a stream of its own for each number.
#[derive(Debug, Clone, Copy)]
pub(in crate::scoring) enum Purpose {
    /// The alternatives of a run.
    Alternatives,
    /// A replicate of the weights.
    Weights,
    /// A replicate of the respondents.
    Respondents,
    /// The bootstrap of sensitivity indices.
    Indices,
}

/// The random numbers of one purpose and number.
pub(in crate::scoring) fn random(seed: u64, purpose: Purpose, number: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number << 2 | purpose as u64);
    random
}

/// One uniform number for every factor that there can be, so that a factor that is added leaves the others alone.
pub(in crate::scoring) fn uniforms(random: &mut ChaCha8Rng) -> [f64; Factor::ALL.len()] {
    std::array::from_fn(|_| random.random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_number_takes_the_alternatives_equally_often_and_never_one_too_many() {
        assert_eq!(
            (item(0.0, 3), item(0.34, 3), item(0.999, 3), item(1.0, 3)),
            (0, 1, 2, 2)
        );
        let mut random = random(1, Purpose::Alternatives, 5);
        let mut counts = [0; 4];
        for _ in 0..4000 {
            counts[item(random.random(), 4)] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }
}
