//! Bad input gets a clear error, and nothing is kept of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use innogauge::response::Role;
use innogauge::settings::Bytes;
use innogauge::web::Limits;
use serde_json::json;

use crate::app::{TestApp, response};
use crate::client::{Connection, Request};

const RESPONSES: &str = "/api/v1/surveys/firm/responses";

/// What a body gets, sent as that type.
fn refused(app: &TestApp, content_type: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
    let answer = app.send(
        &Request::new("POST", RESPONSES)
            .token(&app.token(Role::Field))
            .body(content_type, body),
    );
    (answer.status, answer.code())
}

#[test]
fn bodies_that_are_no_response_are_told_apart() {
    let app = TestApp::start();
    let json = |body: &str| refused(&app, "application/json", body);
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(json("{"), is(400, "json_syntax"));
    assert_eq!(json(r#"{"answers": {"turnover": 1e999}}"#), is(400, "json_syntax"));
    assert_eq!(json(r#"{"answers": {"turnover": NaN}}"#), is(400, "json_syntax"));
    assert_eq!(
        json(&format!(r#"{{"answers": {}"#, r#"{"a":"#.repeat(50_000))),
        is(400, "json_too_deep")
    );
    assert_eq!(json("[]"), is(400, "json_shape"));
    assert_eq!(
        json(r#"{"answers": {}, "instanceid": "uuid:1"}"#),
        is(400, "json_shape")
    );
    assert_eq!(json(""), is(400, "json_syntax"));
    assert_eq!(
        refused(&app, "application/json", vec![b'"', 0xff, 0xfe, b'"']),
        is(400, "json_syntax")
    );
    assert_eq!(refused(&app, "text/plain", "{}"), is(415, "unsupported_media_type"));
    assert_eq!(
        refused(&app, "application/json; charset=gb18030", "{}"),
        is(415, "unsupported_media_type")
    );
    assert_eq!(
        refused(&app, "application/xml", "<data/>"),
        is(415, "unsupported_media_type")
    );
    let packed = Request::new("POST", RESPONSES)
        .token(&app.token(Role::Field))
        .header("content-encoding", "br")
        .json(&response("uuid:1"));
    assert_eq!(app.send(&packed).status, 415);
}

#[test]
fn answers_of_the_wrong_kind_are_named_with_their_question() {
    let app = TestApp::start();
    for (question, value, code) in [
        ("turnover", json!("much"), "wrong_type"),
        ("turnover", json!([1]), "wrong_type"),
        ("has_rd", json!("maybe"), "unknown_choice"),
        ("city", json!("000000"), "unknown_choice"),
        ("founded", json!("2023-02-29"), "no_such_date"),
        ("research", json!(5), "not_an_object"),
        ("products", json!({"share": 3}), "not_a_list"),
        ("turnover", json!({"missing": "lost"}), "unknown_missing_code"),
        ("nonsense", json!(1), "unknown_question"),
    ] {
        let mut body = response("uuid:1");
        body["answers"][question] = value.clone();
        let answer = app.submit(&body);
        assert_eq!(answer.status, 422, "{question} = {value}: {}", answer.text());
        let problems = answer.json()["problems"].clone();
        let found = problems.as_array().unwrap().iter().any(|problem| {
            problem["path"]
                .as_str()
                .is_some_and(|path| path.starts_with(&format!("/{question}")))
                && problem["code"]
                    .as_str()
                    .is_some_and(|found| found == code || code == "unknown_choice" && found == "misspelt_choice")
        });
        assert!(found, "{question} = {value} should be {code}: {problems}");
    }
}

#[test]
fn surveys_versions_and_rounds_that_do_not_exist_are_named() {
    let app = TestApp::start();
    let token = app.token(Role::Field);
    let unknown_survey = app.post(&token, "/api/v1/surveys/nothing/responses", &response("uuid:1"));
    assert_eq!(
        (unknown_survey.status, unknown_survey.code().as_str()),
        (404, "not_found")
    );
    let mut body = response("uuid:1");
    body["version"] = json!("9");
    let unknown_version = app.submit(&body);
    assert_eq!(
        (unknown_version.status, unknown_version.code().as_str()),
        (422, "unknown_version")
    );
    assert_eq!(unknown_version.json()["versions"], json!(["1"]));
    let mut body = response("uuid:1");
    body["round"] = json!("1066");
    assert_eq!(app.submit(&body).code(), "round_needed");
    let mut body = response("uuid:\u{0}1");
    assert_eq!(app.submit(&body).status, 422);
    body["instance_id"] = json!("uuid:1");
    body["answers"]["org_name"] = json!("Wor\u{0}ks");
    assert_eq!(app.submit(&body).status, 422);
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let app = TestApp::with(
        "sqlite::memory:",
        Limits {
            body_bytes: Bytes(10_000),
            ..Limits::default()
        },
    );
    assert_eq!(
        refused(&app, "application/json", vec![b' '; 20_000]),
        (413, "too_large".to_owned())
    );
    // One that does not say its length is cut off where the limit is.
    let mut connection = Connection::open(app.address).unwrap();
    let head = format!(
        "POST {RESPONSES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        app.token(Role::Field)
    );
    connection.write(head.as_bytes()).unwrap();
    for _ in 0..20 {
        if connection
            .write(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes())
            .is_err()
        {
            break;
        }
    }
    assert_eq!(connection.read(false).unwrap().status, 413);
}

#[test]
fn a_slow_sender_is_cut_off() {
    let limits = Limits {
        request: Duration::from_millis(300),
        headers: Duration::from_millis(300),
        ..Limits::default()
    };
    let app = TestApp::with("sqlite::memory:", limits);
    let mut connection = Connection::open(app.address).unwrap();
    let head = format!(
        "POST {RESPONSES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        app.token(Role::Field)
    );
    connection.write(head.as_bytes()).unwrap();
    let answer = connection.read(false).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "timeout"));
    // Headers that never end.
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}
