//! What holds for every table, and what happens to tables that nobody should send.

use std::fmt::Write as _;

use innogauge::scoring::{Assessment, Framework, NoteCode, Options, Table, assess, result_csv, result_json};
use proptest::prelude::*;

const FRAMEWORK: &str = "
index:
  id: I
  children:
    - id: A
      weight: 2
      indicators: [{id: x0, goalposts: [-50, 50]}, {id: x1, weight: 3, direction: -1, goalposts: [-50, 50]}]
    - id: B
      indicators: [{id: x2, goalposts: [-50, 50]}]
";

fn framework() -> Framework {
    Framework::for_table("f.yaml", FRAMEWORK).unwrap().value
}

type Rows = Vec<[Option<f64>; 3]>;

fn table(rows: &[(usize, [Option<f64>; 3])]) -> Table {
    let mut csv = String::from("unit,x0,x1,x2\n");
    for (unit, cells) in rows {
        let cells = cells
            .map(|cell| cell.map_or(String::new(), |cell| cell.to_string()))
            .join(",");
        writeln!(csv, "u{unit},{cells}").unwrap();
    }
    Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap()
}

fn scored(rows: &[(usize, [Option<f64>; 3])], options: &str) -> Assessment {
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    assess(&framework(), &table(rows), &options).unwrap()
}

fn numbered(rows: &Rows) -> Vec<(usize, [Option<f64>; 3])> {
    rows.iter().copied().enumerate().collect()
}

fn rows() -> impl Strategy<Value = Rows> {
    let cell = prop_oneof![1 => Just(None), 6 => (-100_i32..100).prop_map(|cell| Some(f64::from(cell) / 3.0))];
    proptest::collection::vec([cell.clone(), cell.clone(), cell], 1..40)
}

fn methods() -> impl Strategy<Value = String> {
    let normalise = prop_oneof![
        Just("min_max"),
        Just("{method: min_max, low: 1, high: 10}"),
        Just("z_score"),
        Just("goalposts"),
        Just("distance_to_max"),
        Just("rank"),
        Just("percentile_rank"),
        Just("borda"),
    ];
    let treat = prop_oneof![
        Just("none"),
        Just("winsorise_then_log"),
        Just("log"),
        Just("winsorise"),
        Just("{method: box_cox, max_skewness: 0, max_kurtosis: -9}"),
    ];
    let impute = prop_oneof![Just("none"), Just("mean"), Just("median"), Just("row_mean")];
    let aggregate = prop_oneof![3 => Just("arithmetic"), 1 => Just("copeland"), 1 => Just("mpi")];
    (normalise, treat, impute, aggregate).prop_map(|(normalise, treat, impute, aggregate)| {
        format!("normalise: {normalise}\ntreat: {treat}\nimpute: {impute}\naggregate: {aggregate}\n")
    })
}

fn same(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(1.0),
        (one, other) => one == other,
    }
}

