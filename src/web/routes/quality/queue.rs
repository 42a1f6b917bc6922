//! The review queue.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Finding, Question, watched};
use crate::definition::Language;
use crate::study;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::routes::responses::ResponseHead;
use crate::web::state::App;

/// How many responses are given: what is decided makes room for the next.
const LONGEST: usize = 200;

/// A response that awaits a decision.
#[derive(Serialize, ToSchema)]
pub struct Queued {
    /// The response.
    response: ResponseHead,
    /// Why it is to be looked at.
    reasons: Vec<Finding>,
}

/// The review queue of a round
///
/// The responses that await a decision and of which a rule of `warnings.yaml` holds, at most 200: those with most serious
/// reasons first, then those with most reasons, then the oldest.
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}/queue", tag = "fieldwork",
    params(("round" = String, Path, description = "The round's code"), Question),
    responses((status = 200, description = "What to look at first is first", body = Vec<Queued>))
)]
pub async fn review_queue(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    question: web::Query<Question>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let queue = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let watched = watched(&catalogue, &caller, round.into_inner(), &question)?;
        study::review_queue(&app.store, &watched, LONGEST, now).map_err(Problem::from)
    })
    .await??;
    let queue = queue.into_iter().map(|queued| Queued {
        response: queued.head.into(),
        reasons: queued
            .reasons
            .into_iter()
            .map(|(rule, figures)| Finding::of(&rule, figures, language))
            .collect(),
    });
    Ok(HttpResponse::Ok().json(queue.collect::<Vec<_>>()))
}
