//! API tokens of a user: list, issue, revoke.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{self, NewToken};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// The longest life of a token, in days.
const LONGEST_LIFE_DAYS: u32 = 3660;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// The key.
    id: i64,
    /// The start of the secret, to recognise it by.
    hint: String,
    /// The only surveys that it is good for; null is all.
    surveys: Option<Vec<String>>,
    /// The round that its responses belong to.
    round: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ends.
    expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<store::Token> for Token {
    fn from(token: store::Token) -> Self {
        Self {
            id: token.id,
            hint: token.hint,
            surveys: token.surveys,
            round: token.round,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token to be issued.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IssueToken {
    /// The only surveys that it is good for; null or absent is all.
    surveys: Option<Vec<String>>,
    /// The round that its responses belong to.
    round: Option<String>,
    /// How many days it is good; null or absent is until it is revoked.
    expires_in_days: Option<u32>,
}

/// The secret of a new token; it is shown only here.
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// What to send as `Authorization: Bearer …`.
    token: String,
    /// When it ends.
    expires_at: Option<DateTime<Utc>>,
}

/// List a user's tokens
#[utoipa::path(
    get, path = "/api/v1/users/{name}/tokens", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The tokens, newest first", body = Vec<Token>))
)]
pub async fn list_tokens(app: web::Data<App>, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let tokens = web::block(move || app.store.tokens(&name)).await??;
    Ok(HttpResponse::Ok().json(tokens.into_iter().map(Token::from).collect::<Vec<_>>()))
}

/// Issue a token
#[utoipa::path(
    post, path = "/api/v1/users/{name}/tokens", tag = "users", request_body = IssueToken,
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 201, description = "The token", body = Issued))
)]
pub async fn issue_token(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
    Json(issue): Json<IssueToken>,
) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let expires_at = match issue.expires_in_days {
        Some(days @ 1..=LONGEST_LIFE_DAYS) => Some(now + TimeDelta::days(i64::from(days))),
        None => None,
        Some(_) => {
            return Err(Problem::new(Code::ValueInvalid).explain(
                format!("有效期为 1 至 {LONGEST_LIFE_DAYS} 天。"),
                format!("A token is good for 1 to {LONGEST_LIFE_DAYS} days."),
            ));
        }
    };
    let new = NewToken {
        surveys: issue.surveys,
        round: issue.round,
        expires_at,
    };
    let token = web::block(move || {
        let surveys = app.store.surveys()?;
        if let Some(unknown) = new
            .surveys
            .iter()
            .flatten()
            .find(|survey| !surveys.iter().any(|(known, _)| known == *survey))
        {
            return Err(Problem::new(Code::ValueInvalid).explain(
                format!("没有问卷“{unknown}”。"),
                format!("There is no survey '{unknown}'."),
            ));
        }
        app.store_for(&caller)
            .create_token(&name, &new, now)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Created()
        .insert_header(("cache-control", "no-store"))
        .json(Issued { token, expires_at }))
}

/// Revoke a token
#[utoipa::path(
    delete, path = "/api/v1/users/{name}/tokens/{token}", tag = "users",
    params(("name" = String, Path, description = "The user's name"), ("token" = i64, Path, description = "The token's key")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke_token(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Problem> {
    let (name, token) = path.into_inner();
    let now = app.now();
    web::block(move || app.store_for(&caller).revoke_token(&name, token, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}
