//! Signing in: a name and a password for a token.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{Channel, NewToken, Origin};
use crate::web::authentication;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::state::App;

/// How long a token from signing in is good.
const GOOD_FOR: TimeDelta = TimeDelta::hours(12);

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The user's name.
    #[schema(example = "admin")]
    name: String,
    /// The user's password.
    password: String,
}

/// A token to send as `Authorization: Bearer …`.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// The token; it is shown only here.
    token: String,
    /// When it ends.
    expires_at: DateTime<Utc>,
    /// Whether the password was made up for the user and should be replaced.
    must_change_password: bool,
}

/// Sign in
///
/// Exchanges a name and a password for a token that is good for twelve hours.
#[utoipa::path(
    post, path = "/api/v1/login", tag = "access", request_body = LogIn,
    responses((status = 200, description = "A token", body = LoggedIn), (status = 401, description = "Wrong name or password"))
)]
pub async fn log_in(
    app: web::Data<App>,
    request: HttpRequest,
    Json(log_in): Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    let user = authentication::sign_in(&app, log_in.name, log_in.password).await?;
    let now = app.now();
    let expires_at = now + GOOD_FOR;
    let new = NewToken {
        expires_at: Some(expires_at),
        ..NewToken::default()
    };
    let store = app.store.acting(Origin {
        actor: Some(user.name.clone()),
        channel: Channel::Api,
        address: request.peer_addr().map(|peer| peer.ip()),
    });
    let token = web::block(move || store.create_token(&user.name, &new, now)).await??;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(LoggedIn {
            token,
            expires_at,
            must_change_password: user.must_change_password,
        }))
}
