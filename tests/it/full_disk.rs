//! A disk that fills up under a serving program: what finds no room is refused and said to be, the rest goes on, and
//! nothing that was acknowledged is lost.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection};
use innogauge::store::Store;
use serde_json::{Value, json};

use crate::app::response;
use crate::client::{Answer, Request, send};
use crate::databases::Database;
use crate::process::{Process, prepare};
use crate::small_disk::PrivateDisk;

const RESPONSES: &str = "/api/v1/surveys/firm/responses";

/// A response that takes some 120 kB, also where its texts are packed.
fn large(name: &str) -> Value {
    let noise = || -> String { (0..960).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect() };
    let mut body = response(name);
    body["answers"]["products"] = (0..4).map(|_| json!({"product": noise(), "share": 25})).collect();
    body
}

/// A client of one server.
struct Client<'a> {
    address: SocketAddr,
    token: &'a str,
}

impl Client<'_> {
    fn send(&self, request: Request) -> Answer {
        send(self.address, &request.token(self.token))
    }

    fn get(&self, path: &str) -> Answer {
        self.send(Request::new("GET", path))
    }

    fn submit(&self, name: &str) -> Answer {
        self.send(Request::new("POST", RESPONSES).json(&large(name)))
    }
}

/// The answer of a server without room, in both languages.
fn assert_full(answer: &Answer, again: impl Fn(&str) -> Answer) {
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert_eq!(answer.code(), "storage_full");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(again("en").json()["title"], "Storage full");
    assert_eq!(again("zh-CN").json()["title"], "存储空间已满");
}

/// Fills the disk, looks at the server, makes room, and looks again: the names that were acknowledged.
fn fills_up(client: &Client<'_>, disk: &PrivateDisk) -> Vec<String> {
    let mut acknowledged: Vec<String> = Vec::new();
    let before = client.submit("uuid:before");
    assert_eq!(before.status, 201, "{}", before.text());
    acknowledged.push("uuid:before".to_owned());
    disk.fill();
    // What was allotted before is still written to; then nothing more, whoever else asks at the same time.
    let (stored, refused) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (stored, refused) = (&stored, &refused);
            scope.spawn(move || {
                for number in 0..40 {
                    let name = format!("uuid:{writer}-{number}");
                    let answer = client.submit(&name);
                    if answer.status != 201 {
                        return refused.lock().unwrap().push((name, answer));
                    }
                    stored.lock().unwrap().push(name);
                }
            });
        }
    });
    acknowledged.extend(stored.into_inner().unwrap());
    let refused = refused.into_inner().unwrap();
    assert_eq!(refused.len(), 8, "the disk was never full");
    assert!(refused.iter().all(|(_, answer)| answer.status == 507), "{refused:?}");
    let (name, answer) = refused.into_iter().next().unwrap();
    assert_full(&answer, |language| {
        let request = Request::new("POST", RESPONSES).json(&large(&name));
        client.send(request.header("accept-language", language))
    });

    assert_eq!(client.get("/readyz").status, 200, "who reads is served");
    for name in &acknowledged {
        assert_eq!(client.get(&format!("{RESPONSES}/{name}")).status, 200, "{name}");
    }
    assert_eq!(
        client.get(&format!("{RESPONSES}/{name}")).status,
        404,
        "{name} was refused"
    );

    disk.make_room();
    assert_eq!(client.submit(&name).status, 201, "there is room again");
    acknowledged.push(name);
    acknowledged
}

fn assert_kept(database: &Database, names: &[String]) {
    let store = Store::open(&database.url).unwrap();
    for name in names {
        assert_eq!(store.response_versions("firm", name).unwrap().len(), 1, "{name}");
    }
    assert!(store.verify_audit(None).unwrap().is_whole());
}

