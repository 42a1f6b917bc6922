//! Download an assessment as a file.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::scoring::{read_result, result_csv};
use crate::web::problem::{Code, Problem};
use crate::web::routes::surveys::download;
use crate::web::state::App;

/// As which file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// json or csv.
    #[param(example = "json")]
    format: Option<String>,
}

/// Download an assessment
///
/// The result file byte for byte, or its scores and ranks as a table.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/download", tag = "assessments",
    params(("id" = i64, Path, description = "The assessment's key"), Question),
    responses((status = 200, description = "The file"))
)]
pub async fn download_assessment(
    app: web::Data<App>,
    id: web::Path<i64>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let id = id.into_inner();
    let assessment = web::block(move || app.store.assessment(id)).await??;
    match question.format.as_deref().unwrap_or("json") {
        "json" => Ok(download(
            &format!("assessment-{id}.json"),
            "application/json",
            assessment.result.into_bytes(),
        )),
        "csv" => {
            let result = read_result(assessment.result.as_bytes()).map_err(Problem::internal)?;
            Ok(download(
                &format!("assessment-{id}.csv"),
                "text/csv; charset=utf-8",
                result_csv(&result).into_bytes(),
            ))
        }
        other => Err(Problem::new(Code::BadRequest).explain(
            format!("没有格式“{other}”，可用：json、csv。"),
            format!("There is no format '{other}': json or csv."),
        )),
    }
}
