//! The warnings that hold now.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Finding, Question, watched};
use crate::definition::Language;
use crate::study;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// A warning.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// survey, city or member: what it speaks of.
    #[schema(example = "member")]
    scope: &'static str,
    /// The survey.
    survey: String,
    /// The city's code or the member's name; empty for a survey as a whole.
    key: String,
    /// The rule that holds.
    #[serde(flatten)]
    finding: Finding,
}

/// Warnings of a round
///
/// What a supervisor is to look at, by the rules of `warnings.yaml`: the serious ones first.
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}/warnings", tag = "fieldwork",
    params(("round" = String, Path, description = "The round's code"), Question),
    responses((status = 200, description = "The warnings that hold now", body = Vec<Warning>))
)]
pub async fn list_warnings(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    question: web::Query<Question>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let warnings = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let watched = watched(&catalogue, &caller, round.into_inner(), &question)?;
        study::warnings(&app.store, &catalogue, &watched, now).map_err(Problem::from)
    })
    .await??;
    let warnings = warnings.into_iter().map(|warning| Warning {
        scope: warning.rule.scope.name(),
        survey: warning.survey,
        key: warning.key,
        finding: Finding::of(&warning.rule, warning.figures, language),
    });
    Ok(HttpResponse::Ok().json(warnings.collect::<Vec<_>>()))
}
