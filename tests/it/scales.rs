//! Indicators that are scales of several items: their figures, what is refused, and how reliable they are, held against
//! figures that the test computes in its own way.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx};
use chrono::Utc;
use indexmap::IndexMap;
use innogauge::definition::{Definition, Language};
use innogauge::report::{Edition, Provenance, Report, SurveyReport, Wording};
use innogauge::scoring::{
    Assessment, Auxiliary, Estimates, Estimator, Framework, Intake, NotWorkedOut, NoteCode, OmegaRemark, Options,
    Profiler, Respondent, ScaleGroup, ScaleOutcome, Scenario, assess_estimates, for_publication, read_result,
    result_json,
};
use innogauge::study::{AssessmentRequest, assess};
use serde_json::{Value, json};

use crate::assessments::store_of;
use crate::databases::on_each;

const SURVEY: &str = r#"
survey: firm
version: "1"
title: {zh: 企业, en: Firms}
languages: {zh: 中文, en: English}
identity: {city: city, weight: weight, language: language}
choices:
  language: {zh: 中文, en: English}
  agree: {1: {zh: 很不同意, en: Not at all}, 2: {zh: 不同意, en: No}, 3: {zh: 一般, en: So so}, 4: {zh: 同意, en: "Yes"}, 5: {zh: 很同意, en: Very much}}
  shade: {red: Red, blue: Blue}
questions:
  - {type: text, name: city, label: City}
  - {type: select_one language, name: language, label: Language}
  - {type: decimal, name: weight, label: Weight}
  - {type: integer, name: staff, label: Staff}
  - {type: text, name: name, label: Name}
  - {type: select_one shade, name: shade, label: Shade}
  - {type: select_one agree, name: open, label: {zh: 开放, en: We are open}, missing: [dont_know, not_applicable]}
  - {type: select_one agree, name: bold, label: {zh: 大胆, en: We are bold}, missing: [dont_know, not_applicable]}
  - {type: select_one agree, name: afraid, label: {zh: 害怕, en: We are afraid}, missing: [dont_know, not_applicable]}
  - type: group
    name: large
    label: Large
    relevant: ${staff} > 50
    questions:
      - {type: integer, name: slow, label: Slow}
      - {type: integer, name: stiff, label: Stiff}
"#;

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  indicators:
    - {id: courage, label: {zh: 胆量, en: Courage}, from: firm, items: ["${open}", "${bold}", "6 - ${afraid}"], scale: 20, goalposts: [20, 100], basis: bound}
    - {id: staffed, from: firm, items: ["${open}", "${bold}", "6 - ${afraid}"], where: "${staff} > 10", goalposts: [1, 5], basis: bound}
    - {id: rigid, from: firm, items: ["${slow}", "${stiff}"], not_asked: zero, goalposts: [0, 5], basis: bound}
    - {id: rigid_if_asked, from: firm, items: ["${slow}", "${stiff}"], not_asked: exclude, goalposts: [1, 5], basis: bound}
"#;

fn survey() -> Definition {
    match Definition::from_yaml("firm.yaml", SURVEY) {
        Ok(checked) => checked.value,
        Err(errors) => panic!("{errors:#?}"),
    }
}

fn framework(text: &str) -> Result<Framework, Vec<String>> {
    let other = Definition::from_yaml(
        "other.yaml",
        "survey: other\nversion: '1'\ntitle: O\nquestions:\n  - {type: integer, name: elsewhere, label: E}\n",
    );
    Framework::from_yaml("f.yaml", text, &[&survey(), &other.unwrap().value])
        .map(|checked| checked.value)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// What was answered to an item.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Grade(u32),
    DontKnow,
    Outside,
    Empty,
}

#[derive(Clone, Copy)]
struct Firm {
    city: &'static str,
    language: Option<&'static str>,
    weight: f64,
    staff: u32,
    items: [Said; 3],
    large: [u32; 2],
}

