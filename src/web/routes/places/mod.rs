//! The places of the study.

use actix_web::{HttpResponse, web};

use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes.mount(Act::ReadPlaces, __path_list_places, list_places);
}

/// List places
///
/// The places that are assessed and those that they are compared with, in their order.
#[utoipa::path(get, path = "/api/v1/places", tag = "places", responses((status = 200, description = "Code, labels, level, kind, and what contains what", body = Vec<serde_json::Value>)))]
async fn list_places(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let places = web::block(move || app.store.places()).await??;
    Ok(HttpResponse::Ok().json(places))
}
