//! PostgreSQL that stops and starts again under a running server.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection};
use innogauge::response::Role;
use innogauge::web::Settings;

use crate::app::{TestApp, response};
use crate::client::{Answer, Connection, Request};

const RESPONSES: &str = "/api/v1/surveys/firm/responses";
/// How long a request may wait for the database here.
const WAIT: Duration = Duration::from_secs(2);

/// A PostgreSQL of a test's own, which it may stop.
struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// `None` where the tests were given no server: then there may be no PostgreSQL at all.
    fn start() -> Option<Self> {
        std::env::var_os("INNOGAUGE_TEST_POSTGRES")?;
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .collect();
        versions.sort();
        let cluster = Self {
            folder: tempfile::tempdir().unwrap(),
            programs: versions.pop()?,
            port: free_port(),
        };
        if is_root() {
            assert!(run(Command::new("chown").arg("postgres").arg(cluster.folder.path())));
        }
        let data = cluster.data();
        assert!(run(cluster
            .program("initdb")
            .args(["-U", "innogauge", "--auth=trust", "--encoding=UTF8", "-D"])
            .arg(&data)));
        cluster.serve();
        Some(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of PostgreSQL's programs, as the user that it agrees to run as.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        command
    }

    fn serve(&self) {
        let folder: &Path = self.folder.path();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={}",
            self.port,
            folder.display()
        );
        assert!(run(self
            .program("pg_ctl")
            .args(["-w", "-l", "log", "-o", &options, "-D"])
            .arg(self.data())
            .arg("start")));
    }

    /// Stops it: `fast` says goodbye to its clients, `immediate` does not.
    fn stop(&self, how: &str) -> bool {
        run(self
            .program("pg_ctl")
            .args(["-w", "-m", how, "-D"])
            .arg(self.data())
            .arg("stop"))
    }

    fn url(&self) -> String {
        format!("postgres://innogauge@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

/// Below the ports that the system gives to clients: one of those might take it while PostgreSQL is down.
fn free_port() -> u16 {
    let first = 21_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    (first..32_000)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n")
}

fn run(command: &mut Command) -> bool {
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Waits until something holds, and says how long that took.
fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    began.elapsed()
}

/// What happened to the submissions of the clients.
#[derive(Default)]
struct Sent {
    acknowledged: Mutex<HashSet<String>>,
    refused: Mutex<Vec<(Answer, Duration)>>,
    number: AtomicUsize,
    enough: AtomicBool,
}

impl Sent {
    /// A client sends one response after the other, each again until it is acknowledged.
    fn write(&self, app: &TestApp, token: &str) {
        let mut connection = Connection::open(app.address).unwrap();
        while !self.enough.load(Ordering::Relaxed) {
            let name = format!("uuid:{}", self.number.fetch_add(1, Ordering::Relaxed));
            let request = Request::new("POST", RESPONSES).token(token).json(&response(&name));
            while !self.enough.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = connection.send(&request).unwrap();
                if answer.status < 300 {
                    self.acknowledged.lock().unwrap().insert(name);
                    break;
                }
                self.refused.lock().unwrap().push((answer, began.elapsed()));
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }
}

/// Tells the clients that it is enough, also where the test fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_server_outlives_its_database_and_loses_nothing_that_it_acknowledged() {
    let Some(cluster) = Cluster::start() else {
        eprintln!("not tried on a database that stops: see scripts/with_postgres.sh");
        return;
    };
    let settings = Settings {
        database_wait: WAIT,
        job_lease: Duration::from_secs(3),
        ..Settings::default()
    };
    let app = TestApp::set(&cluster.url(), settings);
    let token = app.token(Role::Administrator);
    let (sent, ready) = (Sent::default(), || app.get(&token, "/readyz").status == 200);
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let _listener = app
        .store
        .listen(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    let export = Request::new("GET", "/api/v1/surveys/firm/export?format=csv").header("prefer", "respond-async");
    std::thread::scope(|scope| {
        let _end = End(&sent.enough);
        for _ in 0..8 {
            scope.spawn(|| sent.write(&app, &token));
        }
        for how in ["fast", "immediate"] {
            let before = sent.acknowledged();
            until("responses are stored", || sent.acknowledged() > before + 20);
            // A job that is queued when the database goes away is done when it is back.
            let job = app.send(&export.clone().token(&token));
            assert_eq!(job.status, 202, "{}", job.text());
            assert!(cluster.stop(how));

            until("it says that it is not ready", || !ready());
            let began = Instant::now();
            let read = app.get(&token, RESPONSES);
            assert_eq!((read.status, read.code().as_str()), (503, "database_unavailable"));
            assert!(read.header("retry-after").is_some());
            assert!(began.elapsed() < 2 * WAIT, "{:?}", began.elapsed());
            std::thread::sleep(WAIT);

            cluster.serve();
            let took = until("it is ready again", ready);
            assert!(took < Duration::from_secs(4), "{took:?}");
            let before = sent.acknowledged();
            until("responses are stored again", || sent.acknowledged() > before + 20);
            let place = job.header("location").unwrap();
            until("the job is done", || app.get(&token, place).json()["state"] == "done");
            // Whoever listens for changes hears of them again.
            let before = heard.load(Ordering::Relaxed);
            until("changes are told again", || {
                let mut other = PgConnection::establish(&cluster.url()).unwrap();
                other.batch_execute("NOTIFY innogauge").unwrap();
                heard.load(Ordering::Relaxed) > before + 1
            });
        }
    });

    let refused = sent.refused.into_inner().unwrap();
    assert!(!refused.is_empty());
    for (answer, took) in refused {
        assert_eq!(answer.status, 503, "{} after {took:?}", answer.text());
        assert!(answer.header("retry-after").is_some());
        assert!(took < 3 * WAIT, "refused after {took:?}");
    }
    for name in sent.acknowledged.into_inner().unwrap() {
        assert_eq!(app.store.response_versions("firm", &name).unwrap().len(), 1, "{name}");
    }
    assert!(app.store.verify_audit(None).unwrap().is_whole());
}
