//! What ODK Collect does, step by step: it lists forms, fetches one with its files, asks whether it may send, sends, sends
//! again, sends in batches, and edits.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::Utc;
use innogauge::attachments::ContentAddress;
use innogauge::definition::load_folder;
use innogauge::response::Role;
use innogauge::settings::Bytes;
use innogauge::store::{NewAssignments, NewToken, RegisterOf, Seed, Store};
use innogauge::web::{Limits, Settings};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::TestApp;
use crate::client::{Answer, Connection, Request};
use crate::databases::on_each;
use crate::supervisor_week::code;

mod parts;

/// A visit to an organisation that is picked from the register.
const VISITS: &str = r"
survey: visits
version: '1'
title: {zh: 走访, en: Visits}
languages: {zh: 中文, en: English}
timezone: Asia/Shanghai
identity: {code: credit_code, name: org_name, city: city}
settings: {client_editable: true}
questions:
  - {type: select_one_from_file organisations.csv, name: organisation, label: {zh: 单位, en: Organisation}}
  - {type: calculate, name: credit_code, identifying: true, calculation: 'pulldata(''organisations'', ''code'', ''name'', ${organisation})'}
  - {type: calculate, name: org_name, identifying: true, calculation: 'pulldata(''organisations'', ''org_name'', ''name'', ${organisation})'}
  - {type: calculate, name: city, calculation: 'pulldata(''organisations'', ''city'', ''name'', ${organisation})'}
  - type: decimal
    name: turnover
    label: {zh: 营业收入, en: Turnover}
    constraint: . >= 0
    warn_if:
      - test: number(pulldata('last_round', 'turnover', 'credit_code', ${credit_code})) > 0 and . >= 10 * number(pulldata('last_round', 'turnover', 'credit_code', ${credit_code}))
        message: {zh: 请核对单位。, en: Is the unit right?}
  - {type: text, name: contact, label: {zh: 联系人, en: Contact}, personal: true}
  - {type: image, name: photo, label: {zh: 照片, en: Photograph}}
  - {type: image, name: gate, label: {zh: 大门, en: Gate}}
";

/// A server with that survey, and a folder for its files.
struct Site {
    app: TestApp,
    folder: TempDir,
}

