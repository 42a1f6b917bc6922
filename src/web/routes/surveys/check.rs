//! Have a definition checked.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::faults;
use crate::definition::{Checked, Definition};
use crate::web::body::Yaml;
use crate::web::openapi::examples;
use crate::web::problem::{Code, Fault, Problem};

/// The file name that places refer to where the body has none.
pub(super) const BODY: &str = "definition.yaml";

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
/// Nothing is kept. All errors are listed at once, each with its line and column.
#[utoipa::path(
    post, path = "/api/v1/definitions/check", tag = "surveys",
    request_body(content = Object, content_type = "application/yaml", description = "The definition", example = examples::definition),
    responses((status = 200, description = "It can be used", body = CheckedDefinition), (status = 422, description = "It has errors"))
)]
pub async fn check_definition(Yaml(text): Yaml) -> Result<HttpResponse, Problem> {
    let checked = web::block(move || checked(&text)).await??;
    Ok(HttpResponse::Ok().json(CheckedDefinition::from(&checked)))
}

pub(super) fn checked(text: &str) -> Result<Checked<Definition>, Problem> {
    Definition::from_yaml(BODY, text)
        .map_err(|diagnostics| Problem::new(Code::DefinitionInvalid).faults(faults(&diagnostics)))
}
