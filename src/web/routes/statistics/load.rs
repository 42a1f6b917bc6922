//! Load official figures.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Statistic;
use crate::response::Fingerprint;
use crate::store;
use crate::web::Caller;
use crate::web::body::RawJson;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::state::App;

/// How many figures were loaded.
#[derive(Serialize, ToSchema)]
pub struct Loaded {
    /// The number of figures.
    figures: usize,
}

/// Load official figures
///
/// Each figure takes the place of the one for the same variable, place and year. All of them or none.
#[utoipa::path(
    post, path = "/api/v1/statistics", tag = "statistics", request_body = Vec<Statistic>,
    responses((status = 200, description = "Loaded", body = Loaded), (status = 422, description = "A place is unknown"))
)]
pub async fn load_statistics(
    app: web::Data<App>,
    caller: Caller,
    RawJson { bytes, value: list }: RawJson<Vec<Statistic>>,
) -> Result<HttpResponse, Problem> {
    let hash = Fingerprint::of_bytes(&bytes).to_string();
    let now = app.now();
    let figures = web::block(move || {
        let places = app.store.places()?;
        let faults: Vec<Fault> = list
            .iter()
            .enumerate()
            .filter(|(_, one)| !places.iter().any(|place| place.code == one.place))
            .map(|(index, one)| Fault {
                path: format!("/{index}/place"),
                code: "unknown_place".to_owned(),
                value: Some(one.place.clone().into()),
                message: format!("there is no place '{0}' / 没有地区“{0}”", one.place),
                ..Fault::default()
            })
            .collect();
        if !faults.is_empty() {
            return Err(Problem::new(Code::ValueInvalid).faults(faults));
        }
        let list: Vec<store::Statistic> = list.into_iter().map(Into::into).collect();
        app.store_for(&caller).keep_statistics(&list, &hash, now)?;
        Ok(list.len())
    })
    .await??;
    Ok(HttpResponse::Ok().json(Loaded { figures }))
}
