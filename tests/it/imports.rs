//! A blank workbook, filled in and read back: in every format, with every fault at its cell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};
use innogauge::definition::Definition;
use innogauge::expression::WallClock;
use innogauge::response::Form;
use innogauge::spreadsheet::{
    Head, ImportError, ImportOptions, ImportPlan, IssuesOptions, Limits, ReadAs, Shape, TemplateOptions, Workbook,
    plan, template, write_issues,
};
use rust_xlsxwriter::{Format, Workbook as Output};
use serde_json::{Value as Json, json};

use crate::workbooks::worker;

const DEFINITION: &str = r#"
survey: firms
version: "1.0"
title: {zh: 企业, en: Firms}
languages: {zh: 中文, en: English}
choices:
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
  city: [{name: "230400", label: {zh: 鹤岗市, en: Hegang}, aliases: [鹤岗]}, {name: "230500", label: {zh: 双鸭山市, en: Shuangyashan}}]
  source: {own: {zh: 自有资金, en: Own funds}, bank: {zh: 银行贷款, en: Bank loan}, state: {zh: 政府资金, en: Public funds}}
questions:
  - type: group
    name: firm
    label: {zh: 基本情况, en: The firm}
    questions:
      - {type: text, name: org, label: {zh: 名称, en: Name}, identifying: true, required: true}
      - {type: text, name: phone, label: {zh: 电话, en: Phone}, personal: true}
      - {type: select_one city, name: city, label: {zh: 所在地, en: City}, required: true}
      - {type: integer, name: staff, label: {zh: 人数, en: Staff}, unit: persons, missing: [dont_know, refused], constraint: . >= 0}
      - {type: decimal, name: turnover, label: {zh: 营业收入, en: Turnover}, unit: 10k_cny}
      - {type: decimal, name: exports, label: {zh: 出口比重, en: Exports}, unit: percent}
      - {type: date, name: founded, label: {zh: 成立日期, en: Founded}}
  - {type: select_one yes_no, name: has_rd, label: {zh: 有研发吗, en: R&D?}, missing: [refused]}
  - {type: decimal, name: rd, label: {zh: 研发支出, en: R&D expenditure}, relevant: "${has_rd} = '1'"}
  - {type: select_multiple source, name: money, label: {zh: 资金来源, en: Funds}}
  - {type: rank source, name: best, label: {zh: 排序, en: Rank}}
  - type: repeat
    name: product
    label: {zh: 产品, en: Products}
    questions:
      - {type: text, name: title, label: {zh: 产品名称, en: Product}, required: true}
      - {type: decimal, name: share, label: {zh: 占比, en: Share}, constraint: ". <= 100"}
      - type: repeat
        name: part
        label: {zh: 部件, en: Parts}
        questions: [{type: text, name: piece, label: {zh: 部件名称, en: Part}}]
"#;

fn form() -> Arc<Form> {
    form_of(DEFINITION)
}

fn form_of(yaml: &str) -> Arc<Form> {
    let checked = Definition::from_yaml("firms.yaml", yaml).unwrap_or_else(|found| panic!("{found:?}"));
    Form::new(checked.value)
}

