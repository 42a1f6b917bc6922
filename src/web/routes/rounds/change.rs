//! Open or close a round.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Round;
use crate::store::RoundState;
use crate::web::Caller;
use crate::web::body::Json;
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
    responses((status = 200, description = "The round as it is now", body = Round))
)]
pub async fn change_round(
    app: web::Data<App>,
    caller: Caller,
    code: web::Path<String>,
    Json(change): Json<ChangeRound>,
) -> Result<HttpResponse, Problem> {
    let rounds = web::block({
        let code = code.clone();
        move || {
            app.store_for(&caller).set_round_state(&code, change.state, app.now())?;
            app.store.rounds()
        }
    })
    .await??;
    let round = rounds
        .into_iter()
        .find(|round| round.round == *code)
        .ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(Round::from(round)))
}
