//! Connections to a PostgreSQL server: how each is set up, and when one is asked whether it still is one.

use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::QueryResult;
use diesel::r2d2::{ConnectionManager, Error, ManageConnection};

/// For so long a connection counts as one after the server answered on it, unless the server is heard to have ended it.
/// To ask before each use would cost a short request as much again; a server that vanished without a word fails those
/// who come meanwhile, and they are told to try again.
const TRUSTED: Duration = Duration::from_millis(500);

/// What makes the connections of a pool, and looks after them.
#[derive(Debug)]
pub(super) struct Server(ConnectionManager<PgConnection>);

/// A connection to a server.
pub(super) struct ServerConnection {
    pub(super) inner: PgConnection,
    /// When the server answered the last time that it was asked.
    answered: Instant,
}

impl Server {
    /// The server at this address.
    pub(super) fn at(url: &str) -> Self {
        Self(ConnectionManager::new(url))
    }
}

impl ManageConnection for Server {
    type Connection = ServerConnection;
    type Error = Error;

    fn connect(&self) -> Result<ServerConnection, Error> {
        let mut inner = self.0.connect()?;
        prepare(&mut inner)?;
        Ok(ServerConnection {
            inner,
            answered: Instant::now(),
        })
    }

    fn is_valid(&self, connection: &mut ServerConnection) -> Result<(), Error> {
        if connection.answered.elapsed() < TRUSTED {
            return heard_no_end(&mut connection.inner);
        }
        self.0.is_valid(&mut connection.inner)?;
        connection.answered = Instant::now();
        Ok(())
    }

    fn has_broken(&self, connection: &mut ServerConnection) -> bool {
        self.0.has_broken(&mut connection.inner)
    }
}

/// Fails where the server has ended the connection and the system has heard of it. Nothing is sent: the first look takes
/// in what the server said last, the second finds that it is gone.
fn heard_no_end(connection: &mut PgConnection) -> Result<(), Error> {
    for _look in 0..2 {
        let mut heard = connection.notifications_iter();
        heard.try_for_each(|heard| heard.map(drop)).map_err(Error::QueryError)?;
    }
    Ok(())
}

/// Sets a connection to the server up. Messages are asked for in English: error kinds are told by them.
pub(super) fn prepare(connection: &mut PgConnection) -> QueryResult<()> {
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
