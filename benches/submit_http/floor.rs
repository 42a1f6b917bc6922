//! What the database alone takes for the rows of submissions: the same rows in as many transactions, durable, with the
//! same indexes and triggers, without the program, its checks and HTTP. Two floors: the rows come to it as they come to
//! every database, in statements that a client sends one after the other (one per table and group, written beforehand); and,
//! lower, they are copied inside of the database from another table of its own, by one message for a whole group, which
//! nobody can do whose rows come from elsewhere.

use std::iter;
use std::sync::Mutex;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, SqliteConnection};
use innogauge::store::Store;

/// The tables that a submission leaves a row in, with the order in which the rows came. Those that others refer to come
/// first.
const TABLES: [(&str, &str); 5] = [
    ("responses", "id"),
    ("response_versions", "id"),
    ("instance_ids", "version_id"),
    ("response_events", "id"),
    ("audit", "id"),
];

/// The most connections to PostgreSQL that store at once: as many as the server has threads for it.
const WRITERS: usize = 2;

pub struct Floor {
    /// Submissions stored per second where their rows are sent.
    pub sent: f64,
    /// Submissions stored per second where their rows are copied inside of the database.
    pub copied: f64,
    /// Submissions in a transaction.
    pub to_a_commit: i64,
}

/// How rows get into a table.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Sending,
    Copying,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Stores the rows that a load left in a database once more, in that many transactions.
pub fn store_again(url: &str, commits: u64, clients: usize) -> Floor {
    let store = |by| match url.strip_prefix("sqlite:") {
        Some(file) => on_sqlite(file, commits, by),
        None => on_postgres(url, commits, clients.min(WRITERS), by),
    };
    let (sent, to_a_commit) = store(By::Sending);
    let (copied, _) = store(By::Copying);
    Floor {
        sent,
        copied,
        to_a_commit,
    }
}

/// Into a new file beside the first one: submissions per second, and how many share a commit.
fn on_sqlite(file: &str, commits: u64, by: By) -> (f64, i64) {
    let again = format!("{file}.again");
    for part in ["", "-wal", "-shm"] {
        // The first of the two has nothing to remove.
        drop(std::fs::remove_file(format!("{again}{part}")));
    }
    super::app::seed(&Store::open(&format!("sqlite:{again}")).unwrap());
    let mut connection = SqliteConnection::establish(&again).unwrap();
    run(
        &mut connection,
        &format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;
             PRAGMA secure_delete = ON; ATTACH '{file}' AS measured"
        ),
    );
    for (table, order) in TABLES {
        // What setting up left an entry of is there already.
        let later = format!("WHERE {order} > (SELECT coalesce(max({order}), 0) FROM main.{table})");
        run(
            &mut connection,
            &format!("CREATE TEMP TABLE again_{table} AS SELECT * FROM measured.{table} {later} ORDER BY {order}"),
        );
    }
    let groups = Groups::of(&mut connection, commits);
    let statements = groups.map(by, |group, table| match by {
        By::Copying => format!("INSERT INTO {table} SELECT * FROM again_{table} WHERE rowid BETWEEN {group}"),
        By::Sending => {
            let columns = lines(
                &mut connection,
                &format!(
                    "SELECT group_concat('quote(' || name || ')', ', ') AS line FROM pragma_table_info('{table}')"
                ),
            );
            let rows = format!(
                "SELECT '(' || concat_ws(',', {}) || ')' AS line FROM again_{table} WHERE rowid BETWEEN {group}",
                columns.concat()
            );
            format!("INSERT INTO {table} VALUES {}", lines(&mut connection, &rows).join(","))
        }
    });
    let began = Instant::now();
    for statement in statements.iter().flatten() {
        run(&mut connection, statement);
    }
    groups.floor(began)
}

