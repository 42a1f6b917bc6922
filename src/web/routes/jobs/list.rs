//! List jobs.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Job, may_see};
use crate::definition::Language;
use crate::response::Role;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// How many jobs a page has.
const PAGE: i64 = 100;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// `next` of the page before.
    after: Option<i64>,
}

/// A page of jobs, the newest first.
#[derive(Serialize, ToSchema)]
pub struct JobPage {
    /// The jobs.
    jobs: Vec<Job>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

/// List jobs
///
/// The caller's own; an administrator's list has everybody's. A job is removed with its files a week after its end.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs", params(Question),
    responses((status = 200, description = "A page, the newest first", body = JobPage))
)]
pub async fn list_jobs(
    app: web::Data<App>,
    caller: Caller,
    question: web::Query<Question>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let whose = (caller.role != Role::Administrator).then(|| caller.name.clone());
    let list = web::block(move || app.store.jobs(whose.as_deref(), question.after, PAGE)).await??;
    let next = (i64::try_from(list.len()) == Ok(PAGE))
        .then(|| list.last().map(|last| last.id))
        .flatten();
    let mut jobs = Vec::new();
    for job in &list {
        if may_see(&caller, job, &job.input.read()?) {
            jobs.push(Job::of(job, language)?);
        }
    }
    Ok(HttpResponse::Ok().json(JobPage { jobs, next }))
}
