//! Files that come with an export of ODK Central: each goes to the response whose answers name it.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use innogauge::response::Role;
use innogauge::settings::Bytes;
use innogauge::web::Limits;
use serde_json::{Value, json};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::{Site, VISITS, jpeg};
use crate::client::{Answer, Request};
use crate::databases::on_each;

const ONE: &str = "uuid:1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11";
const TWO: &str = "uuid:2f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b22";

/// Central's zip: a visit per row (instance ID, photo, signature, report), a product of the first with its picture, and
/// these files beside the tables.
fn central(visits: &[[&str; 4]], picture: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut table =
        "SubmissionDate,org_name,city,photo,signature,statement,report,meta-instanceID,KEY,FormVersion\n".to_owned();
    for [id, photo, signature, report] in visits {
        let received = "2026-03-01T01:15:00.000Z";
        writeln!(
            table,
            "{received},Works {id},230700,{photo},{signature},,{report},{id},{id},1"
        )
        .unwrap();
    }
    let products = format!("product,picture,PARENT_KEY,KEY\ntimber,{picture},{ONE},{ONE}/products[1]\n");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // Pictures are packed already.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, content: &[u8]| {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    };
    for (name, content) in files {
        add(&format!("media/{name}"), content);
    }
    add("visit.csv", table.as_bytes());
    add("visit-products.csv", products.as_bytes());
    zip.finish().unwrap().into_inner()
}

impl Site {
    fn import(&self, file: &[u8], query: &str) -> Answer {
        let path = format!("/api/v1/surveys/visit/imports{query}");
        let request = Request::new("POST", path).token(&self.app.token(Role::Supervisor));
        self.app.send(&request.file("visit.zip", file))
    }

    fn read(&self, instance_id: &str, name: &str) -> Vec<u8> {
        let token = self.app.token(Role::Administrator);
        let path = format!("{VISITS}/{instance_id}/attachments/{name}?personal=full&reason=test");
        let answer = self.app.get(&token, &path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }

    fn awaited(&self, instance_id: &str) -> Vec<String> {
        let states = self.states(instance_id).into_iter();
        let missing = states.filter(|(_, state)| state == "missing");
        missing.map(|(question, _)| question).collect()
    }
}

/// Cell and code of each finding about files.
fn found(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = answer.json()["findings"].as_array().unwrap().clone();
    let all = findings.iter().map(|one| (text(&one["path"]), text(&one["code"])));
    all.filter(|(_, code)| code.contains("file")).collect()
}

#[test]
fn files_of_an_export_go_to_their_responses_and_come_once() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let visits = [[ONE, "1.jpg", "", "report.pdf"], [TWO, "", "3.png", ""]];
        let (photo, picture, signature) = (jpeg("gate"), jpeg("timber"), b"\x89PNG\r\n\x1a\n Li Ming".as_slice());
        let files = [("1.jpg", photo.as_slice()), ("2.jpg", &picture), ("3.png", signature)];
        let export = central(&visits, "2.jpg", &files);

        let dry = site.import(&export, "?dry_run=true");
        assert_eq!(dry.status, 200, "{}", dry.text());
        let absent = vec![("visit.csv!G2".to_owned(), "file_absent".to_owned())];
        assert_eq!((found(&dry), site.on_disk().len()), (absent.clone(), 0));
        let imported = site.import(&export, "");
        assert_eq!(imported.status, 201, "{}", imported.text());
        assert_eq!(
            (&imported.json()["files"], found(&imported)),
            (&json!(3), absent.clone())
        );
        assert_eq!(site.awaited(ONE), ["/report"]);
        assert_eq!(site.awaited(TWO), [""; 0]);
        assert_eq!(site.read(ONE, "1.jpg"), photo);
        assert_eq!(site.read(ONE, "2.jpg"), picture);
        assert_eq!(site.read(TWO, "3.png"), signature);

        // The same export brings nothing new; a later one what was lacking, to responses that are known.
        let again = site.import(&export, "");
        assert_eq!((again.status, found(&again)), (200, absent));
        assert_eq!(
            (&again.json()["outcome"], &again.json()["files"]),
            (&json!("unchanged"), &json!(0))
        );
        let report = b"%PDF-1.7\n what we did".as_slice();
        let later = site.import(&central(&visits, "2.jpg", &[("report.pdf", report)]), "");
        assert_eq!(
            (later.status, &later.json()["files"]),
            (200, &json!(1)),
            "{}",
            later.text()
        );
        assert_eq!(found(&later), []);
        assert_eq!(site.read(ONE, "report.pdf"), report);
        assert_eq!(site.on_disk().len(), 4);
    });
}

