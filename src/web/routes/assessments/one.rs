//! One assessment.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::AssessmentHead;
use crate::web::problem::Problem;
use crate::web::state::App;

/// An assessment with its result.
#[derive(Serialize, ToSchema)]
pub struct AssessmentWithResult {
    /// How it was made.
    #[serde(flatten)]
    head: AssessmentHead,
    /// The result file.
    #[schema(value_type = Object)]
    result: serde_json::Value,
}

/// One assessment
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}", tag = "assessments",
    params(("id" = i64, Path, description = "The assessment's key")),
    responses((status = 200, description = "The assessment with its result", body = AssessmentWithResult))
)]
pub async fn get_assessment(app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Problem> {
    let assessment = web::block(move || app.store.assessment(*id)).await??;
    Ok(HttpResponse::Ok().json(AssessmentWithResult {
        result: serde_json::from_str(&assessment.result).map_err(Problem::internal)?,
        head: AssessmentHead::of(assessment.summary)?,
    }))
}
