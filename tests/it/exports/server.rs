//! Exports and phones meet on the server: one instance ID is one response, by whichever way it came first.

use std::io::{Cursor, Write as _};

use chrono::Utc;
use innogauge::response::{Answers, Door, Role};
use innogauge::study::{Catalogue, Names, Reception};
use serde_json::{Value as Json, json};
use zip::write::SimpleFileOptions;

use crate::app::TestApp;
use crate::client::{Answer, Request};
use crate::databases::on_each;

const IMPORTS: &str = "/api/v1/surveys/firm/imports";
const ONE: &str = "uuid:1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11";
const TWO: &str = "uuid:2f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b22";
const EDITED: &str = "uuid:3f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b33";

/// Central's zip with one response, that edited response of another, and a product of each.
fn central(turnover: &str, review: &str) -> Vec<u8> {
    central_with(turnover, review, 70)
}

fn central_with(turnover: &str, review: &str, share: i64) -> Vec<u8> {
    let main = format!(
        "SubmissionDate,org_name,credit_code,city,contact,founded,turnover,turnover_missing,has_rd,research-rd_inhouse,research-rd_inhouse_warn1,meta-instanceID,KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion\n\
         2026-03-01T01:15:00.000Z,Sawmill,,230700,Li Ming,1998-04-01,{turnover},,1,60,,{ONE},{ONE},7,Wang,0,0,,{review},collect:a,0,1\n\
         2026-03-01T01:16:00.000Z,Foundry,,230700,,,,refused,0,,,{EDITED},{TWO},7,Wang,0,0,,,collect:a,1,1\n"
    );
    let products = format!(
        "product,share,PARENT_KEY,KEY\ntimber,{share},{ONE},{ONE}/products[1]\niron,30,{TWO},{TWO}/products[1]\n"
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("firm.csv", main), ("firm-products.csv", products)] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn import(app: &TestApp, role: Role, file: &[u8], query: &str) -> Answer {
    let path = format!("{IMPORTS}{query}");
    app.send(
        &Request::new("POST", path)
            .token(&app.token(role))
            .file("firm.zip", file),
    )
}

fn response(app: &TestApp, instance_id: &str) -> Json {
    let token = app.token(Role::Administrator);
    let path = format!("/api/v1/surveys/firm/responses/{instance_id}?personal=full&reason=test");
    let answer = app.get(&token, &path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The first response as a phone would send it.
fn as_a_phone_sends_it() -> Json {
    json!({"instance_id": ONE, "version": "1", "answers": {
        "org_name": "Sawmill", "city": "230700", "contact": "Li Ming", "founded": "1998-04-01", "turnover": 1200.50,
        "has_rd": "1", "research": {"rd_inhouse": 60}, "products": [{"product": "timber", "share": 70}],
    }})
}

#[test]
fn an_export_gives_what_the_api_gives_and_importing_it_again_changes_nothing() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let answer = import(&app, Role::Supervisor, &central("1200.5", "approved"), "");
        assert_eq!(answer.status, 201, "{}", answer.text());
        let first = response(&app, ONE);
        assert_eq!(first["state"], "approved");
        assert_eq!(
            first["answers"]["products"],
            json!([{"product": "timber", "share": 70}])
        );
        let second = response(&app, EDITED);
        assert_eq!(second["answers"]["turnover"], json!({"missing": "refused"}));
        assert_eq!(second["state"], "received");

        // The phone sends the same afterwards, or has sent it before: it is the same response.
        assert_eq!(app.submit(&as_a_phone_sends_it()).status, 200);
        // Written otherwise, it is another file with the same responses.
        let again = import(&app, Role::Operator, &central("1200.50", ""), "");
        assert_eq!(
            (again.status, again.json()["outcome"].as_str()),
            (200, Some("unchanged")),
            "{}",
            again.text()
        );
        // The version that the edited one replaced comes late and takes its place behind it.
        let late = json!({"instance_id": TWO, "version": "1", "answers": {"org_name": "Foundry", "city": "230700", "has_rd": "1"}});
        assert_eq!(app.submit(&late).status, 201);
        assert_eq!(response(&app, TWO)["current_instance_id"], EDITED);
    });
}

#[test]
fn what_the_phone_sent_first_is_recognised_and_other_answers_are_told_and_change_nothing() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        assert_eq!(app.submit(&as_a_phone_sends_it()).status, 201);
        let same = import(&app, Role::Operator, &central("1200.5", ""), "");
        assert_eq!(same.status, 201, "the other response is new: {}", same.text());

        let other = import(&app, Role::Operator, &central("99", ""), "");
        assert_eq!(other.status, 422);
        let fault = &other.json()["problems"][0];
        assert_eq!(fault["code"], "other_answers_known", "{}", other.text());
        let told = fault.to_string();
        assert_eq!(fault["path"], "firm.csv!M2");
        assert!(
            told.contains("turnover") && !told.contains("1200"),
            "which question, and not what is known: {told}"
        );
        let left_out = import(&app, Role::Operator, &central("99", ""), "?valid_rows=true");
        assert_eq!(left_out.status, 200, "nothing else is new: {}", left_out.text());
        assert_eq!(response(&app, ONE)["answers"]["turnover"], 1200.5);
    });
}

