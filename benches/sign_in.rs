//! Sign-ins over HTTP by the real program, beside argon2 alone: as many verifications of the same password on as many
//! threads as the program has for them.
//!
//! `cargo bench --bench sign_in`; on PostgreSQL too where `scripts/with_postgres.sh` runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption ends the bench"
)]

#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/app.rs"]
mod app;
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/client.rs"]
mod client;
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/databases.rs"]
mod databases;
#[path = "submit_http/program.rs"]
mod program;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use client::{Connection, Request};
use databases::Database;
use innogauge::settings::Settings;
use innogauge::store::{hash_password, password_matches};
use serde_json::json;

/// Enough to keep every thread that hashes busy; each is another user, as in an office behind one address.
const USERS: [&str; 6] = [
    "viewer",
    "field",
    "supervisor",
    "consultant",
    "operator",
    "administrator",
];
const MEASURED: Duration = Duration::from_secs(5);

fn main() {
    measure("SQLite", &Database::sqlite());
    if let Some(database) = Database::postgres() {
        measure("PostgreSQL", &database);
    }
}

fn measure(name: &str, database: &Database) {
    let store = database.open();
    app::seed(&store);
    drop(store);
    let (mut server, address, _) = program::start(&database.url);
    let signed_in = side_by_side(USERS.len(), |number, ends| sign_in(address, USERS[number], ends));
    server.kill().unwrap();
    server.wait().unwrap();

    let threads = Settings::default().password_hashers;
    let hash = hash_password(app::PASSWORD).unwrap();
    let verified = side_by_side(threads, |_, ends| verify(&hash, ends));
    println!(
        "{name}: {signed_in:.1} sign-ins/s from {} clients; argon2 alone on {threads} threads: {verified:.1}/s, ratio {:.2}",
        USERS.len(),
        signed_in / verified
    );
}

/// How often per second all of them together do what `act` counts until that moment.
fn side_by_side(threads: usize, act: impl Fn(usize, Instant) -> u32 + Sync) -> f64 {
    let began = Instant::now();
    let done = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..threads {
            let (act, done) = (&act, &done);
            scope.spawn(move || done.fetch_add(act(number, began + MEASURED), Ordering::Relaxed));
        }
    });
    f64::from(done.into_inner()) / began.elapsed().as_secs_f64()
}

fn sign_in(address: SocketAddr, user: &str, ends: Instant) -> u32 {
    let mut connection = Connection::open(address).unwrap();
    let credentials = json!({"name": user, "password": app::PASSWORD});
    let mut done = 0;
    while Instant::now() < ends {
        let answer = connection
            .send(&Request::new("POST", "/api/v1/login").json(&credentials))
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        done += 1;
    }
    done
}

fn verify(hash: &str, ends: Instant) -> u32 {
    let mut done = 0;
    while Instant::now() < ends {
        assert!(password_matches(app::PASSWORD, hash));
        done += 1;
    }
    done
}
