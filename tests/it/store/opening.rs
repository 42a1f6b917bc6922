//! Opening a database: what is there, what is not, and who else is using it.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use innogauge::store::{OpenOptions, Store, StoreError};

use super::Visit;
use crate::databases::{Database, on_each};

fn execute(database: &Database, statement: &str) {
    match database.url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(statement)
            .unwrap(),
        None => PgConnection::establish(&database.url)
            .unwrap()
            .batch_execute(statement)
            .unwrap(),
    }
}

fn refusal(url: &str) -> StoreError {
    Store::open_with(
        url,
        &OpenOptions {
            wait: Duration::from_millis(300),
            ..OpenOptions::default()
        },
    )
    .unwrap_err()
}

#[test]
fn programs_that_open_a_new_database_at_once_all_find_it_ready() {
    on_each(|database| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| database.open().ping().unwrap());
            }
        });
    });
}

#[test]
fn a_database_that_a_newer_program_wrote_is_left_alone() {
    on_each(|database| {
        drop(database.open());
        execute(
            database,
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')",
        );
        let error = refusal(&database.url);
        assert!(
            matches!(&error, StoreError::NewerDatabase { change, .. } if change == "29991231000000"),
            "{error}"
        );
        assert!(error.to_string().contains("upgrade this program"));
    });
}

#[test]
fn what_is_no_database_of_ours_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();

    let missing = refusal(&format!("sqlite:{}", path("missing/test.db")));
    assert!(matches!(&missing, StoreError::MissingFolder { .. }), "{missing}");

    std::fs::write(path("letter.txt"), "Dear Sir or Madam, ".repeat(100)).unwrap();
    let letter = refusal(&format!("sqlite:{}", path("letter.txt")));
    assert!(matches!(&letter, StoreError::NotADatabase { .. }), "{letter}");

    let mut other = SqliteConnection::establish(&path("browser.db")).unwrap();
    other.batch_execute("CREATE TABLE bookmarks (url TEXT)").unwrap();
    let foreign = refusal(&format!("sqlite:{}", path("browser.db")));
    assert!(matches!(&foreign, StoreError::ForeignDatabase { .. }), "{foreign}");

    let folder_itself = refusal(&format!("sqlite:{}", folder.path().display()));
    assert!(
        matches!(&folder_itself, StoreError::Unreachable { .. }),
        "{folder_itself}"
    );

    let nobody = refusal("postgres://survey:hunter2@127.0.0.1:1/innogauge");
    assert!(matches!(&nobody, StoreError::Unreachable { .. }), "{nobody}");
    assert!(!nobody.to_string().contains("hunter2"), "{nobody}");
}

#[test]
fn a_second_server_on_one_file_is_refused_and_commands_are_not() {
    let database = Database::sqlite();
    let (first, second) = (database.open(), database.open());
    let serving = first.lock_for_serving().unwrap();
    let error = second.lock_for_serving().unwrap_err();
    assert!(
        matches!(error, StoreError::AlreadyServed { process: Some(id), .. } if id == std::process::id()),
        "{error}"
    );
    assert!(
        second.users().unwrap().is_empty(),
        "other commands work beside a server"
    );
    drop(serving);
    drop(second.lock_for_serving().unwrap());

    if let Some(database) = Database::postgres() {
        let (first, second) = (database.open(), database.open());
        let _serving = (first.lock_for_serving().unwrap(), second.lock_for_serving().unwrap());
    }
}

#[test]
fn a_lock_that_lasts_is_told_as_such_and_the_next_try_succeeds() {
    let database = Database::sqlite();
    let store = database.open_with(&OpenOptions {
        wait: Duration::from_millis(200),
        ..OpenOptions::default()
    });
    let submission = Visit::new("uuid:1").submission();
    let mut other = SqliteConnection::establish(database.url.strip_prefix("sqlite:").unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let error = store.submit_blocking(&submission).unwrap_err();
    assert!(matches!(error, StoreError::Locked) && error.is_transient(), "{error}");
    other.batch_execute("ROLLBACK").unwrap();
    store.submit_blocking(&submission).unwrap();
}

#[test]
fn a_full_disk_is_told_as_such() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection
        .batch_execute("PRAGMA max_page_count = 4; CREATE TABLE heap (x BLOB)")
        .unwrap();
    let error = diesel::sql_query("INSERT INTO heap VALUES (zeroblob(100000))")
        .execute(&mut connection)
        .unwrap_err();
    let error = StoreError::from(error);
    assert!(matches!(error, StoreError::Full) && error.is_transient(), "{error}");
}

#[test]
fn a_throw_away_database_leaves_nothing_behind() {
    let store = Store::open("sqlite::memory:").unwrap();
    let sent = store.submit_blocking(&Visit::new("uuid:1").submission()).unwrap();
    assert_eq!(
        store.response_head("visit", "uuid:1").unwrap().instance_id,
        sent.response
    );
    drop(store);
    let again = Store::open("sqlite::memory:").unwrap();
    assert!(again.response_head("visit", "uuid:1").is_err());
}
