//! Who one is to the server, one's password, and the end of one's token.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::Caller;
use crate::web::authentication;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::rights::TABLE;
use crate::web::state::App;

/// The shortest password that is taken, in characters.
const SHORTEST_PASSWORD: usize = 12;
/// The longest, in bytes: hashing time must not be the caller's choice.
const LONGEST_PASSWORD: usize = 1024;

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
    /// What the role may do.
    acts: Vec<String>,
}

/// A new password, and the present one to prove that it is really the user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present password.
    current: String,
    /// The new one: at least twelve characters.
    new: String,
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/me", tag = "access", responses((status = 200, description = "The caller", body = Me)))]
pub async fn who_am_i(caller: Caller) -> HttpResponse {
    let acts = TABLE
        .iter()
        .filter(|rule| rule.allows(caller.role))
        .map(|rule| format!("{:?}", rule.act))
        .collect();
    HttpResponse::Ok().json(Me {
        role: caller.role.name(),
        name: caller.name,
        cities: caller.cities,
        surveys: caller.surveys,
        round: caller.round,
        acts,
    })
}

/// Change one's password
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "access", request_body = ChangePassword,
    responses((status = 204, description = "Changed"))
)]
pub async fn change_password(
    app: web::Data<App>,
    caller: Caller,
    Json(change): Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    if change.new.chars().count() < SHORTEST_PASSWORD || change.new.len() > LONGEST_PASSWORD {
        return Err(Problem::new(Code::ValueInvalid).explain(
            format!("新密码至少 {SHORTEST_PASSWORD} 个字符，至多 {LONGEST_PASSWORD} 字节。"),
            format!("A new password has at least {SHORTEST_PASSWORD} characters and at most {LONGEST_PASSWORD} bytes."),
        ));
    }
    let user = authentication::sign_in(&app, caller.name.clone(), change.current).await?;
    let hash = authentication::hashed(&app, change.new).await?;
    let (store, now) = (app.store_for(&caller), app.now());
    web::block(move || store.set_password(&user.name, &hash, false, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out
///
/// Ends the token that the request came with.
#[utoipa::path(delete, path = "/api/v1/me/token", tag = "access", responses((status = 204, description = "Ended")))]
pub async fn log_out(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (store, now) = (app.store_for(&caller), app.now());
    web::block(move || store.revoke_token(&caller.name, caller.token, now)).await??;
    Ok(HttpResponse::NoContent().finish())
}
