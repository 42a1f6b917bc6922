//! The checked definition: what the rest of the program works with.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::assemble::takes_companion;
use super::choices::ChoiceList;
use super::element::{Element, Kind};
use super::entity::EntityDeclaration;
use super::identity::Identity;
use super::profile::Profiles;
use super::question_type::QuestionType;
use super::settings::Settings;
use super::text::Text;
use super::unanswered::MissingCode;
use super::zone::Zone;

/// An element of one definition: its number in document order, and the slot that expressions are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(pub u32);

impl ElementId {
    /// The position in [`Definition::elements`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Set in the slot of `${q_missing}`, beside the id of `q`: the missing code that was given instead of an answer to `q`.
///
/// Companions are no elements, so an evaluator gives for such a slot the code as text, or ''.
pub const MISSING_SLOT: u32 = 1 << 31;

/// A survey definition that passed every check.
#[derive(Debug, Clone)]
pub struct Definition {
    pub(super) survey: String,
    pub(super) version: String,
    pub(super) title: Text,
    pub(super) respondent: Option<String>,
    pub(super) languages: IndexMap<String, String>,
    pub(super) timezone: Zone,
    pub(super) identity: Identity,
    pub(super) settings: Settings,
    pub(super) profiles: Profiles,
    pub(super) choices: IndexMap<String, ChoiceList>,
    pub(super) entities: Vec<EntityDeclaration>,
    pub(super) elements: Vec<Element>,
    pub(super) roots: Vec<ElementId>,
    pub(super) paths: Vec<String>,
    pub(super) by_name: HashMap<String, Vec<ElementId>>,
    pub(super) by_path: HashMap<String, ElementId>,
    pub(super) order: Vec<ElementId>,
    pub(super) dependents: Vec<Vec<ElementId>>,
    pub(super) expanded: bool,
}

impl PartialEq for Definition {
    /// Whether two definitions say the same, wherever they were written.
    fn eq(&self, other: &Self) -> bool {
        self.survey == other.survey
            && self.version == other.version
            && self.title == other.title
            && self.respondent == other.respondent
            && self.languages == other.languages
            && self.timezone == other.timezone
            && self.identity == other.identity
            && self.settings == other.settings
            && self.profiles == other.profiles
            && self.choices == other.choices
            && self.entities == other.entities
            && self.elements == other.elements
    }
}

impl Definition {
    /// The survey's id, which is also the form id.
    pub fn survey(&self) -> &str {
        &self.survey
    }

    /// The version, exactly as written.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// Who answers: `enterprise`, `institution`, ….
    pub fn respondent(&self) -> Option<&str> {
        self.respondent.as_deref()
    }

    /// Whether its answers are official figures of places: they are loaded, nobody is interviewed.
    pub fn is_of_places(&self) -> bool {
        self.respondent() == Some("place")
    }

    /// Language codes with the languages' own names. The first is the default.
    pub fn languages(&self) -> &IndexMap<String, String> {
        &self.languages
    }

    /// The default language, `""` where none is named.
    pub fn default_language(&self) -> &str {
        self.languages.keys().next().map_or("", String::as_str)
    }

    /// The time zone of dates and times that carry no offset (`Asia/Shanghai` where the definition is silent).
    pub fn timezone(&self) -> &Zone {
        &self.timezone
    }

    /// Kinds of respondents whose interview lengths are told.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Which question says what of the respondent.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Form settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The choice lists by name.
    pub fn choices(&self) -> &IndexMap<String, ChoiceList> {
        &self.choices
    }

    /// What answering does to entities.
    pub fn entities(&self) -> &[EntityDeclaration] {
        &self.entities
    }

    /// The choice list of a select question, where its choices are a list of this definition.
    pub fn choice_list(&self, question: ElementId) -> Option<&ChoiceList> {
        self.get(question)?
            .question_type()?
            .select()?
            .list()
            .and_then(|list| self.choices.get(list))
    }

    /// All elements in document order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// All questions in document order, with their types.
    pub fn questions(&self) -> impl Iterator<Item = (&Element, &QuestionType)> {
        self.elements
            .iter()
            .filter_map(|element| Some((element, element.question_type()?)))
    }

    /// The element of this id.
    ///
    /// # Panics
    /// Where the id comes from another definition that is larger.
    #[allow(
        clippy::indexing_slicing,
        reason = "ids are only made by the definition that holds them"
    )]
    pub fn element(&self, id: ElementId) -> &Element {
        &self.elements[id.index()]
    }

    /// The element of this id, if there is one.
    pub fn get(&self, id: ElementId) -> Option<&Element> {
        self.elements.get(id.index())
    }

    /// What lies directly in this group or repeat, or at the top, in document order.
    pub fn children(&self, parent: Option<ElementId>) -> &[ElementId] {
        match parent {
            Some(id) => self.get(id).map_or(&[], |element| &element.children),
            None => &self.roots,
        }
    }

    /// The element of this name, where exactly one has it.
    pub fn find(&self, name: &str) -> Option<ElementId> {
        match self.named(name) {
            [id] => Some(*id),
            _ => None,
        }
    }

    /// All elements of this name, in document order.
    pub fn named(&self, name: &str) -> &[ElementId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The element at this path (`/research/has_rd`).
    pub fn find_path(&self, path: &str) -> Option<ElementId> {
        self.by_path.get(path).copied()
    }

    /// The path of an element from the top: `/research/has_rd`.
    pub fn path(&self, id: ElementId) -> &str {
        self.paths.get(id.index()).map_or("", String::as_str)
    }

    /// What `${name}` is bound to in the expressions of this survey: the id of the element, with [`MISSING_SLOT`] for
    /// the companion of a question with missing codes.
    pub fn slot(&self, name: &str) -> Option<u32> {
        if let [id] = self.named(name) {
            return Some(id.0);
        }
        let question = self.find(name.strip_suffix(MissingCode::COMPANION_SUFFIX)?)?;
        takes_companion(self.get(question)?).then_some(question.0 | MISSING_SLOT)
    }

    /// The element's ancestors, nearest first.
    pub fn ancestors(&self, id: ElementId) -> impl Iterator<Item = &Element> {
        std::iter::successors(self.get(id).and_then(|element| element.parent), |id| {
            self.get(*id).and_then(|element| element.parent)
        })
        .filter_map(|id| self.get(id))
    }

    /// The nearest repeat around an element.
    pub fn repeat_around(&self, id: ElementId) -> Option<ElementId> {
        self.ancestors(id)
            .find(|element| element.kind == Kind::Repeat)
            .map(|element| element.id)
    }

    /// All elements, each after those that its relevance and calculation read and after its parent.
    ///
    /// One pass in this order settles every relevance and calculation.
    pub fn order(&self) -> &[ElementId] {
        &self.order
    }

    /// The elements whose relevance or calculation reads this element directly, or that lie directly in it.
    pub fn dependents(&self, id: ElementId) -> &[ElementId] {
        self.dependents.get(id.index()).map_or(&[], Vec::as_slice)
    }

    /// Whether this definition was made by `expand`.
    pub fn is_expanded(&self) -> bool {
        self.expanded
    }
}
