//! What the forms of the pages send. Each leads back to a page, with what went wrong where something did.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::pages::show;
use crate::store::Carrier;
use crate::web::Caller;
use crate::web::page::account;
use crate::web::problem::{Code, Problem};
use crate::web::routes::access::{self, GiveCode, ProvePassword, RemoveSecondFactor};
use crate::web::sign_in::{self, Origin};
use crate::web::state::App;

/// The form of the sign-in page.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "zhao.min", "password": "timber and berries of 2026"}))]
pub struct SignInForm {
    name: String,
    password: String,
}

/// The form to change the password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"current": "timber and berries of 2026", "new": "larch, birch and spruce", "again": "larch, birch and spruce"}))]
pub struct PasswordForm {
    current: String,
    new: String,
    again: String,
}

/// The form to end a session.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"session": "7"}))]
pub struct SessionForm {
    /// The key of a session, or `all`.
    session: String,
}

/// Sign in by the page
#[utoipa::path(
    post, path = "/sign-in", tag = "pages", request_body(content = SignInForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "On to the account page"), (status = 401, description = "The page again", content_type = "text/html", body = String))
)]
pub async fn submit_sign_in(app: web::Data<App>, request: HttpRequest, form: web::Form<SignInForm>) -> HttpResponse {
    let SignInForm { name, password } = form.into_inner();
    match begin(&app, &request, name.clone(), password).await {
        Ok(response) => response,
        Err(problem) => account::sign_in(&name, Some(&problem)),
    }
}

async fn begin(
    app: &web::Data<App>,
    request: &HttpRequest,
    name: String,
    password: String,
) -> Result<HttpResponse, Problem> {
    let origin = Origin::of(request);
    let (user, code_needed) = sign_in::prove_password(app, &origin, name, password).await?;
    let begun = sign_in::begin_session(app, &origin, user.name, Carrier::Cookie, !code_needed).await?;
    let mut response = see("/account");
    begun.set_cookies(app, request, &mut response)?;
    Ok(response)
}

/// Give the code by the page
#[utoipa::path(
    post, path = "/account/code", tag = "pages", request_body(content = GiveCode, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the account page"))
)]
pub async fn submit_code(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    form: web::Form<GiveCode>,
) -> Result<HttpResponse, Problem> {
    let done = give_code(&app, &request, &caller, form.into_inner().code).await;
    page_or_problem(&app, &caller, done).await
}

/// Takes the code, and begins the session that follows under a secret that is known from here on only.
async fn give_code(
    app: &web::Data<App>,
    request: &HttpRequest,
    caller: &Caller,
    code: String,
) -> Result<HttpResponse, Problem> {
    let origin = Origin::of(request);
    sign_in::prove_code(app, &origin, caller.name.clone(), None, code).await?;
    let mut response = see("/account");
    access::sign_out(app, request, caller.clone(), &mut HttpResponse::Ok().finish()).await?;
    let begun = sign_in::begin_session(app, &origin, caller.name.clone(), Carrier::Cookie, true).await?;
    begun.set_cookies(app, request, &mut response)?;
    Ok(response)
}

/// Change the password by the page
#[utoipa::path(
    post, path = "/account/password", tag = "pages", request_body(content = PasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the account page"))
)]
pub async fn submit_password(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    form: web::Form<PasswordForm>,
) -> Result<HttpResponse, Problem> {
    let PasswordForm { current, new, again } = form.into_inner();
    let mut response = see("/account");
    let done = if new == again {
        access::change_own_password(&app, &request, caller.clone(), current, new, &mut response).await
    } else {
        Err(Problem::new(Code::PasswordRefused).explain(
            "两次输入的新密码不一致。",
            "The new password was not typed the same twice.",
        ))
    };
    page_or_problem(&app, &caller, done.map(|()| response)).await
}

/// Sign out by the page
#[utoipa::path(post, path = "/account/sign-out", tag = "pages", responses((status = 303, description = "On to the sign-in page")))]
pub async fn submit_sign_out(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let mut response = see("/sign-in");
    access::sign_out(&app, &request, caller, &mut response).await?;
    Ok(response)
}

/// End a session by the page
#[utoipa::path(
    post, path = "/account/sessions/end", tag = "pages", request_body(content = SessionForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the account page"))
)]
pub async fn submit_session_end(
    app: web::Data<App>,
    caller: Caller,
    form: web::Form<SessionForm>,
) -> Result<HttpResponse, Problem> {
    let (store, name, now) = (app.store_for(&caller), caller.name.clone(), app.now());
    let session = form.into_inner().session;
    let all = session == "all";
    let done = web::block(move || match session.parse() {
        _ if all => store.end_sessions(&name, now).map_err(Problem::from),
        Ok(session) => store.end_session(&name, session, now).map_err(Problem::from),
        Err(_) => Err(Problem::not_found()),
    })
    .await?;
    let target = if all { "/sign-in" } else { "/account" };
    page_or_problem(&app, &caller, done.map(|()| see(target))).await
}

/// Set up a second factor by the page
#[utoipa::path(
    post, path = "/account/second-factor", tag = "pages", request_body(content = ProvePassword, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the account page"))
)]
pub async fn submit_factor_start(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    form: web::Form<ProvePassword>,
) -> Result<HttpResponse, Problem> {
    let name = caller.name.clone();
    let done = access::start_own(&app, &Origin::of(&request), name, form.into_inner().password).await;
    page_or_problem(&app, &caller, done.map(|_| see("/account"))).await
}

/// Confirm a second factor by the page
#[utoipa::path(
    post, path = "/account/second-factor/confirm", tag = "pages", request_body(content = GiveCode, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The recovery codes", content_type = "text/html", body = String))
)]
pub async fn submit_factor_confirm(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    form: web::Form<GiveCode>,
) -> Result<HttpResponse, Problem> {
    let code = form.into_inner().code;
    match access::confirm_own(&app, &Origin::of(&request), caller.clone(), code).await {
        Ok(codes) => show(&app, &caller, None, &codes).await,
        Err(problem) => show(&app, &caller, Some(&problem), &[]).await,
    }
}

/// Remove the second factor by the page
#[utoipa::path(
    post, path = "/account/second-factor/remove", tag = "pages", request_body(content = RemoveSecondFactor, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the account page"))
)]
pub async fn submit_factor_remove(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    form: web::Form<RemoveSecondFactor>,
) -> Result<HttpResponse, Problem> {
    let RemoveSecondFactor { password, code } = form.into_inner();
    let done = access::remove_own(&app, &Origin::of(&request), &caller, password, code).await;
    page_or_problem(&app, &caller, done.map(|()| see("/account"))).await
}

/// The answer, or the account page with what went wrong.
async fn page_or_problem(
    app: &web::Data<App>,
    caller: &Caller,
    done: Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    match done {
        Ok(response) => Ok(response),
        Err(problem) => show(app, caller, Some(&problem), &[]).await,
    }
}

/// Sends a browser on with a GET.
fn see(address: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}
