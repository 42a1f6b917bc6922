//! The code that sets a phone up.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};

use super::asked::{Asked, public_address};
use crate::web::openrosa::answer;
use crate::web::phone_settings::{NoCode, PhoneSettings};
use crate::web::problem::Problem;

/// The QR code for a phone, in SVG
///
/// Scanned in ODK Collect or KoboCollect, it sets the phone up for this token.
#[utoipa::path(
    get, path = "/key/{token}/qr.svg", tag = "phones",
    params(("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token")),
    responses((status = 200, description = "The picture", body = String, content_type = "image/svg+xml"))
)]
pub async fn code_svg(asked: Asked, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let picture = settings(&asked, &request)?.svg()?;
    Ok(answer(&request, StatusCode::OK)
        .content_type("image/svg+xml")
        .body(picture))
}

/// The QR code for a phone, in PNG
///
/// Scanned in ODK Collect or KoboCollect, it sets the phone up for this token.
#[utoipa::path(
    get, path = "/key/{token}/qr.png", tag = "phones",
    params(("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token")),
    responses((status = 200, description = "The picture", body = Vec<u8>, content_type = "image/png"))
)]
pub async fn code_png(asked: Asked, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let picture = settings(&asked, &request)?.png()?;
    Ok(answer(&request, StatusCode::OK)
        .content_type(ContentType::png())
        .body(picture))
}

fn settings(asked: &Asked, request: &HttpRequest) -> Result<PhoneSettings, Problem> {
    let token = request.match_info().get("token").unwrap_or_default();
    Ok(PhoneSettings::new(
        public_address(request)?.as_str(),
        token,
        asked.drafts,
    ))
}

impl From<NoCode> for Problem {
    fn from(error: NoCode) -> Self {
        Self::internal(error)
    }
}
