//! Reading definitions: the time between a saved file and its errors.

#![allow(clippy::unwrap_used, reason = "a bench of what can't be read is no bench")]
#![allow(missing_docs, reason = "divan's functions explain themselves")]

use std::fmt::Write;

use divan::{Bencher, black_box};
use innogauge::definition::{Definition, InterviewLength, expand, version_hash};

fn main() {
    divan::main();
}

/// A definition of 60 questions in six groups, with 20 rules.
fn sixty_questions() -> String {
    let mut text = String::from(
        "survey: bench\nversion: \"1\"\ntitle: {zh: 调查, en: Survey}\nlanguages: [zh, en]\nchoices:\n  yes_no: {1: {zh: 是, en: \"Yes\"}, 0: {zh: 否, en: \"No\"}}\nquestions:\n",
    );
    for group in 0..6 {
        writeln!(
            text,
            "- type: group\n  name: g{group}\n  label: {{zh: 组, en: Group}}\n  questions:"
        )
        .unwrap();
        writeln!(
            text,
            "  - {{type: select_one yes_no, name: gate{group}, label: {{zh: 有, en: Has}}, required: true}}"
        )
        .unwrap();
        writeln!(text, "  - {{type: decimal, name: total{group}, label: {{zh: 总, en: Total}}, unit: 10k_cny, constraint: . >= 0, missing: [dont_know, refused]}}").unwrap();
        for question in 2..10 {
            let rule = if question % 4 == 0 {
                format!(
                    ", relevant: \"${{gate{group}}} = 1\", constraint: \". >= 0 and (${{total{group}}} = '' or . <= ${{total{group}}})\", constraint_message: {{zh: 不对, en: Wrong}}"
                )
            } else {
                String::new()
            };
            writeln!(
                text,
                "  - {{type: decimal, name: q{group}_{question}, label: {{zh: 问题, en: Question}}{rule}}}"
            )
            .unwrap();
        }
    }
    text
}

#[divan::bench]
fn parse_and_check_60_questions(bencher: Bencher<'_, '_>) {
    let text = sixty_questions();
    bencher.bench(|| Definition::from_yaml("bench.yaml", black_box(&text)).unwrap());
}

#[divan::bench]
fn expand_60_questions(bencher: Bencher<'_, '_>) {
    let definition = Definition::from_yaml("bench.yaml", &sixty_questions()).unwrap().value;
    bencher.bench(|| expand(black_box(&definition)));
}

#[divan::bench]
fn hash_60_questions(bencher: Bencher<'_, '_>) {
    let text = sixty_questions();
    bencher.bench(|| version_hash(black_box(text.as_bytes()), &[]));
}

#[divan::bench]
fn shortest_and_longest_interview_of_60_questions(bencher: Bencher<'_, '_>) {
    let definition = Definition::from_yaml("bench.yaml", &sixty_questions()).unwrap().value;
    bencher.bench(|| InterviewLength::of(black_box(&definition)));
}
