//! Targets: responses to be collected, by city and size class.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InRound, register_of};
use crate::store;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged_as};
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// How many responses are to be collected.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The code of the city.
    #[schema(example = "230700")]
    city: String,
    /// The size class; absent or null for all together.
    #[serde(default)]
    size: Option<String>,
    /// How many.
    #[schema(example = 60)]
    count: u32,
}

/// Those of the caller's cities.
fn own(app: &App, caller: &Caller, of: &store::RegisterOf) -> Result<Vec<store::Target>, Problem> {
    let mut targets = app.store.targets(&of.round, &of.survey)?;
    targets.retain(|target| caller.may_use_city(Some(&target.city)));
    Ok(targets)
}

/// What the tag is made of: a number for each city and size class, so that a refusal names those that changed.
fn by_cell(list: &[store::Target]) -> BTreeMap<String, i64> {
    list.iter()
        .map(|target| match target.size.as_str() {
            "" => (target.city.clone(), target.count),
            size => (format!("{}/{size}", target.city), target.count),
        })
        .collect()
}

fn shown(list: Vec<store::Target>) -> Vec<Target> {
    list.into_iter()
        .map(|target| Target {
            size: Some(target.size).filter(|size| !size.is_empty()),
            city: target.city,
            count: u32::try_from(target.count).unwrap_or(u32::MAX),
        })
        .collect()
}

/// List targets
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/targets", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey: the respondent type", example = "enterprise"), InRound),
    responses((status = 200, description = "The targets of the caller's cities", body = Vec<Target>))
)]
pub async fn list_targets(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let targets = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        own(&app, &caller, &of)
    })
    .await??;
    tagged_as(&request, &by_cell(&targets), &shown(targets))
}

/// Set targets
///
/// Replaces all targets of the survey in the round; of a caller who is limited to cities, those of these cities.
#[utoipa::path(
    put, path = "/api/v1/surveys/{survey}/targets", tag = "fieldwork", request_body(content = Vec<Target>, example = json!([{"city": "230700", "count": 60}, {"city": "230700", "size": "large", "count": 4}])),
    params(("survey" = String, Path, description = "The survey: the respondent type", example = "enterprise"), InRound, IfMatch),
    responses(
        (status = 200, description = "The targets as they are now", body = Vec<Target>),
        (status = 412, description = "They were changed since the tag of `If-Match`: `changes` names cities and size classes"),
        (status = 422, description = "A city is unknown")
    )
)]
pub async fn set_targets(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(list): Json<Vec<Target>>,
) -> Result<HttpResponse, Problem> {
    let targets = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        let places = app.store.places()?;
        let known = |city: &str| places.iter().any(|place| place.code == city) && caller.may_use_city(Some(city));
        if let Some(target) = list.iter().find(|target| !known(&target.city)) {
            return Err(Problem::new(Code::ValueInvalid).explain(
                format!("没有城市“{}”，或它不在您的范围内。", target.city),
                format!("There is no city '{}', or it is not one of yours.", target.city),
            ));
        }
        let list: Vec<store::Target> = list
            .into_iter()
            .map(|target| store::Target {
                round: of.round.clone(),
                survey: survey.clone(),
                city: target.city,
                size: target.size.unwrap_or_default(),
                count: i64::from(target.count),
            })
            .collect();
        let seen = own(&app, &caller, &of)?;
        if_match.check(&by_cell(&seen))?;
        // What was compared with the tag is what the store must still find.
        let seen = if_match.names_a_state().then_some(seen.as_slice());
        let cities = caller.cities.as_deref();
        app.store_for(&caller)
            .set_targets(&of.round, &survey, cities, &list, seen, app.now())?;
        own(&app, &caller, &of)
    })
    .await??;
    tagged_as(&request, &by_cell(&targets), &shown(targets))
}
