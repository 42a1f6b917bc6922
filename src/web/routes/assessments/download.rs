//! Download an assessment as a file.

use std::fs::File;
use std::io::Write as _;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::definition::Language;
use crate::report::{Edition, Wording};
use crate::scoring::{read_result, result_csv, result_json};
use crate::study::{self, ReportRequest};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::routes::files::{CSV, XLSX, download_file, written, wrong_parameter};
use crate::web::routes::responses::Personal;
use crate::web::state::App;

/// As which file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// xlsx (the scored workbook), json (the result file, byte for byte but for publication) or csv (scores and ranks).
    #[param(example = "xlsx")]
    format: Option<String>,
    /// With xlsx: zh, en or both.
    #[param(example = "both")]
    lang: Option<String>,
    /// Leave out responses and what would give an enterprise away. Assessments of organisations are not published.
    #[param(example = true)]
    publication: bool,
    /// With xlsx: what is shown of persons, and of names and codes of organisations: none, pseudonymised or full. Only
    /// some roles may ask for more than none.
    #[param(example = "none")]
    personal: Option<String>,
    /// Why, where full is asked for: it goes on the record.
    reason: Option<String>,
}

/// Download an assessment
///
/// Callers who may not export responses get the edition for publication, in each format: figures that would give an
/// enterprise away, and what they could be worked out from, are missing. Of organisations there is no such edition.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/download", tag = "assessments",
    params(("id" = i64, Path, description = "The assessment's key"), Question),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Object = "application/json"),
        (String = "text/csv")
    )), (status = 422, description = "An assessment of organisations can't be published"))
)]
pub async fn download_assessment(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<i64>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let (id, question) = (id.into_inner(), question.into_inner());
    let access = Personal {
        personal: question.personal,
        reason: question.reason,
    }
    .allowed_to(&caller)?;
    let wording = match question.lang.as_deref() {
        None | Some("both") => Wording::both(),
        Some("zh") => Wording::new([Language::Chinese]),
        Some("en") => Wording::new([Language::English]),
        Some(_) => return Err(wrong_parameter("lang", "zh, en, both")),
    };
    let edition = if question.publication {
        Edition::Publication
    } else {
        super::edition_of(&caller)
    };
    let format = question.format.unwrap_or_else(|| "xlsx".to_owned());
    let (extension, content_type, file) = web::block(move || match format.as_str() {
        "json" if edition == Edition::Publication => {
            let result = result_json(&study::published(&app.store, id)?).map_err(Problem::internal)?;
            Ok((
                "json",
                "application/json",
                written(|to| to.write_all(&result).map_err(|error| Problem::of_file(&error)))?,
            ))
        }
        "csv" if edition == Edition::Publication => {
            let result = study::published(&app.store, id)?;
            Ok(("csv", CSV, of_text(&result_csv(&result))?))
        }
        "json" => {
            let result = app.store.assessment(id)?.result;
            Ok(("json", "application/json", of_text(&result)?))
        }
        "csv" => {
            let kept = app.store.assessment(id)?;
            let result = read_result(kept.result.as_bytes()).map_err(Problem::internal)?;
            Ok(("csv", CSV, of_text(&result_csv(&result))?))
        }
        "xlsx" => {
            access.record(&app, &caller, &format!("assessments/{id}/download"))?;
            let request = ReportRequest {
                id,
                wording,
                edition,
                personal: access.tier,
            };
            let file = written(|to| Ok(study::write_report(&app.store, &request, to)?))?;
            Ok(("xlsx", XLSX, file))
        }
        _ => Err(wrong_parameter("format", "xlsx, json, csv")),
    })
    .await??;
    Ok(download_file(
        &format!("assessment-{id}.{extension}"),
        content_type,
        file,
    ))
}

fn of_text(text: &str) -> Result<File, Problem> {
    written(|to| to.write_all(text.as_bytes()).map_err(|error| Problem::of_file(&error)))
}
