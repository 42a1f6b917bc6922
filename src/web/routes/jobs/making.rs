//! From a long request to its job.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::Job;
use crate::definition::Language;
use crate::store::{self, JobFileHead};
use crate::study::jobs::Task;
use crate::web::Caller;
use crate::web::prefer;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Keeps the job that does a task, with the file that it needs, if any. Blocks.
pub fn keep(
    app: &web::Data<App>,
    caller: &Caller,
    task: &Task,
    upload: Option<(&str, &Path)>,
) -> Result<store::Job, Problem> {
    let job = task.job(&caller.name)?;
    let id = match upload {
        None => app.store.add_job(&job, None, app.now())?,
        Some((name, path)) => {
            let head = JobFileHead {
                name: name.to_owned(),
                content_type: "application/octet-stream".to_owned(),
            };
            let mut file = BufReader::new(File::open(path).map_err(Problem::internal)?);
            app.store
                .add_job(&job, Some((&head, &mut file as &mut dyn Read)), app.now())?
        }
    };
    app.jobs.wake();
    Ok(app.store.job(id)?)
}

/// Says where the job can be asked after.
pub fn accepted(job: &store::Job, language: Language) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/v1/jobs/{}", job.id)))
        .insert_header((prefer::APPLIED, prefer::RESPOND_ASYNC))
        .json(Job::of(job, language)?))
}
