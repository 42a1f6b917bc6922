//! API tokens, of a user or one's own: list, issue, revoke.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{self, NewToken};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::phone_settings::PhoneSettings;
use crate::web::problem::{Code, Problem};
use crate::web::rights::Act;
use crate::web::routes::openrosa::public_address;
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
    /// The only cities that it is good for, within those of its user; null is all of theirs.
    cities: Option<Vec<String>>,
    /// The only acts that it is good for, within those of its user's role; null is all of theirs.
    acts: Option<Vec<String>>,
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
            cities: token.cities,
            acts: token.acts,
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
#[schema(example = json!({"surveys": ["enterprise"], "cities": ["230700"], "acts": ["submit_responses", "read_surveys"], "round": "2026", "expires_in_days": 90}))]
pub struct IssueToken {
    /// The only surveys that it is good for; null or absent is all.
    surveys: Option<Vec<String>>,
    /// The only cities that it is good for, within those of its user; null or absent is all of theirs.
    cities: Option<Vec<String>>,
    /// The only acts that it is good for, within those of its user's role; null or absent is all of theirs. `acts` of
    /// `GET /api/v1/me` names those that the caller may do.
    #[schema(example = json!(["submit_responses", "read_surveys"]))]
    acts: Option<Vec<String>>,
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
    /// The server's address for ODK Collect or KoboCollect, where the token is good for a phone. With `/qr.png` or
    /// `/qr.svg` after it, it is the picture of the code that sets the phone up.
    #[schema(example = "https://survey.example.org/key/ig_token")]
    server_url: Option<String>,
}

/// List a user's tokens
#[utoipa::path(
    get, path = "/api/v1/users/{name}/tokens", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The tokens, newest first", body = Vec<Token>))
)]
pub async fn list_tokens(app: web::Data<App>, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    list(app, name.into_inner()).await
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
    request: HttpRequest,
    Json(token): Json<IssueToken>,
) -> Result<HttpResponse, Problem> {
    issue(app, &request, &caller, name.into_inner(), token).await
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
    revoke(app, &caller, name, token).await
}

/// List one's tokens
#[utoipa::path(
    get, path = "/api/v1/me/tokens", tag = "access",
    responses((status = 200, description = "The tokens, newest first", body = Vec<Token>))
)]
pub async fn list_own_tokens(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    list(app, caller.name).await
}

/// Issue a token for a program
///
/// It may do what its user may, or a part of it: surveys, cities, acts. A phone needs `fetch_forms` and
/// `submit_responses`, and `try_drafts` to try drafts.
#[utoipa::path(
    post, path = "/api/v1/me/tokens", tag = "access", request_body = IssueToken,
    responses((status = 201, description = "The token", body = Issued))
)]
pub async fn issue_own_token(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    Json(token): Json<IssueToken>,
) -> Result<HttpResponse, Problem> {
    let name = caller.name.clone();
    issue(app, &request, &caller, name, token).await
}

/// Revoke one of one's tokens
#[utoipa::path(
    delete, path = "/api/v1/me/tokens/{token}", tag = "access",
    params(("token" = i64, Path, description = "The token's key")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke_own_token(
    app: web::Data<App>,
    caller: Caller,
    token: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let name = caller.name.clone();
    revoke(app, &caller, name, token.into_inner()).await
}

async fn list(app: web::Data<App>, name: String) -> Result<HttpResponse, Problem> {
    let tokens = web::block(move || app.store.tokens(&name)).await??;
    Ok(HttpResponse::Ok().json(tokens.into_iter().map(Token::from).collect::<Vec<_>>()))
}

async fn issue(
    app: web::Data<App>,
    request: &HttpRequest,
    caller: &Caller,
    name: String,
    issue: IssueToken,
) -> Result<HttpResponse, Problem> {
    // A request that does not say how the server is reached gets its token all the same.
    let address = public_address(request).ok();
    let (store, now) = (app.store_for(caller), app.now());
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
        cities: issue.cities,
        acts: issue.acts,
        round: issue.round,
        expires_at,
    };
    let (token, server_url) = web::block(move || {
        let surveys: Vec<String> = app.store.surveys()?.into_iter().map(|(survey, _)| survey).collect();
        let places: Vec<String> = app.store.places()?.into_iter().map(|place| place.code).collect();
        expect_known("问卷", "survey", new.surveys.as_deref(), &surveys)?;
        expect_known("城市", "city", new.cities.as_deref(), &places)?;
        let rounds: Vec<String> = app.store.rounds()?.into_iter().map(|round| round.round).collect();
        expect_known("操作", "act", new.acts.as_deref(), &Act::names_for_tokens())?;
        expect_known("轮次", "round", new.round.as_ref().map(std::slice::from_ref), &rounds)?;
        let role = app.store.user(&name)?.role;
        let token = store.create_token(&name, &new, now)?;
        let acts = new.acts.as_ref();
        let sends = |act: Act| act.rule().allows(role) && acts.is_none_or(|acts| acts.contains(&act.name()));
        let for_phones = sends(Act::FetchForms) && sends(Act::SubmitResponses);
        let server_url = address.filter(|_| for_phones).map(|address| {
            let settings = PhoneSettings::new(address.as_str(), &token, false);
            settings.server_url().to_owned()
        });
        Ok::<_, Problem>((token, server_url))
    })
    .await??;
    Ok(HttpResponse::Created()
        .insert_header(("cache-control", "no-store"))
        .json(Issued {
            token,
            expires_at,
            server_url,
        }))
}

async fn revoke(app: web::Data<App>, caller: &Caller, name: String, token: i64) -> Result<HttpResponse, Problem> {
    let (store, now) = (app.store_for(caller), app.now());
    web::block(move || store.revoke_token(&name, token, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Every name is one of the known ones.
fn expect_known(zh: &str, en: &str, names: Option<&[String]>, known: &[String]) -> Result<(), Problem> {
    match names.unwrap_or_default().iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(Problem::new(Code::ValueInvalid).explain(
            format!("没有{zh}“{unknown}”。可用：{}。", known.join("、")),
            format!("There is no {en} '{unknown}': {}.", known.join(", ")),
        )),
        None => Ok(()),
    }
}
