//! XLSForm as consultants write it: every format, every spelling, and exactly what is said of what is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use innogauge::definition::{
    Book, Checked, ChoiceSource, Definition, Diagnostic, EntityAct, IdentityPart, Kind, MissingCode, QuestionType,
    xform,
};
use innogauge::workbook::{Limits, Worker};
use rust_xlsxwriter::{Format, Workbook, Worksheet};

/// A form that uses most of what XLSForm has.
const FORM: &str = r"
| survey   |                               |            |                 |                    |             |                      |            |                |             |           |
|          | type                          | name       | label::中文 (zh) | label::English (en) | relevance   | constraint           | calculate  | parameters     | appearance  | required  |
|          | start                         | start      |                 |                    |             |                      |            |                |             |           |
|          | select_one yes_no             | has_rd     | 研发             | R&D                |             |                      |            |                | minimal     | yes       |
|          | begin group                   | research   | 研究             | Research           | ${has_rd} = 1 |                    |            |                |             |           |
|          | decimal                       | rd         | 经费             | Expenditure        |             | . >= 0               |            |                |             |           |
|          | select_multiple fields or_other | fields   | 领域             | Fields             |             |                      |            | randomize=true |             |           |
|          | calculate                     | rd2        |                 |                    |             |                      | ${rd} * 2  |                |             |           |
|          | end group                     |            |                 |                    |             |                      |            |                |             |           |
|          | begin_repeat                  | product    | 产品             | Product            |             |                      |            |                |             |           |
|          | text                          | title      | 名称             | Title              |             |                      |            |                |             |           |
|          | note                          | said       | ${title}：好     | ${title}: good     |             |                      |            |                |             |           |
|          | end_repeat                    |            |                 |                    |             |                      |            |                |             |           |
|          | select_one ${title}           | best       | 最佳             | Best               |             |                      |            |                |             |           |
|          | select_one_from_file c.csv    | county     | 县               | County             |             |                      |            |                |             |           |
| choices  |                               |            |                 |                    |             |                      |            |                |             |           |
|          | list_name                     | name       | label::中文 (zh) | label::English (en) | sector    |                      |            |                |             |           |
|          | yes_no                        | 1          | 是               | Yes                |             |                      |            |                |             |           |
|          | yes_no                        | 0          | 否               | No                 |             |                      |            |                |             |           |
|          | fields                        | a          | 农业             | Farming            | A           |                      |            |                |             |           |
|          | fields                        | b          | 采矿             | Mining             | B           |                      |            |                |             |           |
| settings |                               |            |                 |                    |             |                      |            |                |             |           |
|          | form_id                       | form_title | version         | default_language   | style       |                      |            |                |             |           |
|          | firms                         | Firms      | 2026.10         | 中文 (zh)           | pages       |                      |            |                |             |           |
";

fn read(markdown: &str) -> Checked<Definition> {
    match Definition::from_xlsform("firms.xlsx", &Book::from_markdown(markdown)) {
        Ok(checked) => checked,
        Err(found) => panic!("{}", lines(&found)),
    }
}

fn lines(found: &[Diagnostic]) -> String {
    found.iter().fold(String::new(), |lines, diagnostic| {
        lines + &diagnostic.to_string() + "\n"
    })
}

/// What is said of a form, warnings too.
fn said(markdown: &str) -> String {
    match Definition::from_xlsform("f.xlsx", &Book::from_markdown(markdown)) {
        Ok(checked) => lines(&checked.warnings),
        Err(found) => lines(&found),
    }
}

fn worker() -> Worker {
    Worker::of(env!("CARGO_BIN_EXE_innogauge"), Limits::of_definitions())
}

