//! What can go wrong with the database, as sentences for the person who runs it.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::response::ReviewError;

/// Why the store could not do what was asked.
///
/// The first group is about the database itself, the second about what was asked of it. Which exit code or HTTP status
/// follows is decided at the edge; [`StoreError::is_input`] tells the two groups apart.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names neither of the two databases.
    #[error("'{address}' is not a database address: write sqlite:FILE or postgres://USER@HOST/NAME")]
    UnknownAddress {
        /// What was given, without a password.
        address: String,
    },
    /// The folder that the file should lie in is missing.
    #[error("the folder of the database is missing: {}", .folder.display())]
    MissingFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is something else.
    #[error("{database} is not a database")]
    NotADatabase {
        /// The database's address.
        database: String,
    },
    /// The file is a database, but another program's.
    #[error("{database} is a database of another program: name a new file")]
    ForeignDatabase {
        /// The database's address.
        database: String,
    },
    /// A newer program has changed the database.
    #[error("{database} was written by a newer innogauge (it has the change '{change}'): upgrade this program")]
    NewerDatabase {
        /// The database's address.
        database: String,
        /// The first change of its schema that this program does not know.
        change: String,
    },
    /// Nothing answers there, or it does not let us in.
    #[error("can't open {database}: {reason}")]
    Unreachable {
        /// The database's address.
        database: String,
        /// What the database's own library said.
        reason: String,
    },
    /// Another server process has the file.
    #[error("{database} is already served by another innogauge server{}: stop that one, or use PostgreSQL for several servers",
        .process.map(|id| format!(" (process {id})")).unwrap_or_default())]
    AlreadyServed {
        /// The database's address.
        database: String,
        /// The other process, where it is known.
        process: Option<u32>,
    },
    /// Another program kept the database locked for longer than we wait.
    #[error("the database is locked by another program; nothing was changed, try again")]
    Locked,
    /// The disk is full.
    #[error("the disk that holds the database is full; nothing was changed")]
    Full,
    /// The file or the account may only read.
    #[error("the database can't be written to: it is read-only for this program")]
    ReadOnly,
    /// All connections are in use, or submissions wait in too long a queue.
    #[error("the database is busy: all its connections are in use")]
    Busy,
    /// The connection was lost.
    #[error("the connection to the database was lost: {0}")]
    ConnectionLost(String),
    /// What the database holds is not what this program wrote there.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(String),
    /// Personal answers can't be kept or read without keys.
    #[error("personal answers are kept encrypted, and there are no keys{}: make a file with `innogauge keys new --keys FILE`, keep it apart from the database, and name it with --keys or INNOGAUGE_KEYS", .file.as_ref().map(|file| format!(" in {}", file.display())).unwrap_or_default())]
    KeysNeeded {
        /// Where they were looked for.
        file: Option<PathBuf>,
    },
    /// The file of the keys can't be used.
    #[error("the keys in {} can't be used: {reason}", .file.display())]
    UnusableKeys {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// A key that is not in the file.
    #[error(
        "personal answers were written with the key {key}, which is not in the file of the keys: put it back from its copy"
    )]
    UnknownKey {
        /// The key's name.
        key: String,
    },
    /// Consent to a response was withdrawn: it takes no new versions.
    #[error("consent to response '{instance_id}' was withdrawn: it takes no new answers")]
    ConsentWithdrawn {
        /// The response.
        instance_id: String,
    },
    /// Anything else that the database says.
    #[error("the database says: {0}")]
    Database(#[source] DieselError),
    /// The system gave no random bytes, no thread, no file.
    #[error("{0}")]
    System(String),

    /// There is no such thing.
    #[error("there is no {what} '{name}'")]
    NotFound {
        /// The kind of thing: `user`, `round`, `response`.
        what: &'static str,
        /// How it was asked for.
        name: String,
    },
    /// There is one already.
    #[error("there is a {what} '{name}' already")]
    Exists {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A published definition was changed without a new version.
    #[error(
        "{file}: survey '{survey}' version '{version}' is published and never changes, but the file differs: raise the version"
    )]
    PublishedDefinition {
        /// The definition's file.
        file: String,
        /// The survey.
        survey: String,
        /// The version.
        version: String,
    },
    /// The same identifier was received with other content.
    #[error("instance '{instance_id}' was received before with other content: an edit needs a new instance ID")]
    InstanceConflict {
        /// The identifier.
        instance_id: String,
    },
    /// The version of a response has another file under this name.
    #[error(
        "instance '{instance_id}' has another file under this name: another file takes a new version of the response"
    )]
    AttachmentConflict {
        /// The instance ID of the version.
        instance_id: String,
    },
    /// The files of a response would together be too large.
    #[error("all files of a response together have at most {limit} bytes")]
    AttachmentsTooLarge {
        /// The limit.
        limit: u64,
    },
    /// Somebody else changed the row in the meantime.
    #[error("{what} '{name}' was changed by somebody else in the meantime: look at it again")]
    Stale {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Another server has taken the job up.
    #[error("job {job} was taken up by another server: nothing of this attempt was kept")]
    LeaseLost {
        /// The job.
        job: i64,
    },
    /// The review of a response does not go that way.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// What was asked is against a rule; the sentence says which.
    #[error("{0}")]
    Refused(String),
    /// An instance ID that is longer than an index of any database takes.
    #[error("an instance ID has at most {most} characters, like uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")]
    LongInstanceId {
        /// How many there may be.
        most: usize,
    },
    /// A character that no database takes.
    #[error("the {what} contains the character U+0000, which can't be stored")]
    NulCharacter {
        /// Where it was found.
        what: &'static str,
    },
}

