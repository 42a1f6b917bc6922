//! Requests that are sent again, and changes of what somebody else changed: nothing is done twice, nothing is overwritten.

use innogauge::response::Role;
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::client::{Answer, Request};
use crate::databases::on_each;

fn post(app: &TestApp, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    app.send(
        &Request::new("POST", path)
            .token(token)
            .header("idempotency-key", key)
            .json(body),
    )
}

fn round(code: &str) -> Value {
    json!({"round": code, "label": {"zh": "轮次", "en": "Round"}})
}

#[test]
fn a_request_sent_again_under_its_key_is_answered_as_before_and_done_once() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let admin = app.token(Role::Administrator);
        let first = post(&app, &admin, "/api/v1/rounds", "k1", &round("2031"));
        assert_eq!(first.status, 201, "{}", first.text());
        let again = post(&app, &admin, "/api/v1/rounds", "\"k1\"", &round("2031"));
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.header("idempotency-replayed"), None);
        // Without the key it is a second request, and there is that round already.
        assert_eq!(app.post(&admin, "/api/v1/rounds", &round("2031")).status, 409);
    });
}

#[test]
fn a_key_belongs_to_one_request_of_one_caller() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    assert_eq!(post(&app, &admin, "/api/v1/rounds", "k1", &round("2031")).status, 201);
    let other = post(&app, &admin, "/api/v1/rounds", "k1", &round("2032"));
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_key_reused"));
    let supervisor = app.token(Role::Supervisor);
    assert_eq!(
        post(&app, &supervisor, "/api/v1/rounds", "k1", &round("2033")).status,
        201
    );
    let nonsense = post(&app, &admin, "/api/v1/rounds", &"k".repeat(256), &round("2034"));
    assert_eq!((nonsense.status, nonsense.code().as_str()), (400, "bad_request"));
}

#[test]
fn a_refused_request_frees_its_key() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    let mut wrong = round("2031");
    wrong["opens_on"] = json!("2031-02-01");
    wrong["closes_on"] = json!("2031-01-01");
    assert_eq!(post(&app, &admin, "/api/v1/rounds", "k1", &wrong).status, 422);
    assert_eq!(post(&app, &admin, "/api/v1/rounds", "k1", &round("2031")).status, 201);
}

#[test]
fn a_secret_that_is_shown_once_is_not_kept_to_be_shown_again() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    let before = app.store.tokens("viewer").unwrap().len();
    let first = post(&app, &admin, "/api/v1/users/viewer/tokens", "k1", &json!({}));
    assert_eq!(first.status, 201, "{}", first.text());
    let again = post(&app, &admin, "/api/v1/users/viewer/tokens", "k1", &json!({}));
    assert_eq!((again.status, again.code().as_str()), (409, "already_done"));
    assert_eq!(app.store.tokens("viewer").unwrap().len(), before + 1);
}

#[test]
fn a_response_without_an_instance_id_is_named_by_its_key() {
    let app = TestApp::start();
    let field = app.token(Role::Field);
    let mut body = response("x");
    body.as_object_mut().unwrap().remove("instance_id");
    let path = "/api/v1/surveys/firm/responses";
    let first = post(&app, &field, path, "k1", &body);
    let again = post(&app, &field, path, "k1", &body);
    assert_eq!((first.status, again.status), (201, 200), "{}", first.text());
    assert_eq!(first.json()["response"], again.json()["response"]);
    assert_eq!(again.json()["outcome"], "unchanged");
    body["answers"]["turnover"] = json!(7);
    assert_eq!(post(&app, &field, path, "k1", &body).code(), "conflict");
}

/// Sends a request that says which state it saw.
fn seeing(app: &TestApp, token: &str, method: &'static str, path: &str, tag: &str, body: &Value) -> Answer {
    app.send(
        &Request::new(method, path)
            .token(token)
            .header("if-match", tag)
            .json(body),
    )
}

#[test]
fn who_changes_what_another_changed_is_told_what() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    let code = app.store.default_round().unwrap().unwrap();
    let rounds = format!("/api/v1/rounds/{code}");
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let one_response = "/api/v1/surveys/firm/responses/uuid:1";
    let decide = "/api/v1/surveys/firm/responses/uuid:1/state";
    let cases = [
        (
            "PATCH",
            rounds.as_str(),
            rounds.as_str(),
            json!({"state": "closed"}),
            json!({"state": "open", "reason": "answers came late"}),
        ),
        (
            "PATCH",
            "/api/v1/surveys/firm",
            "/api/v1/surveys/firm",
            json!({"state": "closing"}),
            json!({"state": "open"}),
        ),
        (
            "POST",
            one_response,
            decide,
            json!({"state": "approved"}),
            json!({"state": "rejected", "comment": "twice"}),
        ),
    ];
    for (method, read, change, first, second) in cases {
        let seen = app.get(&admin, read);
        let tag = seen
            .header("etag")
            .unwrap_or_else(|| panic!("{read} has no tag"))
            .to_owned();
        let unchanged = app.send(&Request::new("GET", read).token(&admin).header("if-none-match", &tag));
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{read}");
        let changed = seeing(&app, &admin, method, change, &tag, &first);
        assert_eq!(changed.status, 200, "{change}: {}", changed.text());
        let late = seeing(&app, &admin, method, change, &tag, &second);
        assert_eq!(
            (late.status, late.code().as_str()),
            (412, "precondition_failed"),
            "{change}"
        );
        let changes = late.json()["changes"].clone();
        assert!(
            changes.as_array().unwrap().contains(&json!("state")),
            "{change}: {changes}"
        );
        assert!(
            !changes.as_array().unwrap().contains(&json!("label")),
            "{change}: {changes}"
        );
        assert_eq!(late.json()["current"]["state"], first["state"], "{change}");
        // With what stands there now in view, the change is made.
        let now = changed.header("etag").unwrap().to_owned();
        let made = seeing(&app, &admin, method, change, &now, &second);
        assert_eq!(made.status, 200, "{change}: {}", made.text());
        assert_eq!(
            seeing(&app, &admin, method, change, "no quotes", &first).code(),
            "bad_request"
        );
    }
}

#[test]
fn an_edit_of_what_another_edited_is_refused_where_it_says_what_it_saw() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    let path = "/api/v1/surveys/firm/responses/uuid:1";
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let tag = app.get(&admin, path).header("etag").unwrap().to_owned();
    let edit = |id: &str| {
        let mut body = response(id);
        body["answers"]["org_name"] = json!("Works uuid:1");
        seeing(&app, &admin, "PUT", path, &tag, &body)
    };
    assert_eq!(edit("uuid:2").status, 201);
    let late = edit("uuid:3");
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    assert!(late.json()["changes"].as_array().unwrap().contains(&json!("versions")));
}