#[test]
fn a_form_is_the_definition_that_yaml_would_give() {
    let yaml = r#"
survey: firms
version: "2026.10"
title: Firms
languages: {zh: 中文, en: English}
settings: {style: pages}
choices:
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
  fields:
    - {name: a, label: {zh: 农业, en: Farming}, sector: A}
    - {name: b, label: {zh: 采矿, en: Mining}, sector: B}
questions:
  - {type: start, name: start}
  - {type: select_one yes_no, name: has_rd, label: {zh: 研发, en: R&D}, appearance: minimal, required: true}
  - type: group
    name: research
    label: {zh: 研究, en: Research}
    relevant: ${has_rd} = 1
    questions:
      - {type: decimal, name: rd, label: {zh: 经费, en: Expenditure}, constraint: . >= 0}
      - {type: select_multiple fields or_other, name: fields, label: {zh: 领域, en: Fields}, parameters: randomize=true}
      - {type: calculate, name: rd2, calculation: "${rd} * 2"}
  - type: repeat
    name: product
    label: {zh: 产品, en: Product}
    questions:
      - {type: text, name: title, label: {zh: 名称, en: Title}}
      - {type: note, name: said, label: {zh: "${title}：好", en: "${title}: good"}}
  - {type: "select_one ${title}", name: best, label: {zh: 最佳, en: Best}}
  - {type: select_one_from_file c.csv, name: county, label: {zh: 县, en: County}}
"#;
    let of_yaml = match Definition::from_yaml("firms.yaml", yaml) {
        Ok(checked) => checked.value,
        Err(found) => panic!("{}", lines(&found)),
    };
    let of_form = read(FORM).value;
    assert_eq!(of_form, of_yaml);
    assert_eq!(
        xform(&of_form, None),
        xform(&of_yaml, None),
        "and the XForms are equal byte by byte"
    );
}

/// Writes the sheets of a form into a workbook.
fn workbook(book: &str, path: &Path) {
    let mut workbook = Workbook::new();
    let mut sheet: Option<(Worksheet, u32)> = None;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(book.as_bytes());
    for record in reader.records().map(Result::unwrap) {
        if let Some(name) = record.get(0).filter(|name| !name.is_empty()) {
            if let Some((done, _)) = sheet.take() {
                workbook.push_worksheet(done);
            }
            let mut worksheet = Worksheet::new();
            worksheet.set_name(name).unwrap();
            sheet = Some((worksheet, 0));
            continue;
        }
        let Some((worksheet, row)) = &mut sheet else { continue };
        for (column, text) in record.iter().skip(1).enumerate().filter(|(_, text)| !text.is_empty()) {
            worksheet
                .write_string(*row, u16::try_from(column).unwrap(), text)
                .unwrap();
        }
        *row += 1;
    }
    if let Some((done, _)) = sheet {
        workbook.push_worksheet(done);
    }
    workbook.save(path).unwrap();
}

/// A folder with the form in every format, and the paths.
fn in_all_formats(folder: &Path) -> Vec<PathBuf> {
    let book = Book::from_markdown(FORM);
    let table = book.to_csv();
    fs::write(folder.join("firms.md"), FORM).unwrap();
    fs::write(folder.join("firms.csv"), &table).unwrap();
    workbook(&table, &folder.join("firms.xlsx"));
    let set = folder.join("set");
    fs::create_dir(&set).unwrap();
    let mut zipped = zip::ZipWriter::new(fs::File::create(folder.join("firms.zip")).unwrap());
    for part in table
        .split_inclusive('\n')
        .fold(Vec::<String>::new(), |mut parts, line| {
            if let Some(row) = line.strip_prefix(',') {
                parts.last_mut().unwrap().push_str(row);
            } else {
                parts.push(line.to_owned());
            }
            parts
        })
    {
        let (name, rows) = part.split_once('\n').unwrap();
        fs::write(set.join(format!("{name}.csv")), rows).unwrap();
        zipped
            .start_file(format!("{name}.csv"), zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut zipped, rows.as_bytes()).unwrap();
    }
    zipped.finish().unwrap();
    ["firms.md", "firms.csv", "firms.xlsx", "set", "firms.zip"]
        .map(|name| folder.join(name))
        .to_vec()
}

#[test]
fn every_format_gives_the_same_definition_and_so_does_what_is_kept_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let expected = read(FORM).value;
    for path in in_all_formats(folder.path()) {
        let book = Book::open(&path, &worker()).unwrap_or_else(|error| panic!("{error}"));
        let name = path.display().to_string();
        let read = Definition::from_xlsform(&name, &book).unwrap_or_else(|found| panic!("{}", lines(&found)));
        assert_eq!(read.value, expected, "{name}");
        let kept = Definition::from_source("firms.xlsx", &book.to_csv());
        assert_eq!(kept.unwrap_or_else(|found| panic!("{}", lines(&found))).value, expected);
    }
}

