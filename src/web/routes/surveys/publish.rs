//! Publish a draft.

use actix_web::{HttpResponse, web};

use super::{Version, faults};
use crate::definition::{Definition, Diagnostic, check_files};
use crate::web::Caller;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Publish a draft
///
/// From then on the version never changes and takes responses. Publishing again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/versions/{version}/publish", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version")),
    responses(
        (status = 200, description = "The version as it is now", body = Version),
        (status = 422, description = "A file that it names is missing")
    )
)]
pub async fn publish_definition(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (survey, version) = path.into_inner();
    let now = app.now();
    let published = web::block(move || {
        complete(&app, &survey, &version)?;
        app.store_for(&caller).publish_definition(&survey, &version, now)?;
        app.surveys.forget();
        let catalogue = app.surveys.catalogue(&app.store)?;
        catalogue
            .survey(&survey)?
            .version(&version)
            .map(|version| Version::from(version.as_ref()))
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(published))
}

/// That every file is there which the draft names: no phone could ask it otherwise.
fn complete(app: &App, survey: &str, version: &str) -> Result<(), Problem> {
    let stored = app.store.definition(survey, version)?;
    let text = String::from_utf8_lossy(&stored.source);
    let found = match Definition::from_source(&stored.file_name, &text) {
        Ok(checked) => {
            let files = app.store.attached_files(survey, version)?;
            check_files(&checked.value, &stored.file_name, &files)
        }
        Err(found) => found,
    };
    let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Problem::new(Code::DefinitionInvalid).faults(faults(&errors)))
}
