//! The backups that a server makes by itself, on a thread of its own.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::settings::Backups;
use crate::store::{Store, StoreError};

/// How often it is looked whether one is due.
const LOOK: Duration = Duration::from_secs(30);

/// Makes backups as long as it is held. One that is being written when it is dropped is finished.
#[derive(Debug)]
pub struct BackupSchedule {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackupSchedule {
    /// Starts it where the settings name a folder.
    pub fn start(store: Store, settings: &Backups, clock: fn() -> DateTime<Utc>) -> Result<Self, StoreError> {
        let (stop, stopped) = channel();
        let Some(folder) = settings.folder.clone() else {
            return Ok(Self {
                stop: None,
                thread: None,
            });
        };
        let every = TimeDelta::from_std(settings.every).unwrap_or(TimeDelta::MAX);
        let keep = settings.keep;
        let thread = std::thread::Builder::new()
            .name("backups".to_owned())
            .spawn(move || {
                loop {
                    match store.backup_when_due(&folder, every, keep, clock) {
                        Ok(Some(file)) => tracing::info!(file = %file.display(), "made a backup"),
                        Ok(None) => {}
                        Err(error) => tracing::error!(%error, "a backup failed: it is tried again"),
                    }
                    if stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })
            .map_err(|error| StoreError::System(format!("no thread for backups: {error}")))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for BackupSchedule {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to finish.
            drop(thread.join());
        }
    }
}
