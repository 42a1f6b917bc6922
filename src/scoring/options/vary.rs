//! What the uncertainty and sensitivity analyses vary, and how often.

use serde::{Deserialize, Serialize};

use super::{Aggregate, AggregateMethod, Impute, Normalise, Treat};

/// The Monte Carlo analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UncertaintyOptions {
    /// How many runs; with a design, as many as it has.
    pub runs: usize,
    /// What all that is random follows from.
    pub seed: u64,
    /// The share of the runs that intervals cover, above 0 and below 1.
    pub confidence: f64,
    /// The k of the probabilities to be among the first k.
    pub top: Vec<usize>,
    /// What is varied.
    pub vary: Vary,
    /// A file of runs to be replayed instead of drawing them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design: Option<String>,
    /// A file of weights that take the place of drawn ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_sets: Option<String>,
}

impl UncertaintyOptions {
    /// 1,000 runs over respondents, weights and aggregation: the default where answers are scored.
    pub(in crate::scoring) fn of_answers(aggregate: &Aggregate) -> Self {
        let by = |method| Aggregate {
            method,
            ..aggregate.clone()
        };
        Self {
            vary: Vary {
                aggregate: vec![by(AggregateMethod::Arithmetic), by(AggregateMethod::Geometric)],
                weights: Some(WeightsVary {
                    relative: 0.25,
                    levels: Levels::All,
                    experts: None,
                }),
                respondents: Some(Redrawing::Bootstrap),
                ..Vary::default()
            },
            ..Self::default()
        }
    }
}

impl UncertaintyOptions {
    /// The confidence of intervals where none is asked for.
    pub(in crate::scoring) const CONFIDENCE: f64 = 0.9;
}

impl Default for UncertaintyOptions {
    fn default() -> Self {
        Self {
            runs: 1000,
            seed: 1,
            confidence: Self::CONFIDENCE,
            top: vec![1, 3, 5, 10],
            vary: Vary::default(),
            design: None,
            weight_sets: None,
        }
    }
}

/// The alternatives of each step; what has none stays as it is. Each run takes one of each, all equally likely.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Vary {
    /// Ways to impute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub impute: Vec<Impute>,
    /// Ways to treat outliers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub treat: Vec<Treat>,
    /// Scales.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub normalise: Vec<Normalise>,
    /// Ways to aggregate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aggregate: Vec<Aggregate>,
    /// Around the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<WeightsVary>,
    /// Whether nothing or one of the indicators is left out, each equally likely.
    pub drop_one: bool,
    /// Whether respondents are drawn again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respondents: Option<Redrawing>,
}

/// How weights are varied: those of redrawn experts, or the nominal ones, each times 1 + U(-relative, relative), rescaled
/// within its parent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightsVary {
    /// By how much at most, 0 to 1.
    pub relative: f64,
    /// On which levels.
    pub levels: Levels,
    /// Whether the experts are drawn again (`budget_allocation`, `ahp`): as many as there are, with replacement, each with
    /// all that they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experts: Option<Redrawing>,
}

/// Levels of a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Levels {
    /// All of them.
    All,
    /// These; 1 is that of the indicators.
    Only(Vec<u32>),
}

impl Levels {
    pub(in crate::scoring) fn has(&self, level: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(levels) => levels.contains(&level),
        }
    }
}

impl Serialize for Levels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Only(levels) => levels.serialize(serializer),
        }
    }
}

/// How respondents or experts are drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redrawing {
    /// Respondents by the rescaled bootstrap within strata, experts by the plain one.
    Bootstrap,
}

/// The sensitivity analysis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SensitivityOptions {
    /// N, the number of base points; what is no power of two is rounded up to one.
    pub runs: usize,
}
