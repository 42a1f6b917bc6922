//! Users: list, add, one, keep out or let in again, a new password.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::response::Role;
use crate::store::{self, NewUser, UserChange, random_password};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::passwords;
use crate::web::preconditions::{IfMatch, tagged};
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
    /// Whether they must have a second factor.
    second_factor_required: bool,
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
            second_factor_required: user.second_factor_required,
            created_at: user.created_at,
        }
    }
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "zhao.min", "role": "field", "cities": ["230700"]}))]
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

/// What is to change of a user; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::option_option, reason = "null is all cities, absent is no change")]
#[schema(example = json!({"role": "supervisor", "cities": ["230700", "230800"], "second_factor_required": true}))]
pub struct ChangeUser {
    /// true keeps the user out at once, with all their sessions and tokens; false lets them in again.
    disabled: Option<bool>,
    /// The new role; it holds for the sessions and tokens that the user has.
    #[schema(example = "viewer")]
    role: Option<String>,
    /// The only cities whose answers they see from now on; null is all.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    cities: Option<Option<Vec<String>>>,
    /// Whether they must have a second factor: until they have set one up, they can do nothing else.
    second_factor_required: Option<bool>,
}

/// Tells null, which is all cities, from absent.
#[allow(clippy::option_option, reason = "as in the body")]
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(value).map(Some)
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
    let role = known_role(&add.role)?;
    let password = random_password()?;
    let password_hash = passwords::hashed(&app, password.clone()).await?;
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
pub async fn get_user(
    app: web::Data<App>,
    name: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user = web::block(move || app.store.user(&name)).await??;
    tagged(&request, &User::from(user))
}

/// Change a user
///
/// Keeps them out or lets them in again, changes their role or their cities, or requires a second factor. It holds from
/// their next request on.
#[utoipa::path(
    patch, path = "/api/v1/users/{name}", tag = "users", request_body = ChangeUser,
    params(("name" = String, Path, description = "The user's name"), IfMatch),
    responses(
        (status = 200, description = "The user as it is now", body = User),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
    )
)]
pub async fn change_user(
    app: web::Data<App>,
    caller: Caller,
    name: web::Path<String>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(change): Json<ChangeUser>,
) -> Result<HttpResponse, Problem> {
    let mut change = UserChange {
        disabled: change.disabled,
        role: change.role.as_deref().map(known_role).transpose()?,
        cities: change.cities,
        second_factor_required: change.second_factor_required,
        seen: None,
    };
    // Otherwise the last administrator could go.
    let gives_up = change.disabled == Some(true)
        || change.role.is_some_and(|role| role != Role::Administrator)
        || matches!(change.cities, Some(Some(_)));
    if gives_up && caller.name == *name {
        return Err(Problem::new(Code::ValueInvalid).explain(
            "不能停用自己，也不能降低自己的权限。",
            "Nobody can disable themselves or give up their own rights.",
        ));
    }
    let now = app.now();
    let user = web::block(move || {
        expect_places(&app, change.cities.as_ref().and_then(Option::as_deref))?;
        let seen = app.store.user(&name)?;
        if_match.check(&User::from(seen.clone()))?;
        // What was compared with the tag is what the store must still find.
        change.seen = if_match.names_a_state().then_some(seen);
        app.store_for(&caller).change_user(&name, &change, now)?;
        app.store.user(&name).map_err(Problem::from)
    })
    .await??;
    tagged(&request, &User::from(user))
}

/// Give a user a new password
///
/// It is made up and is to be replaced at the first sign-in. All sessions of the user end.
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
    let hash = passwords::hashed(&app, password.clone()).await?;
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

fn known_role(name: &str) -> Result<Role, Problem> {
    Role::from_name(name).ok_or_else(|| {
        let roles = Role::ALL.map(Role::name).join(", ");
        Problem::new(Code::ValueInvalid).explain(
            format!("没有角色“{name}”，可用：{roles}。"),
            format!("There is no role '{name}': {roles}."),
        )
    })
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
