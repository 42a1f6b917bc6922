//! A supervisor's tools: warnings, the review queue, returning with comments, merging duplicates, back-checks; and the
//! audit log of it. Through the API, on both databases.

use innogauge::response::Role;
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::client::Request;
use crate::databases::on_each;

/// Two responses of one firm that differ in turnover and in what they lack.
fn with_duplicates(app: &TestApp) {
    for (instance, turnover) in [("uuid:a", json!(1200.5)), ("uuid:b", json!(999))] {
        let mut one = response(instance);
        one["answers"]["org_name"] = json!("Lumber Works");
        one["answers"]["turnover"] = turnover;
        assert_eq!(
            app.post(&app.token(Role::Field), "/api/v1/surveys/firm/responses", &one)
                .status,
            201
        );
    }
    let mut sound = response("uuid:c");
    sound["answers"]["credit_code"] = json!("91230000126968107X");
    let sent = app.post(&app.token(Role::Field), "/api/v1/surveys/firm/responses", &sound);
    assert_eq!(sent.status, 201, "{}", sent.text());
}

fn round(app: &TestApp) -> String {
    app.store.default_round().unwrap().unwrap()
}

#[test]
fn the_queue_and_the_warnings_follow_the_rules() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        with_duplicates(&app);
        let token = app.token(Role::Supervisor);
        let round = round(&app);
        let queue = app.get(&token, &format!("/api/v1/rounds/{round}/queue")).json();
        let told: Vec<(&str, usize)> = queue
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let reasons = one["reasons"].as_array().unwrap();
                (one["response"]["instance_id"].as_str().unwrap(), reasons.len())
            })
            .collect();
        assert_eq!(
            told,
            [("uuid:a", 2), ("uuid:b", 2)],
            "no code was given, and they are of one firm"
        );
        assert_eq!(queue[0]["reasons"][0]["figures"], json!({"duplicate": 1.0}));

        let asked = Request::new("GET", format!("/api/v1/rounds/{round}/warnings"))
            .token(&token)
            .header("accept-language", "zh");
        let warnings = app.send(&asked).json();
        let told: Vec<(&str, &str, &str)> = warnings
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap();
                (text("rule"), text("key"), text("label"))
            })
            .collect();
        assert_eq!(
            told,
            [("many_duplicates", "", "重复"), ("some_came", "230700", "已收到")]
        );

        // Another city has nothing of it.
        let elsewhere = app.token_of_another_city(Role::Supervisor);
        for path in ["queue", "warnings"] {
            let answer = app.get(&elsewhere, &format!("/api/v1/rounds/{round}/{path}"));
            assert_eq!(answer.json(), json!([]), "{path}");
        }
        assert_eq!(app.get(&token, "/api/v1/rounds/none/queue").status, 404);
    });
}

#[test]
fn a_returned_response_says_what_to_mend_until_it_is_mended() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        with_duplicates(&app);
        let (supervisor, field) = (app.token(Role::Supervisor), app.token(Role::Field));
        let at = "/api/v1/surveys/firm/responses/uuid:a";
        let unknown = json!({"state": "has_issues", "comment": "see", "questions": {"/turnver": "?"}});
        assert_eq!(
            app.post(&supervisor, &format!("{at}/state"), &unknown).code(),
            "value_invalid"
        );
        let back = json!({"state": "has_issues", "comment": "Ask again", "questions": {"/turnover": "In 10k yuan?"}});
        assert_eq!(app.post(&supervisor, &format!("{at}/state"), &back).status, 200);
        let seen = app.get(&field, at).json();
        assert_eq!(seen["returned"]["comment"], "Ask again");
        assert_eq!(seen["returned"]["details"]["questions"]["/turnover"], "In 10k yuan?");

        let asked = app.post(
            &field,
            &format!("{at}/comments"),
            &json!({"text": "Whole year?", "question": "/turnover"}),
        );
        assert_eq!(asked.status, 201, "{}", asked.text());
        let id = asked.json()["id"].clone();
        let answer = json!({"text": "Yes, 2025", "question": "/turnover", "reply_to": id});
        assert_eq!(app.post(&supervisor, &format!("{at}/comments"), &answer).status, 201);
        assert_eq!(
            app.post(
                &supervisor,
                &format!("{at}/comments"),
                &json!({"text": "?", "reply_to": 999_999})
            )
            .code(),
            "value_invalid"
        );
        let events = app.get(&field, &format!("{at}/history")).json()["events"].clone();
        let last = &events.as_array().unwrap()[3];
        assert_eq!(
            (&last["kind"], &last["comment"], &last["details"]["reply_to"]),
            (&json!("commented"), &json!("Yes, 2025"), &id)
        );

        let mut mended = response("uuid:a2");
        mended["deprecated_id"] = json!("uuid:a");
        let edit = Request::new("PUT", at).token(&field).json(&mended);
        assert_eq!(app.send(&edit).status, 201);
        assert_eq!(app.get(&field, at).json()["returned"], Value::Null);
    });
}