/// A multipart request as Collect sends one: the form first, then files.
pub fn parcel(path: &str, form: &str, files: &[(&str, &[u8])], incomplete: bool) -> Request {
    let mut body = Vec::new();
    let mut part = |name: &str, file_name: &str, kind: &str, content: &[u8]| {
        let head = format!(
            "--OkHttp\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("xml_submission_file", "visits_2026.xml", "text/xml", form.as_bytes());
    for (name, content) in files {
        part(name, name, "image/jpeg", content);
    }
    if incomplete {
        body.extend_from_slice(b"--OkHttp\r\nContent-Disposition: form-data; name=\"*isIncomplete*\"\r\n\r\nyes\r\n");
    }
    body.extend_from_slice(b"--OkHttp--\r\n");
    Request::new("POST", path).body("multipart/form-data; boundary=OkHttp", body)
}

/// What is in an XML document under these names, in order.
fn texts(answer: &Answer, name: &str) -> Vec<String> {
    let text = answer.text();
    let document = roxmltree::Document::parse(&text).unwrap();
    let named = document.descendants().filter(|node| node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

/// What an answer in XML tells the person with the phone.
fn told(answer: &Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        Some("text/xml; charset=utf-8"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("x-openrosa-version"), Some("1.0"));
    texts(answer, "message").remove(0)
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().fold("md5:".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A picture, as far as anybody looks.
fn jpeg(bytes: usize) -> Vec<u8> {
    let mut picture = b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec();
    picture.resize(bytes, b'.');
    picture
}

/// The address of a document on this server.
fn path_of(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

/// A filled-in form: the instance of the `XForm` with these answers in it.
pub fn fill(xform: &str, instance_id: &str, replaces: Option<&str>, answers: &[(&str, &str)]) -> String {
    let document = roxmltree::Document::parse(xform).unwrap();
    let instance = document
        .descendants()
        .find(|node| node.tag_name().name() == "instance")
        .unwrap();
    let data = instance.first_element_child().unwrap();
    let mut filled = xform[data.range()].to_owned();
    for (name, answer) in answers {
        assert!(filled.contains(&format!("<{name}/>")), "{name} in {filled}");
        filled = filled.replacen(&format!("<{name}/>"), &format!("<{name}>{answer}</{name}>"), 1);
    }
    let id = |text: &str| text.contains("instanceID/>");
    assert!(id(&filled), "{filled}");
    let edits = replaces.map(|id| format!("<orx:deprecatedID>{id}</orx:deprecatedID>"));
    let ids = format!(
        "<orx:instanceID>{instance_id}</orx:instanceID>{}",
        edits.unwrap_or_default()
    );
    filled = filled
        .replacen("<orx:instanceID/>", &ids, 1)
        .replacen("<instanceID/>", &ids, 1);
    filled.replacen(
        ' ',
        " xmlns:orx=\"http://openrosa.org/xforms\" xmlns:jr=\"http://openrosa.org/javarosa\" ",
        1,
    )
}

/// A filled-in visit.
fn visit(instance_id: &str, answers: &[(&str, &str)]) -> String {
    edit(instance_id, "", answers)
}

/// An edit of one.
fn edit(instance_id: &str, replaces: &str, answers: &[(&str, &str)]) -> String {
    let mut xml = String::from("<data xmlns:orx=\"http://openrosa.org/xforms\" id=\"visits\" version=\"1\">");
    for (name, answer) in answers {
        write!(xml, "<{name}>{answer}</{name}>").unwrap();
    }
    write!(xml, "<orx:meta><orx:instanceID>{instance_id}</orx:instanceID>").unwrap();
    if !replaces.is_empty() {
        write!(xml, "<orx:deprecatedID>{replaces}</orx:deprecatedID>").unwrap();
    }
    xml + "</orx:meta></data>"
}

impl Site {
    fn on(database: &str) -> Self {
        Self::with(database, Limits::default())
    }

    fn with(database: &str, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            attachments: Some(ContentAddress::Folder(folder.path().join("files"))),
            limits,
            ..Settings::default()
        };
        let app = TestApp::set(database, settings);
        let definitions = folder.path().join("definitions");
        std::fs::create_dir(&definitions).unwrap();
        std::fs::write(definitions.join("visits.yaml"), VISITS).unwrap();
        let loaded = load_folder(&definitions).unwrap_or_else(|errors| panic!("{errors:#?}"));
        app.store.seed(&Seed::from(&loaded.value), Utc::now()).unwrap();
        Self { app, folder }
    }

    /// A token of the field member for a phone.
    fn key(&self) -> String {
        self.key_of("field", NewToken::default())
    }

    fn key_of(&self, user: &str, limits: NewToken) -> String {
        let acts = ["fetch_forms", "submit_responses", "try_drafts"]
            .map(str::to_owned)
            .to_vec();
        let token = NewToken {
            acts: Some(acts),
            ..limits
        };
        self.app.store.create_token(user, &token, Utc::now()).unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        self.app.send(&Request::new("GET", path))
    }

    /// Sends to the address where drafts are tried.
    fn try_out(&self, key: &str, form: &str) -> Answer {
        self.app
            .send(&parcel(&format!("/test/{key}/submission"), form, &[], false))
    }

    fn send(&self, key: &str, form: &str) -> Answer {
        self.send_with(key, form, &[], false)
    }

    fn send_with(&self, key: &str, form: &str, files: &[(&str, &[u8])], incomplete: bool) -> Answer {
        let path = format!("/key/{key}/submission?deviceID=collect%3A4711");
        self.app.send(&parcel(&path, form, files, incomplete))
    }

    /// A response as a supervisor sees it.
    fn response(&self, instance_id: &str) -> Value {
        let path = format!("/api/v1/surveys/visits/responses/{instance_id}");
        let answer = self.app.get(&self.app.token(Role::Supervisor), &path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn is_known(&self, instance_id: &str) -> bool {
        self.app.store.response_head("visits", instance_id).is_ok()
    }

    /// The codes of the problems and warnings of a response.
    fn found(&self, instance_id: &str) -> Vec<String> {
        let response = self.response(instance_id);
        let findings = response["findings"].as_array().unwrap().iter();
        let codes = findings
            .filter(|one| one["severity"] != "note")
            .map(|one| one["code"].as_str().unwrap().to_owned());
        codes.collect()
    }

    /// Opens another round.
    fn open_round(&self, round: &str) {
        let body = json!({"round": round, "label": {"en": round}});
        let answer = self
            .app
            .post(&self.app.token(Role::Administrator), "/api/v1/rounds", &body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.patch(&format!("/api/v1/rounds/{round}"), &json!({"state": "open"}));
    }

    /// The files of a response, by name with their states.
    fn files(&self, instance_id: &str) -> Vec<(String, String)> {
        let path = format!("/api/v1/surveys/visits/responses/{instance_id}/attachments");
        let answer = self.app.get(&self.app.token(Role::Supervisor), &path).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let files = answer["files"].as_array().unwrap().iter();
        files.map(|file| (text(&file["name"]), text(&file["state"]))).collect()
    }

    /// How many files lie in the folder of attachments.
    fn on_disk(&self) -> usize {
        let (mut found, mut folders) = (0, vec![self.folder.path().join("files")]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found += 1;
                }
            }
        }
        found
    }

    /// Puts organisations of Yichun into the register, and gives the first ones to the field member.
    fn register(&self, organisations: usize, given: usize) {
        let now = Utc::now();
        let of = RegisterOf {
            round: self.app.store.default_round().unwrap().unwrap(),
            survey: "visits".to_owned(),
            actor: "supervisor".to_owned(),
        };
        let entries: Vec<_> = (0..organisations)
            .map(|number| {
                let entry = json!({
                    "code": code(number), "name": format!("Works, {number}"), "city": "230700", "size": "small",
                    "confidential": true, "listed": false, "in_frame": true, "employees": 77, "address": "Street 1"
                });
                serde_json::from_value(entry).unwrap()
            })
            .collect();
        self.app.store.load_register(&of, &entries, false, now).unwrap();
        let new = NewAssignments {
            member: "field".to_owned(),
            codes: (0..given).map(code).collect(),
            reassign: false,
        };
        self.app.store.assign(&of, &new, None, now).unwrap();
    }

    fn patch(&self, path: &str, body: &Value) {
        let token = self.app.token(Role::Administrator);
        let answer = self.app.send(&Request::new("PATCH", path).token(&token).json(body));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn forms_are_listed_and_fetched_with_hashes_of_what_is_served() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let list = site.get(&format!("/key/{key}/formList?deviceID=collect%3A4711"));
        assert_eq!(list.status, 200, "{}", list.text());
        assert_eq!(list.header("content-type"), Some("text/xml; charset=utf-8"));
        assert_eq!(list.header("x-openrosa-version"), Some("1.0"));
        assert!(
            list.text()
                .contains("<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">")
        );
        assert_eq!(texts(&list, "formID"), ["firm", "visits"]);
        assert_eq!(texts(&list, "name"), ["企业", "走访"]);
        assert_eq!(texts(&list, "version"), ["1", "1"]);
        let forms = texts(&list, "downloadUrl");
        for (address, hash) in forms.iter().zip(texts(&list, "hash")) {
            assert!(
                address.starts_with(&format!("http://localhost/key/{key}/forms/")),
                "{address}"
            );
            let form = site.get(&path_of(address));
            assert_eq!(form.header("content-type"), Some("text/xml; charset=utf-8"));
            assert_eq!(md5(&form.body), hash);
            assert_eq!(site.get(&path_of(address)).body, form.body, "always the same bytes");
        }
        assert_eq!(
            texts(&site.get(&format!("/key/{key}/formList?formID=firm")), "formID"),
            ["firm"]
        );

        let manifests = texts(&list, "manifestUrl");
        assert_eq!(manifests.len(), 1, "the other form reads no files");
        let manifest = site.get(&path_of(&manifests[0]));
        assert!(
            manifest
                .text()
                .contains("<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">")
        );
        assert_eq!(texts(&manifest, "filename"), ["organisations.csv", "last_round.csv"]);
        for (address, hash) in texts(&manifest, "downloadUrl").iter().zip(texts(&manifest, "hash")) {
            let file = site.get(&path_of(address));
            assert_eq!((file.status, md5(&file.body)), (200, hash), "{address}");
        }
        let form = |rest: &str| site.get(&format!("/key/{key}/forms/{rest}")).status;
        assert_eq!(form("visits/9/form.xml"), 404);
        assert_eq!(form("nothing/1/form.xml"), 404);
        assert_eq!(form("visits/1/media/nothing.csv"), 404);
        assert_eq!(form("visits/1/media/..%2F..%2Fform.xml"), 404);
    });
}

#[test]
fn a_form_is_sent_sent_again_and_kept_whatever_it_says() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let path = format!("/key/{key}/submission?deviceID=collect%3A4711");
        let head = site.app.send(&Request::new("HEAD", &path));
        assert_eq!((head.status, head.header("x-openrosa-version")), (204, Some("1.0")));
        assert_eq!(head.header("x-openrosa-accept-content-length"), Some("10000000"));

        let form = visit(
            "uuid:1",
            &[("city", "230700"), ("turnover", "12.5"), ("contact", "Li Ming")],
        );
        let sent = site.send(&key, &form);
        assert_eq!(
            (sent.status, told(&sent).as_str()),
            (201, "已收到。"),
            "{}",
            sent.text()
        );
        let response = site.response("uuid:1");
        assert_eq!(
            (&response["state"], &response["door"]),
            (&json!("received"), &json!("open_rosa"))
        );
        assert_eq!(
            (&response["sender"], &response["test"]),
            (&json!("field"), &json!(false))
        );
        let again = site.send(&key, &form.replace("><", ">\n  <"));
        assert_eq!((again.status, told(&again).as_str()), (201, "已收到。"));
        assert_eq!(site.response("uuid:1")["versions"], 1);

        let other = site.send(&key, &form.replace("12.5", "13"));
        assert!(
            other.status == 409 && told(&other).contains("编号相同而内容不同"),
            "{}",
            other.text()
        );

        let broken = visit("uuid:2", &[("city", "230700"), ("turnover", "-3"), ("colour", "red")]);
        let sent = site.send(&key, &broken);
        assert_eq!(
            (sent.status, told(&sent).as_str()),
            (201, "已收到，有 2 处需要核对。"),
            "{}",
            sent.text()
        );
        assert_eq!(site.response("uuid:2")["state"], "has_issues");
        let mut found = site.found("uuid:2");
        found.sort();
        assert_eq!(found, ["constraint", "unknown_question"]);

        let history = "/api/v1/surveys/visits/responses/uuid:2/history?personal=full&reason=a%20question";
        let history = site.app.get(&site.app.token(Role::Supervisor), history).json();
        assert_eq!(history["versions"][0]["device"], "collect:4711");
    });
}

#[test]
fn files_come_in_batches_and_in_pieces() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let form = visit("uuid:1", &[("city", "230700"), ("photo", "1.jpg"), ("gate", "2.jpg")]);
        let (photo, gate) = (jpeg(1000), jpeg(2000));
        let first = site.send_with(&key, &form, &[("1.jpg", &photo)], true);
        assert_eq!(
            (first.status, told(&first).as_str()),
            (201, "已收到。还有 1 个附件未收到。"),
            "{}",
            first.text()
        );
        let state = |states: [&str; 2]| {
            vec![
                ("1.jpg".to_owned(), states[0].to_owned()),
                ("2.jpg".to_owned(), states[1].to_owned()),
            ]
        };
        assert_eq!(site.files("uuid:1"), state(["received", "missing"]));
        // The batch was not heard to arrive: it comes again, with what follows.
        for _ in 0..2 {
            let second = site.send_with(&key, &form, &[("1.jpg", &photo), ("2.jpg", &gate)], false);
            assert_eq!(
                (second.status, told(&second).as_str()),
                (201, "已收到。"),
                "{}",
                second.text()
            );
        }
        assert_eq!(site.files("uuid:1"), state(["received", "received"]));
        assert_eq!(
            (site.response("uuid:1")["versions"].as_i64(), site.on_disk()),
            (Some(1), 2)
        );
        let other = site.send_with(&key, &form, &[("2.jpg", &photo)], false);
        assert_eq!(other.status, 409, "another file under the same name: {}", other.text());
        assert!(
            told(&other).contains("答卷已保存") && told(&other).contains("stored"),
            "{}",
            told(&other)
        );

        // An edit does not send the pictures again.
        let edited = edit(
            "uuid:2",
            "uuid:1",
            &[
                ("city", "230700"),
                ("photo", "1.jpg"),
                ("gate", "2.jpg"),
                ("turnover", "5"),
            ],
        );
        assert_eq!(told(&site.send(&key, &edited)), "已收到。");
        assert_eq!(site.files("uuid:1"), state(["received", "received"]));
    });
}

#[test]
fn edits_find_their_place_in_order_and_out_of_order() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let turnover = |amount: &'static str| [("city", "230700"), ("turnover", amount)];
        let send = |form: &str| {
            let answer = site.send(&key, form);
            assert_eq!(answer.status, 201, "{}", answer.text());
        };
        send(&visit("uuid:a1", &turnover("1")));
        send(&edit("uuid:a2", "uuid:a1", &turnover("2")));
        send(&edit("uuid:b3", "uuid:b2", &turnover("3")));
        send(&edit("uuid:b2", "uuid:b1", &turnover("2")));
        send(&visit("uuid:b1", &turnover("1")));
        for (name, amount, versions, state) in [("uuid:a1", 2.0, 2, "edited"), ("uuid:b1", 3.0, 3, "received")] {
            let response = site.response(name);
            assert_eq!(response["answers"]["turnover"], amount, "{response}");
            assert_eq!(response["versions"], versions);
            assert!(
                response["state"] == state || response["state"] == "edited",
                "{response}"
            );
        }
        // A superseded version again is known; it changes nothing.
        send(&visit("uuid:a1", &turnover("1")));
        assert_eq!(site.response("uuid:a1")["answers"]["turnover"], 2.0);
    });
}