#[test]
fn the_command_line_checks_and_converts_workbooks() {
    let folder = tempfile::tempdir().unwrap();
    in_all_formats(folder.path());
    fs::create_dir(folder.path().join("firms-media")).unwrap();
    fs::write(folder.path().join("firms-media/c.csv"), "name,label\n1,A\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_innogauge"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, _) = run(&["check", "firms.xlsx"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("firms 2026.10: 7 questions"), "{out}");
    let (code, _, err) = run(&["convert", "firms.xlsx", "out.xml", "--name", "firm"]);
    assert_eq!(code, Some(0), "{err}");
    let form = fs::read_to_string(folder.path().join("out.xml")).unwrap();
    assert!(form.contains("<firm id=\"firms\" version=\"2026.10\">"), "{form}");
    assert_eq!(run(&["convert", "firms.xlsx", "out.docx"]).0, Some(1));
    fs::write(
        folder.path().join("bad.md"),
        "| survey |\n| | type | name | label |\n| | txt | a | A |\n",
    )
    .unwrap();
    let (code, _, err) = run(&["convert", "bad.md", "out.xml"]);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("bad.md:survey!A2: error: unknown type 'txt'\n  help: did you mean 'text'?"),
        "{err}"
    );
}

/// Each case: what is wrong, the form, and a line of what is said of it.
#[test]
fn what_is_wrong_is_told_with_sheet_and_cell() {
    let survey =
        |rows: &str| format!("| survey |\n| | type | name | label | relevant | trigger | parameters |\n{rows}");
    let cases = [
        (
            "no sheet survey",
            "| surve |\n| | type | name |\n| choices |\n| | list_name | name |\n".to_owned(),
            "f.xlsx: error: there is no sheet 'survey'\n  help: is it 'surve'?",
        ),
        (
            "no column type",
            "| survey |\n| | typ | name |\n| | text | a |\n".to_owned(),
            "f.xlsx:survey!A1: error: the sheet 'survey' has no column 'type'\n  help: is 'typ' meant to be 'type'?",
        ),
        (
            "a column twice",
            "| survey |\n| | type | name | label | caption |\n| | text | a | A | B |\n".to_owned(),
            "f.xlsx:survey!D1: error: the columns 'label' and 'caption' are the same",
        ),
        (
            "a cell without a header",
            "| survey |\n| | type | name | label | |\n| | text | a | A | B |\n".to_owned(),
            "f.xlsx:survey!D2: warning: this cell is not read: its column has no header",
        ),
        (
            "a misspelt column",
            "| survey |\n| | type | name | label | relevent |\n| | text | a | A | 1 = 1 |\n".to_owned(),
            "f.xlsx:survey!D1: warning: the column 'relevent' is not known\n  help: did you mean 'relevant'?",
        ),
        (
            "a question without a type",
            survey("| | | a | A |\n"),
            "f.xlsx:survey!A2: error: this question has no type",
        ),
        (
            "a question without a name",
            survey("| | text | | A |\n"),
            "f.xlsx:survey!B2: error: this row has no name",
        ),
        (
            "a name with a space",
            survey("| | text | a b | A |\n"),
            "f.xlsx:survey!B2: error: 'a b' can't be a name",
        ),
        (
            "a name twice",
            survey("| | text | a | A |\n| | text | a | B |\n"),
            "f.xlsx:survey!B3: error: the name 'a' is given twice in one group\n  help: the first is in survey!B2",
        ),
        (
            "a select without a list",
            survey("| | select_one | a | A |\n"),
            "f.xlsx:survey!A2: error: 'select_one' names no list of choices",
        ),
        (
            "a list with a space",
            survey("| | select_one yes no | a | A |\n"),
            "f.xlsx:survey!A2: error: 'no' after the list of a select",
        ),
        (
            "an unknown list",
            survey("| | select_one yes_no | a | A |\n"),
            "f.xlsx:survey!A2: error: unknown list of choices 'yes_no'",
        ),
        (
            "a group that never ends",
            survey("| | begin group | g | G |\n| | text | a | A |\n"),
            "f.xlsx:survey!A2: error: the group 'g' never ends",
        ),
        (
            "an end of nothing",
            survey("| | text | a | A |\n| | end repeat |\n"),
            "f.xlsx:survey!A3: error: 'end_repeat' ends nothing",
        ),
        (
            "an end of another kind",
            survey("| | begin group | g | G |\n| | text | a | A |\n| | end repeat |\n"),
            "f.xlsx:survey!A4: error: 'end_repeat' where 'g' is a group",
        ),
        (
            "an unknown question",
            survey("| | text | a | A ${b} |\n"),
            "f.xlsx:survey!C2: error: unknown question 'b'",
        ),
        (
            "an expression that ends early",
            survey("| | text | a | A | 1 + |\n"),
            "f.xlsx:survey!D2: error: ",
        ),
        (
            "a trigger without a comma",
            survey("| | text | a | A |\n| | text | b | B | | ${a} ${a} |\n"),
            "f.xlsx:survey!E3: error: 'trigger' names a question",
        ),
        (
            "parameters that are no pairs",
            survey("| | range | a | A | | | start=1=2 |\n"),
            "f.xlsx:survey!F2: error: these parameters can't be read",
        ),
        (
            "an unknown parameter",
            survey("| | range | a | A | | | stop=3 |\n"),
            "f.xlsx:survey!F2: error: unknown parameter 'stop'",
        ),
        (
            "a step that is too wide",
            survey("| | range | a | A | | | start=1 end=3 step=5 |\n"),
            "f.xlsx:survey!F2: error: the step of 5 is wider than the range from 1 to 3",
        ),
        (
            "no label",
            survey("| | text | a | |\n"),
            "f.xlsx:survey!B2: error: 'a' has no label",
        ),
        (
            "a choice without a name",
            format!(
                "{}| choices |\n| | list_name | name | label |\n| | l | | A |\n",
                survey("| | select_one l | a | A |\n")
            ),
            "f.xlsx:choices!B2: error: this choice has no name",
        ),
        (
            "a choice twice",
            format!(
                "{}| choices |\n| | list_name | name | label |\n| | l | 1 | A |\n| | l | 1 | B |\n",
                survey("| | select_one l | a | A |\n")
            ),
            "f.xlsx:choices!B3: error: the choice '1' is given twice in the list 'l'\n  help: the first is in choices!B2",
        ),
        (
            "choices without a list",
            format!(
                "{}| choices |\n| | name | label |\n| | 1 | A |\n",
                survey("| | text | a | A |\n")
            ),
            "f.xlsx:choices!A1: error: the sheet 'choices' has no column 'list_name'",
        ),
        (
            "a misspelt sheet",
            format!("{}| choice |\n| | list_name | name |\n", survey("| | text | a | A |\n")),
            "f.xlsx:choice!A1: warning: the sheet 'choice' is not read\n  help: is it 'choices'?",
        ),
        (
            "a misspelt setting",
            format!(
                "{}| settings |\n| | form_tittle |\n| | T |\n",
                survey("| | text | a | A |\n")
            ),
            "f.xlsx:settings!A2: warning: unknown setting 'form_tittle'\n  help: did you mean 'form_title'?",
        ),
        (
            "an entity without a label",
            format!(
                "{}| entities |\n| | list_name |\n| | trees |\n",
                survey("| | text | a | A |\n")
            ),
            "f.xlsx:entities!A2: error: an entity that is made has no label",
        ),
        (
            "an unsupported type",
            survey("| | osm | a | A |\n"),
            "f.xlsx:survey!A2: error: questions of type 'osm' can't be asked",
        ),
    ];
    for (what, form, expected) in cases {
        let said = said(&form);
        assert!(said.contains(expected), "{what}:\n{said}");
    }
}

