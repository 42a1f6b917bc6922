//! Servers that share a PostgreSQL database tell each other what they changed, so that what each keeps in memory is
//! forgotten at once.
//!
//! Triggers notify on the commit of whoever made the change, be it a server, a command or a person with `psql`. A
//! listener that lost its connection makes a new one, and then takes everything for changed. Whoever keeps something in
//! memory still asks anew after a bounded time: a notification is quick, and no promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::{PgConnection, QueryResult};

use super::{Address, Store, StoreError, server};

/// How often the listener looks: libpq has what came in by then.
const LOOK: Duration = Duration::from_millis(20);
/// How long it waits before it connects again.
const AGAIN: Duration = Duration::from_millis(500);

/// Listens for changes as long as it is held.
#[derive(Debug)]
pub struct Listener {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to do.
            drop(thread.join());
        }
    }
}

impl Store {
    /// Calls `changed` soon after somebody else may have changed surveys, definitions, rounds, places or frameworks.
    /// On SQLite, which has one server, it is never called.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn listen(&self, changed: impl Fn() + Send + 'static) -> Result<Listener, StoreError> {
        let stopped = Arc::new(AtomicBool::new(false));
        let Address::Postgres(url) = self.address().clone() else {
            return Ok(Listener { stopped, thread: None });
        };
        let stop = Arc::clone(&stopped);
        let thread = std::thread::Builder::new()
            .name("changes".to_owned())
            .spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    if let Err(error) = listen(&url, &stop, &changed) {
                        tracing::warn!(%error, "the connection that tells of changes was lost");
                        std::thread::sleep(AGAIN);
                    }
                }
            })
            .map_err(|error| StoreError::System(format!("no thread that listens for changes: {error}")))?;
        Ok(Listener {
            stopped,
            thread: Some(thread),
        })
    }
}

/// Listens until it is told to stop, or the connection is lost.
fn listen(url: &str, stop: &AtomicBool, changed: &impl Fn()) -> Result<(), StoreError> {
    let mut connection = PgConnection::establish(url)
        .map_err(|error| StoreError::ConnectionLost(error.to_string().trim().to_owned()))?;
    server::prepare(&mut connection)?;
    connection.batch_execute("LISTEN innogauge")?;
    // What happened before is not told.
    changed();
    while !stop.load(Ordering::Relaxed) {
        let heard: QueryResult<Vec<_>> = connection.notifications_iter().collect();
        if !heard?.is_empty() {
            changed();
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