#[test]
fn a_key_that_is_not_valid_is_told_so_without_asking_for_a_password() {
    let site = Site::on("sqlite::memory:");
    let app = &site.app;
    let disabled = site.key_of("operator", NewToken::default());
    app.store.set_user_disabled("operator", true, Utc::now()).unwrap();
    let session = app.session("field");
    let form = visit("uuid:1", &[("city", "230700")]);
    for key in [
        "ig_wrong",
        &app.revoked_token(Role::Field),
        &app.expired_token(Role::Field),
        &disabled,
        &session,
    ] {
        for answer in [
            site.get(&format!("/key/{key}/formList")),
            site.get(&format!("/test/{key}/formList")),
            site.send(key, &form),
        ] {
            assert_eq!((answer.status, answer.header("www-authenticate")), (403, None));
            let told = told(&answer);
            assert!(told.contains("二维码") && told.contains("QR code"), "{told}");
            assert!(!answer.text().contains(key));
        }
    }
    assert_eq!(app.send(&Request::new("HEAD", "/key/ig_wrong/submission")).status, 403);
    // A token may be good for less than a phone needs.
    let reading = NewToken {
        acts: Some(vec!["read_responses".to_owned()]),
        ..NewToken::default()
    };
    let reading = app.store.create_token("field", &reading, Utc::now()).unwrap();
    assert_eq!(site.get(&format!("/key/{reading}/formList")).status, 403);
    let viewing = app.token(Role::Viewer);
    assert_eq!(site.send(&viewing, &form).status, 403);
    assert!(!site.is_known("uuid:1"));
    let nowhere = site.get(&format!("/key/{viewing}/nowhere"));
    assert!(nowhere.status == 404 && !told(&nowhere).is_empty());
}

