//! Erase a respondent's data.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Whose, reason};
use crate::store::{self, ErasureScope};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::state::App;

/// What is to be erased, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"whose": {"survey": "enterprise", "instance_id": "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11"}, "scope": "personal", "reason": "Request 2026-015"}))]
pub struct EraseRequest {
    /// Whose data.
    whose: Whose,
    /// personal (what is about persons) or identity (that, and what tells which organisation it is).
    #[schema(value_type = String, example = "personal")]
    scope: Scope,
    /// The number of the request, never a name: it stays as the proof.
    reason: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    Personal,
    Identity,
}

/// The proof of an erasure.
#[derive(Serialize, ToSchema)]
pub struct Erasure {
    /// Its number.
    id: i64,
    /// When.
    at: DateTime<Utc>,
    /// By whom.
    actor: String,
    /// request, withdrawal or retention.
    #[schema(example = "request")]
    cause: String,
    /// Why.
    reason: String,
    /// In how many places of each kind.
    #[schema(value_type = Object)]
    places: Value,
    /// In how many places together.
    total: usize,
}

impl From<store::Erasure> for Erasure {
    fn from(erasure: store::Erasure) -> Self {
        Self {
            id: erasure.id,
            at: erasure.at,
            actor: erasure.actor,
            cause: erasure.cause,
            reason: erasure.reason,
            total: erasure.places.total(),
            places: serde_json::to_value(erasure.places).unwrap_or_default(),
        }
    }
}

/// Erase a respondent's data
///
/// In all versions, originals, findings, comments and file names. What was erased can't be brought back; the proof says
/// when, by whom and in how many places, and nothing of what it was.
#[utoipa::path(
    post, path = "/api/v1/privacy/erasures", tag = "privacy", request_body = EraseRequest,
    responses((status = 201, description = "The proof", body = Erasure))
)]
pub async fn create_erasure(
    app: web::Data<App>,
    caller: Caller,
    Json(request): Json<EraseRequest>,
) -> Result<HttpResponse, Problem> {
    let (subject, reason) = (request.whose.subject()?, reason(&request.reason)?);
    let scope = match request.scope {
        Scope::Personal => ErasureScope::Personal,
        Scope::Identity => ErasureScope::Identity,
    };
    let erasure = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let store = app.store_for(&caller);
        let erased = store.erase(&subject, scope, &caller.name, &reason, &catalogue.finder(), app.now());
        let erased = erased?;
        app.remove_erased_contents();
        Ok::<_, Problem>(erased)
    })
    .await??;
    Ok(HttpResponse::Created().json(Erasure::from(erasure)))
}

/// The proofs of erasures
///
/// The newest 200 first.
#[utoipa::path(
    get, path = "/api/v1/privacy/erasures", tag = "privacy",
    responses((status = 200, description = "The proofs", body = [Erasure]))
)]
pub async fn list_erasures(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let erasures = web::block(move || app.store.erasures(None, 200)).await??;
    Ok(HttpResponse::Ok().json(erasures.into_iter().map(Erasure::from).collect::<Vec<_>>()))
}
