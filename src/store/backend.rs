//! The two databases behind one set of queries.
//!
//! Which one it is, the address says once. A query is written once too, inside [`on_backend!`], which compiles it for
//! each database with its own connection type, so that the compiler checks it for both.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, Connection as _, SimpleConnection};
use diesel::prelude::{QueryResult, RunQueryDsl as _};
use diesel::r2d2::{ConnectionManager, CustomizeConnection, HandleError, Pool as R2d2Pool, PooledConnection};
use diesel::{PgConnection, SqliteConnection};

use super::StoreError;
use super::locks::take_locks_sql;
use super::server::Server;

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
    Postgres {
        /// The connections.
        pool: R2d2Pool<Server>,
        /// How long a call waits for one.
        wait: Duration,
        /// Whether connections can be made.
        reach: Arc<Reach>,
    },
}

/// Whether a server can be reached: what its pool heard last.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Why the last attempt to connect failed, where it did and no call has got a connection since.
    failed: Mutex<Option<String>>,
}

impl Reach {
    fn is_away(&self) -> bool {
        self.reason().is_some()
    }

    fn reason(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn heard(&self, failed: Option<String>) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// What the pool tells of its attempts in the background.
#[derive(Debug)]
struct Told(Arc<Reach>);

impl HandleError<diesel::r2d2::Error> for Told {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        // A connection that broke says nothing of the next one.
        if let diesel::r2d2::Error::ConnectionError(error) = error {
            self.0.heard(Some(error.to_string().trim().to_owned()));
        }
    }
}

/// While the server is known to be away, a call waits this long for it: whoever asks is told soon, and threads are free
/// for others. Connections are tried for in the background meanwhile.
const WAIT_WHILE_AWAY: Duration = Duration::from_secs(1);
/// The pool tries for a connection again after at most half of this.
const TRY_AGAIN_WITHIN: Duration = Duration::from_secs(1);

/// A connection taken from the pool, given back when it is dropped.
pub(super) enum Pooled {
    /// To the file.
    Sqlite(PooledConnection<ConnectionManager<SqliteConnection>>),
    /// To the server.
    Postgres(PooledConnection<Server>),
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
        let reach = Arc::new(Reach::default());
        let builder = R2d2Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(2 * TRY_AGAIN_WITHIN)
            .error_handler(Box::new(Told(Arc::clone(&reach))));
        Self::Postgres {
            pool: builder.build_unchecked(Server::at(url)),
            wait,
            reach,
        }
    }

    /// How long a call waits for a connection.
    pub(super) fn wait(&self) -> Duration {
        match self {
            Self::Sqlite(pool) => pool.connection_timeout(),
            Self::Postgres { wait, .. } => *wait,
        }
    }

    /// Whether the last attempt to connect failed.
    pub(super) fn is_away(&self) -> bool {
        matches!(self, Self::Postgres { reach, .. } if reach.is_away())
    }

    /// Takes a connection, waiting for one as long as the pool was told to.
    pub(super) fn get(&self) -> Result<Pooled, StoreError> {
        self.get_within(self.wait())
    }

    /// Takes a connection, waiting for one so long at most.
    pub(super) fn get_within(&self, longest: Duration) -> Result<Pooled, StoreError> {
        match self {
            Self::Sqlite(pool) => pool
                .get_timeout(longest)
                .map(Pooled::Sqlite)
                .map_err(|error| of_file(&error)),
            Self::Postgres { pool, reach, .. } => {
                let wait = if reach.is_away() {
                    longest.min(WAIT_WHILE_AWAY)
                } else {
                    longest
                };
                let Ok(taken) = pool.get_timeout(wait) else {
                    return Err(reach.reason().map_or(StoreError::Busy, StoreError::ConnectionLost));
                };
                reach.heard(None);
                Ok(Pooled::Postgres(taken))
            }
        }
    }
}

/// The pool keeps only the text of the last failure, and has none where it merely ran out.
fn of_file(error: &diesel::r2d2::PoolError) -> StoreError {
    let text = error.to_string();
    let reason = text.strip_prefix("timed out waiting for connection: ");
    reason.map_or(StoreError::Busy, |reason| {
        StoreError::ConnectionLost(reason.trim().to_owned())
    })
}

impl Pooled {
    /// The connection, for statements outside a transaction.
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(c) => Connection::Sqlite(c),
            Self::Postgres(c) => Connection::Postgres(&mut c.inner),
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
            Self::Postgres(c) => c.inner.transaction(|c| act(&mut Connection::Postgres(c))),
        })
    }

    /// Runs `act` in a transaction that may write and holds these locks (see `locks`) from its beginning, and returns when
    /// what it wrote is durable. On PostgreSQL the locks end before the disk, or the synchronous replica, is waited for:
    /// others go on meanwhile.
    ///
    /// They may see what is not durable yet, so whatever is acknowledged on the strength of it must be made by a transaction
    /// that waits, too. It waits on the connection that stored: a server that lost what it had not flushed has lost its
    /// connections as well, so that the wait fails and nothing is acknowledged.
    pub(super) fn transaction_then_durable<T>(
        &mut self,
        locks: Vec<i64>,
        act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self::Postgres(server) = self else {
            return self.transaction(act);
        };
        let begin = format!("BEGIN; {}", take_locks_sql(locks));
        undone_on_failure(act, |act| {
            in_transaction(&mut server.inner, &begin, COMMIT_THEN_WAIT, |c| {
                act(&mut Connection::Postgres(c))
            })
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
                let mut transaction = c.inner.build_transaction().repeatable_read().read_only();
                transaction.run(|c| act(&mut Connection::Postgres(c)))
            }
        })
    }
}

/// Commits without waiting for the disk, then waits by a record of its own, whose commit is durable after all that was
/// written before it. Of a transaction that failed, the first statement fails and with it the rest, where `COMMIT` alone would undo
/// it without a word.
const COMMIT_THEN_WAIT: &str =
    "SET LOCAL synchronous_commit = off; COMMIT; SELECT pg_logical_emit_message(true, 'innogauge', '')";

/// Runs `act` in a transaction that begins and ends with these statements, each a message of its own.
fn in_transaction<T>(
    connection: &mut PgConnection,
    begin: &str,
    end: &str,
    act: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    let begun = AnsiTransactionManager::begin_transaction_sql(connection, begin);
    let done = begun.and_then(|()| {
        let done = act(connection)?;
        connection.batch_execute(end)?;
        Ok(done)
    });
    if done.is_err() {
        // Why it failed says more than why that could not be undone.
        drop(connection.batch_execute("ROLLBACK"));
    }
    done
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
    // Each connection keeps so many kibibytes of pages for ever once something large was read by it. The system keeps them, too.
    connection.batch_execute(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;
         PRAGMA secure_delete = ON"
    ))
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for SqliteSettings {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        Ok(prepare_sqlite(connection, self.wait, self.durable)?)
    }
}
