//! What a job made.

use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde_json::Value;

use super::{act_of, find};
use crate::store::{JobFile, JobPart, JobState, JsonText};
use crate::study::jobs::Task;
use crate::web::Caller;
use crate::web::problem::{Code, Problem};
use crate::web::rights::{Act, Refusal, Scope};
use crate::web::state::App;

/// The result of a job
///
/// The file of an export or a backup; what was found in the workbook of an import, whether its rows were stored or not; of an
/// assessment and a sample, where they are kept.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/result", tag = "jobs",
    params(("id" = i64, Path, description = "The job's key")),
    responses(
        (status = 200, description = "The file", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
            (Object = "application/json"),
            (Vec<u8> = "application/zip")
        )),
        (status = 303, description = "Where the assessment or the sample is kept"),
        (status = 409, description = "The job has no result yet, or will have none")
    )
)]
pub async fn get_job_result(app: web::Data<App>, caller: Caller, id: web::Path<i64>) -> Result<HttpResponse, Problem> {
    let (app, outcome) = web::block(move || result(&app, &caller, *id).map(|found| (app, found))).await??;
    Ok(match outcome {
        Found::File(file) => streamed(app, file),
        Found::At(address) => HttpResponse::SeeOther()
            .insert_header((header::LOCATION, address))
            .finish(),
    })
}

/// The workbook of issues of an import
///
/// The rows as they were sent, every faulty cell coloured and commented. Where nothing was found the answer is 204.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/issues", tag = "jobs",
    params(("id" = i64, Path, description = "The job's key")),
    responses(
        (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 204, description = "Nothing is wrong"),
        (status = 409, description = "The job has not ended, or was cancelled")
    )
)]
pub async fn get_job_issues(app: web::Data<App>, caller: Caller, id: web::Path<i64>) -> Result<HttpResponse, Problem> {
    let (app, file) = web::block(move || {
        ended(&app, &caller, *id)?;
        let file = app.store.job_file(*id, JobPart::Issues)?;
        Ok::<_, Problem>((app, file))
    })
    .await??;
    Ok(match file {
        Some(file) => streamed(app, file),
        None => HttpResponse::NoContent().finish(),
    })
}

enum Found {
    File(JobFile),
    At(String),
}

fn result(app: &App, caller: &Caller, id: i64) -> Result<Found, Problem> {
    let outcome = ended(app, caller, id)?;
    if let Some(file) = app.store.job_file(id, JobPart::Result)? {
        return Ok(Found::File(file));
    }
    address(&outcome)
        .map(Found::At)
        .ok_or_else(|| Problem::of_kept(&outcome))
}

/// Where what a job made is kept, of a job without a file.
fn address(outcome: &Value) -> Option<String> {
    let number = |name: &str| outcome.get(name).and_then(Value::as_i64);
    let text = |name: &str| outcome.get(name).and_then(Value::as_str);
    if let Some(id) = number("assessment") {
        return Some(format!("/api/v1/assessments/{id}/download?format=json"));
    }
    let (sample, survey, round) = (number("sample")?, text("survey")?, text("round")?);
    Some(format!("/api/v1/surveys/{survey}/samples/{sample}?round={round}"))
}

/// What came of a job that has ended, where the caller may have it.
fn ended(app: &App, caller: &Caller, id: i64) -> Result<Value, Problem> {
    let (job, task) = find(app, caller, id)?;
    if !job.state.is_ended() || job.state == JobState::Cancelled {
        return Err(Problem::new(Code::StateConflict).explain(
            "该任务尚未完成或已取消，没有结果。",
            "The job has not ended yet, or was cancelled: it has no result.",
        ));
    }
    expect_right(caller, &task)?;
    let kept: Option<Value> = job.outcome.as_ref().map(JsonText::read).transpose()?;
    Ok(kept.unwrap_or_default())
}

/// That the caller may still have what the task made: roles change.
fn expect_right(caller: &Caller, task: &Task) -> Result<(), Problem> {
    let personal = task.is_personal().then_some(Act::ReadPersonalAnswers);
    for act in [act_of(task)].into_iter().chain(personal) {
        let within = act.rule().scope != Scope::Whole || caller.is_unlimited();
        if !within || !caller.may(act) {
            return Err(match act.rule().refusal {
                Refusal::Forbidden => Problem::new(Code::Forbidden),
                Refusal::Hidden => Problem::not_found(),
            });
        }
    }
    Ok(())
}

/// A file of a job, piece by piece.
fn streamed(app: web::Data<App>, file: JobFile) -> HttpResponse {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(file.head.name.clone())],
    };
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(file.head.content_type.as_str())
        .insert_header(disposition);
    answer.streaming(stream::try_unfold((app, file, 0), |(app, file, position)| async move {
        if position == file.pieces {
            return Ok::<_, Problem>(None);
        }
        let (app, file, piece) = web::block(move || {
            let piece = app.store.job_file_piece(&file, position)?;
            Ok::<_, Problem>((app, file, piece))
        })
        .await??;
        Ok(Some((Bytes::from(piece), (app, file, position + 1))))
    }))
}
