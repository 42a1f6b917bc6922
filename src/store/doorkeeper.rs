//! Who presents a token: asked of the database by a thread of its own, for all requests that wait at once.
//!
//! Every request asks, so that a token ends with its revocation and when its user is kept out. Under load one question
//! answers many of them.

use std::collections::HashMap;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use super::backend::Pool;
use super::tokens::{TokenHolder, find_holders};

/// How many requests may wait to be asked for.
const QUEUE: usize = 1024;
/// The most requests that are asked for at once.
const GROUP: usize = 256;
/// Where the time of a request is over, a connection that is free is still taken.
const AT_LEAST: Duration = Duration::from_millis(50);

type Answer = Result<Option<TokenHolder>, StoreError>;

struct Asking {
    /// The hash of the token.
    hash: String,
    /// Since when.
    since: Instant,
    answer: oneshot::Sender<Answer>,
}

/// The thread that asks. Dropped, it answers those who wait and ends.
pub(super) struct Doorkeeper {
    queue: Option<mpsc::Sender<Asking>>,
    thread: Option<JoinHandle<()>>,
}

impl Doorkeeper {
    pub(super) fn start(pool: &Pool) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let pool = pool.clone();
        let thread = std::thread::Builder::new()
            .name("doorkeeper".to_owned())
            .spawn(move || answer_all(&pool, receiver))
            .map_err(|error| StoreError::System(format!("no thread that looks up tokens: {error}")))?;
        Ok(Self {
            queue: Some(sender),
            thread: Some(thread),
        })
    }

    /// Who presents the token with this hash.
    pub(super) async fn holder(&self, hash: String) -> Answer {
        let stopped = || StoreError::System("the store is closing".to_owned());
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        let (answer, answered) = oneshot::channel();
        let asking = Asking {
            hash,
            since: Instant::now(),
            answer,
        };
        queue.send(asking).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Doorkeeper {
    fn drop(&mut self) {
        self.queue = None;
        // One that panicked has nothing left to finish.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn answer_all(pool: &Pool, mut queue: mpsc::Receiver<Asking>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        let found = find(pool, &group);
        for asking in group.drain(..) {
            let answer = match &found {
                Ok(holders) => match holders.get(&asking.hash) {
                    Some(Ok(holder)) => Ok(Some(holder.clone())),
                    Some(Err(error)) => Err(error.for_each_of_group()),
                    None => Ok(None),
                },
                Err(error) => Err(error.for_each_of_group()),
            };
            // Whoever gave up waiting needs no answer.
            drop(asking.answer.send(answer));
        }
    }
}

fn find(pool: &Pool, group: &[Asking]) -> Result<HashMap<String, Result<TokenHolder, StoreError>>, StoreError> {
    // Nobody waits for a connection for longer than a call does, wherever in the queue.
    let waited = group
        .iter()
        .map(|asking| asking.since.elapsed())
        .max()
        .unwrap_or_default();
    let mut pooled = pool.get_within(pool.wait().saturating_sub(waited).max(AT_LEAST))?;
    let mut hashes: Vec<&str> = group.iter().map(|asking| asking.hash.as_str()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    find_holders(&mut pooled.connection(), &hashes)
}
