//! Restoring: the database is emptied, made as it was when the backup was written, filled, and brought up to date, all
//! in one transaction. An archive of an older program is so read by that program's own schema.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::audit::{self, Journal};
use super::super::backend::{Connection, on_backend};
use super::super::server;
use super::super::server_lock::ServerLock;
use super::super::{Address, AuditAct, OpenOptions, Origin, StoreError, migrations, partitions, sqlite_name, time};
use super::archive::{Archive, Member};
use super::error::BackupError;
use super::insert::{Values, insert, rows_at_once};
use super::tables::MUST_BE_EMPTY;
use super::{BackupSummary, Store};

/// How many bytes of lines are gathered for one statement.
const BATCH_BYTES: usize = 8 << 20;

/// What may happen to the database that is restored into, and who lets it happen.
#[derive(Debug, Clone, Default)]
pub struct RestoreOptions {
    /// Whether what it holds may be lost.
    pub replace: bool,
    /// Who restores it, for the audit log.
    pub origin: Origin,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Store {
    /// Makes the database at this address what it was when a backup was written: all of it or nothing.
    ///
    /// The whole archive is read and checked before the database is touched. The database is a new one, or one without
    /// responses and people, unless `options` say that what it holds may be lost; nobody serves it meanwhile. Its audit log
    /// is that of the backup and one entry more: who restored which archive, when, and where the log that was lost ended.
    ///
    /// # Errors
    /// [`BackupError`] says what is wrong with the archive or in the way; then the database is as it was.
    pub fn restore(
        address: &str,
        file: &Path,
        options: &RestoreOptions,
        now: DateTime<Utc>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BackupSummary, BackupError> {
        let address: Address = address.parse()?;
        let mut archive = Archive::open(file, progress)?;
        let summary = archive.manifest.summary();
        let shown = address.to_string();
        let mut failure = None;
        let mut fill = |connection: &mut Connection<'_>| {
            let filled = refuse_to_lose(connection, options, &shown).and_then(|()| {
                let lost = last_entry(connection)?;
                fill(connection, &mut archive, progress)?;
                note(connection, options, &archive, lost, now)
            });
            filled.map_err(|error| {
                failure = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        };
        let done = match &address {
            Address::Temporary => return Err(BackupError::Temporary),
            Address::Sqlite(path) => {
                let (mut connection, _serving) = open_sqlite(path, &address)?;
                connection.immediate_transaction(|c| fill(&mut Connection::Sqlite(c)))
            }
            Address::Postgres(url) => {
                let mut connection = PgConnection::establish(url).map_err(|error| StoreError::Unreachable {
                    database: address.to_string(),
                    reason: error.to_string().trim().to_owned(),
                })?;
                server::prepare(&mut connection)?;
                connection.transaction(|c| fill(&mut Connection::Postgres(c)))
            }
        };
        match (done, failure) {
            (Ok(()), _) => Ok(BackupSummary {
                bytes: std::fs::metadata(file).map(|file| file.len()).unwrap_or_default(),
                ..summary
            }),
            (Err(_), Some(failure)) => Err(failure),
            (Err(error), None) => Err(error.into()),
        }
    }
}

/// The file as its one server, with the rules between tables put off: they are checked at the end.
fn open_sqlite(path: &Path, address: &Address) -> Result<(SqliteConnection, ServerLock), BackupError> {
    let name = sqlite_name(path, address)?;
    let lock = ServerLock::take(path, &address.to_string())?;
    let mut connection = migrations::connect_sqlite(&name, address, OpenOptions::default().wait, true)?;
    connection.batch_execute("PRAGMA foreign_keys = OFF")?;
    Ok((connection, lock))
}

/// Where the audit log of the database ends that is about to be lost: number and hash.
fn last_entry(connection: &mut Connection<'_>) -> Result<Option<String>, BackupError> {
    if !exists(connection, "audit")? {
        return Ok(None);
    }
    let (number, hash) = audit::head(connection)?;
    Ok((number > 0).then(|| format!("entry {number}, {hash}")))
}

/// Puts the restoration on the record of the database that it made.
fn note(
    connection: &mut Connection<'_>,
    options: &RestoreOptions,
    archive: &Archive,
    lost: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), BackupError> {
    let made = archive
        .manifest
        .summary()
        .created_at
        .to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut journal = Journal::new(&options.origin, time::stored(now));
    let mut entry = journal.note(AuditAct::DatabaseRestored, "database");
    if let Some(lost) = lost {
        entry = entry.before(lost);
    }
    entry.after(format!("backup of {made}, manifest {}", archive.hash));
    Ok(audit::append(connection, journal.into_entries())?)
}

fn exists(connection: &mut Connection<'_>, table: &str) -> Result<bool, BackupError> {
    let query = match connection {
        Connection::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_master WHERE name = $1",
        Connection::Postgres(_) => "SELECT count(to_regclass($1)) AS count",
    };
    let there: Count = on_backend!(connection, |c| diesel::sql_query(query)
        .bind::<Text, _>(table)
        .get_result(c))?;
    Ok(there.count > 0)
}

fn refuse_to_lose(
    connection: &mut Connection<'_>,
    options: &RestoreOptions,
    database: &str,
) -> Result<(), BackupError> {
    if let Connection::Postgres(c) = connection {
        let others: Count = diesel::sql_query(
            "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database()
             AND application_name = 'innogauge' AND pid <> pg_backend_pid()",
        )
        .get_result(*c)?;
        if others.count > 0 {
            return Err(BackupError::InUse {
                database: database.to_owned(),
                connections: others.count,
            });
        }
    }
    if options.replace {
        return Ok(());
    }
    for table in MUST_BE_EMPTY {
        if !exists(connection, table)? {
            continue;
        }
        let count = format!("SELECT count(*) AS count FROM {table}");
        let rows: Count = on_backend!(connection, |c| diesel::sql_query(count).get_result(c))?;
        if rows.count > 0 {
            return Err(BackupError::NotEmpty {
                database: database.to_owned(),
                what: format!("{} {table}", rows.count),
            });
        }
    }
    Ok(())
}

fn fill(
    connection: &mut Connection<'_>,
    archive: &mut Archive,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), BackupError> {
    drop_everything(connection)?;
    migrations::run_those(connection, &archive.manifest.schema)?;
    for member in archive.manifest.tables.clone() {
        load(connection, archive, &member, progress)?;
        if member.table.name == "rounds" {
            partitions::make_all(connection)?;
        }
    }
    if let Connection::Postgres(c) = connection {
        c.batch_execute(SEQUENCES)?;
    }
    migrations::run_rest(connection)?;
    if let Connection::Sqlite(c) = connection {
        let broken: Vec<Name> =
            diesel::sql_query("SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_check").load(*c)?;
        if let Some(broken) = broken.first() {
            return Err(BackupError::Row {
                table: broken.name.clone(),
                row: 0,
                reason: "it names a row of another table that is not there".to_owned(),
            });
        }
    }
    Ok(())
}

/// Everything in the database's own schema: the account's program is this one.
fn drop_everything(connection: &mut Connection<'_>) -> Result<(), BackupError> {
    match connection {
        Connection::Sqlite(c) => {
            for kind in ["trigger", "view", "table"] {
                let query = "SELECT name FROM sqlite_master WHERE type = $1 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
                let names: Vec<Name> = diesel::sql_query(query).bind::<Text, _>(kind).load(*c)?;
                for name in names {
                    c.batch_execute(&format!("DROP {kind} \"{}\"", name.name.replace('"', "\"\"")))?;
                }
            }
        }
        Connection::Postgres(c) => c.batch_execute(DROP_EVERYTHING)?,
    }
    Ok(())
}

/// What extensions brought stays.
const DROP_EVERYTHING: &str = "
DO $$
DECLARE
    it record;
BEGIN
    FOR it IN SELECT c.oid::regclass AS name, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND (d.deptype = 'e' OR d.deptype = 'i' AND c.relkind = 'S'))
        ORDER BY array_position(ARRAY['v', 'p', 'r', 'S']::\"char\"[], c.relkind)
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', it.kind, it.name);
    END LOOP;
    FOR it IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', it.name);
    END LOOP;
END $$";

/// Every sequence goes on after the highest key of the column that it gives keys to.
const SEQUENCES: &str = "
DO $$
DECLARE
    it record;
    highest bigint;
BEGIN
    FOR it IN
        SELECT s.oid::regclass AS sequence, t.oid::regclass AS owner, a.attname AS attribute
        FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' AND d.classid = 'pg_class'::regclass
        JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE d.deptype IN ('a', 'i') AND s.relnamespace = current_schema()::regnamespace
        UNION
        SELECT s.oid::regclass, t.oid::regclass, a.attname
        FROM pg_depend d JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
        JOIN pg_attrdef f ON f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
        JOIN pg_class t ON t.oid = f.adrelid AND NOT t.relispartition
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.adnum
        WHERE s.relnamespace = current_schema()::regnamespace
        UNION
        SELECT 'response_version_ids'::regclass, 'response_versions'::regclass, 'id'
    LOOP
        EXECUTE format('SELECT coalesce(max(%I), 0) FROM %s', it.attribute, it.owner) INTO highest;
        PERFORM setval(it.sequence, highest + 1, false);
    END LOOP;
END $$";

fn load(
    connection: &mut Connection<'_>,
    archive: &mut Archive,
    member: &Member,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), BackupError> {
    let table = &member.table;
    let most = rows_at_once(connection, table);
    let mut batch: Vec<Values> = Vec::with_capacity(most);
    let (mut bytes, mut done) = (0, 0);
    let about = |row: u64, reason: String| BackupError::Row {
        table: table.name.clone(),
        row,
        reason,
    };
    let mut store = |batch: &mut Vec<Values>, done: &mut u64| {
        insert(connection, table, batch)
            .map_err(|refused| about(*done + 1 + refused.row as u64, refused.error.to_string()))?;
        progress(batch.len() as u64);
        *done += batch.len() as u64;
        batch.clear();
        Ok::<(), BackupError>(())
    };
    archive.for_each_line(member, |line| {
        let row: Values =
            serde_json::from_slice(line).map_err(|error| about(done + batch.len() as u64 + 1, error.to_string()))?;
        if row.len() != table.columns.len() {
            return Err(about(
                done + batch.len() as u64 + 1,
                "it has too few or too many values".to_owned(),
            ));
        }
        batch.push(row);
        bytes += line.len();
        if batch.len() >= most || bytes >= BATCH_BYTES {
            store(&mut batch, &mut done)?;
            bytes = 0;
        }
        Ok(())
    })?;
    if !batch.is_empty() {
        store(&mut batch, &mut done)?;
    }
    Ok(())
}
