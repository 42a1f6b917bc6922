//! XLSForm reading held against forms that were recorded from another implementation, pyxform's.
//!
//! The recording is not part of this project. Where it lies in `../shared/conformance` it is read, else this says so
//! and passes. What we decide otherwise is in `tests/README.md`.

use std::fs;

use innogauge::definition::{Book, Definition, Diagnostic};
use serde_json::Value as Json;

/// Shares that must be reached, in per cent.
const REFUSED: f64 = 95.0;
const READ: f64 = 90.0;

#[test]
fn recorded_forms_are_read_and_recorded_refusals_refused() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/pyxform_cases.json");
    let Ok(text) = fs::read_to_string(recording) else {
        println!("absent: {recording}; nothing was compared");
        return;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let (mut refusals, mut readings) = (Share::default(), Share::default());
    for case in &cases {
        // ODK Validate's refusals are about what the form means on a phone.
        if !case["odk_validate_error__contains"].is_null() {
            continue;
        }
        let Some(markdown) = case["md"].as_str() else { continue };
        let read = Definition::from_xlsform("data.xlsx", &Book::from_markdown(markdown));
        let name = case["test"].as_str().unwrap().rsplit('.').next().unwrap();
        if case["errored"].as_bool() == Some(true) {
            refusals.note(name, read.is_err(), "read");
        } else {
            let said = read.as_ref().err().map(|found| first_error(found)).unwrap_or_default();
            readings.note(name, read.is_ok(), &said);
        }
    }
    println!("refused {refusals}\nread {readings}");
    assert!(refusals.percent() >= REFUSED, "{refusals}");
    assert!(readings.percent() >= READ, "{readings}");
}

fn first_error(found: &[Diagnostic]) -> String {
    found
        .iter()
        .find(|diagnostic| diagnostic.is_error())
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// How many cases came out as recorded, and which did not.
#[derive(Default)]
struct Share {
    all: usize,
    failed: Vec<String>,
}

impl Share {
    fn note(&mut self, name: &str, held: bool, said: &str) {
        self.all += 1;
        if !held {
            self.failed.push(format!("{name}: {said}"));
        }
    }

    fn percent(&self) -> f64 {
        100.0 * (self.all - self.failed.len()) as f64 / self.all as f64
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held = self.all - self.failed.len();
        write!(formatter, "{held} of {} ({:.1} %)", self.all, self.percent())?;
        self.failed
            .iter()
            .try_for_each(|failure| write!(formatter, "\n  {failure}"))
    }
}
