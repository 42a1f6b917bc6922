//! Files of responses over HTTP: named by answers, sent by name, kept by content, read by who may see the response.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::Utc;
use innogauge::attachments::{ContentAddress, Contents};
use innogauge::definition::load_folder;
use innogauge::response::{Fingerprint, Role};
use innogauge::settings::Bytes;
use innogauge::store::{AuditFilter, NewToken, Seed};
use innogauge::web::{Limits, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::TestApp;
use crate::client::{Answer, Connection, Request};
use crate::databases::on_each;

mod exported;
mod keeping;

const VISITS: &str = "/api/v1/surveys/visit/responses";

/// A server with a survey that asks for files, and the folder that it keeps them in.
struct Site {
    app: TestApp,
    folder: TempDir,
}

impl Site {
    fn on(database: &str) -> Self {
        Self::with(database, Limits::default())
    }

    fn with(database: &str, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = ContentAddress::Folder(folder.path().to_owned());
        Self::at(database, folder, place, limits)
    }

    fn at(database: &str, folder: TempDir, place: ContentAddress, limits: Limits) -> Self {
        let app = TestApp::set(database, settings(place, limits));
        let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/attachments");
        let loaded = load_folder(&definitions).unwrap_or_else(|errors| panic!("{errors:#?}"));
        app.store.seed(&Seed::from(&loaded.value), Utc::now()).unwrap();
        Self { app, folder }
    }

    fn token(&self) -> String {
        self.app.token(Role::Field)
    }

    /// Sends a response of Yichun with these answers.
    fn submit(&self, instance_id: &str, answers: Value) {
        let answer = self.app.post(&self.token(), VISITS, &visit(instance_id, answers));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    fn put(&self, instance_id: &str, name: &str, content: &[u8]) -> Answer {
        self.app.send(&put(instance_id, name, content).token(&self.token()))
    }

    fn files(&self, instance_id: &str) -> Value {
        let answer = self
            .app
            .get(&self.token(), &format!("{VISITS}/{instance_id}/attachments"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The state of each file of a response, by question.
    fn states(&self, instance_id: &str) -> Vec<(String, String)> {
        let files = self.files(instance_id);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let files = files["files"].as_array().unwrap().iter();
        files
            .map(|file| (text(&file["questions"][0]), text(&file["state"])))
            .collect()
    }

    fn contents(&self) -> Contents {
        Contents::open(&ContentAddress::Folder(self.folder.path().to_owned())).unwrap()
    }

    /// The files that lie in the folder, as paths within it.
    fn on_disk(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.folder.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

fn settings(place: ContentAddress, limits: Limits) -> Settings {
    Settings {
        attachments: Some(place),
        limits,
        ..Settings::default()
    }
}

fn visit(instance_id: &str, mut answers: Value) -> Value {
    answers["org_name"] = json!(format!("Works {instance_id}"));
    answers["city"] = json!("230700");
    json!({"instance_id": instance_id, "version": "1", "answers": answers})
}

fn put(instance_id: &str, name: &str, content: &[u8]) -> Request {
    Request::new("PUT", format!("{VISITS}/{instance_id}/attachments/{name}")).body("application/octet-stream", content)
}

/// A picture, as far as anybody looks.
fn jpeg(text: &str) -> Vec<u8> {
    [b"\xff\xd8\xff\xe0\0\x10JFIF\0".as_slice(), text.as_bytes()].concat()
}

fn sha256(content: &[u8]) -> String {
    Fingerprint::of_bytes(content).to_string()
}

/// Where content lies in the folder.
fn place(content: &[u8]) -> String {
    let hash = sha256(content);
    format!("sealed/{}/{hash}", &hash[..2])
}

#[test]
fn a_file_is_awaited_sent_kept_by_its_hash_and_read_back() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit(
            "uuid:1",
            json!({"photo": "works.jpg", "report": "年报.pdf", "statement": "1.amr"}),
        );
        assert_eq!(
            site.states("uuid:1"),
            [("/photo", "missing"), ("/statement", "missing"), ("/report", "missing")]
                .map(|(question, state)| (question.to_owned(), state.to_owned()))
        );
        let photo = jpeg("the works");
        let sent = site.put("uuid:1", "works.jpg", &photo);
        assert_eq!(sent.status, 201, "{}", sent.text());
        let told = sent.json();
        assert_eq!(
            (
                &told["name"],
                &told["questions"],
                &told["media_type"],
                &told["size"],
                &told["sha256"]
            ),
            (
                &json!("works.jpg"),
                &json!(["/photo"]),
                &json!("image/jpeg"),
                &json!(photo.len()),
                &json!(sha256(&photo))
            )
        );
        assert_eq!(
            site.put("uuid:1", "%E5%B9%B4%E6%8A%A5.pdf", b"%PDF-1.7 ...").status,
            201
        );
        assert_eq!(site.on_disk(), {
            let mut places = [place(&photo), place(b"%PDF-1.7 ...")];
            places.sort();
            places
        });
        let files = site.files("uuid:1");
        assert_eq!(
            (&files["expected"], &files["received"], &files["missing"]),
            (&json!(3), &json!(2), &json!(1))
        );
        let response = site.app.get(&site.token(), &format!("{VISITS}/uuid:1")).json();
        assert_eq!(response["attachments"], files, "the response shows the same");
        let history = site.app.get(&site.token(), &format!("{VISITS}/uuid:1/history")).json();
        assert_eq!(history["events"][1]["kind"], "attached");

        let read = site
            .app
            .get(&site.token(), &format!("{VISITS}/uuid:1/attachments/works.jpg"));
        assert_eq!((read.status, &read.body), (200, &photo));
        let tag = format!("\"{}\"", sha256(&photo));
        for (header, value) in [
            ("content-type", "image/jpeg"),
            ("content-length", &photo.len().to_string()),
            ("content-disposition", "attachment; filename=\"works.jpg\""),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cache-control", "private, no-cache"),
            ("etag", &tag),
            ("accept-ranges", "bytes"),
        ] {
            assert_eq!(read.header(header), Some(value), "{header}");
        }
        let report = site.app.get(
            &site.token(),
            &format!("{VISITS}/uuid:1/attachments/%E5%B9%B4%E6%8A%A5.pdf"),
        );
        assert_eq!(
            report.header("content-disposition"),
            Some("attachment; filename=\"__.pdf\"; filename*=UTF-8''%E5%B9%B4%E6%8A%A5.pdf")
        );
    });
}

#[test]
fn a_file_is_asked_for_in_part_and_only_where_it_is_not_there_yet() {
    let site = Site::on("sqlite::memory:");
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    let photo = jpeg(&"0123456789".repeat(100_000));
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
    let path = format!("{VISITS}/uuid:1/attachments/works.jpg");
    let ask = |method: &'static str, headers: &[(&str, &str)]| {
        let request = Request::new(method, &path).token(&site.token());
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        site.app.send(&headers.iter().fold(request, with))
    };
    let size = photo.len();
    let tag = format!("\"{}\"", sha256(&photo));
    let whole = ask("GET", &[("accept-encoding", "gzip")]);
    assert_eq!((whole.status, whole.body == photo), (200, true));
    let head = ask("HEAD", &[]);
    assert_eq!(
        (head.status, head.header("content-length"), head.header("etag")),
        (200, Some(size.to_string().as_str()), Some(tag.as_str()))
    );
    assert_eq!(ask("GET", &[("if-none-match", &tag)]).status, 304);
    for (asked, first, last) in [
        ("bytes=0-9", 0, 9),
        ("bytes=700000-700004", 700_000, 700_004),
        ("bytes=-5", size - 5, size - 1),
        ("bytes=999990-", 999_990, size - 1),
        ("bytes=999990-99999999", 999_990, size - 1),
    ] {
        let part = ask("GET", &[("range", asked)]);
        assert_eq!(part.status, 206, "{asked}");
        assert_eq!(
            part.header("content-range"),
            Some(format!("bytes {first}-{last}/{size}").as_str())
        );
        assert!(part.body == photo[first..=last], "{asked}");
    }
    let beyond = ask("GET", &[("range", "bytes=99999999-")]);
    assert_eq!(
        (beyond.status, beyond.code().as_str(), &beyond.json()["size"]),
        (416, "range_not_satisfiable", &json!(size))
    );
    let of_another = ask("GET", &[("range", "bytes=0-9"), ("if-range", "\"another\"")]);
    assert_eq!((of_another.status, of_another.body.len()), (200, size));
    let of_this = ask("GET", &[("range", "bytes=0-9"), ("if-range", &tag)]);
    assert_eq!(of_this.status, 206);
}

#[test]
fn the_same_file_again_changes_nothing_and_another_one_is_a_conflict() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit("uuid:1", json!({"photo": "works.jpg"}));
        let photo = jpeg("the works");
        assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
        let revision = || site.app.store.response_head("visit", "uuid:1").unwrap().revision;
        let before = revision();
        let again = site.put("uuid:1", "works.jpg", &photo);
        assert_eq!((again.status, &again.json()["sha256"]), (200, &json!(sha256(&photo))));
        let other = site.put("uuid:1", "works.jpg", &jpeg("another works"));
        assert_eq!((other.status, other.code().as_str()), (409, "attachment_conflict"));
        let zh = site.app.send(
            &put("uuid:1", "works.jpg", &jpeg("another works"))
                .token(&site.token())
                .header("accept-language", "zh"),
        );
        assert_eq!(zh.json()["title"], "附件冲突");
        assert_eq!(revision(), before, "nothing was changed");
        assert_eq!(site.on_disk(), [place(&photo)]);
        let acts = AuditFilter {
            act: Some("attachment".to_owned()),
            ..AuditFilter::default()
        };
        let entries = site.app.store.audit_entries(&acts, None, 10).unwrap();
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].target, "surveys/visit/responses/uuid:1");
        assert!(entries[0].after.as_ref().unwrap().contains(&sha256(&photo)));
        assert!(site.app.store.verify_audit(None).unwrap().is_whole());
    });
}

