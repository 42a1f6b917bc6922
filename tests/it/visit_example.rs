//! The example of a survey whose organisations are picked from the register, from the phone's list to the assignment.

use std::path::Path;

use chrono::Utc;
use innogauge::definition::load_folder;
use innogauge::response::Role;
use innogauge::store::{NewAssignments, NewToken, RegisterOf, Seed};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Request;
use crate::databases::on_each;
use crate::openrosa::{fill, parcel};
use crate::supervisor_week::code;

const EXAMPLE: &str = "examples/visit.yaml";
const VISITS: &str = "/api/v1/surveys/visit";

/// A server with the example, and three enterprises in the register of which the first two are the field member's.
fn app(database: &str) -> TestApp {
    let app = TestApp::on(database);
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLE);
    std::fs::copy(example, folder.path().join("visit.yaml")).unwrap();
    let loaded = load_folder(folder.path()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    app.store.seed(&Seed::from(&loaded.value), Utc::now()).unwrap();
    let of = RegisterOf {
        round: app.store.default_round().unwrap().unwrap(),
        survey: "visit".to_owned(),
        actor: "supervisor".to_owned(),
    };
    let entry = |number: usize| {
        let entry = json!({
            "code": code(number), "name": format!("Works {number}"), "city": "230700", "size": "small",
            "confidential": true, "listed": false, "in_frame": true,
        });
        serde_json::from_value(entry).unwrap()
    };
    let entries: Vec<_> = (0..3).map(entry).collect();
    app.store.load_register(&of, &entries, false, Utc::now()).unwrap();
    let given = NewAssignments {
        member: "field".to_owned(),
        codes: vec![code(0), code(1)],
        reassign: false,
    };
    app.store.assign(&of, &given, None, Utc::now()).unwrap();
    app
}

fn assignments(app: &TestApp) -> Vec<(String, String)> {
    let list = app
        .get(&app.token(Role::Field), &format!("{VISITS}/assignments"))
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = list["assignments"].as_array().unwrap().clone();
    list.iter()
        .map(|one| (text(&one["organisation"]["code"]), text(&one["state"])))
        .collect()
}

#[test]
fn the_example_is_listed_fetched_filled_in_and_sent_and_its_assignment_moves() {
    on_each(|database| {
        let app = app(&database.url);
        let acts = ["fetch_forms", "submit_responses"].map(str::to_owned).to_vec();
        let token = NewToken {
            acts: Some(acts),
            ..NewToken::default()
        };
        let key = app.store.create_token("field", &token, Utc::now()).unwrap();
        let get = |path: &str| {
            let answer = app.send(&Request::new("GET", format!("/key/{key}/{path}")));
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            answer.text()
        };
        assert!(get("formList").contains("<formID>visit</formID>"));
        assert!(get("forms/visit/1/manifest").contains("organisations.csv"));
        let list = get("forms/visit/1/media/organisations.csv");
        let offered: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(offered, [code(0), code(1)], "what was given to this member");

        // What the phone fills in on picking is kept as it was sent, and may have been corrected there.
        let form = get("forms/visit/1/form.xml");
        assert!(form.contains("xforms-value-changed"), "{form}");
        let picked = code(1);
        let answers = [
            ("organisation", picked.as_str()),
            ("credit_code", &picked),
            ("org_name", "Works 1, renamed"),
            ("city", "230700"),
            ("turnover", "120.5"),
        ];
        let filled = fill(&form, "uuid:visit", None, &answers);
        let sent = app.send(&parcel(&format!("/key/{key}/submission"), &filled, &[], false));
        assert_eq!(sent.status, 201, "{}", sent.text());
        let response = app
            .get(&app.token(Role::Supervisor), &format!("{VISITS}/responses/uuid:visit"))
            .json();
        assert_eq!(
            (&response["code"], &response["name"], &response["state"]),
            (&json!(picked), &json!("Works 1, renamed"), &json!("received"))
        );
        let states = [(code(0), "open".to_owned()), (code(1), "completed".to_owned())];
        assert_eq!(assignments(&app), states);
    });
}

#[test]
fn the_example_is_answered_without_the_list_by_who_has_none() {
    let app = app("sqlite::memory:");
    let typed = json!({"instance_id": "uuid:typed", "version": "1", "answers": {
        "credit_code": code(0), "org_name": "Works 0", "city": "230700", "turnover": 3,
    }});
    let token = app.token(Role::Operator);
    let sent = app.post(&token, &format!("{VISITS}/responses"), &typed);
    assert_eq!(sent.status, 201, "{}", sent.text());

    let rows = format!(
        "innogauge:visit:1:rows,credit_code,org_name,city,turnover\n1,{},Works 9,230700,4\n",
        code(9)
    );
    let import = Request::new("POST", format!("{VISITS}/imports"))
        .token(&token)
        .file("visit.csv", rows.as_bytes());
    let imported = app.send(&import);
    assert_eq!(
        imported.status,
        201,
        "an enterprise that the register lacks: {}",
        imported.text()
    );
    let states = [(code(0), "completed".to_owned()), (code(1), "open".to_owned())];
    assert_eq!(assignments(&app), states, "whichever way the answers came");
}
