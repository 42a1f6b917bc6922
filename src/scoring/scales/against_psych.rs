//! Alpha, omega and what belongs to them against those of the R package psych, from answers on;
//! tests/fixtures/scales/psych.R makes the recording and says what it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{ScaleGroup, ScaleReliability, scales};
use crate::definition::Definition;
use crate::scoring::recorded::rows;
use crate::scoring::{Auxiliary, Estimator, Framework, Intake, Respondent};

const SURVEY: &str = "survey: firm\nversion: '1'\ntitle: {en: Firms}\nlanguages: {en: English}\n\
                      identity: {language: language}\nquestions:\n  - {type: text, name: language, label: L}\n  \
                      - {type: integer, name: q1, label: 1}\n  - {type: integer, name: q2, label: 2}\n  \
                      - {type: integer, name: q3, label: 3}\n  - {type: integer, name: q4, label: 4}\n  \
                      - {type: integer, name: q5, label: 5}\n";

const FRAMEWORK: &str = "index:\n  id: Index\n  indicators:\n    \
                         - {id: scale, from: firm, items: ['${q1}', '${q2}', '${q3}', '${q4}', '${q5}'], goalposts: [1, 5]}\n";

#[derive(Deserialize)]
struct Answers {
    language: String,
    q1: Option<u8>,
    q2: Option<u8>,
    q3: Option<u8>,
    q4: Option<u8>,
    q5: Option<u8>,
}

/// What psych says, by group and figure, item by item.
fn recorded() -> BTreeMap<(String, String), Vec<f64>> {
    let mut recorded: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for (group, what, _, value) in rows::<(String, String, usize, f64)>("scales/expected.csv") {
        recorded.entry((group, what)).or_default().push(value);
    }
    recorded
}

fn groups() -> Vec<ScaleGroup> {
    let definition = Definition::from_yaml("firm.yaml", SURVEY).unwrap().value;
    let framework = Framework::from_yaml("f.yaml", FRAMEWORK, &[&definition]).unwrap().value;
    let mut estimator = Estimator::new(&framework, &Arc::new(Intake::new(&framework, &definition)));
    for (number, it) in rows::<Answers>("scales/answers.csv").iter().enumerate() {
        let language = Some(&it.language).filter(|language| !language.is_empty());
        let answers = json!({"language": language, "q1": it.q1, "q2": it.q2, "q3": it.q3, "q4": it.q4, "q5": it.q5});
        estimator.add(&Respondent {
            response: &number.to_string(),
            organisation: None,
            unit: ["a", "b"][number % 2],
            stratum: "",
            auxiliary: Auxiliary::default(),
            weight: Some(1.0 + (number % 3) as f64),
            answers: answers.to_string().as_bytes(),
        });
    }
    scales(&framework, &estimator.finish(), &["a", "b"])
        .swap_remove("scale")
        .unwrap()
}

#[test]
fn a_scale_is_as_reliable_as_psych_says_together_and_by_language() {
    let recorded = recorded();
    let groups = groups();
    let languages: Vec<Option<&str>> = groups.iter().map(|group| group.language.as_deref()).collect();
    assert_eq!(languages, [None, Some(""), Some("en"), Some("zh")]);
    for name in ["all", "zh", "en"] {
        let group = groups
            .iter()
            .find(|group| group.language.as_deref().unwrap_or("all") == name)
            .unwrap();
        let found = group.reliability().unwrap();
        let held = |what: &str, tolerance: f64, found: Vec<f64>| {
            let expected = &recorded[&(name.to_owned(), what.to_owned())];
            assert_eq!(found.len(), expected.len(), "{name} {what}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < tolerance,
                    "{name} {what}: {found} is not {expected}"
                );
            }
        };
        let of_items =
            |of: fn(&super::ScaleItem) -> Option<f64>| -> Vec<f64> { found.items.iter().filter_map(of).collect() };
        held("n", 0.5, vec![group.n as f64]);
        held("mean", 1e-12, of_items(|item| Some(item.mean)));
        held("sd", 1e-12, of_items(|item| Some(item.sd)));
        held("alpha", 1e-12, vec![found.alpha]);
        held("item_rest", 1e-12, of_items(|item| item.item_rest));
        held("alpha_without", 1e-12, of_items(|item| item.alpha_without));
        held("loading_exact", 1e-7, of_items(|item| item.loading));
        held("omega_exact", 1e-7, found.omega.into_iter().collect());
        held("loading_psych", 1e-4, of_items(|item| item.loading));
        held("omega_psych", 1e-4, found.omega.into_iter().collect());
    }
}

#[test]
fn the_item_that_the_translation_turned_round_is_found_in_that_language_alone() {
    let reversed = |found: &ScaleReliability| -> Vec<String> {
        let items = found.items.iter().filter(|item| item.probably_reversed);
        items.map(|item| item.formula.clone()).collect()
    };
    for group in groups() {
        let Some(found) = group.reliability() else { continue };
        let is_turned = group.language.as_deref() == Some("en");
        assert_eq!(found.weak, is_turned, "{group:?}");
        assert_eq!(
            reversed(found),
            if is_turned { vec!["${q5}"] } else { vec![] },
            "{group:?}"
        );
    }
}
