//! SQLite and PostgreSQL: the only place with SQL.
//!
//! Flows in: definitions that were checked, responses that were processed, decisions of people. Flows out: the same,
//! by filter and page, or streamed. A call that returned has been committed and is durable. No rule of surveys or
//! scoring lives here (which review state may follow which is `response`'s), and nothing here knows HTTP. Calls block,
//! except [`Store::submit`]: an async caller runs them where blocking is allowed.

mod accounts;
mod address;
mod arrival;
mod assessments;
mod assignments;
mod attachments;
mod audit;
mod backchecks;
mod backend;
mod backup;
mod changes;
mod contents;
mod definitions;
mod doorkeeper;
mod duplicates;
mod error;
mod events;
mod frameworks;
mod heads;
mod idempotency;
mod imports;
mod job_files;
mod jobs;
mod json;
mod keys;
mod listing;
mod load;
mod locks;
mod merge;
mod migrations;
mod newcomers;
mod partitions;
mod passwords;
mod places;
mod planner;
mod privacy;
mod progress;
mod reading;
mod register;
mod responses;
mod review;
mod rounds;
mod rows;
mod samples;
mod schedule;
mod schema;
mod seal;
mod second_factor;
mod secrets;
mod seed;
mod server;
mod server_lock;
mod sessions;
mod sign_in;
mod statistics;
mod submission;
mod surveys;
mod targets;
mod time;
mod tokens;
mod visits;
mod warnings;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

pub use accounts::{NewUser, User, UserChange};
pub use address::Address;
pub use assessments::{Assessment, AssessmentSummary, NewAssessment};
pub use assignments::{Assigned, AssignmentFilter, AssignmentState, NewAssignments};
pub use attachments::{Attached, Attachment, LogOfResponse, NewAttachment, Seen};
pub use audit::{AuditAct, AuditCheck, AuditEntry, AuditFault, AuditFilter, AuditHead, Channel, Origin};
pub use backchecks::{Backcheck, BackcheckedResponse, DrawnResponse, NewBackcheck};
pub use backup::{BackupError, BackupSummary, RestoreOptions};
pub use changes::Listener;
pub use contents::Content;
pub use definitions::{NewDefinition, StoredDefinition};
pub use error::StoreError;
pub use events::{Event, EventKind};
pub use frameworks::{NewFramework, StoredFramework};
pub use idempotency::{Begun, KeptAnswer};
pub use imports::{Import, ImportOutcome, ImportState, ImportedRow, NewImport, Withdrawal};
pub use job_files::{JobFile, JobFileHead, JobPart};
pub use jobs::{Claim, EndsJob, Job, JobEnding, JobProgress, JobState, NewJob};
pub use json::JsonText;
pub use keys::{KeyId, KeyRing, add_key, key_file, read_keys, remove_key};
pub use listing::{Cursor, Filter, Order, Page, SortKey};
pub use load::{COMMIT_BOUNDS_SECONDS, Load};
pub use merge::Merge;
pub use passwords::{PasswordFault, check_new_password, hash_password, password_matches, random_password};
pub use privacy::{
    Definitions, Due, Erasure, ErasureScope, Held, KeyUse, OnWithdrawal, Places, RetentionRule, Rotated, Subject,
    Withdrawn,
};
pub use progress::{Breakdown, ProgressRow};
pub use reading::Streamed;
pub use register::{Organisation, RegisterChange, RegisterFilter, RegisterOf};
pub use responses::{Head, Version};
pub use review::{ResponseComment, StateChange};
pub use rounds::{Round, RoundChange, RoundEvent, RoundState};
pub use samples::{Sample, SampleMember};
pub use second_factor::{Enrolment, SecondFactor};
pub use seed::{Seed, Seeded};
pub use server_lock::ServerLock;
pub use sessions::{Carrier, NewSession, Session, SessionHolder};
pub use sign_in::{Admission, Attempt, Proof};
pub use statistics::Statistic;
pub use submission::{Envelope, Facts, Outcome, Receipt, Submission};
pub use targets::Target;
pub use tokens::{NewToken, Token, TokenHolder};
pub use visits::{NewVisit, Visit, VisitOutcome};

use audit::Journal;
use backend::{Connection, Pool};
use doorkeeper::Doorkeeper;
use keys::Keys;
use writer::Writer;

/// How a store behaves that is opened.
///
/// ```
/// use innogauge::store::OpenOptions;
///
/// let patient = OpenOptions { wait: std::time::Duration::from_secs(60), ..OpenOptions::default() };
/// assert_eq!(patient.connections, 8);
/// ```
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The most connections that are open at once.
    pub connections: u32,
    /// How long a call waits for a connection, and for a lock that another program holds.
    pub wait: Duration,
    /// The file of the keys of personal answers and attached files. Where none is named, that of an SQLite database lies beside it and is made
    /// when it is needed, and PostgreSQL takes no personal answers.
    pub keys: Option<PathBuf>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            wait: Duration::from_secs(15),
            keys: None,
        }
    }
}

/// How long an answer to "is it there" may take.
const PING: Duration = Duration::from_secs(3);

/// A database that is open and up to date. Cheap to clone; the clones share its connections.
///
/// ```
/// use innogauge::store::Store;
///
/// let store = Store::open("sqlite::memory:")?;
/// assert!(store.users()?.is_empty());
/// # Ok::<(), innogauge::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    origin: Arc<Origin>,
}

struct Inner {
    address: Address,
    // Declared in the order of dropping: threads end before their connections close, the folder goes last.
    writer: Writer,
    doorkeeper: Doorkeeper,
    pool: Pool,
    /// Writers of this process queue here rather than at SQLite's own lock, where waiting is sleeping and polling.
    write_turn: Arc<Mutex<()>>,
    counted: Arc<load::Counted>,
    keys: Keys,
    _folder: Option<TempDir>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.inner.address).finish()
    }
}

