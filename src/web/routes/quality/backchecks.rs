//! Back-checks: list them with their agreement, draw one, enter what was answered the second time.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Question, watched};
use crate::store;
use crate::study::{self, Agreement, BackcheckRequest};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::state::App;

/// A sample of responses that are asked again.
#[derive(Serialize, ToSchema)]
pub struct Backcheck {
    /// The key.
    id: i64,
    /// The survey.
    survey: String,
    /// What the drawing followed from: the same responses and seed, the same sample.
    seed: i64,
    /// The share of each member's responses.
    share: f64,
    /// The questions that are asked again.
    questions: Vec<String>,
    /// When it was drawn.
    drawn_at: DateTime<Utc>,
    /// Who drew it.
    drawn_by: String,
    /// Its responses, as far as the caller may see them.
    responses: Vec<Drawn>,
    /// How often answers agreed, by member.
    by_member: BTreeMap<String, Rate>,
    /// How often answers agreed, by question.
    by_question: BTreeMap<String, Rate>,
}

/// A response that was drawn.
#[derive(Serialize, ToSchema)]
pub struct Drawn {
    /// The response's name.
    instance_id: String,
    /// The member who sent it.
    member: String,
    /// Its city.
    city: Option<String>,
    /// By question, whether the answer was the same; null where it was not asked yet.
    agreement: Option<BTreeMap<String, bool>>,
    /// When it was asked again.
    checked_at: Option<DateTime<Utc>>,
    /// Who asked.
    checked_by: Option<String>,
}

/// How often answers agreed.
#[derive(Serialize, ToSchema)]
pub struct Rate {
    /// How many were compared.
    compared: u32,
    /// How many agreed.
    agreed: u32,
}

impl From<Agreement> for Rate {
    fn from(agreement: Agreement) -> Self {
        Self {
            compared: agreement.compared,
            agreed: agreement.agreed,
        }
    }
}

impl From<store::Backcheck> for Backcheck {
    fn from(check: store::Backcheck) -> Self {
        let (members, questions) = study::agreement(&check);
        let rates =
            |rates: BTreeMap<String, Agreement>| rates.into_iter().map(|(key, rate)| (key, rate.into())).collect();
        Self {
            id: check.id,
            survey: check.survey,
            seed: check.seed,
            share: check.share,
            questions: check.questions,
            drawn_at: check.drawn_at,
            drawn_by: check.drawn_by,
            responses: check.responses.into_iter().map(Drawn::from).collect(),
            by_member: rates(members),
            by_question: rates(questions),
        }
    }
}

impl From<store::BackcheckedResponse> for Drawn {
    fn from(response: store::BackcheckedResponse) -> Self {
        Self {
            instance_id: response.drawn.instance_id,
            member: response.drawn.member,
            city: response.drawn.city,
            agreement: response.agreement,
            checked_at: response.checked_at,
            checked_by: response.checked_by,
        }
    }
}

/// The samples of a round that the caller may see, each with the responses of the caller's cities only.
fn seen(app: &App, caller: &Caller, round: &str, survey: Option<String>) -> Result<Vec<store::Backcheck>, Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let question = Question { survey, city: None };
    let watched = watched(&catalogue, caller, round.to_owned(), &question)?;
    let mut checks = app.store.backchecks(round, question.survey.as_deref())?;
    checks.retain(|check| watched.surveys.contains(&check.survey));
    for check in &mut checks {
        check
            .responses
            .retain(|response| caller.may_use_city(response.drawn.city.as_deref()));
    }
    // Nobody learns that something was drawn in cities that are none of theirs.
    checks.retain(|check| caller.cities.is_none() || !check.responses.is_empty());
    Ok(checks)
}

