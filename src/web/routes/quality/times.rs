//! How long the questions of a survey take.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Question, watched};
use crate::study::{self, MedianTime};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// How long a question takes.
#[derive(Serialize, ToSchema)]
pub struct QuestionTime {
    /// The survey.
    #[schema(example = "enterprise")]
    survey: String,
    /// The path of the question; of a group where its questions share a screen.
    #[schema(example = "/research/rd_inhouse")]
    question: String,
    /// In how many interviews it was timed.
    #[schema(example = 42)]
    interviews: usize,
    /// The median of its time in an interview, in seconds; of a question in a repeat, all entries together.
    #[schema(example = 18.4)]
    median_seconds: f64,
}

/// Median times per question
///
/// Over the live responses of the round whose logs (`audit.csv`) have come, in the order of the survey's newest version.
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}/times", tag = "fieldwork",
    params(("round" = String, Path, description = "The round's code"), Question),
    responses((status = 200, description = "A row per question that any interview was timed at", body = Vec<QuestionTime>))
)]
pub async fn question_times(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let times = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let watched = watched(&catalogue, &caller, round.into_inner(), &question)?;
        let mut times = Vec::new();
        for survey in &watched.surveys {
            let of_survey = study::median_times(&app.store, &catalogue, &watched, survey)?;
            times.extend(of_survey.into_iter().map(|time| QuestionTime::of(survey, time)));
        }
        Ok::<_, Problem>(times)
    })
    .await??;
    Ok(HttpResponse::Ok().json(times))
}

impl QuestionTime {
    fn of(survey: &str, time: MedianTime) -> Self {
        Self {
            survey: survey.to_owned(),
            question: time.path,
            interviews: time.interviews,
            median_seconds: time.median_seconds,
        }
    }
}
