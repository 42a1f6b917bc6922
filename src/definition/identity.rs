//! Which question says which organisation this is, where it is, and how much it counts.

use indexmap::IndexMap;

use super::model::ElementId;
use super::place::Origin;

/// What a question can say of the respondent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityPart {
    /// The unified social credit code.
    Code,
    /// The organisation's name.
    Name,
    /// The city.
    City,
    /// The sector.
    Sector,
    /// The size class.
    Size,
    /// The sampling stratum.
    Stratum,
    /// The sampling weight.
    Weight,
    /// Whether the respondent agreed to take part.
    Consent,
    /// The language that the answers were given in.
    Language,
    /// The year that official figures are for.
    Year,
    /// Where official figures were published.
    Source,
}

impl IdentityPart {
    /// All of them, by the key they have in a definition.
    pub const ALL: [(&'static str, Self); 11] = [
        ("code", Self::Code),
        ("name", Self::Name),
        ("city", Self::City),
        ("sector", Self::Sector),
        ("size", Self::Size),
        ("stratum", Self::Stratum),
        ("weight", Self::Weight),
        ("consent", Self::Consent),
        ("language", Self::Language),
        ("year", Self::Year),
        ("source", Self::Source),
    ];
}

/// The questions that identify the respondent. Nothing else in the program guesses them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub(super) parts: IndexMap<IdentityPart, IdentityQuestion>,
}

/// A question named by the identity of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdentityQuestion {
    pub name: String,
    pub id: Option<ElementId>,
    pub origin: Origin,
}

impl Identity {
    /// The question that says this of the respondent.
    pub fn get(&self, part: IdentityPart) -> Option<ElementId> {
        self.parts.get(&part).and_then(|question| question.id)
    }

    /// The question with the unified social credit code.
    pub fn code(&self) -> Option<ElementId> {
        self.get(IdentityPart::Code)
    }

    /// The question with the organisation's name.
    pub fn name(&self) -> Option<ElementId> {
        self.get(IdentityPart::Name)
    }

    /// The question with the city.
    pub fn city(&self) -> Option<ElementId> {
        self.get(IdentityPart::City)
    }

    /// The question with the sector.
    pub fn sector(&self) -> Option<ElementId> {
        self.get(IdentityPart::Sector)
    }

    /// The question with the size class.
    pub fn size(&self) -> Option<ElementId> {
        self.get(IdentityPart::Size)
    }

    /// The question with the sampling stratum.
    pub fn stratum(&self) -> Option<ElementId> {
        self.get(IdentityPart::Stratum)
    }

    /// The question with the sampling weight.
    pub fn weight(&self) -> Option<ElementId> {
        self.get(IdentityPart::Weight)
    }

    /// The question whether the respondent agreed to take part.
    pub fn consent(&self) -> Option<ElementId> {
        self.get(IdentityPart::Consent)
    }

    /// The question with the language that the answers were given in.
    pub fn language(&self) -> Option<ElementId> {
        self.get(IdentityPart::Language)
    }
}
