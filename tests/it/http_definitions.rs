//! Definitions over HTTP: as YAML and as XLSForm in every format, with their files, and out again in any format.

use innogauge::definition::{Book, Definition, xform};
use innogauge::response::Role;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Request};

const CHECK: &str = "/api/v1/definitions/check";
const DRAFT: &str = "/api/v1/surveys/visit/versions/2026.1";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const FORM: &str = "
| survey | | | |
| | type | name | label |
| | text | org_name | Name |
| | select_one_from_file towns.csv | town | Town |
| settings | | | |
| | form_id | form_title | version |
| | visit | Visit | 2026.1 |
";

fn workbook(form: &str) -> Vec<u8> {
    let book = Book::from_markdown(form);
    book.to_xlsx().unwrap()
}

/// A form with several files, as a browser sends it.
fn parts(method: &'static str, path: &str, parts: &[(&str, &str, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (field, name, content) in parts {
        let head = format!("--limit\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--limit--\r\n");
    Request::new(method, path).body("multipart/form-data; boundary=limit", body)
}

fn faults(answer: &Answer) -> String {
    let faults = answer.json()["problems"].as_array().cloned().unwrap_or_default();
    let fault = |fault: Value| {
        format!(
            "{}: {}\n",
            fault["path"].as_str().unwrap(),
            fault["message"].as_str().unwrap()
        )
    };
    faults.into_iter().map(fault).collect()
}

#[test]
fn a_workbook_is_checked_drafted_published_and_given_out_in_every_format() {
    let app = TestApp::start();
    let token = app.token(Role::Administrator);
    let send = |request: Request| app.send(&request.token(&token));

    let checked = send(Request::new("POST", CHECK).body(XLSX, workbook(FORM)));
    assert_eq!(
        (checked.status, &checked.json()["survey"]),
        (200, &json!("visit")),
        "{}",
        checked.text()
    );
    for (content_type, body) in [
        ("text/markdown", FORM.as_bytes().to_vec()),
        ("text/csv", Book::from_markdown(FORM).to_csv().into_bytes()),
        ("application/octet-stream", workbook(FORM)),
        ("application/vnd.ms-excel", workbook(FORM)),
    ] {
        let answer = send(Request::new("POST", CHECK).body(content_type, body));
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.text());
        assert_eq!(answer.json()["questions"], 2, "{content_type}");
    }

    // A draft may come before its files, which its warnings ask for; publishing demands them.
    let alone = send(Request::new("PUT", DRAFT).body(XLSX, workbook(FORM)));
    assert_eq!(alone.status, 200, "{}", alone.text());
    assert!(
        alone.text().contains("the file 'towns.csv' is not in visit-media"),
        "{}",
        alone.text()
    );
    let early = send(Request::new("POST", format!("{DRAFT}/publish")));
    assert_eq!(
        (early.status, early.code().as_str()),
        (422, "definition_invalid"),
        "{}",
        early.text()
    );

    let towns = b"name,label\n1,Yichun\n";
    let whole = send(parts(
        "PUT",
        DRAFT,
        &[("file", "visit.xlsx", &workbook(FORM)), ("media", "towns.csv", towns)],
    ));
    assert_eq!(
        (whole.status, &whole.json()["warnings"]),
        (200, &json!([])),
        "{}",
        whole.text()
    );
    assert_eq!(app.store.attached_files("visit", "2026.1").unwrap()[0].content, towns);
    let published = send(Request::new("POST", format!("{DRAFT}/publish")));
    assert_eq!(published.status, 200, "{}", published.text());

    let get = |format: &str| app.get(&token, &format!("{DRAFT}/form?format={format}"));
    let definition = Definition::from_xlsform("visit.xlsx", &Book::from_markdown(FORM))
        .unwrap()
        .value;
    assert_eq!(get("xml").text(), xform(&definition, None));
    assert_eq!(
        Definition::from_yaml("visit.yaml", &get("yaml").text()).unwrap().value,
        definition
    );
    let given = get("xlsx");
    assert_eq!(given.header("content-type"), Some(XLSX));
    let again = send(Request::new("POST", CHECK).body(XLSX, given.body));
    assert_eq!(again.status, 200, "what is given out is taken again: {}", again.text());
    assert_eq!(get("docx").status, 400);
    let source = app.get(&token, &format!("{DRAFT}/source"));
    assert_eq!(source.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        source.text().starts_with("survey\n,type,name,label\n"),
        "{}",
        source.text()
    );
}

