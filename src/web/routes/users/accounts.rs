//! Users: list, add, one, keep out or let in again, a new password.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::response::Role;
use crate::store::{self, NewUser, random_password};
use crate::web::Caller;
use crate::web::authentication;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// A user.
#[derive(Serialize, ToSchema)]
pub struct User {
    /// The name to sign in with.
    name: String,
    /// administrator, supervisor, field, operator, consultant or viewer.
    #[schema(example = "field")]
    role: &'static str,
    /// The only cities whose answers they see; null is all.
    cities: Option<Vec<String>>,
    /// Whether they are kept out.
    disabled: bool,
    /// Whether their password was made up for them.
    must_change_password: bool,
    /// When they were added.
    created_at: DateTime<Utc>,
}

impl From<store::User> for User {
    fn from(user: store::User) -> Self {
        Self {
            name: user.name,
            role: user.role.name(),
            cities: user.cities,
            disabled: user.disabled,
            must_change_password: user.must_change_password,
            created_at: user.created_at,
        }
    }
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// The name to sign in with.
    name: String,
    /// administrator, supervisor, field, operator, consultant or viewer.
    #[schema(example = "field")]
    role: String,
    /// The only cities whose answers they see; null or absent is all.
    #[serde(default)]
    cities: Option<Vec<String>>,
}

/// The user with the password that was made up for them; it is shown only here.
#[derive(Serialize, ToSchema)]
pub struct UserWithPassword {
    /// The user.
    user: User,
    /// The password.
    password: String,
}

/// What is to change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUser {
    /// true keeps the user out at once, with all their tokens; false lets them in again.
    disabled: bool,
}

/// List users
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = 200, description = "All users, by name", body = Vec<User>)))]
pub async fn list_users(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let users = web::block(move || app.store.users()).await??;
    Ok(HttpResponse::Ok().json(users.into_iter().map(User::from).collect::<Vec<_>>()))
}

/// Add a user
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users", request_body = AddUser,
    responses((status = 201, description = "Added, with a generated password", body = UserWithPassword), (status = 409, description = "The name is taken"))
)]
pub async fn add_user(app: web::Data<App>, caller: Caller, Json(add): Json<AddUser>) -> Result<HttpResponse, Problem> {
    let role = Role::from_name(&add.role).ok_or_else(|| {
        let roles = Role::ALL.map(Role::name).join(", ");
        Problem::new(Code::ValueInvalid).explain(
            format!("没有角色“{}”，可用：{roles}。", add.role),
            format!("There is no role '{}': {roles}.", add.role),
        )
    })?;
    let password = random_password()?;
    let password_hash = authentication::hashed(&app, password.clone()).await?;
    let new = NewUser {
        name: add.name,
        password_hash,
        role,
        cities: add.cities,
        must_change_password: true,
    };
    let now = app.now();
    let user = web::block(move || {
        expect_places(&app, new.cities.as_deref())?;
        app.store_for(&caller).add_user(&new, now).map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Created()
        .insert_header(("cache-control", "no-store"))
        .json(UserWithPassword {
            user: user.into(),
            password,
        }))
}

/// One user
#[utoipa::path(
    get, path = "/api/v1/users/{name}", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The user", body = User))
)]
pub async fn get_user(app: web::Data<App>, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let user = web::block(move || app.store.user(&name)).await??;
    Ok(HttpResponse::Ok().json(User::from(user)))
}

/// Disable or enable a user
///
/// Disabling ends all tokens of the user at once.
#[utoipa::path(
    patch, path = "/api/v1/users/{name}", tag = "users", request_body = ChangeUser,
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The user as it is now", body = User))
)]
pub async fn change_user(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
    Json(change): Json<ChangeUser>,
) -> Result<HttpResponse, Problem> {
    if change.disabled && caller.name == *name {
        return Err(Problem::new(Code::ValueInvalid).explain("不能停用自己。", "Nobody can disable themselves."));
    }
    let now = app.now();
    let user = web::block(move || {
        app.store_for(&caller).set_user_disabled(&name, change.disabled, now)?;
        app.store.user(&name)
    })
    .await??;
    Ok(HttpResponse::Ok().json(User::from(user)))
}

/// Give a user a new password
#[utoipa::path(
    post, path = "/api/v1/users/{name}/password", tag = "users", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The new password", body = UserWithPassword))
)]
pub async fn reset_password(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let password = random_password()?;
    let hash = authentication::hashed(&app, password.clone()).await?;
    let now = app.now();
    let user = web::block(move || {
        app.store_for(&caller).set_password(&name, &hash, true, now)?;
        app.store.user(&name)
    })
    .await??;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(UserWithPassword {
            user: user.into(),
            password,
        }))
}

/// Every city that a user is limited to is a place.
fn expect_places(app: &App, cities: Option<&[String]>) -> Result<(), Problem> {
    let places = app.store.places()?;
    match cities
        .unwrap_or_default()
        .iter()
        .find(|city| !places.iter().any(|place| place.code == **city))
    {
        Some(city) => Err(Problem::new(Code::ValueInvalid)
            .explain(format!("没有城市“{city}”。"), format!("There is no city '{city}'."))),
        None => Ok(()),
    }
}
