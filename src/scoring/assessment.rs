//! The record of an assessment: its result, and what it takes to repeat it.

use indexmap::IndexMap;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::comparison::Comparison;
use super::correlations::Correlations;
use super::estimate::Signal;
use super::influence::Influence;
use super::note::Note;
use super::profile::Profiles;
use super::roll_up::RollUps;
use super::scales::{Scales, notes};
use super::scenario::Scenarios;
use super::sensitivity::Sensitivity;
use super::series::Series;
use super::standardised::Standardised;
use super::statistics::IndicatorStatistics;
use super::treat::Treatment;
use super::uncertainty::Uncertainty;
use super::weighting::Weighting;
use super::weights::ExpertWeights;
use crate::definition::Text;

/// The result of an assessment, with everything that it takes to understand and repeat it.
///
/// Its JSON is the result file: no times, paths or thread counts in it, so that the same input gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The units' ids, in the table's order.
    pub units: Vec<String>,
    /// For long tables: the time of each row.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<Vec<String>>,
    /// The index, the dimensions and the indicators, each before its children.
    pub elements: Vec<ScoredElement>,
    /// The indicators after each step; steps that were not asked for are absent.
    pub stages: Stages,
    /// The score of each element and unit; an indicator's is its normalised value.
    pub scores: IndexMap<String, Series>,
    /// The rank of each element and unit: 1 is the best.
    pub ranks: IndexMap<String, Vec<Option<u32>>>,
    /// The share of the indicators below each element that each unit has, 0 to 1.
    pub coverage: IndexMap<String, Series>,
    /// What was done to outliers.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub treatment: IndexMap<String, Treatment>,
    /// Figures of each indicator before anything was done to it.
    pub statistics: IndexMap<String, IndicatorStatistics>,
    /// What goes together.
    #[serde(default)]
    pub correlations: Correlations,
    /// By element and child: the weight that each unit gives the child, where units have weights of their own.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub weights_by_unit: IndexMap<String, IndexMap<String, Series>>,
    /// By element: what the experts say of its children, where they were asked.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub experts: IndexMap<String, ExpertWeights>,
    /// Where answers were scored: how each figure came about.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub cells: IndexMap<String, Vec<Cell>>,
    /// Where a register was loaded: by unit and survey, how respondents stand for its organisations.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub weightings: Vec<Weighting>,
    /// Where respondents were drawn again: by indicator, how much of what cities differ by is more than sampling.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub signals: IndexMap<String, Signal>,
    /// Where answers were scored: by indicator that is a scale, how far its items agree among the respondents.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub scales: Scales,
    /// How far scores and ranks depend on who was asked and on the method.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uncertainty: Option<Uncertainty>,
    /// Which choice they depend on most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sensitivity: Option<Sensitivity>,
    /// What changed since an earlier result, where one was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<Comparison>,
    /// What would be, were some things other than they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scenarios: Option<Scenarios>,
    /// What each unit is good and bad at, and which others are like it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profiles: Option<Profiles>,
    /// The figures that units would have under one structure of sectors and size classes, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub standardised: Option<Standardised>,
    /// How much rests on single respondents; in no publication.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub influence: Option<Influence>,
    /// Places together with those that lie in them, scored beside the units and not ranked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roll_ups: Option<RollUps>,
    /// What a reader must know.
    pub notes: Vec<Note>,
    /// How to do it again.
    pub recipe: Recipe,
}

impl Assessment {
    /// Adds what the scales do among the respondents, and says what is weak.
    pub fn tell_scales(&mut self, scales: Scales) {
        self.notes.extend(notes(&scales));
        self.scales = scales;
    }
}

/// An element as it took part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredElement {
    /// Its id.
    pub id: String,
    /// Its name for people.
    #[serde(
        serialize_with = "plain_or_by_language",
        deserialize_with = "read_plain_or_by_language"
    )]
    pub label: Text,
    /// 1 for indicators.
    pub level: u32,
    /// The id of its parent.
    pub parent: Option<String>,
    /// Its weight within its parent; where units have weights of their own, their mean.
    pub weight: f64,
    /// The product of the rescaled weights up to the index.
    pub effective_weight: f64,
    /// Its squared correlation with the index; missing where one of them does not vary.
    pub importance: Option<f64>,
    /// The share of the index's variance that it accounts for when curves count too; from 50 units on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlation_ratio: Option<f64>,
}

/// The indicators after each step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stages {
    /// As they came.
    pub raw: IndexMap<String, Series>,
    /// Divided by their denominators.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub denominated: Option<IndexMap<String, Series>>,
    /// With missing values filled in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imputed: Option<IndexMap<String, Series>>,
    /// With outliers treated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub treated: Option<IndexMap<String, Series>>,
    /// On the common scale.
    pub normalised: IndexMap<String, Series>,
}

/// The responses that an assessment rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseRecord {
    /// How many.
    pub count: u64,
    /// A hash of the set of responses and their versions, whatever their order.
    pub hash: String,
}

/// How to do an assessment again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The options in full, defaults included.
    pub options: serde_json::Value,
    /// The hash of the framework's file.
    pub framework_hash: String,
    /// The framework's version; empty where it has none.
    pub framework_version: String,
    /// The hash of the figures.
    pub data_hash: String,
    /// Where answers were scored: the rounds that they are of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rounds: Vec<String>,
    /// Where answers were scored: which.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub responses: Option<ResponseRecord>,
    /// The scenarios that were worked out, each as a file has it; none where none were asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scenarios: Option<Vec<serde_json::Value>>,
    /// The seed of what is random; none where nothing is.
    pub seed: Option<u64>,
    /// The version of the program.
    pub program_version: String,
}

/// A label of one language is a string, one of several a mapping by language code.
fn plain_or_by_language<S: Serializer>(label: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    match label.exact("") {
        Some(words) if label.iter().count() == 1 => serializer.serialize_str(words),
        _ => label.serialize(serializer),
    }
}

fn read_plain_or_by_language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(words) => Ok(Text::plain(words)),
        by_language => serde_json::from_value(by_language).map_err(D::Error::custom),
    }
}
