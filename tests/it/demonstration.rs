//! The demonstration: what its synthetic organisations answer makes sense, and every indicator can be computed from it.

use std::path::Path;
use std::process::Command;

use innogauge::definition::load_folder;
use innogauge::response::Tier;
use innogauge::scoring::Framework;
use innogauge::store::{Filter, Store};
use innogauge::study::{Shown, reported};
use serde_json::Value;

/// Spearman's correlation, with mean ranks for ties.
fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let below = |value: f64| values.iter().filter(|other| **other < value).count() as f64;
        let tied = |value: f64| values.iter().filter(|other| (**other - value).abs() < 1e-12).count() as f64;
        values
            .iter()
            .map(|value| below(*value) + f64::midpoint(tied(*value), 1.0))
            .collect()
    };
    let left = ranks(pairs.iter().map(|pair| pair.0).collect());
    let right = ranks(pairs.iter().map(|pair| pair.1).collect());
    let mean = f64::midpoint(pairs.len() as f64, 1.0);
    let product = |one: &[f64], other: &[f64]| -> f64 {
        one.iter()
            .zip(other)
            .map(|(one, other)| (one - mean) * (other - mean))
            .sum()
    };
    product(&left, &right) / (product(&left, &left) * product(&right, &right)).sqrt()
}

#[test]
fn every_indicator_is_computed_from_answers_that_make_sense() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("demo.db").display());
    let made = Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(["demo", "--no-serve", "--responses", "600", "--database", &database])
        .arg("--defs")
        .arg(root.join("survey_defs"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let store = Store::open(&database).unwrap();
    let newest = store.assessments(None, 1).unwrap().remove(0);
    let result: Value = serde_json::from_str(&store.assessment(newest.id).unwrap().result).unwrap();
    let loaded = load_folder(&root.join("survey_defs")).unwrap().value;
    let source = loaded.framework.unwrap();
    let surveys: Vec<_> = loaded.surveys.iter().map(|survey| &survey.definition).collect();
    let framework = Framework::from_yaml(&source.name, &source.text, &surveys)
        .unwrap()
        .value;
    for (_, element, indicator) in framework.indicators() {
        let values = result["stages"]["raw"][&element.id].as_array().unwrap();
        let known: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
        assert!(!known.is_empty(), "{} is missing everywhere", element.id);
        if element.weight > 0.0 {
            let [low, high] = indicator.goalposts.unwrap();
            let within = known.iter().filter(|value| (low..=high).contains(*value)).count();
            assert!(
                5 * within >= 4 * known.len(),
                "{} is to lie in {low} to {high}: {known:.2?}",
                element.id
            );
        }
    }

    let enterprises = Filter {
        survey: Some("enterprise".to_owned()),
        ..Filter::default()
    };
    let answers: Vec<Value> = reported(
        &store,
        &enterprises,
        Shown {
            tier: Tier::None,
            definitions: &|_, _| None,
        },
    )
    .unwrap()
    .into_iter()
    .map(|one| one.answers)
    .collect();
    let sizes_and_research: Vec<(f64, f64)> = answers
        .iter()
        .filter_map(|answers| {
            let employees = answers["profile"]["employees"].as_f64()?;
            Some((employees, answers["research"]["rd_inhouse"].as_f64().unwrap_or(0.0)))
        })
        .collect();
    assert!(
        sizes_and_research.len() > 400,
        "{} enterprises",
        sizes_and_research.len()
    );
    let correlation = rank_correlation(&sizes_and_research);
    assert!(correlation > 0.2, "size and R&D correlate with {correlation:.2} only");
}
