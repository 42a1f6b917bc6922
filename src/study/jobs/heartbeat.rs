//! The jobs that this server works on: how far each is, and whether it goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::super::StudyError;
use super::super::progress::{Progress, Watch};
use crate::store::{Claim, JobProgress, Store, StoreError};

/// A job on one of this server's threads.
#[derive(Debug)]
pub(super) struct Running {
    pub claim: Claim,
    progress: Mutex<JobProgress>,
    cancelled: AtomicBool,
    lost: AtomicBool,
    stopped: AtomicBool,
}

impl Running {
    pub fn new(claim: Claim) -> Self {
        Self {
            claim,
            progress: Mutex::default(),
            cancelled: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        }
    }

    /// Renews the lease, and hears whether somebody wants the job ended or has taken it up.
    pub fn beat(&self, store: &Store, until: DateTime<Utc>) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match store.renew_job(&self.claim, &progress, until) {
            Ok(true) => self.cancelled.store(true, Ordering::Relaxed),
            Ok(false) => {}
            Err(StoreError::LeaseLost { .. }) => self.lost.store(true, Ordering::Relaxed),
            // Tried again with the next beat; the lease outlasts several.
            Err(error) => tracing::warn!(job = self.claim.job, %error, "a lease was not renewed"),
        }
    }

    /// The server stops: the work ends at the next look.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Watch for Running {
    fn see(&self, progress: Progress) -> Result<(), StudyError> {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = JobProgress {
            stage: progress.stage.name().to_owned(),
            done: i64::try_from(progress.done).unwrap_or(i64::MAX),
            total: progress.of.map(|of| i64::try_from(of).unwrap_or(i64::MAX)),
        };
        if self.lost.load(Ordering::Relaxed) {
            let job = self.claim.job;
            return Err(StoreError::LeaseLost { job }.into());
        }
        if self.is_stopped() || self.cancelled.load(Ordering::Relaxed) {
            return Err(StudyError::Cancelled);
        }
        Ok(())
    }

    fn claim(&self) -> Option<&Claim> {
        Some(&self.claim)
    }
}