#[test]
fn all_errors_are_told_at_once_in_the_order_of_the_cells() {
    let said = said(
        "| survey |\n| | type | name | label | relevant |\n| | txt | a | A | |\n| | text | b | B | ${c} |\n| | text | b c | ${d} | 1 + |\n",
    );
    let cells: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(": error: "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        cells,
        [
            "f.xlsx:survey!A2:",
            "f.xlsx:survey!D3:",
            "f.xlsx:survey!B4:",
            "f.xlsx:survey!C4:",
            "f.xlsx:survey!D4:"
        ],
        "{said}"
    );
}

#[test]
fn missing_translations_are_told() {
    let said = said("| survey |\n| | type | name | label::中文 (zh) | label::English (en) |\n| | text | a | 甲 | |\n");
    assert!(
        said.contains("survey!C2: warning: the label is missing in en"),
        "{said}"
    );
}

#[test]
fn keys_of_our_own_travel_in_a_sheet_of_their_own() {
    let own = r"
| _innogauge |          |        |         |                  |          |                |
|            | sheet    | list   | name    | key              | language | value          |
|            | settings |        |         | respondent       |          | enterprise     |
|            | settings |        |         | timezone         |          | Asia/Urumqi    |
|            | settings |        |         | title            | zh       | 企业            |
|            | settings |        |         | title            | en       | Firms          |
|            | settings |        |         | identity/consent |          | has_rd         |
|            | settings |        |         | profiles/small/label | en   | Small          |
|            | settings |        |         | profiles/small/answers/has_rd | | 0             |
|            | survey   |        | rd      | unit             |          | 10k_cny        |
|            | survey   |        | rd      | missing          |          | dont_know refused |
|            | survey   |        | rd      | aliases          | zh       | 研发经费        |
|            | survey   |        | rd      | warn_if/1/test   |          | . > 100        |
|            | survey   |        | rd      | warn_if/1/message | en      | So much?       |
|            | survey   |        | title   | personal         |          | true           |
|            | choices  | yes_no | 1       | aliases          | zh       | 有              |
";
    let definition = read(&format!("{FORM}{own}")).value;
    assert_eq!(definition.respondent(), Some("enterprise"));
    assert_eq!(definition.timezone().name(), "Asia/Urumqi");
    assert_eq!(definition.title().get("en"), "Firms");
    assert_eq!(
        definition.identity().get(IdentityPart::Consent),
        definition.find("has_rd")
    );
    assert_eq!(definition.profiles().len(), 1);
    let rd = definition.element(definition.find("rd").unwrap());
    assert_eq!(rd.unit.as_ref().unwrap().label.get("zh"), "万元");
    assert_eq!(rd.missing, [MissingCode::DontKnow, MissingCode::Refused]);
    assert_eq!(rd.aliases[0].words, "研发经费");
    assert_eq!(rd.warn_if[0].message.get("en"), "So much?");
    assert!(definition.element(definition.find("title").unwrap()).personal);
    assert_eq!(definition.choices()["yes_no"].get("1").unwrap().aliases[0].words, "有");

    let wrong = "| _innogauge |\n| | sheet | name | key | value |\n| | survey | rdd | unit | cny |\n| | survey | rd | unit | cnyy |\n| | setting | | respondent | x |\n| | survey | rd | unit | usd |\n| | survey | rd | aliases | R&D |\n| | survey | rd | aliases | Research |\n| | survey | rd | personal | yes |\n| | survey | rd | personal | no |\n";
    let said = said(&format!("{FORM}{wrong}"));
    for expected in [
        "_innogauge!B2: error: unknown question 'rdd'\n  help: did you mean 'rd'?",
        "_innogauge!D3: error: unknown unit 'cnyy'\n  help: did you mean 'cny'?",
        "_innogauge!D5: error: 'unit' is said twice, also in _innogauge!D3\n  help: remove one of the two rows",
        "_innogauge!D9: error: 'personal' is said twice, also in _innogauge!D8",
        "_innogauge!A4: error: there are no keys of the sheet 'setting'",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert!(!said.contains("'aliases' is said twice"), "{said}");
}

#[test]
fn old_spellings_and_rare_sheets_are_read() {
    let definition = read(
        r"
| survey |                                 |        |           |                                 |         |           |          |
|        | command                         | tag    | caption   | bind::relevant                  | media::image | readonly | save_to |
|        | add select one prompt using yn  | a      | A         |                                 | a.png   |           | kind     |
|        | percentage                      | b      | B         | ${a} = 'y'                      |         | TRUE      |          |
|        | begin loop over yn              | l      | L         |                                 |         |           |          |
|        | q string                        | why    | Why %(label)s? |                            |         |           |          |
|        | end loop                        |        |           |                                 |         |           |          |
|        | select_one_external towns       | town   | Town      |                                 |         |           |          |
| choices |                                |        |           |
|        | list name                       | value  | label     |
|        | yn                              | y      | Yes       |
|        | yn                              | n      | No        |
| external_choices |                       |        |           |
|        | list_name                       | name   | label     |
|        | towns                           | t1     | Town 1    |
| entities |                               |        |           |
|        | list_name                       | label  |           |
|        | trees                           | ${a}   |           |
",
    )
    .value;
    let element = |name: &str| definition.element(definition.find(name).unwrap());
    assert!(
        matches!(element("a").question_type(), Some(QuestionType::SelectOne(select)) if select.source == ChoiceSource::List("yn".to_owned()))
    );
    assert_eq!(element("a").media["image"].get(""), "a.png");
    assert_eq!(element("a").save_to["trees"], "kind");
    assert_eq!(
        element("b").constraint.as_ref().unwrap().source(),
        "0 <= . and . <= 100"
    );
    assert_eq!(element("b").read_only.as_ref().unwrap().source(), "true()");
    let asked: Vec<&str> = definition
        .named("why")
        .iter()
        .map(|id| definition.element(*id).label.get(""))
        .collect();
    assert_eq!(asked, ["Why Yes?", "Why No?"]);
    assert_eq!(element("l").kind, Kind::Group);
    assert!(definition.choices()["towns"].is_external());
    assert!(matches!(definition.entities()[0].act, EntityAct::Create { .. }));
}

/// A workbook of one sheet with what is written into it.
fn workbook_of(path: &Path, write: impl FnOnce(&mut Worksheet)) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("survey").unwrap();
    for (column, header) in (0..).zip(["type", "name", "label"]) {
        sheet.write_string(0, column, header).unwrap();
    }
    write(sheet);
    workbook.save(path).unwrap();
}

