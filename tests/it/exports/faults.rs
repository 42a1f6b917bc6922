//! What is wrong with an export has its file, row and column, and can be corrected in a workbook of issues.

use std::io::{Cursor, Write as _};
use std::path::Path;

use innogauge::spreadsheet::{IssuesOptions, write_issues};
use serde_json::json;
use zip::write::SimpleFileOptions;

use super::*;

fn zipped(folder: &Folder, tables: &[(&str, &str)]) -> PathBuf {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in tables {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    folder.write("firms.zip", zip.finish().unwrap().into_inner())
}

fn found(path: &Path) -> Vec<(String, &'static str)> {
    problems(&read(&form(), path))
}

#[test]
fn every_fault_of_an_export_has_its_cell() {
    let folder = Folder::new();
    let main = "SubmissionDate,firm-org,firm-city,firm-size-staff,firm-size-staff_missing,money,money/own,money/bank,firm-place-Latitude,firm-place-Longitude,meta-instanceID,KEY,Status\n\
        2026-03-01T01:15:00.000Z,甲,Hegang,5,,own,0,1,,,uuid:1,uuid:1,\n\
        2026-03-01T01:15:00.000Z,乙,230400,5,refused,,,,,,uuid:2,uuid:2,\n\
        2026-03-01T01:15:00.000Z,丙,230400,,,,,,47.1,,uuid:3,uuid:3,\n\
        2026-03-01T01:15:00.000Z,,,,,,,,,,uuid:4,uuid:4,not decrypted\n\
        2026-03-01T01:15:00.000Z,戊,哈尔滨,-1,,,,,,,uuid:5,uuid:5,\n\
        2026-03-01T01:15:00.000Z,己,230400,,,,,,,,uuid:6,uuid:6,\n\
        2026-03-01T01:15:00.000Z,庚,230400,,,,,,,,uuid:6,uuid:6b,\n";
    let products = "name,sold-share,PARENT_KEY,KEY\n\
        泵,400,uuid:6,uuid:6/product[1]\n\
        阀,,uuid:9,uuid:9/product[1]\n\
        轴,,,uuid:x/product[1]\n";
    let parts = "piece,PARENT_KEY,KEY\n弹簧,uuid:6/product[2],uuid:6/product[2]/part[1]\n";
    let path = zipped(
        &folder,
        &[
            ("firms.csv", main),
            ("firms-product.csv", products),
            ("firms-part.csv", parts),
        ],
    );
    let expected = [
        ("firms.csv!H2", "columns_disagree"),
        ("firms.csv!E3", "answer_and_reason"),
        ("firms.csv!I4", "no_point"),
        ("firms.csv!B5", "required"),
        ("firms.csv!C5", "required"),
        ("firms.csv!M5", "not_decrypted"),
        ("firms.csv!C6", "misspelt_choice"),
        ("firms.csv!D6", "constraint"),
        ("firms-product.csv!B2", "constraint"),
        ("firms-product.csv!C3", "unknown_parent"),
        ("firms-product.csv!C4", "no_parent"),
        ("firms-part.csv!B2", "unknown_parent"),
    ];
    let found = found(&path);
    let found: Vec<(&str, &str)> = found.iter().map(|(at, code)| (at.as_str(), *code)).collect();
    assert_eq!(found, expected);
    for finding in &read(&form(), &path).findings {
        assert!(!finding.message.is_empty(), "{finding:?}");
    }
}

const RUN_TOGETHER: &str = r#"
survey: firms
version: "1"
title: Firms
languages: {zh: 中文, en: English}
choices:
  source:
    bank: {zh: 银行, en: Bank}
    loan: {zh: 贷款, en: Loan}
    both: {zh: 银行 贷款, en: Bank loan}
questions:
  - {type: text, name: org, label: {zh: 名称, en: Name}}
  - {type: select_multiple source, name: money, label: {zh: 资金来源, en: Funds}}
"#;

#[test]
fn choices_that_run_together_are_never_taken_for_another_choice() {
    let folder = Folder::new();
    let form = form_of(RUN_TOGETHER);
    let read_cells = |header: &str, cells: &str| {
        let path = folder.write("firms.csv", format!("org,{header},KEY\n甲,{cells},uuid:1\n"));
        read(&form, &path)
    };
    let money = |header: &str, cells: &str| {
        let plan = read_cells(header, cells);
        assert!(plan.is_sound(), "{cells}: {:?}", plan.findings);
        plan.accepted[0].answers["money"].clone()
    };
    // Codes as they are; `both` has the label "Bank loan".
    assert_eq!(money("money", "bank loan"), json!(["bank", "loan"]));
    assert_eq!(money("money", "both"), json!(["both"]));
    assert_eq!(money("money", "both bank"), json!(["both", "bank"]));
    for labels in ["Bank loan", "Bank Loan", "银行 贷款"] {
        let plan = read_cells("money", labels);
        assert_eq!(problems(&plan), [("B2".to_owned(), "ambiguous_choice")], "{labels}");
    }
    // The columns of the choices tell labels apart.
    let split = "money,money/bank,money/loan,money/both";
    assert_eq!(money(split, "Bank Loan,1,1,0"), json!(["bank", "loan"]));
    assert_eq!(money(split, "银行 贷款,1,1,0"), json!(["bank", "loan"]));
    assert_eq!(money(split, "Bank loan,0,0,1"), json!(["both"]));
    // Unless they say nothing.
    let plan = read_cells(split, "Bank loan,0,0,0");
    assert_eq!(problems(&plan), [("B2".to_owned(), "ambiguous_choice")]);
}

#[test]
fn one_instance_id_is_one_response_and_two_are_two_whatever_they_answer() {
    let folder = Folder::new();
    let csv = |rows: &[(&str, &str)]| {
        let lines: Vec<String> = rows
            .iter()
            .map(|(org, id)| format!("{org},230400,uuid:{id}\n"))
            .collect();
        let rows = lines.concat();
        folder.write("firms.csv", format!("firm-org,firm-city,KEY\n{rows}"))
    };
    let twice = read(&form(), &csv(&[("甲", "1"), ("甲", "2"), ("甲", "1")]));
    assert!(twice.is_sound());
    assert_eq!(twice.accepted.len(), 2);
    assert!(twice.findings.iter().any(|finding| finding.code == "same_answers"));
    let other = csv(&[("甲", "1"), ("乙", "1")]);
    assert_eq!(found(&other), [("C3".to_owned(), "instance_twice")]);
}

#[test]
fn headers_that_nobody_or_everybody_has_are_told_before_any_row_is_read() {
    let folder = Folder::new();
    let unknown = folder.write("unknown.csv", "firm-org,firm-ctiy,KEY\n甲,230400,uuid:1\n");
    let plan = read(&form(), &unknown);
    assert_eq!(problems(&plan), [("B1".to_owned(), "unknown_header")]);
    assert!(plan.accepted.is_empty());
    let yaml = "{survey: s, version: '1', title: S, questions: [\
        {type: group, name: a, label: A, questions: [{type: text, name: x, label: Other}]}, \
        {type: group, name: b, label: B, questions: [{type: text, name: x, label: Other}, {type: text, name: y, label: Y}]}]}";
    let form = form_of(yaml);
    let ambiguous = folder.write(
        "ambiguous.csv",
        "Other,_uuid,_id\nhere,1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11,1\n",
    );
    let plan = read(&form, &ambiguous);
    assert_eq!(problems(&plan), [("A1".to_owned(), "ambiguous_header")]);
    assert!(
        plan.findings[0].message.contains("a/x, b/x"),
        "{}",
        plan.findings[0].message
    );
    // The same label over as many columns as there are questions with it: in the order of the form.
    let both = folder.write(
        "both.csv",
        "Other,Other,Y,_uuid\n1,2,3,1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11\n",
    );
    let plan = read(&form, &both);
    assert_eq!(
        plan.accepted[0].answers,
        json!({"a": {"x": "1"}, "b": {"x": "2", "y": "3"}})
    );
}

#[test]
fn a_label_is_known_with_and_without_its_unit_and_when_it_is_misspelt() {
    let folder = Folder::new();
    for header in [
        "营业收入",
        "营业收入（万元）",
        "规模/营业收入",
        "Turnover",
        "turnover (10,000 CNY)",
    ] {
        let path = folder.write("firms.csv", format!("org,city,{header:?},_uuid\n甲,230400,5,{FIRST}\n"));
        let plan = read(&form(), &path);
        assert!(plan.is_sound(), "{header}: {:?}", plan.findings);
        assert_eq!(
            plan.accepted[0].answers["firm"]["size"]["turnover"],
            json!(5),
            "{header}"
        );
    }
    let path = folder.write(
        "firms.csv",
        format!("org,city,R&D expenditures,_uuid\n甲,230400,5,{FIRST}\n"),
    );
    let message = read(&form(), &path).findings[0].message.clone();
    assert!(message.contains("R&D expenditure'"), "{message}");
}

#[test]
fn names_that_kobo_gives_to_versions_are_noted_once() {
    let folder = Folder::new();
    let rows = format!("甲,230400,vK9xQ,{FIRST}\n乙,230400,vK9xQ,{SECOND}\n");
    let path = folder.write("firms.csv", format!("org,city,__version__,_uuid\n{rows}"));
    let plan = read(&form(), &path);
    assert!(plan.is_sound() && plan.accepted.len() == 2, "{:?}", plan.findings);
    let notes = plan.findings.iter().filter(|finding| finding.code == "opaque_version");
    let notes: Vec<String> = notes
        .map(|finding| format!("{}: {}", finding.at, finding.message))
        .collect();
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("C2: ") && notes[0].contains("vK9xQ") && notes[0].contains("2.0"),
        "{notes:?}"
    );
}

