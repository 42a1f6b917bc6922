//! One assessment.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::AssessmentHead;
use crate::report::Edition;
use crate::study;
use crate::web::Caller;
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
///
/// Callers who may not export responses get the result as it may be published: figures that would give an enterprise
/// away, and what they could be worked out from, are missing. Assessments of organisations are not published.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}", tag = "assessments",
    params(("id" = i64, Path, description = "The assessment's key")),
    responses((status = 200, description = "The assessment with its result", body = AssessmentWithResult), (status = 422, description = "An assessment of organisations can't be published"))
)]
pub async fn get_assessment(app: web::Data<App>, caller: Caller, id: web::Path<i64>) -> Result<HttpResponse, Problem> {
    let edition = super::edition_of(&caller);
    let found = web::block(move || {
        let kept = app.store.assessment(*id)?;
        let result = match edition {
            Edition::Analysis => serde_json::from_str(&kept.result),
            Edition::Publication => serde_json::to_value(study::published(&app.store, *id)?),
        };
        Ok::<_, Problem>(AssessmentWithResult {
            result: result.map_err(Problem::internal)?,
            head: AssessmentHead::of(kept.summary)?,
        })
    });
    Ok(HttpResponse::Ok().json(found.await??))
}
