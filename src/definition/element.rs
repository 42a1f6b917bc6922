//! One element of a survey: a question, or a group or repeat of them.

use serde::{Deserialize, Serialize};
use vecmap::VecMap;

use super::formula::Formula;
use super::model::ElementId;
use super::place::Origin;
use super::question_type::QuestionType;
use super::text::Text;
use super::unanswered::MissingCode;
use super::unit::Unit;

/// Whether an element asks, or holds others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Questions that belong together.
    Group,
    /// Questions that are asked any number of times.
    Repeat,
    /// A question.
    Question(QuestionType),
}

/// One element of a survey, with everything that a definition says of it.
///
/// A text that was not given is empty, an expression that was not given is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// This element's own id.
    pub id: ElementId,
    /// The group or repeat that it lies in.
    pub parent: Option<ElementId>,
    /// The groups and questions that lie in it, in document order.
    pub children: Vec<ElementId>,
    /// The name, unique within its parent.
    pub name: String,
    /// Group, repeat, or question with its type.
    pub kind: Kind,
    /// What is asked.
    pub label: Text,
    /// A hint that is always shown.
    pub hint: Text,
    /// Guidance for interviewers, shown where wanted.
    pub guidance_hint: Text,
    /// Whether it is asked.
    pub relevant: Option<Formula>,
    /// What an answer must fulfil; `.` is the answer.
    pub constraint: Option<Formula>,
    /// What is said of an answer that breaks the constraint.
    pub constraint_message: Text,
    /// Whether an answer must be given (`required: true` is the expression `true()`).
    pub required: Option<Formula>,
    /// What is said where a required answer is missing.
    pub required_message: Text,
    /// How the value is calculated.
    pub calculation: Option<Formula>,
    /// The value that a client starts with. Applied by clients only.
    pub default: Option<DefaultValue>,
    /// Whether the answer is shown but can't be changed (`read_only: true` is the expression `true()`).
    pub read_only: Option<Formula>,
    /// XLSForm's appearance.
    pub appearance: Option<String>,
    /// Which choices are offered.
    pub choice_filter: Option<Formula>,
    /// How often a repeat is asked.
    pub repeat_count: Option<Formula>,
    /// XLSForm's parameters, such as `start` and `end` of a range.
    pub parameters: VecMap<String, String>,
    /// The questions (each `${name}`) whose change makes a client calculate this one.
    pub trigger: Vec<Formula>,
    /// Pictures and sounds of the label (`image`, `audio`, `video`, `big-image`), by language.
    pub media: VecMap<String, Text>,
    /// XLSForm's `bind::…` columns that have no name of their own.
    pub bind: VecMap<String, String>,
    /// XLSForm's `body::…` columns.
    pub body: VecMap<String, String>,
    /// XLSForm's `instance::…` columns.
    pub instance: VecMap<String, String>,
    /// The entity properties that the answer is saved to.
    pub save_to: VecMap<String, String>,
    /// The unit that the answer is stored in.
    pub unit: Option<Unit>,
    /// Whether the answer is a person's data.
    pub personal: bool,
    /// Whether the answer tells which organisation this is.
    pub identifying: bool,
    /// The reasons that may be given instead of an answer.
    pub missing: Vec<MissingCode>,
    /// Conditions under which an answer is possible but unlikely.
    pub warn_if: Vec<SoftCheck>,
    /// Other words for the question in spreadsheets that people filled in.
    pub aliases: Vec<Alias>,
    /// Where `expand` or `or_other` made this question, or changed it: how.
    pub companion: Option<Companion>,
    /// Columns that innogauge does not know, kept as they are.
    pub extra: VecMap<String, String>,
    /// Where the element was written.
    pub origin: Origin,
}

impl Element {
    /// An element of this name and kind that says nothing else.
    pub fn new(name: impl Into<String>, kind: Kind, origin: Origin) -> Self {
        Self {
            id: ElementId(0),
            parent: None,
            children: Vec::new(),
            name: name.into(),
            kind,
            label: Text::default(),
            hint: Text::default(),
            guidance_hint: Text::default(),
            relevant: None,
            constraint: None,
            constraint_message: Text::default(),
            required: None,
            required_message: Text::default(),
            calculation: None,
            default: None,
            read_only: None,
            appearance: None,
            choice_filter: None,
            repeat_count: None,
            parameters: VecMap::new(),
            trigger: Vec::new(),
            media: VecMap::new(),
            bind: VecMap::new(),
            body: VecMap::new(),
            instance: VecMap::new(),
            save_to: VecMap::new(),
            unit: None,
            personal: false,
            identifying: false,
            missing: Vec::new(),
            warn_if: Vec::new(),
            aliases: Vec::new(),
            companion: None,
            extra: VecMap::new(),
            origin,
        }
    }

    /// The type, where this is a question.
    pub fn question_type(&self) -> Option<&QuestionType> {
        match &self.kind {
            Kind::Question(question_type) => Some(question_type),
            Kind::Group | Kind::Repeat => None,
        }
    }

    /// The texts that say something, each with its key.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        [
            ("label", &self.label),
            ("hint", &self.hint),
            ("guidance_hint", &self.guidance_hint),
            ("constraint_message", &self.constraint_message),
            ("required_message", &self.required_message),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
    }

    /// Whether this is a repeat.
    pub fn is_repeat(&self) -> bool {
        self.kind == Kind::Repeat
    }

    /// Whether the answer is about a person, by the definition's word or by the type's nature.
    pub fn is_personal(&self) -> bool {
        self.personal || self.question_type().is_some_and(QuestionType::is_personal)
    }
}

/// A client's starting value.
#[derive(Debug, Clone, PartialEq)]
pub enum DefaultValue {
    /// A fixed value.
    Fixed(String),
    /// A value calculated when the form is opened or the repeat added.
    Dynamic(Formula),
}

/// A condition under which an answer is possible but unlikely.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftCheck {
    /// True where the answer is unlikely; `.` is the answer.
    pub test: Formula,
    /// What to look at.
    pub message: Text,
}

/// Another word for a question or a choice; the language is `""` where none was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The language code.
    pub language: String,
    /// The word.
    pub words: String,
}

/// What a question was made from, or what was made of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Companion {
    /// Asks why there is no figure: made by `expand` from `missing` of the named question beside it.
    Missing {
        /// The question.
        of: String,
    },
    /// Asks to confirm an unlikely answer: made by `expand` from one of the `warn_if` of the named question beside it.
    Warning {
        /// The question.
        of: String,
        /// The test as it was written, with `.` for the answer.
        test: Formula,
    },
    /// A select whose missing codes `expand` put among its choices.
    Codes {
        /// The constraint as it was written.
        constraint: Option<Formula>,
        /// Its message.
        constraint_message: Text,
    },
    /// Asks what else: made from `or_other` of the named question beside it, also in a definition as it is read.
    Other {
        /// The question.
        of: String,
    },
}

impl Companion {
    /// The name of the question that is made from the soft check of this number, from 1.
    pub fn warning_name(question: &str, number: usize) -> String {
        format!("{question}_warn{number}")
    }
}
