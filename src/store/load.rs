//! How busy the store is: its connections, who waits, how long commits take. For whoever watches the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::Store;
use super::backend::Pool;

/// Upper bounds of the buckets of [`Load::commits`], in seconds; a last one has no bound.
pub const COMMIT_BOUNDS_SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// How busy the store is right now, and how long commits of submissions took since it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Connections that are open.
    pub connections: u32,
    /// Those of them that nobody uses.
    pub idle_connections: u32,
    /// Calls that wait for a connection or for their turn to write.
    pub waiting: usize,
    /// Submissions that are queued.
    pub queued_submissions: usize,
    /// Transactions with submissions per bucket, from their beginning until they were durable.
    pub commits: [u64; COMMIT_BOUNDS_SECONDS.len() + 1],
    /// What all of them took together, in seconds.
    pub commit_seconds: f64,
}

/// What is counted while the store works.
#[derive(Debug, Default)]
pub(super) struct Counted {
    waiting: AtomicUsize,
    commits: [AtomicU64; COMMIT_BOUNDS_SECONDS.len() + 1],
    commit_microseconds: AtomicU64,
}

/// Counts a call among those that wait, until it is dropped.
pub(super) struct Waiting<'a>(&'a Counted);

impl Counted {
    pub(super) fn waiting(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    pub(super) fn commit(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = COMMIT_BOUNDS_SECONDS.iter().position(|bound| seconds <= *bound);
        if let Some(count) = self.commits.get(bucket.unwrap_or(COMMIT_BOUNDS_SECONDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Store {
    /// How busy the store is right now.
    pub fn load(&self) -> Load {
        let state = match &self.inner.pool {
            Pool::Sqlite(pool) => pool.state(),
            Pool::Postgres { pool, .. } => pool.state(),
        };
        let counted: &Arc<Counted> = &self.inner.counted;
        Load {
            connections: state.connections,
            idle_connections: state.idle_connections,
            waiting: counted.waiting.load(Ordering::Relaxed),
            queued_submissions: self.inner.writer.queued(),
            commits: std::array::from_fn(|bucket| {
                counted
                    .commits
                    .get(bucket)
                    .map_or(0, |count| count.load(Ordering::Relaxed))
            }),
            commit_seconds: counted.commit_microseconds.load(Ordering::Relaxed) as f64 / 1e6,
        }
    }
}