#[test]
fn a_key_is_good_for_its_surveys_and_what_comes_from_elsewhere_is_marked() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let form = visit("uuid:1", &[("city", "230700")]);
        let of_firm = site.key_of(
            "field",
            NewToken {
                surveys: Some(vec!["firm".to_owned()]),
                ..NewToken::default()
            },
        );
        assert_eq!(
            texts(&site.get(&format!("/key/{of_firm}/formList")), "formID"),
            ["firm"]
        );
        assert_eq!(site.get(&format!("/key/{of_firm}/forms/visits/1/form.xml")).status, 404);
        let refused = site.send(&of_firm, &form);
        assert!(
            refused.status == 404 && told(&refused).contains("没有表单“visits”"),
            "{}",
            refused.text()
        );
        let unknown = site.send(&site.key(), &form.replace("\"visits\"", "\"trees\""));
        assert!(
            unknown.status == 404 && told(&unknown).contains("no form 'trees'"),
            "{}",
            unknown.text()
        );
        assert!(!site.is_known("uuid:1"));

        // A city that is not the sender's: kept, for the supervisor.
        let of_wudalianchi = site.key_of("field-wudalianchi", NewToken::default());
        assert_eq!(told(&site.send(&of_wudalianchi, &form)), "已收到，有 1 处需要核对。");
        assert_eq!(site.found("uuid:1"), ["city_of_others"]);
        // They may mend it, since it is their own; another's they may not touch.
        let mended = edit("uuid:2", "uuid:1", &[("city", "231182")]);
        assert_eq!(told(&site.send(&of_wudalianchi, &mended)), "已收到。");
        assert_eq!(
            site.send(&site.key(), &visit("uuid:3", &[("city", "230700")])).status,
            201
        );
        let taken = site.send(&of_wudalianchi, &edit("uuid:4", "uuid:3", &[("city", "231182")]));
        assert!(taken.status == 403 && told(&taken).contains("督导"), "{}", taken.text());
        assert_eq!(site.response("uuid:3")["versions"], 1);
    });
}

#[test]
fn versions_rounds_and_states_decide_how_it_is_kept_and_not_whether() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let city = [("city", "230700")];
        let send = |key: &str, form: &str| {
            let answer = site.send(key, form);
            assert_eq!(answer.status, 201, "{}", answer.text());
        };
        send(
            &key,
            &visit("uuid:old", &city).replace("version=\"1\"", "version=\"0.9\""),
        );
        send(&key, &visit("uuid:blank", &city).replace(" version=\"1\"", ""));
        for name in ["uuid:old", "uuid:blank"] {
            assert_eq!(site.found(name), ["unknown_version"]);
            assert_eq!(site.response(name)["state"], "has_issues");
        }

        let first = site.app.store.default_round().unwrap().unwrap();
        site.open_round("autumn");
        let of_autumn = site.key_of(
            "field",
            NewToken {
                round: Some("autumn".to_owned()),
                ..NewToken::default()
            },
        );
        send(&of_autumn, &visit("uuid:autumn", &city));
        assert_eq!(site.response("uuid:autumn")["round"], "autumn");
        send(&key, &visit("uuid:nowhere", &city));
        assert_eq!(
            site.found("uuid:nowhere"),
            ["no_open_round"],
            "two are open and none is named"
        );
        site.patch("/api/v1/rounds/autumn", &json!({"state": "closed"}));
        send(&key, &visit("uuid:first", &city));
        assert_eq!(site.response("uuid:first")["round"], json!(first));
        send(&of_autumn, &visit("uuid:late", &city));
        assert_eq!(
            (site.response("uuid:late")["round"].clone(), site.found("uuid:late")),
            (json!("autumn"), vec!["round_not_open".to_owned()])
        );

        site.patch("/api/v1/surveys/visits", &json!({"state": "closing"}));
        assert_eq!(texts(&site.get(&format!("/key/{key}/formList")), "formID"), ["firm"]);
        send(&key, &visit("uuid:closing", &city));
        assert!(site.found("uuid:closing").is_empty());
        site.patch("/api/v1/surveys/visits", &json!({"state": "closed"}));
        send(&key, &visit("uuid:closed", &city));
        assert_eq!(site.found("uuid:closed"), ["survey_closed"], "an interview is not lost");
    });
}

