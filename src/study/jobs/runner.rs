//! The threads that work on jobs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::{FilePlace, StudyError};
use super::heartbeat::Running;
use super::task::{Bench, Task};
use crate::spreadsheet;
use crate::store::{Channel, Claim, Job, JobEnding, Origin, Store, StoreError};

/// How often a job is begun before it is given up: each time a server died over it, or the database was away.
const ATTEMPTS: i64 = 8;
/// How long a job waits that the database failed under.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// How often idle threads look for jobs that another server took in.
const LOOK: Duration = Duration::from_secs(1);
/// How long jobs may go on when the server stops.
const LAST_MOMENTS: Duration = Duration::from_secs(5);
/// How long jobs that ended are kept with their files.
const KEPT: TimeDelta = TimeDelta::days(7);

/// How a server works on jobs.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// How many at a time; with 0 this server leaves them to others.
    pub threads: usize,
    /// For how long a job is this server's alone without a sign of life.
    pub lease: Duration,
    /// The name of this server.
    pub owner: String,
    /// The process that reads workbooks.
    pub reader: spreadsheet::Worker,
    /// Where the files of imports are kept.
    pub files: FilePlace,
    /// What is kept of an error for whoever asks after the job.
    pub describe: fn(StudyError) -> Value,
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
}

/// What works on jobs, one at a time. [`Jobs`] has threads for it; a test drives it by hand.
#[derive(Debug)]
pub struct Worker {
    store: Store,
    settings: WorkerSettings,
    running: Mutex<Vec<Arc<Running>>>,
}

impl Worker {
    /// A worker on a store.
    pub fn new(store: Store, settings: WorkerSettings) -> Self {
        Self {
            store,
            settings,
            running: Mutex::default(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.settings.clock)()
    }

    fn lease_end(&self) -> DateTime<Utc> {
        self.now() + TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::MAX)
    }

    /// Takes a job up and works on it until it ends. `None` where there is none to take up.
    ///
    /// # Errors
    ///
    /// What the database says; what goes wrong with the job itself is kept with it.
    pub fn work_once(&self) -> Result<Option<i64>, StoreError> {
        let taken = self
            .store
            .claim_job(&self.settings.owner, self.now(), self.lease_end())?;
        let Some((claim, job)) = taken else { return Ok(None) };
        let running = Arc::new(Running::new(claim));
        self.list(|list| list.push(running.clone()));
        let outcome = self.attempt(&job, &running);
        self.list(|list| list.retain(|one| !Arc::ptr_eq(one, &running)));
        let ended = self.settle(&running, job.attempt, outcome);
        match ended {
            // Another server has it, and its attempt counts.
            Ok(()) | Err(StoreError::LeaseLost { .. }) => Ok(Some(job.id)),
            Err(error) => Err(error),
        }
    }

