//! A database that the version before wrote, or the first one, is brought up to date with all that it holds.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use innogauge::store::Store;

use crate::databases::{Database, on_each};

/// A row in every table of the first version, as that version wrote it; `SOURCE_TYPE` is the database's name for bytes.
const FIRST: &str = include_str!("../fixtures/first_version.sql");

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn execute(database: &Database, statements: &str) {
    match database.url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path).unwrap().batch_execute(statements),
        None => PgConnection::establish(&database.url)
            .unwrap()
            .batch_execute(statements),
    }
    .unwrap();
}

fn count(database: &Database, table: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
    let row: Count = match database.url.strip_prefix("sqlite:") {
        Some(path) => query.get_result(&mut SqliteConnection::establish(path).unwrap()),
        None => query.get_result(&mut PgConnection::establish(&database.url).unwrap()),
    }
    .unwrap();
    row.count
}

/// The changes of the schema, oldest first.
fn changes(database: &Database) -> Vec<PathBuf> {
    let kind = if database.url.starts_with("sqlite:") {
        "sqlite"
    } else {
        "postgres"
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
    let mut changes: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    changes.sort();
    changes
}

fn make(database: &Database, change: &Path) {
    let version: String = change
        .file_name()
        .unwrap()
        .to_string_lossy()
        .split('_')
        .next()
        .unwrap()
        .replace('-', "");
    let up = std::fs::read_to_string(change.join("up.sql")).unwrap();
    execute(
        database,
        &format!(
            "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations
                 (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
             {up};
             INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"
        ),
    );
}

#[test]
fn what_the_first_and_every_later_version_wrote_is_all_there_after_an_upgrade() {
    on_each(|first| {
        // Every version but the newest is where somebody may come from.
        for last in 1..changes(first).len() {
            let database = if first.url.starts_with("sqlite:") {
                Database::sqlite()
            } else {
                Database::postgres().unwrap()
            };
            let changes = changes(&database);
            make(&database, &changes[0]);
            let bytes = if database.url.starts_with("sqlite:") {
                "BLOB"
            } else {
                "BYTEA"
            };
            execute(&database, &FIRST.replace("SOURCE_TYPE", bytes));
            if bytes == "BYTEA" {
                // The first version took its keys from here.
                execute(
                    &database,
                    "SELECT setval('response_version_ids', 2); SELECT setval('response_events_id_seq', 2)",
                );
            }
            for change in &changes[1..last] {
                make(&database, change);
            }
            let tables = [
                "responses",
                "response_versions",
                "response_events",
                "instance_ids",
                "users",
                "imports",
            ];
            let before: Vec<i64> = tables.iter().map(|table| count(&database, table)).collect();
            let store = Store::open(&database.url).unwrap();
            let after: Vec<i64> = tables.iter().map(|table| count(&database, table)).collect();
            assert_eq!(before, after, "from {}", changes[last - 1].display());
            let (head, version) = store.response("visit", "uuid:1").unwrap();
            assert_eq!(
                (head.round.as_str(), head.versions, version.answers.0.contains("Works")),
                ("2026", 2, true)
            );
            assert_eq!(store.response_events("visit", "uuid:2").unwrap().len(), 2);
            assert_eq!(store.user("ann").unwrap().name, "ann");
            let visit = super::Visit::new("uuid:new").replacing("uuid:2");
            store.submit_blocking(&visit.submission()).unwrap();
            assert_eq!(store.response_versions("visit", "uuid:1").unwrap().len(), 3);
        }
    });
}

#[test]
fn both_databases_have_the_same_changes() {
    let names = |kind: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
