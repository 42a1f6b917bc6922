//! The API's documentation: the OpenAPI document and Swagger UI to browse it.

use std::sync::Arc;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::web::openapi;
use crate::web::problem::Problem;
use crate::web::state::App;

/// What a version of the API promises, and what changed.
const CHANGELOG: &str = include_str!("../../../../docs/api-changelog.md");

/// Swagger UI runs its own scripts, styles elements inline and draws icons from data addresses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// API documentation
#[utoipa::path(get, path = "/docs", tag = "server", responses((status = 308, description = "On to the browsable documentation")))]
pub async fn index() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/index.html"))
        .finish()
}

/// A file of the API documentation
///
/// `api-changelog.md` says what a version promises, and what changed.
#[utoipa::path(
    get, path = "/docs/{file}", tag = "server",
    params(("file" = String, Path, description = "A file of Swagger UI, or `api-changelog.md`", example = "index.html")),
    responses((status = 200, description = "The file", body = String, content_type = "*/*"))
)]
pub async fn file(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *path == "api-changelog.md" {
        return Ok(HttpResponse::Ok()
            .content_type("text/markdown; charset=utf-8")
            .body(CHANGELOG));
    }
    let config = Arc::new(Config::new(["/api/v1/openapi.json"]).try_it_out_enabled(true));
    match utoipa_swagger_ui::serve(&path, config) {
        Ok(Some(file)) => {
            let mut response = HttpResponse::Ok();
            response
                .content_type(file.content_type)
                .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
                .insert_header((header::CACHE_CONTROL, "max-age=3600"));
            Ok(response.body(file.bytes.into_owned()))
        }
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// The OpenAPI document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "server", responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn document(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let bytes = if let Some(bytes) = app.openapi.get() {
        bytes.clone()
    } else {
        let made = serde_json::to_vec(&openapi::document(&app.routes)).map_err(Problem::internal)?;
        app.openapi.get_or_init(|| made.into()).clone()
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(bytes))
}
