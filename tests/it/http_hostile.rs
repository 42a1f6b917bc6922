//! What strangers send on purpose: answered within limits, believed in nothing, and never passed on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use innogauge::response::Role;
use innogauge::settings::{Bytes, Secret, Settings};
use innogauge::store::NewToken;
use innogauge::web::Limits;

use crate::app::{TestApp, response};
use crate::client::{Answer, Connection, Request};

const RESPONSES: &str = "/api/v1/surveys/firm/responses";

fn set(settings: Settings) -> TestApp {
    TestApp::set("sqlite::memory:", settings)
}

/// Sends bytes as they are; what came back until the server closed or said nothing for ten seconds.
fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The server may close before all of it was sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn send_gzip(app: &TestApp, body: Vec<u8>) -> Answer {
    app.send(
        &Request::new("POST", RESPONSES)
            .token(&app.token(Role::Field))
            .header("content-encoding", "gzip")
            .body("application/json", body),
    )
}

/// Memory of this process in bytes, which the servers of all tests are part of.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<usize>().ok());
    kib.unwrap_or(0) * 1024
}

#[test]
fn a_packed_body_is_measured_after_unpacking() {
    let app = TestApp::start();
    let honest = send_gzip(&app, gzip(response("uuid:packed").to_string().as_bytes()));
    assert_eq!(honest.status, 201, "{}", honest.text());
    // 300 KB that become 300 MB.
    let bomb = gzip(&vec![b' '; 300 << 20]);
    assert!(bomb.len() < 1 << 20);
    let before = memory();
    let answer = send_gzip(&app, bomb);
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    assert!(memory() < before + (100 << 20), "the bomb was unpacked");
    let broken = send_gzip(&app, b"\x1f\x8b\x08nonsense".to_vec());
    assert_eq!((broken.status, broken.code().as_str()), (400, "bad_request"));
}

#[test]
fn a_body_that_trickles_is_cut_off() {
    let limits = Limits {
        body_pause: Duration::from_millis(400),
        body_rate: Bytes(1000),
        ..Limits::default()
    };
    let app = TestApp::with("sqlite::memory:", limits);
    let head = format!(
        "POST {RESPONSES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n",
        app.token(Role::Field)
    );
    // A byte now and then, sooner than any pause is too long, is still too slow.
    let mut connection = Connection::open(app.address).unwrap();
    connection.write(head.as_bytes()).unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) && connection.write(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(100));
    }
    let answer = connection.read(false).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "timeout"));
    // And so is one that stops.
    let mut connection = Connection::open(app.address).unwrap();
    connection.write(head.as_bytes()).unwrap();
    let began = Instant::now();
    assert_eq!(connection.read(false).unwrap().status, 408);
    assert!(began.elapsed() < Duration::from_secs(5));
    // An upload too.
    let upload = format!(
        "POST /api/v1/surveys/firm/imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: multipart/form-data; boundary=limit\r\ncontent-length: 10000\r\n\r\n",
        app.token(Role::Operator)
    );
    let mut connection = Connection::open(app.address).unwrap();
    connection
        .write(
            format!("{upload}--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\nPK")
                .as_bytes(),
        )
        .unwrap();
    assert_eq!(connection.read(false).unwrap().status, 408);
}

#[test]
fn headers_without_end_are_cut_off() {
    let limits = Limits {
        headers: Duration::from_secs(1),
        ..Limits::default()
    };
    let app = TestApp::with("sqlite::memory:", limits);
    let many = (0..2000).fold(String::new(), |many, number| many + &format!("x-{number}: y\r\n"));
    let large = format!("x-large: {}\r\n", "y".repeat(1 << 20));
    for (what, headers) in [("many", many), ("large", large)] {
        let before = memory();
        let answer = raw(
            &app,
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes(),
        );
        assert!(
            !answer.starts_with("HTTP/1.1 200"),
            "{what} headers were taken: {answer}"
        );
        assert!(memory() < before + (50 << 20));
    }
    let long = raw(
        &app,
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(200_000)).as_bytes(),
    );
    assert!(!long.starts_with("HTTP/1.1 200"), "{long}");
    // Many at once, each a line per moment, leave room for others.
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(app.address).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
            stream
        })
        .collect();
    assert_eq!(app.send(&Request::new("GET", "/healthz")).status, 200);
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        assert!(ended.is_ok(), "a connection without a request stays open");
    }
}

