//! A database that the version before wrote, or the first one, is brought up to date with all that it holds.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use innogauge::store::{RestoreOptions, Store};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::at;
use super::backup::content;
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

/// A database as a version of the program wrote it that had made so many changes.
fn make_until(database: &Database, last: usize) {
    let changes = changes(database);
    make(database, &changes[0]);
    let bytes = if database.url.starts_with("sqlite:") {
        "BLOB"
    } else {
        "BYTEA"
    };
    execute(database, &FIRST.replace("SOURCE_TYPE", bytes));
    if bytes == "BYTEA" {
        // The first version took its keys from here.
        execute(
            database,
            "SELECT setval('response_version_ids', 2); SELECT setval('response_events_id_seq', 2)",
        );
    }
    for change in &changes[1..last] {
        make(database, change);
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// The archive that a version of the program would have written of an SQLite database of its own: the tables and columns
/// that there were, with their kinds as a backup of today names them, and each JSON document as a string.
fn archive_of_then(database: &Database, today: &Path, then: &Path) {
    let mut zip = zip::ZipArchive::new(File::open(today).unwrap()).unwrap();
    let mut manifest: Value = serde_json::from_reader(zip.by_name("manifest.json").unwrap()).unwrap();
    let connection = &mut SqliteConnection::establish(database.url.strip_prefix("sqlite:").unwrap()).unwrap();
    let mut archive = zip::ZipWriter::new(File::create(then).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    let mut tables = Vec::new();
    for table in manifest["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let there = lines(
            connection,
            &format!("SELECT name AS line FROM pragma_table_info('{name}')"),
        );
        let columns: Vec<&Value> = table["columns"].as_array().unwrap().iter().collect();
        let columns: Vec<&Value> = columns
            .into_iter()
            .filter(|column| there.iter().any(|name| column["name"] == name.as_str()))
            .collect();
        if there.is_empty() {
            continue;
        }
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = column["name"].as_str().unwrap();
                if column["kind"] == "binary" {
                    format!("iif({name} IS NULL, NULL, hex({name}))")
                } else {
                    name.to_owned()
                }
            })
            .collect();
        let rows = lines(
            connection,
            &format!("SELECT json_array({}) AS line FROM {name}", values.join(", ")),
        );
        let text: String = rows.iter().map(|row| in_base64(row, &columns) + "\n").collect();
        archive.start_file(format!("tables/{name}.ndjson"), options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
        let sha256 = base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()));
        tables.push(json!({"name": name, "columns": columns, "rows": rows.len(), "sha256": sha256}));
    }
    manifest["format"] = 1.into();
    manifest["tables"] = tables.into();
    let changes = "SELECT version AS line FROM __diesel_schema_migrations ORDER BY version";
    manifest["schema"] = lines(connection, changes).into();
    archive.start_file("manifest.json", options).unwrap();
    archive.write_all(manifest.to_string().as_bytes()).unwrap();
    archive.finish().unwrap();
}

/// The row with its bytes as an archive has them.
fn in_base64(row: &str, columns: &[&Value]) -> String {
    let mut row: Vec<Value> = serde_json::from_str(row).unwrap();
    for (value, column) in row.iter_mut().zip(columns) {
        if let (true, Some(hex)) = (column["kind"] == "binary", value.as_str()) {
            let bytes = base16ct::mixed::decode_vec(hex).unwrap();
            *value = base64::engine::general_purpose::STANDARD.encode(bytes).into();
        }
    }
    Value::Array(row).to_string()
}

#[test]
fn a_backup_that_an_older_version_wrote_is_restored_to_what_an_upgrade_would_have_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let today = Database::sqlite();
    today.open().backup(&path("today.zip"), at(0), &|_| {}).unwrap();
    let versions = changes(&today).len();
    for last in 1..versions {
        let old = Database::sqlite();
        make_until(&old, last);
        let (then, upgraded) = (path(&format!("then-{last}.zip")), path(&format!("upgraded-{last}.zip")));
        archive_of_then(&old, &path("today.zip"), &then);
        old.open().backup(&upgraded, at(0), &|_| {}).unwrap();
        let expected = content(&upgraded);
        on_each(|database| {
            Store::restore(&database.url, &then, &RestoreOptions::default(), at(1), &|_| {}).unwrap();
            let store = database.open();
            let (kind, _) = database.url.split_once(':').unwrap();
            let restored = path(&format!("restored-{last}-{kind}.zip"));
            store.backup(&restored, at(2), &|_| {}).unwrap();
            for (table, rows) in content(&restored) {
                if table == "audit" {
                    assert_eq!(rows.len(), expected[&table].len() + 1);
                } else {
                    assert_eq!(rows, expected[&table], "{table} from {last} changes, {kind}");
                }
            }
            assert!(store.verify_audit(None).unwrap().is_whole());
        });
    }
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
            make_until(&database, last);
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