/// Into the tables of a copy, which are emptied before.
fn on_postgres(url: &str, commits: u64, writers: usize, by: By) -> (f64, i64) {
    let (server, name) = url.rsplit_once('/').unwrap();
    let again = format!("{name}_again");
    let mut first = PgConnection::establish(&format!("{server}/postgres")).unwrap();
    run(&mut first, &format!("CREATE DATABASE {again} TEMPLATE {name}"));
    let open = || PgConnection::establish(&format!("{server}/{again}")).unwrap();
    let mut connection = open();
    for (table, order) in TABLES {
        run(
            &mut connection,
            &format!(
                "CREATE TABLE again_{table} AS SELECT row_number() OVER (ORDER BY {order}) AS turn, a AS kept FROM {table} a;
                 CREATE UNIQUE INDEX ON again_{table} (turn);
                 ALTER TABLE {table} DISABLE TRIGGER USER"
            ),
        );
    }
    run(
        &mut connection,
        "TRUNCATE responses, response_versions, instance_ids, response_events, audit, progress_counts CASCADE; CHECKPOINT",
    );
    for (table, _) in TABLES {
        run(&mut connection, &format!("ALTER TABLE {table} ENABLE TRIGGER USER"));
    }
    let groups = Groups::of(&mut connection, commits);
    let statements = groups.map(by, |group, table| match by {
        By::Copying => format!("INSERT INTO {table} SELECT (kept).* FROM again_{table} WHERE turn BETWEEN {group}"),
        By::Sending => {
            let columns = lines(
                &mut connection,
                &format!(
                    "SELECT string_agg(format('quote_nullable((kept).%I)', attname), ', ' ORDER BY attnum) AS line
                     FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
                ),
            );
            let rows = format!(
                "SELECT '(' || concat_ws(',', {}) || ')' AS line FROM again_{table} WHERE turn BETWEEN {group}",
                columns.concat()
            );
            format!("INSERT INTO {table} VALUES {}", lines(&mut connection, &rows).join(","))
        }
    });
    let mut connections: Vec<PgConnection> = (0..writers).map(|_| open()).collect();
    let next = Mutex::new(statements.iter());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for connection in &mut connections {
            scope.spawn(|| {
                loop {
                    let group = next.lock().unwrap().next();
                    let Some(group) = group else { break };
                    for statement in group {
                        run(connection, statement);
                    }
                }
            });
        }
    });
    let floor = groups.floor(began);
    drop((connection, connections));
    run(&mut first, &format!("DROP DATABASE {again} WITH (FORCE)"));
    floor
}

/// The groups of rows that are stored together.
struct Groups {
    rows: i64,
    size: i64,
}

impl Groups {
    fn of<C>(connection: &mut C, commits: u64) -> Self
    where
        C: diesel::connection::LoadConnection,
        Count: diesel::deserialize::QueryableByName<C::Backend>,
        diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'static, C, Count>,
    {
        let counted =
            diesel::sql_query("SELECT count(*) AS count FROM again_responses").get_result::<Count>(connection);
        let (rows, commits) = (counted.unwrap().count, i64::try_from(commits.max(1)).unwrap());
        Self {
            rows,
            size: (rows + commits - 1) / commits,
        }
    }

    /// The messages of each group's transaction, made of a statement per table, which is told the numbers of its rows:
    /// `1 AND 20`.
    fn map(&self, by: By, mut statement: impl FnMut(&str, &str) -> String) -> Vec<Vec<String>> {
        let firsts = (1..=self.rows).step_by(usize::try_from(self.size).unwrap());
        let transaction = |from: i64| {
            let group = format!("{from} AND {}", from + self.size - 1);
            let rows = TABLES.iter().map(|(table, _)| statement(&group, table));
            let statements: Vec<String> = iter::once("BEGIN".to_owned())
                .chain(rows)
                .chain(iter::once("COMMIT".to_owned()))
                .collect();
            match by {
                By::Sending => statements,
                By::Copying => vec![statements.join("; ")],
            }
        };
        firsts.map(transaction).collect()
    }

    fn floor(&self, began: Instant) -> (f64, i64) {
        (self.rows as f64 / began.elapsed().as_secs_f64(), self.size)
    }
}

fn lines<C>(connection: &mut C, query: &str) -> Vec<String>
where
    for<'query> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'query, C, Line>,
{
    let lines = diesel::sql_query(query).load::<Line>(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn run(connection: &mut impl SimpleConnection, statements: &str) {
    connection.batch_execute(statements).unwrap();
}
