//! The scored workbook, as a program reads it that knows nothing of how it was written.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use indexmap::IndexMap;
use innogauge::definition::{Definition, Language, Text};
use innogauge::report::{
    AnswerTable, Datum, Edition, Export, Provenance, Report, ReportedResponse, SurveyReport, Wording,
};
use innogauge::scoring::{
    Against, Assessment, Framework, OldRespondents, OldResult, Options, Replay, Respondents, Subject, Table, assess,
    compare, result_json,
};
use serde_json::json;

const FRAMEWORK: &str = r"
framework: test
title: {zh: 测试框架, en: Test framework}
index:
  id: Index
  label: {zh: 指数, en: The index}
  children:
    - id: people
      label: {zh: 人, en: People}
      weight: 2
      indicators:
        - {id: staff, label: {zh: 人员, en: Staff}, goalposts: [0, 10], weight: 3}
        - {id: training, label: {zh: 培训, en: Training}, goalposts: [0, 100]}
    - id: money
      label: {zh: 资金, en: Money}
      indicators:
        - {id: loans, label: {zh: 贷款, en: Loans}, goalposts: [0, 4]}
";

const TABLE: &str = "unit,staff,training,loans\nA,5,20,1\nB,10,,4\nC,0,60,2\n";

const SURVEY: &str = r#"
survey: enterprise
version: "1"
title: {zh: 企业调查, en: Enterprises}
languages: {zh: 中文, en: English}
choices:
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
questions:
  - {type: select_one yes_no, name: has_rd, label: {zh: 有研发, en: R&D}}
  - {type: decimal, name: spending, label: {zh: 支出, en: Spending}, unit: 10k_cny, missing: [refused]}
  - {type: text, name: contact, label: {zh: 联系人, en: Contact}, personal: true}
  - type: repeat
    name: products
    label: {zh: 产品, en: Products}
    questions:
      - {type: text, name: title, label: {zh: 名称, en: Title}}
"#;

struct Fixture {
    framework: Framework,
    options: Options,
    assessment: Assessment,
    definition: Definition,
}

impl Fixture {
    fn new() -> Self {
        let framework = Framework::for_table("framework.yaml", FRAMEWORK).unwrap().value;
        let table = Table::read_csv("table.csv", TABLE.as_bytes(), None, None).unwrap();
        let options = Options::assess();
        let assessment = assess(&framework, &table, &options).unwrap();
        let definition = Definition::from_yaml("enterprise.yaml", SURVEY).unwrap().value;
        Self {
            framework,
            options,
            assessment,
            definition,
        }
    }

    fn report(&self, edition: Edition, personal: bool) -> Report<'_> {
        Report {
            framework: &self.framework,
            assessment: &self.assessment,
            options: &self.options,
            edition,
            units: IndexMap::from([("A".to_owned(), Text::from_iter([("zh", "甲市"), ("en", "Town A")]))]),
            surveys: vec![SurveyReport {
                definition: &self.definition,
                responses: vec![response()],
            }],
            provenance: Provenance {
                synthetic: true,
                ..Provenance::default()
            },
            personal,
        }
    }
}

fn response() -> ReportedResponse {
    ReportedResponse {
        instance_id: "uuid:1".to_owned(),
        version: "1".to_owned(),
        state: "received".to_owned(),
        problems: 0,
        received_at: chrono::DateTime::UNIX_EPOCH,
        answers: json!({
            "has_rd": "1",
            "spending": {"missing": "refused"},
            "contact": "王",
            "products": [{"title": "steel"}, {"title": "glass"}],
        }),
    }
}

fn write(report: &Report<'_>, wording: &Wording) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    report.write_workbook(wording, &mut bytes).unwrap();
    bytes.into_inner()
}

fn english() -> Wording {
    Wording::new([Language::English])
}

/// Every cell of a sheet as text, row by row.
pub fn rows(bytes: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range(sheet).unwrap();
    range
        .rows()
        .map(|row| row.iter().map(Data::to_string).collect())
        .collect()
}

fn row_of(rows: &[Vec<String>], name: &str) -> Vec<String> {
    rows.iter()
        .find(|row| row.iter().any(|cell| cell.trim() == name))
        .unwrap_or_else(|| panic!("no row {name}"))
        .clone()
}

