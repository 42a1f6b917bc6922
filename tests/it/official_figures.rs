//! Official figures: a filled-in workbook through the real program, and the same rules over HTTP.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::Utc;
use innogauge::definition::load_folder;
use innogauge::response::Role;
use innogauge::store::{Seed, Store};
use rust_xlsxwriter::Workbook;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Request;

fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs")
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.path("figures.db").display())
    }

    /// `innogauge statistics FILE …`: exit code, and what it printed.
    fn load(&self, file: &Path, more: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innogauge"));
        command.arg("statistics").arg(file).args(more);
        command
            .args(["--database", &self.database(), "--defs"])
            .arg(definitions());
        let Output { status, stdout, stderr } = command.output().unwrap();
        let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (status.code().unwrap(), said.concat())
    }

    /// Every stored figure as `variable place year: value unit`.
    fn stored(&self) -> Vec<String> {
        let figures = Store::open(&self.database()).unwrap().statistics().unwrap();
        let lines = figures.iter().map(|one| {
            let value = (one.value * 1e4).round() / 1e4;
            format!("{} {} {}: {value} {}", one.variable, one.place, one.year, one.unit)
        });
        lines.collect()
    }

    /// A workbook of the blank one's shape: a row of codes, and rows of cells.
    fn workbook(&self, name: &str, rows: &[[&str; 7]]) -> PathBuf {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("填报表").unwrap();
        let codes = [
            "innogauge:statistics:2026.1:rows",
            "key/city",
            "key/year",
            "key/source",
            "finance/fiscal_expenditure",
            "finance/st_expenditure",
            "employment/employment_total",
        ];
        for (row, cells) in (3..).zip(std::iter::once(&codes).chain(rows)) {
            for (column, cell) in (0..).zip(cells) {
                match cell.parse::<f64>() {
                    Ok(number) => sheet.write_number(row, column, number).unwrap(),
                    Err(_) => sheet.write_string(row, column, *cell).unwrap(),
                };
            }
        }
        let path = self.path(name);
        workbook.save(&path).unwrap();
        path
    }
}

#[test]
fn a_statistics_workbook_is_loaded_once_with_what_follows_from_it() {
    let desk = Desk::new();
    let first = desk.workbook(
        "first.xlsx",
        &[
            ["1", "鹤岗", "2025", "统计年鉴", "800000", "8000", ""],
            ["2", "Yichun", "2024", "Yearbook", "", "", "120000"],
        ],
    );
    let (code, said) = desk.load(&first, &["--dry-run"]);
    assert_eq!((code, desk.stored().len()), (0, 0), "{said}");
    let (code, said) = desk.load(&first, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("4 new, 0 changed, 0 known already"), "{said}");
    let stored = [
        "employment_total 230700 2024: 120000 persons",
        "fiscal_expenditure 230400 2025: 800000 10k_cny",
        "st_expenditure 230400 2025: 8000 10k_cny",
        "st_share 230400 2025: 1 percent",
    ];
    assert_eq!(desk.stored(), stored);

    let (_, said) = desk.load(&first, &[]);
    assert!(said.contains("0 new, 0 changed, 4 known already"), "{said}");

    // One part is corrected, and the share follows, although the other part is only in the database.
    let correction = desk.workbook("later.xlsx", &[["1", "230400", "2025", "决算", "", "16000", ""]]);
    let (code, said) = desk.load(&correction, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        desk.stored().contains(&"st_share 230400 2025: 2 percent".to_owned()),
        "{:?}",
        desk.stored()
    );
}

