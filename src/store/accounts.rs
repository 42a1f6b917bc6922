//! Users: who may come in, as what, and for which cities. Passwords are kept as argon2id hashes only.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::locks::lock_one;
use super::schema::{known_origins, tokens, users};
use super::{AuditAct, JsonText, Store, StoreError, sessions, time};
use crate::response::Role;

/// A user to be added.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name to sign in with.
    pub name: String,
    /// From [`hash_password`].
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
    /// The cities that they are limited to; `None` is all of them.
    pub cities: Option<Vec<String>>,
    /// Whether the password was made up for them and has to be replaced.
    pub must_change_password: bool,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The key.
    pub id: i64,
    /// The name to sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The cities that they are limited to; `None` is all of them.
    pub cities: Option<Vec<String>>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Whether the password was made up for them and has to be replaced.
    pub must_change_password: bool,
    /// Whether they must have a second factor.
    pub second_factor_required: bool,
    /// When they were added.
    pub created_at: DateTime<Utc>,
}

/// What is to change of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Keep them out at once, with all their sessions and tokens, or let them in again (what ended stays ended).
    pub disabled: Option<bool>,
    /// What they may do from now on, whatever sessions and tokens they have.
    pub role: Option<Role>,
    /// The cities that they are limited to from now on; `Some(None)` is all of them.
    pub cities: Option<Option<Vec<String>>>,
    /// Whether they must have a second factor.
    pub second_factor_required: Option<bool>,
    /// The user as they were when the change was decided on: where they are not that any more, nothing changes.
    pub seen: Option<User>,
}

/// How `users.second_factor` says that one is needed.
const REQUIRED: &str = "required";
const OPTIONAL: &str = "optional";

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct NewRow<'a> {
    name: &'a str,
    password_hash: &'a str,
    role: &'a str,
    cities: Option<JsonText>,
    disabled: bool,
    must_change_password: bool,
    created_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    id: i64,
    name: String,
    role: String,
    cities: Option<JsonText>,
    disabled: bool,
    must_change_password: bool,
    created_at: NaiveDateTime,
    second_factor: String,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            role: read_role(&row.role)?,
            cities: row.cities.map(|cities| cities.read()).transpose()?,
            name: row.name,
            disabled: row.disabled,
            must_change_password: row.must_change_password,
            second_factor_required: row.second_factor == REQUIRED,
            created_at: time::read(row.created_at),
        })
    }
}

