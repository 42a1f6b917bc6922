//! Scenarios of bare tables, held against assessments of changed tables, finite differences and linear programmes.

use std::fmt::Write as _;
use std::process::Command;

use indexmap::IndexMap;
use innogauge::scoring::{
    Assessment, Design, Framework, Options, Region, Replay, Respondents, Scenario, Scenarios, Subject, Table,
    WeightSets, analyse, assess, explore, read_result, result_json,
};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use proptest::prelude::*;

const FRAMEWORK: &str = "
index:
  id: Index
  children:
    - id: A
      weight: 2
      indicators:
        - {id: a1, goalposts: [0, 50], target: 40, weight: 3}
        - {id: a2, direction: -1, goalposts: [0, 120], target: 10}
    - id: B
      indicators:
        - {id: b1, goalposts: [-10, 200], target: 90, denominator: size}
        - {id: b2, goalposts: [1, 1000], target: 500, transform: log10, weight: 2}
        - {id: context, weight: 0, goalposts: [0, 1], target: 1}
";

fn framework() -> Framework {
    Framework::for_table("f.yaml", FRAMEWORK).unwrap().value
}

/// Ten units, five indicators, one missing value, a denominator.
fn rows() -> Vec<Vec<Option<f64>>> {
    let cell = |unit: u32, n: u32| Some(f64::from((unit * 37 * n + n * n * 11 + 5) % 101 + n) / 2.0);
    (0..10)
        .map(|unit| {
            let mut row: Vec<Option<f64>> = (1..=5).map(|n| cell(unit, n)).collect();
            row.push(Some(f64::from(unit % 3 + 1)));
            if unit == 4 {
                row[1] = None;
            }
            row
        })
        .collect()
}

fn table(rows: &[Vec<Option<f64>>]) -> Table {
    let mut csv = String::from("unit,a1,a2,b1,b2,context,size\n");
    for (unit, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| cell.map_or_else(String::new, |cell| cell.to_string()))
            .collect();
        writeln!(csv, "u{unit},{}", cells.join(",")).unwrap();
    }
    Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap()
}

fn explored_with(table: &Table, options: &str, scenarios: &str, replay: &Replay) -> Result<Assessment, String> {
    explored_of(&framework(), table, options, scenarios, replay)
}

fn explored_of(
    framework: &Framework,
    table: &Table,
    options: &str,
    scenarios: &str,
    replay: &Replay,
) -> Result<Assessment, String> {
    let options = Options::read("o.yaml", options, Options::score()).map_err(|error| error.to_string())?;
    let mut assessment = assess(framework, table, &options).map_err(|error| error.to_string())?;
    let subject = Subject {
        framework,
        table,
        options: &options,
        respondents: Respondents::None,
    };
    analyse(&mut assessment, &subject, replay, &|_, _| true).map_err(|error| error.to_string())?;
    let scenarios = Scenario::read("s.yaml", scenarios).map_err(|error| error.to_string())?;
    let amended = IndexMap::new();
    explore(&mut assessment, &subject, &scenarios, &amended, replay, &|_, _| true)
        .map_err(|error| error.to_string())?;
    Ok(assessment)
}

fn explored(options: &str, scenarios: &str) -> Scenarios {
    let assessment = explored_with(&table(&rows()), options, scenarios, &Replay::default());
    assessment
        .unwrap_or_else(|error| panic!("{options}: {error}"))
        .scenarios
        .unwrap()
}

/// The scenarios of a small framework and table of their own.
fn of(framework: &str, csv: &str, options: &str, scenarios: &str) -> Result<Assessment, String> {
    let framework = Framework::for_table("f.yaml", framework).unwrap().value;
    let time = csv.contains("year").then_some("year");
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, time).unwrap();
    explored_of(&framework, &table, options, scenarios, &Replay::default())
}

fn scored(rows: &[Vec<Option<f64>>], options: &str) -> Assessment {
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    assess(&framework(), &table(rows), &options).unwrap()
}

/// Options whose frame can be kept, and others.
const KEPT: [&str; 9] = [
    "normalise: goalposts",
    "normalise: min_max",
    "{normalise: {method: min_max, low: 1, high: 10}, aggregate: geometric, denominate: true}",
    "normalise: {method: z_score, mean: 10, sd: 2}",
    "{normalise: distance_to_target, aggregate: {by_level: [arithmetic, geometric]}}",
    "normalise: distance_to_max",
    "normalise: {method: distance_to_reference, reference: u3}",
    "{normalise: goalposts, aggregate: copeland}",
    "{normalise: min_max, impute: mean, treat: {method: winsorise_then_log, max_skewness: 0.1, max_kurtosis: -9}}",
];
const NOT_KEPT: [&str; 4] = [
    "normalise: rank",
    "normalise: percentile_rank",
    "{normalise: min_max, aggregate: mpi}",
    "{normalise: min_max, weights: {method: benefit_of_the_doubt, force: true}}",
];