#[test]
fn what_a_phone_sent_with_broken_rules_is_here_already_and_no_problem_of_the_file() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let catalogue = Catalogue::load(&app.store).unwrap();
        let round = app.store.default_round().unwrap();
        let version = catalogue.newest("firm").unwrap();
        let reception = Reception::new(&app.store, version, round.as_deref(), Door::OpenRosa, Utc::now()).unwrap();
        let mut sent = as_a_phone_sends_it()["answers"].clone();
        sent["products"][0]["share"] = json!(300);
        let (answers, unreadable) = Answers::from_json(reception.form(), &sent);
        let processed = reception.process(answers, unreadable);
        assert!(!processed.is_sound());
        let names = Names {
            instance_id: ONE.to_owned(),
            deprecated_id: None,
            claimed_version: "1".to_owned(),
        };
        let submission = reception.submission(names, &processed, b"<data/>").unwrap();
        app.store.submit_blocking(&submission).unwrap();

        let same = import(&app, Role::Operator, &central_with("1200.5", "", 300), "");
        assert_eq!(same.status, 201, "the other response is new: {}", same.text());
        assert_eq!(
            (&same.json()["sound"], &same.json()["rejected"]),
            (&json!(2), &json!(0))
        );
        let other = import(&app, Role::Operator, &central_with("1200.5", "", 400), "");
        assert_eq!(other.status, 422);
        assert_eq!(other.json()["problems"][0]["code"], "constraint", "{}", other.text());
    });
}

#[test]
fn a_version_that_nobody_knows_is_kept_and_wants_looking_at_as_when_a_phone_sends_it() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let table = |version: &str, id: &str, review: &str| {
            format!("org_name,city,has_rd,KEY,ReviewState,FormVersion\nSawmill,230700,0,{id},{review},{version}\n")
        };
        let import = |csv: String| {
            let request = Request::new("POST", IMPORTS).token(&app.token(Role::Supervisor));
            app.send(&request.file("firm.csv", csv.as_bytes()))
        };
        assert_eq!(import(table("1", ONE, "")).status, 201);
        assert_eq!(response(&app, ONE)["state"], "received");
        assert_eq!(import(table("0.9", TWO, "")).status, 201);
        let kept = response(&app, TWO);
        assert_eq!(kept["state"], "has_issues", "{kept}");
        assert!(kept.to_string().contains("unknown_version"), "{kept}");
        let decided = import(table("0.9", EDITED, "approved"));
        assert_eq!(decided.status, 201, "{}", decided.text());
        assert_eq!(response(&app, EDITED)["state"], "approved");
    });
}

#[test]
fn whoever_may_not_decide_brings_responses_without_decisions() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let operator = import(&app, Role::Operator, &central("5", "rejected"), "");
        assert_eq!(operator.status, 201, "{}", operator.text());
        let codes: Vec<String> = operator.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert!(codes.contains(&"review_not_yours".to_owned()), "{codes:?}");
        assert_eq!(response(&app, ONE)["state"], "received");
    });
}

#[test]
fn review_states_are_given_by_those_who_may_and_with_a_word_on_where_they_come_from() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let supervisor = import(&app, Role::Supervisor, &central("5", "hasIssues"), "");
        assert_eq!(supervisor.status, 201, "{}", supervisor.text());
        assert_eq!(response(&app, ONE)["state"], "has_issues");
        let events = app.store.response_events("firm", ONE).unwrap();
        let last = events.last().unwrap();
        assert_eq!(last.actor.as_deref(), Some("supervisor"));
        assert!(last.comment.as_deref().unwrap().contains("hasIssues"), "{last:?}");

        // An import can be taken back with what was decided as it came.
        let id = supervisor.json()["import"]["id"].as_i64().unwrap();
        let path = format!("{IMPORTS}/{id}/withdraw");
        let gone = app.send(&Request::new("POST", path).token(&app.token(Role::Administrator)));
        assert!(gone.status < 300, "{}", gone.text());
        let token = app.token(Role::Administrator);
        assert_eq!(
            app.get(&token, &format!("/api/v1/surveys/firm/responses/{ONE}")).status,
            404
        );
        assert_eq!(
            import(&app, Role::Supervisor, &central("5", "hasIssues"), "").status,
            201
        );
    });
}
