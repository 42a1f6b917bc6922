//! The server as a process and as a neighbour: start, stop, documents, pages, health.

use innogauge::response::Role;
use innogauge::web::mount::KeyPlace;
use innogauge::web::mounted;
use innogauge::web::problem::Code;
use serde_json::Value;

use crate::app::TestApp;
use crate::client::Request;

#[test]
fn health_readiness_and_metrics_answer_without_a_token() {
    let app = TestApp::start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.send(&Request::new("GET", path)).status, 200);
    }
    assert_eq!(app.submit(&crate::app::response("uuid:1")).status, 201);
    let metrics = app.send(&Request::new("GET", "/metrics")).text();
    for line in [
        r#"innogauge_submissions_total{outcome="stored"} 1"#,
        r#"innogauge_http_requests_total{method="POST",route="/api/v1/surveys/{survey}/responses",status="201"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is missing from\n{metrics}");
    }
}

#[test]
fn the_openapi_document_has_every_route_and_no_other() {
    let app = TestApp::start();
    let document = app.send(&Request::new("GET", "/api/v1/openapi.json")).json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented.extend(
            item.as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let mut routes: Vec<String> = mounted()
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    documented.sort();
    routes.sort();
    assert_eq!(documented, routes);
}

#[test]
fn the_openapi_document_is_whole() {
    let app = TestApp::start();
    let document = app.send(&Request::new("GET", "/api/v1/openapi.json")).json();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = Vec::new();
    for route in mounted().iter() {
        let operation = &document["paths"][&route.path][route.method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string(), "{route:?} has no summary");
        assert!(operation["tags"][0].is_string(), "{route:?} has no tag");
        assert_eq!(
            operation["security"].is_array(),
            route.act.rule().roles.is_some() && route.key == KeyPlace::Header,
            "{route:?}"
        );
        names.push(operation["operationId"].as_str().unwrap().to_owned());
        let declared: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let used: Vec<&str> = route
            .path
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
            .collect();
        assert_eq!(declared, used, "{route:?}");
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "an operationId stands twice");
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => references.push(text.clone()),
                    other => collect_references(other, references),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect_references(one, references)),
        _ => {}
    }
}

#[test]
fn every_problem_code_has_its_page() {
    let app = TestApp::start();
    for code in Code::ALL {
        let page = app.send(&Request::new("GET", format!("/problems/{}", code.name())));
        assert_eq!(page.status, 200);
        assert!(
            page.text()
                .contains(code.title(innogauge::definition::Language::Chinese))
        );
    }
    assert_eq!(app.send(&Request::new("GET", "/problems/nonsense")).status, 404);
}

#[test]
fn the_landing_page_names_the_surveys_and_runs_no_script() {
    let app = TestApp::start();
    let page = app.send(&Request::new("GET", "/"));
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'; style-src 'self'")
    );
    let html = page.text();
    for words in [
        "企业",
        "Firms",
        "<code>firm</code>",
        "/docs/index.html",
        "/api/v1/openapi.json",
    ] {
        assert!(html.contains(words), "{words} is missing from\n{html}");
    }
    assert!(!html.contains("<script") && !html.contains("演示数据"));
}

#[test]
fn addresses_and_methods_that_are_not_served_get_problem_documents() {
    let app = TestApp::start();
    let nowhere = app.send(&Request::new("GET", "/api/v1/nowhere").header("accept-language", "zh"));
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "not_found"));
    assert_eq!(nowhere.json()["title"], "未找到");
    assert_eq!(nowhere.header("x-request-id"), nowhere.json()["request_id"].as_str());
    let method = app.send(&Request::new("DELETE", "/api/v1/rounds").token(&app.token(Role::Administrator)));
    assert_eq!((method.status, method.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(method.header("allow"), Some("GET, POST"));
    let traversal = app.send(&Request::new("GET", "/docs/..%2f..%2fCargo.toml"));
    assert_eq!(traversal.status, 404);
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    let app = TestApp::start();
    let packed = app.send(&Request::new("GET", "/api/v1/openapi.json").header("accept-encoding", "gzip"));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
}
