//! Backups: all of it comes back, in either database, or nothing is touched.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use innogauge::response::{Fingerprint, Role};
use innogauge::store::{
    AuditFilter, BackupError, BackupSummary, Channel, Filter, NewImport, NewToken, NewUser, Origin, RestoreOptions,
    Store, StoreError,
};
use serde_json::Value;

use super::{Visit, at, form};
use crate::app;
use crate::databases::{Database, on_each, wait_for};

fn backup(store: &Store, file: &Path) -> BackupSummary {
    store.backup(file, at(9), &|_| {}).unwrap()
}

fn restore(database: &Database, file: &Path, replace: bool) -> Result<BackupSummary, BackupError> {
    let options = RestoreOptions {
        replace,
        origin: Origin {
            actor: Some("ann".to_owned()),
            channel: Channel::Command,
            address: None,
        },
    };
    Store::restore(&database.url, file, &options, at(10), &|_| {})
}

/// Some of everything, with the values that are hard to carry.
fn fill(store: &Store) -> String {
    app::seed(store);
    for number in 0..700 {
        let name = format!("uuid:{number}");
        let visit = Visit::new(&name)
            .of_code("91230400MA00000000")
            .finding("引号\"反斜线\\换行\n😀");
        store.submit_blocking(&visit.submission()).unwrap();
    }
    let edit = Visit::new("uuid:edit").replacing("uuid:3").finding("");
    store.submit_blocking(&edit.submission()).unwrap();
    let nowhere = Visit {
        round: None,
        problems: 2,
        ..Visit::new("uuid:nowhere")
    };
    let original = nowhere
        .submission()
        .with_original(form().definition(), (0..=255).collect());
    store.submit_blocking(&original).unwrap();
    let import = NewImport {
        round: Some("2026".to_owned()),
        survey: "visit".to_owned(),
        content: Fingerprint::of_bytes(b"file"),
        file_name: "企业.xlsx".to_owned(),
        summary: serde_json::json!({"rows": 1}),
        created_by: "ann".to_owned(),
    };
    let rows = [Ok(Visit::new("uuid:imported").submission())];
    store.import::<StoreError>(&import, rows, at(4)).unwrap();
    store
        .create_token("administrator", &NewToken::default(), at(0))
        .unwrap()
}

pub type Tables = BTreeMap<String, Vec<Value>>;

/// What an archive holds, by table: rows in any order, JSON documents in any order of their keys.
pub fn content(file: &Path) -> Tables {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let manifest: Value = serde_json::from_reader(zip.by_name("manifest.json").unwrap()).unwrap();
    let mut tables = Tables::new();
    for table in manifest["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let mut text = String::new();
        zip.by_name(&format!("tables/{name}.ndjson"))
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let documents: Vec<bool> = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["kind"] == "json")
            .collect();
        let row = |line: &str| {
            let mut row: Vec<Value> = serde_json::from_str(line).unwrap();
            for (value, document) in row.iter_mut().zip(&documents) {
                if *document {
                    let read = value.as_str().map(|text| serde_json::from_str(text).unwrap());
                    *value = sorted(read.unwrap_or_else(|| value.take()));
                }
            }
            Value::Array(row)
        };
        let mut rows: Vec<Value> = text.lines().map(row).collect();
        rows.sort_by_key(ToString::to_string);
        assert_eq!(rows.len() as u64, table["rows"].as_u64().unwrap());
        tables.insert(name.to_owned(), rows);
    }
    tables
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            serde_json::to_value(members).unwrap()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

fn answers(store: &Store) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    store
        .for_each_response_with_head::<StoreError>(&Filter::of_survey("visit"), |head, answers| {
            let answers = sorted(serde_json::from_str(&answers.0).unwrap());
            all.push((head.instance_id.clone(), format!("{head:?}"), answers.to_string()));
            Ok(())
        })
        .unwrap();
    all
}

