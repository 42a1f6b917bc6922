//! How reliable the scales of a framework are, among the respondents themselves: by actor type, and by the language
//! that was answered in, since a translation can break a scale that holds in the original.
//!
//! In flow the sums of the [`Tally`], out flow the [`ScaleGroup`]s of each indicator that is a scale, and notes of what
//! is weak. This is not the alpha of elements over units (`reliability.rs`), which says how indicators go together.

#[cfg(test)]
mod against_psych;
mod notes;
mod one_factor;
mod reliability;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::estimate::{Moments, Tally};
use super::framework::{Formulas, Framework, Written, parts};
use super::publication::is_small_count;

pub(super) use notes::notes;
pub use reliability::{OmegaRemark, ScaleItem, ScaleReliability};

/// Of fewer respondents than this, nothing is worked out.
const LEAST_RESPONDENTS: u64 = 10;

/// The scales by indicator: of each actor type all respondents together, then language by language.
pub type Scales = IndexMap<String, Vec<ScaleGroup>>;

/// What the items of a scale do among some respondents, of all units together and without weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleGroup {
    /// The actor type.
    pub actor: String,
    /// The language that they answered in, as the question says that the definition names (`identity: {language: …}`);
    /// empty for those whose answers do not say. None where all are together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// How many answered every item.
    pub n: u64,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: ScaleOutcome,
}

/// Figures, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleOutcome {
    /// Figures.
    Reliability(ScaleReliability),
    /// None.
    NotWorkedOut(NotWorkedOut),
}

/// Why nothing is said of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotWorkedOut {
    /// Fewer than 10 respondents answered every item.
    TooFew,
    /// The sum of the items is the same for all of them.
    Constant,
}

impl ScaleGroup {
    /// The figures, where there are any.
    pub fn reliability(&self) -> Option<&ScaleReliability> {
        match &self.outcome {
            ScaleOutcome::Reliability(reliability) => Some(reliability),
            ScaleOutcome::NotWorkedOut(_) => None,
        }
    }

    fn of(actor: &str, language: Option<&str>, items: &[Written], moments: &Moments) -> Self {
        let formulas: Vec<&str> = items.iter().map(|item| item.source.as_str()).collect();
        let outcome = if moments.n < LEAST_RESPONDENTS {
            ScaleOutcome::NotWorkedOut(NotWorkedOut::TooFew)
        } else {
            reliability::reliability(&formulas, moments).map_or(
                ScaleOutcome::NotWorkedOut(NotWorkedOut::Constant),
                ScaleOutcome::Reliability,
            )
        };
        Self {
            actor: actor.to_owned(),
            language: language.map(str::to_owned),
            n: moments.n,
            outcome,
        }
    }
}

/// The scales of a framework among the respondents of these units.
pub fn scales(framework: &Framework, tally: &Tally, units: &[&str]) -> Scales {
    let mut scales = Scales::new();
    for (number, (position, part)) in parts(framework).enumerate() {
        let Formulas::Items(items) = &part.measure.formulas else {
            continue;
        };
        let Some(element) = framework.elements().get(position) else {
            continue;
        };
        let answered = tally.items(number, units);
        let groups = scales.entry(element.id.clone()).or_default();
        groups.push(ScaleGroup::of(&part.actor, None, items, &answered.together().moments()));
        groups.extend(
            answered
                .by_language()
                .map(|(language, moments)| ScaleGroup::of(&part.actor, Some(language), items, &moments.moments())),
        );
    }
    scales
}

/// The scales as a publication may tell them. Of confidential actor types no language is told where one of them has
/// fewer than 10 respondents, since those are all the others taken from all; nor are one or two respondents. Nothing
/// is told of an indicator with a hidden figure, as of its other statistics.
pub fn public_scales(framework: &Framework, scales: &Scales, is_hidden: impl Fn(&str) -> bool) -> Scales {
    let is_open = |actor: &str| framework.actors().get(actor).is_some_and(|actor| !actor.confidential);
    let public = |groups: &[ScaleGroup]| {
        let is_thin = |actor: &str| {
            let mut languages = groups
                .iter()
                .filter(|group| group.actor == actor && group.language.is_some());
            languages.any(|group| group.n < LEAST_RESPONDENTS)
        };
        let is_told = |group: &&ScaleGroup| {
            let by_language = group.language.is_some();
            is_open(&group.actor) || !(is_small_count(group.n) || by_language && is_thin(&group.actor))
        };
        groups.iter().filter(is_told).cloned().collect::<Vec<_>>()
    };
    let told = scales.iter().filter(|(id, _)| !is_hidden(id));
    told.map(|(id, groups)| (id.clone(), public(groups))).collect()
}
