//! `/api/v1/surveys/{survey}/responses`: the JSON door, lists, history, review.

use innogauge::response::Role;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::client::Request;

const RESPONSES: &str = "/api/v1/surveys/firm/responses";

/// The document without what differs from run to run.
fn steady(mut document: Value) -> Value {
    match &mut document {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                *value = match key.as_str() {
                    "request_id" => json!("[id]"),
                    "received_at" | "updated_at" | "at" => json!("[time]"),
                    "round" => json!("[year]"),
                    _ => steady(value.take()),
                };
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| *one = steady(one.take())),
        _ => {}
    }
    document
}

#[test]
fn a_response_is_acknowledged_and_read_back() {
    let app = TestApp::start();
    let answer = app.submit(&response("uuid:1"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_json_snapshot!("acknowledgement", steady(answer.json()));
    let read = app.get(&app.token(Role::Field), &format!("{RESPONSES}/uuid:1"));
    assert_eq!(read.status, 200, "{}", read.text());
    assert_json_snapshot!("response", steady(read.json()));
}

#[test]
fn the_same_content_again_changes_nothing_and_other_content_is_a_conflict() {
    let app = TestApp::start();
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let again = app.submit(&response("uuid:1"));
    assert_eq!(
        (again.status, again.json()["outcome"].as_str()),
        (200, Some("unchanged"))
    );
    let mut other = response("uuid:1");
    other["answers"]["turnover"] = json!(7);
    let conflict = app.submit(&other);
    assert_eq!((conflict.status, conflict.code().as_str()), (409, "conflict"));
    let read = app.get(&app.token(Role::Field), &format!("{RESPONSES}/uuid:1")).json();
    assert_eq!(
        (&read["versions"], &read["answers"]["turnover"]),
        (&json!(1), &json!(1200.5))
    );
}

#[test]
fn every_broken_rule_is_listed_by_question_in_the_callers_language() {
    let app = TestApp::start();
    let broken = json!({"instance_id": "uuid:1", "version": "1", "answers": {
        "org_name": "Works", "city": "999999", "founded": "1998-02-30", "turnover": -3,
        "has_rd": "0", "research": {"rd_inhouse": 60}, "turnver": 1,
        "products": [{"share": 30}, {"share": 130}, {"share": "many"}],
    }});
    for language in ["en", "zh-CN"] {
        let request = Request::new("POST", RESPONSES)
            .token(&app.token(Role::Field))
            .header("accept-language", language)
            .json(&broken);
        let answer = app.send(&request);
        assert_eq!((answer.status, answer.code().as_str()), (422, "answers_invalid"));
        assert_json_snapshot!(format!("broken_rules_{language}"), steady(answer.json()));
    }
    let list = app.get(&app.token(Role::Field), RESPONSES).json();
    assert_eq!(list["responses"], json!([]), "nothing of it is kept");
}

#[test]
fn a_dry_run_keeps_nothing() {
    let app = TestApp::start();
    let answer = app.post(
        &app.token(Role::Field),
        &format!("{RESPONSES}?dry_run=true"),
        &response("uuid:1"),
    );
    assert_eq!(
        (answer.status, answer.json()["outcome"].as_str()),
        (200, Some("checked"))
    );
    assert_eq!(
        app.get(&app.token(Role::Field), &format!("{RESPONSES}/uuid:1")).status,
        404
    );
}

#[test]
fn answers_that_were_not_to_be_asked_are_dropped_on_request() {
    let app = TestApp::start();
    let mut body = response("uuid:1");
    body["answers"]["has_rd"] = json!("0");
    assert_eq!(app.submit(&body).code(), "answers_invalid");
    let token = app.token(Role::Field);
    assert_eq!(
        app.post(&token, &format!("{RESPONSES}?drop_unasked=true"), &body)
            .status,
        201
    );
    let read = app.get(&token, &format!("{RESPONSES}/uuid:1")).json();
    assert_eq!(read["answers"].get("research"), None, "the answer is not in force");
}

#[test]
fn an_edit_is_a_new_version_and_the_history_says_what_changed() {
    let app = TestApp::start();
    let token = app.token(Role::Supervisor);
    assert_eq!(app.submit(&response("uuid:1")).status, 201);
    let mut edited = response("uuid:2");
    edited["answers"]["turnover"] = json!({"missing": "refused"});
    edited["answers"]["org_name"] = json!("Works uuid:1");
    let answer = app.send(
        &Request::new("PUT", format!("{RESPONSES}/uuid:1"))
            .token(&token)
            .json(&edited),
    );
    assert_eq!(
        (answer.status, answer.json()["outcome"].as_str()),
        (201, Some("edited")),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["response"], "uuid:1", "the response keeps its name");
    for name in ["uuid:1", "uuid:2"] {
        let read = app.get(&token, &format!("{RESPONSES}/{name}")).json();
        assert_eq!((&read["state"], &read["versions"]), (&json!("edited"), &json!(2)));
    }
    let history = app.get(&token, &format!("{RESPONSES}/uuid:1/history"));
    assert_json_snapshot!("history", steady(history.json()));
}

#[test]
fn a_review_needs_the_role_the_state_and_a_comment() {
    let app = TestApp::start();
    app.submit(&response("uuid:1"));
    let state = format!("{RESPONSES}/uuid:1/state");
    let supervisor = app.token(Role::Supervisor);
    let field = app.post(&app.token(Role::Field), &state, &json!({"state": "approved"}));
    assert_eq!((field.status, field.code().as_str()), (403, "forbidden"));
    let silent = app.post(&supervisor, &state, &json!({"state": "has_issues"}));
    assert_eq!((silent.status, silent.code().as_str()), (422, "value_invalid"));
    let returned = json!({"state": "has_issues", "comment": "Please ask again.", "questions": {"/turnover": "In 10k CNY?"}, "addressee": "field"});
    assert_eq!(app.post(&supervisor, &state, &returned).json()["state"], "has_issues");
    let stale = app.post(&supervisor, &state, &json!({"state": "approved", "revision": 1}));
    assert_eq!((stale.status, stale.code().as_str()), (409, "state_conflict"));
    let approved = app.post(&supervisor, &state, &json!({"state": "approved", "revision": 2}));
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("approved")));
    let impossible = app.post(&supervisor, &state, &json!({"state": "received"}));
    assert_eq!((impossible.status, impossible.code().as_str()), (409, "state_conflict"));
}

