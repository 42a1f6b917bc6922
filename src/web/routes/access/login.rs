//! Signing in: a name and a password, and a code where one is needed, for a session.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::Carrier;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::sign_in::{self, Origin};
use crate::web::state::App;

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "zhao.min", "password": "timber and berries of 2026", "code": "123456"}))]
pub struct LogIn {
    /// The user's name.
    #[schema(example = "admin")]
    name: String,
    /// The user's password.
    password: String,
    /// The six-digit code of the user's authenticator, or a recovery code, where the user has a second factor.
    #[serde(default)]
    code: Option<String>,
    /// true asks for the session as a cookie, which scripts can't read, instead of a token.
    #[serde(default)]
    cookie: bool,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// What to send as `Authorization: Bearer …`; it is shown only here. null where a cookie was asked for.
    token: Option<String>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether the password was made up for the user: it is to be replaced before anything else.
    must_change_password: bool,
}

/// Sign in
///
/// Exchanges a name and a password for a session. It ends after three hours without use, after twelve hours, by signing
/// out, and with a change of the password. Failed attempts delay further ones (429 with `Retry-After`).
#[utoipa::path(
    post, path = "/api/v1/login", tag = "access", request_body = LogIn,
    responses(
        (status = 200, description = "A session", body = LoggedIn),
        (status = 401, description = "Wrong name or password; or, with the code second_factor_needed or wrong_code, a code is needed or wrong"),
        (status = 429, description = "Too many attempts have failed: wait for as many seconds as Retry-After says")
    )
)]
pub async fn log_in(
    app: web::Data<App>,
    request: HttpRequest,
    Json(log_in): Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    let origin = Origin::of(&request);
    let (user, code_needed) = sign_in::prove_password(&app, &origin, log_in.name, log_in.password).await?;
    if code_needed {
        let code = log_in.code.ok_or_else(|| Problem::new(Code::SecondFactorNeeded))?;
        sign_in::prove_code(&app, &origin, user.name.clone(), None, code).await?;
    }
    let carrier = if log_in.cookie {
        Carrier::Cookie
    } else {
        Carrier::Bearer
    };
    let begun = sign_in::begin_session(&app, &origin, user.name, carrier, true).await?;
    let mut response = HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(LoggedIn {
            token: (!log_in.cookie).then(|| begun.secret.clone()),
            expires_at: begun.expires_at,
            must_change_password: user.must_change_password,
        });
    if log_in.cookie {
        begun.set_cookies(&app, &request, &mut response)?;
    }
    Ok(response)
}
