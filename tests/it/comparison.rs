//! Comparisons of rounds and of methods: bare tables by the program, and answers by the library.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use innogauge::definition::Definition;
use innogauge::scoring::{
    Against, Assessment, Auxiliary, ComparisonKind, Estimates, Estimator, Framework, Intake, OldRespondents, OldResult,
    Options, Populations, RegisterTotals, Replay, Resample, Respondent, Respondents, SamplingDraws, Subject, Table,
    Tally, analyse, assess, assess_estimates, compare, result_json,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const FRAMEWORK: &str = "
index:
  id: Index
  children:
    - id: A
      weight: 3
      indicators: [{id: a1, goalposts: [0, 100]}, {id: a2, weight: 3, direction: -1, goalposts: [0, 100]}]
    - id: B
      indicators: [{id: b1, goalposts: [0, 100]}, {id: context, weight: 0, goalposts: [0, 1]}]
";

fn framework(text: &str) -> Framework {
    Framework::for_table("f.yaml", text).unwrap().value
}

fn table(csv: &str) -> Table {
    Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap()
}

fn options(text: &str) -> Options {
    Options::read("o.yaml", text, Options::score()).unwrap()
}

fn kept(assessment: &Assessment) -> OldResult {
    OldResult::read("old.json", &result_json(assessment).unwrap()).unwrap()
}

/// Scores a table and compares it with an earlier one, each by its framework and options.
fn compared(
    (old_framework, old_table, old_options): (&str, &str, &str),
    (new_framework, new_table, new_options): (&str, &str, &str),
) -> Result<Assessment, String> {
    let old = assess(&framework(old_framework), &table(old_table), &options(old_options)).unwrap();
    let (framework, table, options) = (framework(new_framework), table(new_table), options(new_options));
    let mut assessment = assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    let old = kept(&old);
    let against = Against {
        old: &old,
        respondents: OldRespondents::None,
        renamed: None,
    };
    compare(&mut assessment, &subject, &against, &Replay::default(), &|_, _| true)
        .map_err(|error| error.to_string())?;
    Ok(assessment)
}

/// An earlier table compared with a long one.
fn long(old: &str, new: &str) -> Result<(), String> {
    let (framework, options) = (framework(FRAMEWORK), options("normalise: goalposts"));
    let before = kept(&assess(&framework, &table(old), &options).unwrap());
    let csv = new
        .replace("unit,", "unit,year,")
        .replace("\nY,", "\nY,2027,")
        .replace("\nX,", "\nX,2027,");
    let csv = csv.replace("\nCame,", "\nX,2026,");
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, Some("year")).unwrap();
    let mut assessment = assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    let against = Against {
        old: &before,
        respondents: OldRespondents::None,
        renamed: None,
    };
    let done = compare(&mut assessment, &subject, &against, &Replay::default(), &|_, _| true);
    done.map_err(|error| error.to_string())
}

fn rounds(old: &str, new: &str, options: &str) -> Assessment {
    compared((FRAMEWORK, old, options), (FRAMEWORK, new, options)).unwrap()
}

fn numbers(series: &innogauge::scoring::Series) -> Vec<f64> {
    series.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let same = (found - expected).abs() < 1e-9 || found.is_nan() && expected.is_nan();
        assert!(same, "{found} is not {expected}");
    }
}

fn says(assessment: &Assessment, words: &str) -> bool {
    assessment.notes.iter().any(|note| note.message.contains(words))
}

const OLD: &str = "unit,a1,a2,b1,context\nX,10,80,20,1\nY,40,40,60,1\nGone,0,100,0,1\n";
const NEW: &str = "unit,a1,a2,b1,context\nY,50,40,50,1\nX,30,20,20,1\nCame,20,60,100,1\n";

