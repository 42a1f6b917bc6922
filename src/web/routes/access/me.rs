//! Who one is to the server, one's password, and the end of one's session or token.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::Carrier;
use crate::web::Caller;
use crate::web::authentication::Credential;
use crate::web::body::Json;
use crate::web::cookie;
use crate::web::passwords;
use crate::web::problem::Problem;
use crate::web::rights::{Stage, TABLE};
use crate::web::sign_in::{self, Origin};
use crate::web::state::App;

/// The caller as the server sees them.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The user's name.
    name: String,
    /// The user's role.
    #[schema(example = "supervisor")]
    role: &'static str,
    /// The only cities whose answers they see; null is all.
    cities: Option<Vec<String>>,
    /// The only surveys that this token is good for; null is all.
    surveys: Option<Vec<String>>,
    /// The round that responses sent with this token belong to.
    round: Option<String>,
    /// What the caller may do, by the names that tokens can be limited to.
    #[schema(example = json!(["read_surveys", "submit_responses"]))]
    acts: Vec<String>,
    /// What is to be done before anything else: `second_factor_needed`, `password_change_required`,
    /// `second_factor_required`, or null.
    to_do: Option<&'static str>,
}

/// A new password, and the present one to prove that it is really the user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current": "timber and berries of 2026", "new": "larch, birch and spruce"}))]
pub struct ChangePassword {
    /// The present password.
    current: String,
    /// The new one: at least twelve characters, without the user's name, none that is commonly used.
    new: String,
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/me", tag = "access", responses((status = 200, description = "The caller", body = Me)))]
pub async fn who_am_i(caller: Caller) -> HttpResponse {
    let acts = TABLE
        .iter()
        .filter(|rule| caller.may(rule.act))
        .map(|rule| rule.act.name())
        .collect();
    HttpResponse::Ok().json(Me {
        role: caller.role.name(),
        name: caller.name,
        cities: caller.cities,
        surveys: caller.surveys,
        round: caller.round,
        acts,
        to_do: match caller.stage {
            Stage::SecondFactor => Some("second_factor_needed"),
            Stage::NewPassword => Some("password_change_required"),
            Stage::Enrolment => Some("second_factor_required"),
            Stage::Complete => None,
        },
    })
}

/// Change one's password
///
/// All sessions of the user end, the one that it is changed in too: sign in again with the new password. A browser's
/// session goes on under a new secret.
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "access", request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 401, description = "The present password is wrong"),
        (status = 422, description = "The new password breaks a rule")
    )
)]
pub async fn change_password(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    Json(change): Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::NoContent().finish();
    change_own_password(&app, &request, caller, change.current, change.new, &mut response).await?;
    Ok(response)
}

/// Replaces the caller's password, and gives a browser a new session.
pub(in crate::web::routes) async fn change_own_password(
    app: &web::Data<App>,
    request: &HttpRequest,
    caller: Caller,
    current: String,
    new: String,
    response: &mut HttpResponse,
) -> Result<(), Problem> {
    let origin = Origin::of(request);
    let (user, _) = sign_in::prove_password(app, &origin, caller.name.clone(), current).await?;
    let hash = passwords::chosen(app, user.name.clone(), new).await?;
    let (store, name, now) = (app.store_for(&caller), user.name.clone(), app.now());
    web::block(move || store.set_password(&name, &hash, false, now)).await??;
    if let Credential::Session(_, Carrier::Cookie) = caller.credential {
        // Nobody reaches this place before the code of the second factor.
        let begun = sign_in::begin_session(app, &origin, user.name, Carrier::Cookie, true).await?;
        begun.set_cookies(app, request, response)?;
    }
    Ok(())
}

/// Sign out
///
/// Ends the session or the token that the request came with.
#[utoipa::path(delete, path = "/api/v1/me/token", tag = "access", responses((status = 204, description = "Ended")))]
pub async fn log_out(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::NoContent().finish();
    sign_out(&app, &request, caller, &mut response).await?;
    Ok(response)
}

/// Ends what the caller came with, and takes the cookie from a browser.
pub(in crate::web::routes) async fn sign_out(
    app: &web::Data<App>,
    request: &HttpRequest,
    caller: Caller,
    response: &mut HttpResponse,
) -> Result<(), Problem> {
    let (store, now) = (app.store_for(&caller), app.now());
    web::block(move || match caller.credential {
        Credential::Token(token) => store.revoke_token(&caller.name, token, now),
        Credential::Session(session, _) => store.end_session(&caller.name, session, now),
    })
    .await??;
    if let Credential::Session(_, Carrier::Cookie) = caller.credential {
        response
            .add_cookie(&cookie::without_session(request))
            .map_err(Problem::internal)?;
        // What the browser has kept of the pages goes too.
        response.headers_mut().insert(
            actix_web::http::header::HeaderName::from_static("clear-site-data"),
            actix_web::http::header::HeaderValue::from_static("\"cache\", \"storage\""),
        );
    }
    Ok(())
}
