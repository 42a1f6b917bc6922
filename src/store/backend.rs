//! The two databases behind one set of queries.
//!
//! Which one it is, the address says once. A query is written once too, inside [`on_backend!`], which compiles it for
//! each database with its own connection type, so that the compiler checks it for both.

use std::time::Duration;

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::{QueryResult, RunQueryDsl as _};
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool as R2d2Pool, PooledConnection};
use diesel::{PgConnection, SqliteConnection};

use super::StoreError;

/// Runs an expression with the connection of whichever database it is.
///
/// `on_backend!(connection, |c| users::table.count().get_result::<i64>(c))`; where the query must name its backend (a
/// boxed one), `|c: Db|` names it.
macro_rules! on_backend {
    ($connection:expr, |$c:ident| $body:expr) => {
        match &mut *$connection {
            $crate::store::backend::Connection::Sqlite($c) => {
                let $c: &mut diesel::SqliteConnection = $c;
                $body
            }
            $crate::store::backend::Connection::Postgres($c) => {
                let $c: &mut diesel::PgConnection = $c;
                $body
            }
        }
    };
    ($connection:expr, |$c:ident: $backend:ident| $body:expr) => {
        match &mut *$connection {
            $crate::store::backend::Connection::Sqlite($c) => {
                type $backend = diesel::sqlite::Sqlite;
                let $c: &mut diesel::SqliteConnection = $c;
                $body
            }
            $crate::store::backend::Connection::Postgres($c) => {
                type $backend = diesel::pg::Pg;
                let $c: &mut diesel::PgConnection = $c;
                $body
            }
        }
    };
}
pub(super) use on_backend;

/// A connection to one of the two, for the time of a call.
pub(super) enum Connection<'a> {
    /// To the file.
    Sqlite(&'a mut SqliteConnection),
    /// To the server.
    Postgres(&'a mut PgConnection),
}

impl Connection<'_> {
    /// Runs `act` so that its failure undoes what it did and nothing else. Inside a transaction only.
    pub(super) fn savepoint<T>(
        &mut self,
        act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        undone_on_failure(act, |act| match self {
            Self::Sqlite(c) => c.transaction(|c| act(&mut Connection::Sqlite(c))),
            Self::Postgres(c) => c.transaction(|c| act(&mut Connection::Postgres(c))),
        })
    }

    /// The key that the last insert of this connection was given.
    pub(super) fn inserted_id(&mut self) -> Result<i64, StoreError> {
        use diesel::dsl::sql;
        use diesel::sql_types::BigInt;
        let id = match self {
            Self::Sqlite(c) => diesel::select(sql::<BigInt>("last_insert_rowid()")).get_result(*c),
            Self::Postgres(c) => diesel::select(sql::<BigInt>("lastval()")).get_result(*c),
        };
        Ok(id?)
    }
}

/// The bounded pool of connections to one of the two.
#[derive(Clone)]
pub(super) enum Pool {
    /// To the file.
    Sqlite(R2d2Pool<ConnectionManager<SqliteConnection>>),
    /// To the server.
    Postgres(R2d2Pool<ConnectionManager<PgConnection>>),
}

/// A connection taken from the pool, given back when it is dropped.
pub(super) enum Pooled {
    /// To the file.
    Sqlite(PooledConnection<ConnectionManager<SqliteConnection>>),
    /// To the server.
    Postgres(PooledConnection<ConnectionManager<PgConnection>>),
}

impl Pool {
    /// A pool to the file; nothing is opened yet.
    pub(super) fn sqlite(path: &str, connections: u32, wait: Duration, durable: bool) -> Self {
        let builder = R2d2Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .test_on_check_out(false) // a file does not go away
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler)) // the caller is told, once
            .connection_customizer(Box::new(SqliteSettings { wait, durable }));
        Self::Sqlite(builder.build_unchecked(ConnectionManager::new(path)))
    }

    /// A pool to the server; nothing is opened yet.
    pub(super) fn postgres(url: &str, connections: u32, wait: Duration) -> Self {
        let builder = R2d2Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .connection_customizer(Box::new(PostgresSettings));
        Self::Postgres(builder.build_unchecked(ConnectionManager::new(url)))
    }

    /// Takes a connection, waiting for one as long as the pool was told to.
    pub(super) fn get(&self) -> Result<Pooled, StoreError> {
        // The pool keeps only the text of the last failure, and has none where it merely ran out.
        let explain = |error: diesel::r2d2::PoolError| match error.to_string() {
            text if text.starts_with("timed out waiting for connection: ") => StoreError::ConnectionLost(
                text.trim_start_matches("timed out waiting for connection: ")
                    .trim()
                    .to_owned(),
            ),
            _ => StoreError::Busy,
        };
        match self {
            Self::Sqlite(pool) => pool.get().map(Pooled::Sqlite).map_err(explain),
            Self::Postgres(pool) => pool.get().map(Pooled::Postgres).map_err(explain),
        }
    }
}