#[test]
fn on_a_full_disk_an_sqlite_server_answers_507_and_reads_and_goes_on_when_there_is_room() {
    let Some(disk) = PrivateDisk::of(12) else { return };
    let outside = Database::sqlite();
    let token = prepare(&outside.url);
    // SQLite looks behind links, so it finds the disk by its path inside alone.
    carry(
        Path::new(outside.url.strip_prefix("sqlite:").unwrap()),
        &disk.path().join("full.db"),
    );
    let inside = format!("sqlite:{}", disk.path_inside().join("full.db").display());
    let words = disk.entering();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let server = Process::start_under(&words, &inside, &[], Stdio::null());
    let client = Client {
        address: server.address,
        token: &token,
    };
    let acknowledged = fills_up(&client, &disk);
    drop(server);
    carry(
        &disk.path().join("full.db"),
        Path::new(outside.url.strip_prefix("sqlite:").unwrap()),
    );
    assert_kept(&outside, &acknowledged);
}

/// Copies a database with its log and its keys.
fn carry(from: &Path, to: &Path) {
    for suffix in ["", "-wal", ".keys"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        let copied = std::fs::copy(with(from), with(to));
        assert!(copied.is_ok() || !suffix.is_empty());
    }
}

#[test]
fn on_a_full_disk_of_postgresql_the_server_does_the_same() {
    let Ok(cluster) = std::env::var("INNOGAUGE_TEST_POSTGRES") else {
        return;
    };
    // As root the tests have the cluster run as another user.
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let Some(disk) = PrivateDisk::owned_by(is_root.then_some("postgres"), 48) else {
        return;
    };
    let space = format!("small_{}", uuid::Uuid::new_v4().simple());
    let mut connection = PgConnection::establish(&cluster).unwrap();
    let place = disk.path().display();
    connection
        .batch_execute(&format!("CREATE TABLESPACE {space} LOCATION '{place}'"))
        .unwrap();
    let database = Database::postgres_in(Some(&space)).unwrap();
    let token = prepare(&database.url);
    let server = Process::start(&database.url);
    let client = Client {
        address: server.address,
        token: &token,
    };
    let acknowledged = fills_up(&client, &disk);
    drop(server);
    assert_kept(&database, &acknowledged);
    drop(database);
    connection.batch_execute(&format!("DROP TABLESPACE {space}")).unwrap();
}

/// Files of more than two megabytes can't be written: everywhere to be had, unlike a full disk, and to a program the same.
const SHORT_FILES: [&str; 4] = ["sh", "-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"];

#[test]
fn files_that_find_no_room_on_their_way_in_or_out_are_507_too() {
    let database = Database::sqlite();
    let token = prepare(&database.url);
    {
        let server = Process::start(&database.url);
        let client = Client {
            address: server.address,
            token: &token,
        };
        for number in 0..20 {
            assert_eq!(client.submit(&format!("uuid:{number}")).status, 201);
        }
    }
    // Opened and closed, the database is one file again without a log beside it.
    drop(Store::open(&database.url).unwrap());
    let server = Process::start_under(&SHORT_FILES, &database.url, &[], Stdio::null());
    let client = Client {
        address: server.address,
        token: &token,
    };
    for format in ["csv&repeat=products", "xlsx"] {
        let request = || Request::new("GET", format!("/api/v1/surveys/firm/export?format={format}"));
        assert_full(&client.send(request()), |language| {
            client.send(request().header("accept-language", language))
        });
    }
    let upload = || {
        let request = Request::new("POST", "/api/v1/surveys/firm/imports");
        request.file("firms.csv", &vec![b'x'; 3 << 20])
    };
    assert_full(&client.send(upload()), |language| {
        client.send(upload().header("accept-language", language))
    });
    assert_eq!(client.get(RESPONSES).status, 200);
    let small = client.send(Request::new(
        "GET",
        "/api/v1/surveys/firm/export?format=csv&state=rejected",
    ));
    assert_eq!(small.status, 200, "{}", small.text());
}
