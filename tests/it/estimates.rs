//! From answers to a city's indicators, held against figures that the test computes on its own way.

use std::path::Path;
use std::sync::Arc;

use innogauge::definition::{Definition, load_folder};
use innogauge::scoring::{
    Assessment, Auxiliary, CellStatus, Estimates, Estimator, Framework, Hidden, Intake, NoteCode, Options, Profiler,
    Respondent, Tally, assess_estimates, for_publication, hidden_figures, result_json,
};
use serde_json::{Value, json};

const ENTERPRISE: &str = r#"
survey: enterprise
version: "1"
title: {zh: 企业, en: Enterprises}
languages: {zh: 中文, en: English}
identity: {city: city, weight: weight}
choices:
  city: {a: A, b: B, c: C}
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
  partner: {firm: Firm, university: University}
questions:
  - {type: select_one city, name: city, label: City}
  - {type: decimal, name: weight, label: Weight}
  - {type: decimal, name: turnover, label: Turnover, missing: [dont_know, refused]}
  - {type: select_one yes_no, name: has_rd, label: R&D?}
  - type: group
    name: research
    label: Research
    relevant: ${has_rd} = 1
    questions:
      - {type: decimal, name: rd, label: R&D, missing: [dont_know, not_applicable]}
      - {type: select_multiple partner, name: partners, label: Partners}
  - type: repeat
    name: products
    label: Products
    questions:
      - {type: decimal, name: sales, label: Sales}
"#;

const INSTITUTION: &str = r#"
survey: institution
version: "1"
title: {zh: 机构, en: Institutions}
languages: {zh: 中文, en: English}
identity: {city: city}
choices:
  city: {a: A, b: B, c: C}
  kind: {research: Research, government: Government}
questions:
  - {type: select_one city, name: city, label: City}
  - {type: select_one kind, name: kind, label: Kind}
  - {type: decimal, name: partners_count, label: Partners}
"#;

const FRAMEWORK: &str = r#"
actors:
  enterprise: {from: enterprise}
  research: {from: institution, where: "${kind} = 'research'", confidential: false}
index:
  id: Index
  indicators:
    - {id: intensity, from: enterprise, ratio: {of: "${rd}", over: "${turnover}"}, where: "${turnover} > 0", not_asked: zero, unit: percent, goalposts: [0, 100]}
    - {id: conditional, weight: 0, from: enterprise, ratio: {of: "${rd}", over: "${turnover}"}, not_asked: exclude, goalposts: [0, 1]}
    - {id: performers, from: enterprise, share: "${has_rd} = 1", unit: percent, goalposts: [0, 100]}
    - {id: university, from: enterprise, share: "selected(${partners}, 'university')", not_asked: zero, goalposts: [0, 1]}
    - {id: mean_turnover, from: enterprise, mean: "${turnover}", goalposts: [0, 1000]}
    - {id: median_turnover, from: enterprise, median: "${turnover}", goalposts: [0, 1000]}
    - {id: total_rd, from: enterprise, sum: "${rd}", not_asked: zero, goalposts: [0, 100000]}
    - {id: large, from: enterprise, count: "${turnover} >= 500", goalposts: [0, 100]}
    - {id: sales_per, from: enterprise, per: {of: "sum(${sales})", over: "${turnover}", by: 1000}, goalposts: [0, 100]}
    - id: links
      combine:
        enterprise: {part: 3, mean: "count-selected(${partners})", not_asked: zero}
        research: {part: 1, mean: "${partners_count}"}
      goalposts: [0, 10]
"#;

fn definitions() -> (Definition, Definition) {
    let read = |name: &str, text: &str| match Definition::from_yaml(name, text) {
        Ok(checked) => checked.value,
        Err(errors) => panic!(
            "{}",
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        ),
    };
    (
        read("enterprise.yaml", ENTERPRISE),
        read("institution.yaml", INSTITUTION),
    )
}

fn framework(text: &str) -> Result<Framework, Vec<String>> {
    let (enterprise, institution) = definitions();
    Framework::from_yaml("framework.yaml", text, &[&enterprise, &institution])
        .map(|checked| checked.value)
        .map_err(|found| {
            found
                .iter()
                .filter(|it| it.is_error())
                .map(ToString::to_string)
                .collect()
        })
}