#[test]
fn a_backup_is_the_way_from_one_database_to_the_other_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let first = Database::sqlite();
    let store = first.open();
    let token = fill(&store);
    let summary = backup(&store, &path("first.zip"));
    assert!(summary.rows > 2_000, "{summary:?}");
    let expected = content(&path("first.zip"));
    let read = answers(&store);
    drop(store);

    let mut file = path("first.zip");
    let databases = [Database::postgres(), Some(Database::sqlite())];
    for (number, database) in databases.iter().flatten().enumerate() {
        restore(database, &file, false).unwrap();
        let store = database.open();
        assert_eq!(answers(&store), read);
        assert!(store.verify_audit(None).unwrap().is_whole());
        file = path(&format!("{number}.zip"));
        backup(&store, &file);
        let holder = wait_for(store.token_holder(&token, at(5))).unwrap();
        assert_eq!(holder.map(|holder| holder.user.name), Some("administrator".into()));
        let found = content(&file);
        for (table, rows) in &expected {
            if table != "audit" {
                assert_eq!(&found[table], rows, "{table} of {}", database.url);
            }
        }
        // The log goes on where that of the backup ended: with who restored it.
        let restorations: Vec<&Value> = found["audit"]
            .iter()
            .filter(|row| !expected["audit"].contains(row))
            .collect();
        assert_eq!(restorations.len(), number + 1);
        let filter = AuditFilter {
            act: Some("database.restored".to_owned()),
            ..AuditFilter::default()
        };
        let entries = store.audit_entries(&filter, None, i64::MAX).unwrap();
        assert_eq!(entries.len(), number + 1);
        assert!(entries.iter().all(|entry| {
            let after = entry.after.as_deref().unwrap();
            entry.actor.as_deref() == Some("ann") && entry.at == at(10) && after.starts_with("backup of 2026-")
        }));

        // It goes on from there: keys are new ones, and what was sent before is known.
        store.submit_blocking(&Visit::new("uuid:later").submission()).unwrap();
        assert_eq!(store.response("visit", "uuid:later").unwrap().0.versions, 1);
        let user = NewUser {
            name: "new".to_owned(),
            password_hash: String::new(),
            role: Role::Field,
            cities: None,
            must_change_password: false,
        };
        store.add_user(&user, at(6)).unwrap();
    }
}

#[test]
fn a_damaged_or_newer_archive_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.zip");
    let source = Database::sqlite();
    let store = source.open();
    fill(&store);
    backup(&store, &good);
    let bytes = std::fs::read(&good).unwrap();
    let bad = folder.path().join("bad.zip");
    on_each(|database| {
        let refused = |bytes: &[u8], what: &str| {
            std::fs::write(&bad, bytes).unwrap();
            let error = restore(database, &bad, true).unwrap_err();
            assert!(matches!(error, BackupError::Damaged { .. }), "{what}: {error}");
        };
        {
            let store = database.open();
            store.submit_blocking(&Visit::new("uuid:kept").submission()).unwrap();
        }
        refused(&bytes[..bytes.len() / 2], "half of it");
        refused(&bytes[..bytes.len() - 1], "all but a byte");
        refused(b"", "nothing");
        for place in [100, bytes.len() / 3, bytes.len() / 2, bytes.len() * 2 / 3] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x10;
            refused(&flipped, &format!("a bit at {place}"));
        }
        for change in [
            ("\"format\": 2", "\"format\": 3"),
            ("\"20261126000050\"", "\"29990101000000\""),
        ] {
            rewrite_manifest(&good, &bad, change);
            let error = restore(database, &bad, true).unwrap_err();
            assert!(matches!(error, BackupError::Newer { .. }), "{error}");
        }
        rewrite_manifest(
            &good,
            &bad,
            ("\"name\": \"users\"", "\"name\": \"users; DROP TABLE users\""),
        );
        assert!(matches!(
            restore(database, &bad, true).unwrap_err(),
            BackupError::Damaged { .. }
        ));
        assert_eq!(answers(&database.open()).len(), 1);
    });
}

