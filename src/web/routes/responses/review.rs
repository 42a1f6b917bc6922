//! Change a response's review state.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{ResponseHead, expect_in_scope};
use crate::response::ReviewState;
use crate::store::StateChange;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::state::App;

/// A decision about a response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// `has_issues` (returned), approved or rejected.
    #[schema(value_type = String, example = "has_issues")]
    state: ReviewState,
    /// What you say about it; returning, rejecting, and approving over open problems take one.
    #[serde(default)]
    comment: Option<String>,
    /// Comments by question, where it is returned.
    #[serde(default)]
    questions: BTreeMap<String, String>,
    /// Whom it is returned to.
    #[serde(default)]
    addressee: Option<String>,
    /// The revision that you looked at: refused where somebody changed the response since.
    #[serde(default)]
    revision: Option<i64>,
}

/// Change the review state
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses/{instance_id}/state", tag = "responses", request_body = Review,
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response")
    ),
    responses(
        (status = 200, description = "The response as it is now", body = ResponseHead),
        (status = 409, description = "The present state does not allow it, or it was changed since")
    )
)]
pub async fn review_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    Json(review): Json<Review>,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let now = app.now();
    let head = web::block(move || {
        expect_in_scope(&caller, &app.store.response_head(&survey, &instance_id)?)?;
        let details = (!review.questions.is_empty() || review.addressee.is_some())
            .then(|| json!({"questions": review.questions, "addressee": review.addressee}));
        let change = StateChange {
            to: review.state,
            revision: review.revision,
            comment: review.comment,
            details,
            actor: caller.name.clone(),
            role: caller.role,
        };
        app.store_for(&caller)
            .change_state(&survey, &instance_id, &change, now)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(ResponseHead::from(head)))
}