impl Firm {
    fn json(&self) -> Value {
        let said = |said: Said| match said {
            Said::Grade(grade) => json!(grade.to_string()),
            Said::DontKnow => json!({"missing": "dont_know"}),
            Said::Outside => json!({"missing": "not_applicable"}),
            Said::Empty => Value::Null,
        };
        let [open, bold, afraid] = self.items.map(said);
        let mut answers = json!({
            "city": self.city, "language": self.language, "weight": self.weight, "staff": self.staff,
            "name": "a name", "shade": "red", "open": open, "bold": bold, "afraid": afraid,
        });
        if self.staff > 50 {
            answers["large"] = json!({"slow": self.large[0], "stiff": self.large[1]});
        }
        answers
    }

    /// The three items as the scale counts them.
    fn scale(&self) -> Vec<f64> {
        let grade = |(item, said): (usize, Said)| match said {
            Said::Grade(grade) if item == 2 => Some(6.0 - f64::from(grade)),
            Said::Grade(grade) => Some(f64::from(grade)),
            Said::DontKnow | Said::Outside | Said::Empty => None,
        };
        self.items.into_iter().enumerate().filter_map(grade).collect()
    }
}

/// Firms whose items have a trait in common; some are left out in every way. Those who answer in English say the
/// opposite where they are asked whether they are afraid.
fn firms() -> Vec<Firm> {
    (0..180_u32)
        .map(|n| {
            let level = n * 7919 % 1000 / 250;
            let grade = |shift: u32| Said::Grade((1 + level + n * shift % 3 % 2).min(5));
            let language = [Some("zh"), Some("zh"), Some("en"), None][(n % 4) as usize];
            let Said::Grade(turned) = grade(29) else { unreachable!() };
            let afraid = if language == Some("en") { turned } else { 6 - turned };
            let mut items = [grade(17), grade(23), Said::Grade(afraid)];
            match n % 18 {
                5 => items[0] = Said::DontKnow,
                7 => items[2] = Said::Empty,
                11 => items = [items[0], Said::DontKnow, Said::Empty],
                13 => items = [Said::Outside; 3],
                16 => items = [items[0], Said::Outside, Said::Outside],
                _ => {}
            }
            Firm {
                city: ["a", "b", "b"][((n + n / 18) % 3) as usize],
                language,
                weight: 1.0 + f64::from(n % 5) / 4.0,
                staff: n * 13 % 97,
                items,
                large: [1 + n % 5, 1 + (n + n % 2) % 5],
            }
        })
        .collect()
}

fn estimates(framework: &Framework, firms: &[Firm]) -> Estimates {
    let intake = Arc::new(Intake::new(framework, &survey()));
    let mut estimator = Estimator::new(framework, &intake);
    for (number, firm) in firms.iter().enumerate() {
        estimator.add(&Respondent {
            response: &format!("uuid:{number}@1"),
            organisation: None,
            unit: firm.city,
            stratum: "",
            auxiliary: Auxiliary::default(),
            weight: None,
            answers: firm.json().to_string().as_bytes(),
        });
    }
    let units = ["a", "b"].map(str::to_owned);
    Estimates::new(
        framework,
        &estimator.finish(),
        &units,
        None,
        &Options::assess().responses,
    )
    .unwrap()
}

