//! Scoring: large tables, and a million responses on their way to indicators.
//!
//! `cargo bench --bench scoring`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a failed assumption of a bench is a failed bench"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use innogauge::definition::{Definition, Kind, MissingCode, QuestionType, load_folder};
use innogauge::scoring::{
    Auxiliary, Estimator, Framework, Intake, Options, Respondent, Table, Tally, assess, result_csv, result_json,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

/// A framework of 60 indicators under six dimensions, and a table of so many units.
fn table(units: usize) -> (Framework, String) {
    let mut text = String::from("index:\n  id: Index\n  children:\n");
    for dimension in 0..6 {
        writeln!(text, "    - id: D{dimension}\n      indicators:").unwrap();
        for indicator in 0..10 {
            writeln!(
                text,
                "        - {{id: x{}, goalposts: [0, 1]}}",
                dimension * 10 + indicator
            )
            .unwrap();
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut csv = String::from("unit");
    (0..60).for_each(|indicator| write!(csv, ",x{indicator}").unwrap());
    for unit in 0..units {
        write!(csv, "\nu{unit}").unwrap();
        for _ in 0..60 {
            let value: f64 = random.random();
            if value < 0.02 {
                csv.push(',');
            } else {
                write!(csv, ",{value:.6}").unwrap();
            }
        }
    }
    (Framework::for_table("f.yaml", &text).unwrap().value, csv)
}

#[divan::bench(sample_count = 5)]
fn assess_100_000_units_by_60_indicators(bencher: Bencher<'_, '_>) {
    let (framework, csv) = table(100_000);
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
    let options = Options::score();
    bencher.bench(|| assess(&framework, &table, &options).unwrap());
}

#[divan::bench(sample_count = 3)]
fn read_score_and_write_100_000_units_by_60_indicators(bencher: Bencher<'_, '_>) {
    let (framework, csv) = table(100_000);
    bencher.bench(|| {
        let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
        let assessment = assess(&framework, &table, &Options::score()).unwrap();
        (result_csv(&assessment).len(), result_json(&assessment).unwrap().len())
    });
}

#[divan::bench]
fn assess_ten_units_by_60_indicators(bencher: Bencher<'_, '_>) {
    let (framework, csv) = table(10);
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
    bencher.bench(|| assess(&framework, &table, &Options::assess()).unwrap());
}

/// Answers of every kind to a definition, some of them missing, a third of the filtered groups not asked.
fn answers(definition: &Definition, random: &mut ChaCha8Rng) -> Value {
    children(definition, None, random)
}

fn children(
    definition: &Definition,
    parent: Option<innogauge::definition::ElementId>,
    random: &mut ChaCha8Rng,
) -> Value {
    let mut object = Map::new();
    for id in definition.children(parent) {
        let element = definition.get(*id).unwrap();
        if element.relevant.is_some() && random.random_bool(1.0 / 3.0) {
            continue;
        }
        let value = match &element.kind {
            Kind::Group => children(definition, Some(*id), random),
            Kind::Repeat => (0..random.random_range(0..3))
                .map(|_| children(definition, Some(*id), random))
                .collect(),
            Kind::Question(_) if element.missing.contains(&MissingCode::DontKnow) && random.random_bool(0.03) => {
                json!({"missing": "dont_know"})
            }
            Kind::Question(question_type) => {
                let choices = || {
                    let list = definition
                        .choice_list(*id)
                        .map(|list| list.choices().len())
                        .unwrap_or_default();
                    definition.choice_list(*id).zip(list.checked_sub(1))
                };
                match question_type {
                    QuestionType::SelectOne(_) => choices().map_or(Value::Null, |(list, last)| {
                        json!(list.choices()[random.random_range(0..=last)].name)
                    }),
                    QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => {
                        choices().map_or(Value::Null, |(list, _)| {
                            list.choices()
                                .iter()
                                .filter(|_| random.random_bool(0.3))
                                .map(|choice| json!(choice.name))
                                .collect()
                        })
                    }
                    QuestionType::Integer | QuestionType::Range => json!(random.random_range(0..500)),
                    QuestionType::Decimal | QuestionType::Calculate(_) => {
                        json!(random.random_range(0.0..10_000.0_f64).round() / 10.0)
                    }
                    QuestionType::Note => continue,
                    _ => json!("黑龙江省某某科技有限公司"),
                }
            }
        };
        object.insert(element.name.clone(), value);
    }
    Value::Object(object)
}

/// The shipped framework over the shipped enterprise survey, with so many responses.
fn survey(responses: usize) -> (Framework, Arc<Intake>, Vec<String>) {
    let folder = load_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs"))
        .unwrap()
        .value;
    let surveys: Vec<&Definition> = folder.surveys.iter().map(|survey| &survey.definition).collect();
    let framework = Framework::from_yaml("framework.yaml", &folder.framework.unwrap().text, &surveys)
        .unwrap()
        .value;
    let enterprise = surveys.iter().find(|survey| survey.survey() == "enterprise").unwrap();
    let intake = Arc::new(Intake::new(&framework, enterprise));
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let stored: Vec<String> = (0..responses)
        .map(|_| answers(enterprise, &mut random).to_string())
        .collect();
    let bytes: usize = stored.iter().map(String::len).sum();
    println!("{} bytes a response on average", bytes / responses);
    (framework, intake, stored)
}

fn tally(framework: &Framework, intake: &Arc<Intake>, stored: &[String]) -> Tally {
    let mut estimator = Estimator::new(framework, intake);
    for (number, answers) in stored.iter().enumerate() {
        let city = ["230700", "232700", "230900", "231182", "230400"][number % 5];
        estimator.add(&Respondent {
            response: "uuid:x@1",
            organisation: None,
            unit: city,
            stratum: "",
            auxiliary: Auxiliary::default(),
            weight: None,
            answers: answers.as_bytes(),
        });
    }
    estimator.finish()
}

#[divan::bench(sample_count = 5)]
fn estimate_20_000_responses_on_one_thread(bencher: Bencher<'_, '_>) {
    let (framework, intake, stored) = survey(20_000);
    bencher
        .counter(ItemsCount::new(20_000_usize))
        .bench(|| tally(&framework, &intake, &stored));
}

/// The same 20,000 responses fifty times over: a million on all threads.
#[divan::bench(sample_count = 1)]
fn estimate_1_000_000_responses(bencher: Bencher<'_, '_>) {
    let (framework, intake, stored) = survey(20_000);
    bencher.counter(ItemsCount::new(1_000_000_usize)).bench(|| {
        (0..50_usize)
            .into_par_iter()
            .map(|_| tally(&framework, &intake, &stored))
            .reduce(Tally::default, |mut one, other| {
                one.merge(other);
                one
            })
            .responses()
    });
}
