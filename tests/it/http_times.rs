//! How long interviews take: by the log that came as a file, else by start and end; each question and its median.

use chrono::Utc;
use innogauge::attachments::ContentAddress;
use innogauge::definition::load_folder;
use innogauge::response::Role;
use innogauge::store::Seed;
use innogauge::web::Settings;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::TestApp;
use crate::client::{Answer, Request};
use crate::databases::on_each;

const RESPONSES: &str = "/api/v1/surveys/interview/responses";
const DEFINITION: &str = r#"
survey: interview
version: "1"
title: {zh: 访谈, en: Interview}
respondent: enterprise
languages: {zh: 中文, en: English}
timezone: Asia/Shanghai
identity: {name: org_name, city: city}
choices:
  city: {230700: {zh: 伊春, en: Yichun}, 231182: {zh: 五大连池, en: Wudalianchi}}
questions:
  - {type: start, name: started}
  - {type: end, name: ended}
  - {type: audit, name: audit}
  - {type: text, name: org_name, label: {zh: 单位名称, en: Name}, required: true, identifying: true}
  - {type: select_one city, name: city, label: {zh: 城市, en: City}, required: true}
  - {type: integer, name: staff, label: {zh: 人数, en: Staff}, missing: [refused]}
"#;

/// A server with a survey that logs its interviews, and the folder that it keeps files in.
fn start(database: &str) -> (TestApp, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (files, definitions) = (folder.path().join("files"), folder.path().join("definitions"));
    let settings = Settings {
        attachments: Some(ContentAddress::Folder(files)),
        ..Settings::default()
    };
    let app = TestApp::set(database, settings);
    std::fs::create_dir(&definitions).unwrap();
    std::fs::write(definitions.join("interview.yaml"), DEFINITION).unwrap();
    let loaded = load_folder(&definitions).unwrap_or_else(|errors| panic!("{errors:#?}"));
    app.store.seed(&Seed::from(&loaded.value), Utc::now()).unwrap();
    (app, folder)
}

/// An interview of an hour by the clock.
fn submit(app: &TestApp, instance_id: &str, city: &str) {
    let answers = json!({
        "started": "2026-03-01T08:00:00.000+08:00", "ended": "2026-03-01T09:00:00.000+08:00", "audit": "audit.csv",
        "org_name": format!("Works {instance_id}"), "city": city, "staff": 5,
    });
    let body = json!({"instance_id": instance_id, "version": "1", "answers": answers});
    let sent = app.post(&app.token(Role::Field), RESPONSES, &body);
    assert_eq!(sent.status, 201, "{}", sent.text());
}

fn send_log(app: &TestApp, instance_id: &str, log: &str) -> Answer {
    let path = format!("{RESPONSES}/{instance_id}/attachments/audit.csv");
    app.send(
        &Request::new("PUT", path)
            .token(&app.token(Role::Field))
            .body("text/csv", log),
    )
}