#[test]
fn a_list_is_filtered_sorted_and_paged_by_key() {
    let app = TestApp::start();
    let token = app.token(Role::Consultant);
    for number in 1..=7 {
        let mut body = response(&format!("uuid:{number}"));
        if number % 2 == 0 {
            body["answers"]["city"] = json!("231182");
        }
        assert_eq!(app.submit(&body).status, 201);
    }
    let names = |page: &Value| -> Vec<String> {
        page["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["instance_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut seen = Vec::new();
    let mut next = format!("{RESPONSES}?limit=3&sort=received&order=ascending");
    let mut pages = 0;
    loop {
        let page = app.get(&token, &next);
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        seen.extend(names(&page));
        pages += 1;
        match page["next"].as_str() {
            Some(after) => next = format!("{RESPONSES}?limit=3&sort=received&order=ascending&after={after}"),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (1..=7).map(|number| format!("uuid:{number}")).collect::<Vec<_>>());
    let yichun = app.get(&token, &format!("{RESPONSES}?city=230700")).json();
    assert_eq!(names(&yichun).len(), 4);
    let limited = app.get(&app.token_of_another_city(Role::Field), RESPONSES).json();
    assert_eq!(names(&limited).len(), 3, "a limited caller sees their cities only");
    let elsewhere = app
        .get(
            &app.token_of_another_city(Role::Field),
            &format!("{RESPONSES}?city=230700"),
        )
        .json();
    assert_eq!(names(&elsewhere).len(), 0);
    let wrong = app.get(&token, &format!("{RESPONSES}?state=nonsense"));
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert_eq!(app.get(&token, &format!("{RESPONSES}?after=nonsense")).status, 400);
}

#[test]
fn what_lies_in_another_city_is_as_if_it_did_not_exist() {
    let app = TestApp::start();
    app.submit(&response("uuid:1"));
    let token = app.token_of_another_city(Role::Supervisor);
    let hidden = app.get(&token, &format!("{RESPONSES}/uuid:1"));
    let absent = app.get(&token, &format!("{RESPONSES}/uuid:2"));
    let without_what_differs = |answer: &crate::client::Answer| {
        let mut document = answer.json();
        document["instance"] = Value::Null;
        document["request_id"] = Value::Null;
        document
    };
    assert_eq!(hidden.status, 404);
    assert_eq!(without_what_differs(&hidden), without_what_differs(&absent));
    let edit = Request::new("PUT", format!("{RESPONSES}/uuid:1"))
        .token(&token)
        .json(&response("uuid:3"));
    assert_eq!(app.send(&edit).status, 404);
    let foreign = app.post(&token, RESPONSES, &response("uuid:3"));
    assert_eq!(
        (foreign.status, foreign.code().as_str()),
        (403, "forbidden"),
        "it names a city that is not theirs"
    );
}

#[test]
fn personal_answers_are_shown_only_to_those_who_may_and_ask() {
    let app = TestApp::start();
    app.submit(&response("uuid:1"));
    let contact = |role: Role, query: &str| {
        let answer = app.get(&app.token(role), &format!("{RESPONSES}/uuid:1{query}"));
        (answer.status, answer.json()["answers"]["contact"].clone())
    };
    assert_eq!(contact(Role::Supervisor, ""), (200, Value::Null));
    assert_eq!(
        contact(Role::Supervisor, "?personal=full&reason=check"),
        (200, json!("Li Ming"))
    );
    assert_eq!(contact(Role::Consultant, "?personal=full&reason=check").0, 403);
}
