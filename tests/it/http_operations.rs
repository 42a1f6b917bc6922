//! The server in its operator's hands: TLS, what it shows of itself, how it stops, what it writes to its log.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use innogauge::settings::{Settings, Tls};
use innogauge::store::{NewToken, Store};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::app::{PASSWORD, TestApp, response, seed};
use crate::client::{Request, send};
use crate::openrosa::parcel;
use crate::process::Process;

pub fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tls")
        .join(name)
}

/// A TLS connection that trusts one certificate alone.
pub fn connect(
    address: SocketAddr,
    trusted: &str,
    protocol: &[u8],
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate(trusted)).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut connection = StreamOwned::new(client, stream);
    connection.conn.complete_io(&mut connection.sock)?;
    Ok(connection)
}

fn ask(connection: &mut StreamOwned<ClientConnection, TcpStream>) -> String {
    connection
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Whether `GET /healthz` is answered 200 by HTTP/2: the frames of RFC 9113, by hand.
fn answers_by_http_2(connection: &mut StreamOwned<ClientConnection, TcpStream>) -> bool {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    assert_eq!(connection.conn.alpn_protocol(), Some(b"h2".as_slice()));
    let frame = |kind: u8, flags: u8, stream: u8, content: &[u8]| {
        let mut frame = vec![0, 0, u8::try_from(content.len()).unwrap(), kind, flags, 0, 0, 0, stream];
        frame.extend_from_slice(content);
        frame
    };
    // HPACK: GET, https, and the texts of path and authority, by the numbers of its static table.
    let request = [b"\x82\x87\x04\x08/healthz\x01\x09".as_slice(), b"localhost"].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, b""));
    bytes.extend(frame(HEADERS, 0x5, 1, &request));
    connection.write_all(&bytes).unwrap();
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).unwrap();
        let mut content = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        connection.read_exact(&mut content).unwrap();
        if head[3] == HEADERS {
            // Number 8 of the table is `:status: 200`.
            return content.first() == Some(&0x88);
        }
    }
}

#[test]
fn tls_takes_up_a_new_certificate_and_drops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let put = |name: &str| {
        std::fs::copy(certificate(&format!("{name}.pem")), &chain).unwrap();
        std::fs::copy(certificate(&format!("{name}.key")), &key).unwrap();
    };
    put("first");
    let app = TestApp::set(
        "sqlite::memory:",
        Settings {
            tls: Tls {
                certificate: Some(chain.clone()),
                key: Some(key.clone()),
                check: Duration::from_millis(50),
            },
            ..Settings::default()
        },
    );
    let mut old = connect(app.address, "first.pem", b"http/1.1").unwrap();
    assert!(ask(&mut old).starts_with("HTTP/1.1 200"));
    assert!(connect(app.address, "second.pem", b"http/1.1").is_err());
    assert!(answers_by_http_2(
        &mut connect(app.address, "first.pem", b"h2").unwrap()
    ));
    // A renewal that goes wrong leaves the old certificate in place.
    std::fs::write(&chain, "nonsense").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(connect(app.address, "first.pem", b"http/1.1").is_ok());
    put("second");
    let began = Instant::now();
    while connect(app.address, "second.pem", b"http/1.1").is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the new certificate is not taken up"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(connect(app.address, "first.pem", b"http/1.1").is_err());
    let answer = ask(&mut old);
    assert!(answer.starts_with("HTTP/1.1 200"), "the open connection was dropped");
    assert!(answer.contains("strict-transport-security"));
}

#[test]
fn tls_files_that_can_not_be_used_are_named_at_the_start() {
    let store = Store::open("sqlite::memory:").unwrap();
    let start = |certificate: Option<PathBuf>, key: Option<PathBuf>| {
        let settings = Settings {
            listen: "127.0.0.1:0".to_owned(),
            tls: Tls {
                certificate,
                key,
                ..Tls::default()
            },
            ..Settings::default()
        };
        innogauge::web::Server::bind(settings, store.clone())
            .unwrap_err()
            .to_string()
    };
    let first = || Some(certificate("first.pem"));
    assert!(start(first(), None).contains("tls.key"));
    assert!(start(first(), Some("nowhere.key".into())).contains("nowhere.key"));
    assert!(start(first(), Some(certificate("second.key"))).contains("does not fit"));
    assert!(start(Some(certificate("first.key")), Some(certificate("first.key"))).contains("no certificate"));
}

