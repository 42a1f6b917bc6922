//! Change a response's review state.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{ResponseHead, expect_in_scope, expect_question, expected_revision};
use crate::response::ReviewState;
use crate::store::StateChange;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// A decision about a response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "has_issues", "comment": "Please ask again about the turnover", "questions": {"/profile/turnover": "Is it in 10,000 yuan?"}, "addressee": "zhao.min", "revision": 1}))]
pub struct Review {
    /// `has_issues` (returned), approved or rejected.
    #[schema(value_type = String, example = "has_issues")]
    state: ReviewState,
    /// What you say about it; returning, rejecting, and approving over open problems take one.
    #[serde(default)]
    comment: Option<String>,
    /// Comments by the path of a question, where it is returned: the member sees them with the response.
    #[serde(default)]
    questions: BTreeMap<String, String>,
    /// Whom it is returned to.
    #[serde(default)]
    addressee: Option<String>,
    /// The revision that you looked at: refused where somebody changed the response since. `If-Match` says the same.
    #[serde(default)]
    revision: Option<i64>,
}

/// Change the review state
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses/{instance_id}/state", tag = "responses", request_body = Review,
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response"),
        IfMatch
    ),
    responses(
        (status = 200, description = "The response as it is now", body = ResponseHead),
        (status = 409, description = "The present state does not allow it, or it is no longer that `revision`"),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
    )
)]
pub async fn review_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(review): Json<Review>,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let now = app.now();
    let head = web::block(move || {
        let seen = app.store.response_head(&survey, &instance_id)?;
        expect_in_scope(&caller, &seen)?;
        for question in review.questions.keys() {
            expect_question(&app, &seen, question)?;
        }
        let revision = expected_revision(&if_match, seen)?;
        let details = (!review.questions.is_empty() || review.addressee.is_some())
            .then(|| json!({"questions": review.questions, "addressee": review.addressee}));
        let change = StateChange {
            to: review.state,
            revision: review.revision.or(revision),
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
    tagged(&request, &ResponseHead::from(head))
}
