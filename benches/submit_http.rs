//! Submissions over HTTP by the real program, each acknowledged after a durable commit; start and idle memory.
//!
//! `cargo bench --bench submit_http`, with `scripts/with_postgres.sh` before it for PostgreSQL too. The clients run on
//! the same machine as the server and the database, as they did for the figure of the peer. After each load the rows that
//! it left are stored once more by the database alone (`floor.rs`). With `-- openrosa` they come as phones send them; `-- postgres 32`
//! measures that database with so many clients alone.

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
#[path = "submit_http/floor.rs"]
mod floor;
#[path = "submit_http/openrosa.rs"]
mod openrosa;
#[path = "submit_http/program.rs"]
mod program;

use std::net::SocketAddr;
use std::process::Child;
use std::time::{Duration, Instant};

use chrono::Utc;
use client::{Connection, Request};
use databases::Database;
use innogauge::store::NewToken;

const CLIENTS: [usize; 4] = [1, 8, 32, 256];
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(6);
/// ODK Central on such a machine with PostgreSQL.
const PEER: &str = "ODK Central: 79–128 submissions/s, p95 91–187 ms";

/// How responses come.
#[derive(Debug, Clone, Copy)]
enum Door {
    Json,
    OpenRosa,
}

impl Door {
    fn request(self, token: &str, instance_id: &str) -> Request {
        match self {
            Self::Json => Request::new("POST", "/api/v1/surveys/firm/responses")
                .token(token)
                .json(&app::response(instance_id)),
            Self::OpenRosa => openrosa::request(token, instance_id),
        }
    }
}

fn main() {
    println!("{PEER}");
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |word: &str| asked.iter().any(|argument| argument == word);
    let door = if is_asked("openrosa") {
        Door::OpenRosa
    } else {
        Door::Json
    };
    let numbers: Vec<usize> = asked.iter().filter_map(|argument| argument.parse().ok()).collect();
    let clients = if numbers.is_empty() { &CLIENTS[..] } else { &numbers };
    for &clients in clients.iter().filter(|_| !is_asked("postgres")) {
        measure("SQLite", &Database::sqlite(), door, clients);
    }
    for &clients in clients.iter().filter(|_| !is_asked("sqlite")) {
        if let Some(database) = Database::postgres() {
            measure("PostgreSQL", &database, door, clients);
        }
    }
}

fn measure(name: &str, database: &Database, door: Door, clients: usize) {
    let store = database.open();
    app::seed(&store);
    let token = store
        .create_token("administrator", &NewToken::default(), Utc::now())
        .unwrap();
    drop(store);

    let (mut server, address, started) = program::start(&database.url);
    let idle_megabytes = resident_megabytes(&server);
    let mut milliseconds = submit_from_all(clients, address, door, &token);
    milliseconds.sort_by(f64::total_cmp);
    let at = |percent: usize| milliseconds[(milliseconds.len() - 1) * percent / 100];
    let rate = milliseconds.len() as f64 / MEASURED.as_secs_f64();
    let commits = commits(address);
    let loaded_megabytes = resident_megabytes(&server);
    server.kill().unwrap();
    server.wait().unwrap();

    let floor = floor::store_again(&database.url, commits, clients);
    println!(
        "{name}, {door:?}: {clients} clients: {rate:.0} submissions/s, p50 {:.1} ms, p95 {:.1} ms; the database alone, {} to a \
         commit: {:.0}/s sent to it, ratio {:.2}, {:.0}/s copied inside of it, ratio {:.2}; start to first answer {:.0} ms; \
         idle {idle_megabytes:.0} MB, after the load \
         {loaded_megabytes:.0} MB",
        at(50),
        at(95),
        floor.to_a_commit,
        floor.sent,
        rate / floor.sent,
        floor.copied,
        rate / floor.copied,
        started.as_secs_f64() * 1000.0,
    );
}

/// How many transactions stored submissions so far.
fn commits(address: SocketAddr) -> u64 {
    let metrics = client::send(address, &Request::new("GET", "/metrics")).text();
    metrics
        .lines()
        .find_map(|line| line.strip_prefix("innogauge_commit_duration_seconds_count "))
        .unwrap()
        .parse()
        .unwrap()
}

/// The time of each submission that was acknowledged after the warm-up, in milliseconds.
fn submit_from_all(clients: usize, address: SocketAddr, door: Door, token: &str) -> Vec<f64> {
    let began = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|client| {
            let token = token.to_owned();
            std::thread::spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                let mut times = Vec::new();
                for number in 0.. {
                    let request = door.request(&token, &format!("uuid:{client}-{number}"));
                    let sent = Instant::now();
                    let answer = connection.send(&request).unwrap();
                    assert_eq!(answer.status, 201, "{}", answer.text());
                    if sent.duration_since(began) >= WARM_UP {
                        times.push(sent.elapsed().as_secs_f64() * 1000.0);
                    }
                    if began.elapsed() >= WARM_UP + MEASURED {
                        break;
                    }
                }
                times
            })
        })
        .collect();
    clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
}

fn resident_megabytes(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}