#[test]
fn a_frozen_scenario_that_multiplies_by_1_changes_nothing_to_the_bit() {
    for options in KEPT {
        let text = "scenarios: [{id: same, changes: [{indicator: a1, units: all, scale: 1}, {weight: B, scale: 1}]}]";
        let found = explored(options, text);
        for (id, element) in &found.outcomes["same"].elements {
            assert_eq!(element.score.baseline, element.score.scenario, "{options}: {id}");
            assert!(element.score.difference.present().all(|difference| difference == 0.0));
            assert!(
                element
                    .rank
                    .difference
                    .iter()
                    .flatten()
                    .all(|difference| *difference == 0)
            );
        }
    }
}

#[test]
fn a_recomputed_scenario_is_the_assessment_of_the_changed_table() {
    let text = "scenarios: [{id: other, frame: recomputed, changes: [{indicator: a1, units: [u2, u7], scale: 1.5}, \
                {indicator: b1, units: all, add: 3}, {indicator: a2, units: [u4], set: 20}]}]";
    let mut changed = rows();
    for unit in [2, 7] {
        changed[unit][0] = changed[unit][0].map(|value| value * 1.5);
    }
    for row in &mut changed {
        row[2] = row[2].map(|value| value + 3.0);
    }
    changed[4][1] = Some(20.0);
    for options in KEPT.iter().chain(&NOT_KEPT) {
        let (found, expected) = (explored(options, text), scored(&changed, options));
        for (id, element) in &found.outcomes["other"].elements {
            assert_eq!(element.score.scenario, expected.scores[id], "{options}: {id}");
            assert_eq!(element.rank.scenario, expected.ranks[id], "{options}: {id}");
        }
    }
}

#[test]
fn under_fixed_goalposts_the_frozen_frame_and_the_recomputed_one_are_the_same() {
    let changes = "[{indicator: a1, units: [u1, u5], scale: 3}, {indicator: b2, units: all, add: 4}]";
    let text =
        format!("scenarios: [{{id: kept, changes: {changes}}}, {{id: again, frame: recomputed, changes: {changes}}}]");
    let found = explored("normalise: goalposts", &text);
    for (id, element) in &found.outcomes["kept"].elements {
        assert_eq!(
            element.score.scenario,
            found.outcomes["again"].elements[id].score.scenario
        );
    }
}

#[test]
fn a_frozen_minimum_and_maximum_stay_and_what_lies_beyond_is_noted() {
    let text = "scenarios: [{id: far, changes: [{indicator: a1, units: [u0], set: 500}]}]";
    let found = explored("normalise: min_max", text);
    let column: Vec<f64> = rows().iter().map(|row| row[0].unwrap()).collect();
    let (least, greatest) = column
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let a1 = &found.outcomes["far"].elements["a1"].score;
    assert!((a1.scenario.get(0).unwrap() - (500.0 - least) / (greatest - least) * 100.0).abs() < 1e-9);
    assert!(
        (1..10).all(|unit| a1.difference.get(unit) == Some(0.0)),
        "the others keep their place"
    );
    let note = &found.outcomes["far"].notes[0];
    assert!(note.message.contains("beyond the best or worst unit") && note.units == ["u0"]);
}

#[test]
fn a_changed_weight_is_that_of_a_framework_which_says_so() {
    let found = explored(
        "normalise: goalposts",
        "scenarios: [{id: w, changes: [{weight: A, set: 5}, {weight: a2, scale: 2}]}]",
    );
    let text = FRAMEWORK
        .replace("id: A\n      weight: 2", "id: A\n      weight: 5")
        .replace("target: 10}", "target: 10, weight: 2}");
    let other = Framework::for_table("f.yaml", &text).unwrap().value;
    let options = Options::read("o.yaml", "normalise: goalposts", Options::score()).unwrap();
    let expected = assess(&other, &table(&rows()), &options).unwrap();
    for (id, element) in &found.outcomes["w"].elements {
        assert_eq!(element.score.scenario, expected.scores[id], "{id}");
    }
}

#[test]
fn reaching_a_level_never_makes_anything_worse() {
    let text = "scenarios:\n\
                - {id: median, changes: [{indicator: a1, units: all, reach: peer_median}]}\n\
                - {id: best, changes: [{indicator: a2, units: all, reach: best}]}\n\
                - {id: target, changes: [{indicator: a2, units: all, reach: target}]}\n\
                - {id: number, changes: [{indicator: a1, units: [u0, u1], reach: 20}]}\n";
    let found = explored("normalise: {method: goalposts, cap: false}", text);
    let rows = rows();
    let a1: Vec<f64> = rows.iter().map(|row| row[0].unwrap()).collect();
    for unit in 0..10 {
        let mut others: Vec<f64> = (0..10).filter(|other| *other != unit).map(|other| a1[other]).collect();
        others.sort_by(f64::total_cmp);
        // Nine others: the fifth is the middle one.
        let expected = a1[unit].max(others[4]) / 50.0 * 100.0;
        let score = found.outcomes["median"].elements["a1"]
            .score
            .scenario
            .get(unit)
            .unwrap();
        assert!((score - expected).abs() < 1e-9);
    }
    let least = rows.iter().filter_map(|row| row[1]).fold(f64::MAX, f64::min);
    let best = &found.outcomes["best"].elements["a2"].score.scenario;
    assert_eq!(best.get(4), None, "what is missing is not raised");
    assert!((best.get(0).unwrap() - (100.0 - least / 120.0 * 100.0)).abs() < 1e-9);
    let target = &found.outcomes["target"].elements["a2"].score.difference;
    assert!(target.present().all(|difference| difference >= 0.0));
    let number = &found.outcomes["number"];
    assert_eq!(number.elements["a1"].score.difference.get(5), Some(0.0));
    let codes: Vec<String> = found.outcomes["median"]
        .notes
        .iter()
        .map(|note| note.message.clone())
        .collect();
    assert!(codes[0].contains("already at that level"), "{codes:?}");
}