fn read_role(name: &str) -> Result<Role, StoreError> {
    Role::from_name(name).ok_or_else(|| StoreError::Unreadable(format!("unknown role '{name}'")))
}

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name is taken.
    pub fn add_user(&self, user: &NewUser, now: DateTime<Utc>) -> Result<User, StoreError> {
        let row = NewRow {
            name: &user.name,
            password_hash: &user.password_hash,
            role: user.role.name(),
            cities: user.cities.as_ref().map(JsonText::of).transpose()?,
            disabled: false,
            must_change_password: user.must_change_password,
            created_at: time::stored(now),
        };
        if user.name.trim().is_empty() || user.name.chars().any(char::is_control) {
            return Err(StoreError::Refused(
                "a user needs a name without control characters".to_owned(),
            ));
        }
        self.change(now, |connection, journal| {
            let added = on_backend!(connection, |c| diesel::insert_into(users::table)
                .values(&row)
                .on_conflict(users::name)
                .do_nothing()
                .execute(c))?;
            if added == 0 {
                return Err(StoreError::Exists {
                    what: "user",
                    name: user.name.clone(),
                });
            }
            let id = connection.inserted_id()?;
            journal
                .note(AuditAct::UserAdded, target(&user.name))
                .after(format!("role={}", user.role.name()));
            Ok(User {
                id,
                name: user.name.clone(),
                role: user.role,
                cities: user.cities.clone(),
                disabled: false,
                must_change_password: user.must_change_password,
                second_factor_required: false,
                created_at: time::read(row.created_at),
            })
        })
    }

    /// All users, by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = self.read(|connection| {
            Ok(on_backend!(connection, |c| users::table
                .order(users::name)
                .select(UserRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// The user of this name, also a disabled one, with the hash of the password.
    ///
    /// # Errors
    /// What the database says.
    pub fn user_for_sign_in(&self, name: &str) -> Result<Option<(User, String)>, StoreError> {
        if name.contains('\0') {
            return Ok(None);
        }
        self.read(|connection| find(connection, name))
    }

    /// The user of this name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn user(&self, name: &str) -> Result<User, StoreError> {
        match self.user_for_sign_in(name)? {
            Some((user, _)) => Ok(user),
            None => Err(no_user(name)),
        }
    }

    /// Keeps a user out, at once and with all their sessions and tokens, or lets them in again (what ended stays ended).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn set_user_disabled(&self, name: &str, disabled: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
        let change = UserChange {
            disabled: Some(disabled),
            ..UserChange::default()
        };
        self.change_user(name, &change, now)
    }

    /// Changes what a user is and may; it holds for their very next request.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none; [`StoreError::Stale`] where they are no longer what the caller saw.
    pub fn change_user(&self, name: &str, change: &UserChange, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            lock_one(connection, &["user", name])?;
            let id = id_of(connection, name)?;
            if let Some(seen) = &change.seen
                && find(connection, name)?.is_none_or(|(user, _)| user != *seen)
            {
                return Err(StoreError::Stale {
                    what: "user",
                    name: name.to_owned(),
                });
            }
            if let Some(role) = change.role {
                journal
                    .note(AuditAct::UserChanged, target(name))
                    .after(format!("role={}", role.name()));
                on_backend!(connection, |c| diesel::update(users::table.find(id))
                    .set(users::role.eq(role.name()))
                    .execute(c))?;
            }
            if let Some(cities) = &change.cities {
                let list = cities
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), |cities| cities.join(","));
                journal
                    .note(AuditAct::UserChanged, target(name))
                    .after(format!("cities={list}"));
                let cities = cities.as_ref().map(JsonText::of).transpose()?;
                on_backend!(connection, |c| diesel::update(users::table.find(id))
                    .set(users::cities.eq(&cities))
                    .execute(c))?;
            }
            if let Some(required) = change.second_factor_required {
                let value = if required { REQUIRED } else { OPTIONAL };
                journal
                    .note(AuditAct::UserChanged, target(name))
                    .after(format!("second_factor={value}"));
                on_backend!(connection, |c| diesel::update(users::table.find(id))
                    .set(users::second_factor.eq(value))
                    .execute(c))?;
            }
            if let Some(disabled) = change.disabled {
                let act = if disabled {
                    AuditAct::UserDisabled
                } else {
                    AuditAct::UserEnabled
                };
                journal.note(act, target(name));
                set_disabled(connection, id, disabled, now)?;
            }
            Ok(())
        })
    }

    /// Replaces a user's password. Their sessions end, and no device of theirs is known any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn set_password(
        &self,
        name: &str,
        password_hash: &str,
        must_change: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let id = id_of(connection, name)?;
            journal.note(AuditAct::UserPassword, target(name));
            on_backend!(connection, |c| diesel::update(users::table.find(id))
                .set((
                    users::password_hash.eq(password_hash),
                    users::must_change_password.eq(must_change)
                ))
                .execute(c))?;
            forget_origins(connection, id)?;
            sessions::end_all(connection, id, now)
        })
    }
}

/// What the audit log calls it.
pub(super) fn target(name: &str) -> String {
    format!("users/{name}")
}

fn set_disabled(
    connection: &mut Connection<'_>,
    id: i64,
    disabled: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::update(users::table.find(id))
        .set(users::disabled.eq(disabled))
        .execute(c))?;
    if !disabled {
        return Ok(());
    }
    let live = tokens::table
        .filter(tokens::user_id.eq(id))
        .filter(tokens::revoked_at.is_null());
    on_backend!(connection, |c| diesel::update(live)
        .set(tokens::revoked_at.eq(time::stored(now)))
        .execute(c))?;
    forget_origins(connection, id)?;
    sessions::end_all(connection, id, now)
}

fn forget_origins(connection: &mut Connection<'_>, id: i64) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::delete(
        known_origins::table.filter(known_origins::user_id.eq(id))
    )
    .execute(c))?;
    Ok(())
}

/// A user with the hash of their password.
fn find(connection: &mut Connection<'_>, name: &str) -> Result<Option<(User, String)>, StoreError> {
    let found: Option<(UserRow, String)> = on_backend!(connection, |c| users::table
        .filter(users::name.eq(name))
        .select((UserRow::as_select(), users::password_hash))
        .first(c)
        .optional())?;
    found.map(|(row, hash)| Ok((User::try_from(row)?, hash))).transpose()
}

pub(super) fn id_of(connection: &mut Connection<'_>, name: &str) -> Result<i64, StoreError> {
    let id: Option<i64> = on_backend!(connection, |c| users::table
        .filter(users::name.eq(name))
        .select(users::id)
        .first(c)
        .optional())?;
    id.ok_or_else(|| no_user(name))
}

fn no_user(name: &str) -> StoreError {
    StoreError::NotFound {
        what: "user",
        name: name.to_owned(),
    }
}