impl Pooled {
    /// The connection, for statements outside a transaction.
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(c) => Connection::Sqlite(c),
            Self::Postgres(c) => Connection::Postgres(c),
        }
    }

    /// Runs `act` in a transaction that may write: on SQLite one that takes the write lock at once (one that only
    /// asks for it at its first write fails when another got there before).
    pub(super) fn transaction<T>(
        &mut self,
        act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        undone_on_failure(act, |act| match self {
            Self::Sqlite(c) => c.immediate_transaction(|c| act(&mut Connection::Sqlite(c))),
            Self::Postgres(c) => c.transaction(|c| act(&mut Connection::Postgres(c))),
        })
    }

    /// Runs `act` in a transaction that reads one state of the database throughout.
    pub(super) fn snapshot<T>(
        &mut self,
        act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        undone_on_failure(act, |act| match self {
            Self::Sqlite(c) => c.transaction(|c| act(&mut Connection::Sqlite(c))),
            Self::Postgres(c) => {
                let mut transaction = c.build_transaction().repeatable_read().read_only();
                transaction.run(|c| act(&mut Connection::Postgres(c)))
            }
        })
    }
}

/// Runs `act` inside a transaction, and says why `act` failed also where undoing it failed too: on a full disk SQLite
/// ends the whole transaction by itself, and what diesel then says of the missing one is not the reason.
fn undone_on_failure<T>(
    act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    transaction: impl FnOnce(&mut dyn FnMut(&mut Connection<'_>) -> QueryResult<T>) -> QueryResult<T>,
) -> Result<T, StoreError> {
    let mut act = Some(act);
    let mut failure = None;
    let done = transaction(&mut |connection| {
        let act = act.take().ok_or(diesel::result::Error::RollbackTransaction)?;
        act(connection).map_err(|error| {
            failure = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    done.map_err(|error| failure.unwrap_or_else(|| error.into()))
}

/// What each connection to a file is set to.
#[derive(Debug)]
struct SqliteSettings {
    wait: Duration,
    durable: bool,
}

/// Sets a connection to the file up: waiting for locks first of all, since the rest may meet one.
pub(super) fn prepare_sqlite(
    connection: &mut SqliteConnection,
    wait: Duration,
    durable: bool,
) -> Result<(), diesel::result::Error> {
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", wait.as_millis()))?;
    // FULL: in WAL mode a commit has reached the disk before it is acknowledged; NORMAL would lose the last ones.
    let synchronous = if durable { "FULL" } else { "OFF" };
    connection.batch_execute(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;
         PRAGMA secure_delete = ON"
    ))
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for SqliteSettings {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        Ok(prepare_sqlite(connection, self.wait, self.durable)?)
    }
}

/// What each connection to a server is set to.
#[derive(Debug)]
struct PostgresSettings;

/// Sets a connection to the server up. Messages are asked for in English: error kinds are told by them.
pub(super) fn prepare_postgres(connection: &mut PgConnection) -> Result<(), diesel::result::Error> {
    connection
        .batch_execute("SET application_name = 'innogauge'; SET client_min_messages = warning; SET time zone 'UTC'")?;
    // Only a superuser may choose the language of messages; without that they stay as the server has them.
    connection
        .batch_execute("DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$")?;
    connection.batch_execute(&format!(
        "SELECT set_config('innogauge.shard', ({FREE_SHARD})::text, false)"
    ))
}

/// Takes the lowest number that no other connection to the database has, for as long as this one lasts: the triggers
/// that count progress count under it, in rows that nobody else changes.
const FREE_SHARD: &str = "SELECT shard FROM generate_series(0, 1023) AS shard
    WHERE pg_try_advisory_lock(hashtext('innogauge.shard'), shard) LIMIT 1";

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for PostgresSettings {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        Ok(prepare_postgres(connection)?)
    }
}
