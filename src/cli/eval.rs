//! `innogauge eval`: the value of an expression, on an XML instance or on none.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::Failure;
use super::output::say;
use crate::expression::{Expression, Scope, Tree, Value, WallClock, XmlNode, XmlTree};

#[derive(Debug, Args)]
pub struct EvalArguments {
    /// The expression: XPath 1.0 with the ODK XForms functions, and ${name} for an element of that name
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    /// The XML document to evaluate it on
    #[arg(long, value_name = "FILE.xml")]
    instance: Option<PathBuf>,
    /// The node that '.' means: an expression, of which the first node counts
    #[arg(long, value_name = "PATH", default_value = "/")]
    context: String,
    /// Print the kind of the value and, of nodes, their paths as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the value of an expression as `string()` gives it.
pub(super) fn run(arguments: &EvalArguments) -> Result<(), Failure> {
    let text = match &arguments.instance {
        Some(file) => fs::read_to_string(file)
            .map_err(|error| Failure::Input(format!("cannot read {}: {error}", file.display())))?,
        None => "<data/>".to_owned(),
    };
    let tree = XmlTree::parse(&text).map_err(|error| {
        let file = arguments.instance.clone().unwrap_or_default();
        Failure::Input(format!(
            "{}:{}:{}: {}",
            file.display(),
            error.line,
            error.column,
            error.message
        ))
    })?;

    let context = parse(&arguments.context, &tree)?;
    let context = match context.evaluate(&Scope::new(&tree, tree.root(), &WallClock)) {
        Ok(Value::Nodes(nodes)) => nodes.first().copied(),
        Ok(_) => None,
        Err(error) => return Err(faulty(&arguments.context, error.offset(), &error.to_string(), None)),
    };
    let Some(context) = context else {
        return Err(Failure::Input(format!(
            "--context '{}' is no node of the document",
            arguments.context
        )));
    };

    let expression = parse(&arguments.expression, &tree)?;
    let scope = Scope::new(&tree, context, &WallClock);
    let value = expression
        .evaluate(&scope)
        .map_err(|error| faulty(&arguments.expression, error.offset(), &error.to_string(), None))?;
    let line = if arguments.json {
        as_json(&value, &scope).to_string()
    } else {
        value.string(&scope).into_owned()
    };
    say!("{line}");
    Ok(())
}

fn parse(source: &str, tree: &XmlTree<'_>) -> Result<Expression, Failure> {
    let mut expression = Expression::parse(source)
        .map_err(|error| faulty(source, error.offset, &error.to_string(), error.help.as_deref()))?;
    match expression.bind(|name| tree.slot(name)) {
        Ok(()) => Ok(expression),
        Err(unbound) => {
            let offset = unbound.first().map_or(0, |name| name.offset);
            let names: Vec<String> = unbound.iter().map(|name| format!("'{}'", name.name)).collect();
            Err(faulty(
                source,
                offset,
                &format!("the document has no element {}", names.join(", ")),
                None,
            ))
        }
    }
}

/// The message with the expression beneath it, and a mark under the place.
fn faulty(source: &str, offset: usize, message: &str, help: Option<&str>) -> Failure {
    let before = source.get(..offset).unwrap_or(source);
    let (line_start, line) = match before.rfind('\n') {
        Some(end) => (end + 1, source.get(end + 1..).unwrap_or_default()),
        None => (0, source),
    };
    let line = line.lines().next().unwrap_or_default();
    let indent = before.get(line_start..).unwrap_or_default().chars().count();
    let help = help.map_or_else(String::new, |help| format!("\nhelp: {help}"));
    Failure::Input(format!("{message}\n  {line}\n  {}^{help}", " ".repeat(indent)))
}

fn as_json<'a>(value: &Value<'a, XmlNode>, scope: &Scope<'a, XmlTree<'a>>) -> Json {
    let text = value.string(scope);
    match value {
        Value::Boolean(truth) => json!({"type": "boolean", "value": truth}),
        Value::Number(number) if number.is_finite() => json!({"type": "number", "value": number}),
        Value::Number(_) => json!({"type": "number", "value": text}),
        Value::Text(_) => json!({"type": "string", "value": text}),
        Value::Date(_) => json!({"type": "date", "value": text}),
        Value::Nodes(nodes) => {
            let paths: Vec<String> = nodes.iter().map(|node| scope.tree.path(*node)).collect();
            json!({"type": "nodes", "value": text, "paths": paths})
        }
    }
}
