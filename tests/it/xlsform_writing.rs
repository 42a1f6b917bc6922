//! Definitions as XLSForm and as YAML: nothing is lost on the way there and back, and pyxform reads the same survey.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use innogauge::definition::{Book, Definition, Diagnostic, expand, load_folder, xform, yaml};
use innogauge::workbook::{Limits, Worker};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn lines(found: &[Diagnostic]) -> String {
    found.iter().fold(String::new(), |mut lines, diagnostic| {
        writeln!(lines, "{diagnostic}").unwrap();
        lines
    })
}

fn of_yaml(text: &str) -> Definition {
    match Definition::from_yaml("s.yaml", text) {
        Ok(checked) => checked.value,
        Err(found) => panic!("{}\n{text}", lines(&found)),
    }
}

fn of_book(book: &Book) -> Definition {
    match Definition::from_xlsform("s.xlsx", book) {
        Ok(checked) => checked.value,
        Err(found) => panic!("{}\n{}", lines(&found), book.to_csv()),
    }
}

fn own_surveys() -> Vec<Definition> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = load_folder(&root.join("survey_defs")).unwrap_or_else(|found| panic!("{}", lines(&found)));
    let everything = fs::read_to_string(root.join("tests/it/fixtures/everything.yaml")).unwrap();
    let surveys = folder.value.surveys.into_iter().map(|survey| survey.definition);
    surveys.chain([of_yaml(&everything)]).collect()
}

/// There and back by XLSForm and by YAML; the XForm is the same to the byte.
fn nothing_is_lost(definition: &Definition) {
    let form = xform(definition, None);
    let written = yaml(definition);
    let again = of_yaml(&written);
    assert!(again == *definition, "by YAML:\n{written}");
    assert_eq!(xform(&again, None), form, "by YAML:\n{written}");
    assert_eq!(yaml(&again), written, "what is written is always the same");

    let book = Book::of(definition);
    let by_book = of_book(&book);
    assert!(
        by_book == *definition,
        "by XLSForm:\n{}\n{written}\nbecame\n{}",
        book.to_csv(),
        yaml(&by_book)
    );
    let back = of_yaml(&yaml(&by_book));
    assert!(back == *definition, "by XLSForm and YAML:\n{}", yaml(&by_book));
    assert_eq!(xform(&back, None), form, "by XLSForm and YAML:\n{}", book.to_csv());
}

#[test]
fn our_own_surveys_lose_nothing_as_xlsform_and_yaml() {
    for definition in own_surveys() {
        nothing_is_lost(&definition);
    }
}

#[test]
fn a_workbook_is_the_same_bytes_each_time_and_reads_as_its_sheets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xlsx");
    let worker = Worker::of(env!("CARGO_BIN_EXE_innogauge"), Limits::of_definitions());
    for definition in own_surveys() {
        let book = Book::of(&definition);
        let bytes = book.to_xlsx().unwrap();
        assert_eq!(bytes, book.to_xlsx().unwrap());
        fs::write(&path, bytes).unwrap();
        let read = Book::open(&path, &worker).unwrap_or_else(|error| panic!("{error}"));
        assert!(of_book(&read) == definition, "{}", definition.survey());
    }
}

/// Words as people write them, with what sheets and YAML may stumble over.
fn any_words() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "企业",
        "研发",
        "R&D",
        "“全新”",
        "it's",
        "‘so’",
        "  ",
        " ",
        ": ",
        "#",
        " #",
        "{",
        "}",
        ", ",
        "[1]",
        "- ",
        "yes",
        "01",
        "1e3",
        "~",
        "\"",
        "\\",
        "\n",
        "<b>",
        "%",
        "=A1",
        "，",
        "?",
        "!",
        "|",
        "&",
        "*",
        "@",
        "`",
        "\u{a0}",
        "_x0041_",
        "null",
        "。",
        "${has_rd}",
    ]);
    (
        prop::sample::select(vec!["甲", "A", "问", "x", "2025", "No"]),
        prop::collection::vec(parts, 0..4),
    )
        .prop_map(|(first, rest)| format!("{first}{}", rest.concat()).trim_end().to_owned())
}