/// Whether no figure of a result is one that JSON has no number for, however it is written.
fn has_numbers_alone(json: &str) -> bool {
    let words = json.split(|letter: char| !letter.is_alphanumeric());
    !words.into_iter().any(|word| matches!(word, "NaN" | "inf" | "Infinity"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_method_makes_a_number_that_is_none(rows in rows(), options in methods()) {
        let assessment = scored(&numbered(&rows), &options);
        for series in assessment.scores.values().chain(assessment.stages.normalised.values()) {
            prop_assert!(series.iter().flatten().all(f64::is_finite));
        }
        for (id, ranks) in &assessment.ranks {
            for (rank, score) in ranks.iter().zip(assessment.scores[id].iter()) {
                prop_assert_eq!(rank.is_some(), score.is_some());
                prop_assert!(rank.is_none_or(|rank| rank >= 1 && rank as usize <= rows.len()));
            }
        }
        let json = String::from_utf8(result_json(&assessment).unwrap()).unwrap();
        prop_assert!(has_numbers_alone(&json), "{}", json);
        prop_assert!(!result_csv(&assessment).contains("NaN"));
    }

    #[test]
    fn weights_from_data_are_finite_and_not_below_zero_or_refused_with_a_reason(rows in rows(), method in 0..6_usize) {
        let method = ["pca", "factor", "optimised", "entropy", "critic", "benefit_of_the_doubt"][method];
        let options = format!("weights: {{method: {method}, force: true}}");
        let options = Options::read("o.yaml", &options, Options::score()).unwrap();
        match assess(&framework(), &table(&numbered(&rows)), &options) {
            Err(error) => prop_assert!(error.to_string().starts_with(&format!("weights: {method} for the children of '")), "{}", error),
            Ok(assessment) => {
                prop_assert!(assessment.elements.iter().all(|element| element.weight >= 0.0 && element.weight.is_finite()));
                let json = String::from_utf8(result_json(&assessment).unwrap()).unwrap();
                prop_assert!(has_numbers_alone(&json), "{}", json);
                if ["entropy", "critic"].contains(&method) {
                    let noted = |parent: &str| assessment.notes.iter().any(|note| {
                        note.code == NoteCode::GivenWeights && note.element.as_deref() == Some(parent)
                    });
                    for parent in ["A", "B", "I"].into_iter().filter(|parent| !noted(parent)) {
                        let children = assessment.elements.iter().filter(|element| element.parent.as_deref() == Some(parent));
                        let sum: f64 = children.map(|child| child.weight).sum();
                        prop_assert!((sum - 1.0).abs() < 1e-12, "{}: {}", parent, sum);
                    }
                }
                if method == "benefit_of_the_doubt" {
                    for id in ["A", "B", "I"] {
                        let best = assessment.scores[id].iter().flatten().fold(0.0, f64::max);
                        prop_assert!(best == 0.0 || (best - 100.0).abs() < 1e-5, "the best has the top: {}", best);
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing_but_the_order(rows in rows(), options in methods(), shift in 0..40_usize) {
        let straight = numbered(&rows);
        let mut moved = straight.clone();
        moved.rotate_left(shift % rows.len());
        moved.reverse();
        let (one, other) = (scored(&straight, &options), scored(&moved, &options));
        for (position, (unit, _)) in moved.iter().enumerate() {
            for id in ["I", "A", "B", "x0"] {
                prop_assert!(same(one.scores[id].get(*unit), other.scores[id].get(position)), "{} of u{}", id, unit);
            }
            prop_assert_eq!(one.ranks["B"][*unit], other.ranks["B"][position]);
        }
    }

    #[test]
    fn weights_from_data_do_not_depend_on_the_order_of_the_rows(rows in rows(), method in 0..2_usize, shift in 0..40_usize) {
        let text = format!("weights: {{method: {}, force: true}}", ["entropy", "critic"][method]);
        let options = Options::read("o.yaml", &text, Options::score()).unwrap();
        let straight = numbered(&rows);
        let mut moved = straight.clone();
        moved.rotate_left(shift % rows.len());
        let weights = |rows: &[(usize, [Option<f64>; 3])]| {
            assess(&framework(), &table(rows), &options).map(|found| found.elements.iter().map(|element| element.weight).collect::<Vec<_>>()).ok()
        };
        let (one, other) = (weights(&straight), weights(&moved));
        prop_assert_eq!(one.is_some(), other.is_some());
        for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
            prop_assert!((one - other).abs() < 1e-9, "{} and {}", one, other);
        }
    }

    #[test]
    fn conditional_means_are_numbers_in_any_order_of_the_rows_or_refused_with_the_element(rows in rows(), shift in 0..40_usize) {
        let options = Options::read("o.yaml", "impute: em", Options::score()).unwrap();
        let straight = numbered(&rows);
        let mut moved = straight.clone();
        moved.rotate_left(shift % rows.len());
        let filled = |rows: &[(usize, [Option<f64>; 3])]| assess(&framework(), &table(rows), &options);
        match (filled(&straight), filled(&moved)) {
            (Ok(one), Ok(other)) => {
                let json = String::from_utf8(result_json(&one).unwrap()).unwrap();
                prop_assert!(has_numbers_alone(&json), "{}", json);
                let (before, after) = (&one.stages.imputed.unwrap(), &other.stages.imputed.unwrap());
                for (position, (unit, cells)) in moved.iter().enumerate() {
                    for (at, id) in ["x0", "x1", "x2"].into_iter().enumerate() {
                        let (one, other) = (before[id].get(*unit), after[id].get(position));
                        prop_assert!(same(one, other), "{} of u{}: {:?} and {:?}", id, unit, one, other);
                        prop_assert!(cells[at].is_none_or(|cell| one == Some(cell)), "what is there stays");
                    }
                }
            }
            (Err(one), Err(other)) => {
                prop_assert!(one.to_string().starts_with("impute: em for the indicators of '"), "{}", one);
                prop_assert_eq!(one.to_string(), other.to_string());
            }
            (one, _) => prop_assert!(false, "one order is refused alone: {}", one.is_ok()),
        }
    }

    #[test]
    fn under_min_max_the_unit_of_measure_changes_nothing(rows in rows(), factor in 0.01..1000.0_f64, offset in -1000.0..1000.0_f64) {
        let straight = numbered(&rows);
        let measured: Vec<_> = straight
            .iter()
            .map(|(unit, cells)| (*unit, cells.map(|cell| cell.map(|cell| cell * factor + offset))))
            .collect();
        let (one, other) = (scored(&straight, ""), scored(&measured, ""));
        for unit in 0..rows.len() {
            let (before, after) = (one.scores["I"].get(unit), other.scores["I"].get(unit));
            let near = before.zip(after).is_none_or(|(before, after)| (before - after).abs() < 1e-6);
            prop_assert!(near && before.is_some() == after.is_some(), "u{}: {:?} and {:?}", unit, before, after);
        }
    }

    #[test]
    fn in_a_fixed_frame_scores_are_bounded_and_rise_with_every_indicator(rows in rows(), unit in 0..40_usize, indicator in 0..3_usize, more in 0.0..20.0_f64) {
        let options = "normalise: goalposts\n";
        let before = numbered(&rows);
        let unit = unit % rows.len();
        let mut after = before.clone();
        let better = if indicator == 1 { -more } else { more };
        after[unit].1[indicator] = after[unit].1[indicator].map(|cell| cell + better);
        let (before, after) = (scored(&before, options), scored(&after, options));
        for id in ["I", "A", "B"] {
            let (low, high) = (before.scores[id].get(unit), after.scores[id].get(unit));
            prop_assert!(high.zip(low).is_none_or(|(high, low)| high >= low - 1e-9));
            prop_assert!(before.scores[id].iter().flatten().all(|score| (0.0..=100.0).contains(&score)));
            for other in (0..rows.len()).filter(|other| *other != unit) {
                prop_assert!(same(before.scores[id].get(other), after.scores[id].get(other)), "the frame is fixed");
            }
        }
    }

    #[test]
    fn effective_weights_of_the_indicators_sum_to_one(weights in proptest::collection::vec(0.01..10.0_f64, 5)) {
        let text = format!(
            "index: {{id: I, children: [{{id: A, weight: {}, indicators: [{{id: x0, weight: {}}}, {{id: x1, weight: {}}}]}}, {{id: B, weight: {}, indicators: [{{id: x2, weight: {}}}]}}]}}",
            weights[0], weights[1], weights[2], weights[3], weights[4],
        );
        let framework = Framework::for_table("f.yaml", &text).unwrap().value;
        let rows = [(0, [Some(1.0); 3]), (1, [Some(2.0); 3])];
        let assessment = assess(&framework, &table(&rows), &Options::score()).unwrap();
        let sum: f64 = assessment.elements.iter().filter(|element| element.level == 1).map(|element| element.effective_weight).sum();
        prop_assert!((sum - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_table_in_which_everything_is_missing_has_no_scores_and_says_so() {
    let assessment = scored(&[(0, [None; 3]), (1, [None; 3])], "");
    assert!(assessment.scores["I"].iter().all(|score| score.is_none()));
    assert_eq!(assessment.ranks["I"], [None, None]);
    assert_eq!(
        assessment
            .notes
            .iter()
            .filter(|note| note.code == NoteCode::AllMissing)
            .count(),
        3
    );
}

#[test]
fn a_single_unit_is_in_the_middle_and_first() {
    let assessment = scored(&[(0, [Some(3.0), Some(4.0), None])], "");
    assert_eq!(
        (assessment.scores["I"].get(0), assessment.ranks["I"][0]),
        (Some(50.0), Some(1))
    );
    assert_eq!(
        assessment
            .notes
            .iter()
            .filter(|note| note.code == NoteCode::Constant)
            .count(),
        2
    );
}

#[test]
fn a_unit_with_too_little_data_is_screened_out_of_every_frame() {
    let rows = [
        (0, [Some(0.0), Some(0.0), Some(0.0)]),
        (1, [Some(10.0), Some(-10.0), Some(10.0)]),
        (2, [Some(1000.0), None, None]),
    ];
    let assessment = scored(&rows, "screen: {min_available: 0.5}");
    assert_eq!(
        assessment.scores["I"].iter().collect::<Vec<_>>(),
        [Some(0.0), Some(100.0), None]
    );
    let note = assessment
        .notes
        .iter()
        .find(|note| note.code == NoteCode::ScreenedOut)
        .unwrap();
    assert_eq!(note.units, ["u2"]);
}

#[test]
fn values_at_the_edge_of_the_numbers_give_scores_or_nothing_but_never_nan() {
    for options in [
        "",
        "normalise: z_score",
        "normalise: z_score\ntreat: winsorise_then_log",
        "normalise: goalposts\naggregate: geometric",
    ] {
        let rows = [
            (0, [Some(1e300), Some(-1e300), Some(5e-324)]),
            (1, [Some(-1e300), Some(1e300), Some(0.0)]),
            (2, [Some(1.0), None, Some(-0.0)]),
        ];
        let assessment = scored(&rows, options);
        assert!(assessment.scores["x0"].iter().all(|score| score.is_some()), "{options}");
        assert!(
            assessment
                .scores
                .values()
                .all(|series| series.iter().flatten().all(f64::is_finite))
        );
        assert!(!result_csv(&assessment).contains("NaN"));
    }
}
