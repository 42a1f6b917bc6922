//! The main job with the real program: a blank workbook, filled in, imported, scored, held against figures that this
//! test works out from what it typed, on its own way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use rust_xlsxwriter::{Workbook, Worksheet};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::databases::on_each;

const ENTERPRISE: &str = r#"
survey: enterprise
version: "2026.1"
title: {zh: 企业调查, en: Enterprises}
respondent: enterprise
languages: {zh: 中文, en: English}
identity: {name: org, city: city, weight: weight}
choices:
  city:
    - {name: "230400", label: {zh: 鹤岗市, en: Hegang}, aliases: [鹤岗]}
    - {name: "230500", label: {zh: 双鸭山市, en: Shuangyashan}}
    - {name: "230900", label: {zh: 七台河市, en: Qitaihe}}
    - {name: "231182", label: {zh: 五大连池市, en: Wudalianchi}}
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
  partner: {firm: {zh: 企业, en: Firms}, university: {zh: 高校, en: Universities}, none: {zh: 无, en: None}}
questions:
  - type: group
    name: firm
    label: {zh: 基本情况, en: The firm}
    questions:
      - {type: text, name: org, label: {zh: 名称, en: Name}, required: true, identifying: true}
      - {type: select_one city, name: city, label: {zh: 所在地, en: City}, required: true}
      - {type: decimal, name: weight, label: {zh: 权数, en: Weight}}
      - {type: decimal, name: turnover, label: {zh: 营业收入, en: Turnover}, unit: 10k_cny, missing: [refused], constraint: . >= 0}
      - {type: integer, name: staff, label: {zh: 人数, en: Staff}, unit: persons}
  - {type: select_one yes_no, name: has_rd, label: {zh: 有研发吗, en: R&D?}, required: true}
  - type: group
    name: research
    label: {zh: 研发, en: Research}
    relevant: ${has_rd} = 1
    questions:
      - {type: decimal, name: rd, label: {zh: 研发支出, en: R&D expenditure}, unit: 10k_cny, missing: [dont_know]}
      - {type: select_multiple partner, name: partners, label: {zh: 合作伙伴, en: Partners}}
  - {type: integer, name: obstacle, label: {zh: 融资难度, en: How hard is finance?}, constraint: . >= 1 and . <= 5}
"#;

const PLACES: &str = "
places:
  - {code: 230400, label: {zh: 鹤岗市, en: Hegang}, level: prefecture, kind: target}
  - {code: 230500, label: {zh: 双鸭山市, en: Shuangyashan}, level: prefecture, kind: target}
  - {code: 230900, label: {zh: 七台河市, en: Qitaihe}, level: prefecture, kind: target}
  - {code: 231182, label: {zh: 五大连池市, en: Wudalianchi}, level: county, kind: target}
";

const FRAMEWORK: &str = r#"
framework: main-job
version: "1"
title: {zh: 框架, en: Framework}
index:
  id: Index
  label: {zh: 综合指数, en: Index}
  children:
    - id: knowledge
      label: {zh: 知识, en: Knowledge}
      weight: 2
      indicators:
        - {id: rd_intensity, label: {zh: 研发强度, en: R&D intensity}, from: enterprise, ratio: {of: "${rd}", over: "${turnover}"}, where: "${turnover} > 0", not_asked: zero, unit: percent, direction: 1, goalposts: [0, 2], basis: pilot}
        - {id: university, label: {zh: 与高校合作, en: With universities}, weight: 3, from: enterprise, share: "selected(${partners}, 'university')", not_asked: zero, unit: percent, direction: 1, goalposts: [0, 40], basis: pilot}
    - id: conditions
      label: {zh: 条件, en: Conditions}
      weight: 1
      indicators:
        - {id: finance, label: {zh: 融资难度, en: Difficulty of finance}, from: enterprise, mean: "${obstacle}", direction: -1, goalposts: [1, 5], basis: bound}
        - {id: productivity, label: {zh: 劳动生产率, en: Labour productivity}, from: enterprise, per: {of: "${turnover}", over: "${staff}", by: 1}, direction: 1, goalposts: [5, 60], basis: pilot}
