//! The expression language held against assertions that were recorded from another implementation, Enketo's.
//!
//! The recording is not part of this project. Where it lies in `../shared/conformance` it is read, else this says so
//! and passes.

use std::borrow::Cow;
use std::fs;

use chrono::{DateTime, FixedOffset, Utc};
use innogauge::expression::{Environment, EvaluationError, Expression, Scope, Tree, Value, XmlNode, XmlTree};
use serde_json::Value as Json;

/// What we decide otherwise: the kind of assertion and the expression. `tests/README.md` has the reasons.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("assertNodes", "preceding-sibling::node()"),
    ("assertNodes", "preceding::node()"),
];

/// The clock of the recording: Arizona, which has no summer time.
struct Phoenix;

impl Environment for Phoenix {
    fn now(&self) -> DateTime<FixedOffset> {
        Utc::now().with_timezone(&FixedOffset::west_opt(7 * 3600).unwrap())
    }

    fn random(&self) -> Option<f64> {
        Some(0.5)
    }

    fn uuid(&self) -> Option<String> {
        Some("0190c1f3-7c2a-4b5e-9d6f-3a1b2c4d5e6f".to_owned())
    }
}

#[test]
fn recorded_assertions_hold_but_for_the_named_exceptions() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/xpath_cases.json");
    let Ok(text) = fs::read_to_string(recording) else {
        println!("absent: {recording}; nothing was compared");
        return;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let outcomes: Vec<(&Json, bool)> = cases.iter().filter_map(|case| Some((case, holds(case)?))).collect();
    let failed: Vec<(&str, &str)> = outcomes
        .iter()
        .filter(|(_, held)| !held)
        .map(|(case, _)| (case["kind"].as_str().unwrap(), case["expr"].as_str().unwrap()))
        .collect();
    println!(
        "{} of {} recorded assertions hold",
        outcomes.len() - failed.len(),
        outcomes.len()
    );

    let unexplained: Vec<_> = failed.iter().filter(|failure| !EXCEPTIONS.contains(failure)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(
        failed.len() <= EXCEPTIONS.len(),
        "more failures than exceptions: {failed:#?}"
    );
}

/// Whether a recorded assertion holds; `None` where it names a node that has no path.
fn holds(case: &Json) -> Option<bool> {
    let context = as_xpath(case["ctx"].as_str().unwrap())?;
    let expected: Option<Vec<String>> = match &case["expected"] {
        Json::Array(paths) => paths.iter().map(|path| as_xpath(path.as_str().unwrap())).collect(),
        _ => Some(Vec::new()),
    };
    let expected = expected?;

    let xml = case["xml"].as_str().unwrap().trim_start();
    let tree = XmlTree::parse(xml).unwrap();
    let root = Scope::new(&tree, tree.root(), &Phoenix);
    let context = nodes(&Expression::parse(&context).unwrap(), &root)[0];
    let scope = Scope::new(&tree, context, &Phoenix);
    let kind = case["kind"].as_str().unwrap();

    let Ok(expression) = Expression::parse(case["expr"].as_str().unwrap()) else {
        return Some(kind == "assertThrow");
    };
    let value: Result<Value<'_, XmlNode>, EvaluationError> = expression.evaluate(&scope);
    let Ok(value) = value else {
        return Some(kind == "assertThrow");
    };
    Some(match kind {
        "assertThrow" => false,
        "assertTrue" => value.boolean(),
        "assertFalse" => !value.boolean(),
        "assertBoolean" => value.boolean() == case["expected"].as_bool().unwrap(),
        "assertNumber" | "assertNumberValue" => same(value.number(&scope), number_of(&case["expected"])),
        "assertNumberRounded" => {
            let rounded = |number: f64| (number * case["factor"].as_f64().unwrap()).round();
            same(rounded(value.number(&scope)), rounded(number_of(&case["expected"])))
        }
        "assertString" | "assertStringValue" => value.string(&scope) == text_of(&case["expected"]),
        "assertStringLength" => value.string(&scope).chars().count() as u64 == case["expected"].as_u64().unwrap(),
        "assertMatch" => regex::Regex::new(case["expected"].as_str().unwrap())
            .unwrap()
            .is_match(&value.string(&scope)),
        "assertNodes" => {
            let mut wanted = Vec::new();
            for path in &expected {
                wanted.extend(nodes(&Expression::parse(path).unwrap(), &root));
            }
            let Value::Nodes(found) = &value else {
                return Some(false);
            };
            found.len() == expected.len() && wanted.iter().all(|node| found.contains(node))
        }
        other => panic!("unknown kind of assertion: {other}"),
    })
}

fn nodes(expression: &Expression, scope: &Scope<'_, XmlTree<'_>>) -> Vec<XmlNode> {
    match expression.evaluate(scope).unwrap() {
        Value::Nodes(nodes) => nodes.to_vec(),
        other => panic!("no nodes: {other:?}"),
    }
}

fn same(found: f64, expected: f64) -> bool {
    (found.is_nan() && expected.is_nan())
        || found.to_bits() == expected.to_bits()
        || (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

fn number_of(expected: &Json) -> f64 {
    match expected.as_str() {
        Some("NaN") => f64::NAN,
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(text) => text.parse().unwrap(),
        None => expected.as_f64().unwrap(),
    }
}

fn text_of(expected: &Json) -> Cow<'_, str> {
    match expected {
        Json::Null => Cow::Borrowed(""),
        Json::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// A recorded path as an expression that does not depend on namespaces. Text nodes have no path, since CDATA counts
/// apart there. The recording counts the document type as a node, which makes the root element the second `html`.
fn as_xpath(path: &str) -> Option<String> {
    if path == "/" {
        return Some("/".to_owned());
    }
    let mut steps = Vec::new();
    for step in path.trim_start_matches('/').split('/') {
        if let Some(attribute) = step.strip_prefix('@') {
            steps.push(format!("@*[name() = '{attribute}']"));
            continue;
        }
        let (name, position) = step.strip_suffix(']')?.rsplit_once('[')?;
        let position = if steps.is_empty() && name == "html" {
            "1"
        } else {
            position
        };
        steps.push(match name {
            "<#text>" | "<#cdata-section>" => return None,
            "<#comment>" => format!("comment()[{position}]"),
            _ => match name.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
                Some(target) => format!("processing-instruction('{target}')[{position}]"),
                None => format!("*[name() = '{name}'][{position}]"),
            },
        });
    }
    Some(format!("/{}", steps.join("/")))
}
