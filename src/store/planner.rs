//! What PostgreSQL's planner knows of the tables that grow with the responses.
//!
//! Its statistics are gathered by the database itself, a minute or more after rows came. Until then a new round has none, and
//! an organisation is looked up by reading all of the round instead of by its index: with thousands of responses in the
//! first minutes that is most of the work. So who stores many rows has them gathered as the tables grow.

use diesel::connection::SimpleConnection as _;

use super::StoreError;
use super::backend::{Connection, Pool};

/// How many rows make it worth while for the first time.
const FIRST: usize = 256;
/// How many times as many rows make it worth while again.
const AGAIN: usize = 4;

/// How many rows one who stores them has stored so far.
#[derive(Debug)]
pub(super) struct Growth {
    rows: usize,
    next: usize,
}

impl Growth {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { rows: 0, next: FIRST }
    }

    /// More rows are stored, and committed. Failing to gather statistics is no failure to store.
    pub(super) fn by(&mut self, rows: usize, pool: &Pool) {
        self.rows += rows;
        if self.rows < self.next {
            return;
        }
        self.next = self.rows * AGAIN;
        let gathered = pool
            .get()
            .and_then(|mut pooled| pooled.transaction(|connection| gather_statistics(connection, self.rows)));
        if let Err(error) = gathered {
            tracing::warn!(%error, "the database gathers its statistics later");
        }
    }
}

/// Has PostgreSQL gather them now, where so many rows came that it is worth while, but for tables where it is doing so already;
/// in a transaction, also of rows that are not committed yet. SQLite's plans do not depend on them.
pub(super) fn gather_statistics(connection: &mut Connection<'_>, rows: usize) -> Result<(), StoreError> {
    if let Connection::Postgres(c) = connection
        && rows >= FIRST
    {
        c.batch_execute("ANALYZE (SKIP_LOCKED) responses, response_versions, instance_ids")?;
    }
    Ok(())
}
