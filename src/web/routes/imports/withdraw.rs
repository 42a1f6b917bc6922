//! Take an import back.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// What taking an import back did.
#[derive(Serialize, ToSchema)]
pub struct Withdrawn {
    /// How many responses are gone.
    removed: usize,
    /// How many stayed, because they were edited since.
    kept: i64,
}

/// Take an import back
///
/// Its responses are removed, but for those that were edited since. The same file may be loaded again.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/imports/{id}/withdraw", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("id" = i64, Path, description = "The import's key")),
    responses((status = 200, description = "Taken back", body = Withdrawn))
)]
pub async fn withdraw_import(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Problem> {
    let (survey, id) = path.into_inner();
    let now = app.now();
    let done = web::block(move || {
        let import = find(&app, &caller, &survey, id)?;
        app.store_for(&caller)
            .withdraw_import(import.id, &caller.name, now)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(Withdrawn {
        removed: done.removed,
        kept: done.kept,
    }))
}
