//! A copy of what is held about somebody.

use std::io::Cursor;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Whose, reason};
use crate::study;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::routes::files::{XLSX, download, wrong_parameter};
use crate::web::state::App;

/// Whose data, as which file, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"whose": {"code": "91230700827ERYRL36"}, "format": "xlsx", "reason": "Request 2026-014"}))]
pub struct CopyRequest {
    /// Whose data.
    whose: Whose,
    /// json or xlsx.
    #[serde(default)]
    #[schema(example = "xlsx")]
    format: Option<String>,
    /// The number of the request: it goes on the record.
    reason: String,
}

/// A copy of one's data
///
/// Everything that is held about an organisation or a person, with the words of the questions in both languages.
#[utoipa::path(
    post, path = "/api/v1/privacy/copies", tag = "privacy", request_body = CopyRequest,
    responses((status = 200, description = "The file", content(
        (Object = "application/json"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    )))
)]
pub async fn create_copy(
    app: web::Data<App>,
    caller: Caller,
    Json(request): Json<CopyRequest>,
) -> Result<HttpResponse, Problem> {
    let (subject, reason) = (request.whose.subject()?, reason(&request.reason)?);
    let as_workbook = match request.format.as_deref() {
        None | Some("json") => false,
        Some("xlsx") => true,
        Some(_) => return Err(wrong_parameter("format", "json, xlsx")),
    };
    let bytes = web::block(move || {
        let store = app.store_for(&caller);
        store.note_full_access("privacy/copies", &reason, app.now())?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let copy = study::copy_for(&store, &catalogue, &subject, app.now())?;
        if copy.responses.is_empty() {
            return Err(Problem::not_found());
        }
        if as_workbook {
            let mut bytes = Cursor::new(Vec::new());
            copy.workbook(&mut bytes).map_err(Problem::internal)?;
            Ok(bytes.into_inner())
        } else {
            serde_json::to_vec_pretty(&copy).map_err(Problem::internal)
        }
    })
    .await??;
    let mut answer = if as_workbook {
        download("copy.xlsx", XLSX, bytes)
    } else {
        download("copy.json", "application/json", bytes)
    };
    let no_store = header::HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(answer)
}