"#;

const CITIES: [&str; 4] = ["230400", "230500", "230900", "231182"];

/// A firm as the test knows it.
struct Firm {
    city: usize,
    weight: f64,
    /// None: refused.
    turnover: Option<f64>,
    staff: f64,
    rd: Rd,
    obstacle: f64,
}

enum Rd {
    None,
    DontKnow,
    Spent { amount: f64, university: bool },
}

/// 44 firms: 14, 13 and 13 in three cities, and 4 in a fourth, which is too few to be scored.
fn firms() -> Vec<Firm> {
    let cities = [0; 14].into_iter().chain([1; 13]).chain([2; 13]).chain([3; 4]);
    let firm = |(n, city): (u32, usize)| {
        let by_city = f64::from(u32::try_from(city).unwrap());
        Firm {
            city,
            weight: 1.0 + f64::from(n % 5) / 4.0,
            turnover: (n % 13 != 5).then(|| 400.0 + f64::from(n * 613 % 2900) + 0.5),
            staff: 20.0 + f64::from(n * 37 % 90),
            rd: match (n % 3, n % 11) {
                (0, 3) => Rd::DontKnow,
                (0, _) => Rd::Spent {
                    amount: 12.25 + f64::from(n * 7 % 40) / (1.0 + by_city),
                    university: n % 2 == 0,
                },
                _ => Rd::None,
            },
            obstacle: f64::from(1 + (n + n * n / 7) % (5 - u32::try_from(city).unwrap())),
        }
    };
    (0..).zip(cities).map(firm).collect()
}

/// The words that stand in the cells of a firm, by the code of the column. People write numbers and choices in many
/// ways, and all of them mean the same.
fn typed(n: usize, firm: &Firm) -> Vec<(&'static str, Data)> {
    let words = |words: &str| Data::String(words.to_owned());
    let city = match n % 4 {
        0 => ["鹤岗", "双鸭山市", "七台河市", "五大连池市"][firm.city],
        1 => CITIES[firm.city],
        2 => ["Hegang", "Shuangyashan", "Qitaihe", "Wudalianchi"][firm.city],
        _ => ["鹤岗市 ", " 双鸭山市", "七台河市", "五大连池市"][firm.city],
    };
    let turnover = match (firm.turnover, n % 3) {
        (None, _) => words("拒绝回答"),
        (Some(amount), 0) => words(&format!("{amount}万元")),
        (Some(amount), _) => Data::Float(amount),
    };
    let mut cells = vec![
        ("firm/org", words(&format!("企业{n}"))),
        ("firm/city", words(city)),
        ("firm/weight", Data::Float(firm.weight)),
        ("firm/turnover", turnover),
        ("firm/staff", Data::Float(firm.staff)),
        ("has_rd", words(if matches!(firm.rd, Rd::None) { "否" } else { "是" })),
        ("obstacle", Data::Float(firm.obstacle)),
    ];
    match firm.rd {
        Rd::None => {}
        Rd::DontKnow => cells.extend([("research/rd", words("不清楚")), ("research/partners/none", words("√"))]),
        Rd::Spent { amount, university } => {
            cells.push(("research/rd", Data::Float(amount)));
            cells.push(("research/partners/firm", words("√")));
            if university {
                cells.push(("research/partners/university", words("是")));
            }
        }
    }
    cells
}

