//! How much the store takes and gives: submissions with durable commits, an import, a page, a stream of everything, a
//! backup of it beside a copy of as many bytes and what the database's own program takes, and that restored.
//!
//! `cargo bench --bench store` on SQLite; `scripts/with_postgres.sh cargo bench --bench store` on both. A line per
//! figure. `INNOGAUGE_BENCH_RESPONSES` says how many responses are imported and read (default 100,000).

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection};
use innogauge::definition::Definition;
use innogauge::response::{
    Answer, Answers, Door, Fingerprint, Form, Identity, InstanceId, Processed, ReviewState, Value,
};
use innogauge::store::{
    Breakdown, Envelope, Filter, NewImport, Order, RestoreOptions, SortKey, Store, StoreError, Submission,
};

const QUESTIONS: usize = 60;
const CITIES: [&str; 10] = [
    "230300", "230400", "230500", "230700", "230800", "230900", "231100", "231200", "232700", "230600",
];
const SIZES: [&str; 3] = ["small", "medium", "large"];
/// Over how many days imported responses are spread, and members of the field team.
const DAYS: usize = 60;
const MEMBERS: usize = 100;
const SECONDS: u64 = 4;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    measure(&file("bench.db"), "SQLite");
    back_up(&file("bench.db"), &file("restored.db"), folder.path(), "SQLite");
    match std::env::var("INNOGAUGE_TEST_POSTGRES") {
        Ok(server) => {
            let statement = |statement: &str| {
                PgConnection::establish(&server)
                    .unwrap()
                    .batch_execute(statement)
                    .unwrap();
            };
            statement("CREATE DATABASE bench_store");
            statement("CREATE DATABASE bench_restored");
            let (place, _) = server.rsplit_once('/').unwrap();
            let url = |name: &str| format!("{place}/{name}");
            measure(&url("bench_store"), "PostgreSQL");
            back_up(&url("bench_store"), &url("bench_restored"), folder.path(), "PostgreSQL");
            statement("DROP DATABASE bench_store WITH (FORCE)");
            statement("DROP DATABASE bench_restored WITH (FORCE)");
        }
        Err(_) => println!("PostgreSQL: not measured, see scripts/with_postgres.sh"),
    }
}

fn measure(url: &str, name: &str) {
    let store = Store::open(url).unwrap();
    let form = form();
    for clients in [1, 8, 64] {
        submit(&store, &form, name, clients);
    }

    let count = std::env::var("INNOGAUGE_BENCH_RESPONSES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let begun = Instant::now();
    let rows = (0..count).map(|number| Ok(submission(&form, number, &format!("import:{number}"))));
    let import = NewImport {
        round: Some("2026".to_owned()),
        survey: "bench".to_owned(),
        content: Fingerprint::of_bytes(b"bench"),
        file_name: "bench.csv".to_owned(),
        summary: serde_json::Value::Null,
        created_by: "bench".to_owned(),
    };
    store.import::<StoreError>(&import, rows, Utc::now()).unwrap();
    per_second(name, "responses imported", count, begun.elapsed());

    let filter = Filter::of_survey("bench");
    let filter = Filter {
        round: Some("2026".to_owned()),
        ..filter
    };
    read_pages(&store, name, &filter);
    read_progress(&store, name);

    let begun = Instant::now();
    let mut bytes = 0;
    let read = store
        .for_each_response::<StoreError>(&filter, |row| {
            bytes += row.answers.0.len();
            Ok(())
        })
        .unwrap();
    per_second(
        name,
        "responses streamed",
        usize::try_from(read).unwrap(),
        begun.elapsed(),
    );
    println!(
        "{name}: {} bytes of answers per response",
        bytes / usize::try_from(read).unwrap()
    );
}

/// The first page of lists that people look at.
fn read_pages(store: &Store, name: &str, all: &Filter) {
    let by_name = Order {
        by: SortKey::Name,
        descending: false,
    };
    let one_city = Filter {
        cities: Some(vec![CITIES[3].to_owned()]),
        ..all.clone()
    };
    let open = Filter {
        states: Some(vec![ReviewState::HasIssues]),
        ..all.clone()
    };
    for (what, filter, order) in [
        ("all, the newest first", all, Order::default()),
        ("all, by name", all, by_name),
        ("one city", &one_city, Order::default()),
        ("a state that none is in", &open, Order::default()),
    ] {
        milliseconds(&format!("{name}: first page of 50, {what}"), || {
            store.list_responses(filter, order, None, 50).unwrap();
        });
    }
}

fn read_progress(store: &Store, name: &str) {
    for by in [Breakdown::Total, Breakdown::City, Breakdown::Day, Breakdown::Member] {
        milliseconds(&format!("{name}: progress by {by:?}"), || {
            store.progress("2026", "bench", None, by).unwrap();
        });
    }
}

/// Prints the median of some runs.
fn milliseconds(what: &str, act: impl Fn()) {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let begun = Instant::now();
            act();
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what}: {:.1} ms", times[times.len() / 2]);
}