/// What a firm says of its R&D.
#[derive(Clone, Copy)]
enum Spent {
    NotAsked,
    DontKnow,
    Known(f64),
}

/// One firm, as the test knows it.
#[derive(Clone)]
struct Firm {
    city: &'static str,
    weight: f64,
    turnover: Option<f64>,
    rd: Spent,
    university: bool,
    sales: Vec<f64>,
}

impl Firm {
    fn performs(&self) -> bool {
        !matches!(self.rd, Spent::NotAsked)
    }

    fn json(&self) -> Value {
        let mut answers = json!({
            "city": self.city,
            "weight": self.weight,
            "turnover": self.turnover.map_or(json!({"missing": "refused"}), |turnover| json!(turnover)),
            "has_rd": if self.performs() { "1" } else { "0" },
        });
        if self.performs() {
            let partners = if self.university {
                json!(["firm", "university"])
            } else {
                json!(["firm"])
            };
            answers["research"] = json!({
                "rd": if let Spent::Known(rd) = self.rd { json!(rd) } else { json!({"missing": "dont_know"}) },
                "partners": partners,
            });
        }
        answers["products"] = self.sales.iter().map(|sales| json!({"sales": sales})).collect();
        answers
    }
}

fn firms() -> Vec<Firm> {
    (0..240_u32)
        .map(|n| Firm {
            city: ["a", "b", "b", "a", "b"][(n % 5) as usize],
            weight: 1.0 + f64::from(n % 7) / 3.0 + f64::from(n) * 1e-4,
            turnover: (n % 11 != 0).then(|| f64::from(n * 37 % 1000) + 0.1),
            rd: match n {
                _ if n % 3 != 0 => Spent::NotAsked,
                _ if n % 13 == 0 => Spent::DontKnow,
                _ => Spent::Known(f64::from(n % 29) / 7.0),
            },
            university: n % 2 == 0,
            sales: (0..n % 4).map(|product| f64::from(n % 17 + product)).collect(),
        })
        .collect()
}

fn tally(framework: &Framework, definition: &Definition, answers: &[(String, String, Value)]) -> Tally {
    let intake = Arc::new(Intake::new(framework, definition));
    let mut estimator = Estimator::new(framework, &intake);
    for (response, unit, answers) in answers {
        let json = answers.to_string();
        estimator.add(&Respondent {
            response,
            organisation: None,
            unit,
            stratum: "",
            auxiliary: Auxiliary::default(),
            weight: None,
            answers: json.as_bytes(),
        });
    }
    estimator.finish()
}

fn firm_answers(firms: &[Firm]) -> Vec<(String, String, Value)> {
    firms
        .iter()
        .enumerate()
        .map(|(n, firm)| (format!("uuid:{n}@1"), firm.city.to_owned(), firm.json()))
        .collect()
}

fn institution_answers() -> Vec<(String, String, Value)> {
    let institution = |n: usize, city: &str, kind: &str, partners: Value| {
        (
            format!("uuid:i{n}@1"),
            city.to_owned(),
            json!({"city": city, "kind": kind, "partners_count": partners}),
        )
    };
    vec![
        institution(0, "a", "research", json!(8)),
        institution(1, "a", "research", json!(4)),
        institution(2, "a", "government", json!(1000)),
        institution(3, "b", "government", json!(1000)),
    ]
}

fn units() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).into()
}

fn estimate(answers: &[(String, String, Value)]) -> Estimates {
    let framework = framework(FRAMEWORK).unwrap();
    let (enterprise, institution) = definitions();
    let mut all = tally(&framework, &enterprise, answers);
    all.merge(tally(&framework, &institution, &institution_answers()));
    Estimates::new(&framework, &all, &units(), None, &Options::assess().responses).unwrap()
}

fn figure(estimates: &Estimates, indicator: &str, unit: usize) -> Option<f64> {
    estimates.table.numbers(indicator).unwrap().get(unit)
}