#[test]
fn drafts_are_tried_at_an_address_of_their_own_and_never_scored() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let (key, administrator) = (site.key(), site.app.token(Role::Administrator));
        assert!(
            texts(&site.get(&format!("/test/{key}/formList")), "formID").is_empty(),
            "nothing is a draft"
        );
        let draft = VISITS.replace("version: '1'", "version: '2'");
        let path = "/api/v1/surveys/visits/versions/2";
        let kept = Request::new("PUT", path)
            .token(&administrator)
            .body("application/yaml", draft);
        assert_eq!(site.app.send(&kept).status, 200);
        let list = site.get(&format!("/test/{key}/formList"));
        assert_eq!(
            (texts(&list, "formID"), texts(&list, "version")),
            (vec!["visits".to_owned()], vec!["2".to_owned()])
        );
        assert_eq!(
            texts(&site.get(&format!("/key/{key}/formList?formID=visits")), "version"),
            ["1"]
        );
        assert_eq!(site.get(&format!("/key/{key}/forms/visits/2/form.xml")).status, 404);
        let form = site.get(&path_of(&texts(&list, "downloadUrl")[0]));
        assert_eq!(md5(&form.body), texts(&list, "hash")[0]);
        let filled = fill(
            &form.text(),
            "uuid:test",
            None,
            &[("city", "230700"), ("turnover", "3")],
        );
        let sent = site
            .app
            .send(&parcel(&format!("/test/{key}/submission"), &filled, &[], false));
        assert_eq!(
            (sent.status, told(&sent).as_str()),
            (201, "测试答卷已收到，不计入结果。"),
            "{}",
            sent.text()
        );
        assert_eq!(site.response("uuid:test")["test"], true);
        // What was tried with a draft that is published by now is still a test.
        assert_eq!(
            site.app
                .post(&administrator, &format!("{path}/publish"), &json!({}))
                .status,
            200
        );
        let late = filled.replace("uuid:test", "uuid:late");
        assert_eq!(
            site.app
                .send(&parcel(&format!("/test/{key}/submission"), &late, &[], false))
                .status,
            201
        );
        assert_eq!(site.response("uuid:late")["test"], true);
    });
}

#[test]
fn what_is_no_form_is_refused_with_a_reason_and_leaves_nothing() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let bomb = "<!DOCTYPE data [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let reader = "<!DOCTYPE data [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>";
    let form = visit("uuid:1", &[("city", "230700"), ("contact", "&b;&file;")]);
    let deep = format!(
        "<data id=\"visits\" version=\"1\">{}{}</data>",
        "<a>".repeat(100_000),
        "</a>".repeat(100_000)
    );
    for (what, xml) in [
        ("a bomb", format!("{bomb}{form}")),
        ("an external entity", format!("{reader}{form}")),
        ("an unknown entity", form.clone()),
        ("cut off", form[..form.len() - 9].to_owned()),
        ("no XML", "hello".to_owned()),
        ("no form", "<data/>".to_owned()),
        ("deep", deep),
    ] {
        let answer = site.send_with(&key, &xml, &[("1.jpg", &jpeg(100))], false);
        let told = told(&answer);
        assert_eq!(answer.status, 400, "{what}: {told}");
        assert!(
            told.contains("没有保存") && told.contains("not stored") && !told.contains("root:"),
            "{what}: {told}"
        );
    }
    let encrypted =
        "<data id=\"visits\" version=\"1\" encrypted=\"yes\"><base64EncryptedKey>AA==</base64EncryptedKey></data>";
    let answer = site.send(&key, encrypted);
    assert!(
        answer.status == 422 && told(&answer).contains("加密"),
        "{}",
        answer.text()
    );
    let path = format!("/key/{key}/submission");
    let json = site.app.send(&Request::new("POST", &path).json(&json!({})));
    assert!(
        json.status == 415 && told(&json).contains("xml_submission_file"),
        "{}",
        json.text()
    );
    let empty = site
        .app
        .send(&Request::new("POST", &path).body("multipart/form-data; boundary=OkHttp", "--OkHttp--\r\n"));
    assert_eq!(empty.status, 400, "{}", empty.text());
    assert_eq!((site.is_known("uuid:1"), site.on_disk()), (false, 0));
}

#[test]
fn names_of_files_lead_nowhere_and_files_of_no_kind_are_kept_as_bytes() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let form = visit(
        "uuid:1",
        &[
            ("city", "230700"),
            ("photo", "../../../tmp/openrosa.jpg"),
            ("gate", "gate.jpg"),
        ],
    );
    let files: [(&str, &[u8]); 4] = [
        ("../../../tmp/openrosa.jpg", &jpeg(100)),
        ("/etc/gate.jpg", &jpeg(100)),
        ("left over.jpg", &jpeg(100)),
        ("gate.jpg", b"<html><script>alert(1)</script></html>"),
    ];
    let sent = site.send_with(&key, &form, &files, false);
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert!(
        told(&sent).contains("没有提到")
            && told(&sent).contains("/etc/gate.jpg")
            && told(&sent).contains("left over.jpg"),
        "{}",
        told(&sent)
    );
    // What is no picture is kept all the same, as bytes.
    assert_eq!(site.files("uuid:1"), [("gate.jpg".to_owned(), "received".to_owned())]);
    assert_eq!(
        (site.found("uuid:1"), site.on_disk()),
        // A path is no name of a file.
        (vec!["wrong_type".to_owned(), "file_of_other_kind".to_owned()], 1)
    );
    let path = "/api/v1/surveys/visits/responses/uuid:1/attachments/gate.jpg";
    let file = site.app.get(&site.app.token(Role::Supervisor), path);
    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
}