#[test]
fn an_export_may_be_as_large_as_the_settings_say() {
    let photos = jpeg(&"x".repeat(33 << 20));
    let files = [("1.jpg", photos.as_slice()), ("2.jpg", &photos)];
    let export = central(&[[ONE, "1.jpg", "", ""]], "2.jpg", &files);
    for (upload_bytes, status) in [(66 << 20, 413), (67 << 20, 200)] {
        let limits = Limits {
            upload_bytes: Bytes(upload_bytes),
            ..Limits::default()
        };
        let answer = Site::with("sqlite::memory:", limits).import(&export, "?dry_run=true");
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[test]
fn a_file_that_cannot_be_kept_keeps_neither_answers_nor_other_files_out() {
    let limits = Limits {
        attachment_bytes: Bytes(64),
        ..Limits::default()
    };
    let site = Site::with("sqlite::memory:", limits);
    let large = jpeg(&"x".repeat(64));
    let export = central(
        &[
            [ONE, "large.jpg", "same.png", "empty.pdf"],
            [TWO, "words.jpg", "same.png", ""],
        ],
        "2.jpg",
        &[
            ("large.jpg", large.as_slice()),
            ("same.png", b"\x89PNG\r\n\x1a\n"),
            ("empty.pdf", b""),
            ("words.jpg", b"no picture at all"),
            ("2.jpg", &jpeg("timber")),
        ],
    );
    let imported = site.import(&export, "");
    assert_eq!(
        (imported.status, &imported.json()["files"]),
        (201, &json!(2)),
        "{}",
        imported.text()
    );
    let at = |cell: &str, code: &str| (format!("visit.csv!{cell}"), code.to_owned());
    let mut told = found(&imported);
    told.sort();
    // Whose signature it is cannot be told; a picture that is none is kept as from a phone, for the supervisor to see.
    assert_eq!(
        told,
        [
            at("D2", "file_too_large"),
            at("E2", "file_of_several"),
            at("E3", "file_of_several"),
            at("G2", "file_empty")
        ]
    );
    assert_eq!(site.awaited(ONE), ["/photo", "/signature", "/report"]);
    assert_eq!(site.awaited(TWO), ["/signature"]);
    assert_eq!(site.read(TWO, "words.jpg"), b"no picture at all");
}

#[test]
fn an_export_without_files_leaves_them_to_be_sent() {
    let site = Site::on("sqlite::memory:");
    let imported = site.import(&central(&[[ONE, "1.jpg", "", ""]], "2.jpg", &[]), "");
    assert_eq!(
        (imported.status, found(&imported)),
        (201, Vec::new()),
        "{}",
        imported.text()
    );
    assert_eq!(site.awaited(ONE), ["/photo", "/products[1]/picture"]);
    assert_eq!(site.put(ONE, "1.jpg", &jpeg("gate")).status, 201);
}

#[test]
fn a_job_ends_when_the_files_are_kept() {
    on_each(|database| {
        let site = Site::on(&database.url);
        let token = site.app.token(Role::Supervisor);
        let export = central(
            &[[ONE, "1.jpg", "lost.png", ""]],
            "2.jpg",
            &[("1.jpg", &jpeg("gate")), ("2.jpg", b"")],
        );
        let request = Request::new("POST", "/api/v1/surveys/visit/imports")
            .token(&token)
            .header("prefer", "respond-async")
            .file("visit.zip", &export);
        let accepted = site.app.send(&request);
        assert_eq!(accepted.status, 202, "{}", accepted.text());
        let job = accepted.header("location").unwrap().to_owned();
        let began = Instant::now();
        let ended = loop {
            let seen = site.app.get(&token, &job).json();
            if !matches!(seen["state"].as_str(), Some("queued" | "running")) {
                break seen;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{seen}");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(ended["state"], "done", "{ended}");
        let outcome = &ended["outcome"];
        assert_eq!(
            (&outcome["imported"], &outcome["files"]),
            (&json!(1), &json!(1)),
            "{ended}"
        );
        assert_eq!(outcome["files_not_kept"].as_array().unwrap().len(), 1, "{ended}");
        assert_eq!(site.awaited(ONE), ["/signature", "/products[1]/picture"]);
    });
}
