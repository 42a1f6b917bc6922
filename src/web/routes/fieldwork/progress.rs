//! Progress of the fieldwork.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::register_of;
use crate::store::{self, Breakdown};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Progress of what, by what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The round; the token's, else the only open one, where it is absent.
    round: Option<String>,
    /// total, city, size, day or member.
    #[param(value_type = Option<String>, example = "city")]
    by: Breakdown,
}

/// Progress of one city, size class, day or member, or in total. What does not apply is null.
#[derive(Serialize, ToSchema)]
pub struct Progress {
    /// Which one; empty in total, or where it is not known.
    #[schema(example = "230700")]
    key: String,
    /// Responses to be collected.
    target: Option<i64>,
    /// Organisations in the frame.
    registered: Option<i64>,
    /// Organisations drawn into a sample.
    sampled: Option<i64>,
    /// Organisations of the sample with a live response.
    answered: Option<i64>,
    /// Organisations that are given to somebody.
    assigned: Option<i64>,
    /// Organisations that were visited.
    visited: Option<i64>,
    /// Live responses: all but the rejected.
    received: i64,
    /// Those that were approved.
    approved: i64,
    /// Those that were returned and not mended since.
    returned: i64,
    /// Those with open problems, returned ones among them.
    has_issues: i64,
    /// Responses that were rejected.
    rejected: i64,
    /// The share of the sample with a live response, 0 to 1.
    response_rate: Option<f64>,
    /// The median length of interviews in minutes, read off classes of 5 to 10 minutes.
    median_minutes: Option<f64>,
    /// The share of questions asked without an answer of substance, 0 to 1.
    missing_share: Option<f64>,
    /// The share of questions asked that were answered "don't know", 0 to 1.
    dont_know_share: Option<f64>,
    /// The share of grids with the same answer throughout, 0 to 1.
    straight_lined_share: Option<f64>,
    /// The median distance in metres from the addresses in the register to where the interviews were, where both are known.
    median_metres: Option<f64>,
}

impl From<store::ProgressRow> for Progress {
    fn from(row: store::ProgressRow) -> Self {
        Self {
            response_rate: row.response_rate(),
            median_minutes: row.median_minutes(),
            missing_share: row.missing_share(),
            dont_know_share: row.dont_know_share(),
            straight_lined_share: row.straight_lined_share(),
            median_metres: row.median_metres,
            key: row.key,
            target: row.target,
            registered: row.registered,
            sampled: row.sampled,
            answered: row.answered,
            assigned: row.assigned,
            visited: row.visited,
            received: row.received,
            approved: row.approved,
            returned: row.returned,
            has_issues: row.has_issues,
            rejected: row.rejected,
        }
    }
}

/// Progress of the fieldwork
///
/// Of the caller's cities, from counters: as quick with a million responses as with ten, but for those with a position
/// whose organisation's address has one too.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/progress", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey: the respondent type", example = "enterprise"), Question),
    responses((status = 200, description = "A row per key", body = Vec<Progress>))
)]
pub async fn get_progress(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let rows = web::block(move || {
        let of = register_of(&app, &caller, &survey, question.round.as_deref())?;
        app.store
            .progress(&of.round, &survey, caller.cities.as_deref(), question.by)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(rows.into_iter().map(Progress::from).collect::<Vec<_>>()))
}
