//! What `deny.toml` asks for and can be looked at without a network: where dependencies come from, and their licences.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn every_dependency_comes_from_the_registry_with_its_checksum() {
    let lock = file("Cargo.lock");
    for package in lock.split("[[package]]").skip(1) {
        let name = package
            .lines()
            .find(|line| line.starts_with("name = "))
            .unwrap_or_default();
        if name == "name = \"innogauge\"" {
            continue;
        }
        assert!(
            package.contains(&format!("source = \"{REGISTRY}\"")),
            "{name} comes from elsewhere"
        );
        assert!(package.contains("checksum = \""), "{name} has no checksum");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let deny = file("deny.toml");
    let line = deny.lines().find(|line| line.starts_with("allow = [")).unwrap();
    let allowed: BTreeSet<&str> = line.split('"').skip(1).step_by(2).collect();
    let host = Command::new(env!("CARGO")).args(["-vV"]).output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--filter-platform",
            &host,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(
            is_allowed(licence, &allowed),
            "{} has the licence '{licence}'",
            package["name"]
        );
    }
}

/// Whether one way through an SPDX expression uses allowed licences alone.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let any = parts(expression, &[" OR ", "/"]);
    if any.len() > 1 {
        return any.iter().any(|part| is_allowed(part, allowed));
    }
    let all = parts(expression, &[" AND "]);
    if all.len() > 1 {
        return all.iter().all(|part| is_allowed(part, allowed));
    }
    let one = expression.trim();
    match one.strip_prefix('(').and_then(|one| one.strip_suffix(')')) {
        Some(inner) => is_allowed(inner, allowed),
        None => allowed.contains(one),
    }
}

/// The parts between separators that stand in no brackets.
fn parts<'e>(expression: &'e str, separators: &[&str]) -> Vec<&'e str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        let separator = separators
            .iter()
            .find(|separator| expression[at..].starts_with(**separator));
        if let Some(separator) = separator.filter(|_| depth == 0 && at >= start) {
            parts.push(&expression[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&expression[start..]);
    parts
}

#[test]
fn licence_expressions_are_read_as_they_are_written() {
    let allowed = BTreeSet::from(["MIT", "Unicode-3.0"]);
    for (expression, allows) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), allows, "{expression}");
    }
}