#[test]
fn workbooks_that_are_not_meant_to_be_read_are_refused_with_the_cell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.xlsx");
    let open = || Book::open(&path, &worker()).map_err(|error| error.to_string());

    workbook_of(&path, |sheet| {
        sheet.write_formula(3, 2, "=A1").unwrap();
    });
    let error = open().unwrap_err();
    assert!(
        error.contains("f.xlsx:survey!C4: error: a formula can't be a part of a survey"),
        "{error}"
    );
    assert!(error.contains("paste its value"), "{error}");

    workbook_of(&path, |sheet| {
        sheet.write_string(1_048_575, 0, "text").unwrap();
    });
    let error = open().unwrap_err();
    assert!(
        error.contains("survey!A1048576: error: the workbook is too large: rows above the limit of 200000"),
        "{error}"
    );

    // Empty cells that are only formatted cost nothing and mean nothing.
    workbook_of(&path, |sheet| {
        sheet.write_row(1, 0, ["text", "a", "A"]).unwrap();
        for row in 2..150_000 {
            sheet.write_blank(row, 0, &Format::new().set_bold()).unwrap();
        }
    });
    let book = open().unwrap();
    assert_eq!(book.to_csv(), "survey\n,type,name,label\n,text,a,A\n");

    workbook_of(&path, |sheet| {
        sheet.merge_range(0, 3, 0, 4, "hint", &Format::new()).unwrap();
        sheet.write_row(1, 0, ["text", "a", "A", "B", "C"]).unwrap();
    });
    let found = Definition::from_xlsform("f.xlsx", &open().unwrap()).unwrap().warnings;
    assert!(lines(&found).contains("survey!E2: warning: this cell is not read: its column has no header\n  help: write the header in the first row; headers can't be merged"), "{}", lines(&found));

    fs::write(&path, "no workbook at all").unwrap();
    assert!(open().is_ok_and(|book| Definition::from_xlsform("f.xlsx", &book).is_err()));
    fs::write(&path, b"PK\x03\x04 cut off").unwrap();
    assert!(open().unwrap_err().contains("f.xlsx: error: "));
}
