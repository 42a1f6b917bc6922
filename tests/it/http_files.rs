//! Files over HTTP: blank workbooks out, filled ones in, exports and scored workbooks out again.

use innogauge::response::Role;
use serde_json::json;

use crate::app::{TestApp, response};
use crate::client::{Answer, Request};

const IMPORTS: &str = "/api/v1/surveys/firm/imports";
/// The row of codes of the blank workbook, as a spreadsheet program saves it as .csv.
const HEAD: &str = "innogauge:firm:1:rows,org_name,city,turnover,has_rd,research/rd_inhouse\n";

fn upload(app: &TestApp, token: &str, query: &str, rows: &str) -> Answer {
    let file = format!("{HEAD}{rows}");
    app.send(
        &Request::new("POST", format!("{IMPORTS}{query}"))
            .token(token)
            .file("firms.csv", file.as_bytes()),
    )
}

#[test]
fn a_table_is_imported_once_and_taken_back() {
    let app = TestApp::start();
    let token = app.token(Role::Operator);
    let rows = "1,Works A,230700,100,1,5\n2,Works B,231182,200,0,\n";
    let dry = upload(&app, &token, "?dry_run=true", rows);
    assert_eq!(
        (dry.status, &dry.json()["outcome"]),
        (200, &json!("checked")),
        "{}",
        dry.text()
    );
    let imported = upload(&app, &token, "", rows);
    assert_eq!(
        (imported.status, &imported.json()["import"]["rows"]),
        (201, &json!(2)),
        "{}",
        imported.text()
    );
    let again = upload(&app, &token, "", rows);
    assert_eq!(
        (again.status, &again.json()["outcome"]),
        (200, &json!("unchanged")),
        "{}",
        again.text()
    );
    let list = app.get(&token, "/api/v1/surveys/firm/responses").json();
    assert_eq!(list["responses"].as_array().unwrap().len(), 2);

    let id = imported.json()["import"]["id"].as_i64().unwrap();
    assert_eq!(app.get(&token, &format!("{IMPORTS}/{id}")).json()["state"], "applied");
    let withdraw = app.send(&Request::new("POST", format!("{IMPORTS}/{id}/withdraw")).token(&token));
    assert_eq!(withdraw.json()["removed"], 2, "{}", withdraw.text());
    let list = app.get(&token, "/api/v1/surveys/firm/responses").json();
    assert_eq!(list["responses"], json!([]));
}

#[test]
fn faulty_rows_are_named_by_cell_and_kept_out() {
    let app = TestApp::start();
    let token = app.token(Role::Operator);
    let rows = "1,Works A,230700,-1,1,5\n2,Works B,231182,200,0,\n";
    let refused = upload(&app, &token, "", rows);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "rows_invalid"),
        "{}",
        refused.text()
    );
    let problems = refused.json()["problems"].clone();
    assert!(
        problems
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["path"].as_str().unwrap().ends_with("D2")),
        "the cell of the turnover is not named: {problems}"
    );
    assert_eq!(
        app.get(&token, "/api/v1/surveys/firm/responses").json()["responses"],
        json!([])
    );
    let issues = upload(&app, &token, "/issues", rows);
    assert_eq!(issues.status, 200, "{}", issues.text());
    assert!(issues.body.starts_with(b"PK\x03\x04"), "the issues are no workbook");
    assert_eq!(upload(&app, &token, "/issues", "2,Works B,231182,200,0,\n").status, 204);
    let taken = upload(&app, &token, "?valid_rows=true", rows);
    assert_eq!(
        (taken.status, &taken.json()["import"]["rows"]),
        (201, &json!(1)),
        "{}",
        taken.text()
    );
}

#[test]
fn files_that_are_no_workbook_of_the_survey_are_refused() {
    let app = TestApp::start();
    let token = app.token(Role::Operator);
    let send = |name: &str, content: &[u8]| app.send(&Request::new("POST", IMPORTS).token(&token).file(name, content));
    for (name, content) in [
        ("empty.xlsx", &b""[..]),
        ("noise.xlsx", b"PK\x03\x04 and then noise"),
        ("plain.csv", b"name,city\nWorks,230700\n"),
        ("other.csv", b"innogauge:institution:1:rows,org_name\n1,Works\n"),
        ("newer.csv", b"innogauge:firm:9:rows,org_name\n1,Works\n"),
    ] {
        let answer = send(name, content);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "file_invalid"),
            "{name}: {}",
            answer.text()
        );
    }
    let no_form = app.post(&token, IMPORTS, &json!({}));
    assert_eq!(
        (no_form.status, no_form.code().as_str()),
        (415, "unsupported_media_type")
    );
    let elsewhere = upload(
        &app,
        &app.token_of_another_city(Role::Operator),
        "",
        "1,Works A,230700,100,1,5\n",
    );
    assert_eq!(elsewhere.status, 422, "{}", elsewhere.text());
}

