//! Sessions, of a user or one's own: list and end them; and the end of a user's second factor.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// A session that is live.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// The key.
    id: i64,
    /// `cookie` is a browser's, `bearer` a program's.
    #[schema(example = "cookie")]
    carrier: &'static str,
    /// Whether it is the one that the request came with.
    current: bool,
    /// The client's address when it began.
    address: String,
    /// What the client said that it is.
    agent: String,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    last_used_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
}

impl Session {
    fn of(session: store::Session, current: Option<i64>) -> Self {
        Self {
            current: current == Some(session.id),
            id: session.id,
            carrier: session.carrier.name(),
            address: session.address,
            agent: session.agent,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// List a user's sessions
#[utoipa::path(
    get, path = "/api/v1/users/{name}/sessions", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The live sessions, the last used first", body = Vec<Session>))
)]
pub async fn list_sessions(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    list(app, name.into_inner(), caller.session()).await
}

/// End all sessions of a user
#[utoipa::path(
    delete, path = "/api/v1/users/{name}/sessions", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 204, description = "Ended"))
)]
pub async fn end_sessions(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    end_all(app, &caller, name.into_inner()).await
}

/// End a session of a user
#[utoipa::path(
    delete, path = "/api/v1/users/{name}/sessions/{session}", tag = "users",
    params(("name" = String, Path, description = "The user's name"), ("session" = i64, Path, description = "The session's key")),
    responses((status = 204, description = "Ended"))
)]
pub async fn end_session(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Problem> {
    let (name, session) = path.into_inner();
    end(app, &caller, name, session).await
}

/// List one's sessions
#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "access",
    responses((status = 200, description = "The live sessions, the last used first", body = Vec<Session>))
)]
pub async fn list_own_sessions(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let current = caller.session();
    list(app, caller.name, current).await
}

/// End all of one's sessions
///
/// Also the one that the request comes with.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "access", responses((status = 204, description = "Ended")))]
pub async fn end_own_sessions(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let name = caller.name.clone();
    end_all(app, &caller, name).await
}

/// End one of one's sessions
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{session}", tag = "access",
    params(("session" = i64, Path, description = "The session's key")),
    responses((status = 204, description = "Ended"))
)]
pub async fn end_own_session(
    app: web::Data<App>,
    caller: Caller,
    session: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let name = caller.name.clone();
    end(app, &caller, name, session.into_inner()).await
}

/// Remove a user's second factor
///
/// For when the authenticator and the recovery codes are lost. All sessions of the user end.
#[utoipa::path(
    delete, path = "/api/v1/users/{name}/second-factor", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 204, description = "Removed"))
)]
pub async fn reset_second_factor(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (store, now) = (app.store_for(&caller), app.now());
    web::block(move || {
        store.remove_second_factor(&name, now)?;
        store.end_sessions(&name, now)
    })
    .await??;
    Ok(HttpResponse::NoContent().finish())
}

async fn list(app: web::Data<App>, name: String, current: Option<i64>) -> Result<HttpResponse, Problem> {
    let (idle, now) = (app.session_idle(), app.now());
    let sessions = web::block(move || app.store.sessions(&name, idle, now)).await??;
    let sessions: Vec<Session> = sessions
        .into_iter()
        .map(|session| Session::of(session, current))
        .collect();
    Ok(HttpResponse::Ok().json(sessions))
}

async fn end(app: web::Data<App>, caller: &Caller, name: String, session: i64) -> Result<HttpResponse, Problem> {
    let (store, now) = (app.store_for(caller), app.now());
    web::block(move || store.end_session(&name, session, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}

async fn end_all(app: web::Data<App>, caller: &Caller, name: String) -> Result<HttpResponse, Problem> {
    let (store, now) = (app.store_for(caller), app.now());
    web::block(move || store.end_sessions(&name, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}
