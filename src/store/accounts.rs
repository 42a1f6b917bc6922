//! Users: who may come in, as what, and for which cities. Passwords are kept as argon2id hashes only.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use rand::TryRng;
use rand::rngs::SysRng;

use super::backend::on_backend;
use super::schema::{tokens, users};
use super::{AuditAct, JsonText, Store, StoreError, time};
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
    /// When they were added.
    pub created_at: DateTime<Utc>,
}

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
        let found: Option<(UserRow, String)> = self.read(|connection| {
            Ok(on_backend!(connection, |c| users::table
                .filter(users::name.eq(name))
                .select((UserRow::as_select(), users::password_hash))
                .first(c)
                .optional())?)
        })?;
        found.map(|(row, hash)| Ok((User::try_from(row)?, hash))).transpose()
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

    /// Keeps a user out, at once and with all their tokens, or lets them in again (their old tokens stay revoked).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn set_user_disabled(&self, name: &str, disabled: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let id: Option<i64> = on_backend!(connection, |c| users::table
                .filter(users::name.eq(name))
                .select(users::id)
                .first(c)
                .optional())?;
            let id = id.ok_or_else(|| no_user(name))?;
            on_backend!(connection, |c| diesel::update(users::table.find(id))
                .set(users::disabled.eq(disabled))
                .execute(c))?;
            if disabled {
                let live = tokens::table
                    .filter(tokens::user_id.eq(id))
                    .filter(tokens::revoked_at.is_null());
                on_backend!(connection, |c| diesel::update(live)
                    .set(tokens::revoked_at.eq(time::stored(now)))
                    .execute(c))?;
            }
            let act = if disabled {
                AuditAct::UserDisabled
            } else {
                AuditAct::UserEnabled
            };
            journal.note(act, target(name));
            Ok(())
        })
    }

    /// Replaces a user's password.
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
            let changed = on_backend!(connection, |c| diesel::update(
                users::table.filter(users::name.eq(name))
            )
            .set((
                users::password_hash.eq(password_hash),
                users::must_change_password.eq(must_change)
            ))
            .execute(c))?;
            if changed == 0 {
                return Err(no_user(name));
            }
            journal.note(AuditAct::UserPassword, target(name));
            Ok(())
        })
    }
}

/// What the audit log calls it.
pub(super) fn target(name: &str) -> String {
    format!("users/{name}")
}

fn no_user(name: &str) -> StoreError {
    StoreError::NotFound {
        what: "user",
        name: name.to_owned(),
    }
}

/// The argon2id hash of a password, with a salt of its own. Takes tens of milliseconds on purpose.
///
/// ```
/// use innogauge::store::{hash_password, password_matches};
///
/// let hash = hash_password("correct horse")?;
/// assert!(password_matches("correct horse", &hash));
/// assert!(!password_matches("correct house", &hash));
/// # Ok::<(), innogauge::store::StoreError>(())
/// ```
///
/// # Errors
/// Where the system gives no random bytes.
pub fn hash_password(password: &str) -> Result<String, StoreError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| StoreError::System(format!("the password can't be hashed: {error}")))
}

/// Whether a password is the one of the hash.
pub fn password_matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A password that nobody guesses: 20 letters and digits, of those that are not mistaken for each other, 100 bits.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn random_password() -> Result<String, StoreError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 20] = random_bytes()?;
    let mut password = String::with_capacity(23);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            password.push('-');
        }
        password.extend(LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
    }
    Ok(password)
}

/// Bytes from the operating system's source of secrets.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| StoreError::System(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_readable_and_new_each_time() {
        let (one, two) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 23);
        assert!(
            one.chars()
                .all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit())
        );
        assert!(!one.contains(['l', 'o', '0', '1']));
    }
}
