//! The survey definition as a type: reading, checking, versions.
//!
//! In flow YAML files that people wrote; out flow [`Definition`]s that passed every check, or all the errors of all
//! files at once, each with its place. Unchecked definitions never leave this module, and nothing here knows of
//! databases or HTTP. Readers and writers of XLSForm and XForm stand beside the YAML reader and share the checks.

mod choices;
mod element;
mod formula;
mod identity;
mod language;
mod model;
mod place;
mod question_type;
mod settings;
mod survey_state;
mod text;
mod unanswered;
mod unit;
pub(crate) mod yaml;

pub use choices::{Choice, ChoiceList, ChoiceSource, Select};
pub use element::{Alias, Companion, DefaultValue, Element, Kind, SoftCheck};
pub use formula::Formula;
pub use identity::{Identity, IdentityPart};
pub use language::Language;
pub use model::{Definition, ElementId};
pub use place::{Checked, Diagnostic, Origin, Place, Position, Severity, nearest};
pub use question_type::{DataType, QuestionType};
pub use settings::Settings;
pub use survey_state::{SurveyState, VersionState};
pub use text::Text;
pub use unanswered::MissingCode;
pub use unit::Unit;
