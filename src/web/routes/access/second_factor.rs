//! One's second factor: set it up, confirm it, replace the recovery codes, remove it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use fast_qr::convert::Builder as _;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::web::sign_in::{self, Origin};
use crate::web::state::App;

/// Whether the caller has a second factor.
#[derive(Serialize, ToSchema)]
pub struct OwnSecondFactor {
    /// Since when; null where there is none.
    confirmed_at: Option<DateTime<Utc>>,
    /// How many recovery codes are left.
    recovery_codes_left: usize,
}

/// The present password, to prove that it is really the user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "timber and berries of 2026"}))]
pub struct ProvePassword {
    /// The present password.
    pub(in crate::web::routes) password: String,
}

/// What the authenticator is given.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// The secret, in base 32, to be typed.
    secret: String,
    /// The same as an `otpauth:` address.
    uri: String,
    /// The address as a QR code, in SVG.
    qr_svg: String,
}

/// A code that the authenticator shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "123456"}))]
pub struct GiveCode {
    /// Six digits; where a second factor is confirmed already, also a recovery code.
    #[schema(example = "123456")]
    pub(in crate::web::routes) code: String,
}

/// Codes for when the authenticator is lost, each good once; they are shown only here.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes.
    recovery_codes: Vec<String>,
}

/// The present password and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "timber and berries of 2026", "code": "123456"}))]
pub struct RemoveSecondFactor {
    /// The present password.
    pub(in crate::web::routes) password: String,
    /// A code of the authenticator, or a recovery code.
    pub(in crate::web::routes) code: String,
}

/// One's second factor
#[utoipa::path(
    get, path = "/api/v1/me/second-factor", tag = "access",
    responses((status = 200, description = "Whether there is one", body = OwnSecondFactor))
)]
pub async fn get(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let factor = web::block(move || app.store.second_factor(&caller.name)).await??;
    Ok(HttpResponse::Ok().json(OwnSecondFactor {
        confirmed_at: factor.map(|factor| factor.confirmed_at),
        recovery_codes_left: factor.map_or(0, |factor| factor.recovery_codes),
    }))
}

/// Set up a second factor
///
/// Makes a secret for an authenticator (TOTP). It counts once a first code has confirmed it.
#[utoipa::path(
    post, path = "/api/v1/me/second-factor", tag = "access", request_body = ProvePassword,
    responses((status = 200, description = "What the authenticator is given", body = Enrolment))
)]
pub async fn start(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    Json(proof): Json<ProvePassword>,
) -> Result<HttpResponse, Problem> {
    let enrolment = start_own(&app, &Origin::of(&request), caller.name, proof.password).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(Enrolment {
            qr_svg: qr_code(&enrolment.uri)?,
            secret: enrolment.secret,
            uri: enrolment.uri,
        }))
}

/// Confirm a second factor
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/confirm", tag = "access", request_body = GiveCode,
    responses((status = 200, description = "Confirmed; the recovery codes", body = RecoveryCodes))
)]
pub async fn confirm(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    Json(given): Json<GiveCode>,
) -> Result<HttpResponse, Problem> {
    let recovery_codes = confirm_own(&app, &Origin::of(&request), caller, given.code).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(RecoveryCodes { recovery_codes }))
}

/// Replace one's recovery codes
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/recovery-codes", tag = "access", request_body = GiveCode,
    responses((status = 200, description = "The new ones; the old ones are good for nothing", body = RecoveryCodes))
)]
pub async fn replace_recovery_codes(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    Json(given): Json<GiveCode>,
) -> Result<HttpResponse, Problem> {
    sign_in::prove_code(&app, &Origin::of(&request), caller.name.clone(), None, given.code).await?;
    let (store, now) = (app.store_for(&caller), app.now());
    let recovery_codes = web::block(move || store.replace_recovery_codes(&caller.name, now)).await??;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(RecoveryCodes { recovery_codes }))
}

/// Remove one's second factor
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/remove", tag = "access", request_body = RemoveSecondFactor,
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    Json(proof): Json<RemoveSecondFactor>,
) -> Result<HttpResponse, Problem> {
    remove_own(&app, &Origin::of(&request), &caller, proof.password, proof.code).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a secret for the authenticator of a user who proves the password.
pub(in crate::web::routes) async fn start_own(
    app: &web::Data<App>,
    origin: &Origin,
    name: String,
    password: String,
) -> Result<store::Enrolment, Problem> {
    sign_in::prove_password(app, origin, name.clone(), password).await?;
    let (store, now) = (app.store.clone(), app.now());
    Ok(web::block(move || store.start_enrolment(&name, now)).await??)
}

/// Confirms the caller's enrolment by a first code, and says the recovery codes.
pub(in crate::web::routes) async fn confirm_own(
    app: &web::Data<App>,
    origin: &Origin,
    caller: Caller,
    code: String,
) -> Result<Vec<String>, Problem> {
    let session = caller.session();
    sign_in::prove_first_code(app, origin, caller.name, session, code).await
}

/// Removes a second factor of a user who proves both.
pub(in crate::web::routes) async fn remove_own(
    app: &web::Data<App>,
    origin: &Origin,
    caller: &Caller,
    password: String,
    code: String,
) -> Result<(), Problem> {
    let name = caller.name.clone();
    sign_in::prove_password(app, origin, name.clone(), password).await?;
    sign_in::prove_code(app, origin, name.clone(), None, code).await?;
    let (store, now) = (app.store_for(caller), app.now());
    web::block(move || store.remove_second_factor(&name, now)).await??;
    Ok(())
}

/// A QR code in SVG, black on white whatever surrounds it: cameras need it so.
pub(in crate::web::routes) fn qr_code(text: &str) -> Result<String, Problem> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|error| Problem::internal(format!("no QR code: {error:?}")))?;
    Ok(SvgBuilder::default().margin(4).to_str(&code))
}
