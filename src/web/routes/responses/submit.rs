//! Send a response.

use actix_web::{HttpRequest, HttpResponse, web};

use super::expect_in_scope;
use super::sending::{self, Acknowledgement, Body, Options};
use crate::definition::Language;
use crate::store::StoreError;
use crate::web::Caller;
use crate::web::body::RawJson;
use crate::web::idempotency;
use crate::web::openapi::examples;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Send a response
///
/// The answers are checked by every rule of the survey. A response that breaks one is refused with every problem
/// listed by question. The same content under the same `instance_id` again is a success that changes nothing; other
/// content under it is a conflict. Where `instance_id` is absent, the header `Idempotency-Key` names the response
/// instead: sent again under the same key it is stored once. With `deprecated_id` it is a new version of the response that has that version.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses", tag = "responses", request_body(content = Body, example = examples::response),
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Options),
    responses(
        (status = 201, description = "Stored", body = Acknowledgement),
        (status = 200, description = "The same was received before, or a dry run", body = Acknowledgement),
        (status = 409, description = "Other content is known under this instance ID"),
        (status = 422, description = "The answers break rules")
    )
)]
pub async fn submit(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    options: web::Query<Options>,
    language: Language,
    request: HttpRequest,
    RawJson { bytes, value: mut body }: RawJson<Body>,
) -> Result<HttpResponse, Problem> {
    let survey = survey.into_inner();
    if body.instance_id.is_none() {
        body.instance_id = idempotency::instance_id(&request, &caller)?;
    }
    if let Some(deprecated) = body.deprecated_id.clone()
        && !caller.is_unlimited()
    {
        let (app, survey, caller) = (app.clone(), survey.clone(), caller.clone());
        web::block(move || match app.store.response_head(&survey, &deprecated) {
            Ok(head) => expect_in_scope(&caller, &head),
            // What it edits may still come.
            Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        })
        .await??;
    }
    sending::take(app, caller, survey, options.into_inner(), language, bytes, body).await
}