/// What is typed into a cell.
#[derive(Debug, Clone)]
enum Typed {
    Words(&'static str),
    Number(f64),
    Percent(f64),
    Date(i32, u32, u32),
}
use Typed::{Date, Number, Percent, Words};

type Cells = Vec<(&'static str, Typed)>;

/// A sheet: its name, its row of codes, and the rows filled in.
struct Sheet {
    name: String,
    codes: Vec<String>,
    rows: Vec<Cells>,
}

impl Sheet {
    fn column(&self, code: &str) -> usize {
        // The key has the mark for its code.
        let at = if code == "No." {
            Some(0)
        } else {
            self.codes.iter().position(|known| known == code)
        };
        at.unwrap_or_else(|| panic!("{code} is not among {:?}", self.codes))
    }

    /// The rows below the codes, as a table of text.
    fn table(&self) -> Vec<Vec<Option<Typed>>> {
        let rows = self.rows.iter().map(|cells| {
            let mut row = vec![None; self.codes.len()];
            for (code, typed) in cells {
                row[self.column(code)] = Some(typed.clone());
            }
            row
        });
        rows.collect()
    }
}

/// The sheets of the blank workbook of a form, with these rows in them: one list per sheet with codes.
fn filled(form: &Form, rows: Vec<Vec<Cells>>) -> Vec<Sheet> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blank.xlsx");
    fs::write(
        &path,
        template(
            form,
            &TemplateOptions {
                language: "zh".into(),
                ..Default::default()
            },
        )
        .unwrap(),
    )
    .unwrap();
    let mut workbook = worker(Limits::default()).open(&path).unwrap();
    let mut sheets = Vec::new();
    for index in 0..workbook.sheets().len() {
        let name = workbook.sheets()[index].name.clone();
        let batches: Vec<_> = workbook.read(index, Some(4)).unwrap().map(Result::unwrap).collect();
        for row in batches.iter().flat_map(|batch| batch.rows()).map(Result::unwrap) {
            let codes: Vec<String> = row.cells.iter().map(|cell| cell.value.to_string()).collect();
            if row.number == 3 && codes[0].starts_with("innogauge:firms:1.0:") {
                sheets.push(Sheet {
                    name: name.clone(),
                    codes,
                    rows: vec![],
                });
            }
        }
    }
    assert!(rows.len() <= sheets.len());
    for (sheet, rows) in sheets.iter_mut().zip(rows) {
        sheet.rows = rows;
    }
    sheets
}

fn write_xlsx(sheets: &[Sheet], path: &Path) {
    let mut output = Output::new();
    for sheet in sheets {
        let page = output.add_worksheet();
        page.set_name(&sheet.name).unwrap();
        for (column, code) in (0..).zip(&sheet.codes) {
            page.write_string(3, column, code).unwrap();
        }
        for (row, cells) in (4..).zip(sheet.table()) {
            for (column, typed) in (0..).zip(cells) {
                match typed {
                    None => &mut *page,
                    Some(Words(text)) => page.write_string(row, column, text).unwrap(),
                    Some(Number(number)) => page.write_number(row, column, number).unwrap(),
                    Some(Percent(number)) => {
                        let format = Format::new().set_num_format("0.0%");
                        page.write_number_with_format(row, column, number / 100.0, &format)
                            .unwrap()
                    }
                    Some(Date(year, month, day)) => {
                        let format = Format::new().set_num_format("yyyy-mm-dd");
                        let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
                        page.write_date_with_format(row, column, day, &format).unwrap()
                    }
                };
            }
        }
    }
    output.save(path).unwrap();
}

/// The main sheet alone, since a table of text has no others.
fn write_csv(sheets: &[Sheet], path: &Path) {
    let mut out = csv::Writer::from_path(path).unwrap();
    for _ in 0..3 {
        out.write_record(sheets[0].codes.iter().map(|_| "x")).unwrap();
    }
    out.write_record(&sheets[0].codes).unwrap();
    for row in sheets[0].table() {
        let text = |typed: &Option<Typed>| match typed {
            None => String::new(),
            Some(Words(text)) => (*text).to_owned(),
            Some(Number(number)) => number.to_string(),
            Some(Percent(number)) => format!("{number}%"),
            Some(Date(year, month, day)) => format!("{year}/{month}/{day}"),
        };
        out.write_record(row.iter().map(text)).unwrap();
    }
}

/// The same workbook in another format, by LibreOffice; none where that is not installed.
fn convert(path: &Path, extension: &str) -> Option<PathBuf> {
    let folder = path.parent().unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let converted = Command::new("soffice")
        .args(["--headless", &profile, "--convert-to", extension, "--outdir"])
        .arg(folder)
        .arg(path)
        .output();
    match converted {
        Ok(output) if output.status.success() => Some(path.with_extension(extension)),
        _ => {
            eprintln!("soffice is not installed: .{extension} is not tested");
            None
        }
    }
}

fn at() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap()
}

type Plan = ImportPlan<(String, Json)>;

