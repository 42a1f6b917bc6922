//! A supervisor's week, told through the API: plan, sample, assign, watch, return, approve, report.

use std::fmt::Write as _;

use innogauge::response::{CreditCode, Role};
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::client::{Answer, Request};
use crate::databases::on_each;

const FIRM: &str = "/api/v1/surveys/firm";

/// The valid credit code of this number: the check character is tried out.
pub fn code(number: usize) -> String {
    let start = format!("91230700MA{number:07}");
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .map(|check| format!("{start}{check}"))
        .find(|code| CreditCode::parse(code).is_ok())
        .unwrap()
}

fn load(app: &TestApp, token: &str, query: &str, table: &str) -> Answer {
    let request = Request::new("POST", format!("{FIRM}/register{query}"))
        .token(token)
        .header("accept-language", "en")
        .file("register.csv", table.as_bytes());
    app.send(&request)
}

fn answers_of(code: &str, name: &str, instance: &str, turnover: f64) -> Value {
    let mut body = response(instance);
    body["answers"]["credit_code"] = json!(code);
    body["answers"]["org_name"] = json!(name);
    body["answers"]["turnover"] = json!(turnover);
    body
}

#[test]
fn a_week_from_the_plan_to_the_report() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let supervisor = app.token(Role::Supervisor);
        let field = app.token(Role::Field);
        let get = |path: &str| app.get(&supervisor, &format!("{FIRM}/{path}")).json();

        // Sunday: the plan.
        let targets = Request::new("PUT", format!("{FIRM}/targets"))
            .token(&supervisor)
            .json(&json!([{"city": "230700", "count": 4}, {"city": "231182", "count": 2}]));
        assert_eq!(app.send(&targets).status, 200);

        // Monday: the register is loaded, faults and all.
        let mut table = String::from("单位名称,统一社会信用代码,城市,规模,从业人数,地址\n");
        for number in 0..20 {
            let (city, size) = (
                if number < 12 { "伊春" } else { "231182" },
                if number % 2 == 0 { "small" } else { "large" },
            );
            let (code, employees) = (code(number), 10 + number);
            writeln!(table, "Works {number},{code},{city},{size},{employees},Street {number}").unwrap();
        }
        let broken = table
            .replacen(&code(3), "91230700MA0000003", 1)
            .replacen("231182", "Atlantis", 1);
        let refused = load(&app, &supervisor, "", &broken);
        assert_eq!(refused.status, 422, "{}", refused.text());
        let places: Vec<Value> = refused.json()["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["path"].clone())
            .collect();
        assert_eq!(places, [json!("B5"), json!("C14")]);
        assert_eq!(
            load(&app, &supervisor, "?dry_run=true", &table).json()["outcome"],
            "checked"
        );
        let loaded = load(&app, &supervisor, "", &table).json();
        assert_eq!((&loaded["outcome"], &loaded["added"]), (&json!("loaded"), &json!(20)));
        assert_eq!(load(&app, &supervisor, "", &table).json()["outcome"], "unchanged");
        let moved = load(&app, &supervisor, "", &table.replace("Street 7", "Forest 7")).json();
        assert_eq!((&moved["changed"], &moved["unchanged"]), (&json!(1), &json!(19)));
        let page = get("register?city=231182&size=small&limit=3");
        assert_eq!(
            (page["organisations"].as_array().unwrap().len(), page["next"].is_null()),
            (3, false)
        );
        assert_eq!(get("register-totals")["organisations"]["230700"]["small"], 6);

        // The sample.
        let design = json!({"allocation": "proportional", "size": 10, "minimum": 2, "reserves": 1, "seed": 2026});
        let drawn = app.post(&supervisor, &format!("{FIRM}/samples"), &design);
        assert_eq!(drawn.status, 201, "{}", drawn.text());
        let sample = drawn.json();
        assert_eq!(
            app.post(&supervisor, &format!("{FIRM}/samples"), &design).status,
            422,
            "one sample at a time"
        );
        let members = sample["members"].as_array().unwrap();
        let first: Vec<&Value> = members.iter().filter(|member| member["reserve"] == false).collect();
        assert_eq!(first.len(), 10);
        let total: f64 = first.iter().map(|member| member["weight"].as_f64().unwrap()).sum();
        assert!((total - 20.0).abs() < 1e-9, "the weights add up to the register");

        // Tuesday: who visits whom.
        let of_yichun: Vec<(String, String)> = first
            .iter()
            .filter(|member| member["city"] == "230700")
            .map(|member| {
                (
                    member["code"].as_str().unwrap().to_owned(),
                    member["name"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let codes: Vec<&str> = of_yichun.iter().map(|(code, _)| code.as_str()).collect();
        let assign = |member: &str, codes: &[&str], reassign: bool| {
            let body = json!({"member": member, "organisations": codes, "reassign": reassign});
            app.post(&supervisor, &format!("{FIRM}/assignments"), &body)
        };
        assert_eq!(assign("field", &codes, false).json()["changed"], json!(codes.len()));
        assert_eq!(
            assign("field-wudalianchi", &codes[..1], true).status,
            422,
            "not their city"
        );
        assert_eq!(assign("nobody", &codes[..1], true).status, 404);
        let mine = app.get(&field, &format!("{FIRM}/assignments")).json();
        assert_eq!(mine["assignments"].as_array().unwrap().len(), codes.len());
        let others = app
            .get(&app.token_of_another_city(Role::Field), &format!("{FIRM}/assignments"))
            .json();
        assert_eq!(others["assignments"], json!([]));

        // Wednesday: visits, and interviews that arrive.
        let visit =
            |token: &str, code: &str, body: Value| app.post(token, &format!("{FIRM}/register/{code}/visits"), &body);
        assert_eq!(
            visit(&field, codes[0], json!({"outcome": "appointment"})).status,
            422,
            "when?"
        );
        let appointment = json!({"outcome": "appointment", "appointment_at": "2026-11-27T06:00:00Z"});
        assert_eq!(visit(&field, codes[0], appointment).status, 201);
        let refusal =
            json!({"outcome": "refused", "latitude": 47.7, "longitude": 128.8, "accuracy": 8, "comment": "no time"});
        assert_eq!(visit(&field, codes[1], refusal).status, 201);
        assert_eq!(
            visit(
                &app.token_of_another_city(Role::Field),
                codes[1],
                json!({"outcome": "closed"})
            )
            .status,
            404
        );
        let submit = |body: &Value| app.post(&field, &format!("{FIRM}/responses"), body);
        for (index, (code, name)) in of_yichun.iter().enumerate().skip(2).take(3) {
            let sent = submit(&answers_of(code, name, &format!("uuid:{index}"), 100.0));
            assert_eq!(sent.status, 201, "{}", sent.text());
        }
        let states = || -> Vec<String> {
            let page = get("assignments?member=field");
            let assignments = page["assignments"].as_array().unwrap().clone();
            assignments
                .iter()
                .map(|assignment| assignment["state"].as_str().unwrap().to_owned())
                .collect()
        };
        let mut told = states();
        told.sort();
        told.dedup();
        assert_eq!(
            told,
            ["appointment", "completed", "open", "refused"][..told.len()].to_vec()
        );

        // Thursday: watch, return, approve.
        let row = get("progress")[0].clone();
        assert_eq!(
            (
                &row["target"],
                &row["registered"],
                &row["sampled"],
                &row["answered"],
                &row["visited"],
                &row["received"]
            ),
            (&json!(6), &json!(20), &json!(10), &json!(3), &json!(2), &json!(3))
        );
        assert_eq!(row["response_rate"], json!(0.3));
        let decide = |instance: &str, body: Value| {
            let path = format!("{FIRM}/responses/{instance}/state");
            app.post(&supervisor, &path, &body)
        };
        let back = decide(
            "uuid:2",
            json!({"state": "has_issues", "comment": "Is the unit right?"}),
        );
        assert_eq!(back.status, 200, "{}", back.text());
        assert!(states().contains(&"returned".to_owned()));
        assert_eq!(get("progress")[0]["returned"], 1);
        let mut mended = answers_of(&of_yichun[2].0, &of_yichun[2].1, "uuid:2b", 90.0);
        mended["deprecated_id"] = json!("uuid:2");
        assert_eq!(submit(&mended).status, 201);
        for instance in ["uuid:2", "uuid:3", "uuid:4"] {
            assert_eq!(decide(instance, json!({"state": "approved"})).status, 200);
        }

        // Friday: the report.
        let by_city = get("progress?by=city");
        let yichun = by_city
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == "230700")
            .unwrap();
        assert_eq!(
            (&yichun["approved"], &yichun["returned"], &yichun["target"]),
            (&json!(3), &json!(0), &json!(4))
        );
        let by_member = get("progress?by=member");
        let member = by_member
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == "field")
            .unwrap();
        assert_eq!(
            (&member["assigned"], &member["received"]),
            (&json!(codes.len()), &json!(3))
        );
        assert_eq!(
            app.get(&field, &format!("{FIRM}/progress")).status,
            404,
            "not the field team's"
        );
        let export = app.get(&supervisor, &format!("{FIRM}/register-table?city=230700"));
        assert_eq!(export.text().lines().count(), 13);
        let report = app.post(&app.token(Role::Administrator), "/api/v1/assessments", &json!({}));
        assert_eq!(report.status, 201, "{}", report.text());
    });
}
