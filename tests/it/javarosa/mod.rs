//! Our rules held against JavaRosa, the engine of ODK Collect: random interviews, filled in by both.
//!
//! JavaRosa goes through the form as a person with Collect does, and says of every node whether it is asked, what it
//! holds, and whether its rules do. The same must come of what it sends when it is read and processed here. The
//! engine is in ODK Validate, which `scripts/odk_validate.sh` fetches; where it or Java is missing, these tests fail.

mod engine;
mod forms;
mod interview;
mod judge;

use std::path::Path;
use std::sync::Arc;

use innogauge::definition::{Definition, load_folder, xform};
use innogauge::response::Form;
use serde_json::json;

use engine::JavaRosa;
use interview::interview;
use judge::Judge;

/// How many interviews there are in all, where `INNOGAUGE_TEST_FILLINGS` does not say.
const FILLINGS: usize = 2_000;

/// Interviews of each generated form.
const PER_FORM: usize = 20;

/// Of all interviews, the share about our own surveys, in per cent.
const OWN_PERCENT: usize = 30;

fn fillings() -> usize {
    std::env::var("INNOGAUGE_TEST_FILLINGS").map_or(FILLINGS, |number| number.parse().unwrap())
}

fn surveys() -> Vec<Definition> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs");
    let loaded = load_folder(&folder)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value;
    loaded
        .surveys
        .iter()
        .map(|survey| Definition::clone(&survey.definition))
        .collect()
}

/// Interviews of one form; what the two decided differently.
fn differences(engine: &mut JavaRosa, definition: Definition, seeds: std::ops::Range<u64>) -> Vec<String> {
    let definition = Arc::new(definition);
    let form = Form::new(Arc::clone(&definition));
    engine.ask(&json!({"form": xform(&definition, None)}));
    let judge = Judge::new(&form);
    let mut found = Vec::new();
    for seed in seeds {
        let request = interview(&definition, seed);
        let report = engine.ask(&request);
        for difference in judge.compare(engine, &report, seed) {
            found.push(format!("{} seed {seed}: {difference}", definition.survey()));
        }
    }
    found
}

fn assert_none(found: &[String], what: &str) {
    let shown: Vec<&str> = found.iter().take(30).map(String::as_str).collect();
    assert!(
        found.is_empty(),
        "{} differences in {what}:\n{}",
        found.len(),
        shown.join("\n")
    );
}

#[test]
fn javarosa_decides_our_surveys_as_we_do() {
    let mut engine = JavaRosa::start();
    let surveys = surveys();
    let each = u64::try_from(fillings() * OWN_PERCENT / 100 / surveys.len()).unwrap();
    let found: Vec<String> = surveys
        .into_iter()
        .flat_map(|definition| differences(&mut engine, definition, 0..each))
        .collect();
    assert_none(&found, "our surveys");
}

#[test]
fn javarosa_decides_any_form_as_we_do() {
    let mut engine = JavaRosa::start();
    let forms = u64::try_from(fillings() * (100 - OWN_PERCENT) / 100 / PER_FORM).unwrap();
    let mut found = Vec::new();
    for seed in 0..forms {
        let definition = forms::form(seed);
        let xml = xform(&definition, None);
        let errors = engine.ask(&json!({"validate": xml}));
        if errors["errors"] != json!([]) {
            found.push(format!("form {seed}: ODK Validate: {}", errors["errors"]));
            continue;
        }
        found.extend(differences(
            &mut engine,
            definition,
            0..u64::try_from(PER_FORM).unwrap(),
        ));
    }
    assert_none(&found, "generated forms");
}

#[test]
fn odk_validate_accepts_our_surveys() {
    let mut engine = JavaRosa::start();
    for definition in surveys() {
        let answer = engine.ask(&json!({"validate": xform(&definition, None)}));
        assert_eq!(answer["errors"], json!([]), "{}", definition.survey());
    }
}