#[test]
fn what_is_not_named_not_whole_or_not_of_the_kind_is_not_kept() {
    let site = Site::on("sqlite::memory:");
    site.submit(
        "uuid:1",
        json!({"photo": "works.jpg", "report": "report.pdf", "statement": "1.m4a"}),
    );
    let refused = |answer: &Answer| (answer.status, answer.code());
    let photo = jpeg("the works");
    for (name, content, expected) in [
        ("other.jpg", photo.as_slice(), (404, "not_found")),
        ("works.jpg", b"", (422, "file_invalid")),
        ("works.jpg", b"%PDF-1.7 ...", (415, "unsupported_media_type")),
        ("1.m4a", &photo, (415, "unsupported_media_type")),
        (
            "report.pdf",
            b"<html ><script>alert(1)</script>",
            (415, "unsupported_media_type"),
        ),
        (
            "report.pdf",
            b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>",
            (415, "unsupported_media_type"),
        ),
        (
            "report.pdf",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0",
            (415, "unsupported_media_type"),
        ),
    ] {
        let answer = site.put("uuid:1", name, content);
        assert_eq!(
            refused(&answer),
            (expected.0, expected.1.to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    let with = |header: &str, value: &str| {
        let request = put("uuid:1", "works.jpg", &photo).token(&site.token());
        site.app.send(&request.header(header, value))
    };
    // sha-256 of nothing, in base64.
    let wrong = with(
        "content-digest",
        "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    );
    assert_eq!(refused(&wrong), (422, "digest_mismatch".to_owned()));
    assert_eq!(
        refused(&with("content-digest", "sha-256=abc")),
        (400, "bad_request".to_owned())
    );
    assert_eq!(
        refused(&with("content-encoding", "gzip")),
        (415, "unsupported_media_type".to_owned())
    );
    let form = Request::new("PUT", format!("{VISITS}/uuid:1/attachments/works.jpg"))
        .token(&site.token())
        .file("works.jpg", &photo);
    assert_eq!(
        refused(&site.app.send(&form)),
        (415, "unsupported_media_type".to_owned())
    );
    for trick in [
        "..%2F..%2Fsha256",
        "%2e%2e%2fworks.jpg",
        "..%5cworks.jpg",
        "works.jpg%00",
        "works.jpg%0d%0aset-cookie:%20a=b",
        "%2e%2e",
        "works.jpg/..",
        &"a".repeat(4000),
    ] {
        let answer = site.put("uuid:1", trick, &photo);
        assert_eq!(refused(&answer), (404, "not_found".to_owned()), "{trick}");
    }
    assert_eq!(site.on_disk(), Vec::<String>::new(), "nothing of it is left");
    assert_eq!(site.files("uuid:1")["missing"], 3);
}

#[test]
fn an_answer_that_is_no_file_name_is_refused_with_the_answers() {
    let site = Site::on("sqlite::memory:");
    for name in ["../../etc/passwd", "a\\b.jpg", "..", "a\r\nb.jpg", &"a".repeat(256)] {
        let answer = site
            .app
            .post(&site.token(), VISITS, &visit("uuid:1", json!({"photo": name})));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "answers_invalid"),
            "{name}"
        );
    }
}

#[test]
fn a_file_over_the_limits_is_cut_off_and_leaves_nothing() {
    on_each(|database| {
        let limits = Limits {
            attachment_bytes: Bytes(2048),
            response_attachments_bytes: Bytes(3072),
            ..Limits::default()
        };
        let site = Site::with(&database.url, limits);
        site.submit("uuid:1", json!({"photo": "works.jpg", "report": "report.jpg"}));
        let too_large = jpeg(&"x".repeat(3000));
        let declared = site.put("uuid:1", "works.jpg", &too_large);
        assert_eq!((declared.status, declared.code().as_str()), (413, "too_large"));
        assert_eq!(declared.json()["limit_bytes"], 2048);
        // Without a length, as a stream of chunks.
        let mut connection = Connection::open(site.app.address).unwrap();
        let head = format!(
            "PUT {VISITS}/uuid:1/attachments/works.jpg HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n",
            site.token()
        );
        connection.write(head.as_bytes()).unwrap();
        for chunk in too_large.chunks(500) {
            connection.write(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
            connection.write(chunk).unwrap();
            connection.write(b"\r\n").unwrap();
        }
        connection.write(b"0\r\n\r\n").unwrap();
        let streamed = connection.read(false).unwrap();
        assert_eq!((streamed.status, streamed.code().as_str()), (413, "too_large"));
        assert_eq!(site.on_disk(), Vec::<String>::new());

        assert_eq!(site.put("uuid:1", "works.jpg", &jpeg(&"x".repeat(2000))).status, 201);
        let together = site.put("uuid:1", "report.jpg", &jpeg(&"y".repeat(2000)));
        assert_eq!((together.status, together.code().as_str()), (413, "too_large"));
        assert_eq!(together.json()["limit_bytes"], 3072);
        let same = site.put("uuid:1", "report.jpg", &jpeg(&"x".repeat(2000)));
        assert_eq!(same.status, 201, "what is kept once counts once");
    });
}

#[test]
fn a_connection_that_is_cut_midway_leaves_nothing_and_the_file_can_be_sent_again() {
    let site = Site::on("sqlite::memory:");
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    let photo = jpeg(&"x".repeat(1_000_000));
    {
        let mut connection = Connection::open(site.app.address).unwrap();
        let head = format!(
            "PUT {VISITS}/uuid:1/attachments/works.jpg HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            site.token(),
            photo.len()
        );
        connection.write(head.as_bytes()).unwrap();
        connection.write(&photo[..600_000]).unwrap();
        let began = Instant::now();
        while site.on_disk().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(20), "nothing arrives");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(
            site.on_disk()[0].starts_with("incoming/"),
            "it lies apart until it is whole"
        );
    }
    let began = Instant::now();
    while !site.on_disk().is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?} is left",
            site.on_disk()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(site.files("uuid:1")["missing"], 1);
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
}

#[test]
fn files_are_for_those_who_may_see_the_response() {
    let site = Site::on("sqlite::memory:");
    site.submit("uuid:1", json!({"photo": "works.jpg"}));
    let photo = jpeg("the works");
    assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
    let app = &site.app;
    let only = |act: &str| {
        let limits = NewToken {
            acts: Some(vec![act.to_owned()]),
            ..NewToken::default()
        };
        app.store.create_token("field", &limits, Utc::now()).unwrap()
    };
    let list = format!("{VISITS}/uuid:1/attachments");
    let file = format!("{list}/works.jpg");
    for (token, may_read, may_send) in [
        (app.token(Role::Administrator), true, true),
        (app.token(Role::Supervisor), true, true),
        (app.token(Role::Operator), true, true),
        (app.token(Role::Consultant), true, false),
        (app.token(Role::Viewer), false, false),
        (app.token_of_another_city(Role::Field), false, false),
        (app.token_of_another_survey(Role::Supervisor), false, false),
        (only("attach_files"), false, true),
        (only("read_responses"), true, false),
        (only("submit_responses"), false, false),
    ] {
        let read = |path: &str| app.get(&token, path).status;
        let head = app.send(&Request::new("HEAD", &file).token(&token)).status;
        let expected = if may_read { 200 } else { 404 };
        assert_eq!([read(&list), read(&file), head], [expected; 3]);
        let sent = app.send(&put("uuid:1", "works.jpg", &photo).token(&token)).status;
        assert_eq!(sent, if may_send { 200 } else { 404 });
    }
    // Another city hears the same of what exists and of what does not.
    let stranger = app.token_of_another_city(Role::Field);
    let hears = |instance_id: &str, name: &str| {
        let answers = [
            app.get(&stranger, &format!("{VISITS}/{instance_id}/attachments")),
            app.get(&stranger, &format!("{VISITS}/{instance_id}/attachments/{name}")),
            app.send(&put(instance_id, name, &photo).token(&stranger)),
            app.send(&put(instance_id, name, b"").token(&stranger)),
        ];
        answers.map(|answer| {
            let mut document = answer.json();
            document
                .as_object_mut()
                .unwrap()
                .retain(|key, _| key != "request_id" && key != "instance");
            (answer.status, document)
        })
    };
    assert_eq!(hears("uuid:1", "works.jpg"), hears("uuid:2", "nothing.jpg"));
    assert_eq!(app.send(&Request::new("GET", &file)).status, 401);
}

#[test]
fn a_personal_file_is_read_with_a_reason_that_goes_on_the_record() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit("uuid:1", json!({"photo": "works.jpg", "signature": "li-ming.png"}));
        let signature = b"\x89PNG\r\n\x1a\n Li Ming".as_slice();
        let sent = site.put("uuid:1", "li-ming.png", signature);
        assert_eq!(
            (sent.status, &sent.json()["name"]),
            (201, &json!("li-ming.png")),
            "{}",
            sent.text()
        );
        let files = site.files("uuid:1");
        let told = &files["files"][1];
        assert_eq!(
            told,
            &json!({"name": null, "questions": ["/signature"], "personal": true, "state": "received",
                "media_type": null, "size": null, "sha256": null, "received_at": null})
        );
        let file = format!("{VISITS}/uuid:1/attachments/li-ming.png");
        let supervisor = site.app.token(Role::Supervisor);
        assert_eq!(site.app.get(&supervisor, &file).status, 404);
        assert_eq!(site.app.get(&supervisor, &format!("{file}?personal=full")).status, 400);
        assert_eq!(
            site.app
                .get(&site.token(), &format!("{file}?personal=full&reason=a"))
                .status,
            403
        );
        let read = site
            .app
            .get(&supervisor, &format!("{file}?personal=full&reason=case%2017"));
        assert_eq!((read.status, read.body.as_slice()), (200, signature));
        assert_eq!(read.header("cache-control"), Some("no-store"));
        let list = site.app.get(
            &supervisor,
            &format!("{VISITS}/uuid:1/attachments?personal=full&reason=case%2018"),
        );
        assert_eq!(list.json()["files"][1]["name"], "li-ming.png");
        let log: Vec<_> = site.app.store.audit_entries(&AuditFilter::default(), None, 50).unwrap();
        for reason in ["case 17", "case 18"] {
            assert!(
                log.iter().any(|entry| entry.after.as_deref() == Some(reason)),
                "{reason}"
            );
        }
        let told = format!("{log:?}");
        assert!(
            !told.contains("li-ming") && !told.contains(&sha256(signature)),
            "{told}"
        );
    });
}

