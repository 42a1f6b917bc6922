//! Methods of weights, aggregation and statistics, held against numpy and scipy (`fixtures/methods/README.md`), against
//! figures that the Handbook prints, and, where they are at hand, against results of COINr.

use std::fmt::Write as _;

use innogauge::scoring::{Assessment, Framework, NoteCode, Options, PairKind, Table, assess, read_result, result_json};
use serde_json::Value;

use crate::scoring::{asem, expected, score};

const TAI: &str = include_str!("fixtures/methods/tai.csv");

const ALL: [&str; 8] = [
    "patents",
    "royalties",
    "internet",
    "exports",
    "telephones",
    "electricity",
    "schooling",
    "university",
];

fn reference() -> Value {
    serde_json::from_str(include_str!("fixtures/methods/expected.json")).unwrap()
}

/// The achievement index over some of its indicators, with goalposts at the ends of the data.
fn tai(indicators: &[(&str, f64)], options: &str) -> Result<Assessment, String> {
    let table = Table::read_csv("tai.csv", TAI.as_bytes(), None, None).unwrap();
    let mut text = String::from("index: {id: TAI, indicators: [");
    for (name, weight) in indicators {
        let values: Vec<f64> = table.numbers(name).unwrap().present().collect();
        let (low, high) = values
            .iter()
            .fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
        write!(text, "{{id: {name}, weight: {weight}, goalposts: [{low}, {high}]}}, ").unwrap();
    }
    text.push_str("]}");
    let framework = Framework::for_table("tai.yaml", &text).unwrap().value;
    let options = Options::read("o.yaml", options, Options::score()).map_err(|error| error.to_string())?;
    assess(&framework, &table, &options).map_err(|error| error.to_string())
}

