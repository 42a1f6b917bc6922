//! Scoring of bare tables, held against results of the R package COINr where they are at hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use innogauge::scoring::{Assessment, Framework, Options, Series, Table, assess, result_json};

/// Rows by their first column, then by column.
pub(crate) type Expected = BTreeMap<String, BTreeMap<String, Option<f64>>>;

/// The ASEM data set and COINr's results, where this machine has them.
pub(crate) fn asem() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/asem");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("absent: ../shared/reference/asem, so nothing was compared with COINr");
    None
}

fn records(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

pub(crate) fn expected(file: &Path) -> Expected {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut rows = Expected::new();
    for record in reader.records().map(Result::unwrap) {
        let row = headers
            .iter()
            .zip(&record)
            .skip(1)
            .map(|(column, cell)| (column.to_owned(), cell.parse().ok()))
            .collect();
        rows.insert(record[0].to_owned(), row);
    }
    rows
}

/// The ASEM framework as a file, its goalposts taken from COINr's where they are given.
pub fn framework(folder: &Path) -> Framework {
    let meta = records(&folder.join("asem_iMeta.csv"));
    let goalposts: BTreeMap<String, [f64; 2]> = records(&folder.join("c1_goalposts.csv"))
        .into_iter()
        .map(|row| {
            let post = |name: &str| row[name].parse::<f64>().unwrap();
            let (low, high) = (post("post_l_passed"), post("post_u_passed"));
            // COINr's are on the scale on which more is better, ours are natural.
            (
                row["iCode"].clone(),
                if row["Direction"] == "-1" {
                    [-high, -low]
                } else {
                    [low, high]
                },
            )
        })
        .collect();
    let mut text = String::from("index:\n");
    let index = meta.iter().find(|row| row["Level"] == "4").unwrap();
    write_element(&mut text, index, &meta, &goalposts, 2);
    Framework::for_table("asem.yaml", &text)
        .unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"))
        .value
}

fn write_element(
    text: &mut String,
    row: &BTreeMap<String, String>,
    meta: &[BTreeMap<String, String>],
    goalposts: &BTreeMap<String, [f64; 2]>,
    indent: usize,
) {
    let pad = " ".repeat(indent);
    let id = &row["iCode"];
    writeln!(
        text,
        "{pad}id: {id}\n{pad}label: {:?}\n{pad}weight: {}",
        row["iName"], row["Weight"]
    )
    .unwrap();
    if row["Level"] == "1" {
        let [low, high] = goalposts[id];
        writeln!(
            text,
            "{pad}direction: {}\n{pad}target: {}\n{pad}goalposts: [{low}, {high}]",
            row["Direction"], row["Target"]
        )
        .unwrap();
        if row["Denominator"] != "NA" {
            writeln!(text, "{pad}denominator: {}", row["Denominator"]).unwrap();
        }
        return;
    }
    writeln!(
        text,
        "{pad}{}:",
        if row["Level"] == "2" { "indicators" } else { "children" }
    )
    .unwrap();
    for child in meta.iter().filter(|child| child["Parent"] == *id) {
        writeln!(text, "{pad}  -").unwrap();
        write_element(text, child, meta, goalposts, indent + 4);
    }
}

pub(crate) fn score(folder: &Path, data: &str, options: &str) -> Assessment {
    let file = std::fs::File::open(folder.join(data)).unwrap();
    let table = Table::read_csv(data, file, Some("uCode"), None).unwrap();
    let options = Options::read("options.yaml", options, Options::score()).unwrap();
    assess(&framework(folder), &table, &options).unwrap()
}

fn number<'a>(
    assessment: &Assessment,
    columns: impl Fn(&str) -> Option<&'a Series>,
    unit: &str,
    column: &str,
) -> Option<f64> {
    let row = assessment.units.iter().position(|id| id == unit).unwrap();
    columns(column).and_then(|series| series.get(row))
}

fn agree(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) => {
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{what}: {found} is not COINr's {expected}"
            );
        }
        _ => panic!("{what}: {found:?} is not COINr's {expected:?}"),
    }
}

fn stage_agrees(assessment: &Assessment, stage: &indexmap::IndexMap<String, Series>, expected: &Expected) {
    for (unit, row) in expected {
        for (column, value) in row.iter().filter(|(column, _)| stage.contains_key(*column)) {
            agree(
                number(assessment, |id| stage.get(id), unit, column),
                *value,
                &format!("{unit} {column}"),
            );
        }
    }
    assert!(expected.len() == 51 && stage.len() == 49);
}

