//! The OpenAPI document as its readers use it: examples that can be sent, and no change that nobody noticed.

use innogauge::response::Role;
use innogauge::web::{mounted, openapi};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Request;

fn document() -> Value {
    serde_json::to_value(openapi::document(&mounted())).unwrap()
}

/// Every operation as `POST /api/v1/users`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    operations
}

/// A schema of the document, to be checked against.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    jsonschema::validator_for(&whole).unwrap()
}

/// The schema itself, where it is only referred to.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The example of a parameter, of a body or of its schema.
fn example<'d>(document: &'d Value, described: &'d Value) -> Option<&'d Value> {
    let schema = resolved(document, &described["schema"]);
    [&described["example"], &schema["example"]]
        .into_iter()
        .find(|example| !example.is_null())
}

#[test]
fn every_parameter_and_every_body_has_an_example_that_its_schema_allows() {
    let document = document();
    let mut faults = Vec::new();
    let mut check = |place: String, described: &Value| match example(&document, described) {
        None => faults.push(format!("{place} has no example")),
        Some(example) => {
            for error in validator(&document, &described["schema"]).iter_errors(example) {
                faults.push(format!("{place}: {example}: {error}"));
            }
        }
    };
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            check(format!("{name}, {}", parameter["name"]), parameter);
        }
        for (kind, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            check(format!("{name}, {kind}"), body);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_example_within_a_schema_is_allowed_by_it() {
    let document = document();
    let mut faults = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, described) in schema["properties"].as_object().into_iter().flatten() {
            let example = &described["example"];
            if !example.is_null() && !validator(&document, described).is_valid(example) {
                faults.push(format!("{name}.{property}: {example}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_answer_with_a_body_says_what_it_is() {
    let document = document();
    let mut silent = Vec::new();
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let bodiless = ["204", "303", "304", "308"].contains(&status.as_str());
            if response["content"].is_object() == bodiless {
                silent.push(format!("{name}: {status}"));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_api_is_the_one_that_was_committed() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document = document();
    let mut changed = Vec::new();
    for part in ["/info", "/paths", "/components/schemas", "/components/securitySchemes"] {
        let empty = serde_json::Map::new();
        let of = |document: &'_ Value| {
            document
                .pointer(part)
                .and_then(Value::as_object)
                .unwrap_or(&empty)
                .clone()
        };
        let (before, now) = (of(&committed), of(&document));
        let names: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        changed.extend(
            names
                .into_iter()
                .filter(|name| before.get(*name) != now.get(*name))
                .map(|name| format!("{part} {name}")),
        );
    }
    assert!(
        changed.is_empty() && committed == document,
        "the API has changed: say what in docs/api-changelog.md, and write `innogauge openapi > docs/openapi.json`\n{}",
        changed.join("\n")
    );
}

#[test]
fn the_changelog_of_the_api_names_every_operation() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api-changelog.md");
    let changelog = std::fs::read_to_string(path).unwrap();
    let missing: Vec<String> = operations(&document())
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.contains(" /api/") && !changelog.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "not in docs/api-changelog.md:\n{}",
        missing.join("\n")
    );
}

#[test]
fn the_long_examples_break_no_rule() {
    let app = TestApp::start();
    let folder = innogauge::definition::load_folder(std::path::Path::new("survey_defs")).unwrap();
    app.store
        .seed(&innogauge::store::Seed::from(&folder.value), chrono::Utc::now())
        .unwrap();
    let document = document();
    let token = app.token(Role::Administrator);
    let send = |path: &str, kind: &str| &document["paths"][path]["post"]["requestBody"]["content"][kind]["example"];

    let response = send("/api/v1/surveys/{survey}/responses", "application/json");
    let answer = app.post(&token, "/api/v1/surveys/enterprise/responses?dry_run=true", response);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["warnings"], json!([]));

    let definition = send("/api/v1/definitions/check", "application/yaml").to_string();
    let request = Request::new("POST", "/api/v1/definitions/check").token(&token);
    let answer = app.send(&request.body("application/yaml", definition));
    assert_eq!(answer.status, 200, "{}", answer.text());

    let statistics = send("/api/v1/statistics", "application/json");
    let answer = app.post(&token, "/api/v1/statistics", statistics);
    assert_eq!(answer.status, 200, "{}", answer.text());
}
