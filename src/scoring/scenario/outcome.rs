//! What came of scenarios.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::ScenarioFrame;
use super::inverse::Improvement;
use super::marginal::MarginalReturns;
use crate::definition::Text;
use crate::scoring::note::Note;
use crate::scoring::series::Series;
use crate::scoring::uncertainty::{Intervals, Spread};

/// The section `scenarios` of a result.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scenarios {
    /// By the scenario's id, in the order of the file: what its changes come to.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub outcomes: IndexMap<String, Outcome>,
    /// By the id of an inverse: the cheapest improvement that reaches its target.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub improvements: IndexMap<String, Improvement>,
    /// What a small improvement of each indicator adds to the index, where the method has such a thing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub marginal_returns: Option<MarginalReturns>,
    /// What a reader must know of all of this.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
}

/// What the changes of one scenario come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name for people.
    pub label: Text,
    /// What all is measured against.
    pub frame: ScenarioFrame,
    /// The changes, as a scenario file has them.
    pub changes: Vec<Value>,
    /// Every element: the index, the dimensions, and the indicators on the common scale.
    pub elements: IndexMap<String, ElementOutcome>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
}

/// Scores and ranks of one element, unit by unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElementOutcome {
    /// Its scores.
    pub score: ComparedScores,
    /// Its ranks.
    pub rank: ComparedRanks,
    /// Intervals of the differences, over the same runs as the assessment's own; absent for indicators, and where there
    /// was no uncertainty analysis.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uncertainty: Option<DifferenceIntervals>,
}

/// Scores in the assessment, in the scenario, and the latter less the former.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedScores {
    /// In the assessment.
    pub baseline: Series,
    /// In the scenario.
    pub scenario: Series,
    /// The scenario's less the assessment's.
    pub difference: Series,
}

/// Ranks in the assessment, in the scenario, and the latter less the former: below 0 is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedRanks {
    /// In the assessment.
    pub baseline: Vec<Option<u32>>,
    /// In the scenario.
    pub scenario: Vec<Option<u32>>,
    /// The scenario's less the assessment's.
    pub difference: Vec<Option<i64>>,
}

/// How the differences are spread over the runs: in each run, the scenario and the assessment have the same respondents,
/// weights and methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DifferenceIntervals {
    /// The runs in which both have scores.
    pub runs: usize,
    /// Differences of scores under everything that was varied, over the runs on the nominal scale.
    pub score: Spread,
    /// Differences of ranks under everything that was varied.
    pub rank: Spread,
    /// From who was asked alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampling: Option<Intervals>,
    /// From the method alone: a range of robustness, of which no coverage is claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<Intervals>,
}

impl ComparedScores {
    /// Two columns of scores.
    pub(super) fn of(baseline: &[f64], scenario: &[f64]) -> Self {
        let difference = scenario.iter().zip(baseline).map(|(after, before)| after - before);
        Self {
            difference: Series::from_numbers(difference.collect()),
            baseline: Series::from_numbers(baseline.to_vec()),
            scenario: Series::from_numbers(scenario.to_vec()),
        }
    }
}

impl ComparedRanks {
    /// Two columns of ranks.
    pub(super) fn of(baseline: &[Option<u32>], scenario: Vec<Option<u32>>) -> Self {
        let difference =
            |(before, after): (&Option<u32>, &Option<u32>)| Some(i64::from((*after)?) - i64::from((*before)?));
        Self {
            difference: baseline.iter().zip(&scenario).map(difference).collect(),
            baseline: baseline.to_vec(),
            scenario,
        }
    }

    /// The differences as numbers.
    pub(super) fn differences(&self) -> Series {
        let numbers = self.difference.iter();
        numbers
            .map(|difference| difference.map(|difference| difference as f64))
            .collect()
    }
}