#[test]
fn duplicates_are_merged_with_provenance_and_the_other_one_is_rejected() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        with_duplicates(&app);
        let token = app.token(Role::Supervisor);
        let at = "/api/v1/surveys/firm/responses/uuid:a";
        let merge = |other: &str, take: Value| {
            let body = json!({"other": other, "take": take, "comment": "One firm, asked twice"});
            app.post(&token, &format!("{at}/merge"), &body)
        };
        assert_eq!(merge("uuid:c", json!([])).status, 422, "another firm");
        assert_eq!(merge("uuid:b", json!(["/nothing"])).code(), "value_invalid");
        assert_eq!(
            app.post(
                &app.token(Role::Field),
                &format!("{at}/merge"),
                &json!({"other": "uuid:b", "comment": "x"})
            )
            .status,
            404
        );
        let merged = merge("uuid:b", json!(["/turnover"]));
        assert_eq!(merged.status, 200, "{}", merged.text());
        let head = merged.json();
        assert_eq!(
            (&head["state"], &head["versions"], &head["duplicate"]),
            (&json!("edited"), &json!(2), &json!(false))
        );
        let kept = app.get(&token, at).json();
        assert_eq!(kept["answers"]["turnover"], json!(999));
        assert_eq!(kept["answers"]["research"]["rd_inhouse"], json!(60));
        let whole = app.get(&token, &format!("{at}?personal=full&reason=case%207")).json();
        assert_eq!(
            whole["answers"]["contact"], "Li Ming",
            "what is sealed is in the new version too"
        );
        let other = app.get(&token, "/api/v1/surveys/firm/responses/uuid:b").json();
        assert_eq!((&other["state"], &other["versions"]), (&json!("rejected"), &json!(1)));
        let history = app.get(&token, &format!("{at}/history")).json();
        assert_eq!(history["versions"][1]["changes"][0]["path"], "/turnover");
        let event = &history["events"].as_array().unwrap()[2];
        assert_eq!(event["kind"], "merged");
        assert_eq!(event["details"]["from"], "uuid:b");
        assert_eq!(event["details"]["questions"], json!(["/turnover"]));

        // It can be undone: the other one is approved again, and both are duplicates again.
        let again = json!({"state": "approved", "comment": "They are two plants"});
        let answer = app.post(&token, "/api/v1/surveys/firm/responses/uuid:b/state", &again);
        assert_eq!(answer.json()["duplicate"], json!(true), "{}", answer.text());
    });
}

#[test]
fn back_checks_are_drawn_by_seed_and_give_agreement_rates() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        with_duplicates(&app);
        let token = app.token(Role::Supervisor);
        let at = format!("/api/v1/rounds/{}/backchecks", round(&app));
        let draw = |share: f64, questions: Value| {
            let body = json!({"survey": "firm", "share": share, "seed": 7, "questions": questions});
            app.post(&token, &at, &body)
        };
        assert_eq!(draw(1.5, json!(["/turnover"])).code(), "value_invalid");
        assert_eq!(draw(0.5, json!(["/products/share"])).code(), "value_invalid");
        let drawn = |answer: &Value| -> Vec<Value> {
            let responses = answer["responses"].as_array().unwrap();
            responses.iter().map(|one| one["instance_id"].clone()).collect()
        };
        let first = draw(0.5, json!(["/turnover", "/has_rd"])).json();
        assert_eq!(drawn(&first).len(), 2, "half of three, rounded up");
        let second = draw(0.5, json!(["/turnover", "/has_rd"])).json();
        assert_eq!(drawn(&first), drawn(&second), "the same seed, the same sample");

        let all = draw(1.0, json!(["/turnover", "/has_rd"])).json();
        let (id, entered) = (&all["id"], json!({"answers": {"turnover": 1000, "has_rd": "1"}}));
        let enter = |instance: &str, token: &str| {
            let path = format!("{at}/{id}/responses/{instance}");
            app.send(&Request::new("PUT", path).token(token).json(&entered))
        };
        let answer = enter("uuid:a", &token);
        assert_eq!(
            answer.json(),
            json!({"/turnover": false, "/has_rd": true}),
            "{}",
            answer.text()
        );
        assert_eq!(enter("uuid:zzz", &token).status, 404);
        assert_eq!(
            enter("uuid:b", &app.token_of_another_city(Role::Supervisor)).status,
            404
        );
        let list = app.get(&token, &at).json();
        assert_eq!(list[0]["by_member"]["field"], json!({"compared": 2, "agreed": 1}));
        assert_eq!(list[0]["by_question"]["/turnover"], json!({"compared": 1, "agreed": 0}));
        let warnings = app.get(&token, &at.replace("backchecks", "warnings")).json();
        assert_eq!(
            (&warnings[0]["rule"], &warnings[0]["key"], &warnings[0]["figures"]),
            (
                &json!("low_agreement"),
                &json!("field"),
                &json!({"agreement_share": 0.5})
            )
        );
    });
}

#[test]
fn the_administrator_reads_exports_and_verifies_the_audit_log() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        with_duplicates(&app);
        let token = app.token(Role::Administrator);
        let page = app.get(&token, "/api/v1/audit?act=response&target=surveys/firm").json();
        let entries = page["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(
            (
                &entries[2]["act"],
                &entries[2]["actor"],
                &entries[2]["target"],
                &entries[2]["address"]
            ),
            (
                &json!("response.received"),
                &json!("field"),
                &json!("surveys/firm/responses/uuid:a"),
                &json!("127.0.0.1")
            )
        );
        let export = app.get(&token, "/api/v1/audit/export");
        assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
        let text = export.text();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.iter().zip(1..).all(|(line, id)| line["id"] == json!(id)));
        assert!(!text.contains("Li Ming"), "no answer is in the log");
        let verified = app.get(&token, "/api/v1/audit/verify").json();
        assert_eq!(verified["whole"], json!(true));
        let head = verified["head"].as_str().unwrap();
        assert_eq!(
            app.get(&token, &format!("/api/v1/audit/verify?head={head}")).json()["whole"],
            json!(true)
        );
        assert_eq!(
            app.get(&token, "/api/v1/audit/verify?head=123").json()["whole"],
            json!(false)
        );
    });
}
