//! API tokens: 256 random bits that are shown once and kept as a hash.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::accounts::{self, User, UserRow};
use super::backend::{Connection, on_backend};
use super::schema::{tokens, users};
use super::{AuditAct, JsonText, Store, StoreError, secrets, time};

/// What every token starts with, so that one that leaked into a file is recognised.
const PREFIX: &str = "ig_";
/// How much of a token is kept readable, to tell it from the others of its user.
const HINT_LENGTH: usize = 9;
/// The last use is noted at most this often: it is for people, and a write per request would be dear.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A token to be made.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// The surveys that it is limited to; `None` is all of them.
    pub surveys: Option<Vec<String>>,
    /// The cities that it is limited to, within those of its user; `None` is all of theirs.
    pub cities: Option<Vec<String>>,
    /// The acts that it is limited to, within those of its user's role, by name; `None` is all of theirs.
    pub acts: Option<Vec<String>>,
    /// The round that its responses belong to.
    pub round: Option<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The key.
    pub id: i64,
    /// The start of the secret, to recognise it by.
    pub hint: String,
    /// The surveys that it is limited to; `None` is all of them.
    pub surveys: Option<Vec<String>>,
    /// The cities that it is limited to, within those of its user; `None` is all of theirs.
    pub cities: Option<Vec<String>>,
    /// The acts that it is limited to, within those of its user's role, by name; `None` is all of theirs.
    pub acts: Option<Vec<String>>,
    /// The round that its responses belong to.
    pub round: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Who presents a token that is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHolder {
    /// The user that it was made for.
    pub user: User,
    /// The token.
    pub token: Token,
}

#[derive(Insertable)]
#[diesel(table_name = tokens, treat_none_as_default_value = false)]
struct NewRow {
    user_id: i64,
    hash: String,
    hint: String,
    surveys: Option<JsonText>,
    cities: Option<JsonText>,
    acts: Option<JsonText>,
    round: Option<String>,
    created_at: NaiveDateTime,
    expires_at: Option<NaiveDateTime>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tokens)]
struct TokenRow {
    id: i64,
    hint: String,
    surveys: Option<JsonText>,
    cities: Option<JsonText>,
    acts: Option<JsonText>,
    round: Option<String>,
    created_at: NaiveDateTime,
    expires_at: Option<NaiveDateTime>,
    last_used_at: Option<NaiveDateTime>,
    revoked_at: Option<NaiveDateTime>,
}

impl Token {
    /// Whether its use is to be noted.
    pub fn is_use_to_be_noted(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= NOTED_EVERY)
    }
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            hint: row.hint,
            surveys: row.surveys.map(|surveys| surveys.read()).transpose()?,
            cities: row.cities.map(|cities| cities.read()).transpose()?,
            acts: row.acts.map(|acts| acts.read()).transpose()?,
            round: row.round,
            created_at: time::read(row.created_at),
            expires_at: row.expires_at.map(time::read),
            last_used_at: row.last_used_at.map(time::read),
            revoked_at: row.revoked_at.map(time::read),
        })
    }
}

impl Store {
    /// Makes a token for a user and says its secret, which cannot be read again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user, [`StoreError::Refused`] where they are disabled.
    pub fn create_token(&self, user: &str, token: &NewToken, now: DateTime<Utc>) -> Result<String, StoreError> {
        let user = self.user(user)?;
        if user.disabled {
            return Err(StoreError::Refused(format!("user '{}' is disabled", user.name)));
        }
        let secret = secrets::new(PREFIX)?;
        let row = NewRow {
            user_id: user.id,
            hash: secrets::hash(&secret),
            hint: secret.chars().take(HINT_LENGTH).collect(),
            surveys: token.surveys.as_ref().map(JsonText::of).transpose()?,
            cities: token.cities.as_ref().map(JsonText::of).transpose()?,
            acts: token.acts.as_ref().map(JsonText::of).transpose()?,
            round: token.round.clone(),
            created_at: time::stored(now),
            expires_at: token.expires_at.map(time::stored),
        };
        self.change(now, |connection, journal| {
            on_backend!(connection, |c| diesel::insert_into(tokens::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            journal.note(AuditAct::TokenIssued, target(&user.name, id));
            Ok(secret)
        })
    }

    /// Who presents this secret: nobody where it is unknown, revoked or over, or its user is disabled.
    ///
    /// # Errors
    /// What the database says.
    pub async fn token_holder(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<TokenHolder>, StoreError> {
        let holder = self.inner.doorkeeper.holder(secrets::hash(secret)).await?;
        Ok(holder.filter(|holder| holder.token.expires_at.is_none_or(|end| end > now)))
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// What the database says.
    pub fn note_use_of_token(&self, token: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|connection| {
            on_backend!(connection, |c| diesel::update(tokens::table.find(token))
                .set(tokens::last_used_at.eq(time::stored(now)))
                .execute(c))?;
            Ok(())
        })
    }

    /// A user's tokens, the newest first, also those that are over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn tokens(&self, user: &str) -> Result<Vec<Token>, StoreError> {
        let user = self.user(user)?;
        let rows: Vec<TokenRow> = self.read(|connection| {
            let query = tokens::table
                .filter(tokens::user_id.eq(user.id))
                .order(tokens::id.desc());
            Ok(on_backend!(connection, |c| query
                .select(TokenRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(Token::try_from).collect()
    }

    /// Ends a token of a user now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the user has no such token that is still live.
    pub fn revoke_token(&self, user: &str, token: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let user = self.user(user)?;
        self.change(now, |connection, journal| {
            let live = tokens::table
                .filter(tokens::id.eq(token))
                .filter(tokens::user_id.eq(user.id))
                .filter(tokens::revoked_at.is_null());
            let revoked = on_backend!(connection, |c| diesel::update(live)
                .set(tokens::revoked_at.eq(time::stored(now)))
                .execute(c))?;
            if revoked == 0 {
                return Err(StoreError::NotFound {
                    what: "token",
                    name: token.to_string(),
                });
            }
            journal.note(AuditAct::TokenRevoked, target(&user.name, token));
            Ok(())
        })
    }
}

/// Who presents the tokens with these hashes, by hash: those that were not revoked, of users who are not disabled.
pub(super) fn find_holders(
    connection: &mut Connection<'_>,
    hashes: &[&str],
) -> Result<HashMap<String, Result<TokenHolder, StoreError>>, StoreError> {
    let live = tokens::table
        .inner_join(users::table)
        .filter(tokens::revoked_at.is_null())
        .filter(users::disabled.eq(false));
    let found: Vec<(String, TokenRow, UserRow)> = match connection {
        // Each by a statement that the connection prepares once.
        Connection::Sqlite(c) => {
            let mut found = Vec::new();
            for hash in hashes {
                let query = live.filter(tokens::hash.eq(hash));
                let row = query.select((tokens::hash, TokenRow::as_select(), UserRow::as_select()));
                found.extend(row.first(*c).optional()?);
            }
            found
        }
        Connection::Postgres(c) => live
            .filter(tokens::hash.eq_any(hashes))
            .select((tokens::hash, TokenRow::as_select(), UserRow::as_select()))
            .load(*c)?,
    };
    let holder = |token: TokenRow, user: UserRow| {
        Ok(TokenHolder {
            user: user.try_into()?,
            token: token.try_into()?,
        })
    };
    Ok(found
        .into_iter()
        .map(|(hash, token, user)| (hash, holder(token, user)))
        .collect())
}

/// What the audit log calls it.
fn target(user: &str, token: i64) -> String {
    format!("{}/tokens/{token}", accounts::target(user))
}