fn times(app: &TestApp, instance_id: &str) -> Value {
    let answer = app.get(
        &app.token(Role::Supervisor),
        &format!("{RESPONSES}/{instance_id}/times"),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A log with so many seconds at the question of the staff, and ten at the name.
fn log(staff: i64) -> String {
    let begin = 1_772_323_200_000_i64;
    let (paused, resumed) = (begin + 10_000, begin + 1_000_000);
    let until = resumed + staff * 1_000;
    format!(
        "event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user\n\
         form start,,{begin},,,,,,,\n\
         question,/data/org_name,{begin},{paused},47.1,130.2,4,,Works,li\n\
         form exit,,{paused},,,,,,,\n\
         form resume,,{resumed},,,,,,,\n\
         question,/data/staff,{resumed},{until},47.1,130.2,4,,5,li\n\
         form finalize,,{until},,,,,,,\n"
    )
}

#[test]
fn the_log_says_how_long_an_interview_took_and_the_clock_where_there_is_none() {
    on_each(|database| {
        let (app, _folder) = start(&database.url);
        submit(&app, "uuid:1", "230700");
        assert_eq!(
            times(&app, "uuid:1"),
            json!({"seconds": 3600, "source": "clock", "questions": [], "findings": []})
        );
        assert_eq!(send_log(&app, "uuid:1", &log(30)).status, 201);
        assert_eq!(
            times(&app, "uuid:1"),
            json!({"seconds": 40, "source": "log", "findings": [], "questions": [
                {"question": "/org_name", "seconds": 10.0, "visits": 1},
                {"question": "/staff", "seconds": 30.0, "visits": 1},
            ]})
        );
        let progress = app
            .get(&app.token(Role::Supervisor), "/api/v1/surveys/interview/progress")
            .json();
        assert!(
            progress[0]["median_minutes"].as_f64().unwrap() < 5.0,
            "the counters follow: {progress}"
        );
    });
}

#[test]
fn medians_are_of_the_live_interviews_of_ones_own_cities() {
    on_each(|database| {
        let (app, _folder) = start(&database.url);
        for (instance_id, city, staff) in [
            ("uuid:1", "230700", 10),
            ("uuid:2", "230700", 20),
            ("uuid:3", "231182", 90),
        ] {
            submit(&app, instance_id, city);
            assert_eq!(send_log(&app, instance_id, &log(staff)).status, 201);
        }
        submit(&app, "uuid:4", "230700");
        let round = app.store.default_round().unwrap().unwrap();
        let medians = |token: &str, query: &str| -> Vec<(String, u64, f64)> {
            let answer = app.get(token, &format!("/api/v1/rounds/{round}/times?survey=interview{query}"));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let rows = answer.json();
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| {
                let question = row["question"].as_str().unwrap().to_owned();
                (
                    question,
                    row["interviews"].as_u64().unwrap(),
                    row["median_seconds"].as_f64().unwrap(),
                )
            })
            .collect()
        };
        let all = app.token(Role::Supervisor);
        let name = "/org_name".to_owned();
        let staff = "/staff".to_owned();
        assert_eq!(medians(&all, ""), [(name.clone(), 3, 10.0), (staff.clone(), 3, 20.0)]);
        assert_eq!(
            medians(&all, "&city=230700"),
            [(name.clone(), 2, 10.0), (staff.clone(), 2, 15.0)]
        );
        let other = app.token_of_another_city(Role::Supervisor);
        assert_eq!(medians(&other, ""), [(name.clone(), 1, 10.0), (staff.clone(), 1, 90.0)]);
        // What was rejected counts no more.
        let review = json!({"state": "rejected", "comment": "made up"});
        let path = format!("{RESPONSES}/uuid:3/state");
        let rejected = app.send(&Request::new("POST", path).token(&all).json(&review));
        assert!(rejected.status < 300, "{}", rejected.text());
        assert_eq!(medians(&all, ""), [(name, 2, 10.0), (staff, 2, 15.0)]);
    });
}

#[test]
fn a_bad_log_is_kept_with_a_warning_and_the_clock_holds() {
    let (app, _folder) = start("sqlite::memory:");
    for (number, (bad, code)) in [
        ("no log at all", "log_damaged"),
        (
            "event,node,start,end\nquestion,/data/staff,900,100\nquestion,/data/staff,-4,100\n",
            "log_damaged",
        ),
        ("event,node,start,end\n\"question,/data/staff,1,2\n", "log_damaged"),
        (
            "event,node,start,end\nquestion,/data/elsewhere,1000,61000\n",
            "log_of_others",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let instance_id = format!("uuid:{number}");
        submit(&app, &instance_id, "230700");
        assert_eq!(send_log(&app, &instance_id, bad).status, 201, "{bad}");
        let times = times(&app, &instance_id);
        assert_eq!(times["findings"][0]["code"], code, "{bad}: {times}");
        assert_eq!(times["findings"][0]["severity"], "warning");
        let by_the_clock = (json!(3600), json!("clock"));
        let by_the_log = (json!(60), json!("log"));
        let expected = if code == "log_damaged" {
            by_the_clock
        } else {
            by_the_log
        };
        assert_eq!((times["seconds"].clone(), times["source"].clone()), expected, "{bad}");
    }
}