fn equal(names: &[&'static str]) -> Vec<(&'static str, f64)> {
    names.iter().map(|name| (*name, 1.0)).collect()
}

fn weight(assessment: &Assessment, id: &str) -> f64 {
    assessment
        .elements
        .iter()
        .find(|element| element.id == id)
        .unwrap()
        .weight
}

fn near(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

fn scores_are(assessment: &Assessment, expected: &Value) {
    let expected = expected.as_object().unwrap();
    assert_eq!(expected.len(), assessment.units.len());
    for (row, unit) in assessment.units.iter().enumerate() {
        let score = assessment.scores["TAI"].get(row).unwrap();
        near(score, expected[unit].as_f64().unwrap(), unit);
    }
}

#[test]
fn correlations_reliability_and_components_are_those_of_numpy_and_scipy() {
    let (assessment, reference) = (tai(&equal(&ALL), "").unwrap(), reference());
    let table = &assessment.correlations.tables[0];
    for (name, found) in [
        ("pearson", &table.pearson),
        ("spearman", table.spearman.as_ref().unwrap()),
        ("kendall", table.kendall.as_ref().unwrap()),
    ] {
        for (row, series) in found.iter().enumerate() {
            for (column, value) in series.iter().enumerate() {
                near(value.unwrap(), reference[name][row][column].as_f64().unwrap(), name);
            }
        }
    }
    let group = &assessment.correlations.groups["TAI"];
    near(group.alpha.unwrap(), reference["alpha"].as_f64().unwrap(), "alpha");
    for (at, name) in ALL.iter().enumerate() {
        near(
            group.alpha_without[*name].unwrap(),
            reference["alpha_without"][at].as_f64().unwrap(),
            name,
        );
        near(
            group.eigenvalues[at],
            reference["eigenvalues"][at].as_f64().unwrap(),
            "eigenvalue",
        );
        near(
            group.first_component[*name],
            reference["first_component"][at].as_f64().unwrap(),
            name,
        );
    }
    // The Handbook's table 16.
    for (found, printed) in group.eigenvalues.iter().zip([3.3, 1.7, 1.0, 0.9, 0.5, 0.3, 0.2, 0.1]) {
        assert!((found - printed).abs() < 0.06);
    }
}

#[test]
fn factor_weights_are_those_of_the_handbooks_method() {
    let reference = reference();
    for (options, name) in [
        ("weights: {method: factor, factors: 4, force: true}", "factor_weights_4"),
        ("weights: {method: factor, force: true}", "factor_weights"),
    ] {
        let assessment = tai(&equal(&ALL), options).unwrap();
        for (at, id) in ALL.iter().enumerate() {
            let found = weight(&assessment, id);
            assert!(
                (found - reference[name][at].as_f64().unwrap()).abs() < 1e-6,
                "{id}: {found}"
            );
        }
    }
}

#[test]
fn pca_weights_are_the_first_component_and_what_runs_against_it_is_named() {
    let names: Vec<&str> = ALL.into_iter().filter(|name| *name != "exports").collect();
    let assessment = tai(&equal(&names), "weights: pca").unwrap();
    for (name, expected) in reference()["pca_weights"].as_object().unwrap() {
        near(weight(&assessment, name), expected.as_f64().unwrap(), name);
    }
    let error = tai(&equal(&ALL), "weights: {method: pca, force: true}").unwrap_err();
    assert!(
        error.starts_with("weights: pca for the children of 'TAI': 'exports' runs against the others"),
        "{error}"
    );
}

#[test]
fn too_few_units_for_weights_from_data_are_an_error_unless_forced() {
    for method in [
        "pca",
        "factor",
        "optimised",
        "entropy",
        "critic",
        "benefit_of_the_doubt",
    ] {
        let error = tai(&equal(&ALL), &format!("weights: {method}")).unwrap_err();
        assert!(
            error.contains("23 units with values for 8 children are fewer than 3 per child"),
            "{error}"
        );
    }
}

#[test]
fn optimised_weights_make_the_children_equally_important() {
    let names = ["patents", "royalties", "internet", "electricity", "university"];
    let assessment = tai(&equal(&names), "weights: optimised").unwrap();
    for (name, expected) in reference()["optimised_weights"].as_object().unwrap() {
        near(weight(&assessment, name), expected.as_f64().unwrap(), name);
    }
    let importance: Vec<f64> = assessment.elements[1..]
        .iter()
        .map(|element| element.importance.unwrap())
        .collect();
    assert!(
        importance.iter().all(|own| (own - importance[0]).abs() < 1e-8),
        "{importance:?}"
    );
    let wanted = "weights: {method: optimised, importance: {university: 2}}\naggregate: {method: power, exponent: 0.5}";
    let assessment = tai(&equal(&["patents", "royalties", "university"]), wanted).unwrap();
    let r = |at: usize| assessment.elements[at].importance.unwrap().sqrt();
    assert!((r(3) - 2.0 * r(1)).abs() < 1e-7 && (r(1) - r(2)).abs() < 1e-7);
    assert!(
        assessment
            .notes
            .iter()
            .any(|note| note.code == NoteCode::OptimisedWeights)
    );
}

#[test]
fn entropy_and_critic_weights_are_those_of_numpy_and_sum_to_1() {
    for method in ["entropy", "critic"] {
        let assessment = tai(&equal(&ALL), &format!("weights: {{method: {method}, force: true}}")).unwrap();
        let reference = &reference()[format!("{method}_weights")];
        for id in ALL {
            near(weight(&assessment, id), reference[id].as_f64().unwrap(), id);
        }
        near(ALL.iter().map(|id| weight(&assessment, id)).sum(), 1.0, method);
    }
}

#[test]
fn powers_are_those_of_scipy_and_stand_in_the_record() {
    let options = "treat: {method: box_cox, max_skewness: 0, max_kurtosis: -99}";
    let assessment = tai(&equal(&ALL), options).unwrap();
    let reference = reference();
    for id in ALL {
        let done = &assessment.treatment[id];
        assert_eq!((done.method.as_str(), done.moved), ("box_cox", 0));
        let (found, expected) = (done.lambda.unwrap(), reference["lambdas"][id].as_f64().unwrap());
        // scipy stops at about 1e-8 of the range in which it looks.
        assert!((found - expected).abs() < 1e-6, "{id}: {found} is not {expected}");
    }
    let bytes = result_json(&assessment).unwrap();
    assert_eq!(read_result(&bytes).unwrap(), assessment);
    let table = Table::read_csv("tai.csv", TAI.as_bytes(), None, None).unwrap();
    let patents = table.numbers("patents").unwrap();
    let treated = &assessment.stages.treated.as_ref().unwrap()["patents"];
    let lambda = assessment.treatment["patents"].lambda.unwrap();
    let ends = patents
        .present()
        .fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    for (value, found) in patents.present().zip(treated.present()) {
        let y: f64 = (value - ends.0) / (ends.1 - ends.0) + 0.01;
        near(found, (y.powf(lambda) - 1.0) / lambda, "patents");
    }
}

/// The achievement index with the holes that the reference fills.
fn with_holes(more: &[(&str, &str)]) -> String {
    let reference = reference();
    let names: Vec<&str> = TAI.lines().next().unwrap().split(',').collect();
    let mut text = String::new();
    for line in TAI.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let holed = |(at, cell): (usize, &&str)| {
            let filled = reference["em"][cells[0]].get(names[at]).is_some();
            let hole = filled || more.contains(&(cells[0], names[at]));
            if hole { String::new() } else { (*cell).to_owned() }
        };
        let cells: Vec<String> = cells.iter().enumerate().map(holed).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text
}

fn imputed(table: &str, options: &str) -> Result<Assessment, String> {
    let table = Table::read_csv("t.csv", table.as_bytes(), None, None).unwrap();
    let indicators: Vec<String> = ALL.iter().map(|id| format!("{{id: {id}}}")).collect();
    let framework = format!("index: {{id: TAI, indicators: [{}]}}", indicators.join(", "));
    let framework = Framework::for_table("f.yaml", &framework).unwrap().value;
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    assess(&framework, &table, &options).map_err(|error| error.to_string())
}

#[test]
fn conditional_means_are_those_of_another_expectation_maximisation() {
    let assessment = imputed(&with_holes(&[]), "impute: em").unwrap();
    let columns = assessment.stages.imputed.as_ref().unwrap();
    let mut holes = 0;
    for (unit, filled) in reference()["em"].as_object().unwrap() {
        let row = assessment.units.iter().position(|known| known == unit).unwrap();
        for (id, expected) in filled.as_object().unwrap() {
            let (found, expected) = (columns[id].get(row).unwrap(), expected.as_f64().unwrap());
            assert!(
                (found - expected).abs() < 1e-6,
                "{unit} {id}: {found} is not {expected}"
            );
            holes += 1;
        }
    }
    assert_eq!(holes, 9);
}

#[test]
fn conditional_means_that_cannot_be_had_are_refused_with_the_element() {
    let units: Vec<&str> = TAI.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let more: Vec<(&str, &str)> = units[10..].iter().map(|unit| (*unit, "exports")).collect();
    let table = with_holes(&more);
    let error = imputed(&table, "impute: em").unwrap_err();
    assert!(
        error.starts_with(
            "impute: em for the indicators of 'TAI': 6 units have all of those that vary, and 9 are needed"
        ),
        "{error}"
    );
}

#[test]
fn benefit_of_the_doubt_finds_the_optimum_of_another_solver() {
    for (settings, name) in [("", "doubt"), (", max_share: 0.3", "doubt_limited")] {
        let options = format!("weights: {{method: benefit_of_the_doubt, force: true{settings}}}");
        let assessment = tai(&equal(&ALL), &options).unwrap();
        scores_are(&assessment, &reference()[name]);
        let by_unit = &assessment.weights_by_unit["TAI"];
        for (row, unit) in assessment.units.iter().enumerate() {
            // With the unit's weights nobody is above the top, and its score is the weighted sum.
            for other in 0..assessment.units.len() {
                let sum: f64 = ALL
                    .iter()
                    .map(|id| by_unit[*id].get(row).unwrap() * assessment.scores[*id].get(other).unwrap())
                    .sum();
                assert!(sum <= 100.0 + 1e-5, "{unit}");
                if other == row {
                    near(sum, assessment.scores["TAI"].get(row).unwrap(), unit);
                }
            }
        }
    }
    let error = tai(
        &equal(&ALL),
        "weights: {method: benefit_of_the_doubt, force: true}\naggregate: geometric",
    );
    assert!(error.unwrap_err().contains("use aggregate: arithmetic"));
    let error = tai(
        &equal(&ALL),
        "weights: {method: benefit_of_the_doubt, force: true}\nnormalise: z_score",
    );
    assert!(error.unwrap_err().contains("it takes no values below 0"));
}

#[test]
fn mpi_ampi_and_copeland_are_their_formulas() {
    let reference = reference();
    scores_are(&tai(&equal(&ALL), "aggregate: mpi").unwrap(), &reference["mpi"]);
    scores_are(
        &tai(&equal(&ALL), "aggregate: mpi\nnormalise: z_score").unwrap(),
        &reference["mpi"],
    );
    scores_are(&tai(&equal(&ALL), "aggregate: ampi").unwrap(), &reference["ampi"]);
    scores_are(
        &tai(&equal(&ALL), "aggregate: ampi\nnormalise: goalposts").unwrap(),
        &reference["ampi"],
    );
    scores_are(
        &tai(&equal(&ALL), "aggregate: copeland").unwrap(),
        &reference["copeland"],
    );
    let weighted: Vec<(&str, f64)> = ALL.into_iter().zip([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).collect();
    scores_are(
        &tai(&weighted, "aggregate: copeland").unwrap(),
        &reference["copeland_weighted"],
    );
}

#[test]
fn a_result_with_everything_in_it_reads_back_as_itself() {
    let names = ["patents", "royalties", "internet"];
    for options in [
        "weights: benefit_of_the_doubt",
        "aggregate: {by_level: [geometric]}",
        "weights: {method: ahp, experts: \"expert,parent,row,column,value\\nLi,TAI,patents,royalties,3\\nLi,TAI,patents,internet,1/2\\nLi,TAI,royalties,internet,4\\n\"}",
    ] {
        let assessment = tai(&equal(&names), options).unwrap();
        let bytes = result_json(&assessment).unwrap();
        assert_eq!(read_result(&bytes).unwrap(), assessment);
        let again = Options::of_recipe(&assessment.recipe.options).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), assessment.recipe.options);
    }
}

#[test]
fn inconsistent_experts_are_listed_and_left_out_where_asked() {
    let experts = "expert,parent,row,column,value\\nLi,TAI,patents,royalties,2\\nLi,TAI,royalties,internet,2\\nLi,TAI,patents,internet,4\\nMa,TAI,patents,royalties,9\\nMa,TAI,royalties,internet,9\\nMa,TAI,patents,internet,1/9\\n";
    let names = ["patents", "royalties", "internet"];
    let options = format!("weights: {{method: ahp, leave_out_inconsistent: true, experts: \"{experts}\"}}");
    let assessment = tai(&equal(&names), &options).unwrap();
    for (name, expected) in names.iter().zip([4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0]) {
        near(weight(&assessment, name), expected, name);
    }
    let report = &assessment.experts["TAI"];
    assert!(report.experts["Ma"].left_out && report.experts["Ma"].consistency_ratio.unwrap() > 1.0);
    assert!(report.experts["Li"].consistency_ratio.unwrap() < 1e-9);
    let note = assessment
        .notes
        .iter()
        .find(|note| note.code == NoteCode::InconsistentExpert)
        .unwrap();
    assert!(note.message.contains("'Ma'") && note.message.ends_with("left out"));
}

#[test]
fn constant_and_tied_columns_get_weight_0_and_are_noted() {
    let table = "unit,a,b,c\nA,1,5,2\nB,2,5,1\nC,3,5,4\nD,4,5,3\nE,5,5,6\nF,6,5,5\nG,7,5,8\nH,8,5,7\nI,9,5,9\n";
    let table = Table::read_csv("t.csv", table.as_bytes(), None, None).unwrap();
    let framework = Framework::for_table("f.yaml", "index: {id: I, indicators: [{id: a}, {id: b}, {id: c}]}");
    let framework = framework.unwrap().value;
    for method in ["pca", "factor", "optimised", "entropy", "critic"] {
        let options = Options::read("o.yaml", &format!("weights: {method}"), Options::score()).unwrap();
        let assessment = assess(&framework, &table, &options).unwrap();
        assert!(weight(&assessment, "b").abs() < 1e-15);
        near(weight(&assessment, "a"), weight(&assessment, "c"), method);
        assert!(assessment.notes.iter().any(|note| note.code == NoteCode::ZeroWeight));
        assert!(
            !String::from_utf8(result_json(&assessment).unwrap())
                .unwrap()
                .contains("NaN")
        );
    }
    for method in ["copeland", "mpi", "harmonic", "geometric"] {
        let options = Options::read("o.yaml", &format!("aggregate: {method}"), Options::score()).unwrap();
        let assessment = assess(&framework, &table, &options).unwrap();
        assert!(assessment.scores["I"].iter().flatten().all(f64::is_finite), "{method}");
    }
}

#[test]
fn correlations_and_alpha_of_the_asem_pipeline_are_those_of_coinr() {
    let Some(folder) = asem() else { return };
    let options = "denominate: true\nimpute: {method: group_mean, group: EurAsia_group}\nscreen: {min_available: 0.9}\ntreat: {method: winsorise_then_log, max_winsorised: 5}\n";
    let assessment = score(&folder, "asem_iData.csv", options);
    let table = &assessment.correlations.tables[0];
    let place = |id: &str| table.rows.iter().position(|row| row == id).unwrap();
    let mut reader = csv::Reader::from_path(folder.join("corr_level1_spearman.csv")).unwrap();
    let mut compared = 0;
    for record in reader.records().map(Result::unwrap) {
        let found = table.spearman.as_ref().unwrap()[place(&record[0])].get(place(&record[1]));
        near(
            found.unwrap(),
            record[2].parse().unwrap(),
            &format!("{} and {}", &record[0], &record[1]),
        );
        compared += 1;
    }
    assert_eq!(compared, 49 * 49);
    for (group, row) in expected(&folder.join("g_cronbach.csv")) {
        if let Some(found) = assessment.correlations.groups.get(&group) {
            near(found.alpha.unwrap(), row["alpha"].unwrap(), &group);
        } else {
            assert_eq!(group, "ALL_INDICATORS");
        }
    }
    // As numpy finds them in COINr's normalised table and scores.
    let negative: Vec<(&str, &str)> = assessment
        .correlations
        .flags
        .iter()
        .filter(|flag| flag.kind == PairKind::Negative)
        .map(|flag| (flag.one.as_str(), flag.other.as_str()))
        .collect();
    assert_eq!(
        negative,
        [
            ("CostImpEx", "TBTs"),
            ("TBTs", "Instit"),
            ("TBTs", "TIRcon"),
            ("TBTs", "RTAs"),
            ("TBTs", "Visa"),
            ("PrivDebt", "RDExp"),
            ("PrivDebt", "NEET"),
            ("GDPGrow", "RDExp")
        ]
    );
}

#[test]
fn every_method_runs_on_the_whole_asem_framework() {
    let Some(folder) = asem() else { return };
    for options in [
        "weights: {method: factor, force: true}",
        "weights: {method: optimised, force: true}",
        "weights: {method: entropy, force: true}",
        "weights: {method: critic, force: true}",
        "treat: box_cox",
        "weights: {method: pca, within: [P2P]}",
        "weights: {method: benefit_of_the_doubt, min_share: 0.05, within: [Physical, Conn]}",
        "aggregate: copeland",
        "aggregate: mpi",
        "aggregate: ampi",
        "aggregate: {by_level: [mpi, copeland, arithmetic]}",
    ] {
        let assessment = score(&folder, "asem_iData.csv", options);
        assert_eq!(assessment.scores["Index"].present().count(), 51, "{options}");
        let sum: f64 = assessment
            .elements
            .iter()
            .filter(|e| e.level == 1)
            .map(|e| e.effective_weight)
            .sum();
        near(sum, 1.0, options);
        let json = String::from_utf8(result_json(&assessment).unwrap()).unwrap();
        assert!(!json.contains("NaN"));
    }
}