#[test]
fn a_file_over_the_limit_is_refused_with_the_remedy_and_the_answers_and_other_files_are_kept() {
    let limits = Limits {
        attachment_bytes: Bytes(64 * 1024),
        body_bytes: Bytes(8 * 1024),
        ..Limits::default()
    };
    let site = Site::with("sqlite::memory:", limits);
    let key = site.key();
    let form = visit("uuid:1", &[("city", "230700"), ("photo", "1.jpg"), ("gate", "2.jpg")]);
    let answer = site.send_with(
        &key,
        &form,
        &[("2.jpg", &jpeg(1000)), ("1.jpg", &jpeg(3_000_000))],
        false,
    );
    let told_of = told(&answer);
    assert!(
        answer.status == 413
            && told_of.contains("答卷已保存。")
            && told_of.contains("“1.jpg”未保存：超过 64 KB")
            && told_of.contains("over 64 KB"),
        "{told_of}"
    );
    assert_eq!((site.is_known("uuid:1"), site.on_disk()), (true, 1));
    let long = visit("uuid:2", &[("city", "230700"), ("contact", &"x".repeat(9000))]);
    let answer = site.send(&key, &long);
    assert!(
        answer.status == 413 && told(&answer).contains("8 KB"),
        "{}",
        answer.text()
    );
    let sent = site.send_with(
        &key,
        &form,
        &[("1.jpg", &jpeg(64 * 1024)), ("2.jpg", &jpeg(1000))],
        false,
    );
    assert_eq!(
        (sent.status, told(&sent).as_str()),
        (201, "已收到。"),
        "{}",
        sent.text()
    );
}

#[test]
fn a_connection_that_is_cut_leaves_nothing_and_the_next_try_arrives() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let form = visit("uuid:1", &[("city", "230700"), ("photo", "1.jpg")]);
    let photo = jpeg(600_000);
    let request = parcel(&format!("/key/{key}/submission"), &form, &[("1.jpg", &photo)], false);
    let bytes = request.bytes();
    for share in [2, 3, 10, 1000] {
        let mut connection = Connection::open(site.app.address).unwrap();
        connection.write(&bytes[..bytes.len() / share]).unwrap();
        drop(connection);
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while site.on_disk() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((site.is_known("uuid:1"), site.on_disk()), (false, 0));
    let sent = site.app.send(&request);
    assert_eq!(
        (sent.status, told(&sent).as_str()),
        (201, "已收到。"),
        "{}",
        sent.text()
    );
    assert_eq!(site.files("uuid:1"), [("1.jpg".to_owned(), "received".to_owned())]);
}

/// A list for a phone as rows, without its head.
fn rows(answer: &Answer) -> Vec<Vec<String>> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut reader = csv::Reader::from_reader(answer.body.as_slice());
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn an_organisation_is_picked_from_the_register_and_its_assignment_moves() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.register(5, 2);
        let list = |key: &str| site.get(&format!("/key/{key}/forms/visits/1/media/organisations.csv"));
        let key = site.key();
        let own = list(&key);
        assert_eq!(
            own.text().lines().next(),
            Some("name,label,code,org_name,city,sector,size,stratum,address,geometry,state")
        );
        assert!(!own.text().contains("77"), "no more than a visit needs");
        let of = |rows: &[Vec<String>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
        assert_eq!(
            of(&rows(&own)),
            [code(0), code(1)],
            "a member of the team has their own"
        );
        assert_eq!(rows(&own)[0][10], "open");
        assert_eq!(rows(&list(&site.key_of("supervisor", NewToken::default()))).len(), 5);
        let elsewhere = site.key_of("supervisor-wudalianchi", NewToken::default());
        assert!(rows(&list(&elsewhere)).is_empty(), "none in their city");
        let hash = |key: &str| {
            let manifest = site.get(&format!("/key/{key}/forms/visits/1/manifest"));
            texts(&manifest, "hash")[0].clone()
        };
        let before = hash(&key);

        // What the phone pulled out of the list is kept, though the register has changed since.
        let picked = code(1);
        let filled = [
            ("organisation", picked.as_str()),
            ("credit_code", &picked),
            ("org_name", "Works as it was called"),
            ("city", "230700"),
            ("turnover", "100"),
        ];
        let sent = site.send(&key, &visit("uuid:1", &filled));
        assert_eq!(
            (sent.status, told(&sent).as_str()),
            (201, "已收到。"),
            "{}",
            sent.text()
        );
        let response = site.response("uuid:1");
        assert_eq!(
            (&response["code"], &response["name"]),
            (&json!(picked), &json!("Works as it was called"))
        );
        assert_eq!(rows(&list(&key))[1][10], "completed");
        assert_ne!(hash(&key), before, "the phone fetches the list again");
        let assignments = site
            .app
            .get(&site.app.token(Role::Field), "/api/v1/surveys/visits/assignments")
            .json();
        let states: Vec<&Value> = assignments["assignments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["state"])
            .collect();
        assert_eq!(states, ["open", "completed"]);

        let unknown = [("organisation", "91230700MA0000099X"), ("city", "230700")];
        assert_eq!(
            told(&site.send(&key, &visit("uuid:2", &unknown))),
            "已收到，有 1 处需要核对。"
        );
        assert_eq!(site.found("uuid:2"), ["unknown_live_choice"]);
        assert_eq!(site.response("uuid:2")["state"], "received", "only a warning");
    });
}

#[test]
fn the_figures_of_the_round_before_are_on_the_phone() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let app = &site.app;
        let before = app.store.default_round().unwrap().unwrap();
        let administrator = site.key_of("administrator", NewToken::default());
        for (number, city) in [(1, "230700"), (2, "231182")] {
            let code = code(number);
            let answers = [
                ("credit_code", code.as_str()),
                ("city", city),
                ("turnover", "50"),
                ("contact", "Li Ming"),
            ];
            let answer = site.send(&administrator, &visit(&format!("uuid:{number}"), &answers));
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        site.patch(&format!("/api/v1/rounds/{before}"), &json!({"state": "closed"}));
        site.open_round("zz");
        let list = |key: &str| site.get(&format!("/key/{key}/forms/visits/1/media/last_round.csv"));
        let all = list(&administrator);
        assert_eq!(
            all.text(),
            format!("credit_code,turnover\n{},50\n{},50\n", code(1), code(2))
        );
        assert_eq!(
            rows(&list(&site.key_of("field-wudalianchi", NewToken::default()))),
            [[code(2), "50".to_owned()]]
        );
    });
}