#[test]
fn two_rounds_are_measured_between_the_least_and_the_greatest_of_both() {
    let assessment = rounds(OLD, NEW, "normalise: min_max");
    let comparison = assessment.comparison.as_ref().unwrap();
    assert_eq!(comparison.kind, ComparisonKind::Rounds);
    assert_eq!(comparison.units, ["Y", "X"]);
    assert_eq!(
        (&*comparison.only_old, &*comparison.only_new),
        (&["Gone".to_owned()][..], &["Came".to_owned()][..])
    );

    // a1 goes from 0 to 50 and a2 from 100 down to 20 over both rounds, b1 from 0 to 100.
    let of = |id: &str| &comparison.elements[id];
    close(&numbers(&of("a1").old), &[80.0, 20.0]);
    close(&numbers(&of("a1").new), &[100.0, 60.0]);
    close(&numbers(&of("a2").old), &[75.0, 25.0]);
    close(&numbers(&of("a2").new), &[75.0, 100.0]);
    close(&numbers(&of("A").old), &[76.25, 23.75]);
    close(&numbers(&of("A").new), &[81.25, 90.0]);
    // Three quarters of A and one of B, 60 to 50 and 20 to 20.
    close(&numbers(&of("Index").old), &[72.1875, 22.8125]);
    close(&numbers(&of("Index").new), &[73.4375, 72.5]);
    close(&numbers(of("Index").change.as_ref().unwrap()), &[1.25, 49.6875]);
    assert_eq!(of("A").old_rank, [Some(1), Some(2)]);
    assert_eq!(of("A").new_rank, [Some(2), Some(1)]);
    assert_eq!(of("A").rank_change, [Some(-1), Some(1)]);
    assert_eq!(of("A").agreement.max_abs_rank_change, Some(1));

    let contributions = comparison.contributions.as_ref().unwrap();
    let adds = |id: &str| numbers(&contributions.elements[id]);
    close(&adds("a1"), &[0.75 * 0.25 * 20.0, 0.75 * 0.25 * 40.0]);
    close(&adds("a2"), &[0.0, 0.75 * 0.75 * 75.0]);
    close(&adds("A"), &[3.75, 49.6875]);
    close(&adds("B"), &[-2.5, 0.0]);
    assert!(contributions.coverage.is_empty());
    assert!(says(&assessment, "both rounds are measured in one frame"));
    assert!(says(
        &assessment,
        "no intervals of changes: no uncertainty was asked for"
    ));
    assert!(
        !rounds(OLD, NEW, "normalise: goalposts")
            .notes
            .iter()
            .any(|note| note.message.contains("one frame"))
    );
}

#[test]
fn a_method_without_parts_has_no_contributions_and_says_so() {
    let assessment = rounds(OLD, NEW, "{normalise: goalposts, aggregate: harmonic}");
    let comparison = assessment.comparison.as_ref().unwrap();
    assert!(comparison.contributions.is_none());
    assert!(comparison.elements["Index"].change.is_some());
    assert!(says(
        &assessment,
        "how the children of Index, A, B add to a change is not worked out"
    ));

    // What a level can't tell of its children it can still tell of itself.
    let assessment = rounds(
        OLD,
        NEW,
        "{normalise: goalposts, aggregate: {by_level: [harmonic, arithmetic]}}",
    );
    let contributions = assessment.comparison.as_ref().unwrap().contributions.clone().unwrap();
    assert_eq!(contributions.elements.keys().collect::<Vec<_>>(), ["A", "B"]);
    assert!(says(&assessment, "how the children of A, B add"));
}

#[test]
fn what_is_varied_is_varied_alike_in_both_rounds() {
    let vary = "{normalise: goalposts, uncertainty: {runs: 300, vary: {weights: {relative: 0.5}}}}";
    let assessment = rounds(OLD, NEW, vary);
    let comparison = assessment.comparison.as_ref().unwrap();
    let index = &comparison.elements["Index"];
    assert!(index.sampling.is_none() && index.both.is_none());
    let method = index.method.as_ref().unwrap();
    let change = numbers(index.change.as_ref().unwrap());
    for (unit, change) in change.iter().enumerate() {
        let (low, high) = (
            method.change.low.get(unit).unwrap(),
            method.change.high.get(unit).unwrap(),
        );
        assert!(low < *change && *change < high);
    }
    // X rose in every indicator that changed, so that it rises under any weights.
    assert_eq!(method.risen.as_ref().unwrap().get(1), Some(1.0));
    assert!(method.change.low.get(1) > Some(0.0));
    // A round that is as the other changes under no method.
    let same = NEW.replace("Came,20", "Came,20.5");
    let still = rounds(&same, NEW, vary);
    let index = &still.comparison.as_ref().unwrap().elements["Index"];
    let method = &index.method.as_ref().unwrap().change;
    close(&[numbers(&method.low)[0], numbers(&method.high)[0]], &[0.0, 0.0]);
}