fn assessed(firms: &[Firm]) -> Assessment {
    let framework = framework(FRAMEWORK).unwrap();
    assess_estimates(&framework, &estimates(&framework, firms), &Options::assess()).unwrap()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn a_scale_is_the_weighted_mean_of_the_means_of_the_items_that_are_known() {
    let firms = firms();
    let assessment = assessed(&firms);
    for (unit, city) in ["a", "b"].into_iter().enumerate() {
        let mean = |counts: fn(&Firm) -> bool| {
            let here = firms.iter().filter(|firm| firm.city == city && counts(firm));
            let known = here.filter(|firm| firm.scale().len() >= 2);
            let (sum, weight) = known.fold((0.0, 0.0), |(sum, weight), firm| {
                let scale = firm.scale();
                let own = scale.iter().sum::<f64>() / scale.len() as f64;
                (sum + firm.weight * own, weight + firm.weight)
            });
            sum / weight
        };
        let raw = |id: &str| assessment.stages.raw[id].get(unit).unwrap();
        close(raw("courage"), 20.0 * mean(|_| true), "courage");
        close(raw("staffed"), mean(|firm| firm.staff > 10), "staffed");

        // One known of three is not enough; who has no item that applies is out of scope, not unknown.
        let part = &assessment.cells["courage"][unit].parts[0];
        let here = |counts: fn(&Firm) -> bool| {
            u32::try_from(firms.iter().filter(|firm| firm.city == city && counts(firm)).count()).unwrap()
        };
        assert_eq!(part.respondents, here(|_| true));
        assert_eq!(part.base, here(|firm| firm.scale().len() >= 2));
        let out_of_scope = here(|firm| firm.items == [Said::Outside; 3]);
        assert_eq!(part.unknown, part.respondents - part.base - out_of_scope);
        assert!(out_of_scope > 0 && part.unknown > 0);

        let large = |firm: &&Firm| firm.city == city && firm.staff > 50;
        let total = |of: &dyn Fn(&Firm) -> f64, asked: bool| -> f64 {
            let all = firms.iter().filter(|firm| firm.city == city && (large(firm) || !asked));
            all.map(|firm| firm.weight * of(firm)).sum()
        };
        let own = |firm: &Firm| {
            if firm.staff > 50 {
                f64::from(firm.large[0] + firm.large[1]) / 2.0
            } else {
                0.0
            }
        };
        close(raw("rigid"), total(&own, false) / total(&|_| 1.0, false), "rigid");
        close(
            raw("rigid_if_asked"),
            total(&own, true) / total(&|_| 1.0, true),
            "rigid_if_asked",
        );
    }
    let framework = framework(FRAMEWORK).unwrap();
    let mut profiler = Profiler::new(&framework, &Arc::new(Intake::new(&framework, &survey())));
    let own = profiler.values(firms[5].json().to_string().as_bytes()).unwrap();
    close(
        own[0].unwrap(),
        20.0 * firms[5].scale().iter().sum::<f64>() / 2.0,
        "an organisation's own",
    );
}

/// Alpha of complete rows.
fn alpha(rows: &[Vec<f64>]) -> f64 {
    let k = rows[0].len();
    let variance = |column: &dyn Fn(&Vec<f64>) -> f64| {
        let values: Vec<f64> = rows.iter().map(column).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    let parts: f64 = (0..k).map(|item| variance(&|row| row[item])).sum();
    k as f64 / (k as f64 - 1.0) * (1.0 - parts / variance(&|row| row.iter().sum()))
}

fn group<'a>(assessment: &'a Assessment, id: &str, language: Option<&str>) -> &'a ScaleGroup {
    let mut groups = assessment.scales[id].iter();
    groups.find(|group| group.language.as_deref() == language).unwrap()
}

