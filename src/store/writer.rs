//! The queue of submissions, and the threads that store them.
//!
//! A thread takes all that wait and stores them in one transaction, with their entries in the audit log: the disk is
//! waited for once for all of them, and the audit chain is held by one transaction at a time. On SQLite one thread does
//! so, and where a submission can't be stored, each of its group gets a savepoint, so that it leaves the others alone. On
//! PostgreSQL several threads do, and where one can't be stored, each of its group is tried by itself. Either way a submission
//! is acknowledged only after the commit that holds it is durable, and the queue is bounded: who finds it full waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::arrival;
use super::audit::{self, Journal, Noted};
use super::backend::{Connection, Pool};
use super::load::Counted;
use super::locks::{lock_what_they_name, locks_of};
use super::newcomers::store_together;
use super::planner::Growth;
use super::submission::{Receipt, Submission};
use super::{Origin, Store, StoreError, time};

/// How many submissions may wait to be taken up.
const QUEUE: usize = 1024;
/// The most submissions that share a commit.
const GROUP: usize = 256;
/// The most threads that store submissions on PostgreSQL: while one waits for the disk, which is after it has let the audit
/// chain go, others store. More would only make the groups smaller.
const WRITERS: u32 = 2;
/// How often a submission is tried again that PostgreSQL gave up in favour of another one.
const ATTEMPTS: u32 = 5;
/// How much longer each time it waits before it is tried on a new connection.
const PAUSE: Duration = Duration::from_millis(50);

type Answer = Result<Receipt, StoreError>;

struct Waiting {
    origin: Arc<Origin>,
    submission: Box<Submission>,
    /// Since when.
    since: Instant,
    answer: oneshot::Sender<Answer>,
}

impl Waiting {
    fn journal(&self) -> Journal<'_> {
        Journal::new(&self.origin, time::stored(self.submission.envelope.received_at))
    }
}

type Queue = Arc<Mutex<mpsc::Receiver<Waiting>>>;

/// The threads that store submissions. Dropped, they store what is queued and end.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Waiting>>,
    threads: Vec<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        pool: &Pool,
        turn: &Arc<Mutex<()>>,
        counted: &Arc<Counted>,
        connections: u32,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let receiver: Queue = Arc::new(Mutex::new(receiver));
        let threads = match pool {
            Pool::Sqlite(_) => 1,
            // Some connections are left for those who read.
            Pool::Postgres { .. } => connections.saturating_sub(2).clamp(1, WRITERS),
        };
        let start = |number: u32| {
            let (pool, turn, receiver) = (pool.clone(), Arc::clone(turn), Arc::clone(&receiver));
            let counted = Arc::clone(counted);
            std::thread::Builder::new()
                .name(format!("submissions-{number}"))
                .spawn(move || match &pool {
                    Pool::Sqlite(_) => store_groups_sqlite(&pool, &turn, &counted, &receiver),
                    Pool::Postgres { .. } => store_groups_postgres(&pool, &counted, &receiver),
                })
                .map_err(|error| StoreError::System(format!("no thread for submissions: {error}")))
        };
        Ok(Self {
            queue: Some(sender),
            threads: (0..threads).map(start).collect::<Result<_, _>>()?,
        })
    }

    /// How many submissions wait to be taken up.
    pub(super) fn queued(&self) -> usize {
        let queue = self.queue.as_ref();
        queue.map_or(0, |queue| queue.max_capacity().saturating_sub(queue.capacity()))
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
    /// [`StoreError::InstanceConflict`] where the identifier is known with other content; [`StoreError::KeysNeeded`] where
    /// something of it is personal and there are no keys; else what is wrong with the
    /// database: then nothing was kept, and sending again is safe.
    pub async fn submit(&self, mut submission: Submission) -> Result<Receipt, StoreError> {
        let stopped = || StoreError::System("the store is closing".to_owned());
        self.seal(&mut submission)?;
        let queue = self.inner.writer.queue.as_ref().ok_or_else(stopped)?;
        let (answer, received) = oneshot::channel();
        let waiting = Waiting {
            origin: Arc::clone(&self.origin),
            submission: Box::new(submission),
            since: Instant::now(),
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
        let mut sealed = submission.clone();
        self.seal(&mut sealed)?;
        self.change(sealed.envelope.received_at, |connection, journal| {
            lock_what_they_name(connection, [&sealed])?;
            arrival::store(connection, journal, &sealed)
        })
    }

    /// Seals what is personal of a submission, and makes it known again after an erasure: before it waits for its turn, so that it is not done while others wait.
    pub(super) fn seal(&self, submission: &mut Submission) -> Result<(), StoreError> {
        if submission.is_personal() {
            submission.seal(&*self.keys()?)?;
        } else if let Ok(ring) = self.keys_there_are() {
            submission.key_hashes(&ring);
        }
        Ok(())
    }
}

/// Waits for a submission. `None` where no more will come.
fn next(queue: &Queue) -> Option<Waiting> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

/// Takes a group of submissions out of the queue: the first that comes, and all that wait by then.
fn next_group(queue: &Queue, mut group: Vec<Waiting>) -> Vec<Waiting> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    if group.is_empty() {
        group.extend(queue.blocking_recv());
    }
    while !group.is_empty() && group.len() < GROUP {
        match queue.try_recv() {
            Ok(waiting) => group.push(waiting),
            Err(_) => break,
        }
    }
    group
}

