//! The real program as a process: what was acknowledged survives kill -9, and SIGTERM lets requests finish.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::Utc;
use innogauge::store::{AuditFilter, EventKind, NewToken, Store};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use crate::app::{definitions, response, seed};
use crate::client::{Connection, Request, send};
use crate::databases::{Database, keys_for};

const RESPONSES: &str = "/api/v1/surveys/firm/responses";
/// How many clients write at once.
const WRITERS: usize = 16;
/// How often the server is killed where nothing else is asked for.
const KILLS: u64 = 20;

/// `innogauge serve` on any free port.
pub struct Process {
    pub child: Child,
    pub address: SocketAddr,
}

impl Process {
    pub fn start(database: &str) -> Self {
        Self::start_with(database, &[], Stdio::null())
    }

    /// With more arguments, and its log somewhere.
    pub fn start_with(database: &str, arguments: &[&str], log: Stdio) -> Self {
        Self::start_under(&[], database, arguments, log)
    }

    /// As these words start it, which take its own command line after them.
    pub fn start_under(words: &[&str], database: &str, arguments: &[&str], log: Stdio) -> Self {
        let mut command = serve_under(words, database, "127.0.0.1:0");
        command.args(arguments).stderr(log);
        Self::of(command)
    }

    /// By a command of [`serve`].
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
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
            .parse();
        Self {
            child,
            address: address.unwrap_or_else(|error| panic!("{error} in '{line}'")),
        }
    }

    pub fn signal(&self, name: &str) {
        assert!(
            Command::new("sh") // whose own kill a bare system has
                .args(["-c", &format!("kill {name} {}", self.child.id())])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that serves a database.
pub fn serve(database: &str, listen: &str) -> Command {
    serve_under(&[], database, listen)
}

fn serve_under(words: &[&str], database: &str, listen: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_innogauge");
    let mut words = words.iter().copied().chain([program]);
    let mut command = Command::new(words.next().unwrap());
    command
        .args(words)
        .args(["serve", "--listen", listen, "--database", database, "--defs"])
        .arg(definitions());
    if let Some(keys) = keys_for(database) {
        command.arg("--keys").arg(keys);
    }
    command.stderr(Stdio::null());
    command
}

/// Fills a database and gives the token of an administrator.
pub fn prepare(database: &str) -> String {
    let store = Store::open(database).unwrap();
    seed(&store);
    store
        .create_token("administrator", &NewToken::default(), Utc::now())
        .unwrap()
}

#[test]
fn acknowledged_responses_survive_kill_9_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    killed_under_load(&format!("sqlite:{}", folder.path().join("killed.db").display()));
}

#[test]
fn acknowledged_responses_survive_kill_9_on_postgresql() {
    if let Some(database) = Database::postgres() {
        killed_under_load(&database.url);
    }
}

/// Kills the server at random moments while clients write, again and again, and looks for what was acknowledged. How
/// often, `INNOGAUGE_TEST_KILLS` says (`make soak`: 200).
fn killed_under_load(database: &str) {
    let kills: u64 = std::env::var("INNOGAUGE_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let token = prepare(database);
    let (sent, acknowledged) = (AtomicUsize::new(0), Mutex::new(HashSet::new()));
    for kill in 0..kills {
        let mut server = Process::start(database);
        let address = server.address;
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| write_until_killed(address, &token, &sent, &acknowledged));
            }
            // Moments none like another: from the first answers on, and between them.
            let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(kill);
            let wanted = acknowledged.lock().unwrap().len() + random.random_range(1..100);
            while acknowledged.lock().unwrap().len() < wanted {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(random.random_range(0..5_000)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        });
    }
    let (sent, acknowledged) = (sent.into_inner(), acknowledged.into_inner().unwrap());
    println!(
        "{kills} kills: {} of {sent} submissions acknowledged",
        acknowledged.len()
    );

    let server = Process::start(database);
    let kept = all_names(server.address, &token);
    let distinct: HashSet<&String> = kept.iter().collect();
    assert_eq!(distinct.len(), kept.len(), "a response is there twice");
    let lost: Vec<&String> = acknowledged.iter().filter(|name| !distinct.contains(name)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

    // Each with its history and its entry in the audit log, whose chain is whole.
    let store = Store::open(database).unwrap();
    for name in &kept {
        let history = store.response_events("firm", name).unwrap();
        assert!(
            matches!(history.as_slice(), [one] if one.kind == EventKind::Received),
            "{name}: {history:?}"
        );
    }
    assert!(store.verify_audit(None).unwrap().is_whole());
    let filter = AuditFilter {
        act: Some("response.received".to_owned()),
        ..AuditFilter::default()
    };
    let entries = store.audit_entries(&filter, None, i64::MAX).unwrap();
    assert_eq!(entries.len(), kept.len());

    // Whoever got no answer sends again: what was stored already is a success that changes nothing.
    let mut connection = Connection::open(server.address).unwrap();
    let unanswered: Vec<String> = (0..sent)
        .map(|number| format!("uuid:{number}"))
        .filter(|name| !acknowledged.contains(name))
        .collect();
    for name in &unanswered {
        let answer = connection
            .send(&Request::new("POST", RESPONSES).token(&token).json(&response(name)))
            .unwrap();
        let expected = if distinct.contains(name) { 200 } else { 201 };
        assert_eq!(answer.status, expected, "{name}: {}", answer.text());
    }
    assert_eq!(all_names(server.address, &token).len(), sent);
}

/// Sends one submission after the other on one connection until it breaks.
fn write_until_killed(address: SocketAddr, token: &str, sent: &AtomicUsize, acknowledged: &Mutex<HashSet<String>>) {
    let Ok(mut connection) = Connection::open(address) else {
        return;
    };
    loop {
        let name = format!("uuid:{}", sent.fetch_add(1, Ordering::SeqCst));
        let request = Request::new("POST", RESPONSES).token(token).json(&response(&name));
        match connection.send(&request) {
            Ok(answer) if answer.status == 201 => acknowledged.lock().unwrap().insert(name),
            Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
            Err(_) => return,
        };
    }
}

/// The names of all responses, page by page.
fn all_names(address: SocketAddr, token: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = send(
            address,
            &Request::new("GET", format!("{RESPONSES}?limit=400{after}")).token(token),
        )
        .json();
        for one in page["responses"].as_array().unwrap() {
            assert_eq!(one["versions"], 1);
            names.push(one["instance_id"].as_str().unwrap().to_owned());
        }
        match &page["next"] {
            Value::String(next) => after = format!("&after={next}"),
            _ => return names,
        }
    }
}

#[test]
fn sigterm_lets_the_request_in_flight_finish_and_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("stopped.db").display());
    let token = prepare(&database);
    let mut server = Process::start(&database);
    let mut connection = Connection::open(server.address).unwrap();
    let body = response("uuid:1").to_string();
    let (first, second) = body.split_at(20);
    let head = format!(
        "POST {RESPONSES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    connection.write(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(200));
    connection.write(second.as_bytes()).unwrap();
    assert_eq!(connection.read(false).unwrap().status, 201);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let database = format!("sqlite:{}", folder.path().join("port.db").display());
    let mut child = serve(&database, &listen).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let mut message = String::new();
    child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert!(message.contains("another program has this port"), "{message}");
}

#[test]
fn a_second_server_on_one_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("one.db").display());
    prepare(&database);
    let _first = Process::start(&database);
    let mut second = serve(&database, "127.0.0.1:0").stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(3));
    let mut message = String::new();
    second.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert!(message.contains("already served"), "{message}");
}

#[test]
fn nobody_has_to_read_what_a_command_says() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As `| head` does: the document is longer than what a pipe holds.
    drop(command.stdout.take());
    let output = command.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
