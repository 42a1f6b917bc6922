//! Drawing a sample by stratum: how many of each stratum, and which. Same frame, design and seed, same sample.
//!
//! Within a stratum every unit has the same chance, n/N, so its weight is N/n. A unit's place in the order of drawing
//! depends on the seed and its stratum alone: strata that come or go leave the others as they were.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How the size of a sample is spread over the strata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Allocation {
    /// So many in all, in proportion to the strata.
    Proportional(usize),
    /// So many in all, the same number in each stratum as far as it has them.
    Equal(usize),
    /// So many of each stratum that is named, none of the others.
    Given(BTreeMap<String, usize>),
}

/// What a sample is drawn by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleDesign {
    /// How many of which stratum.
    pub allocation: Allocation,
    /// The strata that are taken whole.
    #[serde(default)]
    pub take_all: Vec<String>,
    /// The least of each stratum, as far as it has them; not with given numbers.
    #[serde(default)]
    pub minimum: usize,
    /// How many are drawn beside the sample of each stratum, to replace who can't be asked.
    #[serde(default)]
    pub reserves: usize,
    /// What the order of drawing follows from.
    pub seed: u64,
}

/// What was drawn from one stratum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrawnStratum {
    /// The stratum.
    pub stratum: String,
    /// How many units it has: N.
    pub population: usize,
    /// The units of the sample, in the order of drawing.
    pub sample: Vec<String>,
    /// The replacements, in the order that they are to be used.
    pub reserves: Vec<String>,
}

impl DrawnStratum {
    /// The sampling weight of its units, N/n; `None` where none was drawn.
    pub fn weight(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "registers are far smaller than 2^52")]
        (!self.sample.is_empty()).then(|| self.population as f64 / self.sample.len() as f64)
    }
}

/// Why no sample can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The design names a stratum that the frame does not have.
    #[error("the frame has no stratum '{stratum}'; it has: {}", known.join(", "))]
    UnknownStratum {
        /// The stratum.
        stratum: String,
        /// Those of the frame.
        known: Vec<String>,
    },
    /// More than there are.
    #[error("{wanted} are wanted of '{stratum}', which has {population}")]
    TooFew {
        /// The stratum; `the frame` where it is the whole.
        stratum: String,
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        population: usize,
    },
    /// Strata that are taken whole, and the least of the others, are more than the size.
    #[error("strata taken whole and minimums need {needed} already, above the size of {size}: raise the size")]
    SizeTooSmall {
        /// What they need.
        needed: usize,
        /// The size that was asked for.
        size: usize,
    },
    /// A unit stands twice in the frame.
    #[error("'{unit}' stands twice in the frame")]
    Twice {
        /// The unit.
        unit: String,
    },
}

/// Draws a sample from a frame of units, each with its stratum. The order of the frame does not matter.
///
/// ```
/// use innogauge::scoring::{Allocation, SampleDesign, draw_sample};
///
/// let frame: Vec<(String, String)> = (0..100).map(|n| (n.to_string(), (n % 4).to_string())).collect();
/// let design = SampleDesign {
///     allocation: Allocation::Proportional(20), take_all: vec![], minimum: 2, reserves: 3, seed: 2026,
/// };
/// let drawn = draw_sample(&frame, &design)?;
/// assert!(drawn.iter().all(|stratum| (stratum.sample.len(), stratum.weight()) == (5, Some(5.0))));
/// # Ok::<(), innogauge::scoring::SampleError>(())
/// ```
///
/// # Errors
/// Where the design asks for what the frame does not have.
pub fn draw_sample(frame: &[(String, String)], design: &SampleDesign) -> Result<Vec<DrawnStratum>, SampleError> {
    let mut strata: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (unit, stratum) in frame {
        strata.entry(stratum).or_default().push(unit);
    }
    for units in strata.values_mut() {
        units.sort_unstable();
        if let Some(unit) = units.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(*one),
            _ => None,
        }) {
            return Err(SampleError::Twice { unit: unit.to_owned() });
        }
    }
    let populations: Vec<(&str, usize)> = strata.iter().map(|(name, units)| (*name, units.len())).collect();
    let sizes = allocate(&populations, design)?;
    Ok(strata
        .into_iter()
        .zip(sizes)
        .map(|((stratum, units), size)| draw_stratum(stratum, units, size, design))
        .collect())
}