#[test]
fn tables_that_nothing_joins_or_nobody_knows_are_told() {
    let folder = Folder::new();
    let main = "firm-org,firm-city,KEY\n甲,230400,uuid:1\n";
    let path = zipped(
        &folder,
        &[("firms.csv", main), ("firms-product.csv", "name,_parent_index\n泵,1\n")],
    );
    assert_eq!(found(&path), [("firms-product.csv!A1".to_owned(), "no_join")]);
    let path = zipped(
        &folder,
        &[("firms.csv", main), ("firms-goods.csv", "what,PARENT_KEY\n泵,uuid:1\n")],
    );
    assert_eq!(found(&path), [("firms-goods.csv!A1".to_owned(), "unknown_table")]);
    let path = zipped(&folder, &[("firms.csv", main), ("prices.csv", "what,price\n泵,1\n")]);
    let plan = read(&form(), &path);
    assert!(plan.is_sound() && plan.findings.iter().any(|finding| finding.code == "strange_table"));
    // Whatever a table is called, its questions tell which repeat it is of.
    let path = zipped(
        &folder,
        &[
            ("firms.csv", main),
            ("t2.csv", "name,sold-share,PARENT_KEY,KEY\n泵,5,uuid:1,k\n"),
        ],
    );
    assert_eq!(read(&form(), &path).accepted[0].answers["product"][0]["name"], "泵");
}