#[test]
fn an_edit_keeps_the_files_that_it_names_again() {
    on_each(|database| {
        let site = Site::on(&database.url);
        site.submit(
            "uuid:1",
            json!({"photo": "works.jpg", "products": [{"product": "timber", "picture": "1.jpg"}]}),
        );
        let (photo, first, second) = (jpeg("the works"), jpeg("timber"), jpeg("berries"));
        assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 201);
        assert_eq!(site.put("uuid:1", "1.jpg", &first).status, 201);
        let edit = visit(
            "uuid:2",
            json!({"photo": "works.jpg", "products": [{"product": "berries", "picture": "2.jpg"}, {"product": "timber", "picture": "1.jpg"}]}),
        );
        let request = Request::new("PUT", format!("{VISITS}/uuid:1"))
            .token(&site.token())
            .json(&edit);
        let edited = site.app.send(&request);
        assert_eq!(edited.status, 201, "{}", edited.text());
        let states = |expected: [&str; 3]| {
            let questions = ["/photo", "/products[1]/picture", "/products[2]/picture"];
            questions
                .iter()
                .zip(expected)
                .map(|(question, state)| ((*question).to_owned(), state.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(site.states("uuid:1"), states(["received", "missing", "received"]));
        assert_eq!(site.put("uuid:2", "2.jpg", &second).status, 201);
        assert_eq!(site.states("uuid:2"), states(["received", "received", "received"]));
        // The new version may have another file of its own, once; the earlier one keeps what it had.
        let newer = jpeg("the works, from nearer");
        assert_eq!(site.put("uuid:2", "works.jpg", &newer).status, 201);
        assert_eq!(site.put("uuid:2", "works.jpg", &photo).status, 409);
        let read = |instance_id: &str, name: &str| {
            let path = format!("{VISITS}/{instance_id}/attachments/{name}");
            site.app.get(&site.token(), &path).body
        };
        assert_eq!(read("uuid:1", "works.jpg"), newer);
        assert_eq!(read("uuid:2", "1.jpg"), first);
        // A phone that is late with a file of the version that it sent is heard all the same.
        assert_eq!(site.put("uuid:1", "works.jpg", &photo).status, 200);
        assert_eq!(
            site.put("uuid:1", "2.jpg", &second).status,
            404,
            "that version does not name it"
        );
    });
}

#[test]
fn answers_that_are_taken_over_from_a_duplicate_bring_their_files() {
    let site = Site::on("sqlite::memory:");
    let named = |instance_id: &str, mut answers: Value| {
        answers["org_name"] = json!("The same works");
        answers["city"] = json!("230700");
        let body = json!({"instance_id": instance_id, "version": "1", "answers": answers});
        assert_eq!(site.app.post(&site.token(), VISITS, &body).status, 201);
    };
    named("uuid:1", json!({"photo": "1.jpg"}));
    named("uuid:2", json!({"photo": "2.jpg", "report": "report.pdf"}));
    for (instance_id, name, content) in [
        ("uuid:1", "1.jpg", jpeg("one")),
        ("uuid:2", "2.jpg", jpeg("two")),
        ("uuid:2", "report.pdf", b"%PDF-1.7 ...".to_vec()),
    ] {
        assert_eq!(site.put(instance_id, name, &content).status, 201);
    }
    let merge = json!({"other": "uuid:2", "take": ["/report"], "comment": "the same interview"});
    let merged = site.app.post(
        &site.app.token(Role::Supervisor),
        &format!("{VISITS}/uuid:1/merge"),
        &merge,
    );
    assert_eq!(merged.status, 200, "{}", merged.text());
    assert_eq!(
        site.states("uuid:1"),
        [("/photo", "received"), ("/report", "received")].map(|(one, other)| (one.to_owned(), other.to_owned()))
    );
    let read = |name: &str| {
        let path = format!("{VISITS}/uuid:1/attachments/{name}");
        site.app.get(&site.token(), &path).body
    };
    assert_eq!(
        (read("1.jpg"), read("report.pdf")),
        (jpeg("one"), b"%PDF-1.7 ...".to_vec())
    );
}
