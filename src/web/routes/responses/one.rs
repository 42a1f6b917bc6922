//! One response with its answers.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Personal, ResponseHead, expect_in_scope, withhold, withhold_findings};
use crate::definition::Language;
use crate::response::{self, ReviewState};
use crate::store::{self, EventKind, JsonText};
use crate::web::Caller;
use crate::web::preconditions::tagged_as;
use crate::web::problem::{Fault, Problem};
use crate::web::state::App;

/// A response with the answers and findings of its present version.
#[derive(Serialize, ToSchema)]
pub struct Response {
    /// What is known of it without its answers.
    #[serde(flatten)]
    head: ResponseHead,
    /// The instance ID of the present version.
    current_instance_id: String,
    /// The answers, nested as the survey's groups and repeats are. Personal ones are left out.
    #[schema(value_type = Object)]
    answers: Value,
    /// The problems, warnings and notes of the present version.
    findings: Vec<Fault>,
    /// What is to be mended, where it was returned and no new version came since; else null.
    returned: Option<Returned>,
}

/// What a supervisor said who returned a response.
#[derive(Serialize, ToSchema)]
pub struct Returned {
    /// Who returned it.
    by: Option<String>,
    /// When.
    at: DateTime<Utc>,
    /// What they said about all of it.
    comment: Option<String>,
    /// What they said by question, and whom it is returned to.
    #[schema(value_type = Object)]
    details: Option<Value>,
}

/// The last return, of a response that is returned.
fn returned(app: &App, head: &store::Head) -> Result<Option<Returned>, Problem> {
    if !head.returned {
        return Ok(None);
    }
    let events = app.store.response_events(&head.survey, &head.instance_id)?;
    let last = events
        .into_iter()
        .rev()
        .find(|event| event.kind == EventKind::StateChanged && event.to == Some(ReviewState::HasIssues));
    last.map(|event| {
        Ok(Returned {
            by: event.actor,
            at: event.at,
            comment: event.comment,
            details: event.details.as_ref().map(JsonText::read).transpose()?,
        })
    })
    .transpose()
}

/// One response
///
/// Any instance ID of the response names it, also that of an earlier version. Answers to personal questions are left
/// out unless the caller may read them and asks with `personal=true`.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/responses/{instance_id}", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response"),
        Personal
    ),
    responses((status = 200, description = "The response", body = Response))
)]
pub async fn get_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    personal: web::Query<Personal>,
    language: Language,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let with_personal = personal.allowed_to(&caller)?;
    let response = web::block(move || {
        let (head, version) = app.store.response(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let definition = &catalogue
            .survey(&survey)?
            .version(&version.definition_version)?
            .definition;
        let mut answers: Value = version.answers.read()?;
        let mut findings: Vec<response::Problem> = version.problems.read()?;
        if !with_personal {
            withhold(definition, None, &mut answers);
            withhold_findings(definition, &mut findings);
        }
        Ok::<_, Problem>(Response {
            current_instance_id: version.instance_id,
            answers,
            findings: Fault::all(&findings, language),
            returned: returned(&app, &head)?,
            head: head.into(),
        })
    })
    .await??;
    tagged_as(&request, &response.head, &response)
}
