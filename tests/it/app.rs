//! A server of its own for a test: built from settings, bound to any free port, with a small survey and users.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use innogauge::definition::load_folder;
use innogauge::response::Role;
use innogauge::store::{Carrier, NewSession, NewToken, NewUser, OpenOptions, Seed, Store, hash_password};
use innogauge::web::{Limits, Running, Server, Settings};
use serde_json::{Value, json};

use crate::client::{Answer, Request, send};
use crate::databases::keys_for;

/// The password of every user of a test.
pub const PASSWORD: &str = "correct horse battery";

/// A running server and its store.
pub struct TestApp {
    pub address: SocketAddr,
    pub store: Store,
    running: Option<Running>,
}

impl TestApp {
    /// On a database that is thrown away.
    pub fn start() -> Self {
        Self::on("sqlite::memory:")
    }

    /// On the database of that address.
    pub fn on(database: &str) -> Self {
        Self::with(database, Limits::default())
    }

    pub fn with(database: &str, limits: Limits) -> Self {
        Self::set(
            database,
            Settings {
                limits,
                ..Settings::default()
            },
        )
    }

    /// On a database that is there already, with its users and surveys.
    pub fn over(database: &str) -> Self {
        let settings = Settings::default();
        Self::serve(open(database, settings.database_wait), settings, Utc::now)
    }

    /// With any settings but the address.
    pub fn set(database: &str, settings: Settings) -> Self {
        Self::clocked(database, settings, Utc::now)
    }

    /// The same under another clock.
    pub fn clocked(database: &str, settings: Settings, clock: fn() -> DateTime<Utc>) -> Self {
        let store = open(database, settings.database_wait);
        seed(&store);
        Self::serve(store, settings, clock)
    }

    /// Another server on a database that is open.
    pub fn beside(store: &Store, settings: Settings) -> Self {
        Self::serve(store.clone(), settings, Utc::now)
    }

    fn serve(store: Store, settings: Settings, clock: fn() -> DateTime<Utc>) -> Self {
        let settings = Settings {
            listen: "127.0.0.1:0".to_owned(),
            workbook_reader: Some(env!("CARGO_BIN_EXE_innogauge").into()),
            ..settings
        };
        let running = Server::bind_with_clock(settings, store.clone(), clock)
            .unwrap()
            .spawn()
            .unwrap();
        Self {
            address: running.address(),
            store,
            running: Some(running),
        }
    }

    /// A new token of the user that has this role and no limits.
    pub fn token(&self, role: Role) -> String {
        self.store
            .create_token(role.name(), &NewToken::default(), Utc::now())
            .unwrap()
    }

    /// A new session of a user, as a program has it.
    pub fn session(&self, user: &str) -> String {
        self.session_by(user, Carrier::Bearer, true)
    }

    /// A new session of a user, by what carries it and whether the second factor was given.
    pub fn session_by(&self, user: &str, carrier: Carrier, second_factor_given: bool) -> String {
        let now = Utc::now();
        let session = NewSession {
            carrier,
            second_factor_given,
            address: "192.0.2.1".to_owned(),
            agent: "a test".to_owned(),
            expires_at: now + TimeDelta::hours(1),
        };
        self.store.create_session(user, &session, now).unwrap()
    }

    /// A new token of the user that has this role and sees only Wudalianchi.
    pub fn token_of_another_city(&self, role: Role) -> String {
        self.store
            .create_token(
                &format!("{}-wudalianchi", role.name()),
                &NewToken::default(),
                Utc::now(),
            )
            .unwrap()
    }

    /// A new token that is good for another survey only.
    pub fn token_of_another_survey(&self, role: Role) -> String {
        let token = NewToken {
            surveys: Some(vec!["another".to_owned()]),
            ..NewToken::default()
        };
        self.store.create_token(role.name(), &token, Utc::now()).unwrap()
    }

    /// A token whose time is over.
    pub fn expired_token(&self, role: Role) -> String {
        let token = NewToken {
            expires_at: Some(Utc::now() - TimeDelta::seconds(1)),
            ..NewToken::default()
        };
        self.store.create_token(role.name(), &token, Utc::now()).unwrap()
    }

    /// A token that was revoked.
    pub fn revoked_token(&self, role: Role) -> String {
        let token = self.token(role);
        let newest = self.store.tokens(role.name()).unwrap().remove(0);
        self.store.revoke_token(role.name(), newest.id, Utc::now()).unwrap();
        token
    }

    pub fn send(&self, request: &Request) -> Answer {
        send(self.address, request)
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send(&Request::new("GET", path).token(token))
    }

    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(&Request::new("POST", path).token(token).json(body))
    }

    /// Sends a response as an administrator.
    pub fn submit(&self, body: &Value) -> Answer {
        self.post(&self.token(Role::Administrator), "/api/v1/surveys/firm/responses", body)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().unwrap();
        }
    }
}

fn open(database: &str, wait: Duration) -> Store {
    let options = OpenOptions {
        keys: keys_for(database),
        wait,
        ..OpenOptions::default()
    };
    Store::open_with(database, &options).unwrap()
}

/// A response that breaks no rule.
pub fn response(instance_id: &str) -> Value {
    json!({"instance_id": instance_id, "version": "1", "answers": {
        "org_name": format!("Works {instance_id}"), "city": "230700", "contact": "Li Ming", "founded": "1998-04-01",
        "turnover": 1200.5, "has_rd": "1", "research": {"rd_inhouse": 60},
        "products": [{"product": "timber", "share": 70}, {"product": "berries", "share": 30}],
    }})
}

/// The folder of definitions that tests use.
pub fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/web")
}

/// The code that an authenticator with this secret (in base 32) shows at that time, so many steps later.
pub fn totp_code(secret: &str, now: chrono::DateTime<Utc>, steps: i64) -> String {
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(secret).unwrap())
        .with_account_name("a test")
        .build()
        .unwrap();
    totp.generate(u64::try_from(now.timestamp() + 30 * steps).unwrap())
        .to_string()
}

/// Fills an empty database: the survey, an open round, two places, and two users per role.
pub fn seed(store: &Store) {
    let now = Utc::now();
    let folder = load_folder(&definitions()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    store.seed(&Seed::from(&folder.value), now).unwrap();
    let password_hash = hash_password(PASSWORD).unwrap();
    for role in Role::ALL {
        for (suffix, cities) in [("", None), ("-wudalianchi", Some(vec!["231182".to_owned()]))] {
            let user = NewUser {
                name: format!("{}{suffix}", role.name()),
                password_hash: password_hash.clone(),
                role,
                cities,
                must_change_password: false,
            };
            store.add_user(&user, now).unwrap();
        }
    }
}