#[test]
fn files_come_one_by_one_or_in_a_zip() {
    let app = TestApp::start();
    let token = app.token(Role::Consultant);
    let mut archive = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut archive);
    zip.start_file("visit-media/towns.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut zip, b"name,label\n1,Yichun\n").unwrap();
    zip.finish().unwrap();
    let draft = |media: &[(&str, &str, &[u8])]| {
        let file: (&str, &str, &[u8]) = ("file", "visit.md", FORM.as_bytes());
        let all: Vec<_> = std::iter::once(file).chain(media.iter().copied()).collect();
        app.send(&parts("PUT", DRAFT, &all).token(&token))
    };
    let packed = draft(&[("media", "visit.zip", archive.get_ref())]);
    assert_eq!(
        (packed.status, &packed.json()["warnings"]),
        (200, &json!([])),
        "{}",
        packed.text()
    );
    let twice = draft(&[("media", "towns.csv", b"a"), ("media", "towns.csv", b"b")]);
    assert_eq!(
        (twice.status, twice.code().as_str()),
        (422, "file_invalid"),
        "{}",
        twice.text()
    );
    let damaged = draft(&[("media", "visit.zip", b"PK\x03\x04 cut off")]);
    assert_eq!(
        (damaged.status, damaged.code().as_str()),
        (422, "file_invalid"),
        "{}",
        damaged.text()
    );
}

#[test]
fn what_is_wrong_in_a_workbook_is_told_with_sheet_and_cell() {
    let app = TestApp::start();
    let token = app.token(Role::Consultant);
    let check = |request: Request| app.send(&request.token(&token));
    let raw = |content_type: &str, body: Vec<u8>| check(Request::new("POST", CHECK).body(content_type, body));

    let misspelt = raw(XLSX, workbook(&FORM.replace("text |", "txt |")));
    assert_eq!(misspelt.status, 422);
    assert!(
        faults(&misspelt).contains("form.xlsx:survey!A2: unknown type 'txt'"),
        "{}",
        misspelt.text()
    );
    let named = check(parts(
        "POST",
        CHECK,
        &[("file", "走访.xlsx", &workbook(&FORM.replace("text |", "txt |")))],
    ));
    assert!(faults(&named).contains("走访.xlsx:survey!A2"), "{}", named.text());

    let mut workbook_of = Workbook::new();
    let sheet = workbook_of.add_worksheet();
    sheet.set_name("survey").unwrap();
    sheet.write_formula(3, 2, "=A1").unwrap();
    let formula = raw(XLSX, workbook_of.save_to_buffer().unwrap());
    assert!(
        faults(&formula).contains("form.xlsx:survey!C4: a formula can't be a part of a survey"),
        "{}",
        formula.text()
    );

    let mut workbook_of = Workbook::new();
    let sheet = workbook_of.add_worksheet();
    sheet.set_name("survey").unwrap();
    sheet.write_string(1_048_575, 0, "text").unwrap();
    let far = raw(XLSX, workbook_of.save_to_buffer().unwrap());
    assert!(
        faults(&far).contains("survey!A1048576: the workbook is too large"),
        "{}",
        far.text()
    );

    let broken = raw(XLSX, b"PK\x03\x04 cut off".to_vec());
    assert_eq!(
        (broken.status, broken.code().as_str()),
        (422, "definition_invalid"),
        "{}",
        broken.text()
    );
    assert!(!broken.text().contains("/tmp"), "{}", broken.text());
    let picture = raw("application/octet-stream", b"\x89PNG\r\n\x1a\n".to_vec());
    assert_eq!(picture.status, 415, "{}", picture.text());
    let bytes = raw("text/markdown", b"| survey |\xff".to_vec());
    assert_eq!(bytes.status, 422, "{}", bytes.text());
    let unversioned = raw("text/markdown", FORM.replace("| version |", "| style |").into_bytes());
    assert!(
        faults(&unversioned).contains("the survey has no version"),
        "{}",
        unversioned.text()
    );
}
