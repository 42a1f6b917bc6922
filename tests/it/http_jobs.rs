//! Long work as jobs over HTTP: asked for, watched, fetched, ended; and taken over from a server that died.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use innogauge::definition::Language;
use innogauge::response::{Role, Tier};
use innogauge::spreadsheet::{self, Limits};
use innogauge::store::{AuditFilter, JobFileHead, JobState, RestoreOptions, Store, StoreError};
use innogauge::study::jobs::{ExportTask, Task, Worker, WorkerSettings};
use innogauge::study::{FilePlace, ImportRequest, StudyError};
use serde_json::{Value, json};

use crate::app::{TestApp, response, seed};
use crate::client::{Answer, Request};
use crate::databases::on_each;

const HEAD: &str = "innogauge:firm:1:rows,org_name,city,turnover,has_rd,research/rd_inhouse\n";
const TWO_ROWS: &str = "1,Works A,230700,100,1,5\n2,Works B,231182,200,0,\n";

/// Sends a request that is to become a job; the job's address.
fn accepted(app: &TestApp, request: Request) -> String {
    let answer = app.send(&request.header("prefer", "respond-async"));
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    answer.header("location").unwrap().to_owned()
}

fn import(app: &TestApp, token: &str, rows: &str, query: &str) -> String {
    let request = Request::new("POST", format!("/api/v1/surveys/firm/imports{query}"));
    let file = format!("{HEAD}{rows}");
    accepted(app, request.token(token).file("firms.csv", file.as_bytes()))
}