fn store_groups_sqlite(pool: &Pool, turn: &Mutex<()>, counted: &Counted, queue: &Queue) {
    while let Some(first) = next(queue) {
        // Others in this process may be writing; who comes meanwhile joins the group.
        let my_turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let group = next_group(queue, vec![first]);
        let began = Instant::now();
        let stored = store_with_savepoints(pool, &group);
        counted.commit(began.elapsed());
        drop(my_turn);
        acknowledge(group, stored);
    }
}

fn store_groups_postgres(pool: &Pool, counted: &Counted, queue: &Queue) {
    let mut growth = Growth::new();
    loop {
        let group = next_group(queue, Vec::new());
        if group.is_empty() {
            return;
        }
        let began = Instant::now();
        // Nobody waits for a connection for longer than a call does, wherever in the queue.
        let first = group.iter().map(|waiting| waiting.since).min().unwrap_or(began);
        let until = first + pool.wait();
        let stored = store_at_once(pool, &group, until);
        counted.commit(began.elapsed());
        match stored {
            Ok(receipts) => {
                let rows = receipts.len();
                acknowledge(group, Ok(receipts.into_iter().map(Ok).collect()));
                growth.by(rows, pool);
            }
            Err(error) if is_hopeless(pool, &error, until) => acknowledge(group, Err(error)),
            Err(_) => store_each(pool, group, until),
        }
    }
}

/// Whether the database is away, so that trying the others or again would only make them wait.
fn is_hopeless(pool: &Pool, error: &StoreError, until: Instant) -> bool {
    matches!(error, StoreError::ConnectionLost(_) | StoreError::Busy) && (pool.is_away() || Instant::now() >= until)
}

/// Stores each of a group by itself: that shows which of them can't be stored.
fn store_each(pool: &Pool, group: Vec<Waiting>, until: Instant) {
    let mut hopeless: Option<StoreError> = None;
    for waiting in group {
        let answer = match &hopeless {
            Some(error) => Err(error.for_each_of_group()),
            None => store_singly(pool, &waiting, until),
        };
        if let Err(error) = &answer
            && hopeless.is_none()
            && is_hopeless(pool, error, until)
        {
            hopeless = Some(error.for_each_of_group());
        }
        acknowledge(vec![waiting], Ok(vec![answer]));
    }
}

