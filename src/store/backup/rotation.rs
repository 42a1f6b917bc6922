//! Backups that follow each other in a folder: the newest are kept.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::super::Store;
use super::BackupError;

/// What the servers of a database call it among themselves.
const TASK: &str = "backup";
const PREFIX: &str = "innogauge-";
const SUFFIX: &str = ".zip";

impl Store {
    /// Makes a backup in a folder where the last one is older than `every` and no other server is at it; then removes
    /// all but the newest `keep`. Says which file was written.
    ///
    /// `clock` is asked while it works, so that others know it does.
    ///
    /// # Errors
    /// As [`Store::backup`]; then the next call tries again.
    pub fn backup_when_due(
        &self,
        folder: &Path,
        every: TimeDelta,
        keep: usize,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Option<PathBuf>, BackupError> {
        let now = clock();
        if !self.take_task(TASK, every, now)? {
            return Ok(None);
        }
        let file = folder.join(format!("{PREFIX}{}{SUFFIX}", now.format("%Y-%m-%dT%H-%M-%S%.3fZ")));
        let held = std::sync::Mutex::new(now);
        let written = self.backup(&file, now, &|_| {
            let mut held = held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if clock() - *held > TimeDelta::minutes(1) {
                *held = clock();
                // A server that can't say that it works may find another one doing the same: two backups then.
                if let Err(error) = self.hold_task(TASK, *held) {
                    tracing::warn!(%error, "a backup goes on that others may take for given up");
                }
            }
        });
        self.end_task(TASK, written.is_ok().then_some(now))?;
        written?;
        rotate(folder, keep).map_err(|source| BackupError::File {
            file: folder.to_owned(),
            source,
        })?;
        Ok(Some(file))
    }
}

/// Removes all but the newest backups of a folder, and nothing else.
fn rotate(folder: &Path, keep: usize) -> std::io::Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        {
            names.push(name);
        }
    }
    // Their names hold the time of each.
    names.sort();
    let surplus = names.len().saturating_sub(keep.max(1));
    for name in names.iter().take(surplus) {
        std::fs::remove_file(folder.join(name))?;
    }
    Ok(())
}