fn read_with(form: &Arc<Form>, path: &Path) -> (Workbook, Head, Plan) {
    let mut workbook = worker(Limits::default())
        .open(path)
        .unwrap_or_else(|error| panic!("{error}"));
    let head = Head::read(&mut workbook).unwrap_or_else(|error| panic!("{error}"));
    let options = ImportOptions::new("en", at());
    let keep =
        |accepted: innogauge::spreadsheet::Accepted| Some((accepted.instance_id, accepted.processed.answers.to_json()));
    let read_as = ReadAs {
        form,
        environment: &WallClock,
    };
    let plan = plan(&mut workbook, &head, &[read_as], &options, &keep, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    (workbook, head, plan)
}

fn read(form: &Arc<Form>, path: &Path) -> Plan {
    read_with(form, path).2
}

/// Reads an .xlsx with these rows on its sheets.
fn plan_of(rows: Vec<Vec<Cells>>) -> Plan {
    let form = form();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filled.xlsx");
    write_xlsx(&filled(&form, rows), &path);
    read(&form, &path)
}

fn addresses(plan: &Plan) -> Vec<(String, &str)> {
    plan.findings
        .iter()
        .map(|finding| (finding.at.to_string(), finding.code))
        .collect()
}

/// An organisation without faults, as people type it.
fn sound() -> Cells {
    vec![
        ("No.", Number(1.0)),
        ("firm/org", Words(" 鹤岗矿业机械有限公司 ")),
        ("firm/phone", Number(4_683_344_556.0)),
        ("firm/city", Words("鹤岗")),
        ("firm/staff", Words("１，２００")),
        ("firm/turnover", Words("3500.5万元")),
        ("firm/exports", Percent(12.5)),
        ("firm/founded", Date(2001, 7, 1)),
        ("has_rd", Number(1.0)),
        ("rd", Number(120.0)),
        ("money/own", Words("√")),
        ("money/state", Words("是")),
        ("best/own", Number(2.0)),
        ("best/bank", Number(3.0)),
        ("best/state", Number(1.0)),
    ]
}

fn expected() -> Json {
    json!({
        "firm": {
            "org": "鹤岗矿业机械有限公司", "phone": "4683344556", "city": "230400", "staff": 1200,
            "turnover": 3500.5, "exports": 12.5, "founded": "2001-07-01"
        },
        "has_rd": "1", "rd": 120.0, "money": ["own", "state"], "best": ["state", "own", "bank"]
    })
}

/// The same answers, whatever way the numbers are written and empty lists left out.
fn assert_answers(answers: &Json, expected: &Json) {
    let Json::Object(expected) = expected else {
        let same_number = answers.as_f64().is_some() && answers.as_f64() == expected.as_f64();
        assert!(same_number || answers == expected, "{answers} is not {expected}");
        return;
    };
    for (key, value) in expected {
        assert_answers(&answers[key], value);
    }
}

#[test]
fn what_was_filled_in_is_what_is_read_in_every_format() {
    let form = form();
    let folder = tempfile::tempdir().unwrap();
    let xlsx = folder.path().join("filled.xlsx");
    let sheets = filled(&form, vec![vec![sound()]]);
    write_xlsx(&sheets, &xlsx);
    let csv = folder.path().join("filled.csv");
    write_csv(&sheets, &csv);
    let gb18030 = folder.path().join("gb18030.csv");
    let text = fs::read_to_string(&csv).unwrap();
    fs::write(&gb18030, encoding_rs::GB18030.encode(&text).0).unwrap();
    let mut files = vec![xlsx.clone(), csv, gb18030];
    files.extend(
        ["xls", "ods"]
            .into_iter()
            .filter_map(|extension| convert(&xlsx, extension)),
    );
    for file in files {
        let plan = read(&form, &file);
        // .xls keeps no formats for calamine to see: there the percentage is what the cell holds.
        let mut expected = expected();
        if file.extension().is_some_and(|extension| extension == "xls") {
            expected["firm"]["exports"] = json!(0.125);
        }
        assert!(plan.is_sound(), "{}: {:?}", file.display(), plan.findings);
        assert_eq!(plan.accepted.len(), 1, "{}", file.display());
        assert_answers(&plan.accepted[0].1, &expected);
    }
}

#[test]
fn entries_of_repeats_are_joined_by_the_number_of_the_organisation() {
    let second = vec![
        ("No.", Words("B 2")),
        ("firm/org", Words("乙")),
        ("firm/city", Words("Shuangyashan")),
    ];
    let products = vec![
        vec![("No.", Words("b 2")), ("title", Words("泵")), ("share", Number(40.0))],
        vec![("No.", Number(1.0)), ("title", Words("钻机"))],
        vec![("No.", Words("B 2")), ("title", Words("阀"))],
    ];
    let parts = vec![vec![
        ("No.", Words("B 2")),
        ("innogauge:product", Number(2.0)),
        ("piece", Words("弹簧")),
    ]];
    let plan = plan_of(vec![vec![sound(), second], products, parts]);
    assert!(plan.is_sound(), "{:?}", plan.findings);
    assert_eq!(plan.accepted[0].1["product"][0]["title"], "钻机");
    let products = &plan.accepted[1].1["product"];
    assert_eq!(
        (&products[0]["title"], &products[1]["title"]),
        (&json!("泵"), &json!("阀"))
    );
    assert_eq!(products[1]["part"][0]["piece"], "弹簧");
}

#[test]
fn every_fault_has_its_cell() {
    let row = |number: f64, cells: Cells| {
        let mut row = vec![
            ("No.", Number(number)),
            ("firm/org", Words("甲")),
            ("firm/city", Words("230400")),
        ];
        row.retain(|(code, _)| !cells.iter().any(|(other, _)| other == code));
        row.extend(cells);
        row
    };
    let plan = plan_of(vec![
        vec![
            row(1.0, vec![("firm/city", Words("哈尔滨"))]),
            row(2.0, vec![("firm/staff", Number(2.5)), ("firm/turnover", Words("很多"))]),
            row(3.0, vec![("firm/staff", Number(-1.0))]),
            row(4.0, vec![("firm/founded", Words("2001-02-30"))]),
            row(5.0, vec![("has_rd", Words("否")), ("rd", Number(5.0))]),
            row(6.0, vec![("money/own", Words("x"))]),
            row(7.0, vec![("best/own", Number(1.0)), ("best/bank", Number(1.0))]),
            row(
                8.0,
                vec![("firm/turnover", Percent(3.0)), ("firm/phone", Date(2026, 3, 1))],
            ),
            row(9.0, vec![("firm/phone", Number(1.234_567_890_123_456_7e17))]),
            vec![("No.", Number(10.0)), ("firm/staff", Words("不清楚"))],
            row(1.0, vec![("firm/org", Words("乙"))]),
        ],
        vec![
            vec![("No.", Number(99.0)), ("title", Words("泵"))],
            vec![("title", Words("阀"))],
            vec![("No.", Number(3.0)), ("share", Number(400.0))],
        ],
        vec![vec![
            ("No.", Number(3.0)),
            ("innogauge:product", Number(7.0)),
            ("piece", Words("弹簧")),
        ]],
    ]);
    let found = addresses(&plan);
    let found: Vec<(&str, &str)> = found.iter().map(|(at, code)| (at.as_str(), *code)).collect();
    let expected = [
        ("填报表!D5", "misspelt_choice"),
        ("填报表!E6", "not_whole"),
        ("填报表!F6", "wrong_type"),
        ("填报表!E7", "constraint"),
        ("填报表!H8", "no_such_date"),
        ("填报表!J9", "unasked_answer"),
        ("填报表!K10", "not_a_tick"),
        ("填报表!O11", "place_twice"),
        ("填报表!C12", "turned_into_date"),
        ("填报表!F12", "percentage"),
        ("填报表!C13", "digits_lost"),
        ("填报表!B14", "required"),
        ("填报表!D14", "required"),
        ("填报表!A15", "key_twice"),
        ("产品!A5", "unknown_key"),
        ("产品!A6", "no_key"),
        ("产品!B7", "required"),
        ("产品!C7", "constraint"),
        ("部件!B5", "unknown_entry"),
    ];
    assert_eq!(found, expected, "{:#?}", plan.findings);
    assert!(plan.accepted.is_empty(), "each row has a fault: {:?}", plan.accepted);
    assert_eq!(plan.rejected.len(), plan.organisations);
    let orphans: Vec<u32> = plan.orphans.iter().map(|(_, row)| row + 1).collect();
    assert_eq!(orphans, [5, 6], "entries that belong to no row are counted apart");
    for finding in &plan.findings {
        assert!(!finding.message.is_empty());
    }
}

#[test]
fn the_same_answers_have_the_same_identifier_and_count_once() {
    let first = plan_of(vec![vec![sound()]]);
    let mut again = sound();
    again.retain(|(code, _)| *code != "No.");
    let twice = plan_of(vec![vec![sound(), again]]);
    assert_eq!(first.accepted, twice.accepted);
    assert_eq!(addresses(&twice), [("填报表!A6".to_owned(), "same_answers")]);
    assert!(twice.is_sound());
}

#[test]
fn a_form_is_one_organisation() {
    let form = form();
    let folder = tempfile::tempdir().unwrap();
    let blank = folder.path().join("form.xlsx");
    let options = TemplateOptions {
        language: "en".into(),
        shape: Shape::Form,
        hash: None,
    };
    fs::write(&blank, template(&form, &options).unwrap()).unwrap();
    // Filled in by writing each answer beside its code.
    let mut workbook = worker(Limits::default()).open(&blank).unwrap();
    let index = workbook
        .sheets()
        .iter()
        .position(|sheet| sheet.name == "Answers")
        .unwrap();
    let batches: Vec<_> = workbook.read(index, None).unwrap().map(Result::unwrap).collect();
    let mut output = Output::new();
    let page = output.add_worksheet();
    for row in batches.iter().flat_map(|batch| batch.rows()).map(Result::unwrap) {
        let Some(code) = row.text(0) else { continue };
        page.write_string(row.number, 0, code).unwrap();
        let answer = match code {
            "firm/org" => "Acme",
            "firm/city" => "Hegang",
            "firm/staff" => "Don't know",
            "money/bank" => "√",
            "rd" => "12",
            _ => continue,
        };
        page.write_string(row.number, 3, answer).unwrap();
    }
    let path = folder.path().join("filled.xlsx");
    output.save(&path).unwrap();
    let plan = read(&form, &path);
    assert_eq!(plan.organisations, 1);
    let [finding] = &plan.findings[..] else {
        panic!("{:?}", plan.findings)
    };
    assert_eq!((finding.code, finding.at.column), ("unasked_answer", 3));
}

#[test]
fn a_workbook_of_issues_can_be_corrected_and_imported() {
    let form = form();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filled.xlsx");
    let faulty = vec![
        ("No.", Number(2.0)),
        ("firm/org", Words("乙")),
        ("firm/city", Words("哈尔滨")),
    ];
    write_xlsx(&filled(&form, vec![vec![sound(), faulty]]), &path);
    let (mut workbook, head, plan) = read_with(&form, &path);
    for only_rejected in [false, true] {
        let out = folder.path().join("issues.xlsx");
        let options = IssuesOptions {
            language: "zh".into(),
            only_rejected,
        };
        write_issues(&mut workbook, &head, &plan, &options, &out).unwrap();
        let again = read(&form, &out);
        assert_eq!(again.organisations, if only_rejected { 1 } else { 2 });
        assert_eq!(again.findings.len(), 1);
        assert_eq!(again.findings[0].message, plan.findings[0].message);
        assert_eq!(again.findings[0].at.row, if only_rejected { 4 } else { 5 });
        if !only_rejected {
            assert_eq!(again.accepted, plan.accepted, "what was right stays as it was");
        }
        // The message stands beside the row for the person who corrects it.
        let mut issues = worker(Limits::default()).open(&out).unwrap();
        let batches: Vec<_> = issues.read(1, None).unwrap().map(Result::unwrap).collect();
        let last = batches.iter().flat_map(|batch| batch.rows()).last().unwrap().unwrap();
        assert_eq!(last.cells.last().unwrap().value.to_string(), &*plan.findings[0].message);
    }
}

#[test]
fn a_column_that_nobody_knows_stops_the_import_and_names_the_one_that_was_meant() {
    let form = form();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("columns.csv");
    fs::write(&path, "innogauge:firms:1.0:rows,firm/org,firm/ctiy\n1,甲,230400\n").unwrap();
    let plan = read(&form, &path);
    assert!(plan.accepted.is_empty() && !plan.is_sound());
    assert_eq!(addresses(&plan), [("C1".to_owned(), "unknown_column")]);
    assert!(
        plan.findings[0].message.contains("firm/city"),
        "{}",
        plan.findings[0].message
    );
}

#[test]
fn a_workbook_without_codes_or_of_two_surveys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Head::read(&mut worker(Limits::default()).open(&path).unwrap()).unwrap_err()
    };
    assert_eq!(refusal("plain.csv", "名称,城市\n甲,鹤岗\n"), ImportError::NoMark);
    let path = folder.path().join("mixed.xlsx");
    let mut output = Output::new();
    for survey in ["firms", "others"] {
        output
            .add_worksheet()
            .write_string(0, 0, format!("innogauge:{survey}:1.0:rows"))
            .unwrap();
    }
    output.save(&path).unwrap();
    let mixed = Head::read(&mut worker(Limits::default()).open(&path).unwrap()).unwrap_err();
    assert!(mixed.to_string().contains("Sheet1!A1 and Sheet2!A1"), "{mixed}");
    assert!(mixed.message("zh").contains("Sheet2!A1"));
}
