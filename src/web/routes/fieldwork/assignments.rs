//! Assignments: who visits whom, and where each stands.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::organisation::Organisation;
use super::visits::Visit;
use super::{InRound, register, register_of};
use crate::response::Role;
use crate::store::{self, AssignmentFilter, NewAssignments};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::routes::files::{list, page};
use crate::web::state::App;

/// Which assignments, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The round; the token's, else the only open one, where it is absent.
    round: Option<String>,
    /// Of this member; a field member sees only their own.
    member: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
    /// How many rows a page has: 1 to 1000.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<i64>,
}

/// An organisation that is given to somebody.
#[derive(Serialize, ToSchema)]
pub struct Assignment {
    /// The organisation.
    organisation: Organisation,
    /// Who visits it.
    member: String,
    /// When it was given to them.
    assigned_at: DateTime<Utc>,
    /// By whom.
    assigned_by: String,
    /// open, completed (a response is there), returned (it has problems or was returned), `response_awaited` (visited,
    /// said to be done), or what came of the last visit: partly, refused, closed, `not_found`, appointment.
    #[schema(example = "open")]
    state: &'static str,
    /// The last visit.
    last_visit: Option<Visit>,
    /// The instance ID of the response, where one is there.
    response: Option<String>,
}

impl From<store::Assigned> for Assignment {
    fn from(assigned: store::Assigned) -> Self {
        Self {
            organisation: assigned.organisation.into(),
            member: assigned.member,
            assigned_at: assigned.assigned_at,
            assigned_by: assigned.assigned_by,
            state: assigned.state.name(),
            last_visit: assigned.last_visit.map(Visit::from),
            response: assigned.response,
        }
    }
}

/// A page of assignments.
#[derive(Serialize, ToSchema)]
pub struct AssignmentPage {
    /// The assignments.
    assignments: Vec<Assignment>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

/// Only their own, for members of the field team.
pub(super) fn own(caller: &Caller, member: Option<String>) -> Option<String> {
    if caller.role == Role::Field {
        Some(caller.name.clone())
    } else {
        member
    }
}

/// List assignments
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/assignments", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "A page of present assignments", body = AssignmentPage))
)]
pub async fn list_assignments(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let limit = register::limit(question.limit)?;
    let question = question.into_inner();
    let assignments = web::block(move || {
        let of = register_of(&app, &caller, &survey, question.round.as_deref())?;
        let filter = AssignmentFilter {
            cities: caller.cities_within(list(question.city.as_deref())),
            member: own(&caller, question.member),
            code: None,
        };
        app.store
            .assignments(&of.round, &survey, &filter, question.after, limit + 1)
            .map_err(Problem::from)
    })
    .await??;
    let (assignments, next) = page(assignments, limit, |row| row.id);
    Ok(HttpResponse::Ok().json(AssignmentPage {
        assignments: assignments.into_iter().map(Assignment::from).collect(),
        next,
    }))
}

/// Organisations to be given to a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member": "zhao.min", "organisations": ["91230700827ERYRL36"], "reassign": false}))]
pub struct Assign {
    /// The name of the member.
    member: String,
    /// Credit codes.
    organisations: Vec<String>,
    /// Whether those that somebody else has are given to this member.
    #[serde(default)]
    reassign: bool,
}

/// How many assignments changed.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    /// How many.
    changed: usize,
}

/// Assign organisations
///
/// All of them or none. The member must be allowed to see their cities.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/assignments", tag = "fieldwork", request_body = Assign,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), InRound),
    responses((status = 200, description = "Assigned", body = Changed), (status = 422, description = "One of them is somebody else's"))
)]
pub async fn assign(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
    Json(assign): Json<Assign>,
) -> Result<HttpResponse, Problem> {
    let changed = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        let new = NewAssignments {
            member: assign.member,
            codes: assign.organisations,
            reassign: assign.reassign,
        };
        app.store_for(&caller)
            .assign(&of, &new, caller.cities.as_deref(), app.now())
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(Changed { changed }))
}

/// Organisations to be taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisations": ["91230700827ERYRL36"]}))]
pub struct Unassign {
    /// Credit codes.
    organisations: Vec<String>,
}

/// Take organisations back from whoever has them
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/assignments/withdraw", tag = "fieldwork", request_body = Unassign,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), InRound),
    responses((status = 200, description = "Taken back", body = Changed))
)]
pub async fn unassign(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
    Json(unassign): Json<Unassign>,
) -> Result<HttpResponse, Problem> {
    let changed = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        app.store_for(&caller)
            .unassign(&of, &unassign.organisations, caller.cities.as_deref(), app.now())
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(Changed { changed }))
}
