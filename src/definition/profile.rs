//! Kinds of respondents whose interview lengths a definition wants told: a few answers that make one.

use indexmap::IndexMap;

use super::model::ElementId;
use super::place::Origin;
use super::text::Text;

/// A kind of respondent, known by some of its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What people call it.
    pub label: Text,
    pub(super) answers: Vec<ProfileAnswer>,
}

/// The profiles of a definition by their names.
pub type Profiles = IndexMap<String, Profile>;

/// One answer that a profile is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProfileAnswer {
    pub name: String,
    pub id: Option<ElementId>,
    /// As an instance would hold it.
    pub value: String,
    pub origin: Origin,
}

impl Profile {
    /// The questions whose answers are given, with those answers.
    pub fn answers(&self) -> impl Iterator<Item = (ElementId, &str)> {
        self.answers
            .iter()
            .filter_map(|answer| Some((answer.id?, answer.value.as_str())))
    }
}
