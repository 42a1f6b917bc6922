//! Surveys and their definitions.

mod check;
mod draft;
mod list;
mod one;
mod publish;
mod sent;
mod state;
mod version;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::definition::{Diagnostic, Text};
use crate::study;
use crate::web::mount::Routes;
use crate::web::problem::Fault;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::ReadSurveys, list::__path_list_surveys, list::list_surveys)
        .mount(Act::ReadSurveys, one::__path_get_survey, one::get_survey)
        .mount(
            Act::PublishDefinitions,
            state::__path_change_survey,
            state::change_survey,
        )
        .mount(
            Act::ReadSurveys,
            version::__path_get_definition,
            version::get_definition,
        )
        .mount(Act::ReadSurveys, version::__path_get_source, version::get_source)
        .mount_heavy(Act::ReadSurveys, version::__path_get_form, version::get_form)
        .mount(Act::ReadSurveys, version::__path_get_codebook, version::get_codebook)
        .mount_heavy(Act::ReadSurveys, version::__path_get_template, version::get_template)
        .mount(
            Act::CheckDefinitions,
            check::__path_check_definition,
            check::check_definition,
        )
        .mount_heavy(Act::DraftDefinitions, draft::__path_keep_draft, draft::keep_draft)
        .mount(
            Act::PublishDefinitions,
            publish::__path_publish_definition,
            publish::publish_definition,
        );
}

/// A survey with its versions.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "these are the keys of the JSON")]
pub struct Survey {
    /// Its identifier.
    #[schema(example = "enterprise")]
    survey: String,
    /// draft, open, closing or closed.
    #[schema(example = "open")]
    state: &'static str,
    /// The title of its newest version, by language.
    title: BTreeMap<String, String>,
    /// Who answers.
    #[schema(example = "enterprise")]
    respondent: Option<String>,
    /// The newest published version.
    newest: Option<String>,
    /// All versions: the published ones in the order of publishing, then the drafts.
    versions: Vec<Version>,
}

/// A version of a survey.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "these are the keys of the JSON")]
pub struct Version {
    /// Its name.
    #[schema(example = "2026.1")]
    version: String,
    /// draft or published.
    #[schema(example = "published")]
    state: &'static str,
    /// The hash over the definition and its files.
    hash: String,
    /// How many questions it has.
    questions: usize,
    /// When it was first kept.
    created_at: DateTime<Utc>,
    /// When it was published.
    published_at: Option<DateTime<Utc>>,
}

impl From<&study::Survey> for Survey {
    fn from(survey: &study::Survey) -> Self {
        let shown = survey.newest().or(survey.versions.last());
        Self {
            survey: survey.survey.clone(),
            state: survey.state.name(),
            title: shown
                .map(|version| words(version.definition.title()))
                .unwrap_or_default(),
            respondent: shown.and_then(|version| version.definition.respondent().map(str::to_owned)),
            newest: survey.newest().map(|version| version.version.clone()),
            versions: survey
                .versions
                .iter()
                .map(|version| Version::from(version.as_ref()))
                .collect(),
        }
    }
}

impl From<&study::Version> for Version {
    fn from(version: &study::Version) -> Self {
        Self {
            version: version.version.clone(),
            state: version.state.name(),
            hash: version.hash.clone(),
            questions: version.definition.questions().count(),
            created_at: version.created_at,
            published_at: version.published_at,
        }
    }
}

fn words(text: &Text) -> BTreeMap<String, String> {
    text.iter()
        .map(|(language, words)| (language.to_owned(), words.to_owned()))
        .collect()
}

/// Errors and warnings of a definition file as faults of a problem document.
fn faults(diagnostics: &[Diagnostic]) -> Vec<Fault> {
    diagnostics
        .iter()
        .map(|diagnostic| Fault {
            path: diagnostic.place.to_string(),
            code: if diagnostic.is_error() {
                "definition_error"
            } else {
                "definition_warning"
            }
            .to_owned(),
            severity: Some(if diagnostic.is_error() { "problem" } else { "warning" }.to_owned()),
            rule: diagnostic.help.clone(),
            message: diagnostic.message.clone(),
            ..Fault::default()
        })
        .collect()
}
