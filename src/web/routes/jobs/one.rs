//! One job.

use actix_web::{HttpResponse, web};

use super::{Job, find};
use crate::definition::Language;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// One job
///
/// How far it is, and what came of it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = i64, Path, description = "The job's key")),
    responses((status = 200, description = "The job", body = Job))
)]
pub async fn get_job(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<i64>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let (job, _) = web::block(move || find(&app, &caller, *id)).await??;
    Ok(HttpResponse::Ok().json(Job::of(&job, language)?))
}