fn draw_stratum(stratum: &str, mut units: Vec<&str>, size: usize, design: &SampleDesign) -> DrawnStratum {
    let mut random = ChaCha20Rng::seed_from_u64(design.seed);
    let digest: [u8; 32] = Sha256::digest(stratum.as_bytes()).into();
    random.set_stream(digest.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte)));
    let population = units.len();
    let reserves = if size == 0 { 0 } else { design.reserves };
    let wanted = population.min(size + reserves);
    // Fisher and Yates, as far as needed: each of the units that are left is as likely as any other.
    for place in 0..wanted {
        units.swap(place, random.random_range(place..population));
    }
    let mut drawn = units.into_iter().take(wanted).map(str::to_owned);
    DrawnStratum {
        stratum: stratum.to_owned(),
        population,
        sample: drawn.by_ref().take(size).collect(),
        reserves: drawn.collect(),
    }
}

/// How many of each stratum, in the order of the strata.
fn allocate(strata: &[(&str, usize)], design: &SampleDesign) -> Result<Vec<usize>, SampleError> {
    let known = |name: &String| strata.iter().any(|(stratum, _)| stratum == name);
    let given: Vec<&String> = match &design.allocation {
        Allocation::Given(sizes) => sizes.keys().collect(),
        _ => Vec::new(),
    };
    if let Some(unknown) = design.take_all.iter().chain(given).find(|name| !known(name)) {
        return Err(SampleError::UnknownStratum {
            stratum: unknown.clone(),
            known: strata.iter().map(|(name, _)| (*name).to_owned()).collect(),
        });
    }
    let whole = |name: &str| design.take_all.iter().any(|taken| taken == name);
    match &design.allocation {
        Allocation::Given(sizes) => strata
            .iter()
            .map(|(name, population)| {
                let wanted = if whole(name) {
                    *population
                } else {
                    sizes.get(*name).copied().unwrap_or(0)
                };
                if wanted > *population {
                    return Err(SampleError::TooFew {
                        stratum: (*name).to_owned(),
                        wanted,
                        population: *population,
                    });
                }
                Ok(wanted)
            })
            .collect(),
        Allocation::Proportional(size) => spread(strata, *size, design, whole, |population, taken| {
            // Webster's method: no rounding error is left over, and a larger size never takes from a stratum.
            (population * 2, taken * 2 + 1)
        }),
        Allocation::Equal(size) => spread(strata, *size, design, whole, |_, taken| (1, taken + 1)),
    }
}