fn scores_agree(assessment: &Assessment, expected: &Expected) {
    let mut compared = 0;
    for (unit, row) in expected {
        for (column, value) in row {
            if column == "Index_rank" {
                let at = assessment.units.iter().position(|id| id == unit).unwrap();
                agree(
                    assessment.ranks["Index"][at].map(f64::from),
                    *value,
                    &format!("{unit} rank"),
                );
            } else if assessment.scores.contains_key(column) {
                agree(
                    number(assessment, |id| assessment.scores.get(id), unit, column),
                    *value,
                    &format!("{unit} {column}"),
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 51 * 11);
}

#[test]
fn the_raw_asem_table_scores_as_coinr_does_with_min_max_and_arithmetic_means() {
    let Some(folder) = asem() else { return };
    let assessment = score(&folder, "asem_iData.csv", "");
    stage_agrees(
        &assessment,
        &assessment.stages.normalised,
        &expected(&folder.join("a_minmax_amean_raw_normalised.csv")),
    );
    scores_agree(
        &assessment,
        &expected(&folder.join("a_minmax_amean_raw_aggregated.csv")),
    );
}

#[test]
fn the_raw_asem_table_scores_as_coinr_does_with_z_scores() {
    let Some(folder) = asem() else { return };
    let assessment = score(&folder, "asem_iData.csv", "normalise: z_score");
    scores_agree(
        &assessment,
        &expected(&folder.join("b_zscore_amean_raw_aggregated.csv")),
    );
}

#[test]
fn the_raw_asem_table_scores_as_coinr_does_with_goalposts_and_geometric_means() {
    let Some(folder) = asem() else { return };
    let assessment = score(&folder, "asem_iData.csv", "normalise: goalposts\naggregate: geometric");
    stage_agrees(
        &assessment,
        &assessment.stages.normalised,
        &expected(&folder.join("c1_goalposts_gmean_raw_normalised.csv")),
    );
    scores_agree(
        &assessment,
        &expected(&folder.join("c1_goalposts_gmean_raw_aggregated.csv")),
    );
}

#[test]
fn the_whole_pipeline_agrees_with_coinr_step_by_step() {
    let Some(folder) = asem() else { return };
    let options = "denominate: true\nimpute: {method: group_mean, group: EurAsia_group}\nscreen: {min_available: 0.9}\ntreat: {method: winsorise_then_log, max_winsorised: 5}\n";
    let assessment = score(&folder, "asem_iData.csv", options);
    let stages = &assessment.stages;
    stage_agrees(
        &assessment,
        stages.denominated.as_ref().unwrap(),
        &expected(&folder.join("pipe_Denominated.csv")),
    );
    stage_agrees(
        &assessment,
        stages.imputed.as_ref().unwrap(),
        &expected(&folder.join("pipe_Imputed.csv")),
    );
    stage_agrees(
        &assessment,
        stages.treated.as_ref().unwrap(),
        &expected(&folder.join("pipe_Treated.csv")),
    );
    stage_agrees(
        &assessment,
        stages.treated.as_ref().unwrap(),
        &expected(&folder.join("e_qTreat_treated.csv")),
    );
    scores_agree(&assessment, &expected(&folder.join("pipe_Aggregated.csv")));
    for row in records(&folder.join("e_qTreat_details.csv")) {
        let done = &assessment.treatment[&row["iCode"]];
        let number = |name: &str| row[name].parse::<f64>().ok();
        agree(done.skewness[0], number("check_SkewKurt0.Skew"), &row["iCode"]);
        agree(done.kurtosis[0], number("check_SkewKurt0.Kurt"), &row["iCode"]);
        assert_eq!(
            done.moved,
            row["winsorise.nwin"].parse().unwrap_or(0),
            "{}",
            row["iCode"]
        );
    }
}

#[test]
fn holes_are_filled_with_group_means_as_coinr_does() {
    let Some(folder) = asem() else { return };
    let assessment = score(
        &folder,
        "h_input_with_holes.csv",
        "impute: {method: group_mean, group: EurAsia_group}",
    );
    stage_agrees(
        &assessment,
        assessment.stages.imputed.as_ref().unwrap(),
        &expected(&folder.join("h_imputed_mean_grp.csv")),
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let text = "index: {id: I, children: [{id: A, indicators: [{id: x}, {id: y}]}, {id: B, indicators: [{id: z, direction: -1}]}]}";
    let framework = Framework::for_table("f.yaml", text).unwrap().value;
    let mut csv = String::from("unit,x,y,z\n");
    for unit in 0..500_u32 {
        writeln!(
            csv,
            "u{unit},{},{},{}",
            unit * 7919 % 1009,
            f64::from(unit * 104_729 % 997) / 7.0,
            unit % 13
        )
        .unwrap();
    }
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
    let options = Options::read(
        "o.yaml",
        "treat: winsorise_then_log\nnormalise: z_score",
        Options::score(),
    )
    .unwrap();
    let bytes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| result_json(&assess(&framework, &table, &options).unwrap()).unwrap())
    };
    assert_eq!(bytes(1), bytes(4));
}

/// The example's framework on a table of components: the index that UNDP published, to its three decimals.
fn reproduces_the_human_development_index(table: &Path, at_least: usize) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hdi");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).unwrap();
    let framework = Framework::for_table("framework.yaml", &read("framework.yaml"))
        .unwrap()
        .value;
    let options = Options::read("options.yaml", &read("options.yaml"), Options::score()).unwrap();
    let table = std::fs::File::open(table).unwrap();
    let table = Table::read_csv("hdi.csv", table, Some("iso3"), Some("year")).unwrap();
    let assessment = assess(&framework, &table, &options).unwrap();
    let mut compared = 0;
    for (row, published) in table.numbers("hdi").unwrap().iter().enumerate() {
        let (Some(published), unit) = (published, &assessment.units[row]) else {
            continue;
        };
        let found = assessment.scores["HDI"].get(row).unwrap();
        assert!(
            (found - published).abs() <= 0.000_501,
            "{unit}: {found} is not {published}"
        );
        compared += 1;
    }
    assert!(compared > at_least);
}

#[test]
fn the_human_development_index_is_reproduced_to_its_three_decimals() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hdi/hdi.csv");
    reproduces_the_human_development_index(&example, 300);
}

#[test]
fn the_human_development_index_of_all_years_is_reproduced_to_its_three_decimals() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/hdi/hdi_hdr2023_24_long.csv");
    if file.is_file() {
        reproduces_the_human_development_index(&file, 5_000);
    } else {
        println!("absent: ../shared/reference/hdi, so only the years of the example were compared");
    }
}
