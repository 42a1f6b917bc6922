//! List rounds.

use actix_web::{HttpResponse, web};

use super::Round;
use crate::web::problem::Problem;
use crate::web::state::App;

/// List rounds
#[utoipa::path(get, path = "/api/v1/rounds", tag = "rounds", responses((status = 200, description = "All rounds, by code", body = Vec<Round>)))]
pub async fn list_rounds(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let rounds = web::block(move || app.store.rounds()).await??;
    Ok(HttpResponse::Ok().json(rounds.into_iter().map(Round::from).collect::<Vec<_>>()))
}
