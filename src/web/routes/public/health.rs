//! Is the server alive, is its database, and what did it do.

use std::sync::atomic::Ordering;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::metrics;
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
/// The database answers a query, and the server was not told to stop.
#[utoipa::path(get, path = "/readyz", tag = "server", responses((status = 200, description = "Ready", body = String, content_type = "text/plain")))]
pub async fn ready(app: web::Data<App>) -> Result<&'static str, Problem> {
    if app.stopping.load(Ordering::Relaxed) {
        return Err(Problem::new(Code::Busy).explain("服务器正在停止。", "The server is stopping."));
    }
    let store = app.store.clone();
    match web::block(move || store.ping()).await? {
        Ok(()) => Ok("ready\n"),
        Err(error) => Err(Problem::new(Code::DatabaseUnavailable).cause(error).retry_after(5)),
    }
}

/// Metrics
///
/// Counters and durations in Prometheus' text format: for the addresses of the setting `metrics_from`, and for whoever
/// brings its `metrics_token`.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain"), (status = 404, description = "Not for this caller")))]
pub async fn metrics(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !metrics::may_be_read(&app.settings, &request) {
        return Err(Problem::not_found());
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(app.metrics.text(&app.store.load())))
}
