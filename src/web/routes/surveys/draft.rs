//! Keep a draft of a definition.

use actix_web::{HttpResponse, web};

use super::check::CheckedDefinition;
use super::sent::{DefinitionUpload, Sent};
use crate::definition::version_hash;
use crate::store::NewDefinition;
use crate::web::Caller;
use crate::web::openapi::examples;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Keep a draft
///
/// Checks the definition and keeps it as the draft of that version, in place of an earlier draft and its files. What is
/// taken is what checking takes. Of a workbook its sheets are kept, as one table of text.
#[utoipa::path(
    put, path = "/api/v1/surveys/{survey}/versions/{version}", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version")),
    request_body(description = "The definition", content(
        (Object = "application/yaml", example = examples::definition),
        (String = "text/markdown", example = examples::form),
        (DefinitionUpload = "multipart/form-data", example = examples::form_upload)
    )),
    responses(
        (status = 200, description = "Kept", body = CheckedDefinition),
        (status = 409, description = "That version is published"),
        (status = 422, description = "It has errors")
    )
)]
pub async fn keep_draft(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    sent: Sent,
) -> Result<HttpResponse, Problem> {
    let (survey, version) = path.into_inner();
    let now = app.now();
    let kept = web::block(move || {
        let usable = sent.read(&app)?;
        let checked = &usable.checked;
        if checked.value.survey() != survey || checked.value.version() != version {
            let (inside, inside_version) = (checked.value.survey(), checked.value.version());
            return Err(Problem::new(Code::ValueInvalid).explain(
                format!("地址写的是“{survey}”版本“{version}”，文件里是“{inside}”版本“{inside_version}”。"),
                format!(
                    "The address says '{survey}' version '{version}', the file '{inside}' version '{inside_version}'."
                ),
            ));
        }
        let kept = CheckedDefinition::from(checked);
        let draft = NewDefinition {
            hash: version_hash(usable.source.as_bytes(), &usable.files),
            survey,
            version,
            file_name: usable.file_name,
            source: usable.source.into_bytes(),
            files: usable.files,
        };
        app.store_for(&caller).keep_draft(&draft, now)?;
        app.surveys.forget();
        Ok(kept)
    })
    .await??;
    Ok(HttpResponse::Ok().json(kept))
}
