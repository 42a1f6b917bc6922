//! Send a new version of a response.

use actix_web::{HttpResponse, web};

use super::sending::{self, Acknowledgement, Body, Options};
use super::{ResponseHead, expect_in_scope};
use crate::definition::Language;
use crate::web::Caller;
use crate::web::body::RawJson;
use crate::web::openapi::examples;
use crate::web::preconditions::IfMatch;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Edit a response
///
/// Stores a new version under an instance ID of its own; every earlier version is kept. `deprecated_id` defaults to
/// the instance ID of the address.
#[utoipa::path(
    put, path = "/api/v1/surveys/{survey}/responses/{instance_id}", tag = "responses", request_body(content = Body, example = examples::response),
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "The instance ID of the version that is edited"),
        Options, IfMatch
    ),
    responses(
        (status = 201, description = "Stored", body = Acknowledgement),
        (status = 200, description = "The same was received before, or a dry run", body = Acknowledgement),
        (status = 409, description = "Other content is known under this instance ID"),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members"),
        (status = 422, description = "The answers break rules")
    )
)]
pub async fn edit_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    options: web::Query<Options>,
    language: Language,
    if_match: IfMatch,
    RawJson { bytes, value: mut body }: RawJson<Body>,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    if body
        .deprecated_id
        .as_ref()
        .is_some_and(|deprecated| *deprecated != instance_id)
    {
        return Err(Problem::new(Code::ValueInvalid).explain(
            "deprecated_id 与地址中的 instance_id 不同。",
            "deprecated_id is not the instance_id of the address.",
        ));
    }
    body.deprecated_id = Some(instance_id.clone());
    body.test = web::block({
        let (app, survey, caller) = (app.clone(), survey.clone(), caller.clone());
        move || {
            let seen = app.store.response_head(&survey, &instance_id)?;
            expect_in_scope(&caller, &seen)?;
            let test = seen.test;
            if_match.check(&ResponseHead::from(seen))?;
            Ok::<_, Problem>(test)
        }
    })
    .await??;
    sending::take(app, caller, survey, options.into_inner(), language, bytes, body).await
}
