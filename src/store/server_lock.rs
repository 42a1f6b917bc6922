//! One server per SQLite file: two would each believe to be the only one that queues submissions and sends them on.
//!
//! The lock is the operating system's on a file beside the database, so it is gone with the process that held it,
//! however that ended. Commands other than `serve` do not take it: they share the database through its own locks.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::StoreError;

/// Held by a server as long as it serves.
#[derive(Debug)]
pub struct ServerLock {
    /// None where any number of servers may share the database.
    _file: Option<File>,
}

impl ServerLock {
    pub(super) fn not_needed() -> Self {
        Self { _file: None }
    }

    pub(super) fn take(database: &Path, address: &str) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".serving");
        let system = |error: std::io::Error| StoreError::System(format!("{}: {error}", Path::new(&path).display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(system)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).and_then(|()| file.rewind()).map_err(system)?;
                write!(file, "{}", std::process::id()).map_err(system)?;
                Ok(Self { _file: Some(file) })
            }
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // Only for the message: without it the process stays unnamed.
                let read = file.read_to_string(&mut process);
                Err(StoreError::AlreadyServed {
                    database: address.to_owned(),
                    process: read.ok().and_then(|_| process.trim().parse().ok()),
                })
            }
            Err(TryLockError::Error(error)) => Err(system(error)),
        }
    }
}
