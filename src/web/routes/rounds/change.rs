//! Change a round: open it, close it, open it again, its dates; and what happened to it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Round;
use crate::store::{self, RoundState};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// What is to change of a round: what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "closed", "closes_on": "2026-08-31", "reason": "All targets are met"}))]
pub struct ChangeRound {
    /// open or closed. A closed round is opened again with a reason.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "open")]
    state: Option<RoundState>,
    /// The first day of the fieldwork: a planned round is opened when it comes.
    #[serde(default)]
    opens_on: Option<NaiveDate>,
    /// The last day of the fieldwork: an open round is closed when it is over.
    #[serde(default)]
    closes_on: Option<NaiveDate>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

/// Something that happened to a round.
#[derive(Serialize, ToSchema)]
pub struct RoundEvent {
    /// The state before.
    from: Option<&'static str>,
    /// The state after.
    to: &'static str,
    /// Why.
    reason: Option<String>,
    /// Who did it.
    actor: String,
    /// When.
    at: DateTime<Utc>,
}

/// Change a round
#[utoipa::path(
    patch, path = "/api/v1/rounds/{round}", tag = "rounds", request_body = ChangeRound,
    params(("round" = String, Path, description = "The round's code"), IfMatch),
    responses(
        (status = 200, description = "The round as it is now", body = Round),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members"),
        (status = 422, description = "It can't become that, or a reason is needed")
    )
)]
pub async fn change_round(
    app: web::Data<App>,
    caller: Caller,
    code: web::Path<String>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(change): Json<ChangeRound>,
) -> Result<HttpResponse, Problem> {
    let round = web::block(move || {
        let seen = app.store.round(&code)?;
        if_match.check(&Round::from(seen.clone()))?;
        let change = store::RoundChange {
            state: change.state,
            opens_on: change.opens_on.map(Some),
            closes_on: change.closes_on.map(Some),
            reason: change.reason,
            actor: caller.name.clone(),
            // What was compared with the tag is what the store must still find.
            seen: if_match.names_a_state().then_some(seen),
        };
        let round = app.store_for(&caller).change_round(&code, &change, app.now())?;
        app.surveys.forget();
        Ok::<_, Problem>(round)
    })
    .await??;
    tagged(&request, &Round::from(round))
}

/// What happened to a round
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}/events", tag = "rounds",
    params(("round" = String, Path, description = "The round's code")),
    responses((status = 200, description = "The oldest first", body = Vec<RoundEvent>))
)]
pub async fn list_round_events(app: web::Data<App>, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let events = web::block(move || app.store.round_events(&code)).await??;
    let events = events.into_iter().map(|event| RoundEvent {
        from: event.from.map(RoundState::name),
        to: event.to.name(),
        reason: event.reason,
        actor: event.actor,
        at: event.at,
    });
    Ok(HttpResponse::Ok().json(events.collect::<Vec<_>>()))
}