impl Store {
    /// Opens the database at this address, makes it where it is a new file, and brings its schema up to date.
    ///
    /// # Errors
    /// Says what is wrong with the address, the file or the server, or that a newer program wrote the database.
    pub fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_with(address, &OpenOptions::default())
    }

    /// Opens the database with other limits than the default ones.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(address: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let address: Address = address.parse()?;
        let mut folder = None;
        let pool = match &address {
            Address::Sqlite(path) => open_sqlite(path, &address, options, true)?,
            Address::Temporary => {
                // A file that the system keeps in memory as far as it fits: connections then share it as they do any other.
                let made = tempfile::Builder::new()
                    .prefix("innogauge-")
                    .tempdir()
                    .map_err(|error| StoreError::System(format!("no temporary folder: {error}")))?;
                let path = made.path().join("temporary.db");
                folder = Some(made);
                open_sqlite(&path, &address, options, false)?
            }
            Address::Postgres(url) => {
                migrations::bring_up_to_date_postgres(url, &address)?;
                Pool::postgres(url, options.connections, options.wait)
            }
        };
        let write_turn = Arc::new(Mutex::new(()));
        let counted = Arc::new(load::Counted::default());
        let keys = Keys::of(&address, options.keys.clone());
        let writer = Writer::start(&pool, &write_turn, &counted, options.connections)?;
        let doorkeeper = Doorkeeper::start(&pool)?;
        Ok(Self {
            inner: Arc::new(Inner {
                address,
                writer,
                doorkeeper,
                pool,
                write_turn,
                counted,
                keys,
                _folder: folder,
            }),
            origin: Arc::new(Origin::default()),
        })
    }

    /// Where the database is; shown without its password.
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    fn is_postgres(&self) -> bool {
        matches!(self.inner.pool, Pool::Postgres { .. })
    }

    /// The same database, for somebody: what is changed through this handle is theirs in the audit log.
    #[must_use]
    pub fn acting(&self, origin: Origin) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            origin: Arc::new(origin),
        }
    }

    /// Makes this process the one server of an SQLite file, for as long as the lock is held. PostgreSQL takes many.
    ///
    /// # Errors
    /// [`StoreError::AlreadyServed`] where another process is.
    pub fn lock_for_serving(&self) -> Result<ServerLock, StoreError> {
        match &self.inner.address {
            Address::Sqlite(path) => ServerLock::take(path, &self.inner.address.to_string()),
            Address::Temporary | Address::Postgres(_) => Ok(ServerLock::not_needed()),
        }
    }

    /// Whether the database answers right now.
    ///
    /// # Errors
    /// Says why it does not.
    pub fn ping(&self) -> Result<(), StoreError> {
        use diesel::prelude::*;
        let mut pooled = self.inner.pool.get_within(PING.min(self.inner.pool.wait()))?;
        let connection = &mut pooled.connection();
        backend::on_backend!(connection, |c| diesel::select(diesel::dsl::sql::<
            diesel::sql_types::Integer,
        >("1"))
        .get_result::<i32>(c))?;
        Ok(())
    }

    /// A connection, when it is this call's turn.
    fn pooled(&self) -> Result<backend::Pooled, StoreError> {
        let _waiting = self.inner.counted.waiting();
        self.inner.pool.get()
    }

    /// Statements that only read.
    fn read<T>(&self, act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        act(&mut self.pooled()?.connection())
    }

    /// Statements that read one state of the database.
    fn snapshot<T>(&self, act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.pooled()?.snapshot(act)
    }

    /// A change of the data: what it says of itself in its journal is in the audit log once it is committed.
    fn change<T>(
        &self,
        now: DateTime<Utc>,
        act: impl FnOnce(&mut Connection<'_>, &mut Journal<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write(|connection| {
            let mut journal = Journal::new(&self.origin, time::stored(now));
            let done = act(connection, &mut journal)?;
            audit::append(connection, journal.into_entries())?;
            Ok(done)
        })
    }

    /// A transaction that writes, all of it or nothing, and is nobody's act: marks of use, sessions, leases.
    fn write<T>(&self, act: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let waiting = self.inner.counted.waiting();
        let _turn = match self.inner.pool {
            // Whoever panicked in its turn has left no transaction behind: the lock guards nothing but the order.
            Pool::Sqlite(_) => Some(self.inner.write_turn.lock().unwrap_or_else(PoisonError::into_inner)),
            Pool::Postgres { .. } => None,
        };
        let mut connection = self.inner.pool.get()?;
        drop(waiting);
        connection.transaction(act)
    }
}

fn open_sqlite(path: &Path, address: &Address, options: &OpenOptions, durable: bool) -> Result<Pool, StoreError> {
    let text = sqlite_name(path, address)?;
    migrations::bring_up_to_date_sqlite(&text, address, options.wait, durable)?;
    Ok(Pool::sqlite(&text, options.connections, options.wait, durable))
}

/// The name of a file as SQLite takes it.
fn sqlite_name(path: &Path, address: &Address) -> Result<String, StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(StoreError::MissingFolder {
            folder: folder.to_owned(),
        });
    }
    let text = path.to_str().ok_or_else(|| StoreError::Unreachable {
        database: address.to_string(),
        reason: "the path is not UTF-8".to_owned(),
    })?;
    // SQLite takes `file:` for the start of a URI with options, and an empty name for a private database.
    Ok(if text.starts_with("file:") {
        format!("./{text}")
    } else {
        text.to_owned()
    })
}
