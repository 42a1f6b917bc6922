//! List official figures.

use actix_web::{HttpResponse, web};

use super::Statistic;
use crate::web::problem::Problem;
use crate::web::state::App;

/// List official figures
#[utoipa::path(get, path = "/api/v1/statistics", tag = "statistics", responses((status = 200, description = "All figures, by variable, place and year", body = Vec<Statistic>)))]
pub async fn list_statistics(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let list = web::block(move || app.store.statistics()).await??;
    Ok(HttpResponse::Ok().json(list.into_iter().map(Statistic::from).collect::<Vec<_>>()))
}