/// A text in both languages, in one, or the same in all.
fn any_text() -> impl Strategy<Value = String> {
    (any_words(), any_words(), 0..6_u8).prop_map(|(zh, en, shape)| match shape {
        0 => json(&zh),
        1 => format!("{{zh: {}}}", json(&zh)),
        2 => format!("{{\"\": {}, en: {}}}", json(&zh), json(&en)),
        _ => format!("{{zh: {}, en: {}}}", json(&zh), json(&en)),
    })
}

/// What is JSON is YAML.
fn json(words: &str) -> String {
    serde_json::Value::from(words).to_string()
}

/// The keys that a question of any type may have.
fn any_keys() -> impl Strategy<Value = String> {
    let key = |name: &'static str, values: Vec<&'static str>| {
        prop::option::weighted(0.25, prop::sample::select(values))
            .prop_map(move |value| value.map(|value| format!(", {name}: {value}")).unwrap_or_default())
    };
    let text = |name: &'static str| {
        prop::option::weighted(0.2, any_text())
            .prop_map(move |text| text.map(|text| format!(", {name}: {text}")).unwrap_or_default())
    };
    let words = |name: &'static str| {
        prop::option::weighted(0.1, any_words()).prop_map(move |words| {
            words
                .map(|words| format!(", {name}: {{note: {}}}", json(&words)))
                .unwrap_or_default()
        })
    };
    (
        (text("hint"), text("guidance_hint"), text("required_message")),
        key("required", vec!["true", "\"${has_rd} = 1\"", "\"'“a”' = 'a  b'\""]),
        key(
            "relevant",
            vec![
                "\"${has_rd} = 1\"",
                "\"${has_rd} = 1\\n  and 1 = 1\"",
                "\"(1 = 1) and (2 = 2)\"",
            ],
        ),
        (
            key("personal", vec!["true"]),
            key("identifying", vec!["true"]),
            key("appearance", vec!["w1", "\"w1  w2\""]),
        ),
        key("aliases", vec!["[甲, 乙]", "{zh: [甲], en: [A, \" B\"]}"]),
        (
            words("extra"),
            words("instance"),
            words("bind"),
            key("extra", vec!["{disabled: \"yes\"}", "{label: x}"]),
        ),
        key(
            "warn_if",
            vec![
                "[{test: \". != 'a.b'\", message: {zh: 乙, en: “B”}}]",
                "[{test: \". = ''\", message: 乙}, {test: \"'“' = .\", message: {zh: 丙, en: C}}]",
            ],
        ),
    )
        .prop_map(|(texts, required, relevant, flags, aliases, maps, warn_if)| {
            // One key only once.
            let extra = if maps.0.is_empty() { maps.3 } else { maps.0 };
            [
                texts.0, texts.1, texts.2, required, relevant, flags.0, flags.1, flags.2, aliases, extra, maps.1,
                maps.2, warn_if,
            ]
            .concat()
        })
}