#[test]
fn a_definition_is_published_listed_fetched_filled_in_submitted_and_scored() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let app = &site.app;
        let administrator = app.token(Role::Administrator);
        let firm = std::fs::read_to_string(crate::app::definitions().join("firm.yaml")).unwrap();
        let path = "/api/v1/surveys/firm/versions/2";
        let draft = Request::new("PUT", path)
            .token(&administrator)
            .body("application/yaml", firm.replace("version: \"1\"", "version: \"2\""));
        assert_eq!(app.send(&draft).status, 200);
        assert_eq!(
            app.post(&administrator, &format!("{path}/publish"), &json!({})).status,
            200
        );

        // The administrator hands out a token; the phone is given its address.
        let acts = json!({"acts": ["fetch_forms", "submit_responses"], "expires_in_days": 90});
        let issued = app.post(&administrator, "/api/v1/users/field/tokens", &acts).json();
        let server = path_of(issued["server_url"].as_str().unwrap());
        let picture = site.get(&format!("{server}/qr.png"));
        assert_eq!(picture.header("content-type"), Some("image/png"));
        assert!(site.get(&format!("{server}/qr.svg")).text().contains("<svg"));
        let list = site.get(&format!("{server}/formList?formID=firm"));
        assert_eq!(texts(&list, "version"), ["2"]);
        let form = site.get(&path_of(&texts(&list, "downloadUrl")[0])).text();

        for (number, has_rd, rd) in [(1, "1", "10"), (2, "0", ""), (3, "1", "50")] {
            let name = format!("Works {number}");
            let mut answers = vec![
                ("org_name", name.as_str()),
                ("city", "230700"),
                ("turnover", "1000"),
                ("has_rd", has_rd),
            ];
            if !rd.is_empty() {
                answers.push(("rd_inhouse", rd));
            }
            let filled = fill(&form, &format!("uuid:{number}"), None, &answers);
            let sent = app.send(&parcel(&format!("{server}/submission"), &filled, &[], false));
            assert_eq!(
                (sent.status, told(&sent).as_str()),
                (201, "已收到。"),
                "{filled}\n{}",
                sent.text()
            );
        }
        let made = app.post(&administrator, "/api/v1/assessments", &json!({}));
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_i64().unwrap();
        let result = app.get(
            &administrator,
            &format!("/api/v1/assessments/{id}/download?format=json"),
        );
        assert_eq!(result.status, 200, "{}", result.text());
        assert!(result.text().contains("230700"), "{}", result.text());
    });
}

#[test]
fn a_token_for_a_phone_comes_with_its_code_and_is_good_for_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("token.db").display());
    let store = Store::open(&database).unwrap();
    crate::app::seed(&store);
    let picture = folder.path().join("field.png");
    let innogauge = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innogauge"));
        command
            .args(line.split_whitespace())
            .env("INNOGAUGE_DATABASE", &database);
        command
            .env("INNOGAUGE_DEFS", crate::app::definitions())
            .output()
            .unwrap()
    };
    let made = innogauge(&format!(
        "token field --expires 90 --qr --qr-file {} --server https://survey.example.org",
        picture.display()
    ));
    let (printed, said) = (
        String::from_utf8(made.stdout).unwrap(),
        String::from_utf8(made.stderr).unwrap(),
    );
    let token = printed.lines().next().unwrap();
    assert!(token.starts_with("ig_") && printed.contains('█'), "{printed}");
    assert!(
        said.contains(&format!("https://survey.example.org/key/{token}")),
        "{said}"
    );
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    let acts = store.tokens("field").unwrap()[0].acts.clone().unwrap();
    assert_eq!(acts, ["fetch_forms", "submit_responses", "try_drafts"]);

    let nowhere = innogauge("token field --qr");
    assert!(!nowhere.status.success() && String::from_utf8_lossy(&nowhere.stderr).contains("public_url"));
    assert_eq!(store.tokens("field").unwrap().len(), 1, "no token without its code");
}

#[test]
fn tests_and_what_counts_never_become_one_response() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let turnover = |amount: &'static str| [("city", "230700"), ("turnover", amount)];
        let send = |form: &str| assert_eq!(site.send(&key, form).status, 201);
        let attempt = |form: &str| assert_eq!(site.try_out(&key, form).status, 201);
        let is = |name: &str, test: bool, amount: f64, versions: usize| {
            let response = site.response(name);
            assert_eq!(response["test"], test, "{name}");
            assert_eq!(response["answers"]["turnover"], amount, "{name}");
            assert_eq!(response["versions"], versions, "{name}");
        };
        // A test edits what counts, and the other way round.
        send(&visit("uuid:a1", &turnover("1")));
        attempt(&edit("uuid:a2", "uuid:a1", &turnover("2")));
        is("uuid:a1", false, 1.0, 1);
        is("uuid:a2", true, 2.0, 1);
        attempt(&visit("uuid:b1", &turnover("1")));
        send(&edit("uuid:b2", "uuid:b1", &turnover("2")));
        is("uuid:b1", true, 1.0, 1);
        is("uuid:b2", false, 2.0, 1);
        // The edit came first.
        attempt(&edit("uuid:c2", "uuid:c1", &turnover("2")));
        send(&visit("uuid:c1", &turnover("1")));
        is("uuid:c1", false, 1.0, 1);
        is("uuid:c2", true, 2.0, 1);

        // The same for trial and then in earnest counts, and finds the edit that waits for it.
        attempt(&visit("uuid:d1", &turnover("1")));
        send(&edit("uuid:d2", "uuid:d1", &turnover("2")));
        send(&visit("uuid:d1", &turnover("1")));
        is("uuid:d1", false, 2.0, 2);
        is("uuid:d2", false, 2.0, 2);
        let tester = site.key_of("administrator", NewToken::default());
        assert_eq!(site.try_out(&tester, &visit("uuid:e1", &turnover("1"))).status, 201);
        send(&visit("uuid:e1", &turnover("1")));
        is("uuid:e1", false, 1.0, 1);
        let response = site.response("uuid:e1");
        assert_eq!(
            (&response["state"], &response["sender"]),
            (&json!("received"), &json!("field")),
            "it is whose it is in earnest"
        );
        // In earnest and then for trial it stays what it is.
        let before = site.response("uuid:e1");
        let again = site.try_out(&key, &visit("uuid:e1", &turnover("1")));
        assert!(
            again.status == 201 && told(&again).contains("未作任何更改"),
            "{}",
            again.text()
        );
        assert_eq!(site.response("uuid:e1"), before);
    });
}

