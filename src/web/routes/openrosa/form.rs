//! A form.

use actix_web::{HttpRequest, HttpResponse, web};

use super::asked::Asked;
use crate::web::openrosa::document;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// A form
///
/// The XForm of a version, always the same bytes. Under `/test/` drafts too.
#[utoipa::path(
    get, path = "/key/{token}/forms/{survey}/{version}/form.xml", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token"),
        ("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version")
    ),
    responses((status = 200, description = "The XForm", body = String, content_type = "text/xml"))
)]
pub async fn form(
    app: web::Data<App>,
    asked: Asked,
    path: web::Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, survey, version) = path.into_inner();
    let xml = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let found = asked.known(catalogue.survey(&survey)?, &version);
        let version = found.ok_or_else(|| Problem::new(Code::FormUnknown))?;
        Ok::<_, Problem>(version.phone_form().xml.clone())
    })
    .await??;
    Ok(document(&request, xml))
}
