//! How long the one way in takes: one response of 60 questions with 20 rules, read, settled and checked.
//!
//! `cargo bench --bench response`

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use divan::{Bencher, black_box};
use innogauge::definition::Definition;
use innogauge::expression::Environment;
use innogauge::response::{
    Answer, Answers, Door, Fingerprint, Form, InstanceId, Received, process, recalculate, recalculate_from,
};
use serde_json::{Map, Value as Json, json};

fn main() {
    divan::main();
}

struct World(DateTime<FixedOffset>);

impl Environment for World {
    fn now(&self) -> DateTime<FixedOffset> {
        self.0
    }
}

fn world() -> World {
    World(DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap())
}

/// Six groups of ten questions each, of the types that surveys are made of. 20 rules: 6 constraints over two questions,
/// 6 relevances (of three questions each in the first four groups, as the groups' own), 4 calculations, 4 soft checks;
/// a fifth of the questions required.
fn definition() -> Definition {
    let mut yaml = String::from(
        "survey: bench\nversion: '1'\ntitle: Bench\ntimezone: Asia/Shanghai\n\
         choices:\n  yes_no: {1: 'Yes', 0: 'No'}\n  size: {1: A, 2: B, 3: C, 4: D}\n  partner: {a: A, b: B, c: C, d: D, e: E}\n\
         questions:\n",
    );
    for group in 0..6 {
        let before = group.max(1) - 1;
        let relevant = if group == 0 {
            String::new()
        } else {
            format!("    relevant: ${{has_{before}}} = 1\n")
        };
        let calculation = if group < 4 {
            format!(
                "type: calculate, name: ratio_{group}, data_type: decimal, calculation: '${{part_{group}}} div ${{total_{group}}}'"
            )
        } else {
            format!("type: text, name: note_{group}, label: Note")
        };
        let warn = if group < 4 {
            format!(", warn_if: [{{test: '. > 0.9 * ${{total_{group}}}', message: Look again}}]")
        } else {
            String::new()
        };
        let detail = if group == 0 { ", relevant: '${has_0} = 1'" } else { "" };
        let _ = write!(
            yaml,
            "  - type: group\n    name: group_{group}\n    label: Group\n{relevant}    questions:\n\
            \x20     - {{type: select_one yes_no, name: has_{group}, label: Has, required: true}}\n\
            \x20     - {{type: decimal, name: total_{group}, label: Total, required: true}}\n\
            \x20     - {{type: decimal, name: part_{group}, label: Part, constraint: \". >= 0 and (${{total_{group}}} = '' or . <= ${{total_{group}}})\"{warn}}}\n\
            \x20     - {{{calculation}}}\n\
            \x20     - {{type: integer, name: persons_{group}, label: Persons}}\n\
            \x20     - {{type: select_one size, name: size_{group}, label: Size{detail}}}\n\
            \x20     - {{type: select_multiple partner, name: partners_{group}, label: Partners}}\n\
            \x20     - {{type: date, name: day_{group}, label: Day}}\n\
            \x20     - {{type: text, name: name_{group}, label: Name}}\n\
            \x20     - {{type: text, name: remark_{group}, label: Remark}}\n",
        );
    }
    match Definition::from_yaml("bench.yaml", &yaml) {
        Ok(checked) => checked.value,
        Err(errors) => unreachable!("{errors:?}"),
    }
}

fn form() -> Arc<Form> {
    let form = Form::new(definition());
    assert_eq!(form.questions().count(), 60);
    let rules: usize = form
        .elements()
        .iter()
        .map(|element| {
            usize::from(element.relevant.is_some())
                + usize::from(element.constraint.is_some())
                + usize::from(element.calculation.is_some())
                + element.warn_if.len()
        })
        .sum();
    assert_eq!(rules, 20);
    form
}

/// Everything answered, and every question asked.
fn response() -> Json {
    let groups: Map<String, Json> = (0..6)
        .map(|group| {
            let answers = json!({
                format!("has_{group}"): "1", format!("total_{group}"): 1250.5, format!("part_{group}"): 312.25,
                format!("persons_{group}"): 87, format!("size_{group}"): "3", format!("partners_{group}"): ["a", "c"],
                format!("day_{group}"): "2019-07-15", format!("name_{group}"): "伊春市某某木业有限责任公司",
                format!("remark_{group}"): "As in the annual report.",
            });
            (format!("group_{group}"), answers)
        })
        .collect();
    Json::Object(groups)
}

/// The response as it lies before a door: JSON text, to stored-ready answers and findings.
#[divan::bench]
fn read_and_process(bencher: Bencher<'_, '_>) {
    let (form, world, text) = (form(), world(), response().to_string());
    bencher.bench(|| {
        let (answers, problems) = Answers::from_json_text(&form, black_box(&text));
        let processed = process(Received::new(answers, problems, Door::Json, world.0), &world);
        assert!(processed.is_sound());
        processed
    });
}

/// The same without parsing JSON: typed answers in, findings out.
#[divan::bench]
fn process_only(bencher: Bencher<'_, '_>) {
    let (form, world) = (form(), world());
    let answers = Answers::from_json(&form, &response()).0;
    bencher
        .with_inputs(|| answers.clone())
        .bench_values(|answers| process(Received::new(answers, Vec::new(), Door::Json, world.0), &world));
}

/// Parsed JSON to typed answers.
#[divan::bench]
fn read_json(bencher: Bencher<'_, '_>) {
    let (form, json) = (form(), response());
    bencher.bench(|| Answers::from_json(&form, black_box(&json)));
}

/// JSON text to parsed JSON: what `serde_json` takes of it.
#[divan::bench]
fn parse_json_alone(bencher: Bencher<'_, '_>) {
    let text = response().to_string();
    bencher.bench(|| serde_json::from_str::<Json>(black_box(&text)));
}

/// What the store keeps to typed answers, nothing evaluated: how an assessment reads responses.
#[divan::bench]
fn read_settled(bencher: Bencher<'_, '_>) {
    let (form, world) = (form(), world());
    let mut answers = Answers::from_json(&form, &response()).0;
    recalculate(&mut answers, Door::Json, &world);
    let json = answers.to_json();
    bencher.bench(|| Answers::from_settled_json(&form, black_box(&json)));
}

/// One answer that changes, of which a calculation depends.
#[divan::bench]
fn recompute_one_answer(bencher: Bencher<'_, '_>) {
    let (form, world) = (form(), world());
    let mut answers = Answers::from_json(&form, &response()).0;
    recalculate(&mut answers, Door::Json, &world);
    let part = form.find("part_2").unwrap();
    let mut number = 0.0;
    bencher.bench_local(|| {
        number += 1.0;
        answers.set(InstanceId::ROOT, part, Answer::number(number));
        recalculate_from(&mut answers, &[part], Door::Json, &world).evaluated
    });
}

/// Canonical JSON and its fingerprint.
#[divan::bench]
fn fingerprint(bencher: Bencher<'_, '_>) {
    let answers = Answers::from_json(&form(), &response()).0;
    bencher.bench(|| Fingerprint::of_answers(black_box(&answers)));
}
