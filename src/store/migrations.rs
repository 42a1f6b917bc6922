//! Brings the schema up to date when a database is opened: under a lock, so that of two programs that open it at once
//! one does it and the other finds it done.

use std::time::{Duration, Instant};

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::backend::{self, Connection};
use super::server;
use super::{Address, StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What the first migration writes into the file's header: "INOV".
const APPLICATION_ID: i32 = 0x494E_4F56;
/// The advisory lock of PostgreSQL that whoever changes the schema holds: the same number.
const SCHEMA_LOCK: i64 = 0x494E_4F56;

/// How long to wait before a file is tried again that somebody else prepares.
const PAUSE: Duration = Duration::from_millis(20);

type Boxed = Box<dyn std::error::Error + Send + Sync>;

pub(super) fn bring_up_to_date_sqlite(
    path: &str,
    address: &Address,
    wait: Duration,
    durable: bool,
) -> Result<(), StoreError> {
    let mut connection = connect_sqlite(path, address, wait, durable)?;
    if pending(&mut connection, &SQLITE, address)? == 0 {
        return Ok(());
    }
    connection.immediate_transaction(|c| run(c, SQLITE))
}

/// A connection of its own to a file that is a database of ours, or will be one.
pub(super) fn connect_sqlite(
    path: &str,
    address: &Address,
    wait: Duration,
    durable: bool,
) -> Result<SqliteConnection, StoreError> {
    let unreachable = |reason: String| StoreError::Unreachable {
        database: address.to_string(),
        reason,
    };
    let mut connection = SqliteConnection::establish(path).map_err(|error| unreachable(error.to_string()))?;
    let about_file = |error: diesel::result::Error| match StoreError::from(error) {
        StoreError::Database(inner) if inner.to_string().contains("not a database") => StoreError::NotADatabase {
            database: address.to_string(),
        },
        StoreError::Database(inner) => unreachable(inner.to_string()),
        other => other,
    };
    let began = Instant::now();
    loop {
        match backend::prepare_sqlite(&mut connection, wait, durable).map_err(about_file) {
            // SQLite does not always wait where another process changes a new file to the write-ahead log meanwhile.
            Err(StoreError::Locked) if began.elapsed() < wait => std::thread::sleep(PAUSE),
            prepared => break prepared?,
        }
    }
    if is_foreign(&mut connection).map_err(about_file)? {
        return Err(StoreError::ForeignDatabase {
            database: address.to_string(),
        });
    }
    Ok(connection)
}

/// Whether the file has tables, none of them ours.
fn is_foreign(connection: &mut SqliteConnection) -> QueryResult<bool> {
    use diesel::dsl::sql;
    use diesel::sql_types::Integer;
    let id: i32 = diesel::select(sql::<Integer>("(SELECT application_id FROM pragma_application_id())"))
        .get_result(connection)?;
    let tables: i32 = diesel::select(sql::<Integer>(
        "(SELECT count(*) FROM sqlite_master WHERE name <> '__diesel_schema_migrations' AND name NOT LIKE 'sqlite_%')",
    ))
    .get_result(connection)?;
    Ok(id != APPLICATION_ID && tables > 0)
}

pub(super) fn bring_up_to_date_postgres(url: &str, address: &Address) -> Result<(), StoreError> {
    let mut connection = PgConnection::establish(url).map_err(|error| StoreError::Unreachable {
        database: address.to_string(),
        reason: error.to_string().trim().to_owned(),
    })?;
    server::prepare(&mut connection)?;
    // Held by the session: the connection closes at the end of this function, and the lock goes with it.
    connection.batch_execute(&format!("SELECT pg_advisory_lock({SCHEMA_LOCK})"))?;
    if pending(&mut connection, &POSTGRES, address)? == 0 {
        return Ok(());
    }
    connection.transaction(|c| run(c, POSTGRES))
}

/// How many changes of the schema are still to be made.
fn pending<C, DB>(connection: &mut C, embedded: &EmbeddedMigrations, address: &Address) -> Result<usize, StoreError>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = embedded.migrations().map_err(unexplained)?;
    let applied = connection.applied_migrations().map_err(unexplained)?;
    let unknown = applied
        .iter()
        .filter(|version| !known.iter().any(|migration| migration.name().version() == **version))
        .min();
    if let Some(change) = unknown {
        return Err(StoreError::NewerDatabase {
            database: address.to_string(),
            change: change.to_string(),
        });
    }
    Ok(known.len() - applied.len())
}

/// Makes the changes that are still to be made, which is seen again under the lock: another may have been faster.
fn run<C, DB>(connection: &mut C, embedded: EmbeddedMigrations) -> Result<(), StoreError>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    connection
        .run_pending_migrations(embedded)
        .map(|_| ())
        .map_err(unexplained)
}

/// The changes of the schema that were made, oldest first. Only reads, as diesel's own way does not.
pub(super) fn applied(connection: &mut Connection<'_>) -> Result<Vec<String>, StoreError> {
    let query = made::table.order(made::version).select(made::version);
    Ok(backend::on_backend!(connection, |c| query.load(c))?)
}

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    made (version) {
        version -> Text,
    }
}

/// The first of these changes that this program does not know.
pub(super) fn first_unknown(versions: &[String]) -> Result<Option<&String>, StoreError> {
    let known: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().map_err(unexplained)?;
    Ok(versions
        .iter()
        .find(|version| !known.iter().any(|one| one.name().version().to_string() == **version)))
}

/// Makes these changes in a database without any, and no others. Inside a transaction.
pub(super) fn run_those(connection: &mut Connection<'_>, versions: &[String]) -> Result<(), StoreError> {
    match connection {
        Connection::Sqlite(c) => run_some(*c, SQLITE, versions),
        Connection::Postgres(c) => run_some(*c, POSTGRES, versions),
    }
}

/// Makes the changes that are still to be made. Inside a transaction.
pub(super) fn run_rest(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    match connection {
        Connection::Sqlite(c) => run(*c, SQLITE),
        Connection::Postgres(c) => run(*c, POSTGRES),
    }
}

fn run_some<C, DB>(connection: &mut C, embedded: EmbeddedMigrations, versions: &[String]) -> Result<(), StoreError>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut pending = connection.pending_migrations(embedded).map_err(unexplained)?;
    pending.retain(|migration| versions.contains(&migration.name().version().to_string()));
    connection.run_migrations(&pending).map(|_| ()).map_err(unexplained)
}

fn unexplained(error: Boxed) -> StoreError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => StoreError::from(*error),
        Err(error) => StoreError::System(format!("the schema can't be brought up to date: {error}")),
    }
}
