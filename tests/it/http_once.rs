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

#[test]
fn users_organisations_and_targets_are_not_overwritten_by_who_saw_them_before() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let admin = app.token(Role::Administrator);
        let code = crate::supervisor_week::code(1);
        let table = format!("单位名称,统一社会信用代码,城市\nWorks,{code},230700\n");
        let load = Request::new("POST", "/api/v1/surveys/firm/register")
            .token(&admin)
            .file("register.csv", table.as_bytes());
        assert_eq!(app.send(&load).status, 200);
        let targets = "/api/v1/surveys/firm/targets";
        let plan = |count: u32| json!([{"city": "230700", "count": count}, {"city": "231182", "count": 7}]);
        let cases = [
            (
                "PATCH",
                "/api/v1/users/viewer".to_owned(),
                json!({"role": "consultant"}),
                json!({"role": "field"}),
                json!(["role"]),
            ),
            (
                "PATCH",
                format!("/api/v1/surveys/firm/register/{code}"),
                json!({"name": "Forest works"}),
                json!({"employees": 7}),
                json!(["name", "revision", "updated_at"]),
            ),
            ("PUT", targets.to_owned(), plan(5), plan(6), json!(["230700", "231182"])),
            ("PUT", targets.to_owned(), plan(8), plan(9), json!(["230700"])),
        ];
        for (method, path, first, second, changes) in cases {
            let tag = app.get(&admin, &path).header("etag").unwrap().to_owned();
            let changed = seeing(&app, &admin, method, &path, &tag, &first);
            assert_eq!(changed.status, 200, "{path}: {}", changed.text());
            let late = seeing(&app, &admin, method, &path, &tag, &second);
            assert_eq!(
                (late.status, late.code().as_str()),
                (412, "precondition_failed"),
                "{path}"
            );
            let mut named: Vec<Value> = late.json()["changes"].as_array().unwrap().clone();
            named.retain(|name| name != "updated_by");
            assert_eq!(Value::Array(named), changes, "{path}");
            let now = changed.header("etag").unwrap().to_owned();
            assert_eq!(app.get(&admin, &path).header("etag").unwrap(), now, "{path}");
            assert_eq!(seeing(&app, &admin, method, &path, &now, &second).status, 200, "{path}");
        }
    });
}

#[test]
fn a_job_that_is_asked_for_again_under_its_key_is_the_same_job() {
    let app = TestApp::start();
    let admin = app.token(Role::Administrator);
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let file = "innogauge:firm:1:rows,org_name,city,turnover,has_rd,research/rd_inhouse\n1,Works A,230700,100,1,5\n";
    let keyed = |request: Request, key: &str| {
        let asked = request.token(&admin).header("idempotency-key", key);
        app.send(&asked.header("prefer", "respond-async"))
    };
    let sample = json!({"allocation": "equal", "size": 1, "seed": 1});
    let requests = [
        ("backup", Request::new("POST", "/api/v1/backups")),
        (
            "assessment",
            Request::new("POST", "/api/v1/assessments").json(&json!({"name": "First look"})),
        ),
        (
            "sample",
            Request::new("POST", "/api/v1/surveys/firm/samples").json(&sample),
        ),
        (
            "import",
            Request::new("POST", "/api/v1/surveys/firm/imports").file("firms.csv", file.as_bytes()),
        ),
    ];
    for (kind, request) in requests {
        let first = keyed(request.clone(), kind);
        assert_eq!(
            (first.status, &first.json()["kind"]),
            (202, &json!(kind)),
            "{}",
            first.text()
        );
        let again = keyed(request, kind);
        assert_eq!((again.status, &again.body), (202, &first.body), "{kind}");
        assert_eq!(again.header("location"), first.header("location"), "{kind}");
        assert_eq!(again.header("preference-applied"), Some("respond-async"), "{kind}");
    }
    let other = Request::new("POST", "/api/v1/surveys/firm/imports").file("firms.csv", b"another file");
    assert_eq!(keyed(other, "import").code(), "idempotency_key_reused");
    // The same without the preference is another request.
    let now = Request::new("POST", "/api/v1/assessments").json(&json!({"name": "First look"}));
    let now = app.send(&now.token(&admin).header("idempotency-key", "assessment"));
    assert_eq!(now.code(), "idempotency_key_reused");
    assert_eq!(
        app.get(&admin, "/api/v1/jobs").json()["jobs"].as_array().unwrap().len(),
        4
    );
}
