//! Jobs: long work that goes on without its request, and can be asked after.
//!
//! Every long request may be sent with `Prefer: respond-async`: it is checked and kept, and answered with the address
//! of its job. A job is for the eyes of whoever made it and of administrators.

mod cancel;
mod list;
mod making;
mod one;
mod result;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(super) use making::{accepted, keep};

use crate::definition::Language;
use crate::response::Role;
use crate::store;
use crate::store::JobState;
use crate::study::jobs::Task;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::{Fault, Problem};
use crate::web::rights::Act;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::UseJobs, list::__path_list_jobs, list::list_jobs)
        .mount(Act::UseJobs, one::__path_get_job, one::get_job)
        .mount(Act::UseJobs, cancel::__path_cancel_job, cancel::cancel_job)
        .mount_heavy(Act::UseJobs, result::__path_get_job_result, result::get_job_result)
        .mount_heavy(Act::UseJobs, result::__path_get_job_issues, result::get_job_issues);
}

/// Long work: how far it is, and what came of it.
#[derive(Serialize, ToSchema)]
pub struct Job {
    /// The key.
    id: i64,
    /// import, assessment, export, sample or backup.
    #[schema(example = "import")]
    kind: String,
    /// The survey that it is about, where it is about one.
    survey: Option<String>,
    /// queued, running, done, failed or cancelled.
    #[schema(example = "running")]
    state: &'static str,
    /// Whether somebody wants it ended.
    cancel_requested: bool,
    /// How much of the present stage is done, 0 to 1; null where that is not known.
    progress: Option<f64>,
    /// What it is at, in the caller's language.
    #[schema(example = "1024 rows checked")]
    progress_words: String,
    /// What came of it: the keys of what was made, and counts.
    #[schema(value_type = Option<Object>)]
    outcome: Option<Value>,
    /// Why it failed.
    problem: Option<Fault>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// Who asked for it.
    created_by: String,
    /// When the present attempt began.
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Which attempt the present one is; 0 before the first.
    attempt: i64,
}

impl Job {
    fn of(job: &store::Job, language: Language) -> Result<Self, Problem> {
        let task: Task = job.input.read()?;
        let kept: Option<Value> = job.outcome.as_ref().map(store::JsonText::read).transpose()?;
        let (outcome, problem) = match job.state {
            JobState::Failed => (None, kept.as_ref().map(|kept| Problem::of_kept(kept).fault(language))),
            _ => (kept, None),
        };
        Ok(Self {
            id: job.id,
            kind: job.kind.clone(),
            survey: task.survey().map(str::to_owned),
            state: job.state.name(),
            cancel_requested: job.cancel_requested,
            progress: progress(job),
            progress_words: words(job, language),
            outcome,
            problem,
            created_at: job.created_at,
            created_by: job.created_by.clone(),
            started_at: job.started_at,
            finished_at: job.finished_at,
            attempt: job.attempt,
        })
    }
}

/// How much is done, 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
fn progress(job: &store::Job) -> Option<f64> {
    match (job.state, job.total) {
        (JobState::Done, _) => Some(1.0),
        (JobState::Queued, _) => Some(0.0),
        (_, Some(total)) if total > 0 => Some((job.done as f64 / total as f64).clamp(0.0, 1.0)),
        _ => None,
    }
}

/// What the job is at, for people.
fn words(job: &store::Job, language: Language) -> String {
    let done = job.done;
    let of = job.total.map(|total| format!(" / {total}")).unwrap_or_default();
    let (zh, en) = match (job.state, job.stage.as_str()) {
        (JobState::Queued, _) => ("等待处理".to_owned(), "Waiting".to_owned()),
        (JobState::Done, _) => ("已完成".to_owned(), "Done".to_owned()),
        (JobState::Failed, _) => ("失败".to_owned(), "Failed".to_owned()),
        (JobState::Cancelled, _) => ("已取消".to_owned(), "Cancelled".to_owned()),
        (JobState::Running, "checking_rows") => (format!("已检查 {done}{of} 行"), format!("{done}{of} rows checked")),
        (JobState::Running, "storing_rows") => (format!("已保存 {done}{of} 行"), format!("{done}{of} rows stored")),
        (JobState::Running, "storing_files") => {
            (format!("已保存 {done}{of} 个文件"), format!("{done}{of} files stored"))
        }
        (JobState::Running, "reading_responses") => (
            format!("已读取 {done}{of} 份答卷"),
            format!("{done}{of} responses read"),
        ),
        (JobState::Running, "scoring") => ("正在计算得分".to_owned(), "Scoring".to_owned()),
        (JobState::Running, "writing_file") if done > 0 && job.total.is_none() => {
            (format!("已写入 {done} 行"), format!("{done} rows written"))
        }
        (JobState::Running, "writing_file") => ("正在写入文件".to_owned(), "Writing the file".to_owned()),
        (JobState::Running, _) => ("正在开始".to_owned(), "Starting".to_owned()),
    };
    language.choose(zh, en)
}

/// A job with its task, where the caller may see it; else it is as if it did not exist.
fn find(app: &App, caller: &Caller, id: i64) -> Result<(store::Job, Task), Problem> {
    let job = app.store.job(id)?;
    let task: Task = job.input.read()?;
    if may_see(caller, &job, &task) {
        Ok((job, task))
    } else {
        Err(Problem::not_found())
    }
}

/// Whether a caller may see a job: their own or, for administrators, all, within the limits that they have now.
fn may_see(caller: &Caller, job: &store::Job, task: &Task) -> bool {
    let own = job.created_by == caller.name || caller.role == Role::Administrator;
    let survey = match task.survey() {
        Some(survey) => caller.may_use_survey(survey),
        None => true,
    };
    let cities = match (&caller.cities, task.cities()) {
        (None, _) => true,
        (Some(_), None) => task.survey().is_none(),
        (Some(_), Some(cities)) => cities.iter().all(|city| caller.may_use_city(Some(city))),
    };
    own && survey && cities
}

/// What the result of a task may be had by.
fn act_of(task: &Task) -> Act {
    match task {
        Task::Import { .. } => Act::ImportResponses,
        Task::Assessment { .. } => Act::ReadAssessments,
        Task::Export(_) => Act::ExportResponses,
        Task::Sample(_) => Act::ReadRegister,
        Task::Backup => Act::MakeBackups,
    }
}