#[test]
fn results_of_the_same_figures_are_compared_as_methods_and_as_they_are() {
    let new = (FRAMEWORK, NEW, "{normalise: min_max, aggregate: geometric}");
    let assessment = compared((FRAMEWORK, NEW, "normalise: z_score"), new).unwrap();
    let comparison = assessment.comparison.as_ref().unwrap();
    assert_eq!(comparison.kind, ComparisonKind::Methods);
    let index = &comparison.elements["Index"];
    assert!(index.change.is_none(), "z-scores and 0 to 100 are not subtracted");
    assert_eq!(index.new, assessment.scores["Index"]);
    let differ: Vec<&str> = comparison
        .differences
        .iter()
        .map(|difference| difference.option.as_str())
        .collect();
    assert_eq!(differ, ["normalise.method", "aggregate.method"]);
    assert_eq!(index.agreement.units, 3);
    let shift: f64 = index
        .old_rank
        .iter()
        .zip(&index.new_rank)
        .map(|(old, new)| f64::from(old.unwrap().abs_diff(new.unwrap())))
        .sum();
    assert_eq!(index.agreement.mean_abs_rank_change, Some(shift / 3.0));
    assert!(comparison.contributions.is_none());

    let assessment = compared((FRAMEWORK, NEW, "normalise: min_max"), new).unwrap();
    assert!(assessment.comparison.unwrap().elements["Index"].change.is_some());
}

#[test]
fn what_cannot_be_compared_names_the_file_and_what_to_do() {
    let refused = |old, new| compared(old, new).unwrap_err();
    let plain = "normalise: min_max";
    let error = refused(
        (FRAMEWORK, "unit,a1,a2,b1,context\nZ,1,2,3,4\n", plain),
        (FRAMEWORK, NEW, plain),
    );
    assert!(
        error.starts_with("old.json: has no unit in common with this assessment (there: Z; here: Y, X, Came)"),
        "{error}"
    );

    let other = "index: {id: Index, indicators: [{id: a1}, {id: z}]}";
    let error = refused((other, "unit,a1,z\nX,1,2\nY,2,3\n", plain), (FRAMEWORK, NEW, plain));
    assert!(
        error.contains("old.json: was made with another framework and has no figures of a2, b1"),
        "{error}"
    );

    let divided = "index: {id: Index, indicators: [{id: a, denominator: n}]}";
    let (old, new) = ("unit,a,n\nX,1,2\nY,2,2\n", "unit,a,n\nX,1,2\nY,3,2\n");
    let error = refused((divided, old, plain), (divided, new, "denominate: true"));
    assert!(error.contains("without `denominate: true`"), "{error}");
    let both = compared((divided, old, "denominate: true"), (divided, new, "denominate: true")).unwrap();
    close(&numbers(&both.comparison.unwrap().elements["a"].old), &[0.0, 50.0]);

    let error = long(OLD, NEW).unwrap_err();
    assert!(error.contains("put both rounds into one long table"), "{error}");

    let logarithms = "index: {id: Index, indicators: [{id: a, transform: ln}]}";
    let plain_figures = "index: {id: Index, indicators: [{id: a}]}";
    let error = refused(
        (plain_figures, "unit,a\nX,0\nY,1\n", plain),
        (logarithms, "unit,a\nX,1\nY,2\n", plain),
    );
    assert!(
        error.starts_with("old.json: the two rounds cannot be scored in one frame: ln cannot be used for 'a'"),
        "{error}"
    );
}

#[test]
fn a_framework_that_changed_is_named_and_the_new_one_scores_both_rounds() {
    let heavier = FRAMEWORK.replace("weight: 3\n", "weight: 1\n");
    let goalposts = "normalise: goalposts";
    let assessment = compared((&heavier, OLD, goalposts), (FRAMEWORK, NEW, goalposts)).unwrap();
    assert!(says(&assessment, "the framework differs") && says(&assessment, "weighed otherwise: A"));
    let index = &assessment.comparison.as_ref().unwrap().elements["Index"];
    // Y: (0.25 · 40 + 0.75 · 60) · 0.75 + 60 / 4
    close(&numbers(&index.old)[..1], &[56.25]);
}

