//! Cancel a job.

use actix_web::{HttpResponse, web};

use super::{Job, find};
use crate::definition::Language;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Cancel a job
///
/// One that waits is cancelled at once; one that runs ends within a few seconds, and nothing of it is kept unless it
/// was done before. A job that has ended stays as it is.
#[utoipa::path(
    delete, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = i64, Path, description = "The job's key")),
    responses((status = 200, description = "The job as it is now", body = Job))
)]
pub async fn cancel_job(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<i64>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let job = web::block(move || {
        find(&app, &caller, *id)?;
        app.store.cancel_job(*id, app.now()).map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(Job::of(&job, language)?))
}
