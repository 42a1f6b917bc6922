//! Sessions: what signing in leads to. Kept in the database, so that every server knows them and any can end them.
//!
//! A session ends by itself after a time without use and, whatever its use, at a time that is set when it begins. It is
//! ended by signing out, by whoever may revoke it, with the password that it began with, and with its user. The secret
//! is shown once and kept as a hash.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::accounts::{self, User, UserRow, id_of};
use super::backend::{Connection, on_backend};
use super::schema::{second_factors, sessions, users};
use super::{AuditAct, Store, StoreError, secrets, time};

/// What every session's secret starts with.
const PREFIX: &str = "is_";
/// The last use is noted at most this often: a write per request would be dear.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Sessions that are over for so long are forgotten, with the addresses that they came from.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(30);
/// How much of what a browser says of itself is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// How a session's secret comes with a request: one is not taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// As a cookie, by a browser.
    Cookie,
    /// In the `Authorization` header, by a program.
    Bearer,
}

impl Carrier {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Bearer => "bearer",
        }
    }

    fn read(name: &str) -> Result<Self, StoreError> {
        [Self::Cookie, Self::Bearer]
            .into_iter()
            .find(|carrier| carrier.name() == name)
            .ok_or_else(|| StoreError::Unreadable(format!("unknown carrier '{name}'")))
    }
}

/// A session to be begun.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// How its secret will come back.
    pub carrier: Carrier,
    /// Whether the code of the second factor was given already, or none is needed.
    pub second_factor_given: bool,
    /// The client's address.
    pub address: String,
    /// What the client says that it is.
    pub agent: String,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The key.
    pub id: i64,
    /// How its secret comes.
    pub carrier: Carrier,
    /// Whether the code of the second factor was given, or none was needed.
    pub second_factor_given: bool,
    /// The client's address when it began.
    pub address: String,
    /// What the client said that it is.
    pub agent: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// Who presents a session that is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHolder {
    /// Its user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Whether the user has a confirmed second factor.
    pub has_second_factor: bool,
}

#[derive(Insertable)]
#[diesel(table_name = sessions)]
struct NewRow<'a> {
    user_id: i64,
    hash: String,
    carrier: &'a str,
    second_factor_given: bool,
    address: &'a str,
    agent: String,
    created_at: NaiveDateTime,
    last_used_at: NaiveDateTime,
    expires_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    id: i64,
    carrier: String,
    second_factor_given: bool,
    address: String,
    agent: String,
    created_at: NaiveDateTime,
    last_used_at: NaiveDateTime,
    expires_at: NaiveDateTime,
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            carrier: Carrier::read(&row.carrier)?,
            second_factor_given: row.second_factor_given,
            address: row.address,
            agent: row.agent,
            created_at: time::read(row.created_at),
            last_used_at: time::read(row.last_used_at),
            expires_at: time::read(row.expires_at),
        })
    }
}

impl Store {
    /// Begins a session and says its secret, which cannot be read again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn create_session(&self, user: &str, new: &NewSession, now: DateTime<Utc>) -> Result<String, StoreError> {
        let secret = secrets::new(PREFIX)?;
        self.change(now, |connection, journal| {
            let row = NewRow {
                user_id: id_of(connection, user)?,
                hash: secrets::hash(&secret),
                carrier: new.carrier.name(),
                second_factor_given: new.second_factor_given,
                address: &new.address,
                agent: new
                    .agent
                    .chars()
                    .filter(|one| !one.is_control())
                    .take(LONGEST_AGENT)
                    .collect(),
                created_at: time::stored(now),
                last_used_at: time::stored(now),
                expires_at: time::stored(new.expires_at),
            };
            let over = sessions::table.filter(sessions::expires_at.lt(time::stored(now - FORGOTTEN_AFTER)));
            on_backend!(connection, |c| diesel::delete(over).execute(c))?;
            on_backend!(connection, |c| diesel::insert_into(sessions::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            journal
                .note(AuditAct::SessionBegun, target(user, id))
                .after(new.carrier.name());
            Ok(secret)
        })
    }

    /// Who presents this secret so: nobody where it is unknown, ended, over, unused for longer than `idle`, or its
    /// user is disabled.
    ///
    /// # Errors
    /// What the database says.
    pub fn session_holder(
        &self,
        secret: &str,
        carrier: Carrier,
        idle: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<SessionHolder>, StoreError> {
        let stored = time::stored(now);
        let found: Option<(Row, UserRow, Option<NaiveDateTime>)> = self.read(|connection| {
            let query = sessions::table
                .inner_join(users::table.left_join(second_factors::table))
                .filter(sessions::hash.eq(secrets::hash(secret)))
                .filter(sessions::carrier.eq(carrier.name()))
                .filter(sessions::ended_at.is_null())
                .filter(sessions::expires_at.gt(stored))
                .filter(sessions::last_used_at.gt(stored - idle))
                .filter(users::disabled.eq(false));
            Ok(on_backend!(connection, |c| query
                .select((
                    Row::as_select(),
                    UserRow::as_select(),
                    second_factors::confirmed_at.nullable()
                ))
                .first(c)
                .optional())?)
        })?;
        let Some((session, user, confirmed_at)) = found else {
            return Ok(None);
        };
        if stored - session.last_used_at >= NOTED_EVERY {
            self.write(|connection| {
                on_backend!(connection, |c| diesel::update(sessions::table.find(session.id))
                    .set(sessions::last_used_at.eq(stored))
                    .execute(c))?;
                Ok(())
            })?;
        }
        Ok(Some(SessionHolder {
            user: user.try_into()?,
            session: session.try_into()?,
            has_second_factor: confirmed_at.is_some(),
        }))
    }

    /// A user's live sessions, the last used first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn sessions(&self, user: &str, idle: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Session>, StoreError> {
        let now = time::stored(now);
        let rows: Vec<Row> = self.read(|connection| {
            let query = sessions::table
                .filter(sessions::user_id.eq(id_of(connection, user)?))
                .filter(sessions::ended_at.is_null())
                .filter(sessions::expires_at.gt(now))
                .filter(sessions::last_used_at.gt(now - idle))
                .order((sessions::last_used_at.desc(), sessions::id.desc()));
            Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?)
        })?;
        rows.into_iter().map(Session::try_from).collect()
    }

    /// Ends one session of a user now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the user has no such session that is still live.
    pub fn end_session(&self, user: &str, session: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            journal.note(AuditAct::SessionEnded, target(user, session));
            let live = sessions::table
                .filter(sessions::id.eq(session))
                .filter(sessions::user_id.eq(id_of(connection, user)?))
                .filter(sessions::ended_at.is_null());
            let ended = on_backend!(connection, |c| diesel::update(live)
                .set(sessions::ended_at.eq(time::stored(now)))
                .execute(c))?;
            if ended == 0 {
                return Err(StoreError::NotFound {
                    what: "session",
                    name: session.to_string(),
                });
            }
            Ok(())
        })
    }

    /// Ends all sessions of a user now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn end_sessions(&self, user: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let id = id_of(connection, user)?;
            journal.note(AuditAct::SessionEnded, format!("{}/sessions", accounts::target(user)));
            end_all(connection, id, now)
        })
    }
}

/// What the audit log calls it.
fn target(user: &str, session: i64) -> String {
    format!("{}/sessions/{session}", accounts::target(user))
}

/// Ends all sessions of a user.
pub(super) fn end_all(connection: &mut Connection<'_>, user: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let live = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null());
    on_backend!(connection, |c| diesel::update(live)
        .set(sessions::ended_at.eq(time::stored(now)))
        .execute(c))?;
    Ok(())
}