#[test]
fn reliability_is_that_of_complete_answers_by_language_and_weighs_nobody() {
    let firms = firms();
    let assessment = assessed(&firms);
    for language in [None, Some("zh"), Some("en"), Some("")] {
        let of = |firm: &&Firm| language.is_none_or(|language| firm.language.unwrap_or("") == language);
        let rows = firms.iter().filter(of).map(Firm::scale);
        let complete: Vec<Vec<f64>> = rows.filter(|scale| scale.len() == 3).collect();
        let group = group(&assessment, "courage", language);
        let found = group.reliability().unwrap();
        assert_eq!(group.n, complete.len() as u64, "{language:?}");
        close(found.alpha, alpha(&complete), "alpha");
        let formulas: Vec<&str> = found.items.iter().map(|item| item.formula.as_str()).collect();
        assert_eq!(formulas, ["${open}", "${bold}", "6 - ${afraid}"]);
        // Said the other way round by those who answer in English.
        let reversed: Vec<bool> = found.items.iter().map(|item| item.probably_reversed).collect();
        if language == Some("en") {
            assert!(found.weak && reversed[2], "{found:?}");
        } else if language == Some("zh") {
            assert!(
                !found.weak && reversed == [false; 3] && found.omega > Some(0.6),
                "{found:?}"
            );
        }
    }
    // Who was not asked counts 0 in the figure, and is no reading of the scale.
    let asked = firms.iter().filter(|firm| firm.staff > 50).count() as u64;
    for id in ["rigid", "rigid_if_asked"] {
        assert_eq!(group(&assessment, id, None).n, asked, "{id}");
        let found = group(&assessment, id, None).reliability().unwrap();
        assert_eq!(
            (found.omega, found.omega_remark),
            (None, Some(OmegaRemark::NotIdentified))
        );
    }
    let noted = |code: NoteCode| -> Vec<&str> {
        let notes = assessment.notes.iter().filter(|note| note.code == code);
        notes.filter_map(|note| note.element.as_deref()).collect()
    };
    assert!(noted(NoteCode::WeakScale).contains(&"courage"));
    let reversed = assessment
        .notes
        .iter()
        .find(|note| note.code == NoteCode::ReversedItem)
        .unwrap();
    assert!(
        reversed.message.starts_with("probably reverse-coded") && reversed.message.contains("'6 - ${afraid}' -"),
        "{reversed:?}"
    );
}

#[test]
fn of_fewer_than_ten_or_of_those_who_all_say_the_same_nothing_is_worked_out() {
    let agreeing: Vec<Firm> = firms()
        .into_iter()
        .take(14)
        .enumerate()
        .map(|(number, firm)| Firm {
            language: Some(if number < 10 { "zh" } else { "en" }),
            items: [Said::Grade(3); 3],
            ..firm
        })
        .collect();
    let assessment = assessed(&agreeing);
    let outcome = |language| &group(&assessment, "courage", language).outcome;
    let constant = ScaleOutcome::NotWorkedOut(NotWorkedOut::Constant);
    assert_eq!(*outcome(None), constant);
    assert_eq!(*outcome(Some("zh")), constant);
    assert_eq!(*outcome(Some("en")), ScaleOutcome::NotWorkedOut(NotWorkedOut::TooFew));

    // The four in English would be all without those in Chinese: a publication has all of them alone.
    let public = for_publication(&framework(FRAMEWORK).unwrap(), assessment);
    let told: Vec<Option<&str>> = public.scales["courage"]
        .iter()
        .map(|group| group.language.as_deref())
        .collect();
    assert_eq!(told, [None]);
}

#[test]
fn a_result_with_scales_reads_back_as_itself() {
    let assessment = assessed(&firms());
    let bytes = result_json(&assessment).unwrap();
    assert_eq!(read_result(&bytes).unwrap(), assessment);
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    let first = &json["scales"]["courage"][0];
    assert_eq!(first["actor"], "firm");
    assert!(first["reliability"]["items"][0]["item_rest"].is_f64(), "{first}");
    let few = assessed(&firms()[..5]);
    let json: Value = serde_json::from_slice(&result_json(&few).unwrap()).unwrap();
    assert_eq!(json["scales"]["courage"][0]["not_worked_out"], "too_few");
}

