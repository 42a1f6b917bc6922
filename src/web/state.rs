//! What every handler shares.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};

use super::Caller;
use super::metrics::Metrics;
use super::mount::Routes;
use super::passwords::PasswordHashing;
use super::problem::Problem;
use crate::attachments::{ContentError, Contents};
use crate::settings::Settings;
use crate::store::Store;
use crate::study::jobs::Jobs;
use crate::study::{FilePlace, Surveys, prune_erased_contents};
use crate::workbook::{Limits, Worker};

/// The application: the store, what is kept of it in memory, settings and counters.
#[derive(Debug)]
pub struct App {
    /// Where everything is kept.
    pub store: Store,
    /// Where attached files are kept.
    pub files: FilePlace,
    /// Definitions that were loaded already.
    pub surveys: Surveys,
    /// The threads that do long work.
    pub jobs: Jobs,
    /// What the server was started with.
    pub settings: Settings,
    /// The names under which the server answers; empty for any.
    pub hosts: Vec<String>,
    /// Whether the server was told to stop: then it is ready no more.
    pub stopping: AtomicBool,
    /// Counters.
    pub metrics: Metrics,
    /// The bounded hashing of passwords.
    pub passwords: PasswordHashing,
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
    /// Every mounted route: the OpenAPI document is made of them.
    pub routes: Routes,
    /// That document, once somebody has asked for it.
    pub openapi: OnceLock<web::Bytes>,
}

impl App {
    /// The time, which everything below the handlers is handed.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The store for a caller: what is changed through it is theirs in the audit log.
    pub fn store_for(&self, caller: &Caller) -> Store {
        self.store.acting(caller.origin())
    }

    /// The process that reads workbooks of strangers, under these limits.
    pub fn workbook_reader(&self, limits: Limits) -> Result<Worker, Problem> {
        match &self.settings.workbook_reader {
            Some(program) => Ok(Worker::of(program, limits)),
            None => Worker::of_this_program(limits).map_err(Problem::internal),
        }
    }

    /// Where the content of attached files is kept.
    pub fn contents(&self) -> Result<&Contents, ContentError> {
        self.files.contents.as_ref().ok_or(ContentError::NotSet)
    }

    /// Until when content that no response has any more must have had none, to be removed now.
    pub fn contents_grace(&self) -> DateTime<Utc> {
        self.now() - bounded(self.settings.attachments_grace)
    }

    /// Removes at once the content of files that were erased. Where that fails, it is tried again from time to time.
    pub fn remove_erased_contents(&self) {
        let Some(contents) = &self.files.contents else { return };
        if let Err(error) = prune_erased_contents(&self.store, contents) {
            tracing::error!(%error, "the content of erased files could not be removed yet");
        }
    }

    /// How long a session lasts without use.
    pub fn session_idle(&self) -> TimeDelta {
        bounded(self.settings.sessions.idle)
    }

    /// How long a session lasts at the most.
    pub fn session_absolute(&self) -> TimeDelta {
        bounded(self.settings.sessions.absolute)
    }
}

/// A time that can be added to any date: ten years are for ever.
fn bounded(duration: Duration) -> TimeDelta {
    const LONGEST: TimeDelta = TimeDelta::days(3660);
    TimeDelta::from_std(duration).map_or(LONGEST, |duration| duration.min(LONGEST))
}