fn close(found: Option<f64>, expected: f64, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what} is missing"));
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn every_measure_is_its_formula_over_the_right_base() {
    let firms = firms();
    let estimates = estimate(&firm_answers(&firms));
    for (unit, city) in ["a", "b"].into_iter().enumerate() {
        let here: Vec<&Firm> = firms.iter().filter(|firm| firm.city == city).collect();
        let known = |firm: &&&Firm| firm.turnover.is_some_and(|turnover| turnover > 0.0);
        let sum = |of: &dyn Fn(&Firm) -> Option<f64>| {
            here.iter()
                .filter_map(|firm| Some(firm.weight * of(firm)?))
                .sum::<f64>()
        };
        // R&D counts 0 where it was not asked; "don't know" leaves the base, denominator and all.
        let rd = |firm: &Firm| match firm.rd {
            Spent::NotAsked => Some(0.0),
            Spent::DontKnow => None,
            Spent::Known(rd) => Some(rd),
        };
        let both = |firm: &Firm| Some((rd(firm)?, firm.turnover?));
        close(
            figure(&estimates, "intensity", unit),
            100.0 * sum(&|firm| both(firm).map(|(rd, _)| rd)) / sum(&|firm| both(firm).map(|(_, turnover)| turnover)),
            "intensity",
        );
        let asked = |firm: &Firm| Some((rd(firm).filter(|_| firm.performs())?, firm.turnover?));
        close(
            figure(&estimates, "conditional", unit),
            sum(&|firm| asked(firm).map(|(rd, _)| rd)) / sum(&|firm| asked(firm).map(|(_, turnover)| turnover)),
            "conditional",
        );
        let all = sum(&|_| Some(1.0));
        close(
            figure(&estimates, "performers", unit),
            100.0 * sum(&|firm| firm.performs().then_some(1.0)) / all,
            "performers",
        );
        let university = sum(&|firm| (firm.performs() && firm.university).then_some(1.0));
        close(figure(&estimates, "university", unit), university / all, "university");
        close(
            figure(&estimates, "mean_turnover", unit),
            sum(&|firm| firm.turnover) / sum(&|firm| firm.turnover.map(|_| 1.0)),
            "mean",
        );
        close(figure(&estimates, "total_rd", unit), sum(&rd), "total");
        close(
            figure(&estimates, "large", unit),
            sum(&|firm| firm.turnover.filter(|turnover| *turnover >= 500.0).map(|_| 1.0)),
            "count",
        );
        let per = sum(&|firm| firm.turnover.map(|_| firm.sales.iter().sum::<f64>())) / sum(&|firm| firm.turnover);
        close(figure(&estimates, "sales_per", unit), 1000.0 * per, "per");

        let mut ordered: Vec<&Firm> = here.iter().filter(known).copied().collect();
        ordered.sort_by(|one, other| one.turnover.partial_cmp(&other.turnover).unwrap());
        let half = ordered.iter().map(|firm| firm.weight).sum::<f64>() / 2.0;
        let mut passed = 0.0;
        let median = ordered
            .iter()
            .find(|firm| {
                passed += firm.weight;
                passed >= half
            })
            .unwrap();
        close(
            figure(&estimates, "median_turnover", unit),
            median.turnover.unwrap(),
            "median",
        );
    }
}

#[test]
fn actor_types_are_combined_by_fixed_shares_and_an_absent_type_is_left_out() {
    let firms = firms();
    let estimates = estimate(&firm_answers(&firms));
    let own = |city: &str| {
        let here = || firms.iter().filter(|firm| firm.city == city);
        let chosen = |firm: &Firm| {
            if firm.performs() {
                1.0 + f64::from(u8::from(firm.university))
            } else {
                0.0
            }
        };
        here().map(|firm| firm.weight * chosen(firm)).sum::<f64>() / here().map(|firm| firm.weight).sum::<f64>()
    };
    close(
        figure(&estimates, "links", 0),
        0.75 * own("a") + 0.25 * 6.0,
        "with two research bodies of 8 and 4 partners",
    );
    close(figure(&estimates, "links", 1), own("b"), "without research bodies");
    let cell = &estimates.cells["links"][0];
    assert_eq!(
        (
            cell.parts[1].actor.as_str(),
            cell.parts[1].respondents,
            cell.parts[1].base
        ),
        ("research", 2, 2)
    );
    assert_eq!(
        cell.status,
        CellStatus::Published,
        "listed bodies: one respondent is enough"
    );
    assert_eq!(estimates.cells["links"][2].status, CellStatus::Absent);
}