#[test]
fn the_marginal_return_is_the_slope_that_finite_differences_find() {
    const STEP: f64 = 1e-6;
    for options in KEPT {
        let found = explored(options, "scenarios: []");
        let Some(returns) = found.marginal_returns else {
            assert!(options.contains("copeland") && found.notes[0].message.contains("no slope"));
            continue;
        };
        for (id, sign) in [("a1", 1.0), ("a2", -1.0), ("b1", 1.0), ("b2", 1.0), ("context", 1.0)] {
            let one = &returns.indicators[id];
            let text = format!(
                "scenarios: [{{id: little, changes: [{{indicator: {id}, units: all, add: {}}}]}}, \
                 {{id: step, changes: [{{indicator: {id}, units: all, add: {}}}]}}]",
                sign * STEP,
                sign * one.step.unwrap()
            );
            let moved = explored(options, &text);
            for unit in 0..10 {
                let index = |scenario: &str| {
                    moved.outcomes[scenario].elements["Index"]
                        .score
                        .difference
                        .get(unit)
                        .unwrap()
                };
                if one.region[unit] == Region::Missing {
                    assert_eq!((one.per_unit.get(unit), one.per_step.get(unit)), (None, None));
                    continue;
                }
                let (slope, step) = (one.per_unit.get(unit).unwrap(), one.per_step.get(unit).unwrap());
                let finite = index("little") / STEP;
                assert!(
                    (slope - finite).abs() < 1e-4 * (1.0 + slope.abs()),
                    "{options} {id} u{unit}: {slope}, {finite}"
                );
                assert!((step - index("step")).abs() < 1e-9, "{options} {id} u{unit}: {step}");
                assert_eq!(
                    one.region[unit] == Region::Rising,
                    slope > 0.0,
                    "{options} {id} u{unit}"
                );
            }
        }
        assert!(
            returns.indicators["context"]
                .region
                .iter()
                .all(|region| *region != Region::Rising)
        );
    }
}

/// What the test knows of the indicators that are straight lines under goalposts: column, direction, goalposts and the
/// share in the index where all are there.
const STRAIGHT: [(&str, usize, f64, [f64; 2], f64); 3] = [
    ("a1", 0, 1.0, [0.0, 50.0], 2.0 / 3.0 * 0.75),
    ("a2", 1, -1.0, [0.0, 120.0], 2.0 / 3.0 * 0.25),
    ("b1", 2, 1.0, [-10.0, 200.0], 1.0 / 3.0 / 3.0),
];

