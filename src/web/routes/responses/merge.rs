//! Make two responses of one organisation one.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ResponseHead, expect_in_scope, expected_revision};
use crate::definition::Language;
use crate::study::{self, MergeRequest, Merged};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// What is to be merged into a response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"other": "uuid:0b8f0f0e-5c9a-4f4e-8f0b-6d7f7f6f2b22", "take": ["/profile/turnover"], "comment": "The accountant answered the second one", "revision": 1}))]
pub struct Merge {
    /// The other response of the organisation: it is rejected.
    #[schema(example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")]
    other: String,
    /// The questions, groups or repeats whose answers are taken from it; none keeps the response as it is.
    #[serde(default)]
    #[schema(example = json!(["/turnover"]))]
    take: Vec<String>,
    /// Why.
    comment: String,
    /// The revision that you looked at: refused where somebody changed the response since. `If-Match` says the same.
    #[serde(default)]
    revision: Option<i64>,
}

/// Merge a duplicate into a response
///
/// The response gets a new version with the answers that are taken over, the other one is rejected. Both keep their
/// versions and their history, so that it can be undone.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses/{instance_id}/merge", tag = "responses", request_body = Merge,
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response that is kept"),
        IfMatch
    ),
    responses(
        (status = 200, description = "The response as it is now", body = ResponseHead),
        (status = 409, description = "A state does not allow it, or it was changed since"),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members"),
        (status = 422, description = "The answers together break rules, or the two are not of one organisation")
    )
)]
pub async fn merge_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    language: Language,
    if_match: IfMatch,
    request: HttpRequest,
    Json(merge): Json<Merge>,
) -> Result<HttpResponse, Problem> {
    let (survey, kept) = path.into_inner();
    let now = app.now();
    let merged = web::block(move || {
        expect_in_scope(&caller, &app.store.response_head(&survey, &merge.other)?)?;
        let seen = app.store.response_head(&survey, &kept)?;
        expect_in_scope(&caller, &seen)?;
        let revision = expected_revision(&if_match, seen)?;
        let merge_request = MergeRequest {
            survey,
            kept,
            revision: merge.revision.or(revision),
            other: merge.other,
            take: merge.take,
            instance_id: format!("uuid:{}", Uuid::new_v4()),
            comment: merge.comment,
            actor: caller.name.clone(),
            role: caller.role,
        };
        let catalogue = app.surveys.catalogue(&app.store)?;
        study::merge(&app.store_for(&caller), &catalogue, &merge_request, now).map_err(Problem::from)
    })
    .await??;
    match merged {
        Merged::Done(head) => tagged(&request, &ResponseHead::from(*head)),
        Merged::Invalid(problems) => Err(Problem::of_answers(&problems, language)),
    }
}
