//! The queue of submissions, and the threads that store them.
//!
//! On SQLite one thread takes all that wait and stores them in one transaction: the disk is waited for once for all of
//! them. Each has a savepoint, so one that can't be stored leaves the others alone. On PostgreSQL, which groups commits
//! itself, several threads store one submission per transaction each. Either way a submission is acknowledged only
//! after the commit that holds it is durable, and the queue is bounded: who finds it full waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::arrival;
use super::backend::Pool;
use super::submission::{Receipt, Submission};
use super::{Store, StoreError};

/// How many submissions may wait to be taken up.
const QUEUE: usize = 1024;
/// The most submissions that share a commit.
const GROUP: usize = 256;
/// How often a submission is tried again that PostgreSQL gave up in favour of another one.
const ATTEMPTS: usize = 5;

type Answer = Result<Receipt, StoreError>;

struct Waiting {
    submission: Box<Submission>,
    answer: oneshot::Sender<Answer>,
}

type Queue = Arc<Mutex<mpsc::Receiver<Waiting>>>;

/// The threads that store submissions. Dropped, they store what is queued and end.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Waiting>>,
    threads: Vec<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(pool: &Pool, turn: &Arc<Mutex<()>>, connections: u32) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let receiver: Queue = Arc::new(Mutex::new(receiver));
        let threads = match pool {
            Pool::Sqlite(_) => 1,
            // Some connections are left for those who read.
            Pool::Postgres(_) => connections.saturating_sub(2).max(1),
        };
        let start = |number: u32| {
            let (pool, turn, receiver) = (pool.clone(), Arc::clone(turn), Arc::clone(&receiver));
            std::thread::Builder::new()
                .name(format!("submissions-{number}"))
                .spawn(move || match &pool {
                    Pool::Sqlite(_) => store_groups(&pool, &turn, &receiver),
                    Pool::Postgres(_) => store_singly(&pool, &receiver),
                })
                .map_err(|error| StoreError::System(format!("no thread for submissions: {error}")))
        };
        Ok(Self {
            queue: Some(sender),
            threads: (0..threads).map(start).collect::<Result<_, _>>()?,
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // One that panicked has nothing left to finish.
            drop(thread.join());
        }
    }
}

impl Store {
    /// Stores a submission. The future is ready when what it says is durable.
    ///
    /// # Errors
    /// [`StoreError::InstanceConflict`] where the identifier is known with other content; else what is wrong with the
    /// database: then nothing was kept, and sending again is safe.
    pub async fn submit(&self, submission: Submission) -> Result<Receipt, StoreError> {
        let stopped = || StoreError::System("the store is closing".to_owned());
        let queue = self.inner.writer.queue.as_ref().ok_or_else(stopped)?;
        let (answer, received) = oneshot::channel();
        let waiting = Waiting {
            submission: Box::new(submission),
            answer,
        };
        queue.send(waiting).await.map_err(|_| stopped())?;
        received.await.map_err(|_| stopped())?
    }

    /// Stores a submission from a thread that may block.
    ///
    /// # Errors
    /// As [`Store::submit`].
    pub fn submit_blocking(&self, submission: &Submission) -> Result<Receipt, StoreError> {
        self.write(|connection| arrival::store(connection, submission))
    }
}

/// Waits for a submission. `None` where no more will come.
fn next(queue: &Queue) -> Option<Waiting> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

fn store_groups(pool: &Pool, turn: &Mutex<()>, queue: &Queue) {
    while let Some(first) = next(queue) {
        let mut group = vec![first];
        // Others in this process may be writing; who comes meanwhile joins the group.
        let my_turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            while group.len() < GROUP {
                match queue.try_recv() {
                    Ok(waiting) => group.push(waiting),
                    Err(_) => break,
                }
            }
        }
        let stored = store_group(pool, &group);
        drop(my_turn);
        match stored {
            Ok(answers) => {
                for (waiting, answer) in group.into_iter().zip(answers) {
                    // Whoever gave up waiting finds the response stored when they send it again.
                    drop(waiting.answer.send(answer));
                }
            }
            Err(error) => {
                tracing::error!(%error, submissions = group.len(), "submissions were not stored");
                for waiting in group {
                    drop(waiting.answer.send(Err(error.for_each_of_group())));
                }
            }
        }
    }
}

/// Stores a group in one transaction: the answer to each, or why none was stored.
fn store_group(pool: &Pool, group: &[Waiting]) -> Result<Vec<Answer>, StoreError> {
    pool.get()?.transaction(|connection| {
        let mut answers = Vec::with_capacity(group.len());
        for waiting in group {
            let answer = connection.savepoint(|connection| arrival::store(connection, &waiting.submission));
            match answer {
                // The disk is full or gone: SQLite has undone the whole transaction, or would at its end.
                Err(error) if !error.is_input() && !matches!(error, StoreError::Database(_)) => return Err(error),
                answer => answers.push(answer),
            }
        }
        Ok(answers)
    })
}

fn store_singly(pool: &Pool, queue: &Queue) {
    while let Some(waiting) = next(queue) {
        let mut answer = Err(StoreError::Locked);
        for _ in 0..ATTEMPTS {
            answer = pool.get().and_then(|mut connection| {
                connection.transaction(|connection| arrival::store(connection, &waiting.submission))
            });
            if !matches!(answer, Err(StoreError::Locked)) {
                break;
            }
        }
        if let Err(error) = answer
            .as_ref()
            .err()
            .filter(|error| !error.is_input())
            .map_or(Ok(()), Err)
        {
            tracing::error!(%error, "a submission was not stored");
        }
        drop(waiting.answer.send(answer));
    }
}
