//! Backups: everything that a database holds in one file, which either database takes back.
//!
//! Flows in: a database that may be serving meanwhile, read in one snapshot. Flows out: a zip archive with a member per
//! table and a manifest with the count and the SHA-256 of each. The encoding is neither database's own, so a backup of
//! one restored into the other is the way between them. Personal answers that are encrypted stay encrypted: their keys
//! are not in the database, so they are not in its backups either, and have to be kept beside them.

mod archive;
mod columns;
mod error;
mod insert;
mod load;
mod rotation;
mod rows;
mod tables;

use std::path::Path;

use chrono::{DateTime, Utc};

pub use error::BackupError;
pub use load::RestoreOptions;

use super::{AuditAct, Store, StoreError};
use archive::{Manifest, Writer};

/// What a backup holds, or what was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// How many tables.
    pub tables: usize,
    /// How many rows in all tables.
    pub rows: u64,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// When the backup was made.
    pub created_at: DateTime<Utc>,
}

impl Store {
    /// Writes everything that the database holds at this moment to a new file, while others read and write.
    ///
    /// The file appears under its name when it is complete and durable. Memory does not grow with the database.
    /// `progress` is told the rows that were written since it was last told.
    ///
    /// # Errors
    /// [`BackupError::FileExists`], or what the file system or the database says; then there is no file.
    pub fn backup(
        &self,
        file: &Path,
        now: DateTime<Utc>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BackupSummary, BackupError> {
        if file.exists() {
            return Err(BackupError::FileExists { file: file.to_owned() });
        }
        let about_file = |source| BackupError::File {
            file: file.to_owned(),
            source,
        };
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new()
            .prefix(".innogauge-backup-")
            .tempfile_in(folder)
            .map_err(about_file)?;
        let writer = Writer::start(partial.reopen().map_err(about_file)?)?;
        let written = self.snapshot_for_backup(&writer, now, progress);
        let finished = writer.finish(written)?;
        partial.as_file().sync_all().map_err(about_file)?;
        let bytes = partial.as_file().metadata().map_err(about_file)?.len();
        partial
            .persist_noclobber(file)
            .map_err(|error| about_file(error.error))?;
        sync_folder(folder).map_err(about_file)?;
        Ok(BackupSummary {
            bytes,
            ..finished.summary()
        })
    }

    /// Puts on the record that a backup is asked for, to be handed out.
    ///
    /// # Errors
    /// What the database says: then none is to be made.
    pub fn note_backup(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |_, journal| {
            journal.note(AuditAct::BackupAsked, "backups");
            Ok(())
        })
    }

    fn snapshot_for_backup(
        &self,
        writer: &Writer,
        now: DateTime<Utc>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Manifest, BackupError> {
        let mut failure = None;
        let manifest = self.snapshot(|connection| {
            let mut manifest = Manifest::new(super::migrations::applied(connection)?, self.is_postgres(), now);
            for table in tables::all() {
                let begun = writer.begin(&table);
                let copied = begun.and_then(|()| rows::copy(connection, &table, writer, progress));
                match copied {
                    Ok(()) => manifest.add(table),
                    Err(error) => {
                        failure = Some(error);
                        return Err(StoreError::System("the backup was not written".to_owned()));
                    }
                }
            }
            Ok(manifest)
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(manifest?),
        }
    }
}

/// Makes a new name in a folder durable, where the system has a way to.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