#[test]
fn few_respondents_are_flagged_and_too_few_leave_the_cell_missing() {
    let firms = firms();
    let of = |number: usize| {
        let some: Vec<Firm> = firms
            .iter()
            .filter(|firm| firm.city == "b")
            .take(number)
            .cloned()
            .collect();
        let estimates = estimate(&firm_answers(&some));
        (
            figure(&estimates, "performers", 1).is_some(),
            estimates.cells["performers"][1].status,
        )
    };
    assert_eq!(of(9), (false, CellStatus::TooFew));
    assert_eq!(of(10), (true, CellStatus::Flagged));
    assert_eq!(of(20), (true, CellStatus::Published));
    let notes = estimate(&firm_answers(&firms[..5])).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.code == NoteCode::TooFewRespondents && note.element.as_deref() == Some("performers"))
    );
}

#[test]
fn a_publication_hides_whom_a_figure_gives_away_and_what_a_total_would_give_away() {
    let framework = framework(FRAMEWORK).unwrap();
    let mut firms = firms();
    let hidden = |firms: &[Firm]| {
        let estimates = estimate(&firm_answers(firms));
        let assessment = assess_estimates(&framework, &estimates, &Options::assess()).unwrap();
        hidden_figures(&framework, &assessment)
    };
    assert!(hidden(&firms).values().flatten().all(Option::is_none));

    // A firm of city a with nearly all of its R&D.
    assert_eq!((firms[3].city, firms[3].performs()), ("a", true));
    firms[3].rd = Spent::Known(1e7);
    let hidden = hidden(&firms);
    for indicator in ["intensity", "conditional", "total_rd"] {
        assert_eq!(hidden[indicator][0], Some(Hidden::Primary), "{indicator}");
    }
    // The sum of all cities would give that of a away, and the score of b that of b.
    assert_eq!(hidden["total_rd"][1], Some(Hidden::Secondary));
    let of_unit = |unit: usize| hidden.values().filter(|units| units[unit].is_some()).count();
    assert_eq!([of_unit(0), of_unit(1), of_unit(2)], [3, 2, 0]);
}

#[test]
fn a_publication_has_nothing_that_was_imputed_from_a_hidden_figure() {
    let framework = framework(FRAMEWORK).unwrap();
    let mut firms = firms();
    firms[3].rd = Spent::Known(1e7);
    // Nobody in city b says its turnover.
    for firm in firms.iter_mut().filter(|firm| firm.city == "b") {
        firm.turnover = None;
    }
    for (impute, is_told) in [("row_mean", false), ("mean", true)] {
        let options = Options::read("o.yaml", &format!("impute: {impute}"), Options::assess()).unwrap();
        let analysis = assess_estimates(&framework, &estimate(&firm_answers(&firms)), &options).unwrap();
        assert!(
            hidden_figures(&framework, &analysis)
                .values()
                .flatten()
                .any(Option::is_some)
        );
        let public = for_publication(&framework, analysis.clone());
        let imputed: Vec<&String> = analysis
            .stages
            .raw
            .iter()
            .filter(|(id, raw)| raw.get(1).is_none() && analysis.scores[*id].get(1).is_some())
            .map(|(id, _)| id)
            .collect();
        assert!(!imputed.is_empty(), "{impute}");
        let told = imputed.iter().any(|id| public.scores[*id].get(1).is_some());
        assert_eq!(told, is_told, "{impute}");
    }
}