    fn list<T>(&self, act: impl FnOnce(&mut Vec<Arc<Running>>) -> T) -> T {
        act(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn attempt(&self, job: &Job, running: &Running) -> Result<(), StudyError> {
        if job.attempt > ATTEMPTS {
            return Err(StudyError::GivenUp { attempts: ATTEMPTS });
        }
        if job.cancel_requested {
            return Err(StudyError::Cancelled);
        }
        let task: Task = job.input.read()?;
        // Whoever asked for it does it, as far as the audit log goes.
        let store = self.store.acting(Origin {
            actor: Some(job.created_by.clone()),
            channel: Channel::Api,
            address: None,
        });
        let bench = Bench {
            store: &store,
            reader: &self.settings.reader,
            files: &self.settings.files,
            claim: &running.claim,
            made_by: &job.created_by,
            now: self.now(),
            watch: running,
        };
        catch_unwind(AssertUnwindSafe(|| task.run(&bench))).unwrap_or(Err(StudyError::Broken))
    }

    /// Ends a job that its work did not end, or gives it back.
    fn settle(&self, running: &Running, attempt: i64, outcome: Result<(), StudyError>) -> Result<(), StoreError> {
        let claim: &Claim = &running.claim;
        match outcome {
            Ok(()) => Ok(()),
            Err(StudyError::Store(error @ StoreError::LeaseLost { .. })) => Err(error),
            Err(StudyError::Cancelled) if running.is_stopped() => self.store.release_job(claim, self.now()),
            Err(StudyError::Cancelled) => self.store.end_job(claim, &JobEnding::Cancelled, self.now()),
            Err(StudyError::Store(error)) if error.is_transient() && attempt < ATTEMPTS => {
                tracing::warn!(job = claim.job, %error, "a job is tried again");
                self.store.release_job(claim, self.now() + PAUSE)
            }
            Err(error) => {
                if !error.is_input() {
                    tracing::error!(job = claim.job, %error, "a job failed");
                }
                let reason = (self.settings.describe)(error);
                self.store.end_job(claim, &JobEnding::Failed(reason), self.now())
            }
        }
    }

    /// Renews every lease of this worker, and hears what became of its jobs meanwhile.
    pub fn beat(&self) {
        let running = self.list(|list| list.clone());
        for one in running {
            one.beat(&self.store, self.lease_end());
        }
    }

    /// Ends what runs, at its next look at the progress.
    fn stop(&self) {
        self.list(|list| list.iter().for_each(|one| one.stop()));
    }

    /// Gives back what still runs: its thread can't end a job any more that is given back.
    fn release(&self) {
        for one in self.list(std::mem::take) {
            if let Err(error) = self.store.release_job(&one.claim, self.now()) {
                tracing::warn!(job = one.claim.job, %error, "a job was not given back: it waits for its lease to end");
            }
        }
    }
}

/// Whether the threads go on, and what wakes them.
#[derive(Debug, Default)]
struct Signal {
    stopping: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// Waits for a change or so long. Whether the threads are to stop.
    fn wait(&self, at_most: Duration) -> bool {
        let stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        if *stopping {
            return true;
        }
        let (stopping, _) = self
            .changed
            .wait_timeout(stopping, at_most)
            .unwrap_or_else(PoisonError::into_inner);
        *stopping
    }
}

/// The threads of a server that work on jobs. Dropped, they give back what they work on, and end.
#[derive(Debug)]
pub struct Jobs {
    worker: Arc<Worker>,
    signal: Arc<Signal>,
    threads: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(store: Store, settings: WorkerSettings) -> Result<Self, StoreError> {
        let count = settings.threads;
        let mut jobs = Self {
            worker: Arc::new(Worker::new(store, settings)),
            signal: Arc::default(),
            threads: Vec::new(),
        };
        for number in 0..count {
            jobs.spawn(format!("jobs-{number}"), work)?;
        }
        if count > 0 {
            jobs.spawn("jobs-heartbeat".to_owned(), keep_alive)?;
        }
        Ok(jobs)
    }

    fn spawn(&mut self, name: String, act: fn(&Worker, &Signal)) -> Result<(), StoreError> {
        let (worker, signal) = (Arc::clone(&self.worker), Arc::clone(&self.signal));
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || act(&worker, &signal))
            .map_err(|error| StoreError::System(format!("no thread for jobs: {error}")))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Says that a job is there.
    pub fn wake(&self) {
        self.signal.changed.notify_one();
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        *self.signal.stopping.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signal.changed.notify_all();
        self.worker.stop();
        let began = std::time::Instant::now();
        while began.elapsed() < LAST_MOMENTS && self.threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.worker.release();
        for thread in self.threads.drain(..).filter(JoinHandle::is_finished) {
            // One that panicked has nothing left to give back.
            drop(thread.join());
        }
    }
}

/// Works on one job after the other.
fn work(worker: &Worker, signal: &Signal) {
    let mut idle = Duration::ZERO;
    while !signal.wait(idle) {
        idle = match worker.work_once() {
            Ok(Some(_)) => Duration::ZERO,
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "jobs can't be looked for");
                LOOK * 5
            }
        };
    }
}

/// Renews the leases several times as often as they end, and removes what is old.
fn keep_alive(worker: &Worker, signal: &Signal) {
    let mut beats: u64 = 0;
    let every = (worker.settings.lease / 4).min(Duration::from_secs(1));
    while !signal.wait(every) {
        worker.beat();
        if beats.is_multiple_of(3600) {
            match worker.store.remove_old_jobs(worker.now() - KEPT) {
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "old jobs were not removed"),
            }
        }
        beats += 1;
    }
}
