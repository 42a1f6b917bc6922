//! A fresh database per test, on both of them: one test body says what holds on either.
//!
//! The PostgreSQL half needs a server in `INNOGAUGE_TEST_POSTGRES` (`scripts/with_postgres.sh` starts one) and says so
//! where there is none; `make test` always has one.

use std::path::PathBuf;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use innogauge::store::{OpenOptions, Store};
use tempfile::TempDir;

/// A database of a test's own, gone when it is dropped.
pub struct Database {
    pub url: String,
    _folder: Option<TempDir>,
    server: Option<(String, String)>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite:{}", folder.path().join("test.db").display()),
            _folder: Some(folder),
            server: None,
        }
    }

    /// None where the tests were given no server.
    pub fn postgres() -> Option<Self> {
        Self::postgres_in(None)
    }

    /// The same in a tablespace.
    pub fn postgres_in(space: Option<&str>) -> Option<Self> {
        let Ok(server) = std::env::var("INNOGAUGE_TEST_POSTGRES") else {
            eprintln!("not tried on PostgreSQL: INNOGAUGE_TEST_POSTGRES is not set, see scripts/with_postgres.sh");
            return None;
        };
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let space = space.map(|space| format!(" TABLESPACE {space}")).unwrap_or_default();
        execute(&server, &format!("CREATE DATABASE {name}{space}"));
        let (place, _) = server.rsplit_once('/').unwrap();
        Some(Self {
            url: format!("{place}/{name}"),
            _folder: None,
            server: Some((server, name)),
        })
    }

    pub fn open(&self) -> Store {
        self.open_with(&OpenOptions::default())
    }

    /// Changes it beside the program.
    pub fn execute(&self, statement: &str) {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => SqliteConnection::establish(path).unwrap().batch_execute(statement),
            None => PgConnection::establish(&self.url).unwrap().batch_execute(statement),
        }
        .unwrap();
    }

    pub fn open_with(&self, options: &OpenOptions) -> Store {
        let options = OpenOptions {
            keys: options.keys.clone().or_else(|| keys_for(&self.url)),
            ..options.clone()
        };
        Store::open_with(&self.url, &options).unwrap()
    }
}

impl Drop for Database {
    /// PostgreSQL ends what is connected and waits five seconds for it, which a busy machine can exceed.
    fn drop(&mut self) {
        let Some((server, name)) = &self.server else { return };
        let mut server = PgConnection::establish(server).unwrap();
        let statement = format!("DROP DATABASE {name} WITH (FORCE)");
        let dropped = (0..6).find_map(|_| server.batch_execute(&statement).ok());
        assert!(
            dropped.is_some() || std::thread::panicking(),
            "{statement}: still in use"
        );
    }
}

/// The keys of personal answers that tests on PostgreSQL share; an SQLite file has its own beside it.
pub fn keys_for(url: &str) -> Option<PathBuf> {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let shared = || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        innogauge::store::add_key(&file, chrono::Utc::now()).unwrap();
        (folder, file)
    };
    url.starts_with("postgres").then(|| FILE.get_or_init(shared).1.clone())
}

/// Runs a test's body on a fresh SQLite file, then on a fresh PostgreSQL database.
pub fn on_each(test: impl Fn(&Database)) {
    test(&Database::sqlite());
    if let Some(database) = Database::postgres() {
        test(&database);
    }
}

fn execute(server: &str, statement: &str) {
    let mut connection = PgConnection::establish(server).unwrap();
    connection.batch_execute(statement).unwrap();
}

/// Runs a future to its end.
pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}
