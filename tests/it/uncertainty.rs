//! Uncertainty and sensitivity of bare tables, held against recorded runs of the R package COINr where they are at hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use innogauge::scoring::{
    Assessment, Design, Framework, Options, Replay, Respondents, Subject, Table, WeightSets, analyse, assess,
    result_json,
};

use super::scoring::{asem, framework as asem_framework};

fn analysed(framework: &Framework, table: &Table, options: &str, replay: &Replay) -> Result<Assessment, String> {
    let options = Options::read("o.yaml", options, Options::score()).map_err(|error| error.to_string())?;
    let mut assessment = assess(framework, table, &options).map_err(|error| error.to_string())?;
    let subject = Subject {
        framework,
        table,
        options: &options,
        respondents: Respondents::None,
    };
    analyse(&mut assessment, &subject, replay, &|_, _| true).map_err(|error| error.to_string())?;
    Ok(assessment)
}

/// Twelve units, two dimensions, five indicators, and no ties.
fn small() -> (Framework, Table) {
    let text = "index: {id: Index, children: [{id: A, indicators: [{id: a1}, {id: a2}, {id: a3}]}, \
                {id: B, weight: 2, indicators: [{id: b1}, {id: b2, direction: -1}]}]}";
    let mut csv = String::from("unit,a1,a2,a3,b1,b2\n");
    for unit in 0..12_u32 {
        let cells: Vec<String> = (1..=5_u32)
            .map(|n| ((unit * 37 * n + n * n * 11) % 101 + n).to_string())
            .collect();
        writeln!(csv, "u{unit},{}", cells.join(",")).unwrap();
    }
    let framework = Framework::for_table("f.yaml", text).unwrap().value;
    (framework, Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap())
}

const VARY: &str = "{normalise: [min_max, {method: z_score, mean: 10, sd: 2}], aggregate: [arithmetic, geometric], \
                    weights: {relative: 0.3}, drop_one: true}";

