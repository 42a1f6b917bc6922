//! Choice lists, and what a select question draws its choices from.

use std::collections::HashMap;

use vecmap::VecMap;

use super::element::Alias;
use super::place::Origin;
use super::text::Text;
use super::unanswered::MissingCode;

/// Where the choices of a select question come from, and whether "other" is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The source of the choices.
    pub source: ChoiceSource,
    /// Whether XLSForm's `or_other` adds a choice "other" and a text question for it.
    pub or_other: bool,
}

impl Select {
    /// Whether the choices are in an attached file.
    pub fn from_file(&self) -> bool {
        matches!(self.source, ChoiceSource::File(_))
    }

    /// The name of the choice list, where the choices are one.
    pub fn list(&self) -> Option<&str> {
        match &self.source {
            ChoiceSource::List(name) => Some(name),
            ChoiceSource::File(_) | ChoiceSource::Question(_) => None,
        }
    }
}

/// Where choices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChoiceSource {
    /// A choice list of the definition.
    List(String),
    /// An attached file (`select_one_from_file register.csv`).
    File(String),
    /// The answers to a question in a repeat (`select_one ${member_name}`).
    Question(String),
}

/// A list of choices, shared by any number of questions.
#[derive(Debug, Clone)]
pub struct ChoiceList {
    name: String,
    choices: Vec<Choice>,
    /// In an expanded definition: the list whose choices these are, with missing codes after them.
    pub(super) derived_from: Option<String>,
    index: HashMap<String, usize>,
    /// Whether clients look the choices up in the attached file `itemsets.csv`, for lists too long for a form.
    pub(super) external: bool,
    origin: Origin,
}

impl PartialEq for ChoiceList {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.choices == other.choices && self.external == other.external
    }
}

impl ChoiceList {
    /// A list of these choices. Where two have the same name, look-ups find the first.
    pub fn new(name: impl Into<String>, choices: Vec<Choice>, origin: Origin) -> Self {
        let mut index = HashMap::with_capacity(choices.len());
        for (position, choice) in choices.iter().enumerate() {
            index.entry(choice.name.clone()).or_insert(position);
        }
        Self {
            name: name.into(),
            choices,
            derived_from: None,
            index,
            external: false,
            origin,
        }
    }

    /// The same list with other choices.
    pub(super) fn with_choices(&self, choices: Vec<Choice>) -> Self {
        Self {
            external: self.external,
            ..Self::new(self.name.clone(), choices, self.origin.clone())
        }
    }

    /// The list's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The choices, in their order.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The choice of this name.
    pub fn get(&self, name: &str) -> Option<&Choice> {
        self.index.get(name).and_then(|position| self.choices.get(*position))
    }

    /// The choice that is the nth of this name, from 1, and its position, for changing anything but its name.
    pub(super) fn nth_mut(&mut self, name: &str, number: usize) -> Option<(usize, &mut Choice)> {
        let mut named = self
            .choices
            .iter_mut()
            .enumerate()
            .filter(|(_, choice)| choice.name == name);
        named.nth(number.checked_sub(1)?)
    }

    /// The choice at a position, for changing anything but its name.
    pub(super) fn at_mut(&mut self, position: usize) -> Option<&mut Choice> {
        self.choices.get_mut(position)
    }

    /// Whether clients look the choices up in the attached file `itemsets.csv` (XLSForm's `select_one_external`).
    pub fn is_external(&self) -> bool {
        self.external
    }

    /// Where the list was written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// One choice of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The code that is stored, exactly as written.
    pub name: String,
    /// What people read.
    pub label: Text,
    /// Other words for it in spreadsheets that people filled in.
    pub aliases: Vec<Alias>,
    /// Pictures and sounds of the label (`image`, `audio`, `video`, `big-image`), by language.
    pub media: VecMap<String, Text>,
    /// A geometry, for choosing from a map.
    pub geometry: Option<String>,
    /// Any other column, for choice filters.
    pub columns: VecMap<String, String>,
    /// In an expanded definition: the missing code that this choice stands for.
    pub missing: Option<MissingCode>,
    /// Where the choice was written.
    pub origin: Origin,
}

impl Choice {
    /// A choice with a name and a label.
    pub fn new(name: impl Into<String>, label: Text, origin: Origin) -> Self {
        Self {
            name: name.into(),
            label,
            aliases: Vec::new(),
            media: VecMap::new(),
            geometry: None,
            columns: VecMap::new(),
            missing: None,
            origin,
        }
    }

    /// The value of a column as choice filters see it: `name`, `geometry` or a filter column.
    pub fn column(&self, name: &str) -> Option<&str> {
        match name {
            "name" => Some(&self.name),
            "geometry" => self.geometry.as_deref(),
            other => self.columns.get(other).map(String::as_str),
        }
    }
}