#[test]
fn workbooks_and_tables_are_downloaded() {
    let app = TestApp::start();
    app.submit(&response("uuid:1"));
    let token = app.token(Role::Consultant);
    for path in [
        "/api/v1/surveys/firm/versions/newest/template?lang=zh",
        "/api/v1/surveys/firm/versions/1/template?layout=form",
        "/api/v1/surveys/firm/export",
    ] {
        let answer = app.get(&token, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.body.starts_with(b"PK\x03\x04"), "{path} is no workbook");
        assert!(
            answer.header("content-disposition").unwrap().contains(".xlsx"),
            "{path}"
        );
    }
    let table = app.get(&token, "/api/v1/surveys/firm/export?format=csv").text();
    assert!(table.contains("1200.5"), "{table}");
    assert!(!table.contains("Works uuid:1") && !table.contains("Li Ming"), "{table}");
    let products = app
        .get(&token, "/api/v1/surveys/firm/export?format=csv&repeat=products")
        .text();
    assert!(products.contains("berries"), "{products}");
    let personal = app
        .get(
            &app.token(Role::Supervisor),
            "/api/v1/surveys/firm/export?format=csv&personal=full&reason=check",
        )
        .text();
    assert!(
        personal.contains("Works uuid:1") && personal.contains("Li Ming"),
        "{personal}"
    );
    assert_eq!(
        app.get(&token, "/api/v1/surveys/firm/export?personal=full&reason=check")
            .status,
        403
    );
    assert_eq!(app.get(&token, "/api/v1/surveys/firm/export?format=doc").status, 400);
}

#[test]
fn an_assessment_is_made_read_and_downloaded() {
    let app = TestApp::start();
    let token = app.token(Role::Consultant);
    let nothing = app.post(&token, "/api/v1/assessments", &json!({}));
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (422, "assessment_impossible")
    );
    for number in 0..12 {
        let mut body = response(&format!("uuid:{number}"));
        body["answers"]["city"] = json!(if number % 2 == 0 { "230700" } else { "231182" });
        assert_eq!(app.submit(&body).status, 201);
    }
    let made = app.post(&token, "/api/v1/assessments", &json!({"name": "First"}));
    assert_eq!(
        (made.status, &made.json()["responses"]),
        (201, &json!(12)),
        "{}",
        made.text()
    );
    let address = format!("/api/v1/assessments/{}", made.json()["id"]);
    let read = app.get(&token, &address).json();
    assert_eq!(
        (&read["name"], &read["result"]["units"]),
        (&json!("First"), &json!(["230700", "231182"]))
    );
    let json_file = app.get(&token, &format!("{address}/download?format=json"));
    assert_eq!(json_file.json(), read["result"]);
    let csv_file = app.get(&token, &format!("{address}/download?format=csv")).text();
    assert!(csv_file.starts_with("unit,Index"), "{csv_file}");
    for role in [Role::Consultant, Role::Viewer] {
        let workbook = app.get(&app.token(role), &format!("{address}/download"));
        assert_eq!(workbook.status, 200, "{}", workbook.text());
        assert!(workbook.body.starts_with(b"PK\x03\x04"));
    }
    let options = json!({"aggregate": "geometric", "uncertainty": {"runs": 0}});
    let other = json!({"name": "Second", "options": options, "compare_with": made.json()["id"]});
    let compared = app.post(&token, "/api/v1/assessments", &other);
    assert_eq!(compared.status, 201, "{}", compared.text());
    let result = app
        .get(&token, &format!("/api/v1/assessments/{}", compared.json()["id"]))
        .json();
    assert_eq!(result["result"]["comparison"]["kind"], "methods");
    let nobody = app.post(&token, "/api/v1/assessments", &json!({"compare_with": 999}));
    assert_eq!(
        (nobody.status, nobody.code().as_str()),
        (422, "value_invalid"),
        "{}",
        nobody.text()
    );

    let wrong = app.post(&token, "/api/v1/assessments", &json!({"options": {"nonsense": 1}}));
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (422, "value_invalid"),
        "{}",
        wrong.text()
    );
}
