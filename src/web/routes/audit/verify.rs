//! Whether the audit log is whole.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::web::problem::Problem;
use crate::web::state::App;

/// Against what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Noted {
    /// The hash of an entry that was written down earlier: without it, nobody sees that entries at the end were removed.
    #[param(example = "6f1a8b3c0d5e4f7a9b2c1d0e3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6")]
    head: Option<String>,
}

/// What a walk through the whole log found.
#[derive(Serialize, ToSchema)]
pub struct Verified {
    /// Whether nothing is wrong.
    whole: bool,
    /// How many entries there are.
    entries: i64,
    /// The hash of the newest: write it down outside the server.
    head: Option<String>,
    /// What is wrong, at most a hundred findings.
    faults: Vec<String>,
}

/// Verify the audit log
///
/// Walks all of it, so that it takes a while where there are many entries.
#[utoipa::path(
    get, path = "/api/v1/audit/verify", tag = "audit", params(Noted),
    responses((status = 200, description = "What was found", body = Verified))
)]
pub async fn verify_audit(app: web::Data<App>, noted: web::Query<Noted>) -> Result<HttpResponse, Problem> {
    let noted = noted.into_inner();
    let check = web::block(move || app.store.verify_audit(noted.head.as_deref())).await??;
    Ok(HttpResponse::Ok().json(Verified {
        whole: check.is_whole(),
        entries: check.entries,
        head: check.head.map(|head| head.hash),
        faults: check.faults.iter().map(ToString::to_string).collect(),
    }))
}