/// Asks until the job has ended.
fn ended(app: &TestApp, token: &str, job: &str) -> Value {
    let began = Instant::now();
    loop {
        let answer = app.get(token, job);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = answer.json();
        if !matches!(seen["state"].as_str(), Some("queued" | "running")) {
            return seen;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{seen}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn responses(app: &TestApp, token: &str) -> usize {
    let list = app.get(token, "/api/v1/surveys/firm/responses").json();
    list["responses"].as_array().unwrap().len()
}

fn is_hidden(answer: &Answer) -> bool {
    answer.status == 404 && answer.code() == "not_found"
}

#[test]
fn a_workbook_is_loaded_by_a_job_that_only_its_maker_and_administrators_see() {
    let app = TestApp::start();
    let token = app.token(Role::Operator);
    let job = import(&app, &token, TWO_ROWS, "");
    let done = ended(&app, &token, &job);
    assert_eq!(
        (&done["state"], &done["progress"]),
        (&json!("done"), &json!(1.0)),
        "{done}"
    );
    assert_eq!(done["outcome"]["imported"], 2);
    assert_eq!(responses(&app, &token), 2);
    let result = app.get(&token, &format!("{job}/result")).json();
    assert_eq!((&result["organisations"], &result["sound"]), (&json!(2), &json!(2)));
    assert_eq!(app.get(&token, &format!("{job}/issues")).status, 204);

    let again = ended(&app, &token, &import(&app, &token, TWO_ROWS, ""));
    assert_eq!(again["outcome"]["outcome"], "unchanged");

    let administrator = app.token(Role::Administrator);
    assert_eq!(app.get(&administrator, &job).status, 200);
    assert_eq!(
        app.get(&administrator, "/api/v1/jobs").json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for stranger in [app.token(Role::Supervisor), app.token_of_another_survey(Role::Operator)] {
        for path in [
            &job,
            &format!("{job}/result"),
            &format!("{job}/issues"),
            "/api/v1/jobs/99",
        ] {
            assert!(is_hidden(&app.get(&stranger, path)), "{path}");
        }
        assert!(is_hidden(&app.send(&Request::new("DELETE", &job).token(&stranger))));
        assert_eq!(app.get(&stranger, "/api/v1/jobs").json()["jobs"], json!([]));
    }
    let deleted = app.send(&Request::new("DELETE", &job).token(&token));
    assert_eq!(
        (deleted.status, &deleted.json()["state"]),
        (200, &json!("done")),
        "it has ended"
    );
}

#[test]
fn a_faulty_workbook_is_a_failed_job_with_the_workbook_of_its_issues() {
    let app = TestApp::start();
    let token = app.token(Role::Operator);
    let faulty = "1,Works A,230700,-1,1,5\n2,Works B,231182,200,0,\n";
    let job = import(&app, &token, faulty, "");
    let failed = ended(&app, &token, &job);
    assert_eq!(
        (&failed["state"], &failed["problem"]["code"]),
        (&json!("failed"), &json!("rows_invalid"))
    );
    let chinese = app.send(&Request::new("GET", &job).token(&token).header("accept-language", "zh"));
    assert!(
        chinese.json()["problem"]["message"]
            .as_str()
            .unwrap()
            .contains("单元格"),
        "{}",
        chinese.text()
    );
    assert_eq!(responses(&app, &token), 0);
    let result = app.get(&token, &format!("{job}/result")).json();
    assert!(
        result["findings"][0]["path"].as_str().unwrap().ends_with("D2"),
        "{result}"
    );
    let issues = app.get(&token, &format!("{job}/issues"));
    assert!(issues.body.starts_with(b"PK\x03\x04"), "{}", issues.status);

    let some = ended(&app, &token, &import(&app, &token, faulty, "?valid_rows=true"));
    assert_eq!(some["outcome"]["imported"], 1, "{some}");
    assert_eq!(responses(&app, &token), 1);
}

#[test]
fn exports_and_assessments_are_the_same_as_jobs_and_at_once() {
    let app = TestApp::start();
    app.submit(&response("uuid:1"));
    let token = app.token(Role::Consultant);
    let export = "/api/v1/surveys/firm/export?format=csv";
    let job = accepted(&app, Request::new("GET", export).token(&token));
    assert_eq!(ended(&app, &token, &job)["outcome"]["responses"], 1);
    let (later, at_once) = (app.get(&token, &format!("{job}/result")), app.get(&token, export));
    assert_eq!((later.status, later.text()), (200, at_once.text()));
    assert_eq!(
        later.header("content-disposition"),
        at_once.header("content-disposition")
    );

    let request = Request::new("POST", "/api/v1/assessments")
        .token(&token)
        .json(&json!({"name": "Later"}));
    let job = accepted(&app, request);
    let made = ended(&app, &token, &job)["outcome"]["assessment"].as_i64().unwrap();
    let result = app.get(&token, &format!("{job}/result"));
    assert_eq!(result.status, 303);
    assert_eq!(app.get(&token, result.header("location").unwrap()).status, 200);
    assert_eq!(
        app.get(&token, &format!("/api/v1/assessments/{made}")).json()["name"],
        "Later"
    );
    let wrong = Request::new("POST", "/api/v1/assessments")
        .token(&token)
        .json(&json!({"options": {"x": 1}}));
    assert_eq!(
        app.send(&wrong.header("prefer", "respond-async")).status,
        422,
        "before it becomes a job"
    );
}

fn yesterday() -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(1)
}

fn worker(store: &innogauge::store::Store, owner: &str, clock: fn() -> DateTime<Utc>) -> Worker {
    Worker::new(
        store.clone(),
        WorkerSettings {
            threads: 1,
            lease: Duration::from_secs(30),
            owner: owner.to_owned(),
            reader: spreadsheet::Worker::of(env!("CARGO_BIN_EXE_innogauge"), Limits::default()),
            files: FilePlace {
                contents: None,
                file_bytes: 0,
                response_bytes: 0,
            },
            describe: |error: StudyError| json!(error.to_string()),
            clock,
        },
    )
}

#[test]
fn a_job_whose_server_died_is_finished_once_by_another() {
    on_each(|database| {
        let (dead, alive) = (database.open(), database.open());
        seed(&dead);
        let request = ImportRequest {
            survey: "firm".to_owned(),
            language: Language::English,
            round: dead.default_round().unwrap(),
            valid_rows: false,
            drop_unasked: false,
            cities: None,
            sender: None,
            reviewer: None,
        };
        let task = Task::Import {
            dry_run: false,
            request,
        };
        let head = JobFileHead {
            name: "firms.csv".to_owned(),
            content_type: "text/csv".to_owned(),
        };
        let file = format!("{HEAD}{TWO_ROWS}");
        let upload: &mut dyn std::io::Read = &mut file.as_bytes();
        let job = task.job("operator").unwrap();
        let id = dead.add_job(&job, Some((&head, upload)), yesterday()).unwrap();
        // One server took it up yesterday and was never heard of again.
        let begun = dead
            .claim_job("dead", yesterday(), yesterday() + TimeDelta::seconds(30))
            .unwrap();
        assert!(
            worker(&alive, "early", yesterday).work_once().unwrap().is_none(),
            "its lease holds"
        );

        let (one, two) = (worker(&alive, "one", Utc::now), worker(&dead, "two", Utc::now));
        let took: Vec<Option<i64>> = std::thread::scope(|scope| {
            let threads = [&one, &two].map(|worker| scope.spawn(|| worker.work_once().unwrap()));
            threads.map(|thread| thread.join().unwrap()).to_vec()
        });
        assert_eq!(
            took.iter().flatten().collect::<Vec<_>>(),
            [&id],
            "one of the two took it up"
        );
        let done = alive.job(id).unwrap();
        assert_eq!((done.state, done.attempt), (JobState::Done, 2), "{:?}", done.outcome);
        let imports = alive.imports(Some("firm"), None, 10).unwrap();
        assert_eq!(imports.iter().map(|import| import.rows).collect::<Vec<_>>(), [2]);
        let (claim, _) = begun.unwrap();
        let late = dead.end_job(&claim, &innogauge::store::JobEnding::Cancelled, Utc::now());
        assert!(matches!(late, Err(StoreError::LeaseLost { .. })));
    });
}

#[test]
fn a_job_that_asks_for_the_impossible_fails_and_says_why() {
    on_each(|database| {
        let store = database.open();
        seed(&store);
        let task = Task::Export(ExportTask {
            survey: "firm".to_owned(),
            round: None,
            cities: None,
            states: None,
            csv: Some("nothing".to_owned()),
            personal: Tier::None,
            language: Language::English,
        });
        let id = store
            .add_job(&task.job("consultant").unwrap(), None, Utc::now())
            .unwrap();
        assert_eq!(worker(&store, "one", Utc::now).work_once().unwrap(), Some(id));
        let failed = store.job(id).unwrap();
        let reason: String = failed.outcome.unwrap().read().unwrap();
        assert_eq!(failed.state, JobState::Failed);
        assert!(reason.contains("products"), "{reason}");
    });
}

#[test]
fn a_sample_is_drawn_by_a_job_as_it_is_drawn_at_once() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let token = app.token(Role::Supervisor);
        let mut table = String::from("单位名称,统一社会信用代码,城市\n");
        for number in 0..9 {
            let code = crate::supervisor_week::code(number);
            writeln!(table, "Works {number},{code},{}", ["230700", "231182"][number % 2]).unwrap();
        }
        let load = Request::new("POST", "/api/v1/surveys/firm/register").token(&token);
        assert_eq!(app.send(&load.file("register.csv", table.as_bytes())).status, 200);
        let path = "/api/v1/surveys/firm/samples";
        let design = json!({"allocation": "proportional", "size": 4, "seed": 7});
        let ask = |token: &str| accepted(&app, Request::new("POST", path).token(token).json(&design));

        let other = app.token_of_another_city(Role::Supervisor);
        let job = ask(&other);
        let done = ended(&app, &other, &job);
        assert_eq!(done["state"], "done", "{done}");
        let at = app.get(&other, &format!("{job}/result"));
        assert_eq!(at.status, 303);
        let drawn = app.get(&other, at.header("location").unwrap()).json();
        let members = drawn["members"].as_array().unwrap();
        assert!(
            members.len() == 4 && members.iter().all(|member| member["city"] == "231182"),
            "{drawn}"
        );

        // The stratum is taken: the job says so, and nothing is drawn.
        let refused = ended(&app, &other, &ask(&other));
        assert_eq!(
            (&refused["state"], &refused["problem"]["code"]),
            (&json!("failed"), &json!("value_invalid"))
        );
        let withdraw = json!({"reason": "to be drawn at once"});
        let address = format!("{path}/{}/withdraw", drawn["id"]);
        assert_eq!(app.post(&other, &address, &withdraw).status, 204);
        let at_once = app.post(&other, path, &design).json();
        assert_eq!(at_once["members"], drawn["members"]);
        assert_eq!(at_once["frame_hash"], drawn["frame_hash"]);
    });
}