fn scored(answers: &[(String, String, Value)], threads: usize) -> Assessment {
    let framework = framework(FRAMEWORK).unwrap();
    let (enterprise, institution) = definitions();
    let mut all = Tally::default();
    let parts: Vec<Tally> = std::thread::scope(|scope| {
        let (framework, enterprise) = (&framework, &enterprise);
        let tasks: Vec<_> = answers
            .chunks(answers.len().div_ceil(threads))
            .map(|chunk| scope.spawn(move || tally(framework, enterprise, chunk)))
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    for part in parts.into_iter().rev() {
        all.merge(part);
    }
    all.merge(tally(&framework, &institution, &institution_answers()));
    let estimates = Estimates::new(&framework, &all, &units(), None, &Options::assess().responses).unwrap();
    assess_estimates(&framework, &estimates, &Options::assess()).unwrap()
}

#[test]
fn an_assessment_gives_the_same_bytes_in_any_order_and_on_any_number_of_threads() {
    let mut answers = firm_answers(&firms());
    let first = result_json(&scored(&answers, 1)).unwrap();
    answers.reverse();
    assert_eq!(result_json(&scored(&answers, 3)).unwrap(), first);
    answers[0].0.push_str("@2");
    assert_ne!(
        result_json(&scored(&answers, 3)).unwrap(),
        first,
        "another version of a response is another record"
    );
}

#[test]
fn an_organisation_has_its_own_value_of_every_indicator() {
    let framework = framework(FRAMEWORK).unwrap();
    let (enterprise, _) = definitions();
    let intake = Arc::new(Intake::new(&framework, &enterprise));
    let firm = Firm {
        city: "a",
        weight: 2.0,
        turnover: Some(200.0),
        rd: Spent::Known(10.0),
        university: true,
        sales: vec![3.0, 5.0],
    };
    let values = Profiler::new(&framework, &intake)
        .values(firm.json().to_string().as_bytes())
        .unwrap();
    let expected = [5.0, 0.05, 100.0, 1.0, 200.0, 200.0, 10.0, 0.0, 40.0, 2.0];
    for (found, expected) in values.iter().zip(expected) {
        close(*found, expected, "own value");
    }
}

#[test]
fn a_framework_is_checked_against_the_surveys_with_places_and_suggestions() {
    let errors = framework(
        "index:\n  id: I\n  indicators:\n    - {id: x, from: enterprise, ratio: {of: \"${rd}\", over: \"${turnver}\"}}\n    - {id: y, from: enterprize, mean: \"${turnover}\"}\n    - {id: z, from: enterprise, mean: \"${turnover\"}\n    - {id: w, from: enterprise, share: \"turnover > 0\"}\n    - {id: v, from: enterprise, mean: \"rond(${turnover})\"}\n",
    )
    .unwrap_err();
    for expected in [
        "framework.yaml:4:45: error: 'rd' is asked only where ${has_rd} = 1, and the indicator does not say what not being asked counts as",
        "framework.yaml:4:60: error: unknown question 'turnver' in survey 'enterprise'\n  help: did you mean 'turnover'?",
        "framework.yaml:5:21: error: unknown actor type or survey 'enterprize'\n  help: did you mean 'enterprise'?",
        "framework.yaml:6:39: error: ",
        "framework.yaml:7:40: error: 'turnover > 0' reads no question",
        "framework.yaml:8:39: error: ",
    ] {
        assert!(
            errors.iter().any(|error| error.starts_with(expected)),
            "{expected} is not in {errors:#?}"
        );
    }
    assert_eq!(errors.len(), 6, "{errors:#?}");
}

#[test]
fn unusable_responses_are_counted_and_never_stop_the_rest() {
    let framework = framework(FRAMEWORK).unwrap();
    let (enterprise, _) = definitions();
    let mut answers = firm_answers(&firms());
    answers.push(("uuid:x@1".into(), "a".into(), json!({"weight": -2, "turnover": 5})));
    answers.push(("uuid:y@1".into(), "nowhere".into(), json!({"turnover": 5})));
    let tally = tally(&framework, &enterprise, &answers);
    assert_eq!((tally.responses(), tally.unreadable()), (241, 1));
    let estimates = Estimates::new(&framework, &tally, &units(), None, &Options::assess().responses).unwrap();
    let with = |code: NoteCode| estimates.notes.iter().find(|note| note.code == code).unwrap();
    assert_eq!(with(NoteCode::WithoutUnit).units, ["nowhere"]);
    assert_eq!(with(NoteCode::Unreadable).message, "1 responses could not be used");
}

#[test]
fn the_framework_that_is_shipped_is_sound_over_the_surveys_that_are_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs");
    let folder = load_folder(&folder)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value;
    let surveys: Vec<&Definition> = folder.surveys.iter().map(|survey| &survey.definition).collect();
    let source = folder.framework.unwrap();
    let checked = Framework::from_yaml("framework.yaml", &source.text, &surveys).unwrap_or_else(|errors| {
        panic!(
            "{}",
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        )
    });
    assert!(checked.value.indicators().count() >= 20);
}
