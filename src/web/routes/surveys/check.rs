//! Have a definition checked.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::faults;
use super::sent::{DefinitionUpload, Sent};
use crate::definition::{Checked, Definition};
use crate::web::openapi::examples;
use crate::web::problem::{Fault, Problem};
use crate::web::state::App;

/// A definition that can be used.
#[derive(Serialize, ToSchema)]
pub struct CheckedDefinition {
    /// The survey.
    survey: String,
    /// The version.
    version: String,
    /// How many questions it has.
    questions: usize,
    /// What is probably not meant.
    warnings: Vec<Fault>,
}

impl From<&Checked<Definition>> for CheckedDefinition {
    fn from(checked: &Checked<Definition>) -> Self {
        Self {
            survey: checked.value.survey().to_owned(),
            version: checked.value.version().to_owned(),
            questions: checked.value.questions().count(),
            warnings: faults(&checked.warnings),
        }
    }
}

/// Check a definition
///
/// Takes YAML, or an XLSForm: .xlsx, .xls, .ods, .csv, .md, or a .zip with a .csv for each sheet; as `multipart/form-data`
/// with the files that it names. Nothing is kept. All errors are listed at once, each with its line and column, or its
/// sheet and cell.
#[utoipa::path(
    post, path = "/api/v1/definitions/check", tag = "surveys",
    request_body(description = "The definition", content(
        (Object = "application/yaml", example = examples::definition),
        (String = "text/markdown", example = examples::form),
        (DefinitionUpload = "multipart/form-data", example = examples::form_upload)
    )),
    responses((status = 200, description = "It can be used", body = CheckedDefinition), (status = 422, description = "It has errors"))
)]
pub async fn check_definition(app: web::Data<App>, sent: Sent) -> Result<HttpResponse, Problem> {
    let usable = web::block(move || sent.read(&app)).await??;
    Ok(HttpResponse::Ok().json(CheckedDefinition::from(&usable.checked)))
}