#[test]
fn a_row_of_tags_under_the_headers_is_no_response() {
    let folder = Folder::new();
    let path = folder.write(
        "tags.csv",
        "firm/org;firm/city;_uuid\n#org;#adm2;\n甲;230400;1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11\n",
    );
    let plan = read(&form(), &path);
    assert!(plan.is_sound(), "{:?}", plan.findings);
    assert_eq!(plan.organisations, 1);
}

#[test]
fn another_table_is_no_export() {
    let folder = Folder::new();
    let path = folder.write("plain.csv", "名称,城市\n甲,鹤岗\n");
    let error = Head::read(&mut worker(Limits::default()).open(&path).unwrap()).unwrap_err();
    assert!(error.to_string().contains("KEY"), "{error}");
}

#[test]
fn the_rows_of_an_export_can_be_corrected_and_imported() {
    let form = form();
    let folder = Folder::new();
    let main = "firm-org,firm-city,KEY\n甲,230400,uuid:1\n乙,230400,uuid:2\n";
    let products = "name,sold-share,PARENT_KEY,KEY\n\
        泵,5,uuid:1,uuid:1/product[1]\n阀,400,uuid:2,uuid:2/product[1]\n轴,4,uuid:2,uuid:2/product[2]\n";
    let path = zipped(
        &folder,
        &[
            ("firms.csv", main),
            ("firms-product.csv", products),
            ("firms-part.csv", "piece,PARENT_KEY,KEY\n"),
        ],
    );
    let (mut workbook, head, plan) = read_with(&[&form], &path);
    assert_eq!(problems(&plan), [("firms-product.csv!B3".to_owned(), "constraint")]);
    for only_rejected in [false, true] {
        let out = folder.path("issues.xlsx");
        let options = IssuesOptions {
            language: "zh".into(),
            only_rejected,
        };
        write_issues(&mut workbook, &head, &plan, &options, &out).unwrap();
        let again = read(&form, &out);
        assert_eq!(again.organisations, if only_rejected { 1 } else { 2 });
        let row = if only_rejected { 2 } else { 3 };
        assert_eq!(problems(&again), [(format!("firms-product!B{row}"), "constraint")]);
    }
}

#[test]
fn encodings_of_spreadsheet_programs_are_read() {
    let form = form();
    let folder = Folder::new();
    let text = "firm-org,firm-city,KEY\n鹤岗矿业机械有限公司,鹤岗市,uuid:1\n双鸭山第二机械厂,双鸭山市,uuid:2\n";
    let tables = [
        ("utf8.csv", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("gb18030.csv", encoding_rs::GB18030.encode(text).0.into_owned()),
        ("semicolons.csv", text.replace(',', ";").into_bytes()),
        (
            "utf16.csv",
            "\u{feff}"
                .chars()
                .chain(text.chars())
                .collect::<String>()
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
    ];
    for (name, content) in tables {
        let plan = read(&form, &folder.write(name, content));
        assert!(plan.is_sound(), "{name}: {:?}", plan.findings);
        assert_eq!(
            plan.accepted[0].answers["firm"]["org"], "鹤岗矿业机械有限公司",
            "{name}"
        );
    }
}
