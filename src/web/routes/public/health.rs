//! Is the server alive, is its database, and what did it do.

use actix_web::{HttpResponse, web};

use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Alive
///
/// The process answers; nothing else is looked at.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, description = "Alive", body = String, content_type = "text/plain")))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Ready
///
/// The database answers a query.
#[utoipa::path(get, path = "/readyz", tag = "server", responses((status = 200, description = "Ready", body = String, content_type = "text/plain")))]
pub async fn ready(app: web::Data<App>) -> Result<&'static str, Problem> {
    let store = app.store.clone();
    match web::block(move || store.ping()).await? {
        Ok(()) => Ok("ready\n"),
        Err(error) => Err(Problem::new(Code::DatabaseUnavailable).cause(error)),
    }
}

/// Metrics
///
/// Counters and durations in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")))]
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(app.metrics.text())
}
