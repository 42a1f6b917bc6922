//! The program as a server of its own, for benches that speak HTTP with it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client::{self, Request};
use super::{app, databases};

/// Starts the program and waits for its first answer.
pub fn start(database: &str) -> (Child, SocketAddr, Duration) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database", database, "--defs"])
        .arg(app::definitions())
        .env("INNOGAUGE_LOG", "warn")
        .envs(databases::keys_for(database).map(|file| ("INNOGAUGE_KEYS", file)))
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