#[test]
fn what_is_no_scale_is_refused_with_its_place() {
    let errors = |measure: &str| {
        let text = format!(
            "index:\n  id: I\n  indicators:\n    - {{id: x, from: firm, {measure}, goalposts: [1, 5], basis: bound}}\n"
        );
        framework(&text).unwrap_err().join("\n")
    };
    for (measure, expected) in [
        (
            "items: ['${open}']",
            "f.yaml:4:34: error: a scale has at least two items",
        ),
        ("items: []", "f.yaml:4:34: error: a scale has at least two items"),
        ("items: '${open}'", "f.yaml:4:34: error: 'items' is a list"),
        (
            "items: ['${open}', '${open}']",
            "f.yaml:4:46: error: the item '${open}' stands twice in the scale",
        ),
        (
            "items: ['${open}', '${name}']",
            "f.yaml:4:46: error: '${name}' is never a number, whatever is answered",
        ),
        (
            "items: ['${open}', '6 - ${shade}']",
            "f.yaml:4:46: error: '6 - ${shade}' is never a number",
        ),
        (
            "items: ['${open}', '6 - ${elsewhere}']",
            "f.yaml:4:51: error: unknown question 'elsewhere' in survey 'firm'",
        ),
        (
            "items: ['${open}', '6 -']",
            "f.yaml:4:50: error: the expression ends too early",
        ),
        ("items: ['${open}', '3']", "f.yaml:4:46: error: '3' reads no question"),
        (
            "items: ['${open}', '${slow}']",
            "f.yaml:4:46: error: 'slow' is asked only where ${staff} > 50",
        ),
        (
            "items: ['${open}', '${bold}'], mean: '${staff}'",
            "an indicator has one measure",
        ),
    ] {
        let found = errors(measure);
        assert!(found.contains(expected), "{measure}: {found}");
    }
    let fine = "index:\n  id: I\n  indicators:\n    - {id: x, from: firm, items: ['${open}', \"if(${shade} = 'red', 1, 0)\", 'string-length(${name})', '${staff}']}\n";
    assert!(framework(fine).is_ok());
}

const TWICE: &str = r#"
framework: test
index:
  id: Index
  children:
    - id: Scale
      indicators:
        - {id: scale, from: firm, items: ["${open}", "${bold}", "6 - ${afraid}"], scale: 20, goalposts: [20, 100], basis: bound}
    - id: Mean
      indicators:
        - {id: mean, from: firm, mean: "20 * (${open} + ${bold} + 6 - ${afraid}) div 3", goalposts: [20, 100], basis: bound}
"#;

#[test]
fn a_whole_assessment_treats_a_scale_as_the_mean_that_it_is() {
    let complete: Vec<Value> = firms()
        .iter()
        .filter(|firm| firm.scale().len() == 3)
        .map(Firm::json)
        .collect();
    let scenarios = "scenarios:\n  - {id: bolder, changes: [{answer: bold, units: [a], set: '5'}]}\n";
    let request = AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: Options::read(
            "o.yaml",
            "{uncertainty: {runs: 200, seed: 5, vary: {respondents: bootstrap}}}",
            Options::assess(),
        )
        .unwrap(),
        compare: None,
        scenarios: Some(Scenario::read("s.yaml", scenarios).unwrap()),
        made_by: "test".to_owned(),
    };
    on_each(|database| {
        let store = store_of(database, SURVEY, TWICE, &complete);
        let assessment = assess(&store, &request, Utc::now()).unwrap().assessment;
        let same = |found: f64, expected: f64, what: &str| {
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{what}: {found}, {expected}"
            );
        };
        let uncertainty = assessment.uncertainty.as_ref().unwrap();
        let outcome = &assessment.scenarios.as_ref().unwrap().outcomes["bolder"];
        for unit in 0..2 {
            let raw = |id: &str| assessment.stages.raw[id].get(unit).unwrap();
            same(raw("scale"), raw("mean"), "the figure");
            let cv = |id: &str| assessment.cells[id][unit].cv.unwrap();
            same(cv("scale"), cv("mean"), "its sampling error");
            assert!(cv("scale") > 0.0);
            let (low, high) = uncertainty.elements["Scale"].score.interval().unwrap();
            assert!(low.get(unit) < high.get(unit));
            let lower = |id: &str| uncertainty.elements[id].score.interval().unwrap().0.get(unit).unwrap();
            same(lower("Scale"), lower("Mean"), "the interval of its score");
            let changed = |id: &str| outcome.elements[id].score.difference.get(unit).unwrap();
            same(changed("Scale"), changed("Mean"), "what a changed item does");
            assert_eq!(changed("Scale") > 0.0, unit == 0);
        }
        let group = group(&assessment, "scale", Some("zh"));
        assert!(group.reliability().is_some_and(|found| !found.weak));
        assert_eq!(assessment.scales["scale"][0].n, complete.len() as u64);
        assert!(!assessment.scales.contains_key("mean"));
    });
}