#[test]
fn metrics_show_what_the_store_does() {
    let app = TestApp::start();
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let text = app.send(&Request::new("GET", "/metrics")).text();
    for line in [
        "innogauge_database_waiting 0",
        "innogauge_submissions_queued 0",
        "innogauge_commit_duration_seconds_count 1",
        "innogauge_commit_duration_seconds_bucket{le=\"+Inf\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing from\n{text}");
    }
    assert!(text.contains("innogauge_database_connections "));
}

#[test]
fn a_server_told_to_stop_is_ready_no_more_but_serves_until_balancers_have_seen_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("drain.db").display());
    seed(&Store::open(&database).unwrap());
    let mut server = Process::start_with(&database, &["--set", "drain=1500ms"], Stdio::null());
    assert_eq!(send(server.address, &Request::new("GET", "/readyz")).status, 200);
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(400));
    let ready = send(server.address, &Request::new("GET", "/readyz"));
    assert_eq!((ready.status, ready.code().as_str()), (503, "busy"));
    assert_eq!(send(server.address, &Request::new("GET", "/healthz")).status, 200);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_log_holds_nothing_of_persons() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("log.db").display());
    let store = Store::open(&database).unwrap();
    seed(&store);
    let token = store
        .create_token("administrator", &NewToken::default(), chrono::Utc::now())
        .unwrap();
    let secrets = [
        "Zhang-Personal",
        "uuid:personal-instance",
        "13800138000",
        PASSWORD,
        token.as_str(),
        "device-4711",
    ];
    let [name, instance, phone, ..] = secrets;
    for format in ["text", "json"] {
        let log = folder.path().join(format!("log.{format}"));
        let file = std::fs::File::create(&log).unwrap();
        let mut server = Process::start_with(
            &database,
            &["--set", "log=debug", "--log-format", format],
            Stdio::from(file),
        );
        let mut body = response(instance);
        body["answers"]["contact"] = serde_json::json!(name);
        body["answers"]["org_name"] = serde_json::json!(format!("{name} {phone}"));
        let responses = "/api/v1/surveys/firm/responses";
        let mut broken = body.clone();
        broken["answers"]["turnover"] = serde_json::json!(phone);
        broken["answers"]["city"] = serde_json::json!(name);
        for request in [
            Request::new("POST", responses).json(&body),
            Request::new("POST", responses).json(&broken),
            Request::new("POST", responses).body("application/json", format!("{{\"answers\": {name} {phone}")),
            Request::new("PUT", format!("{responses}/{instance}")).json(&body),
            Request::new("GET", format!("{responses}/{instance}?deviceID=device-4711")),
            Request::new("GET", format!("{responses}?organisation={name}&deviceID=device-4711")),
            Request::new("GET", format!("/api/v1/nowhere/{name}/{phone}?token={token}")),
            Request::new("GET", format!("/key/{token}/formList?deviceID=device-4711")),
            Request::new("HEAD", format!("/key/{token}/submission?deviceID=device-4711")),
            parcel(
                &format!("/key/{token}/submission?deviceID=device-4711"),
                &format!("<data id=\"firm\" version=\"1\"><city>{name}</city><contact>{phone}</contact></data>"),
                &[(&format!("{name}.jpg"), b"no picture".as_slice())],
                false,
            ),
            parcel(
                &format!("/key/{token}/submission"),
                &format!("<data><contact>{name} {phone}<"),
                &[],
                false,
            ),
            Request::new("POST", "/api/v1/surveys/firm/imports")
                .file(&format!("{name}.csv"), format!("{name},{phone}\n").as_bytes()),
            Request::new("GET", "/api/v1/surveys/firm/export.xlsx").header("cookie", &format!("session={token}")),
            Request::new("GET", "/")
                .header("user-agent", phone)
                .header("referer", &format!("https://x/{name}")),
        ] {
            send(server.address, &request.token(&token));
        }
        let wrong =
            Request::new("POST", "/api/v1/login").json(&serde_json::json!({"name": name, "password": PASSWORD}));
        assert_eq!(send(server.address, &wrong).status, 401);
        server.signal("-TERM");
        server.child.wait().unwrap();
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(
            text.lines().count() > 10 && text.contains("answered"),
            "there is no log:\n{text}"
        );
        assert!(text.contains("request_id"));
        assert!(!text.contains('\u{1b}'), "there are colours in a file:\n{text}");
        for secret in secrets {
            assert!(!text.contains(secret), "'{secret}' is in the log of format {format}");
        }
        if format == "json" {
            for line in text.lines() {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
            }
        }
    }
}