#[test]
fn the_recorded_runs_of_coinr_replay_exactly() {
    let Some(folder) = asem() else { return };
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (design, weights) = ("i_UA_N200_design_and_output.csv", "i_noisy_weights_100.csv");
    let replay = Replay {
        design: Some(Design::read(design, &bytes(design)).unwrap()),
        weight_sets: Some(WeightSets::read(weights, &bytes(weights)).unwrap()),
    };
    let table = Table::read_csv(
        "asem_iData.csv",
        bytes("asem_iData.csv").as_slice(),
        Some("uCode"),
        None,
    )
    .unwrap();
    let winsorise = |most: u32| format!("{{method: winsorise_then_log, max_winsorised: {most}}}");
    let treat: Vec<String> = (1..=5).map(winsorise).collect();
    let options = format!(
        "denominate: true\nimpute: {{method: group_mean, group: EurAsia_group}}\nscreen: {{min_available: 0.9}}\n\
         treat: {}\nnormalise: {{method: min_max, low: 0, high: 100}}\nuncertainty:\n  design: {design}\n  \
         weight_sets: {weights}\n  vary:\n    treat: [{}]\n    normalise: [{{method: min_max, low: 1, high: 100}}, \
         {{method: z_score, mean: 10, sd: 2}}]\n    aggregate: [arithmetic, geometric]\n",
        winsorise(5),
        treat.join(", ")
    );
    let assessment = analysed(&asem_framework(&folder), &table, &options, &replay).unwrap();
    let replayed = assessment.uncertainty.as_ref().unwrap().replay.as_ref().unwrap();

    let mut reader = csv::Reader::from_path(folder.join("i_UA_N200_scores.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut compared = 0;
    for record in reader.records().map(Result::unwrap) {
        let unit = assessment.units.iter().position(|unit| *unit == record[0]).unwrap();
        for (column, cell) in headers.iter().zip(&record).skip(1) {
            let expected: f64 = cell.parse().unwrap();
            let found = match column.strip_prefix("r_") {
                None => assessment.scores["Index"].get(unit),
                Some(run) => replayed.scores[run.parse::<usize>().unwrap() - 1].get(unit),
            };
            let found = found.unwrap();
            assert!(
                (found - expected).abs() < 1e-9,
                "{} {column}: {found} is not {expected}",
                &record[0]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 51 * 201);
    let mut reader = csv::Reader::from_path(folder.join(design)).unwrap();
    for (row, found) in reader
        .deserialize::<BTreeMap<String, String>>()
        .zip(&replayed.mean_abs_rank_change)
    {
        let expected: f64 = row.unwrap()["mean_abs_rank_change"].parse().unwrap();
        assert!((found.unwrap() - expected).abs() < 1e-9);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads_and_another_seed_others() {
    let (framework, table) = small();
    let bytes = |seed: u64, threads: usize| {
        let options = format!("uncertainty: {{runs: 300, seed: {seed}, vary: {VARY}}}\nsensitivity: {{runs: 32}}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| result_json(&analysed(&framework, &table, &options, &Replay::default()).unwrap()).unwrap())
    };
    let first = bytes(7, 1);
    assert!(first == bytes(7, 2) && first == bytes(7, 5));
    assert!(first != bytes(8, 2));
    let read = innogauge::scoring::read_result(&first).unwrap();
    assert_eq!(result_json(&read).unwrap(), first, "a result reads back as itself");
}

#[test]
fn experts_who_are_drawn_again_spread_the_scores_as_far_as_they_differ() {
    let (framework, table) = small();
    let csv =
        "expert,group,parent,element,points\nLi,s,Index,A,80\nLi,s,Index,B,20\nMa,g,Index,A,30\nMa,g,Index,B,70\n";
    let options = |points: &str| {
        format!(
            "weights: {{method: budget_allocation, within: [Index], combine: mean, experts: {}}}\n\
             uncertainty: {{runs: 1000, vary: {{weights: {{experts: bootstrap}}}}}}",
            serde_json::Value::from(points)
        )
    };
    let assessment = analysed(&framework, &table, &options(csv), &Replay::default()).unwrap();
    let (a, b) = (&assessment.scores["A"], &assessment.scores["B"]);
    let uncertainty = assessment.uncertainty.as_ref().unwrap();
    let score = &uncertainty.elements["Index"].score;
    for unit in 0..12 {
        let under = |weight: f64| weight * a.get(unit).unwrap() + (1.0 - weight) * b.get(unit).unwrap();
        // One draw in four is of Li alone and one of Ma alone.
        let mut ends = [under(0.8), under(0.3)];
        ends.sort_by(f64::total_cmp);
        let near = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-9);
        near(score.quantiles["p5"].get(unit), ends[0]);
        near(score.quantiles["p50"].get(unit), under(0.55));
        near(score.quantiles["p95"].get(unit), ends[1]);
    }
    let nobody = "weights: equal\nuncertainty: {vary: {weights: {experts: bootstrap}}}";
    let error = analysed(&framework, &table, nobody, &Replay::default()).unwrap_err();
    assert!(error.contains("no experts were asked"), "{error}");
}

#[test]
fn probabilities_and_intervals_agree_with_each_other() {
    let (framework, table) = small();
    let options = format!("uncertainty: {{runs: 500, vary: {VARY}, top: [3]}}");
    let assessment = analysed(&framework, &table, &options, &Replay::default()).unwrap();
    let uncertainty = assessment.uncertainty.unwrap();
    assert!(
        (200..300).contains(&uncertainty.on_nominal_scale),
        "half of the runs are min-max"
    );
    let index = &uncertainty.elements["Index"];
    assert_eq!(uncertainty.elements.keys().collect::<Vec<_>>(), ["Index", "A", "B"]);
    let (frequency, pairwise) = (index.rank_frequency.as_ref().unwrap(), index.pairwise.as_ref().unwrap());
    for unit in 0..12 {
        assert!((frequency[unit].iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((frequency[unit][..3].iter().sum::<f64>() - index.top["3"].get(unit).unwrap()).abs() < 1e-12);
        let mean = (1..=12)
            .zip(&frequency[unit])
            .map(|(rank, share)| f64::from(rank) * share)
            .sum::<f64>();
        assert!((mean - index.rank.mean.get(unit).unwrap()).abs() < 1e-9);
        // A unit's rank is one more than the number of those above it.
        let above: f64 = (0..12).map(|other| pairwise[other][unit]).sum();
        assert!((above + 1.0 - mean).abs() < 1e-9);
        let (low, high) = index.rank.interval().unwrap();
        assert!(low.get(unit) <= index.rank.quantiles["p50"].get(unit) && low.get(unit) <= high.get(unit));
    }
    assert!(index.method.is_some() && index.sampling.is_none());
}

#[test]
fn a_combination_that_cannot_be_done_is_refused_before_the_runs_and_no_run_takes_it() {
    let (framework, table) = small();
    let vary = "{normalise: [min_max, z_score], aggregate: [arithmetic, geometric]}";
    let options = format!("uncertainty: {{runs: 400, vary: {vary}}}");
    let assessment = analysed(&framework, &table, &options, &Replay::default()).unwrap();
    let uncertainty = assessment.uncertainty.unwrap();
    let refused: Vec<_> = uncertainty
        .refused
        .iter()
        .map(|it| (it.normalise.as_str(), it.aggregate.as_str()))
        .collect();
    assert_eq!(refused, [("z_score", "geometric")]);
    assert!(uncertainty.refused[0].reason.contains("below 0"));
    assert!(
        (230..300).contains(&uncertainty.on_nominal_scale),
        "two of the three combinations are min-max"
    );

    let error = analysed(
        &framework,
        &table,
        &format!("{options}\nsensitivity: {{runs: 16}}"),
        &Replay::default(),
    );
    assert!(error.unwrap_err().contains("needs every combination"));
    let none = "uncertainty: {vary: {normalise: [z_score], aggregate: [geometric]}}";
    let error = analysed(&framework, &table, none, &Replay::default()).unwrap_err();
    assert!(
        error.contains("no combination of the alternatives can be done"),
        "{error}"
    );
}

#[test]
fn a_run_that_changes_nothing_is_the_assessment_under_every_aggregation_and_method_of_weights() {
    let (_, table) = small();
    let text = "index: {id: Index, children: [{id: A, indicators: [{id: a1, goalposts: [0, 110]}, \
                {id: a2, goalposts: [0, 110]}, {id: a3, goalposts: [0, 110]}]}, {id: B, weight: 2, indicators: \
                [{id: b1, goalposts: [0, 110]}, {id: b2, direction: -1, goalposts: [0, 110]}]}]}";
    let framework = Framework::for_table("f.yaml", text).unwrap().value;
    for aggregate in [
        "arithmetic",
        "{method: power, exponent: -0.5}",
        "copeland",
        "mpi",
        "ampi",
    ] {
        for weights in ["given", "factor", "{method: optimised, within: [A]}"] {
            let options = format!(
                "normalise: {{method: goalposts, low: 1, high: 100}}\naggregate: {aggregate}\nweights: {weights}\n\
                 uncertainty: {{runs: 3, vary: {{aggregate: [{aggregate}]}}}}"
            );
            let assessment = analysed(&framework, &table, &options, &Replay::default())
                .unwrap_or_else(|error| panic!("{aggregate}, {weights}: {error}"));
            let uncertainty = assessment.uncertainty.as_ref().unwrap();
            assert_eq!(uncertainty.on_nominal_scale, 3);
            for (id, element) in &uncertainty.elements {
                let (low, high) = element.score.interval().unwrap();
                for end in [low, high] {
                    assert_eq!(end, &assessment.scores[id], "{aggregate}, {weights}: {id}");
                }
            }
        }
    }
}

#[test]
fn under_benefit_of_the_doubt_the_analysis_that_nobody_asked_for_is_left_out_with_a_note_and_another_is_refused() {
    let (framework, table) = small();
    let options = "weights: benefit_of_the_doubt\nnormalise: min_max";
    let by_default = Options::read("o.yaml", options, Options::assess()).unwrap();
    let mut assessment = assess(&framework, &table, &by_default).unwrap();
    let mut subject = Subject {
        framework: &framework,
        table: &table,
        options: &by_default,
        respondents: Respondents::Fixed("each unit is a respondent"),
    };
    analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
    assert!(assessment.uncertainty.is_none());
    let said = |start: &str| assessment.notes.iter().any(|note| note.message.starts_with(start));
    assert!(said("no uncertainty: benefit of the doubt weighs each unit"));

    let asked = Options {
        weights: by_default.weights.clone(),
        ..Options::assess()
    };
    subject.options = &asked;
    let error = analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap_err();
    assert!(
        error.to_string().contains("benefit of the doubt weighs each unit"),
        "{error}"
    );
}

#[test]
fn conditional_means_and_powers_are_alternatives_and_are_left_out_where_they_cannot_be_had() {
    let framework = "index: {id: I, indicators: [{id: a}, {id: b}, {id: c}]}";
    let framework = Framework::for_table("f.yaml", framework).unwrap().value;
    let rows = "u,1,9,4\nv,2,,5\nw,4,7,300\nx,,3,6\ny,7,1,7\nz,9,2,\n";
    let options = "uncertainty: {runs: 200, vary: {impute: [mean, em], treat: [none, {method: box_cox, max_skewness: 0, max_kurtosis: -9}]}}";
    let run = |csv: String| {
        let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
        analysed(&framework, &table, options, &Replay::default())
            .unwrap()
            .uncertainty
            .unwrap()
    };
    let uncertainty = run(format!("unit,a,b,c\n{rows}"));
    let reason = "impute: em for the indicators of 'I': 3 units have all of those that vary, and 4 are needed";
    assert_eq!(uncertainty.refused.len(), 2);
    for refused in &uncertainty.refused {
        assert_eq!(refused.impute.as_deref(), Some("em"));
        assert!(refused.reason.starts_with(reason), "{}", refused.reason);
    }
    let uncertainty = run(format!("unit,a,b,c\n{rows}p,3,8,40\nq,5,6,9\n"));
    assert!(uncertainty.refused.is_empty());
    let spread = &uncertainty.elements["I"].score.quantiles;
    let (low, high) = (spread["p5"].get(1).unwrap(), spread["p95"].get(1).unwrap());
    assert!(low < high, "{low} and {high}");
}

#[test]
fn an_aggregation_with_a_scale_of_its_own_counts_for_ranks_and_is_refused_what_it_cannot_take() {
    let (framework, table) = small();
    let vary = |vary: &str| {
        let options = format!("uncertainty: {{runs: 400, vary: {vary}}}");
        analysed(&framework, &table, &options, &Replay::default()).map(|assessment| assessment.uncertainty.unwrap())
    };
    let uncertainty = vary("{aggregate: [arithmetic, geometric, copeland, mpi]}").unwrap();
    assert!((160..240).contains(&uncertainty.on_nominal_scale));
    assert!(uncertainty.refused.is_empty());

    let uncertainty = vary("{aggregate: [arithmetic, ampi]}").unwrap();
    assert_eq!(uncertainty.on_nominal_scale, 400);
    let refused = &uncertainty.refused[0];
    assert_eq!(
        (refused.normalise.as_str(), refused.aggregate.as_str()),
        ("min_max", "ampi")
    );
    assert!(refused.reason.contains("only normalise: goalposts goes with it"));

    let error = vary("{aggregate: [arithmetic, {by_level: [geometric]}]}").unwrap_err();
    assert!(error.contains("by_level lists 1 method,"), "{error}");
}

#[test]
fn what_a_replayed_file_gets_wrong_is_said_with_row_and_column() {
    let (framework, table) = small();
    let run = |csv: &str, vary: &str| {
        let replay = Replay {
            design: Some(Design::read("d.csv", csv.as_bytes()).map_err(|error| error.to_string())?),
            weight_sets: None,
        };
        let options = format!("uncertainty: {{design: d.csv, vary: {vary}}}");
        analysed(&framework, &table, &options, &replay)
    };
    let aggregate = "{aggregate: [arithmetic, geometric]}";
    assert_eq!(
        run("run,aggregate\n1,3\n2,1\n3,0\n", aggregate)
            .unwrap_err()
            .lines()
            .collect::<Vec<_>>(),
        [
            "d.csv, row 2, column 'aggregate': 3 is no alternative: there are 2, counted from 1",
            "d.csv, row 4, column 'aggregate': 0 is no alternative: there are 2, counted from 1",
        ]
    );
    assert!(
        run("aggregate\nx\n", aggregate)
            .unwrap_err()
            .contains("row 2, column 'aggregate': 'x' is not a number")
    );
    assert!(
        run("treat\n1\n", aggregate)
            .unwrap_err()
            .contains("has no column 'aggregate'")
    );
    assert!(run("run\n1\n", aggregate).unwrap_err().contains("names no factor"));
    let taken = run("aggregate_u,aggregate_alt\n0.1,2\n", aggregate)
        .unwrap()
        .uncertainty
        .unwrap();
    let uniform = run("aggregate_u\n0.9\n", aggregate).unwrap().uncertainty.unwrap();
    assert_eq!(taken.replay.unwrap().scores, uniform.replay.unwrap().scores);

    let sets = WeightSets::read("w.csv", b"set,element,weight\n1,A,1\n1,AA,2\n").unwrap();
    let replay = Replay {
        design: None,
        weight_sets: Some(sets),
    };
    let error = analysed(&framework, &table, "uncertainty: {weight_sets: w.csv}", &replay).unwrap_err();
    assert_eq!(
        error,
        "w.csv, row 3, column 'element': the framework has no element 'AA', did you mean 'A'?"
    );
    let error = WeightSets::read("w.csv", b"set,element,weight\n1,A,-1\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("row 2, column 'weight': '-1' is not a weight"),
        "{error}"
    );
}

#[test]
fn respondents_of_a_bare_table_cannot_be_drawn_again() {
    let (framework, table) = small();
    let options = "uncertainty: {vary: {respondents: bootstrap}}";
    let error = analysed(&framework, &table, options, &Replay::default()).unwrap_err();
    assert!(error.contains("has no respondents to draw again"), "{error}");
}

#[test]
fn an_analysis_ends_where_its_observer_says_so() {
    let (framework, table) = small();
    let options = Options::read("o.yaml", &format!("uncertainty: {{vary: {VARY}}}"), Options::score()).unwrap();
    let mut assessment = assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    let ended = analyse(&mut assessment, &subject, &Replay::default(), &|done, of| done < of / 2);
    assert!(ended.unwrap_err().to_string().contains("ended before it was done"));
    assert!(assessment.uncertainty.is_none());
}

#[test]
fn sensitivity_finds_the_only_factor_that_matters_and_says_what_swings_and_removals_do() {
    let (framework, table) = small();
    // Weights are not varied at all, so that everything is the scale's doing.
    let options = "uncertainty: {vary: {normalise: [min_max, rank], weights: {relative: 0}}}\nsensitivity: {runs: 100}";
    let assessment = analysed(&framework, &table, options, &Replay::default()).unwrap();
    let sensitivity = assessment.sensitivity.unwrap();
    assert_eq!((sensitivity.runs, sensitivity.evaluations), (128, 128 * 4));
    assert!(
        assessment
            .notes
            .iter()
            .any(|note| note.message.contains("128 instead of 100"))
    );
    let change = &sensitivity.outputs["mean_abs_rank_change"];
    assert!((change["normalise"].first.unwrap() - 1.0).abs() < 0.05 && change["weights"].total.unwrap().abs() < 1e-12);
    assert_eq!(sensitivity.outputs.len(), 1 + 2 * 12);
    assert!(sensitivity.swings.iter().any(|swing| swing.to["method"] == "rank"));
    assert_eq!(
        sensitivity.removals.keys().collect::<Vec<_>>(),
        ["A", "a1", "a2", "a3", "B", "b1", "b2"]
    );
    // Without the dimension B the index is A.
    let by_a: Vec<Option<u32>> = assessment.ranks["A"].clone();
    assert_eq!(sensitivity.removals["B"].ranks, by_a);
}

#[test]
fn the_program_replays_files_that_stand_beside_the_options() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}");
    write("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n");
    write(
        "o.yaml",
        "uncertainty: {design: d.csv, weight_sets: w.csv}\nsensitivity: {runs: 8}",
    );
    write("d.csv", "weights\n1\n2\n");
    write("w.csv", "set,element,weight\n1,a,1\n1,b,0\n2,a,0\n2,b,1\n");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args([
            "score",
            &path("f.yaml"),
            &path("t.csv"),
            "--options",
            &path("o.yaml"),
            "--out",
            &path("r.json"),
        ])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let result = std::fs::read(Path::new(&path("r.json"))).unwrap();
    let result: serde_json::Value = serde_json::from_slice(&result).unwrap();
    assert_eq!(
        result["uncertainty"]["replay"]["scores"],
        serde_json::json!([[0.0, 50.0, 100.0], [0.0, 100.0, 50.0]])
    );
    assert_eq!(
        result["uncertainty"]["elements"]["Index"]["score"]["p50"],
        serde_json::json!([0.0, 75.0, 75.0])
    );
    assert_eq!(result["recipe"]["seed"], 1);
}