#[test]
fn a_request_that_two_readers_would_read_differently_is_refused() {
    let app = TestApp::start();
    for (what, request) in [
        (
            "both lengths",
            "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "two lengths",
            "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        ),
        (
            "a signed length",
            "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: +4\r\n\r\nabcd",
        ),
        (
            "two hosts",
            "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
        ),
        (
            "a folded line",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\nconnection: close\r\n\r\n",
        ),
        ("no method", "\x16\x03\x01\x02\x00\x01"),
    ] {
        let answer = raw(&app, request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 4") || answer.is_empty(),
            "{what}: {}",
            answer.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn only_our_names_are_answered_where_they_are_set() {
    let app = set(Settings {
        public_url: Some("https://survey.example.org/".to_owned()),
        hosts: vec!["10.1.2.3:8080".to_owned()],
        ..Settings::default()
    });
    let ask = |path: &str, host: &str| app.send(&Request::new("GET", path).header("host", host));
    for host in ["survey.example.org", "SURVEY.example.org", "10.1.2.3:8080"] {
        assert_eq!(ask("/", host).status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "survey.example.org.evil.example",
        "survey.example.org:99",
        "",
        "a b",
    ] {
        let answer = ask("/", host);
        assert!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
    }
    // What a host header trick aims at: the other names that a proxy might write.
    let forged = Request::new("GET", "/")
        .header("host", "evil.example")
        .header("x-forwarded-host", "survey.example.org");
    assert_eq!(app.send(&forged).code(), "unknown_host");
    let absolute = raw(
        &app,
        b"GET http://evil.example/ HTTP/1.1\r\nhost: survey.example.org\r\nconnection: close\r\n\r\n",
    );
    assert!(absolute.starts_with("HTTP/1.1 421"), "{absolute}");
    // Balancers ask by address.
    assert_eq!(ask("/readyz", "127.0.0.1").status, 200);
}

#[test]
fn forged_forwarded_headers_open_nothing() {
    let far = || Settings {
        // No address may read metrics but one that nobody here has.
        metrics_from: vec!["192.0.2.1".parse().unwrap()],
        metrics_token: Some(Secret::from("metrics secret")),
        ..Settings::default()
    };
    let ask =
        |app: &TestApp, name: &str, value: &str| app.send(&Request::new("GET", "/metrics").header(name, value)).status;
    let direct = set(far());
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("client-ip", "192.0.2.1"),
        ("authorization", "Bearer wrong"),
    ] {
        assert_eq!(ask(&direct, name, value), 404, "{name}");
    }
    assert_eq!(ask(&direct, "authorization", "Bearer metrics secret"), 200);
    let proxied = set(Settings {
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..far()
    });
    assert_eq!(ask(&proxied, "x-forwarded-for", "192.0.2.1"), 200);
    assert_eq!(
        ask(&proxied, "x-forwarded-for", "192.0.2.1, 203.0.113.9"),
        404,
        "the left one is forged"
    );
    assert_eq!(
        ask(&proxied, "forwarded", "for=192.0.2.1"),
        404,
        "the proxy writes the other header"
    );
    // A proxy on this machine that nobody named does not lend its address to its clients.
    let unnamed = TestApp::start();
    assert_eq!(ask(&unnamed, "x-forwarded-for", "203.0.113.9"), 404);
    assert_eq!(unnamed.send(&Request::new("GET", "/metrics")).status, 200);
}

#[test]
fn paths_lead_nowhere_else() {
    let app = TestApp::start();
    for path in [
        "/docs/../../Cargo.toml",
        "/docs/..%2f..%2fCargo.toml",
        "/docs/%2e%2e/%2e%2e/Cargo.toml",
        "/docs/..%5c..%5cCargo.toml",
        "/docs/%00index.html",
        "/docs//etc/passwd",
        "/problems/..%2f..%2fetc%2fpasswd",
        "/api/v1/../../etc/passwd",
    ] {
        let answer = app.send(&Request::new("GET", path));
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.text().contains("root:") && !answer.text().contains("[package]"));
    }
}

#[test]
fn no_address_redirects_elsewhere() {
    let app = TestApp::start();
    for path in [
        "//evil.example",
        "//evil.example/docs",
        "/\\evil.example",
        "/docs?next=https://evil.example",
        "/docs/",
        "//evil.example/%2f..",
    ] {
        let answer = app.send(&Request::new("GET", path).header("host", "evil.example"));
        if let Some(location) = answer.header("location") {
            assert_eq!(location, "/docs/index.html", "{path}");
        }
        assert!(
            !answer.headers.iter().any(|(_, value)| value.contains("evil")),
            "{path}"
        );
    }
}

#[test]
fn line_breaks_in_names_reach_no_header() {
    let app = TestApp::start();
    let token = app.token(Role::Administrator);
    for path in [
        "/docs%0d%0aset-cookie:%20a=b",
        "/api/v1/surveys/firm%0d%0aset-cookie:a=b/template",
        "/api/v1/surveys/firm/responses?cursor=%0d%0aset-cookie:a=b",
        "/api/v1/surveys/firm/template?lang=%0d%0aset-cookie:a=b",
    ] {
        let answer = app.get(&token, path);
        assert!(answer.header("set-cookie").is_none() && answer.status < 500, "{path}");
    }
    let injected = Request::new("GET", "/healthz").header("x-request-id", "a\r\nset-cookie: a=b");
    assert!(app.send(&injected).header("set-cookie").is_none());
    let upload = Request::new("POST", "/api/v1/surveys/firm/imports")
        .token(&app.token(Role::Operator))
        .file("a%0d%0aset-cookie: a=b\\\";.xlsx", b"no workbook");
    let answer = app.send(&upload);
    assert!(
        answer.header("set-cookie").is_none() && (400..500).contains(&answer.status),
        "{}",
        answer.status
    );
}

#[test]
fn every_answer_tells_browsers_to_trust_it_with_nothing() {
    let app = set(Settings {
        public_url: Some("https://survey.example.org".to_owned()),
        hosts: vec!["localhost".to_owned()],
        ..Settings::default()
    });
    let token = app.token(Role::Administrator);
    for path in [
        "/",
        "/healthz",
        "/docs/index.html",
        "/api/v1/me",
        "/api/v1/nowhere",
        "/problems/busy",
    ] {
        let answer = app.get(&token, path);
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            header("content-security-policy").starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(
            header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            !header("content-security-policy").contains("script-src 'unsafe"),
            "{path}"
        );
        assert!(header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(!header("cache-control").is_empty(), "{path}");
        assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none());
    }
    assert_eq!(app.get(&token, "/api/v1/me").header("cache-control"), Some("no-store"));
    let plain = TestApp::start();
    let answer = plain.send(&Request::new("GET", "/"));
    assert!(
        answer.header("strict-transport-security").is_none(),
        "no TLS, no promise of it"
    );
}

static JUMP_SECONDS: AtomicI64 = AtomicI64::new(0);

fn jumping_clock() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(JUMP_SECONDS.load(Ordering::Relaxed))
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_opens_nothing() {
    let app = TestApp::clocked("sqlite::memory:", Settings::default(), jumping_clock);
    let lasting = app.token(Role::Administrator);
    let hour = NewToken {
        expires_at: Some(Utc::now() + TimeDelta::hours(1)),
        ..NewToken::default()
    };
    let hour = app.store.create_token("administrator", &hour, Utc::now()).unwrap();
    // Forward, far back, and to where it was.
    for (number, jump) in [0, 2 * 3600, -30 * 86400, 0].into_iter().enumerate() {
        JUMP_SECONDS.store(jump, Ordering::Relaxed);
        let sent = app.post(&lasting, RESPONSES, &response(&format!("uuid:{number}")));
        assert_eq!(sent.status, 201, "a jump of {jump} s: {}", sent.text());
        let again = app.post(&lasting, RESPONSES, &response("uuid:0"));
        assert_eq!(again.status, 200, "a jump of {jump} s: {}", again.text());
        let expected = if jump > 3600 { 401 } else { 200 };
        assert_eq!(app.get(&hour, "/api/v1/me").status, expected, "a jump of {jump} s");
    }
    let listed = app.get(&lasting, RESPONSES).text();
    for number in 0..4 {
        assert_eq!(listed.matches(&format!("\"uuid:{number}\"")).count(), 1, "{listed}");
    }
}
