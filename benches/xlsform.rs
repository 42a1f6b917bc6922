//! Converting a workbook of 300 questions to an XForm, against pyxform: both as whole processes, in turns in the same run.
//!
//! Not divan: what counts is the ratio of two programs. pyxform is found by `scripts/with_pyxform.sh`, and does not call ODK
//! Validate.

#![allow(clippy::unwrap_used, reason = "a bench of what can't be converted is no bench")]

#[path = "peers/turns.rs"]
mod turns;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use innogauge::definition::{Book, Definition};
use turns::{median, timed};

const QUESTIONS: usize = 300;
const RUNS: usize = 11;

/// The survey as YAML: groups of ten questions with choices, rules and calculations in two languages.
fn survey() -> String {
    let mut text = String::from(
        "survey: bench\nversion: \"1\"\ntitle: {zh: 调查, en: Survey}\nlanguages: [zh, en]\nchoices:\n  yes_no: {1: {zh: 是, en: \"Yes\"}, 0: {zh: 否, en: \"No\"}}\nquestions:\n",
    );
    for question in 0..QUESTIONS {
        if question % 10 == 0 {
            writeln!(
                text,
                "- type: group\n  name: g{question}\n  label: {{zh: 第{question}组, en: Group {question}}}\n  questions:"
            )
            .unwrap();
        }
        let (kind, rule) = match question % 5 {
            0 => ("select_one yes_no", ", required: true".to_owned()),
            1 => ("text", format!(", relevant: \"${{q{}}} = 1\"", question - 1)),
            2 => (
                "decimal",
                ", constraint: . >= 0, constraint_message: {zh: 不能为负。, en: Not negative.}".to_owned(),
            ),
            3 => (
                "integer",
                format!(
                    ", relevant: \"${{q{}}} > 0\", hint: {{zh: 整数, en: A whole number}}",
                    question - 1
                ),
            ),
            _ => ("calculate", format!(", calculation: \"${{q{}}} * 2\"", question - 2)),
        };
        let label = if kind == "calculate" {
            String::new()
        } else {
            format!(", label: {{zh: 第{question}个问题是什么？, en: \"What is the answer to question {question}?\"}}")
        };
        writeln!(text, "  - {{type: {kind}, name: q{question}{label}{rule}}}").unwrap();
    }
    text
}

fn main() {
    let Some(python) = std::env::var_os("INNOGAUGE_TEST_PYXFORM") else {
        println!("xlsform: not measured: run it by scripts/with_pyxform.sh");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (workbook, ours, theirs) = (
        folder.path().join("bench.xlsx"),
        folder.path().join("ours.xml"),
        folder.path().join("theirs.xml"),
    );
    let definition = match Definition::from_yaml("bench.yaml", &survey()) {
        Ok(checked) => checked.value,
        Err(found) => {
            for diagnostic in found {
                eprintln!("{diagnostic}");
            }
            std::process::exit(1)
        }
    };
    fs::write(&workbook, Book::of(&definition).to_xlsx().unwrap()).unwrap();
    let innogauge = || Command::new(env!("CARGO_BIN_EXE_innogauge"));
    let convert = |to: &Path| timed(innogauge().arg("convert").arg(&workbook).arg(to));
    let peer = || {
        timed(
            Command::new(&python)
                .args(["-m", "pyxform.xls2xform", "--skip_validate"])
                .arg(&workbook)
                .arg(&theirs),
        )
    };
    // Once each, for the caches of the machine.
    convert(&ours);
    peer();
    let (mut own, mut other): (Vec<Duration>, Vec<Duration>) = (0..RUNS).map(|_| (convert(&ours), peer())).unzip();
    let (own, other) = (median(&mut own), median(&mut other));
    println!("xlsform: {QUESTIONS} questions to an XForm, medians of {RUNS} runs in turns");
    println!("  innogauge convert   {own:>10.2?}");
    println!("  pyxform xls2xform   {other:>10.2?}");
    println!(
        "  ratio               {:>10.1} (target: 50)",
        other.as_secs_f64() / own.as_secs_f64()
    );
}
