//! Create a round.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Round;
use crate::store::{self, RoundState};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// A round to be created; it is planned until it is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"round": "2027", "label": {"zh": "2027 年度", "en": "Year 2027"}, "opens_on": "2027-05-10", "closes_on": "2027-08-31"}))]
pub struct CreateRound {
    /// Its code.
    #[schema(example = "2027")]
    round: String,
    /// Its name, by language.
    label: BTreeMap<String, String>,
    /// The first day of the fieldwork.
    #[serde(default)]
    opens_on: Option<NaiveDate>,
    /// The last day of the fieldwork.
    #[serde(default)]
    closes_on: Option<NaiveDate>,
}

/// Create a round
#[utoipa::path(
    post, path = "/api/v1/rounds", tag = "rounds", request_body = CreateRound,
    responses((status = 201, description = "The round", body = Round), (status = 409, description = "There is one of that code"))
)]
pub async fn create_round(
    app: web::Data<App>,
    caller: Caller,
    Json(create): Json<CreateRound>,
) -> Result<HttpResponse, Problem> {
    if let (Some(first), Some(last)) = (create.opens_on, create.closes_on)
        && last < first
    {
        return Err(
            Problem::new(Code::ValueInvalid).explain("结束日期早于开始日期。", "The last day is before the first day.")
        );
    }
    let round = store::Round {
        round: create.round,
        label: create.label.into_iter().collect(),
        state: RoundState::Planned,
        opens_on: create.opens_on,
        closes_on: create.closes_on,
        synthetic: false,
    };
    let now = app.now();
    let round = web::block(move || {
        app.store_for(&caller).add_round(&round, now)?;
        app.surveys.forget();
        Ok::<_, Problem>(round)
    })
    .await??;
    Ok(HttpResponse::Created().json(Round::from(round)))
}
