//! How long an interview took.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::expect_in_scope;
use crate::definition::Language;
use crate::study::{InterviewTimes, TimeSource, interview_times};
use crate::web::Caller;
use crate::web::problem::{Fault, Problem};
use crate::web::state::App;

/// How long an interview took, and each of its questions.
#[derive(Serialize, ToSchema)]
pub struct Times {
    /// In seconds; null where it is not known.
    #[schema(example = 1934)]
    seconds: Option<i64>,
    /// log: of the time on screens, by the interview's log, without its pauses. clock: from its start to its end.
    #[schema(example = "log")]
    source: Option<&'static str>,
    /// The questions that the log timed, in the order in which they were asked.
    questions: Vec<TimedQuestion>,
    /// What is wrong with the log.
    findings: Vec<Fault>,
}

/// How long a question was asked.
#[derive(Serialize, ToSchema)]
pub struct TimedQuestion {
    /// Its path with instances counted from 1; of a group where its questions share a screen.
    #[schema(example = "/products[2]/share")]
    question: String,
    /// In seconds, all visits together.
    #[schema(example = 12.5)]
    seconds: f64,
    /// How often it was visited.
    #[schema(example = 1)]
    visits: u32,
}

impl Times {
    fn of(times: InterviewTimes, language: Language) -> Self {
        let questions = times.questions.into_iter().map(|time| TimedQuestion {
            question: time.path,
            seconds: time.milliseconds as f64 / 1_000.0,
            visits: time.visits,
        });
        Self {
            seconds: times.seconds,
            source: times.source.map(|source| match source {
                TimeSource::Log => "log",
                TimeSource::Clock => "clock",
            }),
            questions: questions.collect(),
            findings: Fault::all(&times.findings, language),
        }
    }
}

/// How long an interview took
///
/// By its log (`audit.csv`), where that has come as the file of a question of the type `audit`: then also how long each
/// question took. Else by its start and end. What the log says of answers, places and persons is not told.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/responses/{instance_id}/times", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response", example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")
    ),
    responses((status = 200, description = "Its times", body = Times))
)]
pub async fn get_times(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let times = web::block(move || {
        let head = app.store.response_head(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        Ok::<_, Problem>(interview_times(&app.store, &catalogue, &head)?)
    })
    .await??;
    Ok(HttpResponse::Ok().json(Times::of(times, language)))
}
