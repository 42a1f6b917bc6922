//! The history of a response.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Personal, expect_in_scope};
use crate::response::{Answers, Difference, ReviewState, Tier, differences, is_personal_path};
use crate::store::{Event, JsonText, Version};
use crate::study::{Survey, received_answers};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Everything that happened to a response, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct History {
    /// The versions as they were received.
    versions: Vec<VersionEntry>,
    /// What happened, when, by whom.
    events: Vec<EventEntry>,
}

/// A version of a response.
#[derive(Serialize, ToSchema)]
pub struct VersionEntry {
    /// Its own instance ID.
    instance_id: String,
    /// The instance ID of the version that it replaces.
    deprecated_id: Option<String>,
    /// The version of the survey that it was checked against.
    version: String,
    /// The door that it came through.
    door: &'static str,
    /// Who sent it.
    sender: Option<String>,
    /// What the device that sent it calls itself; only for those who read personal answers.
    device: Option<String>,
    /// When it was received.
    received_at: DateTime<Utc>,
    /// How many problems it has.
    problems: i64,
    /// What it changed against the version that it replaces.
    changes: Vec<Change>,
}

/// A changed answer.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// The question.
    #[schema(example = "/turnover")]
    path: String,
    /// The answer before; null where there was none.
    before: Value,
    /// The answer after; null where there is none.
    after: Value,
}

/// Something that happened to a response.
#[derive(Serialize, ToSchema)]
pub struct EventEntry {
    /// The key: what comments answer.
    id: i64,
    /// received, edited, `earlier_version`, joined, `state_changed`, commented, merged, `consent_withdrawn`, erased or
    /// attached (a file came that it names).
    #[schema(example = "state_changed")]
    kind: &'static str,
    /// The state before.
    from: Option<&'static str>,
    /// The state after.
    to: Option<&'static str>,
    /// Who did it.
    actor: Option<String>,
    /// What they said about it.
    comment: Option<String>,
    /// Comments by question, and whom it was returned to; of a comment, the question and the event that it answers; of a
    /// merge, the other response and the questions that were taken over.
    details: Option<Value>,
    /// When.
    at: DateTime<Utc>,
}

/// The history of a response
///
/// Every version with what it changed, and every event. Changes of personal answers are left out unless the caller may
/// read them and asks with `personal=full` and a reason.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/responses/{instance_id}/history", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response"),
        Personal
    ),
    responses((status = 200, description = "The history", body = History))
)]
pub async fn get_history(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    personal: web::Query<Personal>,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let access = personal.into_inner().allowed_to(&caller)?;
    let history = web::block(move || {
        let head = app.store.response_head(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let survey_entry = catalogue.survey(&survey)?;
        let target = format!("surveys/{survey}/responses/{}/history", head.instance_id);
        access.record(&app, &caller, &target)?;
        let mut versions = app.store.response_versions(&survey, &instance_id)?;
        if access.tier == Tier::Full {
            for version in &mut versions {
                app.store.open_personal(&survey, version)?;
            }
        }
        let received = versions
            .iter()
            .map(|version| received(survey_entry, version))
            .collect::<Result<Vec<Answers>, Problem>>()?;
        let changes: Vec<Vec<Change>> = versions
            .iter()
            .zip(&received)
            .map(|(version, after)| {
                let predecessor = version.deprecated_id.as_ref()?;
                let position = versions.iter().position(|one| one.instance_id == *predecessor)?;
                let changed = differences(received.get(position)?, after);
                let shown = changed
                    .into_iter()
                    .filter(|one| access.tier == Tier::Full || !is_personal_path(after.form(), &one.path));
                Some(shown.map(Change::from).collect())
            })
            .map(Option::unwrap_or_default)
            .collect();
        let events = app.store.response_events(&survey, &instance_id)?;
        Ok::<_, Problem>(History {
            versions: versions
                .into_iter()
                .zip(changes)
                .map(|(version, changes)| VersionEntry::of(version, changes, access.tier))
                .collect(),
            events: events.into_iter().map(EventEntry::of).collect::<Result<_, Problem>>()?,
        })
    })
    .await??;
    Ok(HttpResponse::Ok().json(history))
}

/// The answers of a version as they were received, in force or not.
fn received(survey: &Survey, version: &Version) -> Result<Answers, Problem> {
    let form = &survey.version(&version.definition_version)?.form;
    Ok(received_answers(form, version)?)
}

impl From<Difference> for Change {
    fn from(difference: Difference) -> Self {
        Self {
            path: difference.path,
            before: difference.before,
            after: difference.after,
        }
    }
}

impl VersionEntry {
    fn of(version: Version, changes: Vec<Change>, tier: Tier) -> Self {
        Self {
            device: version.facts.device.filter(|_| tier == Tier::Full),
            instance_id: version.instance_id,
            deprecated_id: version.deprecated_id,
            version: version.definition_version,
            door: version.door.name(),
            sender: version.sender,
            received_at: version.received_at,
            problems: version.facts.problems,
            changes,
        }
    }
}

impl EventEntry {
    fn of(event: Event) -> Result<Self, Problem> {
        Ok(Self {
            id: event.id,
            kind: event.kind.name(),
            from: event.from.map(ReviewState::name),
            to: event.to.map(ReviewState::name),
            actor: event.actor,
            comment: event.comment,
            details: event.details.as_ref().map(JsonText::read).transpose()?,
            at: event.at,
        })
    }
}
