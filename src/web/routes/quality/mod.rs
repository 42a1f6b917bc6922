//! The quality of the fieldwork: warnings, the review queue, back-checks.

mod backchecks;
mod queue;
mod times;
mod warnings;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::definition::{Language, WarningRule};
use crate::study::{Catalogue, Watched};
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::routes::files;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount_heavy(
            Act::WatchFieldwork,
            warnings::__path_list_warnings,
            warnings::list_warnings,
        )
        .mount_heavy(Act::WatchFieldwork, queue::__path_review_queue, queue::review_queue)
        .mount_heavy(Act::WatchFieldwork, times::__path_question_times, times::question_times)
        .mount(
            Act::WatchFieldwork,
            backchecks::__path_list_backchecks,
            backchecks::list_backchecks,
        )
        .mount_heavy(
            Act::DrawBackchecks,
            backchecks::__path_draw_backcheck,
            backchecks::draw_backcheck,
        )
        .mount(
            Act::EnterBackchecks,
            backchecks::__path_enter_backcheck,
            backchecks::enter_backcheck,
        );
}

/// Of what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Of this survey; all that the caller may use where it is absent.
    #[param(example = "enterprise")]
    survey: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
}

/// What of it the caller may watch.
fn watched(catalogue: &Catalogue, caller: &Caller, round: String, question: &Question) -> Result<Watched, Problem> {
    if !catalogue.rounds().iter().any(|one| one.round == round) {
        return Err(Problem::not_found());
    }
    let surveys: Vec<String> = catalogue
        .iter()
        .filter(|survey| survey.version_or_newest(None).is_ok())
        .map(|survey| survey.survey.clone())
        .filter(|survey| question.survey.as_ref().is_none_or(|asked| asked == survey))
        .filter(|survey| caller.may_use_survey(survey))
        .collect();
    if surveys.is_empty() && question.survey.is_some() {
        return Err(Problem::not_found());
    }
    Ok(Watched {
        round,
        surveys,
        cities: caller.cities_within(files::list(question.city.as_deref())),
    })
}

/// A rule that holds, in the caller's language.
#[derive(Serialize, ToSchema)]
pub struct Finding {
    /// The rule.
    #[schema(example = "hasty_interviews")]
    rule: String,
    /// serious (to be acted on) or notice (to be known).
    #[schema(example = "serious")]
    level: &'static str,
    /// What it is called.
    label: String,
    /// What to do about it.
    message: String,
    /// The figures that the rule read.
    figures: BTreeMap<&'static str, f64>,
}

impl Finding {
    fn of(rule: &WarningRule, figures: Vec<(&'static str, f64)>, language: Language) -> Self {
        Self {
            rule: rule.id.clone(),
            level: rule.level.name(),
            label: rule.label.get(language.code()).to_owned(),
            message: rule.message.get(language.code()).to_owned(),
            figures: figures.into_iter().collect(),
        }
    }
}
