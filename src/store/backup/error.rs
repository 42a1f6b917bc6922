//! Why a backup was not made or not restored, as sentences for the person who asked.

use std::path::PathBuf;

use super::super::StoreError;

/// Why a backup was not made, or not restored. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup never replaces a file.
    #[error("{} exists already: name a new file", .file.display())]
    FileExists {
        /// The file.
        file: PathBuf,
    },
    /// The file can't be written or read.
    #[error("{}: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The archive could not be written: a full disk, most likely.
    #[error("the backup can't be written: {0}")]
    Writing(String),
    /// The file is not what was once written.
    #[error("{}: the backup is damaged or incomplete ({reason}): nothing was restored", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where and how.
        reason: String,
    },
    /// A newer program wrote the backup.
    #[error("{}: the backup was written by innogauge {program}, which is newer: upgrade this program", .file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// The program's version.
        program: String,
    },
    /// The database holds something that would be lost.
    #[error("{database} is not empty ({what}): restore into a new database, or give --replace to lose what it holds")]
    NotEmpty {
        /// The database's address.
        database: String,
        /// What it holds.
        what: String,
    },
    /// Servers are using the database.
    #[error("{database} is in use by {connections} connections of innogauge: stop its servers first")]
    InUse {
        /// The database's address.
        database: String,
        /// How many.
        connections: i64,
    },
    /// A throw-away database keeps nothing.
    #[error("a throw-away database keeps nothing: restore into a file or a PostgreSQL database")]
    Temporary,
    /// A row of the archive is none that the database takes.
    #[error("table {table}, row {row}: {reason}: nothing was restored")]
    Row {
        /// The table.
        table: String,
        /// Its number in the archive, from 1; the first of its batch.
        row: u64,
        /// What is wrong.
        reason: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// Whether what was asked is at fault, not the system.
    pub fn is_input(&self) -> bool {
        match self {
            Self::File { .. } | Self::Writing(_) => false,
            Self::Store(error) => error.is_input(),
            _ => true,
        }
    }
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}