/// A backup, in turns with the floor (as many bytes as the database has, copied from file to file until they are durable) and
/// with what the database's own program for it takes.
fn back_up(url: &str, restored: &str, folder: &Path, name: &str) {
    let store = Store::open(url).unwrap();
    let megabytes = size(url) as f64 / 1e6;
    let file = |name: &str| folder.join(name);
    let (archive, from, to, own) = (file("a.zip"), file("floor"), file("copy"), file("own"));
    let noise: Vec<u8> = (0..1 << 20)
        .map(|number: u32| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut source = File::create(&from).unwrap();
    for _ in 0..size(url) >> 20 {
        source.write_all(&noise).unwrap();
    }
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let mut written = 0;
    for _ in 0..3 {
        let _ = std::fs::remove_file(&archive);
        let begun = Instant::now();
        written = store.backup(&archive, Utc::now(), &|_| {}).unwrap().bytes;
        times[0].push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let mut copy = File::create(&to).unwrap();
        let mut piece = vec![0; 1 << 20];
        let mut source = File::open(&from).unwrap();
        loop {
            let read = source.read(&mut piece).unwrap();
            if read == 0 {
                break;
            }
            copy.write_all(&piece[..read]).unwrap();
        }
        copy.sync_all().unwrap();
        times[1].push(begun.elapsed().as_secs_f64());
        let _ = std::fs::remove_file(&own);
        let begun = Instant::now();
        back_up_by_its_own(url, &own);
        times[2].push(begun.elapsed().as_secs_f64());
    }
    let [backup, floor, by_its_own] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[1]
    });
    drop(store);
    let begun = Instant::now();
    Store::restore(restored, &archive, &RestoreOptions::default(), Utc::now(), &|_| {}).unwrap();
    println!(
        "{name}: {megabytes:.0} MB backed up in {backup:.2} s ({:.0} MB/s) to {:.0} MB, copied in {floor:.2} s: {:.1} times as long; by its own program in {by_its_own:.2} s; restored in {:.1} s",
        megabytes / backup,
        written as f64 / 1e6,
        backup / floor,
        begun.elapsed().as_secs_f64()
    );
    for file in [archive, from, to, own] {
        std::fs::remove_file(file).unwrap();
    }
}

/// A backup by `VACUUM INTO`, which does not pack, or by `pg_dump`, which packs as lightly as we do.
fn back_up_by_its_own(url: &str, to: &Path) {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let into = format!("VACUUM INTO '{}'", to.display());
        return SqliteConnection::establish(path).unwrap().batch_execute(&into).unwrap();
    }
    let mut program = Command::new("pg_dump");
    let options = program.args(["--format=custom", "--compress=1", "--file"]);
    assert!(options.arg(to).arg(url).status().unwrap().success());
}

#[derive(diesel::QueryableByName)]
struct Size {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    size: i64,
}

/// The bytes that a database takes.
fn size(url: &str) -> u64 {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return std::fs::metadata(path).unwrap().len();
    }
    let query = diesel::sql_query("SELECT pg_database_size(current_database()) AS size");
    let found: Size = query.get_result(&mut PgConnection::establish(url).unwrap()).unwrap();
    found.size.unsigned_abs()
}

/// Clients that each send one submission after the other, waiting for its durable commit.
fn submit(store: &Store, form: &Arc<Form>, name: &str, clients: usize) {
    let sent = AtomicUsize::new(0);
    let begun = Instant::now();
    let mut waits: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|client| {
                let sent = &sent;
                scope.spawn(move || {
                    actix_web::rt::System::new().block_on(async {
                        let mut waits = Vec::new();
                        while begun.elapsed() < Duration::from_secs(SECONDS) {
                            let number = sent.fetch_add(1, Ordering::Relaxed);
                            let submission = submission(form, number, &format!("{clients}:{client}:{number}"));
                            let start = Instant::now();
                            store.submit(submission).await.unwrap();
                            waits.push(start.elapsed());
                        }
                        waits
                    })
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let elapsed = begun.elapsed();
    waits.sort_unstable();
    let p95 = waits[waits.len() * 95 / 100];
    println!(
        "{name}: {clients} clients: {:.0} submissions/s, p95 {:.1} ms",
        waits.len() as f64 / elapsed.as_secs_f64(),
        p95.as_secs_f64() * 1e3
    );
}

fn per_second(name: &str, what: &str, count: usize, elapsed: Duration) {
    let seconds = elapsed.as_secs_f64();
    println!(
        "{name}: {count} {what} in {seconds:.2} s, {:.0}/s",
        count as f64 / seconds
    );
}

fn form() -> Arc<Form> {
    let mut source = String::from(
        "survey: bench\nversion: 1\ntitle: Bench\nidentity: {code: code, name: name, city: city, size: size}\nquestions:\n",
    );
    for question in ["code", "name", "city", "size"] {
        let _ = writeln!(source, "- {{type: text, name: {question}, label: {question}}}");
    }
    for number in 4..QUESTIONS {
        let _ = writeln!(source, "- {{type: decimal, name: q{number}, label: Question}}");
    }
    Form::new(Arc::new(Definition::from_yaml("bench.yaml", &source).unwrap().value))
}

fn submission(form: &Arc<Form>, number: usize, instance: &str) -> Submission {
    let mut answers = Answers::new(form);
    let mut set = |name: &str, value: Value| {
        let question = form.definition().find(name).unwrap();
        answers.set(InstanceId::ROOT, question, Answer::Answered(value));
    };
    set("code", Value::Text(format!("code {instance}")));
    set("name", Value::Text(format!("企业 {instance}")));
    set("city", Value::Text(CITIES[number % CITIES.len()].to_owned()));
    set("size", Value::Text(SIZES[number % SIZES.len()].to_owned()));
    for number in 4..QUESTIONS {
        set(&format!("q{number}"), Value::Decimal(number as f64 * 1.25));
    }
    let processed = Processed {
        identity: Identity::of(&answers),
        answers,
        problems: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    };
    let envelope = Envelope {
        round: Some("2026".to_owned()),
        survey: "bench".to_owned(),
        definition_version: "1".to_owned(),
        claimed_version: "1".to_owned(),
        instance_id: instance.to_owned(),
        deprecated_id: None,
        door: Door::Json,
        sender: Some(format!("member {}", number % MEMBERS)),
        received_at: Utc::now() - Days::new((number % DAYS) as u64),
        test: false,
    };
    Submission::new(envelope, &processed, instance.as_bytes()).unwrap()
}
