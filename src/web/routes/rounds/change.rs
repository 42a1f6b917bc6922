//! Open or close a round.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Round;
use crate::store::RoundState;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// The state that a round is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRound {
    /// planned, open or closed.
    #[schema(value_type = String, example = "open")]
    state: RoundState,
}

/// Open or close a round
#[utoipa::path(
    patch, path = "/api/v1/rounds/{round}", tag = "rounds", request_body = ChangeRound,
    params(("round" = String, Path, description = "The round's code")),
    responses(
        (status = 200, description = "The round as it is now", body = Round),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
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
        // What was compared with the tag is what the store must still find.
        let still = if_match.names_a_state().then_some(seen.state);
        if_match.check(&Round::from(seen))?;
        app.store_for(&caller)
            .set_round_state(&code, change.state, still, app.now())?;
        app.store.round(&code).map_err(Problem::from)
    })
    .await??;
    tagged(&request, &Round::from(round))
}