/// Gives out the size one by one, each to the stratum whose claim (a fraction) is the largest.
fn spread(
    strata: &[(&str, usize)],
    size: usize,
    design: &SampleDesign,
    whole: impl Fn(&str) -> bool,
    claim: impl Fn(usize, usize) -> (usize, usize),
) -> Result<Vec<usize>, SampleError> {
    let population: usize = strata.iter().map(|(_, population)| population).sum();
    if size > population {
        return Err(SampleError::TooFew {
            stratum: "the frame".to_owned(),
            wanted: size,
            population,
        });
    }
    let mut sizes: Vec<usize> = strata
        .iter()
        .map(|(name, population)| {
            if whole(name) {
                *population
            } else {
                design.minimum.min(*population)
            }
        })
        .collect();
    let needed: usize = sizes.iter().sum();
    if needed > size {
        return Err(SampleError::SizeTooSmall { needed, size });
    }
    for _ in needed..size {
        let mut best: Option<(usize, (usize, usize))> = None;
        for (index, ((_, population), taken)) in strata.iter().zip(&sizes).enumerate() {
            if taken >= population {
                continue;
            }
            let (above, below) = claim(*population, *taken);
            if best.is_none_or(|(_, (a, b))| above * b > a * below) {
                best = Some((index, (above, below)));
            }
        }
        if let Some(taken) = best.and_then(|(index, _)| sizes.get_mut(index)) {
            *taken += 1;
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame_of(sizes: &[usize]) -> Vec<(String, String)> {
        let unit = |stratum: usize| move |n| (format!("{stratum}-{n:04}"), format!("s{stratum}"));
        sizes
            .iter()
            .enumerate()
            .flat_map(|(stratum, size)| (0..*size).map(unit(stratum)))
            .collect()
    }

    fn design(allocation: Allocation, seed: u64) -> SampleDesign {
        SampleDesign {
            allocation,
            take_all: Vec::new(),
            minimum: 0,
            reserves: 0,
            seed,
        }
    }

    proptest! {
        #[test]
        fn a_sample_has_exactly_its_size_and_depends_on_nothing_but_frame_and_seed(
            sizes in proptest::collection::vec(1_usize..60, 1..8),
            share in 0.0_f64..1.0,
            minimum in 0_usize..3,
            reserves in 0_usize..5,
            equal in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let frame = frame_of(&sizes);
            let least: usize = sizes.iter().map(|size| minimum.min(*size)).sum();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let size = least + ((frame.len() - least) as f64 * share) as usize;
            let allocation = if equal { Allocation::Equal(size) } else { Allocation::Proportional(size) };
            let design = SampleDesign { minimum, reserves, ..design(allocation, seed) };
            let drawn = draw_sample(&frame, &design).unwrap();
            prop_assert_eq!(drawn.iter().map(|stratum| stratum.sample.len()).sum::<usize>(), size);
            let mut seen = std::collections::BTreeSet::new();
            for (stratum, population) in drawn.iter().zip(&sizes) {
                prop_assert_eq!(stratum.population, *population);
                prop_assert!(stratum.sample.len() >= minimum.min(*population));
                let all = stratum.sample.iter().chain(&stratum.reserves);
                prop_assert!(all.clone().all(|unit| frame.contains(&(unit.clone(), stratum.stratum.clone()))));
                prop_assert!(all.cloned().all(|unit| seen.insert(unit)), "nobody is drawn twice");
                if let Some(weight) = stratum.weight() {
                    #[allow(clippy::cast_precision_loss)]
                    let estimate = weight * stratum.sample.len() as f64;
                    #[allow(clippy::cast_precision_loss)]
                    let known = *population as f64;
                    prop_assert!((estimate - known).abs() < 1e-9, "the weights add up to the stratum");
                }
            }
            let mut shuffled = frame.clone();
            shuffled.reverse();
            prop_assert_eq!(draw_sample(&shuffled, &design).unwrap(), drawn);
        }
    }

    #[test]
    fn every_unit_of_a_stratum_has_the_same_chance() {
        let frame = frame_of(&[20, 5]);
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        let runs = 4000;
        for seed in 0..runs {
            for stratum in draw_sample(&frame, &design(Allocation::Proportional(10), seed)).unwrap() {
                for unit in stratum.sample {
                    *counts.entry(unit).or_default() += 1.0;
                }
            }
        }
        // 10 of 25: 8 of the 20 and 2 of the 5, a chance of 0.4 for each; four standard deviations.
        let expected = 0.4 * 4000.0;
        let tolerance = 4.0 * (4000.0_f64 * 0.4 * 0.6).sqrt();
        assert_eq!(counts.len(), 25);
        assert!(
            counts.values().all(|count| (count - expected).abs() < tolerance),
            "{counts:?}"
        );
    }

    #[test]
    fn strata_are_taken_whole_and_numbers_given_where_the_design_says_so() {
        let frame = frame_of(&[40, 40, 4]);
        let take_all = SampleDesign {
            take_all: vec!["s2".to_owned()],
            ..design(Allocation::Equal(24), 1)
        };
        let sizes = |design: &SampleDesign| -> Vec<usize> {
            draw_sample(&frame, design)
                .unwrap()
                .iter()
                .map(|stratum| stratum.sample.len())
                .collect()
        };
        assert_eq!(sizes(&take_all), [10, 10, 4]);
        let given = Allocation::Given(BTreeMap::from([("s0".to_owned(), 7)]));
        assert_eq!(
            sizes(&SampleDesign {
                take_all: vec!["s2".to_owned()],
                ..design(given, 1)
            }),
            [7, 0, 4]
        );

        let refused = |design: SampleDesign| draw_sample(&frame, &design).unwrap_err().to_string();
        assert_eq!(
            refused(design(Allocation::Equal(85), 1)),
            "85 are wanted of 'the frame', which has 84"
        );
        let unknown = SampleDesign {
            take_all: vec!["s9".to_owned()],
            ..design(Allocation::Equal(8), 1)
        };
        assert_eq!(refused(unknown), "the frame has no stratum 's9'; it has: s0, s1, s2");
        let small = SampleDesign {
            minimum: 10,
            ..design(Allocation::Proportional(20), 1)
        };
        assert_eq!(
            refused(small),
            "strata taken whole and minimums need 24 already, above the size of 20: raise the size"
        );
    }

    #[test]
    fn another_stratum_changes_nothing_of_the_others() {
        let given = Allocation::Given(BTreeMap::from([("s0".to_owned(), 5)]));
        let one = draw_sample(&frame_of(&[30]), &design(given.clone(), 7)).unwrap();
        let two = draw_sample(&frame_of(&[30, 30]), &design(given.clone(), 7)).unwrap();
        assert_eq!(one.first(), two.first());
        assert_ne!(
            one,
            draw_sample(&frame_of(&[30]), &design(given, 8)).unwrap(),
            "another seed, another sample"
        );
    }
}