#[test]
fn what_was_withdrawn_can_come_again_and_does_not_come_back() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let form = visit("uuid:1", &[("city", "230700"), ("turnover", "5")]);
        assert_eq!(site.send(&key, &form).status, 201);
        let path = "/api/v1/surveys/visits/responses/uuid:1/withdrawal";
        let administrator = site.app.token(Role::Administrator);
        let withdrawn = site.app.post(&administrator, path, &json!({}));
        assert!(withdrawn.status < 300, "{}", withdrawn.text());
        let again = site.send(&key, &form);
        assert!(
            again.status == 201 && told(&again).contains("撤回了同意"),
            "{}",
            again.text()
        );
        let edited = site.send(&key, &edit("uuid:2", "uuid:1", &[("city", "230700")]));
        let told = told(&edited);
        assert!(
            edited.status == 410 && told.contains("没有保存") && told.contains("not stored"),
            "{told}"
        );
        assert!(!site.is_known("uuid:2"));
    });
}

#[test]
fn an_edit_is_checked_in_the_round_of_what_it_edits() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let first = site.app.store.default_round().unwrap().unwrap();
        assert_eq!(site.send(&key, &visit("uuid:1", &[("city", "230700")])).status, 201);
        site.open_round("autumn");
        let edited = edit("uuid:2", "uuid:1", &[("city", "230700"), ("turnover", "5")]);
        assert_eq!(
            told(&site.send(&key, &edited)),
            "已收到。",
            "though two rounds are open"
        );
        site.patch(&format!("/api/v1/rounds/{first}"), &json!({"state": "closed"}));
        let edited = edit("uuid:3", "uuid:2", &[("city", "230700"), ("turnover", "6")]);
        assert_eq!(site.send(&key, &edited).status, 201);
        assert_eq!(
            (site.response("uuid:1")["round"].clone(), site.found("uuid:1")),
            (json!(first), vec!["round_not_open".to_owned()])
        );
    });
}

#[test]
fn a_form_without_an_id_is_stored_once() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let form = "<data id=\"visits\" version=\"1\"><city>230700</city><turnover>5</turnover></data>";
    let list = || {
        let path = "/api/v1/surveys/visits/responses";
        let answer = site.app.get(&site.app.token(Role::Supervisor), path).json();
        answer["responses"].as_array().unwrap().len()
    };
    for _ in 0..2 {
        assert_eq!(site.send(&key, form).status, 201);
    }
    assert_eq!(list(), 1);
    assert_eq!(site.send(&key, &form.replace('5', "6")).status, 201);
    assert_eq!(list(), 2);
}

#[test]
fn a_city_that_is_not_known_is_not_a_city_of_others() {
    let site = Site::on("sqlite::memory:");
    let key = site.key_of("field-wudalianchi", NewToken::default());
    let admin = site.app.token(Role::Administrator);
    assert_eq!(site.send(&key, &visit("uuid:1", &[("turnover", "5")])).status, 201);
    let response = site.app.get(&admin, "/api/v1/surveys/visits/responses/uuid:1").json();
    let codes: Vec<_> = response["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert!(!codes.contains(&json!("city_of_others")), "{codes:?}");
}

#[test]
fn files_of_a_form_of_another_version_are_kept() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let key = site.key();
        let form = visit(
            "uuid:1",
            &[("city", "230700"), ("contact", "card.jpg"), ("gate", "2.jpg")],
        );
        let newer = form.replace("version=\"1\"", "version=\"9\"").replace(
            "<orx:meta>",
            "<yard><photo>3.jpg</photo><photo>4.jpg</photo></yard><orx:meta>",
        );
        let files = ["card.jpg", "2.jpg", "3.jpg", "4.jpg"];
        let contents: Vec<Vec<u8>> = (0..files.len()).map(|number| jpeg(100 + number)).collect();
        let parts: Vec<(&str, &[u8])> = files.into_iter().zip(contents.iter().map(Vec::as_slice)).collect();
        for _ in 0..2 {
            let sent = site.send_with(&key, &newer, &parts, false);
            assert_eq!(sent.status, 201, "{}", sent.text());
            assert!(!told(&sent).contains("未保存"), "{}", told(&sent));
        }
        assert_eq!(site.on_disk(), 4);
    });
}

#[test]
fn one_file_in_the_way_does_not_keep_the_others_out() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let form = visit("uuid:1", &[("city", "230700"), ("photo", "1.jpg"), ("gate", "2.jpg")]);
    assert_eq!(site.send_with(&key, &form, &[("1.jpg", &jpeg(100))], true).status, 201);
    let sent = site.send_with(&key, &form, &[("1.jpg", &jpeg(200)), ("2.jpg", &jpeg(300))], false);
    assert!(
        sent.status == 409 && told(&sent).contains("“1.jpg”未保存") && told(&sent).contains("保留先收到的一份"),
        "{}",
        told(&sent)
    );
    let received = |name: &str| (name.to_owned(), "received".to_owned());
    assert_eq!(site.files("uuid:1"), [received("1.jpg"), received("2.jpg")]);
}
