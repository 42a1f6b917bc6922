//! Which files a response names, and which of them have come.

use actix_web::{HttpRequest, HttpResponse, web};

use super::AttachedFiles;
use crate::response::Tier;
use crate::study::files_of_response;
use crate::web::Caller;
use crate::web::preconditions::tagged;
use crate::web::problem::Problem;
use crate::web::routes::responses::{Personal, expect_in_scope};
use crate::web::state::App;

/// The files of a response
///
/// Those that the answers of its present version name, with what has come: a file may be sent before or after others, and
/// stays with later versions that name it. Of personal files only that they are there is told, unless the caller may read
/// them and asks with `personal=full` and a reason.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/responses/{instance_id}/attachments", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response", example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11"),
        Personal
    ),
    responses((status = 200, description = "The files", body = AttachedFiles))
)]
pub async fn list_attachments(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    personal: web::Query<Personal>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let access = personal.into_inner().allowed_to(&caller)?;
    let files = web::block(move || {
        let head = app.store.response_head(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        let target = format!("surveys/{survey}/responses/{}/attachments", head.instance_id);
        access.record(&app, &caller, &target)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let files = files_of_response(&app.store, &catalogue, &head, None)?;
        Ok::<_, Problem>(AttachedFiles::of(files, access.tier == Tier::Full))
    })
    .await??;
    tagged(&request, &files)
}