#[test]
fn a_backup_is_made_by_a_job_fetched_and_restored_and_is_not_in_the_next_one() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let administrator = app.token(Role::Administrator);
        assert_eq!(app.submit(&response("uuid:1")).status, 201);
        let fetch = || {
            let asked = app.send(&Request::new("POST", "/api/v1/backups").token(&administrator));
            assert_eq!(asked.status, 202, "{}", asked.text());
            let job = asked.header("location").unwrap().to_owned();
            let done = ended(&app, &administrator, &job);
            assert_eq!(done["state"], "done", "{done}");
            let archive = app.get(&administrator, &format!("{job}/result"));
            assert_eq!(archive.header("content-type"), Some("application/zip"));
            assert_eq!(done["outcome"]["bytes"], archive.body.len());
            (job, archive.body)
        };
        let (_, first) = fetch();
        let (job, second) = fetch();
        assert!(
            second.len() < first.len() + first.len() / 2,
            "{} bytes after {}: the first is in it",
            second.len(),
            first.len()
        );

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.zip");
        std::fs::write(&file, second).unwrap();
        let restored = crate::databases::Database::sqlite();
        Store::restore(&restored.url, &file, &RestoreOptions::default(), Utc::now(), &|_| {}).unwrap();
        let copy = restored.open();
        assert_eq!(copy.response_head("firm", "uuid:1").unwrap().survey, "firm");
        let asked = copy.audit_entries(&AuditFilter::default(), None, 100).unwrap();
        assert_eq!(asked.iter().filter(|entry| entry.act == "backup.asked").count(), 2);

        // An administrator of some cities gets none, not even another one's.
        let limited = app.token_of_another_city(Role::Administrator);
        assert!(is_hidden(
            &app.send(&Request::new("POST", "/api/v1/backups").token(&limited))
        ));
        assert!(is_hidden(&app.get(&limited, &format!("{job}/result"))));
    });
}
