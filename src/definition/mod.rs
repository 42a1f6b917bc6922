//! The survey definition as a type: reading, checking, versions.
//!
//! In flow YAML files and XLSForm workbooks that people wrote; out flow [`Definition`]s that passed every check, or all the errors of all
//! files at once, each with its place. Unchecked definitions never leave this module, and nothing here knows of
//! databases or HTTP. Readers and writers of XLSForm and XForm stand beside the YAML reader and share the checks.

mod assemble;
mod check;
mod choices;
mod codebook;
mod companions;
mod element;
mod entity;
mod entity_places;
mod folder;
mod formula;
mod identity;
mod interview;
mod language;
mod lookups;
mod model;
mod other;
mod outline;
mod place;
mod places;
mod profile;
mod question_type;
mod roll_up;
mod scan;
mod settings;
mod survey_state;
mod text;
mod unanswered;
mod unit;
mod version;
mod warnings;
mod xform;
mod xlsform;
pub(crate) mod yaml;
mod zone;

pub use check::{Client, cannot_ask};
pub use choices::{Choice, ChoiceList, ChoiceSource, Select};
pub use codebook::{CodebookChoice, CodebookRow, codebook};
pub use companions::{expand, fold};
pub use element::{Alias, Companion, DefaultValue, Element, Kind, SoftCheck};
pub use entity::{EntityAct, EntityDeclaration};
pub use folder::{
    Folder, LoadedDefinition, SourceFile, check_files, definition_files, expect_version, is_xlsform, load_files,
    load_files_by, load_folder,
};
pub use formula::Formula;
pub use identity::{Identity, IdentityPart};
pub use interview::InterviewLength;
pub use language::Language;
pub use lookups::{LAST_ROUND, ORGANISATIONS, is_live_list};
pub use model::{Definition, ElementId, MISSING_SLOT};
pub use place::{Checked, Diagnostic, Origin, Place, Position, Severity, nearest};
pub use places::{PlaceKind, PlannedRound, StudyPlace, StudyPlaces};
pub use profile::{Profile, Profiles};
pub use question_type::{DataType, QuestionType};
pub use roll_up::{RollUp, lies_within, roll_ups};
pub use settings::Settings;
pub use survey_state::{SurveyState, VersionState};
pub use text::Text;
pub use unanswered::MissingCode;
pub use unit::Unit;
pub use version::{AttachedFile, version_hash};
pub use warnings::{WarningLevel, WarningRule, WarningRules, WarningScope};
pub use xform::{ITEMSETS, itemsets, xform};
pub(crate) use xform::{InstanceNodes, XmlNode, as_asked};
pub use xlsform::{Book, XLSFORM_EXTENSIONS};
pub use yaml::yaml;
pub use zone::Zone;

use std::path::Path;

use outline::Outline;
use yaml::{Findings, Node};

impl Definition {
    /// Reads and checks a definition in YAML. `file_name` is how the file is named in diagnostics.
    ///
    /// The error is everything that is wrong and everything that probably is, in the order of the file, with at least
    /// one [`Severity::Error`].
    ///
    /// ```
    /// use innogauge::definition::Definition;
    ///
    /// let checked = Definition::from_yaml(
    ///     "enterprise.yaml",
    ///     r#"
    /// survey: enterprise
    /// version: "2026.1"
    /// title: Enterprise survey
    /// questions:
    ///   - {type: decimal, name: turnover, label: Turnover, constraint: . >= 0}
    ///   - {type: decimal, name: rd, label: R&D, relevant: "${turnover} > 0"}
    /// "#,
    /// )
    /// .unwrap();
    /// assert_eq!(checked.value.path(checked.value.find("rd").unwrap()), "/rd");
    ///
    /// let errors = Definition::from_yaml(
    ///     "enterprise.yaml",
    ///     "survey: enterprise\nversion: 1\ntitle: T\nquestions:\n- {type: note, name: turnover, label: A, relevant: \"${turnver} = 1\"}\n",
    /// )
    /// .unwrap_err();
    /// assert_eq!(
    ///     errors[0].to_string(),
    ///     "enterprise.yaml:5:53: error: unknown question 'turnver'\n  help: did you mean 'turnover'?"
    /// );
    /// ```
    pub fn from_yaml(file_name: &str, text: &str) -> Result<Checked<Self>, Vec<Diagnostic>> {
        let (node, diagnostics) = Node::parse(file_name, text);
        let mut findings = Findings(diagnostics);
        let empty = node.is_none() && findings.0.is_empty();
        let outline = node.and_then(|node| yaml::read(&node, file_name, &mut findings));
        let mut found = findings.0;
        if empty {
            found.push(
                Diagnostic::error(Place::file(file_name), "the file is empty").with_help("begin with `survey: …`"),
            );
        }
        settle(outline, found)
    }