/// A question of any type, in a group or repeat or alone, with a name that may be ambiguous.
fn any_question(number: usize) -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(vec![
        ("decimal", ", unit: 10k_cny, missing: [refused, dont_know]"),
        ("decimal", ", unit: {zh: 名, en: people}, default: 3"),
        ("integer", ", constraint: . >= 0, default: \"1 + 1\""),
        ("text", ", missing: [not_applicable], default: \"a - b\""),
        ("text", ", default: \"concat('a', 'b')\""),
        ("text", ""),
        ("select_one yes_no", ""),
        ("select_one shared", ", missing: [dont_know]"),
        ("select_one shared or_other", ""),
        (
            "select_multiple shared",
            ", missing: [refused], constraint: count-selected(.) < 3",
        ),
        ("select_multiple own", ", missing: [refused, dont_know]"),
        ("select_one own", ", choice_filter: \"kind = ${has_rd} or value = 1\""),
        ("rank shared", ", parameters: {randomize: \"true\"}"),
        ("image", ", parameters: {app: com.Example.App}"),
        ("range", ", parameters: {start: 0, end: 10, step: 2}"),
        ("date", ", default: today()"),
        ("note", ""),
        ("acknowledge", ", read_only: true"),
        ("geopoint", ", media: {image: {zh: a.png, en: b.png}, audio: c.mp3}"),
    ]);
    (kinds, any_text(), any_keys(), 0..8_u8).prop_map(move |((kind, own), label, keys, shape)| {
        let note = kind == "note";
        let keys = if note { String::new() } else { keys };
        let question = format!("{{type: {kind}, name: q{number}, label: {label}{own}{keys}}}");
        match shape {
            0 => format!("- {{type: repeat, name: r{number}, label: {{zh: 戊, en: E}}, questions: [{question}]}}\n"),
            1 => format!("- {{type: group, name: g{number}, questions: [{{type: text, name: same, label: {{zh: 己, en: F}}, missing: [refused]}}, {question}]}}\n"),
            _ => format!("- {question}\n"),
        }
    })
}

