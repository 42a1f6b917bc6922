//! A definition as it was read, before it is checked: what every reader fills in.

use indexmap::IndexMap;

use super::choices::ChoiceList;
use super::element::Element;
use super::entity::EntityDeclaration;
use super::identity::Identity;
use super::model::ElementId;
use super::place::Place;
use super::profile::Profiles;
use super::settings::Settings;
use super::text::Text;
use super::zone::Zone;

/// What a reader found. Elements stand in document order with their parents set; nothing else is settled.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub survey: String,
    pub version: String,
    pub title: Text,
    pub respondent: Option<String>,
    pub languages: IndexMap<String, String>,
    pub timezone: Zone,
    pub identity: Identity,
    pub settings: Settings,
    pub profiles: Profiles,
    pub choices: IndexMap<String, ChoiceList>,
    pub entities: Vec<EntityDeclaration>,
    pub elements: Vec<Element>,
    pub expanded: bool,
    /// Whose form this is.
    pub provenance: Provenance,
    /// Where the keys of each element stand; absent for what was made, not read.
    pub places: Vec<Places>,
    /// Where the keys of the definition itself stand.
    pub top: Places,
    /// The file as a whole.
    pub file: Place,
}

/// Whose form a definition is. What phone and browser decide differently is an error in our own, and a warning in forms
/// from elsewhere, which rely on one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provenance {
    /// Written for innogauge.
    Own,
    /// Written for any tool that reads XLSForm.
    Elsewhere,
}

/// Where the keys of one mapping, or the cells of one row, stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(pub Vec<(&'static str, Place)>);

impl Places {
    /// Notes where a key's value stands.
    pub fn note(&mut self, key: &'static str, place: Place) {
        self.0.push((key, place));
    }

    /// Where the value of a key stands.
    pub fn of(&self, key: &str) -> Option<&Place> {
        self.0
            .iter()
            .find(|(candidate, _)| *candidate == key)
            .map(|(_, place)| place)
    }
}

impl Outline {
    /// Adds an element under a parent and returns its id.
    pub fn push(&mut self, mut element: Element, parent: Option<ElementId>, places: Places) -> ElementId {
        let id = ElementId(u32::try_from(self.elements.len()).unwrap_or(u32::MAX));
        element.id = id;
        element.parent = parent;
        element.children.clear();
        self.elements.push(element);
        self.places.push(places);
        id
    }
}