#[test]
fn scores_are_formulas_that_say_what_was_computed() {
    let fixture = Fixture::new();
    let bytes = write(&fixture.report(Edition::Analysis, false), &english());
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(&bytes)).unwrap();
    let formulas = workbook.worksheet_formula("Scores").unwrap();
    let values = workbook.worksheet_range("Scores").unwrap();

    // People of A: (3 × 50 + 1 × 20) / 4. The index of A: (2 × 42.5 + 1 × 25) / 3.
    let people = row_of(&rows(&bytes, "Scores"), "People");
    assert_eq!(people[4], "42.5");
    let index: f64 = row_of(&rows(&bytes, "Scores"), "The index")[4].parse().unwrap();
    assert!((index - 110.0 / 3.0).abs() < 1e-12);

    // Each formula, worked out by a reader of ours that knows sums and products only, gives the value beside it.
    let mut checked = 0;
    let (top, left) = formulas.start().unwrap();
    for (row, column, formula) in formulas.used_cells() {
        let place = (top + u32::try_from(row).unwrap(), left + u32::try_from(column).unwrap());
        let Some(Data::Float(value)) = values.get_value(place) else {
            continue;
        };
        assert!((weighted_mean(formula, &values) - value).abs() < 1e-9, "{formula}");
        checked += 1;
    }
    assert_eq!(
        checked, 7,
        "two dimensions and the index of three units, but for people and index of B"
    );
}

/// Works out `IFERROR((N(E7)*$C7+…)/(ISNUMBER(E7)*$C7+…),"–")`.
fn weighted_mean(formula: &str, values: &calamine::Range<Data>) -> f64 {
    let cell = |address: &str| {
        let address = address.trim_start_matches('$');
        let (letters, digits): (String, String) = address.chars().partition(char::is_ascii_alphabetic);
        let column = letters
            .bytes()
            .fold(0_u32, |column, letter| column * 26 + u32::from(letter - b'A') + 1)
            - 1;
        let row: u32 = digits.parse::<u32>().unwrap() - 1;
        values.get_value((row, column)).and_then(|data| {
            if let Data::Float(number) = data {
                Some(*number)
            } else {
                None
            }
        })
    };
    let numerator = formula.split(")/(").next().unwrap();
    let (mut weighted, mut weights) = (0.0, 0.0);
    for term in numerator.split('+') {
        let (score, weight) = term.split_once('*').unwrap();
        let score = score.rsplit("N(").next().unwrap().trim_end_matches(')');
        let weight = cell(weight).unwrap();
        if let Some(score) = cell(score) {
            weighted += score * weight;
            weights += weight;
        }
    }
    weighted / weights
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let fixture = Fixture::new();
    let report = fixture.report(Edition::Analysis, false);
    assert_eq!(write(&report, &Wording::both()), write(&report, &Wording::both()));
}

#[test]
fn units_are_ranked_by_name_and_too_little_data_is_no_score() {
    let fixture = Fixture::new();
    let bytes = write(&fixture.report(Edition::Analysis, false), &english());
    let ranking = rows(&bytes, "Ranking");
    let ranked: Vec<(&str, &str)> = ranking
        .iter()
        .skip(5)
        .take(3)
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    assert_eq!(
        ranked,
        [("1", "Town A"), ("2", "C"), ("", "B")],
        "36.7 and 26.7, and nothing for B"
    );
    let people = row_of(&rows(&bytes, "Scores"), "People");
    assert_eq!(people[5], "–", "half of the indicators is less than two thirds");
}

#[test]
fn persons_are_left_out_unless_asked_for() {
    let fixture = Fixture::new();
    let without = rows(
        &write(&fixture.report(Edition::Analysis, false), &english()),
        "enterprise",
    );
    assert!(
        !without
            .iter()
            .flatten()
            .any(|cell| cell.contains("王") || cell.contains("contact"))
    );
    let with = rows(
        &write(&fixture.report(Edition::Analysis, true), &english()),
        "enterprise",
    );
    assert!(with.iter().flatten().any(|cell| cell == "王"));
}

#[test]
fn a_publication_has_no_responses_and_no_normalised_indicators() {
    let fixture = Fixture::new();
    let bytes = write(&fixture.report(Edition::Publication, false), &english());
    let workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(&bytes)).unwrap();
    assert!(!workbook.sheet_names().iter().any(|name| name.starts_with("enterprise")));
    assert!(
        !rows(&bytes, "Scores")
            .iter()
            .flatten()
            .any(|cell| cell.trim() == "Staff")
    );
}

#[test]
fn a_synthetic_report_says_so_on_its_first_page_in_both_languages() {
    let fixture = Fixture::new();
    let summary = rows(
        &write(&fixture.report(Edition::Analysis, false), &Wording::both()),
        "摘要 Summary",
    );
    let said = summary
        .iter()
        .flatten()
        .any(|cell| cell.contains("合成数据") && cell.contains("synthetic"));
    assert!(said);
}