/// The least cost by a linear programme for each set of indicators whose dead stretch is gone.
fn least_cost(row: &[Option<f64>], costs: &[f64; 3], most: &[f64; 3], needed: f64) -> Option<f64> {
    let mut best: Option<f64> = None;
    for set in 0..8_u32 {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let (mut fixed, mut terms, mut possible) = (0.0, Vec::new(), true);
        for (at, (_, column, sign, [low, high], share)) in STRAIGHT.into_iter().enumerate() {
            if set & (1 << at) == 0 {
                continue;
            }
            let value = row[column].unwrap();
            let (bad, good) = if sign > 0.0 { (low, high) } else { (high, low) };
            let dead = ((bad - value) * sign).max(0.0);
            let limit = ((good - value) * sign).min(most[at]);
            if limit <= dead {
                possible = false;
                break;
            }
            fixed += costs[at] * dead;
            let variable = problem.add_var(costs[at], (0.0, limit - dead));
            terms.push((variable, share * 100.0 / (high - low)));
        }
        if !possible {
            continue;
        }
        problem.add_constraint(terms, ComparisonOp::Ge, needed);
        let solved = problem.solve().ok().and_then(|solved| solved.into_solution().ok());
        if let Some(solution) = solved {
            let cost = fixed + solution.objective();
            best = Some(best.map_or(cost, |least| least.min(cost)));
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_cheaper_improvement_reaches_the_target_and_this_one_does(
        unit in prop::sample::select(vec![0_usize, 1, 2, 3, 5, 6, 7, 8, 9]),
        costs in prop::array::uniform3(0.1..10.0_f64),
        most in prop::array::uniform3(1.0..200.0_f64),
        raise in 0.5..60.0_f64,
        // A unit may lie below the worse goalpost, where the first steps gain nothing.
        below in prop::array::uniform3(prop::bool::weighted(0.3)),
    ) {
        let mut rows = rows();
        for ((below, value), bad) in below.into_iter().zip(0..3).zip([-4.0, 131.0, -17.0]) {
            if below {
                rows[unit][value] = Some(bad);
            }
        }
        let options = "normalise: goalposts";
        let before = scored(&rows, options).scores["Index"].get(unit).unwrap();
        let (needed, names) = (before + raise, ["a1", "a2", "b1"]);
        let pairs = |numbers: &[f64; 3]| {
            let pairs: Vec<String> = names.iter().zip(numbers).map(|(name, number)| format!("{name}: {number}")).collect();
            pairs.join(", ")
        };
        let text = format!(
            "scenarios: [{{id: up, inverse: {{unit: u{unit}, score: {needed}, costs: {{{}}}, max: {{{}}}}}}}]",
            pairs(&costs), pairs(&most)
        );
        let found = explored_with(&table(&rows), options, &text, &Replay::default()).unwrap().scenarios.unwrap();
        let improvement = &found.improvements["up"];
        let expected = least_cost(&rows[unit], &costs, &most, raise);
        prop_assert_eq!(improvement.reached, expected.is_some());
        // The steps as a scenario of their own: what they really come to.
        let changes: Vec<String> = improvement.steps.iter()
            .map(|(id, step)| format!("{{indicator: {id}, units: [u{unit}], set: {}}}", step.to))
            .collect();
        let mut after = before;
        if !changes.is_empty() {
            let text = format!("scenarios: [{{id: done, changes: [{}]}}]", changes.join(", "));
            let done = explored_with(&table(&rows), options, &text, &Replay::default()).unwrap().scenarios.unwrap();
            after = done.outcomes["done"].elements["Index"].score.scenario.get(unit).unwrap();
        }
        prop_assert!((after - improvement.target.after).abs() < 1e-9);
        if let Some(expected) = expected {
            prop_assert!((improvement.cost - expected).abs() < 1e-6 * (1.0 + expected), "{} is not {expected}", improvement.cost);
            prop_assert!((after - needed).abs() < 1e-9, "{after} is not {needed}");
        } else {
            prop_assert!(after < needed);
        }
    }
}

#[test]
fn a_target_rank_needs_the_score_of_the_unit_that_has_it() {
    let baseline = scored(&rows(), "normalise: goalposts");
    let ranks = &baseline.ranks["Index"];
    let last = ranks.iter().position(|rank| *rank == Some(10)).unwrap();
    let sixth = ranks.iter().position(|rank| *rank == Some(6)).unwrap();
    let text = format!(
        "scenarios: [{{id: up, inverse: {{unit: u{last}, rank: 6, costs: {{a1: 1, a2: 2, b1: 1}}}}}}, \
         {{id: there, inverse: {{unit: u{sixth}, rank: 9, costs: {{a1: 1}}}}}}]"
    );
    let found = explored("normalise: goalposts", &text);
    let up = &found.improvements["up"];
    assert!(up.reached && up.target.rank == Some(6));
    assert_eq!(Some(up.target.score), baseline.scores["Index"].get(sixth));
    let there = &found.improvements["there"];
    assert!(there.reached && there.steps.is_empty());
    assert!(there.cost.is_sign_positive() && there.cost == 0.0, "not -0");
}

#[test]
fn without_an_end_of_the_scale_an_indicator_is_raised_to_the_best_unit_at_most() {
    let text = "scenarios: [{id: up, inverse: {unit: u0, score: 1000, costs: {a1: 1}}}]";
    let found = explored("normalise: min_max", text);
    let up = &found.improvements["up"];
    let best = rows().iter().map(|row| row[0].unwrap()).fold(f64::MIN, f64::max);
    assert!(!up.reached && (up.steps["a1"].to - best).abs() < 1e-12);
}

#[test]
fn intervals_are_of_the_differences_run_by_run() {
    let mut design = "run,normalise,aggregate,weights\n".to_owned();
    for run in 0..60 {
        writeln!(design, "{run},{},{},{}", run % 2 + 1, run / 2 % 2 + 1, run % 5 + 1).unwrap();
    }
    let sets: String = (1..=5)
        .flat_map(|set| [format!("{set},A,{set}\n"), format!("{set},a1,{}\n", 6 - set)])
        .collect();
    let replay = Replay {
        design: Some(Design::read("d.csv", design.as_bytes()).unwrap()),
        weight_sets: Some(WeightSets::read("w.csv", format!("set,element,weight\n{sets}").as_bytes()).unwrap()),
    };
    let options = "{normalise: {method: goalposts, low: 1}, uncertainty: {design: d.csv, weight_sets: w.csv, \
                   vary: {normalise: [{method: goalposts, low: 1}, {method: min_max, low: 5, high: 10}], \
                   aggregate: [arithmetic, geometric]}}}";
    let text = "scenarios: [{id: again, frame: recomputed, changes: [{indicator: a1, units: [u1, u6], add: 4}]}]";
    let mut changed = rows();
    for unit in [1, 6] {
        changed[unit][0] = changed[unit][0].map(|value| value + 4.0);
    }
    let found = explored_with(&table(&rows()), options, text, &replay).unwrap();
    let other = explored_with(&table(&changed), options, "scenarios: []", &replay).unwrap();
    let runs = |assessment: &Assessment| assessment.uncertainty.clone().unwrap().replay.unwrap().scores;
    let (before, after) = (runs(&found), runs(&other));
    let index = &found.scenarios.as_ref().unwrap().outcomes["again"].elements["Index"];
    let spread = index.uncertainty.as_ref().unwrap();
    assert_eq!(spread.runs, 60);
    for unit in 0..10 {
        // Every other run is on the nominal scale.
        let mut differences: Vec<f64> = (0..60)
            .step_by(2)
            .map(|run| after[run].get(unit).unwrap() - before[run].get(unit).unwrap())
            .collect();
        let mean = differences.iter().sum::<f64>() / 30.0;
        assert!((spread.score.mean.get(unit).unwrap() - mean).abs() < 1e-9);
        differences.sort_by(f64::total_cmp);
        // Type 7: the 0.05 quantile of 30 lies at 1.45.
        let low = differences[1] + 0.45 * (differences[2] - differences[1]);
        assert!((spread.score.quantiles["p5"].get(unit).unwrap() - low).abs() < 1e-9);
    }
    assert!(spread.method.is_some() && spread.sampling.is_none());

    let same = "scenarios: [{id: same, changes: [{indicator: a1, units: all, scale: 1}]}]";
    let same = explored_with(&table(&rows()), options, same, &replay)
        .unwrap()
        .scenarios
        .unwrap();
    let spread = same.outcomes["same"].elements["A"].uncertainty.as_ref().unwrap();
    let (low, high) = spread.score.interval().unwrap();
    assert!(
        low.present().chain(high.present()).all(|end| end == 0.0),
        "nothing is changed in any run"
    );
}

#[test]
fn a_changed_weight_is_changed_in_every_run_before_it_is_varied() {
    let options = "{normalise: goalposts, uncertainty: {runs: 200, vary: {weights: {relative: 0.3}}}}";
    let text = "scenarios: [{id: alone, changes: [{weight: B, set: 0}]}]";
    let found = explored_with(&table(&rows()), options, text, &Replay::default()).unwrap();
    let outcome = &found.scenarios.as_ref().unwrap().outcomes["alone"];
    // Without B the index is A, so that its difference to the index is that of the two in each run.
    let index = outcome.elements["Index"].uncertainty.as_ref().unwrap();
    let (a, all) = (
        &found.uncertainty.as_ref().unwrap().elements["A"],
        &found.uncertainty.as_ref().unwrap().elements["Index"],
    );
    for unit in 0..10 {
        let expected = a.score.mean.get(unit).unwrap() - all.score.mean.get(unit).unwrap();
        assert!((index.score.mean.get(unit).unwrap() - expected).abs() < 1e-9);
    }
}

#[test]
fn what_a_frame_cannot_keep_is_refused_with_what_would_do() {
    let change = "scenarios: [{id: s, changes: [{indicator: a1, units: all, scale: 2}]}]";
    let inverse = "scenarios: [{id: s, inverse: {unit: u0, score: 90, costs: {a1: 1}}}]";
    let weighs = "scenarios: [{id: s, frame: recomputed, changes: [{weight: A, set: 2}]}]";
    let flat = "scenarios: [{id: s, changes: [{indicator: context, units: [u1], set: 2}]}]";
    let log = "scenarios: [{id: s, inverse: {unit: u0, score: 90, costs: {b2: 1}}}]";
    let mut constant = rows();
    for row in &mut constant {
        row[4] = Some(1.0);
    }
    for (rows, options, text, message) in [
        (
            rows(),
            NOT_KEPT[0],
            change,
            "scenario 's': rank has no scale that could be kept: use frame: recomputed",
        ),
        (rows(), NOT_KEPT[2], change, "mpi makes z-scores at every parent"),
        (
            rows(),
            NOT_KEPT[3],
            change,
            "benefit of the doubt holds each unit against all others",
        ),
        (
            rows(),
            "{normalise: goalposts, aggregate: harmonic}",
            inverse,
            "use aggregate: arithmetic",
        ),
        (
            rows(),
            "{weights: {method: factor, force: true}}",
            weighs,
            "weights by factor are worked out from the figures",
        ),
        (
            constant,
            "normalise: min_max",
            flat,
            "'context' of unit 'u1' would be 2: all units are equal",
        ),
        (
            rows(),
            "normalise: goalposts",
            log,
            "s.yaml:1:60: error: 'b2' is put on the scale by no straight line",
        ),
    ] {
        let error = explored_with(&table(&rows), options, text, &Replay::default()).unwrap_err();
        assert!(error.contains(message), "{options}: {error}");
    }
}

#[test]
fn every_mistake_of_a_file_is_said_with_its_place_and_what_would_be_right() {
    let text = "scenarios:\n\
                - {id: one, changes: [{indicator: a9, units: [u1, x7], scale: 2}]}\n\
                - {id: two, changes: [{weight: AA, set: 2}, {indicator: A, units: all, add: 1}]}\n\
                - {id: three, changes: [{answer: rd, units: all, scale: 2}]}\n\
                - {id: four, inverse: {unit: u44, score: 1, costs: {a1: 1, zz: 2}}}\n";
    let error = explored_with(&table(&rows()), "normalise: goalposts", text, &Replay::default()).unwrap_err();
    for line in [
        "s.yaml:2:35: error: there is no indicator 'a9'",
        "s.yaml:2:51: error: there is no unit 'x7'",
        "s.yaml:3:32: error: there is no element 'AA'\n  help: did you mean 'A'?",
        "s.yaml:3:57: error: 'A' is no indicator",
        "s.yaml:4:34: error: a table has no answers to be changed",
        "s.yaml:5:30: error: there is no unit 'u44'",
        "s.yaml:5:60: error: there is no indicator 'zz'",
    ] {
        assert!(error.contains(line), "{line} is not in:\n{error}");
    }
    let text = "scenarios:\n\
                - {id: one, changes: []}\n\
                - {id: one, frame: freezed, changes: [{indicator: a, scale: 1, set: 2}]}\n\
                - {id: two, changes: [{indicator: a, weight: b, scale: 1}, {weight: b, reach: best}]}\n\
                - {id: three, inverse: {unit: u, costs: {a: -1}, max: {b: 1}}}\n\
                - {id: four, changes: [{indicator: a, units: every, reach: top}]}\n\
                - {id: five}\n";
    let error = Scenario::read("s.yaml", text).unwrap_err().to_string();
    for line in [
        "s.yaml:2:22: error: no change is listed",
        "s.yaml:3:8: error: the id 'one' is used twice",
        "s.yaml:3:20: error: unknown frame 'freezed'\n  help: one of: frozen, recomputed",
        "s.yaml:3:69: error: a change says two things at once",
        "s.yaml:4:23: error: a change names several things at once",
        "s.yaml:4:79: error: `reach` is for indicators",
        "s.yaml:5:24: error: an inverse has no target",
        "s.yaml:5:45: error: costs of 'a' is -1",
        "s.yaml:6:46: error: units are 'every'",
        "s.yaml:6:60: error: unknown level 'top'",
        "s.yaml:7:3: error: a scenario has neither 'changes' nor 'inverse'",
    ] {
        assert!(error.contains(line), "{line} is not in:\n{error}");
    }
}

#[test]
fn the_same_scenarios_give_the_same_bytes_on_any_number_of_threads_and_read_back() {
    let options = "{normalise: goalposts, uncertainty: {runs: 200, vary: {weights: {relative: 0.3}, \
                   aggregate: [arithmetic, geometric], drop_one: true}}}";
    let text = "scenarios: [{id: s, label: {zh: 甲, en: A}, changes: [{indicator: a1, units: all, scale: 2}]}, \
                {id: i, inverse: {unit: u0, rank: 1, costs: {a1: 1, a2: 3}}}]";
    let bytes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let explored = || explored_with(&table(&rows()), options, text, &Replay::default()).unwrap();
        result_json(&pool.install(explored)).unwrap()
    };
    let first = bytes(1);
    assert!(first == bytes(3));
    assert_eq!(result_json(&read_result(&first).unwrap()).unwrap(), first);
}

#[test]
fn levels_of_an_indicator_that_is_divided_are_those_of_its_quotients() {
    let framework = "index: {id: I, indicators: [{id: gdp, denominator: pop}, {id: a}]}";
    // A head: 10, 20 and 50.
    let csv = "unit,gdp,a,pop\nbig,1000,1,100\nmid,200,2,10\nsmall,50,3,1\n";
    let text = "scenarios: [{id: small, changes: [{indicator: gdp, units: [small], reach: best}]}, \
                {id: big, changes: [{indicator: gdp, units: [big], reach: best}]}, \
                {id: median, changes: [{indicator: gdp, units: all, reach: peer_median}]}, \
                {id: number, changes: [{indicator: gdp, units: all, reach: 30}]}, \
                {id: up, inverse: {unit: big, score: 1000, costs: {gdp: 1}}}, \
                {id: first, inverse: {unit: small, score: 1000, costs: {gdp: 1}}}]";
    let options = "{denominate: true, normalise: min_max}";
    let found = of(framework, csv, options, text).unwrap().scenarios.unwrap();
    let scores = |id: &str| -> Vec<f64> { found.outcomes[id].elements["gdp"].score.scenario.present().collect() };
    assert_eq!(scores("small"), [0.0, 25.0, 100.0], "it is the best already");
    assert_eq!(scores("big"), [100.0, 25.0, 100.0]);
    // The medians of the others are 35, 30 and 15 a head.
    assert_eq!(scores("median"), [62.5, 50.0, 100.0]);
    assert_eq!(scores("number"), [50.0, 50.0, 100.0]);
    let up = &found.improvements["up"];
    assert_eq!(
        (up.reached, up.steps["gdp"].to),
        (false, 5000.0),
        "50 a head for 100 heads"
    );
    assert!(found.improvements["first"].steps.is_empty());
}

#[test]
fn one_step_without_a_place_takes_no_other_return_away() {
    let framework = "index: {id: I, indicators: [{id: a, goalposts: [0, 10]}, \
                     {id: b, direction: -1, goalposts: [1, 500], transform: ln}]}";
    let csv = "unit,a,b\nx,1,20\ny,5,300\nz,9,80\n";
    let found = of(framework, csv, "normalise: goalposts", "scenarios: []").unwrap();
    let returns = found.scenarios.unwrap().marginal_returns.unwrap();
    let (a, b) = (&returns.indicators["a"], &returns.indicators["b"]);
    assert_eq!(a.per_step.present().count(), 3);
    // A tenth of the way is 49.9: from 20 and below, the logarithm would be of a number below 0.
    assert_eq!((b.per_step.get(0), b.per_unit.present().count()), (None, 3));
    assert!(b.per_step.get(1).unwrap() > 0.0 && b.per_step.get(2).unwrap() > 0.0);
    let constant = of(
        "index: {id: I, indicators: [{id: a}, {id: b}]}",
        "unit,a,b\nx,1,7\ny,5,7\nz,9,7\n",
        "normalise: min_max",
        "scenarios: []",
    );
    let returns = constant.unwrap().scenarios.unwrap().marginal_returns.unwrap();
    assert_eq!(returns.indicators["a"].per_unit.present().count(), 3);
    assert_eq!(returns.indicators["b"].per_unit.present().count(), 0);
}

#[test]
fn what_could_not_be_written_down_is_refused() {
    let goalposts = "normalise: goalposts";
    for (scenario, message) in [
        (
            "inverse: {unit: u0, score: 99, costs: {a1: 1e308}}",
            "s.yaml:1:64: error: costs of 'a1' is 1e308\n  help: write a number from 1e-12 to 1e12",
        ),
        (
            "inverse: {unit: u0, score: 99, costs: {a1: 1}, max: {a1: 1e-13}}",
            "max of 'a1' is 1e-13",
        ),
        (
            "changes: [{indicator: b1, units: [u1], scale: 1e308}]",
            "'b1' of unit 'u1': the changed figure would be too large",
        ),
        (
            "changes: [{weight: a1, set: 1e308}, {weight: a2, set: 1e308}]",
            "the weights within 'A' would be too large",
        ),
        (
            "changes: [{weight: Index, set: 2}]",
            "'Index' has no parent, so that it has no weight",
        ),
        (
            "inverse: {unit: u0, rank: 11, costs: {a1: 1}}",
            "there is no rank 11: 10 units are ranked",
        ),
    ] {
        let text = format!("scenarios: [{{id: s, {scenario}}}]");
        let error = explored_with(&table(&rows()), goalposts, &text, &Replay::default()).unwrap_err();
        assert!(error.contains(message), "{scenario}: {error}");
    }
    let text = "scenarios: [{id: s, changes: [{indicator: a1, units: [u1], set: 1e308}]}]";
    let error = explored_with(&table(&rows()), "normalise: min_max", text, &Replay::default()).unwrap_err();
    assert!(error.contains("would be too large"), "{error}");
}

#[test]
fn an_element_that_loses_its_score_with_its_weights_is_noted() {
    let text = "scenarios: [{id: s, changes: [{weight: a1, set: 0}, {weight: a2, set: 0}]}]";
    let found = explored("normalise: goalposts", text);
    let outcome = &found.outcomes["s"];
    assert_eq!(outcome.elements["A"].score.scenario.present().count(), 0);
    let note = &outcome.notes[0];
    assert_eq!((note.element.as_deref(), note.units.len()), (Some("A"), 10));
}

#[test]
fn a_run_is_repeated_from_the_scenarios_of_its_recipe() {
    let text = "scenarios:\n\
                - {id: s, label: {zh: 甲, en: A}, frame: recomputed, changes: [{indicator: a1, units: [u1], scale: 2}, \
                {indicator: a2, units: all, reach: target}, {indicator: b1, units: all, reach: 40.5}, {weight: A, add: 1}]}\n\
                - {id: i, inverse: {unit: u0, rank: 1, element: A, costs: {a2: 3, a1: 1}, max: {a1: 2.5}}}\n\
                - {id: j, label: Up, inverse: {unit: u0, score: 60.25, costs: {a1: 1}}}\n";
    let run = |text: &str| explored_with(&table(&rows()), "normalise: goalposts", text, &Replay::default()).unwrap();
    let first = run(text);
    let recorded = serde_json::json!({"scenarios": first.recipe.scenarios}).to_string();
    assert_eq!(result_json(&run(&recorded)).unwrap(), result_json(&first).unwrap());
    assert!(recorded.contains(r#""costs":{"a2":3.0,"a1":1.0}"#), "{recorded}");
}

#[test]
fn an_inverse_in_a_long_table_looks_at_its_own_time() {
    let framework = "index: {id: I, indicators: [{id: a}, {id: b}]}";
    let csv = "unit,year,a,b\nx,2020,0,0\ny,2020,5,5\nz,2020,8,10\nv,2021,90,80\nw,2021,40,0\nz,2021,100,100\n";
    let text = "scenarios: [{id: second, inverse: {unit: x, rank: 2, costs: {a: 1}}}, \
                {id: far, inverse: {unit: x, score: 1000, costs: {a: 1}}}]";
    let found = of(framework, csv, "normalise: min_max", text).unwrap();
    let index = &found.scores["I"];
    let found = found.scenarios.as_ref().unwrap();
    assert_eq!(
        Some(found.improvements["second"].target.score),
        index.get(1),
        "that of y"
    );
    let to = found.improvements["far"].steps["a"].to;
    assert!((to - 8.0).abs() < 1e-12, "the best of 2020, not {to}");
    let text = "scenarios: [{id: s, inverse: {unit: x, rank: 4, costs: {a: 1}}}]";
    let error = of(framework, csv, "normalise: min_max", text).unwrap_err();
    assert!(error.contains("there is no rank 4: 3 units are ranked"), "{error}");
}

#[test]
fn at_0_a_slope_is_none_or_without_limit_or_the_share_of_the_weight() {
    let framework =
        "index: {id: I, indicators: [{id: a, goalposts: [0, 100]}, {id: b, goalposts: [0, 100], weight: 3}]}";
    // Both at 0, one at 0, none.
    let csv = "unit,a,b\nx,0,0\ny,0,50\nz,20,50\n";
    let slope = |aggregate: &str| {
        let options = format!("{{normalise: goalposts, aggregate: {aggregate}}}");
        let step = "scenarios: [{id: s, changes: [{indicator: a, units: all, add: 1e-9}]}]";
        let found = of(framework, csv, &options, step).unwrap().scenarios.unwrap();
        let finite = &found.outcomes["s"].elements["I"].score.difference;
        let of_a = found.marginal_returns.unwrap().indicators["a"].clone();
        for unit in 0..3 {
            if let Some(slope) = of_a.per_unit.get(unit) {
                let finite = finite.get(unit).unwrap() / 1e-9;
                assert!((slope - finite).abs() < 1e-3, "{aggregate} {unit}: {slope}, {finite}");
            }
        }
        let at = |unit: usize| (of_a.per_unit.get(unit), of_a.region[unit]);
        (at(0), at(1))
    };
    let flat = (Some(0.0), Region::Flat);
    assert_eq!(slope("geometric"), (flat, (None, Region::Rising)));
    // What is 4 parts of 4 in 1 / (1 / 4x + …) rises four times as fast.
    assert_eq!(slope("harmonic"), (flat, (Some(4.0), Region::Rising)));
    let (both, one) = slope("{method: power, exponent: 0.5}");
    assert_eq!((both, one), ((Some(0.0625), Region::Rising), (None, Region::Rising)));
    let (both, one) = slope("{method: power, exponent: 2}");
    assert_eq!((both, one), ((Some(0.5), Region::Rising), flat));
}

#[test]
fn the_command_takes_several_files_of_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let framework = write("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}");
    let figures = write("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n");
    let one = write(
        "one.yaml",
        "scenarios: [{id: best, changes: [{indicator: a, units: [X], reach: best}]}]",
    );
    let two = write(
        "two.yaml",
        "scenarios: [{id: up, inverse: {unit: X, score: 25, costs: {a: 2}}}]",
    );
    let out = folder.path().join("out.json");
    let run = |files: &[&std::path::PathBuf]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innogauge"));
        command.arg("score").args([&framework, &figures]).arg("--out").arg(&out);
        for file in files {
            command.arg("--scenario").arg(file);
        }
        command.output().unwrap()
    };
    let done = run(&[&one, &two]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let found = read_result(&std::fs::read(&out).unwrap()).unwrap().scenarios.unwrap();
    assert_eq!(
        found.outcomes["best"].elements["Index"].score.difference.get(0),
        Some(50.0)
    );
    assert!(
        (found.improvements["up"].cost - 10.0).abs() < 1e-9,
        "5 of 10 are half of the scale, and a quarter of the index"
    );
    let refused = run(&[&one, &one]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the scenario 'best' is in an earlier file already"));
    assert!(run(&[]).status.success());
    assert!(read_result(&std::fs::read(&out).unwrap()).unwrap().scenarios.is_none());
}

#[test]
fn a_scenario_of_weights_holds_also_where_experts_are_drawn_again() {
    let framework = "index: {id: I, children: [{id: A, indicators: [{id: a}]}, {id: B, indicators: [{id: b}]}]}";
    let csv = "unit,a,b\nu,1,9\nv,4,2\nw,10,5\nx,7,1\n";
    let experts = "expert,group,parent,element,points\nLi,s,I,A,80\nLi,s,I,B,20\nMa,g,I,A,30\nMa,g,I,B,70\n";
    let options = format!(
        "weights: {{method: budget_allocation, within: [I], combine: mean, experts: {}}}\n\
         uncertainty: {{runs: 200, vary: {{weights: {{experts: bootstrap}}}}}}",
        serde_json::Value::from(experts)
    );
    let text = "scenarios: [{id: all_of_a, label: {en: A alone}, changes: [{weight: B, set: 0}]}]";
    let found = of(framework, csv, &options, text).unwrap();
    let index = &found.scenarios.as_ref().unwrap().outcomes["all_of_a"].elements["I"];
    let (low, high) = index.uncertainty.as_ref().unwrap().score.interval().unwrap();
    let (a, b) = (&found.scores["A"], &found.scores["B"]);
    for unit in 0..4 {
        // Whoever is drawn, the whole weight is A's then.
        let by = |weight: f64| (1.0 - weight) * (a.get(unit).unwrap() - b.get(unit).unwrap());
        let mut ends = [by(0.8), by(0.3)];
        ends.sort_by(f64::total_cmp);
        assert!((low.get(unit).unwrap() - ends[0]).abs() < 1e-9 && (high.get(unit).unwrap() - ends[1]).abs() < 1e-9);
        assert!((index.score.difference.get(unit).unwrap() - by(0.55)).abs() < 1e-9);
    }
}