/// What a city's figures must be, by plain arithmetic over its firms: the four indicators in natural units.
fn indicators(firms: &[&Firm]) -> [f64; 4] {
    let (mut rd, mut rd_turnover) = (0.0, 0.0);
    let (mut university, mut university_base) = (0.0, 0.0);
    let (mut obstacles, mut all) = (0.0, 0.0);
    let (mut turnover, mut staff) = (0.0, 0.0);
    for firm in firms {
        all += firm.weight;
        obstacles += firm.weight * firm.obstacle;
        university_base += firm.weight;
        if matches!(firm.rd, Rd::Spent { university: true, .. }) {
            university += firm.weight;
        }
        let Some(sold) = firm.turnover else { continue };
        turnover += firm.weight * sold;
        staff += firm.weight * firm.staff;
        match firm.rd {
            Rd::DontKnow => continue,
            Rd::None => {}
            Rd::Spent { amount, .. } => rd += firm.weight * amount,
        }
        rd_turnover += firm.weight * sold;
    }
    [
        100.0 * rd / rd_turnover,
        100.0 * university / university_base,
        obstacles / all,
        turnover / staff,
    ]
}

/// Index, knowledge, conditions, and the four normalised indicators.
fn scores([rd, university, obstacle, productivity]: [f64; 4]) -> [f64; 7] {
    let on = |value: f64, low: f64, high: f64| (100.0 * (value - low) / (high - low)).clamp(0.0, 100.0);
    let normalised = [
        on(rd, 0.0, 2.0),
        on(university, 0.0, 40.0),
        100.0 - on(obstacle, 1.0, 5.0),
        on(productivity, 5.0, 60.0),
    ];
    let knowledge = (normalised[0] + 3.0 * normalised[1]) / 4.0;
    let conditions = f64::midpoint(normalised[2], normalised[3]);
    let index = (2.0 * knowledge + conditions) / 3.0;
    [
        index,
        knowledge,
        conditions,
        normalised[0],
        normalised[1],
        normalised[2],
        normalised[3],
    ]
}

const INDICATORS: [&str; 4] = ["rd_intensity", "university", "finance", "productivity"];
const ELEMENTS: [&str; 7] = [
    "Index",
    "knowledge",
    "conditions",
    "rd_intensity",
    "university",
    "finance",
    "productivity",
];

/// A folder of definitions, a database, and the program.
struct Desk<'a> {
    folder: TempDir,
    database: &'a str,
}

impl<'a> Desk<'a> {
    fn new(database: &'a str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let definitions = folder.path().join("definitions");
        fs::create_dir(&definitions).unwrap();
        for (name, text) in [("enterprise", ENTERPRISE), ("places", PLACES), ("framework", FRAMEWORK)] {
            fs::write(definitions.join(name).with_extension("yaml"), text).unwrap();
        }
        Self { folder, database }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_innogauge"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("INNOGAUGE_DATABASE", self.database)
            .env("INNOGAUGE_DEFS", "definitions")
            .output()
            .unwrap()
    }

