//! Examples of parameters and of long bodies, so that the document can be tried out as it stands.
//!
//! A parameter that stands in several routes means the same in each, and has its example here, once. One that a single
//! route has carries it in the route's own documentation, which counts before this table.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder};

/// A parameter with its example, where it had none and the table knows one.
pub(super) fn with_example(parameter: Parameter) -> Parameter {
    let Ok(document) = serde_json::to_value(&parameter) else {
        return parameter;
    };
    if has_example(&document) {
        return parameter;
    }
    let example = of(&parameter.name, takes_integers(&document));
    ParameterBuilder::from(parameter).example(example).build()
}

fn has_example(parameter: &Value) -> bool {
    [
        parameter.get("example"),
        parameter.pointer("/schema/example"),
        parameter.pointer("/schema/examples"),
    ]
    .iter()
    .any(Option::is_some)
}

fn takes_integers(parameter: &Value) -> bool {
    match parameter.pointer("/schema/type") {
        Some(Value::Array(types)) => types.iter().any(|kind| kind == "integer"),
        Some(kind) => kind == "integer",
        None => false,
    }
}

/// A value that the parameter of that name could have.
fn of(name: &str, integer: bool) -> Option<Value> {
    Some(match (name, integer) {
        ("survey", _) => json!("enterprise"),
        ("version", _) => json!("2026.1"),
        ("round", _) => json!("2026"),
        ("instance_id", _) => json!("uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11"),
        ("organisation", _) => json!("91230700827ERYRL36"),
        ("name" | "member", _) => json!("zhao.min"),
        ("city", _) => json!("230700"),
        ("sector", _) => json!("C"),
        ("size", _) => json!("small"),
        ("id" | "check" | "session" | "token", true) => json!(7),
        ("after", true) => json!(1200),
        ("limit", true) => json!(100),
        ("dry_run" | "drop_unasked" | "valid_rows" | "in_frame", _) => json!(true),
        ("reason", _) => json!("Case 2026-014: the enterprise asks what is kept of it"),
        _ => return None,
    })
}

/// A response to the survey of enterprises that breaks no rule.
pub(in crate::web) fn response() -> Value {
    read(include_str!("bodies/response.json"))
}

/// A definition that can be used; what is YAML may be JSON.
pub(in crate::web) fn definition() -> Value {
    read(include_str!("bodies/definition.json"))
}

/// An XLSForm as tables of Markdown.
pub(in crate::web) fn form() -> Value {
    json!(FORM)
}

/// An XLSForm with no files of its own.
pub(in crate::web) fn form_upload() -> Value {
    json!({"file": FORM, "media": []})
}

const FORM: &str = "| survey | | | |
| | type | name | label |
| | text | org_name | Name of the organisation |
| | integer | employees | Employees |
| settings | | | |
| | form_id | form_title | version |
| | visit | Visit | 2026.1 |
";

/// A register of one organisation, as CSV.
pub(in crate::web) fn register() -> Value {
    json!({"file": "统一社会信用代码,单位名称,城市,行业,规模,从业人数\n91230700827ERYRL36,伊春林业机械有限公司,伊春市,C,小型,146\n"})
}

/// Filled-in answers of one organisation, as CSV.
pub(in crate::web) fn workbook() -> Value {
    json!({"file": "org_name,credit_code,city,employees,turnover\n伊春林业机械有限公司,91230700827ERYRL36,230700,146,13442\n"})
}

/// The files are part of the program, and a test reads them.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
