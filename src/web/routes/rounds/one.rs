//! One round.

use actix_web::{HttpRequest, HttpResponse, web};

use super::Round;
use crate::web::preconditions::tagged;
use crate::web::problem::Problem;
use crate::web::state::App;

/// One round
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}", tag = "rounds",
    params(("round" = String, Path, description = "The round's code", example = "2026")),
    responses((status = 200, description = "The round", body = Round))
)]
pub async fn get_round(
    app: web::Data<App>,
    code: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let round = web::block(move || app.store.round(&code)).await??;
    tagged(&request, &Round::from(round))
}