#[test]
fn the_workbook_tells_which_scale_holds_in_which_language() {
    let framework = framework(FRAMEWORK).unwrap();
    let assessment = assessed(&firms());
    let options = Options::assess();
    let survey = survey();
    let report = Report {
        framework: &framework,
        assessment: &assessment,
        options: &options,
        edition: Edition::Publication,
        units: IndexMap::new(),
        surveys: vec![SurveyReport {
            definition: &survey,
            responses: Vec::new(),
        }],
        provenance: Provenance::default(),
        personal: false,
    };
    let rows_of = |report: &Report<'_>, language: Language, sheet: &str| -> Vec<Vec<String>> {
        let mut bytes = Cursor::new(Vec::new());
        report.write_workbook(&Wording::new([language]), &mut bytes).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(bytes).unwrap();
        let range = book.worksheet_range(sheet).unwrap();
        let row = |row: &[Data]| row.iter().map(ToString::to_string).collect();
        range.rows().map(row).collect()
    };
    let rows = |language: Language, sheet: &str| rows_of(&report, language, sheet);
    let english = rows(Language::English, "Scales");
    let of = |language: &str| {
        let mut rows = english.iter().filter(|row| row[0] == "courage" && row[3] == language);
        rows.next().unwrap_or_else(|| panic!("{english:#?}")).clone()
    };
    assert!(of("English")[8].starts_with("alpha below 0.6"));
    assert!(!of("中文")[8].contains("alpha"));
    let alpha = group(&assessment, "courage", None).reliability().unwrap().alpha;
    close(of("All")[6].parse().unwrap(), alpha, "alpha");
    let item = english
        .iter()
        .find(|row| row[1].contains("6 - ${afraid}") && row[3] == "English")
        .unwrap();
    assert!(
        item[1].starts_with("We are afraid") && item[8] == "probably reverse-coded",
        "{item:?}"
    );
    let chinese = rows(Language::Chinese, "量表");
    assert!(
        chinese
            .iter()
            .any(|row| row[1].starts_with("害怕") && row[8] == "可能需要反向计分")
    );
    let weak = group(&assessment, "courage", Some("en")).n;
    let note = |language: Language, sheet: &str, words: &str| {
        let rows = rows(language, sheet);
        assert!(
            rows.iter().flatten().any(|cell| cell.contains(words)),
            "{words}: {rows:#?}"
        );
    };
    note(Language::Chinese, "来源", &format!("English，{weak}份"));
    note(Language::English, "Provenance", " in English)");

    let mut without = assessment.clone();
    without.scales.get_mut("courage").unwrap()[0].outcome = ScaleOutcome::NotWorkedOut(NotWorkedOut::TooFew);
    let report = Report {
        assessment: &without,
        ..report.clone()
    };
    let sheet = rows_of(&report, Language::English, "Scales");
    let mut scales = sheet.iter().filter(|row| row[0] == "courage" && row[3] == "All");
    let row = scales.next().unwrap();
    assert_eq!(
        (row[5].as_str(), row[6].as_str()),
        ("3", "–"),
        "items are counted without alpha, too"
    );
}