#[test]
fn codes_stand_beside_labels_and_repeats_in_tables_of_their_own() {
    let fixture = Fixture::new();
    let tables = AnswerTable::of(&fixture.definition, false);
    let [responses, products] = tables.as_slice() else {
        panic!("a table of responses and one of products")
    };
    let text = |text: &str| Datum::Text(text.to_owned());
    assert_eq!(
        responses.rows(&response().answers, &english()),
        [(String::new(), vec![text("1"), text("Yes"), text("refused")])]
    );
    assert_eq!(
        products.rows(&response().answers, &english()),
        [
            ("1".to_owned(), vec![text("steel")]),
            ("2".to_owned(), vec![text("glass")])
        ]
    );
}

#[test]
fn an_export_is_a_table_that_statistics_programs_read() {
    let fixture = Fixture::new();
    let export = Export::new(&fixture.definition, false, english());
    assert_eq!(export.tables().collect::<Vec<_>>(), ["", "products"]);
    let mut bytes = Vec::new();
    let mut table = export.csv("", &mut bytes).unwrap().unwrap();
    table.write(&response()).unwrap();
    table.finish().unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "\u{feff}instanceID,version,state,problems,received_at,has_rd,has_rd.label,spending\n\
         uuid:1,1,received,0,1970-01-01T00:00:00Z,1,Yes,refused\n"
    );
    let mut workbook = Cursor::new(Vec::new());
    let mut filling = export.workbook().unwrap();
    filling.write(&response()).unwrap();
    filling.finish(&mut workbook).unwrap();
    let bytes = workbook.into_inner();
    assert_eq!(rows(&bytes, "products")[2], ["uuid:1", "2", "glass"]);
    assert!(
        rows(&bytes, "codebook")
            .iter()
            .flatten()
            .any(|cell| cell.contains("1 = Yes"))
    );
}

/// The fixture's assessment compared with an earlier table of the same framework.
fn compared(old: &str, options: &str) -> Fixture {
    let mut fixture = Fixture::new();
    let before = Options::read("o.yaml", options, Options::assess()).unwrap();
    let table = Table::read_csv("old.csv", old.as_bytes(), None, None).unwrap();
    let before = assess(&fixture.framework, &table, &before).unwrap();
    let before = OldResult::read("old.json", &result_json(&before).unwrap()).unwrap();
    let table = Table::read_csv("table.csv", TABLE.as_bytes(), None, None).unwrap();
    fixture.options = Options::read(
        "o.yaml",
        "uncertainty: {runs: 200, vary: {weights: {relative: 0.2}}}",
        Options::assess(),
    )
    .unwrap();
    let subject = Subject {
        framework: &fixture.framework,
        table: &table,
        options: &fixture.options,
        respondents: Respondents::None,
    };
    let against = Against {
        old: &before,
        respondents: OldRespondents::None,
        renamed: None,
    };
    compare(
        &mut fixture.assessment,
        &subject,
        &against,
        &Replay::default(),
        &|_, _| true,
    )
    .unwrap();
    fixture
}

#[test]
fn what_changed_since_another_round_has_a_sheet_of_its_own() {
    let none = write(&Fixture::new().report(Edition::Analysis, false), &english());
    let names: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(none)).unwrap();
    assert!(!names.sheet_names().contains(&"Comparison".to_owned()));

    let fixture = compared("unit,staff,training,loans\nA,5,20,2\nB,2,,1\nZ,0,60,2\n", "{}");
    let bytes = write(&fixture.report(Edition::Analysis, false), &english());
    let sheet = rows(&bytes, "Comparison");
    let said = |words: &str| sheet.iter().flatten().any(|cell| cell.contains(words));
    assert!(said("Only in the earlier result: Z") && said("Only in this one: C"));
    let town = row_of(&sheet, "Town A");
    // People 0.75 · 50 + 0.25 · 20; two thirds of that and a third of the loans, 50 then and 25 now.
    let number = |cell: usize| town[cell].parse::<f64>().unwrap();
    let people = 0.75 * 50.0 + 0.25 * 20.0;
    assert!((number(1) - (people * 2.0 + 50.0) / 3.0).abs() < 1e-9, "{town:?}");
    assert!((number(3) + 25.0 / 3.0).abs() < 1e-9, "{town:?}");
    assert_eq!(town[5], "Down");
    assert!(said("What each indicator adds"));

    let publication = rows(
        &write(&fixture.report(Edition::Publication, false), &english()),
        "Comparison",
    );
    assert!(
        !publication
            .iter()
            .flatten()
            .any(|cell| cell.contains("What each indicator adds"))
    );
}

#[test]
fn two_methods_are_compared_by_their_ranks() {
    let fixture = compared(TABLE, "aggregate: geometric");
    let sheet = rows(
        &write(&fixture.report(Edition::Analysis, false), &Wording::both()),
        "比较 Comparison",
    );
    let said = |words: &str| sheet.iter().flatten().any(|cell| cell.contains(words));
    assert!(said("Kendall") && said("aggregate.method") && said("geometric"));
}
