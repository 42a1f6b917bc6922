//! Visits: record what came of one, read those to an organisation.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InRound;
use super::assignments::own;
use super::organisation::visible;
use crate::response::Position;
use crate::store::{self, AssignmentFilter, NewVisit, VisitOutcome};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::state::App;

/// What came of a visit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "appointment", "appointment_at": "2026-06-02T02:00:00Z", "at": "2026-05-28T03:15:00Z", "latitude": 47.7275, "longitude": 128.8405, "accuracy": 8.0, "comment": "The accountant is back on Tuesday"}))]
pub struct RecordVisit {
    /// completed, partly, refused, closed, `not_found` or appointment.
    #[schema(value_type = String, example = "appointment")]
    outcome: VisitOutcome,
    /// Of an appointment: when they are to be visited again.
    #[serde(default)]
    appointment_at: Option<DateTime<Utc>>,
    /// When it was; now, where it is absent.
    #[serde(default)]
    at: Option<DateTime<Utc>>,
    /// Degrees north; with longitude.
    #[serde(default)]
    latitude: Option<f64>,
    /// Degrees east; with latitude.
    #[serde(default)]
    longitude: Option<f64>,
    /// How exact the place is, in metres.
    #[serde(default)]
    accuracy: Option<f64>,
    /// What is to be said of it.
    #[serde(default)]
    comment: Option<String>,
}

/// A visit.
#[derive(Serialize, ToSchema)]
pub struct Visit {
    /// Who visited.
    member: String,
    /// What came of it.
    #[schema(example = "appointment")]
    outcome: &'static str,
    /// When they are to be visited again.
    appointment_at: Option<DateTime<Utc>>,
    /// When it was.
    at: DateTime<Utc>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Degrees north.
    latitude: Option<f64>,
    /// Degrees east.
    longitude: Option<f64>,
    /// How exact the place is, in metres.
    accuracy: Option<f64>,
    /// What is said of it.
    comment: Option<String>,
}

impl From<store::Visit> for Visit {
    fn from(visit: store::Visit) -> Self {
        let store::Visit { visit, recorded_at, .. } = visit;
        Self {
            member: visit.member,
            outcome: visit.outcome.name(),
            appointment_at: visit.appointment_at,
            at: visit.at,
            recorded_at,
            latitude: visit.position.map(|position| position.latitude),
            longitude: visit.position.map(|position| position.longitude),
            accuracy: visit.position.and_then(|position| position.accuracy),
            comment: visit.comment,
        }
    }
}

impl RecordVisit {
    fn visit(self, member: String, now: DateTime<Utc>) -> Result<NewVisit, Problem> {
        let position = Position::within_bounds(self.latitude, self.longitude, self.accuracy)?;
        Ok(NewVisit {
            member,
            outcome: self.outcome,
            appointment_at: self.appointment_at,
            position,
            comment: self.comment.filter(|comment| !comment.trim().is_empty()),
            at: self.at.unwrap_or(now),
        })
    }
}

/// Whether the organisation is the caller's to visit: in their cities, and of a field member, given to them.
fn expect_own(
    app: &web::Data<App>,
    caller: &Caller,
    survey: &str,
    round: Option<&str>,
    code: &str,
) -> Result<store::RegisterOf, Problem> {
    let (of, _) = visible(app, caller, survey, round, code)?;
    let filter = AssignmentFilter {
        member: own(caller, None),
        code: Some(code.to_owned()),
        cities: None,
    };
    if filter.member.is_some() && app.store.assignments(&of.round, survey, &filter, None, 1)?.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(of)
}

/// Record a visit
///
/// Of an organisation that is assigned to the caller; supervisors may record any of their cities. Visits are never
/// changed: what was wrong is put right by a further one. When the response arrives, the assignment is completed by it.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/register/{organisation}/visits", tag = "fieldwork", request_body = RecordVisit,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("organisation" = String, Path, description = "The credit code"), InRound),
    responses((status = 201, description = "Recorded", body = Visit), (status = 422, description = "An appointment without its time"))
)]
pub async fn record_visit(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    asked: web::Query<InRound>,
    Json(record): Json<RecordVisit>,
) -> Result<HttpResponse, Problem> {
    let visit = web::block(move || {
        let (survey, code) = path.into_inner();
        let of = expect_own(&app, &caller, &survey, asked.round.as_deref(), &code)?;
        let now = app.now();
        let visit = record.visit(caller.name.clone(), now)?;
        app.store_for(&caller)
            .add_visit(&of.round, &survey, &code, &visit, now)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Created().json(Visit::from(visit)))
}

/// List the visits to an organisation
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register/{organisation}/visits", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("organisation" = String, Path, description = "The credit code"), InRound),
    responses((status = 200, description = "The visits, the oldest first", body = Vec<Visit>))
)]
pub async fn list_visits(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    asked: web::Query<InRound>,
) -> Result<HttpResponse, Problem> {
    let visits = web::block(move || {
        let (survey, code) = path.into_inner();
        let of = expect_own(&app, &caller, &survey, asked.round.as_deref(), &code)?;
        app.store.visits(&of.round, &survey, &code).map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(visits.into_iter().map(Visit::from).collect::<Vec<_>>()))
}
