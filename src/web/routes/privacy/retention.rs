//! How long answers are kept.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::erasures::Erasure;
use crate::store::{self, OnWithdrawal};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, kept, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// How long the answers of a round are kept after its last day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"personal_days": 180, "all_days": 3650, "on_withdrawal": "erase"}))]
pub struct Rule {
    /// Days that personal answers are kept; for ever where it is null.
    #[serde(default)]
    #[schema(example = 180)]
    personal_days: Option<i64>,
    /// Days that all answers are kept, with their history; for ever where it is null.
    #[serde(default)]
    #[schema(example = 3650)]
    all_days: Option<i64>,
    /// erase or keep: what becomes of personal answers when consent is withdrawn.
    #[serde(default)]
    #[schema(value_type = String, example = "erase")]
    on_withdrawal: OnWithdrawal,
}

/// The rule of a round.
#[derive(Serialize, ToSchema)]
pub struct RoundRule {
    /// The round.
    round: String,
    /// Days that personal answers are kept; for ever where it is null.
    personal_days: Option<i64>,
    /// Days that all answers are kept, with their history; for ever where it is null.
    all_days: Option<i64>,
    /// erase or keep: what becomes of personal answers when consent is withdrawn.
    #[schema(value_type = String, example = "erase")]
    on_withdrawal: OnWithdrawal,
}

impl From<store::RetentionRule> for RoundRule {
    fn from(rule: store::RetentionRule) -> Self {
        Self {
            round: rule.round,
            personal_days: rule.personal_days,
            all_days: rule.all_days,
            on_withdrawal: rule.on_withdrawal,
        }
    }
}

/// What is due to go.
#[derive(Serialize, ToSchema)]
pub struct Due {
    /// The round.
    round: String,
    /// Its last day.
    closed_on: NaiveDate,
    /// Responses whose personal answers are due.
    personal: i64,
    /// Responses that are due as a whole.
    all: i64,
}

/// The rules, and what is due by them.
#[derive(Serialize, ToSchema)]
pub struct Retention {
    /// The rules.
    rules: Vec<RoundRule>,
    /// What is due now.
    due: Vec<Due>,
}

/// How long answers are kept, and what is due to go
#[utoipa::path(
    get, path = "/api/v1/privacy/retention", tag = "privacy",
    responses((status = 200, description = "The rules and what is due", body = Retention))
)]
pub async fn get_retention(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let (rules, due) = web::block(move || {
        Ok::<_, store::StoreError>((app.store.retention_rules()?, app.store.retention_due(app.now())?))
    })
    .await??;
    let rules = rules.into_iter().map(RoundRule::from);
    let due = due.into_iter().map(|due| Due {
        round: due.round,
        closed_on: due.closed_on,
        personal: due.personal,
        all: due.all,
    });
    Ok(HttpResponse::Ok().json(Retention {
        rules: rules.collect(),
        due: due.collect(),
    }))
}

/// How long the answers of a round are kept
///
/// Where nothing was said of it: for ever.
#[utoipa::path(
    get, path = "/api/v1/privacy/retention/{round}", tag = "privacy",
    params(("round" = String, Path, description = "The round's code")),
    responses((status = 200, description = "The rule", body = RoundRule))
)]
pub async fn get_retention_rule(
    app: web::Data<App>,
    round: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let rule = web::block(move || app.store.retention_rule(&round)).await??;
    tagged(&request, &RoundRule::from(rule))
}

/// Say how long the answers of a round are kept
#[utoipa::path(
    put, path = "/api/v1/privacy/retention/{round}", tag = "privacy", request_body = Rule,
    params(("round" = String, Path, description = "The round's code"), IfMatch),
    responses(
        (status = 204, description = "Kept"),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
    )
)]
pub async fn set_retention(
    app: web::Data<App>,
    caller: Caller,
    round: web::Path<String>,
    if_match: IfMatch,
    Json(rule): Json<Rule>,
) -> Result<HttpResponse, Problem> {
    let rule = store::RetentionRule {
        round: round.into_inner(),
        personal_days: rule.personal_days,
        all_days: rule.all_days,
        on_withdrawal: rule.on_withdrawal,
    };
    let rule = web::block(move || {
        let seen = app.store.retention_rule(&rule.round)?;
        if_match.check(&RoundRule::from(seen.clone()))?;
        // What was compared with the tag is what the store must still find.
        let seen = if_match.names_a_state().then_some(&seen);
        app.store_for(&caller)
            .set_retention_rule(&rule, seen, &caller.name, app.now())?;
        Ok::<_, Problem>(rule)
    })
    .await??;
    kept(&RoundRule::from(rule))
}

/// Erase what is due to go
///
/// `GET /api/v1/privacy/retention` says beforehand what that is.
#[utoipa::path(
    post, path = "/api/v1/privacy/retention", tag = "privacy",
    responses((status = 200, description = "The proofs", body = [Erasure]))
)]
pub async fn apply_retention(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let proofs = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let store = app.store_for(&caller);
        let proofs = store.apply_retention(&caller.name, &catalogue.finder(), app.now())?;
        app.remove_erased_contents();
        Ok::<_, Problem>(proofs)
    })
    .await??;
    Ok(HttpResponse::Ok().json(proofs.into_iter().map(Erasure::from).collect::<Vec<_>>()))
}