fn cells() -> impl Strategy<Value = Vec<[Option<u32>; 6]>> {
    let cell = || prop_oneof![1 => Just(None), 5 => (0_u32..101).prop_map(Some)];
    proptest::collection::vec([cell(), cell(), cell(), cell(), cell(), cell()], 2..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn contributions_and_effects_of_coverage_sum_to_every_change(
        rows in cells(),
        aggregate in prop_oneof![
            Just("arithmetic"), Just("geometric"), Just("{by_level: [geometric, arithmetic]}"),
            Just("{by_level: [arithmetic, geometric]}"), Just("{method: arithmetic, min_available: 0.6}"),
        ],
        scale in prop_oneof![Just("goalposts"), Just("min_max"), Just("{method: min_max, low: 1, high: 100}")],
    ) {
        let csv = |half: usize| {
            let mut csv = String::from("unit,a1,a2,b1,context\n");
            for (unit, row) in rows.iter().enumerate() {
                let cells = &row[3 * half..3 * half + 3];
                let cells: Vec<String> = cells.iter().map(|cell| cell.map_or(String::new(), |cell| cell.to_string())).collect();
                writeln!(csv, "u{unit},{},{half}", cells.join(",")).unwrap();
            }
            csv
        };
        let options = format!("{{normalise: {scale}, aggregate: {aggregate}}}");
        let assessment = rounds(&csv(0), &csv(1), &options);
        let comparison = assessment.comparison.as_ref().unwrap();
        let contributions = comparison.contributions.as_ref().unwrap();
        let adds = |id: &str, unit: usize| contributions.elements.get(id).and_then(|column| column.get(unit)).unwrap_or(0.0);
        let coverage = |id: &str, unit: usize| contributions.coverage.get(id).and_then(|column| column.get(unit)).unwrap_or(0.0);
        for unit in 0..rows.len() {
            let Some(change) = comparison.elements["Index"].change.as_ref().unwrap().get(unit) else { continue };
            let indicators = adds("a1", unit) + adds("a2", unit) + adds("b1", unit);
            let effects = coverage("Index", unit) + coverage("A", unit) + coverage("B", unit);
            prop_assert!((indicators + effects - change).abs() < 1e-9, "{indicators} + {effects} is not {change}");
            let dimensions = adds("A", unit) + adds("B", unit) + coverage("Index", unit);
            prop_assert!((dimensions - change).abs() < 1e-9, "{dimensions} is not {change}");
            prop_assert!((adds("a1", unit) + adds("a2", unit) + coverage("A", unit) - adds("A", unit)).abs() < 1e-9);
        }
    }
}

fn program(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_program_compares_with_a_file_of_its_own_and_refuses_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("f.yaml", FRAMEWORK);
    write("2026.csv", OLD);
    write("2027.csv", NEW);
    let done = program(folder.path(), &["score", "f.yaml", "2026.csv", "--out", "2026.json"]);
    assert!(done.status.success());
    let again = ["score", "f.yaml", "2027.csv", "--compare", "2026.json", "--out"];
    for out in ["one.json", "two.json", "workbook.xlsx"] {
        let done = program(folder.path(), &[&again[..], &[out]].concat());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("one.json"), bytes("two.json"));
    let result: Value = serde_json::from_slice(&bytes("one.json")).unwrap();
    assert_eq!(result["comparison"]["kind"], "rounds");
    assert_eq!(result["comparison"]["elements"]["Index"]["rank_change"], json!([0, 0]));
    // A result with a comparison is a result like any other.
    let done = program(
        folder.path(),
        &[
            "score",
            "f.yaml",
            "2026.csv",
            "--compare",
            "one.json",
            "--out",
            "back.json",
        ],
    );
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(
        !String::from_utf8(bytes("2026.json")).unwrap().contains("comparison"),
        "absent where none was asked for"
    );

    for (name, text, expected) in [
        ("other.json", "{\"units\": []}", "other.json: is no result of innogauge"),
        ("2026.csv", OLD, "2026.csv: is no result of innogauge"),
        (
            "cut.json",
            &String::from_utf8(bytes("2026.json")).unwrap()[..300],
            "cut.json: is no result of innogauge",
        ),
    ] {
        write(name, text);
        let done = program(
            folder.path(),
            &["score", "f.yaml", "2027.csv", "--compare", name, "--out", "x.json"],
        );
        assert_eq!(done.status.code(), Some(1));
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
        assert!(!folder.path().join("x.json").exists());
    }
}

const SURVEY: &str = r#"
survey: firm
version: "1"
title: Firms
identity: {city: city, code: code}
questions:
  - {type: text, name: city, label: City}
  - {type: text, name: code, label: Code}
  - {type: decimal, name: size, label: Size}
  - {type: decimal, name: rd, label: R&D}
"#;

const OF_ANSWERS: &str = r#"
index:
  id: Index
  indicators:
    - {id: intensity, from: firm, ratio: {of: "${rd}", over: "${size}"}, not_asked: exclude, goalposts: [0, 1]}
    - {id: mean, from: firm, mean: "${rd}", not_asked: exclude, goalposts: [0, 60]}
"#;

/// A firm: its number, and what it answers.
type Firm = (u32, f64, f64);

/// The answers of one round, estimated.
struct Answered {
    estimates: Estimates,
    resample: Resample,
}

fn answered(framework: &Framework, definition: &Definition, cities: &[Vec<Firm>]) -> Answered {
    let intake = Arc::new(Intake::new(framework, definition));
    let mut estimator = Estimator::new(framework, &intake).keeping_respondents();
    for (city, firms) in cities.iter().enumerate() {
        for (number, (firm, size, rd)) in firms.iter().enumerate() {
            estimator.add(&Respondent {
                // Sent anew each round: nothing but the credit code joins the two.
                response: &format!("uuid:{}-{city}-{:03}", cities.len() + firms.len(), 999 - number),
                organisation: Some(&format!("code{firm}")),
                unit: &format!("c{city}"),
                stratum: &format!("c{city}/small"),
                auxiliary: Auxiliary::default(),
                weight: None,
                answers: json!({"size": size, "rd": rd}).to_string().as_bytes(),
            });
        }
    }
    let tally: Tally = estimator.finish();
    let units: Vec<String> = (0..cities.len()).map(|city| format!("c{city}")).collect();
    let options = Options::assess();
    let estimates = Estimates::new(framework, &tally, &units, None, &options.responses).unwrap();
    let mut register = RegisterTotals::default();
    for city in 0..cities.len() {
        for _ in 0..200 {
            register.add(
                &format!("c{city}"),
                Some("small"),
                None,
                &format!("c{city}/small"),
                None,
            );
        }
    }
    let populations = Populations::from([("firm".to_owned(), register)]);
    let resample = Resample::new(framework, &tally, &estimates.table, &options, &populations).unwrap();
    Answered { estimates, resample }
}

const BOOTSTRAP: &str = "uncertainty: {runs: 800, vary: {respondents: bootstrap}}";

/// Two rounds of answers compared, with the earlier round's respondents at hand or not.
fn of_answers(old: &[Vec<Firm>], new: &[Vec<Firm>], at_hand: bool) -> Assessment {
    let definition = Definition::from_yaml("firm.yaml", SURVEY).unwrap().value;
    let framework = Framework::from_yaml("f.yaml", OF_ANSWERS, &[&definition])
        .unwrap()
        .value;
    let options = Options::read("o.yaml", BOOTSTRAP, Options::assess()).unwrap();
    let made = |cities: &[Vec<Firm>], round: &str| {
        let answered = answered(&framework, &definition, cities);
        let mut assessment = assess_estimates(&framework, &answered.estimates, &options).unwrap();
        assessment.recipe.rounds = vec![round.to_owned()];
        let table = answered.estimates.table.clone();
        let subject = Subject {
            framework: &framework,
            table: &table,
            options: &options,
            respondents: Respondents::Drawn(&answered.resample),
        };
        analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
        (answered, assessment)
    };
    let (then, before) = made(old, "2026");
    let (now, mut assessment) = made(new, "2027");
    let subject = Subject {
        framework: &framework,
        table: &now.estimates.table,
        options: &options,
        respondents: Respondents::Drawn(&now.resample),
    };
    let before = kept(&before);
    let against = Against {
        old: &before,
        respondents: if at_hand {
            OldRespondents::Here {
                table: &then.estimates.table,
                resample: &then.resample,
                weightings: &[],
                notes: &[],
            }
        } else {
            OldRespondents::Gone("they were erased")
        },
        renamed: None,
    };
    compare(&mut assessment, &subject, &against, &Replay::default(), &|_, _| true).unwrap();
    assessment
}

/// Firms of these numbers; what they answer follows from their number, and a little from the round.
fn firms(numbers: std::ops::Range<u32>, round: u32) -> Vec<Firm> {
    let firm = |number: u32| {
        let size = f64::from(20 + number * 37 % 60);
        let moved = f64::from((number * 13 + round * 7) % 5);
        (number, size, size * f64::from(number * 61 % 17) / 20.0 + moved)
    };
    numbers.map(firm).collect()
}

/// The width of the sampling interval of the index's change, city by city.
fn widths(assessment: &Assessment) -> Vec<f64> {
    let change = &assessment.comparison.as_ref().unwrap().elements["Index"]
        .sampling
        .as_ref()
        .unwrap()
        .change;
    change
        .low
        .iter()
        .zip(change.high.iter())
        .map(|(low, high)| high.unwrap() - low.unwrap())
        .collect()
}

#[test]
fn a_round_of_the_same_answers_has_a_change_of_0_without_any_doubt() {
    let cities = [firms(0..25, 0), firms(100..130, 0)];
    let mut reversed = cities.clone();
    for city in &mut reversed {
        city.reverse();
    }
    let assessment = of_answers(&cities, &reversed, true);
    let comparison = assessment.comparison.as_ref().unwrap();
    assert_eq!(
        comparison.kind,
        ComparisonKind::Rounds,
        "two rounds, though their figures are the same"
    );
    let index = &comparison.elements["Index"];
    assert_eq!(numbers(index.change.as_ref().unwrap()), [0.0, 0.0]);
    assert_eq!(widths(&assessment), [0.0, 0.0]);
    let overlap = comparison.overlap.as_ref().unwrap();
    assert_eq!(
        (
            overlap[1].old,
            overlap[1].new,
            overlap[1].both,
            overlap[1].drawn_together
        ),
        (30, 30, 30, 30)
    );
    assert_eq!(overlap[1].share, Some(1.0));
    let panel = &comparison.panel.as_ref().unwrap().elements["Index"];
    assert_eq!(panel.new, index.new);
}

#[test]
fn the_more_organisations_answer_again_the_surer_is_the_change() {
    let new = [firms(0..40, 1), firms(100..140, 1)];
    let width = |old: &[Vec<Firm>], at_hand| widths(&of_answers(old, &new, at_hand))[0];
    let all = width(&[firms(0..40, 0), firms(100..140, 0)], true);
    let half = width(&[firms(20..60, 0), firms(120..160, 0)], true);
    let none = width(&[firms(40..80, 0), firms(140..180, 0)], true);
    assert!(
        all < 0.35 * none && half < 0.9 * none && all < half,
        "{all} {half} {none}"
    );

    // Of samples that have nobody in common the two results' own intervals say nearly the same.
    let apart = of_answers(&[firms(40..80, 0), firms(140..180, 0)], &new, false);
    let independent = widths(&apart)[0];
    assert!((independent / none - 1.0).abs() < 0.12, "{independent} {none}");
    let made = apart.comparison.as_ref().unwrap().intervals.as_ref().unwrap();
    assert_eq!((made.sampling, made.runs), (Some(SamplingDraws::Independent), 0));
    assert!(
        says(&apart, "as of independent samples") || says(&apart, "those of independent samples (they were erased)")
    );
}

#[test]
fn the_panel_is_scored_alone_where_enough_of_it_answered() {
    // 12 of 30 answer again in the first city, 5 in the second.
    let old = [firms(0..30, 0), firms(100..130, 0)];
    let new = [firms(18..48, 1), firms(125..155, 1)];
    let assessment = of_answers(&old, &new, true);
    let comparison = assessment.comparison.as_ref().unwrap();
    let overlap = comparison.overlap.as_ref().unwrap();
    assert_eq!((overlap[0].both, overlap[1].both), (12, 5));
    let panel = &comparison.panel.as_ref().unwrap().elements["Index"];
    let alone = of_answers(&[firms(18..30, 0)], &[firms(18..30, 1)], true);
    let alone = &alone.comparison.as_ref().unwrap().elements["Index"];
    close(&numbers(&panel.change)[..1], &numbers(alone.change.as_ref().unwrap()));
    assert_eq!(panel.change.get(1), None, "5 are fewer than 10");
    assert!(panel.sampling.as_ref().unwrap().change.low.get(0) < panel.change.get(0));
}