/// The same archive with another word in its manifest.
fn rewrite_manifest(from: &Path, to: &PathBuf, (old, new): (&str, &str)) {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(from).unwrap()).unwrap();
    let mut out = zip::ZipWriter::new(std::fs::File::create(to).unwrap());
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        if name == "manifest.json" {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(old), "{text}");
            bytes = text.replace(old, new).into_bytes();
        }
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn what_would_be_lost_is_lost_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.zip");
    on_each(|database| {
        let store = database.open();
        store.submit_blocking(&Visit::new("uuid:1").submission()).unwrap();
        let _ = std::fs::remove_file(&file);
        backup(&store, &file);
        let again = store.backup(&file, at(9), &|_| {}).unwrap_err();
        assert!(matches!(again, BackupError::FileExists { .. }), "{again}");
        store.submit_blocking(&Visit::new("uuid:2").submission()).unwrap();
        let serving = store.lock_for_serving().unwrap();
        let error = restore(database, &file, true).unwrap_err();
        let in_use = matches!(
            error,
            BackupError::InUse { .. } | BackupError::Store(StoreError::AlreadyServed { .. })
        );
        assert!(in_use, "{error}");
        drop((store, serving));

        let error = restore(database, &file, false).unwrap_err();
        assert!(
            matches!(error, BackupError::NotEmpty { .. }) && error.is_input(),
            "{error}"
        );
        assert_eq!(answers(&database.open()).len(), 2);
        restore(database, &file, true).unwrap();
        assert_eq!(answers(&database.open()).len(), 1);
    });
}

#[test]
fn a_backup_under_load_is_one_moment_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    on_each(|database| {
        let store = database.open();
        let stop = AtomicBool::new(false);
        let form = super::form();
        let file = folder.path().join(format!("{}.zip", database.url.len()));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("uuid:{number}");
                    store.submit_blocking(&Visit::new(&name).answering(&form)).unwrap();
                }
            });
            while store.response_head("visit", "uuid:50").is_err() {
                std::thread::yield_now();
            }
            let made = store.backup(&file, at(9), &|_| {});
            stop.store(true, Ordering::Relaxed);
            made.unwrap();
        });
        let tables = content(&file);
        let responses = tables["responses"].len();
        assert!(responses >= 50);
        for table in ["response_versions", "instance_ids", "response_events"] {
            assert_eq!(tables[table].len(), responses, "{table}");
        }
    });
}

fn midnight() -> chrono::DateTime<chrono::Utc> {
    at(0)
}

fn noon() -> chrono::DateTime<chrono::Utc> {
    at(12 * 3600)
}

fn next_midnight() -> chrono::DateTime<chrono::Utc> {
    at(24 * 3600)
}

#[test]
fn of_several_servers_one_makes_each_backup_and_the_newest_are_kept() {
    on_each(|database| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.zip"), "kept").unwrap();
        let (one, other) = (database.open(), database.open());
        let day = chrono::TimeDelta::hours(24);
        let made = |store: &Store, clock| store.backup_when_due(folder.path(), day, 2, clock).unwrap();
        let both = std::thread::scope(|scope| {
            let first = scope.spawn(|| made(&one, midnight));
            let second = scope.spawn(|| made(&other, midnight));
            [first.join().unwrap(), second.join().unwrap()]
        });
        assert_eq!(both.iter().flatten().count(), 1, "{both:?}");
        assert_eq!(made(&other, noon), None);
        let second = made(&other, next_midnight).unwrap();
        assert!(second.exists());
        let third = one
            .backup_when_due(folder.path(), chrono::TimeDelta::zero(), 2, || at(25 * 3600))
            .unwrap();
        assert!(third.is_some_and(|file| file.exists()) && second.exists());
        assert!(!both.iter().flatten().any(|file| file.exists()), "the oldest is gone");
        assert!(folder.path().join("mine.zip").exists());

        // What could not be written is tried again, and what a dead server had taken is free after a while.
        let missing = folder.path().join("missing");
        let later: fn() -> chrono::DateTime<chrono::Utc> = || at(60 * 3600);
        assert!(one.backup_when_due(&missing, day, 2, later).is_err());
        assert!(one.take_task("backup", day, later()).unwrap());
        assert!(!other.take_task("backup", day, later()).unwrap());
        assert!(
            other
                .take_task("backup", day, later() + chrono::TimeDelta::minutes(11))
                .unwrap()
        );
    });
}