impl StoreError {
    /// Whether the caller's input is at fault, not the system.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::UnknownAddress { .. }
                | Self::NotFound { .. }
                | Self::Exists { .. }
                | Self::PublishedDefinition { .. }
                | Self::InstanceConflict { .. }
                | Self::AttachmentConflict { .. }
                | Self::AttachmentsTooLarge { .. }
                | Self::Stale { .. }
                | Self::ConsentWithdrawn { .. }
                | Self::KeysNeeded { .. }
                | Self::UnusableKeys { .. }
                | Self::Review(_)
                | Self::Refused(_)
                | Self::LongInstanceId { .. }
                | Self::NulCharacter { .. }
        )
    }

    /// The same, for another of the submissions that failed together.
    pub(super) fn for_each_of_group(&self) -> Self {
        match self {
            Self::Locked => Self::Locked,
            Self::Full => Self::Full,
            Self::ReadOnly => Self::ReadOnly,
            Self::Busy => Self::Busy,
            Self::ConnectionLost(reason) => Self::ConnectionLost(reason.clone()),
            other => Self::System(other.to_string()),
        }
    }

    /// Whether the same call may succeed later without anybody changing it.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Locked | Self::Full | Self::Busy | Self::ConnectionLost(_))
    }
}

/// Neither database's library hands its error code through diesel, so the kinds that matter to people are told by
/// the text, which both keep stable (SQLite's `sqlite3_errstr`, PostgreSQL with English messages asked for).
impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return match error {
                DieselError::DeserializationError(reason) => Self::Unreadable(reason.to_string()),
                DieselError::BrokenTransactionManager => Self::ConnectionLost("a transaction was cut off".to_owned()),
                // A failed COMMIT whose ROLLBACK failed too: the first of the two says why.
                DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
                other => Self::Database(other),
            };
        };
        let message = information.message();
        let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        if matches!(
            kind,
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand
        ) || says(&[
            "server closed the connection",
            "terminating connection",
            "connection to server",
            "no connection to the server",
            "could not receive data from server",
            "could not send data to server",
            "SSL SYSCALL error",
            "connection has been closed unexpectedly",
        ]) {
            Self::ConnectionLost(message.trim().to_owned())
        } else if says(&[
            "database is locked",
            "database table is locked",
            "lock timeout",
            "deadlock detected",
        ]) {
            Self::Locked
        } else if says(&["database or disk is full", "No space left on device", "设备上没有空间"]) {
            Self::Full
        } else if matches!(kind, DatabaseErrorKind::ReadOnlyTransaction)
            || says(&["readonly database", "read-only transaction"])
        {
            Self::ReadOnly
        } else {
            Self::Database(error)
        }
    }
}
