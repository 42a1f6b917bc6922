//! Create an assessment.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::AssessmentHead;
use crate::definition::Language;
use crate::scoring::Options;
use crate::study::jobs::Task;
use crate::study::{self, AssessmentRequest, CompareWith, scenarios_of};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::prefer::Wanted;
use crate::web::problem::{Code, Problem};
use crate::web::routes::jobs::{self, Job};
use crate::web::state::App;

/// What is to be assessed, and how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "First look", "round": "2026", "options": {"uncertainty": {"seed": 2026}}, "scenarios": [
    {"id": "double_rd", "label": {"zh": "研发投入加倍", "en": "Twice the R&D"}, "changes": [{"answer": "rd_inhouse", "units": "all", "scale": 2}]}
]}))]
pub struct CreateAssessment {
    /// What to call it.
    #[serde(default)]
    #[schema(example = "First look")]
    name: String,
    /// The round whose responses count; the only open one where it is absent.
    #[serde(default)]
    round: Option<String>,
    /// The options as the options file of `innogauge assess` has them; what is left out takes its default.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
    /// The key of an assessment that it is compared with: of another round, or of this one with other options.
    #[serde(default)]
    #[schema(example = 12)]
    compare_with: Option<i64>,
    /// Scenarios as the file of `innogauge assess --scenario` has them under `scenarios`; their outcome is in the result
    /// under `scenarios`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    scenarios: Option<Value>,
}

/// Create an assessment
///
/// Scores the responses of a round by the current framework and keeps the record: the same record gives the same
/// result. With `compare_with` the result has a `comparison`: what changed since an earlier assessment, with intervals.
/// With `Prefer: respond-async` it is made as a job.
#[utoipa::path(
    post, path = "/api/v1/assessments", tag = "assessments", request_body = CreateAssessment, params(Wanted),
    responses((status = 201, description = "The assessment", body = AssessmentHead), (status = 202, description = "Kept as a job: `Location` says where to ask after it", body = Job), (status = 422, description = "There is nothing to score, or an option is wrong"))
)]
pub async fn create_assessment(
    app: web::Data<App>,
    caller: Caller,
    language: Language,
    wanted: Wanted,
    Json(create): Json<CreateAssessment>,
) -> Result<HttpResponse, Problem> {
    let options = match &create.options {
        None => Options::assess(),
        Some(options) => Options::read("options", &options.to_string(), Options::assess())
            .map_err(|error| Problem::new(Code::ValueInvalid).detail(error.to_string()))?,
    };
    let scenarios = create
        .scenarios
        .as_ref()
        .map(scenarios_of)
        .transpose()
        .map_err(|error| Problem::new(Code::ValueInvalid).detail(error.to_string()))?;
    if wanted == Wanted::AsJob {
        let task = Task::Assessment {
            name: create.name,
            round: create.round,
            options: create.options.unwrap_or_else(|| json!({})),
            compare_with: create.compare_with,
            scenarios: create.scenarios,
        };
        let job = web::block(move || jobs::keep(&app, &caller, &task, None)).await??;
        return jobs::accepted(&job, language);
    }
    let request = AssessmentRequest {
        name: create.name,
        round: create.round,
        options,
        compare: create.compare_with.map(CompareWith::Kept),
        scenarios,
        made_by: caller.name.clone(),
    };
    let now = app.now();
    let head = web::block(move || {
        let assessed = study::assess(&app.store_for(&caller), &request, now)?;
        AssessmentHead::of(app.store.assessment(assessed.id)?.summary)
    })
    .await??;
    Ok(HttpResponse::Created().json(head))
}