#[test]
fn every_fault_of_a_statistics_workbook_is_named_with_its_cell_and_nothing_is_loaded() {
    let desk = Desk::new();
    let file = desk.workbook(
        "faulty.xlsx",
        &[
            ["1", "鹤岗", "2025", "统计年鉴", "8000", "9000", "很多"],
            ["2", "哈尔滨", "202", "", "1", "", ""],
            ["3", "伊春", "2025", "年鉴", "1", "", ""],
            ["4", "伊春市", "2025", "公报", "2", "", ""],
        ],
    );
    let (code, said) = desk.load(&file, &["--lang", "zh"]);
    assert_eq!(code, 1, "{said}");
    for cell in [
        "填报表!F5",
        "填报表!G5",
        "填报表!B6",
        "填报表!C6",
        "填报表!D6",
        "填报表!A8",
    ] {
        assert!(said.contains(cell), "{cell} is not named in:\n{said}");
    }
    assert!(desk.stored().is_empty());

    // What is right by itself may contradict what is known.
    let known = desk.workbook("known.xlsx", &[["1", "鹤岗", "2025", "年鉴", "8000", "", ""]]);
    assert_eq!(desk.load(&known, &[]).0, 0);
    let against = desk.workbook("against.xlsx", &[["1", "鹤岗", "2025", "年鉴", "", "9000", ""]]);
    let (code, said) = desk.load(&against, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("填报表!A5") && said.contains("science and technology"),
        "{said}"
    );

    let other = desk.path("enterprise.xlsx");
    let mut blank = Command::new(env!("CARGO_BIN_EXE_innogauge"));
    blank
        .args(["template", "enterprise"])
        .arg(&other)
        .arg("--defs")
        .arg(definitions());
    assert!(blank.output().unwrap().status.success());
    let (code, said) = desk.load(&other, &[]);
    assert!(code == 1 && said.contains("'enterprise'"), "{said}");
}

#[test]
fn figures_sent_over_http_obey_the_same_rules() {
    let app = TestApp::start();
    let folder = load_folder(&definitions()).unwrap().value;
    app.store.seed(&Seed::from(&folder), Utc::now()).unwrap();
    let token = app.token(Role::Operator);
    let figure = |variable: &str, place: &str, value: f64, unit: &str| json!({"variable": variable, "place": place, "year": 2025, "value": value, "unit": unit, "source": "年鉴"});
    let faulty = json!([
        figure("fiscal_expenditure", "230400", 9000.0, "元"),
        figure("fiscal_expenditur", "230400", 9000.0, "10k_cny"),
        figure("gdp", "999999", 10.0, "100m_cny"),
        figure("gdp", "230400", 10.0, "100m_cny"),
        figure("gdp", "230400", 11.0, "亿元"),
    ]);
    let send = |body: &serde_json::Value, language: &str| {
        app.send(
            &Request::new("POST", "/api/v1/statistics")
                .token(&token)
                .header("accept-language", language)
                .json(body),
        )
    };
    let answer = send(&faulty, "zh");
    assert_eq!(answer.status, 422, "{}", answer.text());
    let faults = answer.json()["problems"].as_array().cloned().unwrap_or_default();
    let faults: Vec<String> = faults
        .iter()
        .map(|fault| {
            format!(
                "{} {}",
                fault["path"].as_str().unwrap(),
                fault["code"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "/0/unit wrong_unit",
        "/1/variable unknown_variable",
        "/2/place unknown_place",
        "/4/variable figure_twice",
    ];
    assert_eq!(faults, expected, "{}", answer.text());
    let above = json!([
        figure("st_expenditure", "230400", 9000.0, "10k_cny"),
        figure("fiscal_expenditure", "230400", 8000.0, "万元"),
    ]);
    let answer = send(&above, "zh");
    assert!(
        answer.status == 422 && answer.text().contains("不能为负，也不能超过一般公共预算支出"),
        "{}",
        answer.text()
    );
    let sound = json!([
        figure("st_expenditure", "230400", 80.0, "10k_cny"),
        figure("fiscal_expenditure", "230400", 8000.0, "万元")
    ]);
    let answer = send(&sound, "en");
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"figures": 3, "new": 3, "changed": 0, "same": 0}))
    );
    assert_eq!(
        send(&sound, "en").json(),
        json!({"figures": 3, "new": 0, "changed": 0, "same": 3})
    );

    // Nobody answers official figures: the landing page does not offer them as a survey.
    let page = app.send(&Request::new("GET", "/")).text();
    assert!(
        page.contains("企业创新能力调查") && !page.contains("城市官方统计数据"),
        "{page}"
    );
}