/// List back-checks of a round
#[utoipa::path(
    get, path = "/api/v1/rounds/{round}/backchecks", tag = "fieldwork",
    params(("round" = String, Path, description = "The round's code"), Question),
    responses((status = 200, description = "The samples, the newest first, with what was found", body = Vec<Backcheck>))
)]
pub async fn list_backchecks(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let question = question.into_inner();
    let checks = web::block(move || seen(&app, &caller, &round, question.survey)).await??;
    Ok(HttpResponse::Ok().json(checks.into_iter().map(Backcheck::from).collect::<Vec<_>>()))
}

/// A sample to be drawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"survey": "enterprise", "share": 0.1, "seed": 2026, "questions": ["/profile/turnover", "/profile/employees"]}))]
pub struct DrawBackcheck {
    /// The survey.
    #[schema(example = "enterprise")]
    survey: String,
    /// The share of each member's responses, above 0, at most 1; at least one of each is drawn.
    #[schema(example = 0.1)]
    share: f64,
    /// What the drawing follows from: say which, so that it can be drawn again.
    #[schema(example = 2026)]
    seed: i64,
    /// The paths of the questions that are asked again.
    #[schema(example = json!(["/turnover", "/has_rd"]))]
    questions: Vec<String>,
}

/// Draw a back-check
///
/// Draws responses of each member who sent some, in the caller's cities, and keeps the sample.
#[utoipa::path(
    post, path = "/api/v1/rounds/{round}/backchecks", tag = "fieldwork", request_body = DrawBackcheck,
    params(("round" = String, Path, description = "The round's code")),
    responses((status = 201, description = "The sample", body = Backcheck))
)]
pub async fn draw_backcheck(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    Json(draw): Json<DrawBackcheck>,
) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let check = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let question = Question {
            survey: Some(draw.survey.clone()),
            city: None,
        };
        let watched = watched(&catalogue, &caller, round.into_inner(), &question)?;
        let request = BackcheckRequest {
            round: watched.round,
            survey: draw.survey,
            cities: watched.cities,
            share: draw.share,
            seed: draw.seed,
            questions: draw.questions,
            drawn_by: caller.name.clone(),
        };
        let id = study::draw_backcheck(&app.store_for(&caller), &catalogue, &request, now)?;
        let checks = app.store.backchecks(&request.round, Some(&request.survey))?;
        checks
            .into_iter()
            .find(|check| check.id == id)
            .ok_or_else(Problem::not_found)
    })
    .await??;
    Ok(HttpResponse::Created().json(Backcheck::from(check)))
}

/// What was answered the second time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answers": {"profile": {"turnover": 13442, "employees": 146}}}))]
pub struct EnterBackcheck {
    /// The answers to the questions of the sample, nested as the survey's groups are. They are compared, not kept.
    #[schema(value_type = Object)]
    answers: Value,
}

/// Enter what was answered when a response was checked back
///
/// Only whether each answer agrees with the response as it is now is kept. Entering again replaces it.
#[utoipa::path(
    put, path = "/api/v1/rounds/{round}/backchecks/{check}/responses/{instance_id}", tag = "fieldwork",
    request_body = EnterBackcheck,
    params(
        ("round" = String, Path, description = "The round's code"),
        ("check" = i64, Path, description = "The back-check's key"),
        ("instance_id" = String, Path, description = "The response's name")
    ),
    responses((status = 200, description = "By question, whether the answer was the same", body = BTreeMap<String, bool>))
)]
pub async fn enter_backcheck(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64, String)>,
    Json(entered): Json<EnterBackcheck>,
) -> Result<HttpResponse, Problem> {
    let (round, id, instance_id) = path.into_inner();
    let now = app.now();
    let agreement = web::block(move || {
        let check = seen(&app, &caller, &round, None)?
            .into_iter()
            .find(|check| check.id == id)
            .filter(|check| check.responses.iter().any(|one| one.drawn.instance_id == instance_id))
            .ok_or_else(Problem::not_found)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let store = app.store_for(&caller);
        study::check_back(
            &store,
            &catalogue,
            &check,
            &instance_id,
            &entered.answers,
            &caller.name,
            now,
        )
        .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(agreement))
}
