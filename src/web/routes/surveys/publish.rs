//! Publish a draft.

use actix_web::{HttpResponse, web};

use super::Version;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Publish a draft
///
/// From then on the version never changes and takes responses. Publishing again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/versions/{version}/publish", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version")),
    responses((status = 200, description = "The version as it is now", body = Version))
)]
pub async fn publish_definition(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (survey, version) = path.into_inner();
    let now = app.now();
    let published = web::block(move || {
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
