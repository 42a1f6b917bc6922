//! One response with its answers.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::attachments::AttachedFiles;
use super::{Personal, ResponseHead, expect_in_scope, withhold_findings};
use crate::definition::{Element, Language};
use crate::response::{self, ReviewState, Tier, pseudonymise, take_out};
use crate::store::{self, EventKind, JsonText};
use crate::study::files_of_response;
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
    /// The answers, nested as the survey's groups and repeats are. Personal ones are left out unless they were asked for.
    #[schema(value_type = Object)]
    answers: Value,
    /// The problems, warnings and notes of the present version.
    findings: Vec<Fault>,
    /// The files that it names, where it names any.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<AttachedFiles>,
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
    #[schema(value_type = Option<Object>)]
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
/// out unless the caller may read them and asks with `personal=full` and a reason; `personal=pseudonymised` shows pseudonyms.
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
    let access = personal.into_inner().allowed_to(&caller)?;
    let response = web::block(move || {
        let (head, mut version) = app.store.response(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let definition = &catalogue
            .survey(&survey)?
            .version(&version.definition_version)?
            .definition;
        access.record(
            &app,
            &caller,
            &format!("surveys/{survey}/responses/{}", head.instance_id),
        )?;
        if access.tier != Tier::None {
            app.store.open_personal(&survey, &mut version)?;
        }
        let mut answers: Value = version.answers.read()?;
        let mut findings: Vec<response::Problem> = version.problems.read()?;
        match access.tier {
            Tier::Full => {}
            Tier::None => drop(take_out(definition, &mut answers, Element::is_personal)),
            Tier::Pseudonymised => {
                let ring = app.store.keys()?;
                pseudonymise(definition, &mut answers, &|value| ring.pseudonym(value));
            }
        }
        if access.tier != Tier::Full {
            withhold_findings(definition, &mut findings);
        }
        let files = files_of_response(&app.store, &catalogue, &head, None)?;
        Ok::<_, Problem>(Response {
            current_instance_id: version.instance_id,
            answers,
            findings: Fault::all(&findings, language),
            attachments: (!files.is_empty()).then(|| AttachedFiles::of(files, access.tier == Tier::Full)),
            returned: returned(&app, &head)?,
            head: head.into(),
        })
    })
    .await??;
    tagged_as(&request, &response.head, &response)
}