    /// Whether a text can be the name of a survey, a group or a question: a name of XML without a colon.
    pub fn is_name(name: &str) -> bool {
        check::is_name(name)
    }

    /// Reads and checks a definition in XLSForm. `file_name` is how the file is named in diagnostics; without its ending
    /// it is the form's id, where the form has none.
    ///
    /// What phones and browsers decide differently is a warning here, since forms from elsewhere rely on one of them; and
    /// a form need not have a version. The error is as that of [`Definition::from_yaml`], by sheet, row and column.
    ///
    /// ```
    /// use innogauge::definition::{Book, Definition};
    ///
    /// let book = Book::from_markdown(
    ///     "
    /// | survey |         |          |          |                |
    /// |        | type    | name     | label    | relevant       |
    /// |        | decimal | turnover | Turnover |                |
    /// |        | decimal | rd       | R&D      | ${turnver} > 0 |
    /// ",
    /// );
    /// let errors = Definition::from_xlsform("enterprise.xlsx", &book).unwrap_err();
    /// let error = errors.iter().find(|found| found.is_error()).unwrap();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "enterprise.xlsx:survey!D3: error: unknown question 'turnver'\n  help: did you mean 'turnover'?"
    /// );
    /// ```
    pub fn from_xlsform(file_name: &str, book: &Book) -> Result<Checked<Self>, Vec<Diagnostic>> {
        let stem = Path::new(file_name).file_stem().and_then(|stem| stem.to_str());
        let mut found = Vec::new();
        let outline = xlsform::read(book, file_name, stem.unwrap_or("data"), &mut found);
        settle(outline, found)
    }

    /// Reads and checks a definition from the text that is kept of it: YAML as it was written, or the sheets of an
    /// XLSForm as one table ([`Book::to_csv`]). The file's ending says which.
    pub fn from_source(file_name: &str, text: &str) -> Result<Checked<Self>, Vec<Diagnostic>> {
        let ending = Path::new(file_name).extension().and_then(|ending| ending.to_str());
        let is_form = ending.is_some_and(|ending| XLSFORM_EXTENSIONS.contains(&ending.to_lowercase().as_str()));
        if !is_form {
            return Self::from_yaml(file_name, text);
        }
        match Book::from_csv(text) {
            Ok(book) => Self::from_xlsform(file_name, &book),
            Err(error) => Err(vec![Diagnostic::error(Place::file(file_name), error.to_string())]),
        }
    }
}

/// Settles and checks what a reader found.
fn settle(outline: Option<Outline>, mut found: Vec<Diagnostic>) -> Result<Checked<Definition>, Vec<Diagnostic>> {
    let definition = outline.map(|mut outline| {
        other::add_other(&mut outline);
        let (places, top, file, provenance) = (
            std::mem::take(&mut outline.places),
            std::mem::take(&mut outline.top),
            outline.file.clone(),
            outline.provenance,
        );
        let definition = assemble::assemble(outline);
        found.extend(check::check(&check::Subject {
            definition: &definition,
            places,
            top,
            file,
            provenance,
        }));
        definition
    });
    found.sort_by_key(|diagnostic| diagnostic.place.at.clone());
    found.dedup();
    match definition {
        Some(value) if !found.iter().any(Diagnostic::is_error) => Ok(Checked { value, warnings: found }),
        _ => Err(found),
    }
}