    /// Runs a command that must end with this exit code, and gives all that it said.
    fn says(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// How many responses an export has.
    fn responses(&self) -> usize {
        self.says(0, &["export", "enterprise", "responses.csv"]);
        csv::Reader::from_path(self.path("responses.csv"))
            .unwrap()
            .records()
            .count()
    }

    /// The result of an assessment as bytes.
    fn assess(&self, out: &str) -> Vec<u8> {
        self.says(0, &["assess", "--out", out]);
        fs::read(self.path(out)).unwrap()
    }
}

/// All sheets of a workbook with their names.
fn sheets(path: &Path) -> Vec<(String, calamine::Range<Data>)> {
    let mut workbook: Xlsx<_> = open_workbook(path).unwrap();
    workbook.worksheets()
}

fn put(sheet: &mut Worksheet, row: u32, column: u16, value: &Data) {
    match value {
        Data::Float(number) => sheet.write_number(row, column, *number).map(drop).unwrap(),
        Data::Empty => {}
        other => sheet.write_string(row, column, other.to_string()).map(drop).unwrap(),
    }
}

/// Fills in the blank workbook as a person does: its own sheets stay, and the rows come below the row of codes.
fn fill_in(blank: &Path, filled: &Path, rows: &[Vec<(&'static str, Data)>]) {
    let mut out = Workbook::new();
    for (name, cells) in sheets(blank) {
        let sheet = out.add_worksheet();
        sheet.set_name(&name).unwrap();
        if name.starts_with('_') {
            sheet.set_hidden(true);
        }
        let (top, left) = cells.start().unwrap_or_default();
        for (row, column, value) in cells.used_cells() {
            let (row, column) = (top + u32::try_from(row).unwrap(), left + u32::try_from(column).unwrap());
            put(sheet, row, u16::try_from(column).unwrap(), value);
        }
        let codes = cells
            .rows()
            .position(|row| row[0].to_string().starts_with("innogauge:enterprise:2026.1:rows"));
        let Some(codes) = codes.filter(|_| !name.starts_with('_')) else {
            continue;
        };
        assert_eq!((top, left), (0, 0));
        let column = |code: &str| {
            let found = cells.rows().nth(codes).unwrap().iter().position(|cell| *cell == code);
            u16::try_from(found.unwrap_or_else(|| panic!("no column {code}"))).unwrap()
        };
        let first = u32::try_from(codes).unwrap() + 1;
        for (row, cells) in (first..).zip(rows) {
            for (code, value) in cells {
                put(sheet, row, column(code), value);
            }
        }
    }
    out.save(filled).unwrap();
}

fn assert_close(found: Option<f64>, expected: f64, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what}: missing, should be {expected}"));
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn a_filled_in_workbook_shows_up_in_the_assessment_with_the_right_numbers() {
    on_each(|database| {
        let desk = Desk::new(&database.url);
        desk.says(0, &["template", "enterprise", "blank.xlsx"]);
        let firms = firms();
        let mut rows: Vec<_> = firms.iter().enumerate().map(|(n, firm)| typed(n, firm)).collect();

        // One wrong cell keeps everything out, and is named.
        let right = std::mem::replace(&mut rows[7], vec![("firm/org", Data::String("企业7".into()))]);
        rows[7].extend(right[1..6].iter().cloned());
        rows[7].push(("obstacle", Data::Float(9.0)));
        fill_in(&desk.path("blank.xlsx"), &desk.path("filled.xlsx"), &rows);
        let refused = desk.says(1, &["import", "enterprise", "filled.xlsx"]);
        assert!(
            refused.contains("填报表!") && refused.contains("nothing was imported"),
            "{refused}"
        );
        assert_eq!(desk.responses(), 0);

        rows[7] = right;
        fill_in(&desk.path("blank.xlsx"), &desk.path("filled.xlsx"), &rows);
        let tried = desk.says(0, &["import", "enterprise", "filled.xlsx", "--dry-run"]);
        assert!(tried.contains("44 rows, 44 without problems"), "{tried}");
        assert_eq!(desk.responses(), 0);
        desk.says(0, &["import", "enterprise", "filled.xlsx"]);
        assert_eq!(desk.responses(), 44);

        let bytes = desk.assess("scores.json");
        assert_json(&serde_json::from_slice(&bytes).unwrap(), &firms);
        let reason = ["--personal", "full", "--reason", "every firm by its name"];
        desk.says(0, &[&["assess", "--out", "scores.xlsx"], &reason[..]].concat());
        assert_workbook(&desk.path("scores.xlsx"), &firms);

        // The same file again changes nothing, and neither does the same content saved anew.
        let again = desk.says(0, &["import", "enterprise", "filled.xlsx"]);
        assert!(again.contains("nothing"), "{again}");
        fill_in(&desk.path("blank.xlsx"), &desk.path("saved_again.xlsx"), &rows);
        desk.says(0, &["import", "enterprise", "saved_again.xlsx"]);
        assert_eq!(desk.responses(), 44);
        assert_eq!(
            desk.assess("again.json"),
            bytes,
            "the same responses give the same bytes"
        );
    });
}

/// The figures of the three cities that have enough firms, best first: the city, its indicators, its scores.
fn expected(firms: &[Firm]) -> Vec<(usize, [f64; 4], [f64; 7])> {
    let city = |city: usize| {
        let here: Vec<&Firm> = firms.iter().filter(|firm| firm.city == city).collect();
        let raw = indicators(&here);
        (city, raw, scores(raw))
    };
    let mut cities: Vec<_> = (0..3).map(city).collect();
    cities.sort_by(|one, other| other.2[0].total_cmp(&one.2[0]));
    cities
}

fn assert_json(result: &Json, firms: &[Firm]) {
    let units: Vec<&str> = result["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| unit.as_str().unwrap())
        .collect();
    assert_eq!(units, CITIES);
    for (rank, (city, raw, scores)) in (1..).zip(expected(firms)) {
        for (indicator, expected) in INDICATORS.iter().zip(raw) {
            let what = format!("{indicator} of {}", CITIES[city]);
            assert_close(result["stages"]["raw"][indicator][city].as_f64(), expected, &what);
        }
        for (element, expected) in ELEMENTS.iter().zip(scores) {
            let found = if INDICATORS.contains(element) {
                &result["stages"]["normalised"][element][city]
            } else {
                &result["scores"][element][city]
            };
            assert_close(
                found.as_f64(),
                expected,
                &format!("the score {element} of {}", CITIES[city]),
            );
        }
        assert_eq!(result["ranks"]["Index"][city], rank, "the rank of {}", CITIES[city]);
    }
    // Four firms are too few to say anything about a city.
    assert!(result["scores"]["Index"][3].is_null() && result["ranks"]["Index"][3].is_null());
}

fn assert_workbook(path: &Path, firms: &[Firm]) {
    let sheets = sheets(path);
    let sheet = |name: &str| {
        &sheets
            .iter()
            .find(|(known, _)| known.contains(name))
            .unwrap_or_else(|| panic!("{name}"))
            .1
    };
    let rows_of = |name: &str, label: &str| -> Vec<Vec<Data>> {
        let holds = |row: &&[Data]| row.iter().any(|cell| cell.to_string().contains(label));
        sheet(name).rows().filter(holds).map(<[Data]>::to_vec).collect()
    };
    let number = |cell: &Data| match cell {
        Data::Float(number) => Some(*number),
        Data::Int(number) => Some(*number as f64),
        other => other.to_string().parse().ok(),
    };
    let names = ["Hegang", "Shuangyashan", "Qitaihe", "Wudalianchi"];
    for (rank, (city, raw, scores)) in (1..).zip(expected(firms)) {
        let row = &rows_of("Ranking", names[city])[0];
        assert_eq!(number(&row[0]), Some(f64::from(rank)), "{row:?}");
        assert_close(number(&row[2]), scores[0], "the index in the ranking");
        for (element, expected) in ELEMENTS.iter().zip(scores) {
            let rows = rows_of("Scores", element);
            let row = rows.iter().find(|row| row[0] == **element).unwrap();
            assert_close(number(&row[4 + city]), expected, &format!("{element} among the scores"));
        }
        for (indicator, expected) in INDICATORS.iter().zip(raw) {
            assert_close(
                number(&rows_of("Indicators", indicator)[0][8 + city]),
                expected,
                indicator,
            );
        }
    }
    let (_, responses) = sheets
        .iter()
        .find(|(name, _)| name.contains("enterprise") || name.contains("企业调查"))
        .unwrap();
    let listed = |n: usize| {
        let name = format!("企业{n}");
        responses
            .rows()
            .filter(|row| row.iter().any(|cell| *cell == Data::String(name.clone())))
            .count()
    };
    assert!((0..firms.len()).all(|n| listed(n) == 1), "every firm has its row");
}