/// Answers everybody in a group.
fn acknowledge(group: Vec<Waiting>, stored: Result<Vec<Answer>, StoreError>) {
    match stored {
        Ok(answers) => {
            for (waiting, answer) in group.into_iter().zip(answers) {
                if let Err(error) = &answer
                    && !error.is_input()
                {
                    tracing::error!(%error, "a submission was not stored");
                }
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

/// Stores a group in one transaction: at once, or where one of them can't be stored each in a savepoint. The answer to each,
/// or why none was stored.
fn store_with_savepoints(pool: &Pool, group: &[Waiting]) -> Result<Vec<Answer>, StoreError> {
    pool.get()?.transaction(|connection| {
        let mut journals: Vec<Journal<'_>> = group.iter().map(Waiting::journal).collect();
        let together = connection.savepoint(|connection| {
            let submissions: Vec<&Submission> = group.iter().map(|waiting| &*waiting.submission).collect();
            store_together(connection, &submissions, &mut journals)
        });
        let (answers, entries) = match together {
            Ok(receipts) => {
                let entries = journals.into_iter().flat_map(Journal::into_entries).collect();
                (receipts.into_iter().map(Ok).collect(), entries)
            }
            Err(error) if ends_transaction(&error) => return Err(error),
            Err(_) => store_each_in_savepoint(connection, group)?,
        };
        audit::append(connection, entries)?;
        Ok(answers)
    })
}

/// Whether nothing more can be stored in the transaction: the disk is full or gone, and SQLite has undone all of it, or
/// would at its end.
fn ends_transaction(error: &StoreError) -> bool {
    !error.is_input() && !matches!(error, StoreError::Database(_))
}

fn store_each_in_savepoint(
    connection: &mut Connection<'_>,
    group: &[Waiting],
) -> Result<(Vec<Answer>, Vec<Noted>), StoreError> {
    let mut answers = Vec::with_capacity(group.len());
    let mut entries = Vec::with_capacity(group.len());
    for waiting in group {
        let mut journal = waiting.journal();
        let answer = connection.savepoint(|connection| arrival::store(connection, &mut journal, &waiting.submission));
        match answer {
            Err(error) if ends_transaction(&error) => return Err(error),
            Ok(receipt) => {
                entries.extend(journal.into_entries());
                answers.push(Ok(receipt));
            }
            Err(error) => answers.push(Err(error)),
        }
    }
    Ok((answers, entries))
}

/// Stores a group in one transaction: all of it, or nothing where one of them can't be stored.
fn store_at_once(pool: &Pool, group: &[Waiting], until: Instant) -> Result<Vec<Receipt>, StoreError> {
    // Where the time is over, a connection that is free is still taken.
    let wait = until.saturating_duration_since(Instant::now()).max(PAUSE);
    let submissions: Vec<&Submission> = group.iter().map(|waiting| &*waiting.submission).collect();
    let locks = locks_of(submissions.iter().copied());
    pool.get_within(wait)?.transaction_then_durable(locks, |connection| {
        let mut journals: Vec<Journal<'_>> = group.iter().map(Waiting::journal).collect();
        let receipts = store_together(connection, &submissions, &mut journals)?;
        audit::append(
            connection,
            journals.into_iter().flat_map(Journal::into_entries).collect(),
        )?;
        Ok(receipts)
    })
}

/// Stores one submission, again where PostgreSQL gave it up in favour of another or the connection was lost.
///
/// Whether a commit took effect that was not answered is not known, but need not be: a submission that is stored again
/// under its instance ID is found there, and then acknowledged as the one that came before.
fn store_singly(pool: &Pool, waiting: &Waiting, until: Instant) -> Answer {
    let mut answer = Err(StoreError::Locked);
    for attempt in 1..=ATTEMPTS {
        answer = store_at_once(pool, std::slice::from_ref(waiting), until)
            .and_then(|receipts| receipts.into_iter().next().ok_or(StoreError::Locked));
        match &answer {
            Err(StoreError::Locked) => {}
            Err(error) if is_hopeless(pool, error, until) => break,
            Err(StoreError::ConnectionLost(_)) => std::thread::sleep(PAUSE * attempt),
            _ => break,
        }
    }
    answer
}
