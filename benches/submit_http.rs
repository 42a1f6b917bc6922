//! Submissions over HTTP by the real program, each acknowledged after a durable commit; start and idle memory.
//!
//! `cargo bench --bench submit_http`, with `scripts/with_postgres.sh` before it for PostgreSQL too. The clients run on
//! the same machine as the server and the database, as they did for the figure of the peer.

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

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use client::{Connection, Request};
use databases::Database;
use innogauge::store::NewToken;

const CLIENTS: usize = 8;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(8);
/// ODK Central on such a machine with PostgreSQL.
const PEER: &str = "ODK Central: 79–128 submissions/s, p95 91–187 ms";

fn main() {
    measure("SQLite", &Database::sqlite());
    if let Some(database) = Database::postgres() {
        measure("PostgreSQL", &database);
    }
}

fn measure(name: &str, database: &Database) {
    let store = database.open();
    app::seed(&store);
    let token = store
        .create_token("administrator", &NewToken::default(), Utc::now())
        .unwrap();
    drop(store);

    let (mut server, address, started) = start(&database.url);
    let idle_megabytes = resident_megabytes(&server);
    let mut milliseconds = submit_from_all_clients(address, &token);
    milliseconds.sort_by(f64::total_cmp);
    let at = |percent: usize| milliseconds[(milliseconds.len() - 1) * percent / 100];
    println!(
        "{name}: {CLIENTS} clients, durable commits: {:.0} submissions/s, p50 {:.1} ms, p95 {:.1} ms   ({PEER})",
        milliseconds.len() as f64 / MEASURED.as_secs_f64(),
        at(50),
        at(95)
    );
    println!(
        "{name}: start to first answer {:.0} ms; idle {idle_megabytes:.0} MB, after the load {:.0} MB",
        started.as_secs_f64() * 1000.0,
        resident_megabytes(&server)
    );
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Starts the program and waits for its first answer.
fn start(database: &str) -> (Child, SocketAddr, Duration) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database", database, "--defs"])
        .arg(app::definitions())
        .env("INNOGAUGE_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .rsplit("http://")
        .next()
        .unwrap()
        .trim_end_matches('/')
        .parse()
        .unwrap();
    assert_eq!(client::send(address, &Request::new("GET", "/")).status, 200);
    (child, address, began.elapsed())
}

/// The time of each submission that was acknowledged after the warm-up, in milliseconds.
fn submit_from_all_clients(address: SocketAddr, token: &str) -> Vec<f64> {
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let token = token.to_owned();
            std::thread::spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                let mut times = Vec::new();
                for number in 0.. {
                    let body = app::response(&format!("uuid:{client}-{number}"));
                    let request = Request::new("POST", "/api/v1/surveys/firm/responses")
                        .token(&token)
                        .json(&body);
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