fn any_definition() -> impl Strategy<Value = String> {
    let questions = (0..6_usize).prop_flat_map(|count| (0..count).map(any_question).collect::<Vec<_>>());
    (questions, any_text(), any_text(), any_words()).prop_map(|(questions, title, label, value)| {
        format!(
            "survey: s\nversion: \"2026.10\"\ntitle: {title}\nlanguages: {{zh: 中文, en: English}}\nsettings: {{attribute::xyz: {value}, style: pages}}\n\
             choices:\n  yes_no: {{1: {{zh: 是, en: \"Yes\"}}, 0: {{zh: 否, en: \"No\"}}}}\n\
             \x20 shared: {{a: {label}, b: {{zh: 乙, en: B}}}}\n\
             \x20 own:\n  - {{name: a, label: {label}, aliases: [\" x\", 甲], kind: {value}, value: 1}}\n  - {{name: b, label: {{zh: 乙, en: B}}, sort: \"\", kind: k}}\n\
             questions:\n- {{type: select_one yes_no, name: has_rd, label: {{zh: 研发, en: R&D}}}}\n{questions}",
            value = json(&value),
            questions = questions.concat(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_definition_loses_anything_as_xlsform_and_yaml(text in any_definition()) {
        // What is not a definition is not written either.
        if let Ok(checked) = Definition::from_yaml("s.yaml", &text) {
            nothing_is_lost(&checked.value);
        }
    }
}

/// How many generated definitions pyxform converts beside our own.
const GENERATED: usize = 60;

/// A Python with pyxform: the one that `scripts/with_pyxform.sh` names, or the machine's own where it has it.
fn python_with_pyxform() -> Option<PathBuf> {
    let python = std::env::var_os("INNOGAUGE_TEST_PYXFORM").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has = Command::new(&python)
        .args(["-c", "import pyxform"])
        .output()
        .ok()?
        .status
        .success();
    has.then_some(python)
}

#[test]
fn pyxform_makes_forms_of_the_same_meaning_of_our_workbooks() {
    let Some(python) = python_with_pyxform() else {
        eprintln!("not held against pyxform: run this by scripts/with_pyxform.sh");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, definition: &Definition| {
        fs::write(
            folder.path().join(format!("{name}.xlsx")),
            Book::of(definition).to_xlsx().unwrap(),
        )
        .unwrap();
        fs::write(folder.path().join(format!("{name}.xml")), xform(definition, None)).unwrap();
    };
    for definition in own_surveys() {
        put(definition.survey(), &definition);
    }
    let mut runner = TestRunner::deterministic();
    let mut made = 0;
    while made < GENERATED {
        let text = any_definition().new_tree(&mut runner).unwrap().current();
        // What no workbook can say to pyxform: see tests/README.md.
        let text = [
            (" or value = 1", ""),
            (", value: 1", ""),
            ("com.Example.App", "com.example.app"),
            ("default: \"1 + 1\"", "default: 1"),
            ("default: \"a - b\"", "default: ab"),
        ]
        .into_iter()
        .fold(text, |text, (unsaid, said)| text.replace(unsaid, said));
        if let Ok(checked) = Definition::from_yaml("s.yaml", &text) {
            put(&format!("generated{made}"), &checked.value);
            made += 1;
        }
    }
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pyxform/compare.py"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

const FIRMS: &str = r#"
survey: firms
version: "1"
title: {zh: 企业, en: Firms}
languages: {zh: 中文, en: English}
choices:
  source: {fairs: {zh: 展会, en: Fairs}, papers: {zh: 论文, en: Papers}}
questions:
  - {type: decimal, name: rd, label: {zh: 经费, en: Expenditure}, unit: 10k_cny, required: true, missing: [dont_know], warn_if: [{test: ". > 100", message: {zh: 请核对。, en: So much?}}]}
  - {type: select_multiple source, name: sources, label: {zh: 来源, en: Sources}, missing: [refused], constraint: count-selected(.) < 3}
  - {type: select_one source or_other, name: main, label: {zh: 主要, en: Main}}
"#;

/// The form with a change in its sheets, as somebody makes it who works on in the workbook: what is read, or what is said.
fn changed(from: &str, to: &str) -> Result<(Definition, String), String> {
    let table = Book::of(&of_yaml(FIRMS)).to_csv();
    assert!(table.contains(from), "{from:?} is not in\n{table}");
    let book = Book::from_csv(&table.replacen(from, to, 1)).unwrap();
    match Definition::from_xlsform("f.xlsx", &book) {
        Ok(checked) => Ok((checked.value, lines(&checked.warnings))),
        Err(found) => Err(lines(&found)),
    }
}

#[test]
fn the_workbook_can_be_worked_in() {
    let element = |definition: &Definition, name: &str| definition.element(definition.find(name).unwrap()).clone();

    let (read, _) = changed("So much?", "As much as that?").unwrap();
    assert_eq!(element(&read, "rd").warn_if[0].message.get("en"), "As much as that?");

    let (read, _) = changed("Expenditure (10,000 CNY)", "R&D expenditure").unwrap();
    let expanded = expand(&read);
    assert_eq!(element(&read, "rd").label.get("en"), "R&D expenditure");
    assert_eq!(
        element(&expanded, "rd").label.get("en"),
        "R&D expenditure (10,000 CNY)",
        "the unit is not lost"
    );

    let (read, _) = changed("企业,firms", "公司,firms").unwrap();
    assert_eq!((read.title().get("zh"), read.title().get("en")), ("公司", "Firms"));

    let (read, _) = changed("Specify other.", "Which others?").unwrap();
    assert_eq!(element(&read, "main_other").label.get("en"), "Which others?");
    assert!(
        element(&read, "main_other").companion.is_none(),
        "a question with words of its own is a question of its own"
    );

    let (read, warned) = changed("count-selected(.) < 3", "count-selected(.) < 2").unwrap();
    assert_eq!(
        element(&read, "sources").constraint.unwrap().source(),
        "count-selected(.) < 2"
    );
    assert!(!warned.contains("anew"), "{warned}");
}

#[test]
fn our_own_sheet_is_missed_when_it_is_gone_or_has_another_name() {
    let table = Book::of(&of_yaml(FIRMS)).to_csv();
    let warned = |table: &str| {
        let read = Definition::from_xlsform("f.xlsx", &Book::from_csv(table).unwrap()).unwrap();
        lines(&read.warnings)
    };
    assert!(!warned(&table).contains("_innogauge"), "{}", warned(&table));
    let (others, _) = table.split_once("_innogauge").unwrap();
    let gone = warned(others);
    assert_eq!(gone.matches("there is no sheet '_innogauge'").count(), 1, "{gone}");
    assert!(gone.contains("'rd_missing' looks as if made from 'rd'"), "{gone}");
    let renamed = warned(&table.replacen("_innogauge", "innogauge", 1));
    assert!(
        renamed.contains("'innogauge' is not read: is it '_innogauge'?"),
        "{renamed}"
    );
}

#[test]
fn what_is_typed_below_the_last_row_stays_text() {
    let workbook = Book::of(&of_yaml(FIRMS)).to_xlsx().unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut columns = 0;
    for number in 1..=4 {
        let sheet = zip.by_name(&format!("xl/worksheets/sheet{number}.xml")).unwrap();
        let sheet = std::io::read_to_string(sheet).unwrap();
        for column in sheet.split("<col ").skip(1) {
            let column = column.split("/>").next().unwrap();
            assert!(column.contains("style="), "{column}");
            columns += 1;
        }
    }
    assert!(columns > 4);
}

#[test]
fn a_language_can_be_added_to_a_workbook() {
    let yaml = FIRMS.replace("en: English}", "en: English, ru: Русский}");
    let table = Book::of(&of_yaml(&yaml)).to_csv();
    let asked = "没有填写数据，原因是什么？,No figure given. Why?,No figure given. Why?";
    assert!(
        table.contains(asked) && table.contains("不清楚,Don't know,Don't know"),
        "{table}"
    );
    let table = table
        .replace(
            asked,
            "没有填写数据，原因是什么？,No figure given. Why?,Почему нет данных?",
        )
        .replace("不清楚,Don't know,Don't know", "不清楚,Don't know,Не знаю")
        .replace("拒绝回答,Refused,Refused", "拒绝回答,Refused,Отказ");
    let book = Book::from_csv(&table).unwrap();
    let read = Definition::from_xlsform("f.xlsx", &book).unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(read.value.languages()["ru"], "Русский");
    let said = lines(&read.warnings);
    assert_eq!(said.matches("those in 'ru' are not taken over").count(), 1, "{said}");
}

#[test]
fn changes_that_would_be_lost_are_told_with_their_cells() {
    let said = |from: &str, to: &str| changed(from, to).map_or_else(|said| said, |(_, said)| said);
    for (from, to, expected) in [
        (
            "No figure given. Why?",
            "Why not?",
            "error: 'rd_missing' was made from 'rd' and says something else now",
        ),
        (
            "${rd} != '' and (${rd} > 100)",
            "${rd} > 200",
            "error: 'rd_warn1' was made from 'rd' and says something else now",
        ),
        (
            "Don't know",
            "Unclear",
            "error: the words of the missing code 'dont_know' were changed",
        ),
        (
            "source_refused,fairs,展会,Fairs",
            "source_refused,fairs,展会,Shows",
            "choices!B6: error: the list 'source_refused' is 'source' with codes for missing answers after it",
        ),
        (
            "${rd} = ''",
            "(1 = 1) and ${rd} = ''",
            "warning: this does not follow from the question any more",
        ),
        (
            "missing_of,,rd",
            "missing_of,,rdd",
            "error: 'rd_missing' was made from 'rdd', which is not beside it",
        ),
        (
            "survey,,rd,unit",
            "survey,,gone_with_the_wind,unit",
            "remove the row, if the question is gone",
        ),
        (
            "survey,,rd,unit,,10k_cny",
            "survey,,rd,unit,,cny",
            "error: the label of 'rd' says 万元, the unit in _innogauge!F",
        ),
        (
            "经费（万元）",
            "经费（元）",
            "survey!C2: error: the label of 'rd' says 元, the unit in _innogauge!F",
        ),
        (
            "Don't know",
            "Unclear",
            "write back 'Don't know' in the column 'label::English (en)'",
        ),
    ] {
        let said = said(from, to);
        assert!(said.contains(expected), "{from} -> {to}:\n{said}");
    }
}
