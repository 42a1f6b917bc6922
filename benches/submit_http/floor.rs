//! What the database alone takes for the rows of submissions: the same rows in as many transactions, durable, with the
//! same indexes and triggers, without the program, its checks and HTTP. One statement copies all rows of a group into a
//! table, which is less than anybody can do who stores rows that come from elsewhere.

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
const WRITERS: usize = 3;

pub struct Floor {
    /// Submissions stored per second.
    pub per_second: f64,
    /// Submissions in a transaction.
    pub to_a_commit: f64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Stores the rows that a load left in a database once more, in that many transactions.
pub fn store_again(url: &str, commits: u64, clients: usize) -> Floor {
    match url.strip_prefix("sqlite:") {
        Some(file) => on_sqlite(file, commits),
        None => on_postgres(url, commits, clients.min(WRITERS)),
    }
}

/// Into a new file beside the first one.
fn on_sqlite(file: &str, commits: u64) -> Floor {
    let again = format!("{file}.again");
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
    let counted = diesel::sql_query("SELECT count(*) AS count FROM again_responses").get_result(&mut connection);
    let groups = Groups::of(&counted.unwrap(), commits);
    let began = Instant::now();
    while let Some(group) = groups.next() {
        let copy = |table: &str| format!("INSERT INTO {table} SELECT * FROM again_{table} WHERE rowid BETWEEN {group}");
        store_group(&mut connection, copy);
    }
    groups.floor(began)
}

/// Into the tables of a copy, which are emptied before.
fn on_postgres(url: &str, commits: u64, writers: usize) -> Floor {
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
    let counted = diesel::sql_query("SELECT count(*) FROM again_responses").get_result(&mut connection);
    let groups = Groups::of(&counted.unwrap(), commits);
    let mut connections: Vec<PgConnection> = (0..writers).map(|_| open()).collect();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for connection in &mut connections {
            scope.spawn(|| {
                while let Some(group) = groups.next() {
                    let copy = |table: &str| {
                        format!("INSERT INTO {table} SELECT (kept).* FROM again_{table} WHERE turn BETWEEN {group}")
                    };
                    store_group(connection, copy);
                }
            });
        }
    });
    let floor = groups.floor(began);
    drop((connection, connections));
    run(&mut first, &format!("DROP DATABASE {again} WITH (FORCE)"));
    floor
}

/// The groups of rows that are stored together, taken one after the other.
struct Groups {
    rows: i64,
    size: i64,
    next: Mutex<i64>,
}

impl Groups {
    fn of(rows: &Count, commits: u64) -> Self {
        let commits = i64::try_from(commits.max(1)).unwrap();
        Self {
            rows: rows.count,
            size: (rows.count + commits - 1) / commits,
            next: Mutex::new(1),
        }
    }

    /// `1 AND 20`: the numbers of the next group's rows.
    fn next(&self) -> Option<String> {
        let mut next = self.next.lock().unwrap();
        let from = *next;
        *next += self.size;
        (from <= self.rows).then(|| format!("{from} AND {}", from + self.size - 1))
    }

    fn floor(&self, began: Instant) -> Floor {
        Floor {
            per_second: self.rows as f64 / began.elapsed().as_secs_f64(),
            to_a_commit: self.size as f64,
        }
    }
}

fn store_group(connection: &mut impl SimpleConnection, copy: impl Fn(&str) -> String) {
    let statements: Vec<String> = TABLES.iter().map(|(table, _)| copy(table)).collect();
    run(connection, &format!("BEGIN; {}; COMMIT", statements.join("; ")));
}

fn run(connection: &mut impl SimpleConnection, statements: &str) {
    connection.batch_execute(statements).unwrap();
}
