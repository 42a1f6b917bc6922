//! Scenarios and profiles where answers are scored, on both databases: what a changed answer does is held against
//! responses that were edited and assessed again.

use std::cell::RefCell;
use std::path::Path;

use chrono::Utc;
use innogauge::definition::{Definition, Language, load_folder};
use innogauge::report::{Edition, Wording};
use innogauge::response::{Form, Role, Tier};
use innogauge::scoring::{Amendment, Assessment, Change, Framework, Options, Scenario, ScenarioAim, ToldBy};
use innogauge::store::Store;
use innogauge::study::{AssessmentRequest, ReportRequest, StudyError, assess, published, write_report};
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::assessments::store_of;
use crate::databases::on_each;

const SURVEY: &str = r#"
survey: firm
version: "1"
title: Firms
identity: {city: city, size: size, sector: sector}
choices:
  yes_no: {1: "Yes", 0: "No"}
  size: {small: Small, large: Large}
questions:
  - {type: text, name: city, label: City}
  - {type: text, name: sector, label: Sector}
  - {type: select_one size, name: size, label: Size}
  - {type: decimal, name: turnover, label: Turnover}
  - {type: select_one yes_no, name: has_rd, label: R&D?}
  - type: group
    name: research
    label: Research
    relevant: ${has_rd} = 1
    questions:
      - {type: decimal, name: rd, label: R&D, missing: [dont_know]}
      - {type: decimal, name: bought, label: Bought}
  - {type: calculate, name: all_rd, calculation: "coalesce(${rd}, 0) + coalesce(${bought}, 0)", data_type: decimal}
  - {type: integer, name: staff, label: Staff}
  - {type: text, name: contact, label: Contact, personal: true}
"#;

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  children:
    - id: Research
      indicators:
        - {id: intensity, from: firm, ratio: {of: "${all_rd}", over: "${turnover}"}, goalposts: [0, 2], basis: target}
        - {id: performers, from: firm, share: "${has_rd} = 1", unit: percent, goalposts: [0, 100]}
    - id: Size
      weight: 2
      indicators:
        - {id: rd_mean, from: firm, mean: "${rd}", not_asked: zero, goalposts: [0, 400]}
        - {id: idle, from: firm, mean: "${staff}", direction: -1, goalposts: [0, 100]}
"#;

fn city(firm: u32) -> &'static str {
    ["a", "b", "c"][(firm % 3) as usize]
}

fn sector(firm: u32) -> &'static str {
    match firm {
        0 | 1 => "rare",
        _ if (firm / 2).is_multiple_of(2) => "x",
        _ => "y",
    }
}

/// Ten firms in each of three cities: every third has no R&D, every seventh does not know how much.
fn firms() -> Vec<Value> {
    (0..30_u32)
        .map(|firm| {
            let mut answers = json!({
                "city": city(firm),
                "sector": sector(firm),
                "size": if firm % 4 == 0 { "large" } else { "small" },
                "turnover": 100 + firm * 13 % 71,
                "staff": firm * 7 % 40,
                "contact": "Li",
                "has_rd": if firm % 3 == firm / 10 { "0" } else { "1" },
            });
            if answers["has_rd"] == "1" {
                let rd = if firm % 7 == 0 {
                    json!({"missing": "dont_know"})
                } else {
                    json!(firm * 5 % 37)
                };
                answers["research"] = json!({"rd": rd, "bought": firm % 5});
            }
            answers
        })
        .collect()
}

fn request(options: &str, scenarios: Option<&str>) -> AssessmentRequest {
    AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: Options::read("o.yaml", options, Options::assess()).unwrap(),
        compare: None,
        scenarios: scenarios.map(|text| Scenario::read("s.yaml", text).unwrap()),
        made_by: "test".to_owned(),
    }
}

fn assessed(store: &Store, options: &str, scenarios: Option<&str>) -> Result<Assessment, StudyError> {
    Ok(assess(store, &request(options, scenarios), Utc::now())?.assessment)
}

const QUICK: &str = "{responses: {minimum: 1, flag_below: 1}, uncertainty: {runs: 0}}";

/// What is done to the answers of a firm.
type Edit<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_changed_answer_does_what_an_edited_response_does() {
    let double = |answers: &mut Value| {
        if let Some(rd) = answers["research"]["rd"]
            .as_f64()
            .filter(|_| answers["size"] == "small")
        {
            answers["research"]["rd"] = json!(2.0 * rd);
        }
    };
    // Who is told to have R&D is asked about it, and knows nothing; who is told to have none is asked no more.
    let nobody = |answers: &mut Value| {
        if answers["city"] == "b" {
            answers["has_rd"] = json!("0");
            answers.as_object_mut().unwrap().remove("research");
        }
    };
    let hire = |answers: &mut Value| answers["staff"] = json!(answers["staff"].as_f64().unwrap() + 3.0);
    let cases: [(&str, Edit<'_>); 3] = [
        (
            "{answer: rd, units: all, where: \"${size} = 'small'\", scale: 2}",
            &double,
        ),
        ("{answer: has_rd, units: [b], set: 0}", &nobody),
        ("{answer: staff, units: all, add: 3}", &hire),
    ];
    let on_databases = |answers: &[Value], scenarios: Option<&str>| {
        let found = RefCell::new(Vec::new());
        on_each(|database| {
            let store = store_of(database, SURVEY, FRAMEWORK, answers);
            found.borrow_mut().push(assessed(&store, QUICK, scenarios).unwrap());
        });
        found.into_inner()
    };
    for (change, edit) in cases {
        let text = format!("scenarios: [{{id: s, changes: [{change}]}}]");
        let mut edited = firms();
        edited.iter_mut().for_each(edit);
        let pairs = on_databases(&firms(), Some(&text))
            .into_iter()
            .zip(on_databases(&edited, None));
        for (found, again) in pairs {
            let outcome = &found.scenarios.unwrap().outcomes["s"];
            let mut moved = 0;
            for (id, element) in &outcome.elements {
                for unit in 0..3 {
                    let scenario = element.score.scenario.get(unit).unwrap();
                    let edited = again.scores[id].get(unit).unwrap();
                    assert!(
                        (scenario - edited).abs() < 1e-9,
                        "{change} {id}: {scenario} is not {edited}"
                    );
                    moved += usize::from(element.score.difference.get(unit) != Some(0.0));
                }
            }
            assert!(moved > 0, "{change}");
        }
    }
}

#[test]
fn the_interval_of_a_difference_has_the_replicates_of_the_assessment() {
    const ONE: &str = r#"
index: {id: Index, indicators: [{id: rd_mean, from: firm, mean: "${rd}", not_asked: zero, goalposts: [0, 400]}]}
"#;
    let options =
        "{responses: {minimum: 1}, uncertainty: {runs: 300, vary: {respondents: bootstrap, weights: {relative: 0.2}}}}";
    on_each(|database| {
        let store = store_of(database, SURVEY, ONE, &firms());
        let text = "scenarios: [{id: s, changes: [{answer: rd, units: all, scale: 2}]}, \
                    {id: t, changes: [{indicator: rd_mean, units: all, scale: 2}]}]";
        let found = assessed(&store, options, Some(text)).unwrap();
        let sampling = found.uncertainty.as_ref().unwrap().elements["Index"]
            .sampling
            .clone()
            .unwrap();
        // From 0 on, twice the R&D is twice the score: in every replicate the difference is the score itself.
        for id in ["s", "t"] {
            let scenarios = found.scenarios.as_ref().unwrap();
            let difference = scenarios.outcomes[id].elements["Index"]
                .uncertainty
                .clone()
                .unwrap()
                .sampling
                .unwrap();
            for (name, expected) in &sampling.score.quantiles {
                for unit in 0..3 {
                    let (found, expected) = (difference.score.quantiles[name].get(unit), expected.get(unit));
                    assert!((found.unwrap() - expected.unwrap()).abs() < 1e-9, "{id} {name}");
                }
            }
        }
        let (low, high) = sampling.score.interval().unwrap();
        assert!(low.get(0) < high.get(0), "respondents do differ");
    });
}

#[test]
fn changes_of_answers_that_cannot_be_are_refused_with_their_place() {
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms());
        for (change, message) in [
            (
                "{answer: rdd, units: all, scale: 2}",
                "s.yaml:1:40: error: there is no question 'rdd'\n  help: did you mean 'rd'?",
            ),
            ("{answer: all_rd, units: all, scale: 2}", "'all_rd' is calculated"),
            ("{answer: research, units: all, scale: 2}", "'research' is a group"),
            ("{answer: contact, units: all, set: x}", "'contact' is personal"),
            (
                "{answer: city, units: all, set: a}",
                "'city' says where a respondent belongs",
            ),
            ("{answer: has_rd, units: all, set: 7}", "'7' is no choice of 'has_rd'"),
            (
                "{answer: has_rd, units: all, scale: 2}",
                "the answers to 'has_rd' are no numbers",
            ),
            (
                "{answer: staff, units: all, set: many}",
                "'many' is no answer to 'staff'",
            ),
            ("{answer: rd, units: [z], scale: 2}", "there is no unit 'z'"),
            (
                "{answer: rd, units: all, where: \"${sise} = 1\", scale: 2}",
                "unknown question 'sise' in survey 'firm'\n  help: did you mean 'size'?",
            ),
            (
                "{answer: rd, survey: firms, units: all, scale: 2}",
                "the framework reads no survey 'firms'\n  help: did you mean 'firm'?",
            ),
        ] {
            let text = format!("scenarios: [{{id: s, changes: [{change}]}}]");
            let error = assessed(&store, QUICK, Some(&text)).unwrap_err();
            assert!(
                error.is_input() && error.to_string().contains(message),
                "{change}: {error}"
            );
        }
    });
}

#[test]
fn strengths_are_those_that_sampling_does_not_explain() {
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms());
        let options = "{responses: {minimum: 1}, uncertainty: {runs: 300, vary: {respondents: bootstrap}}}";
        let told = assessed(&store, options, None).unwrap().profiles.unwrap();
        assert_eq!(told.told_by, ToldBy::SamplingInterval);
        let every = assessed(&store, QUICK, None).unwrap().profiles.unwrap();
        assert_eq!(every.told_by, ToldBy::GapAlone);
        let mut fewer = 0;
        for (told, every) in told.units.iter().zip(&every.units) {
            for standing in &told.strengths {
                assert!(standing.interval.unwrap()[0] > 0.0);
            }
            for standing in &told.weaknesses {
                assert!(standing.interval.unwrap()[1] < 0.0);
            }
            fewer += every.strengths.len() - told.strengths.len();
            let peers = every.peers.as_ref().unwrap();
            assert_eq!(peers.units.len(), 2, "there are only two others");
            assert!(peers.distances[0] <= peers.distances[1]);
        }
        assert!(fewer > 0, "with ten firms a city, some leads are chance");
    });
}

#[test]
fn organisations_are_held_against_groups_that_give_nobody_away() {
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms());
        let options = "{responses: {unit: organisation}, aggregate: {method: arithmetic, min_available: 0}}";
        let text = "scenarios: [{id: s, changes: [{answer: staff, units: [\"uuid:4\"], add: 10}]}]";
        let found = assessed(&store, options, Some(text)).unwrap();
        let profiles = found.profiles.as_ref().unwrap();
        let by: Vec<&str> = profiles.groups.iter().map(|grouped| grouped.by.as_str()).collect();
        assert_eq!(by, ["city", "sector", "size"]);
        let index = &found.scores["Index"];
        let of_city = |city: usize| -> f64 {
            (0..30)
                .filter(|firm| firm % 3 == city)
                .filter_map(|firm| index.get(firm))
                .sum()
        };
        let mean = profiles.groups[0].groups["b"].mean.as_ref().unwrap()["Index"].unwrap();
        assert!((mean - of_city(1) / 10.0).abs() < 1e-9);
        // Two firms are too few to be shown, and one group beside them could be worked out from the rest.
        let sectors = &profiles.groups[1].groups;
        assert_eq!(
            (sectors["rare"].organisations, sectors["rare"].mean.is_none()),
            (2, true)
        );
        assert_eq!(sectors.values().filter(|group| group.mean.is_none()).count(), 2);
        let outcome = &found.scenarios.as_ref().unwrap().outcomes["s"].elements["idle"]
            .score
            .difference;
        for firm in 0..30 {
            let expected = if firm == 4 { -10.0 } else { 0.0 };
            assert!((outcome.get(firm).unwrap() - expected).abs() < 1e-9);
        }
    });
}

#[test]
fn the_workbook_tells_scenarios_and_profiles_and_a_publication_tells_less() {
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms());
        let text = "scenarios: [{id: s, label: Twice the R&D, changes: [{answer: rd, units: all, scale: 2}]}, \
                    {id: i, label: First place, inverse: {unit: a, rank: 1, costs: {intensity: 1, idle: 2}}}]";
        let made = assess(&store, &request(QUICK, Some(text)), Utc::now()).unwrap();
        let sheet = |edition: Edition, name: &str| {
            let request = ReportRequest {
                id: made.id,
                wording: Wording::new([Language::English]),
                edition,
                personal: Tier::None,
            };
            let mut bytes = std::io::Cursor::new(Vec::new());
            write_report(&store, &request, &mut bytes).unwrap();
            crate::report::rows(&bytes.into_inner(), name).concat().join("|")
        };
        let analysis = sheet(Edition::Analysis, "Scenarios");
        for words in [
            "Twice the R&D",
            "rd × 2",
            "First place",
            "What each indicator would add",
        ] {
            assert!(analysis.contains(words), "{words}: {analysis}");
        }
        let publication = sheet(Edition::Publication, "Scenarios");
        assert!(publication.contains("Twice the R&D") && !publication.contains("First place"));
        assert!(sheet(Edition::Analysis, "Profiles").contains("none of these gaps is told from chance"));
    });
}

#[test]
fn the_api_takes_scenarios_now_and_as_a_job() {
    let app = TestApp::start();
    let token = app.token(Role::Administrator);
    for number in 0..12 {
        let mut body = response(&format!("uuid:{number}"));
        body["answers"]["credit_code"] = json!(null);
        assert_eq!(app.submit(&body).status, 201);
    }
    let scenario = json!({"id": "s", "changes": [{"answer": "rd_inhouse", "units": ["230700"], "scale": 0.5}]});
    let made = app.post(&token, "/api/v1/assessments", &json!({"scenarios": [scenario]}));
    assert_eq!(made.status, 201, "{}", made.text());
    let result = app
        .get(&token, &format!("/api/v1/assessments/{}", made.json()["id"]))
        .json();
    let index = &result["result"]["scenarios"]["outcomes"]["s"]["elements"]["rd_intensity"]["score"];
    let unit = result["result"]["units"]
        .as_array()
        .unwrap()
        .iter()
        .position(|unit| unit == "230700")
        .unwrap();
    // 60 of 1200.5 is half of the way to 10 %; half of it is a quarter.
    let expected = -25.0 * 60.0 / 1200.5 / 0.05;
    assert!(
        (index["difference"][unit].as_f64().unwrap() - expected).abs() < 1e-9,
        "{index}"
    );

    let wrong = app.post(
        &token,
        "/api/v1/assessments",
        &json!({"scenarios": [{"id": "s", "change": []}]}),
    );
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("unknown key 'change'"), "{}", wrong.text());
    let unknown =
        json!({"scenarios": [{"id": "s", "changes": [{"indicator": "rd_intensty", "units": "all", "scale": 2}]}]});
    let unknown = app.post(&token, "/api/v1/assessments", &unknown);
    assert!(
        unknown.text().contains("did you mean 'rd_intensity'?"),
        "{}",
        unknown.text()
    );
}

#[test]
fn the_scenarios_of_the_manual_fit_the_surveys_and_the_framework() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(folder.join("examples/scenarios.yaml")).unwrap();
    let scenarios = Scenario::read("scenarios.yaml", &text).unwrap();
    let loaded = load_folder(&folder.join("survey_defs")).unwrap().value;
    let definitions: Vec<Definition> = loaded.surveys.iter().map(|survey| survey.definition.clone()).collect();
    let forms: Vec<_> = definitions
        .iter()
        .map(|definition| Form::new(definition.clone()))
        .collect();
    let source = loaded.framework.unwrap();
    let surveys: Vec<&Definition> = definitions.iter().collect();
    let framework = Framework::from_yaml(&source.name, &source.text, &surveys)
        .unwrap()
        .value;
    for scenario in &scenarios {
        assert_eq!(Amendment::check(scenario, &forms), []);
        let names: Vec<&str> = match &scenario.aim {
            ScenarioAim::Inverse(inverse) => inverse.costs.keys().map(String::as_str).collect(),
            ScenarioAim::Changes { changes, .. } => changes
                .iter()
                .filter_map(|change| match change {
                    Change::Indicator { indicator, .. } => Some(indicator.name.as_str()),
                    Change::Weight { element, .. } => Some(element.name.as_str()),
                    Change::Answer(_) => None,
                })
                .collect(),
        };
        assert!(names.iter().all(|name| framework.find(name).is_some()), "{names:?}");
    }
}

/// The numbers of a document that equal one of these.
fn found_in(document: &Value, wanted: &[f64]) -> Vec<f64> {
    match document {
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            let equal = wanted.iter().any(|wanted| (number / wanted - 1.0).abs() < 1e-9);
            equal.then_some(number).into_iter().collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| found_in(item, wanted)).collect(),
        Value::Object(members) => members.values().flat_map(|member| found_in(member, wanted)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn no_format_of_a_publication_has_what_gives_a_respondent_away_or_what_it_follows_from() {
    let mut firms = firms();
    // A firm of city a with nearly all of its R&D.
    assert_eq!(
        (firms[12]["city"].as_str(), firms[12]["has_rd"].as_str()),
        (Some("a"), Some("1"))
    );
    firms[12]["research"]["rd"] = json!(123_457);
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms);
        let options = "{responses: {minimum: 1, flag_below: 1}, uncertainty: {runs: 20}}";
        let text = "scenarios: [{id: s, changes: [{indicator: rd_mean, units: all, set: 0}]}, \
                    {id: i, inverse: {unit: a, rank: 1, costs: {idle: 2}}}]";
        let made = assess(&store, &request(options, Some(text)), Utc::now()).unwrap();
        let all = &made.assessment;
        let hidden: Vec<f64> = ["intensity", "rd_mean"]
            .iter()
            .map(|id| all.stages.raw[*id].get(0).unwrap())
            .collect();
        let shown = all.stages.raw["rd_mean"].get(1).unwrap();
        assert!(!found_in(&serde_json::to_value(all).unwrap(), &hidden).is_empty());

        let public = published(&store, made.id).unwrap();
        let document = serde_json::to_value(&public).unwrap();
        assert_eq!(found_in(&document, &hidden), [0.0; 0]);
        assert!(
            !found_in(&document, &[shown]).is_empty(),
            "the other cities' figures stay"
        );
        // Beside a dominated figure its sibling is hidden too, from which with the score it would follow.
        for id in ["intensity", "performers", "rd_mean", "idle"] {
            assert_eq!(public.stages.raw[id].get(0), None, "{id}");
            assert_eq!(public.stages.normalised[id].present().count(), 0, "{id}");
            assert_eq!(public.scores[id].present().count(), 0, "{id}");
            assert!(public.ranks[id].iter().all(Option::is_none), "{id}");
            assert!(
                !public.signals.contains_key(id) && !public.statistics.contains_key(id),
                "{id}"
            );
            assert!(
                public.cells[id][0].parts.iter().all(|part| part.value.is_none()),
                "{id}"
            );
        }
        assert!(!all.signals.is_empty() && all.scores["Index"] == public.scores["Index"]);
        let shares = public.cells.values().flatten().flat_map(|cell| &cell.parts);
        assert!(shares.clone().count() > 0 && shares.into_iter().all(|part| part.largest.is_none()));
        let scenarios = public.scenarios.as_ref().unwrap();
        assert!(scenarios.improvements.is_empty() && scenarios.marginal_returns.is_none());
        let outcome = &scenarios.outcomes["s"];
        assert_eq!(
            outcome.elements.keys().collect::<Vec<_>>(),
            ["Index", "Research", "Size"]
        );
        for element in outcome.elements.values() {
            assert_eq!(
                element.score.scenario.present().count() + element.score.difference.present().count(),
                0
            );
            assert!(element.uncertainty.is_none() && element.rank.scenario.iter().all(Option::is_some));
        }

        let request = ReportRequest {
            id: made.id,
            wording: Wording::new([Language::English]),
            edition: Edition::Publication,
            personal: Tier::None,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        write_report(&store, &request, &mut bytes).unwrap();
        let bytes = bytes.into_inner();
        for name in [
            "Summary",
            "Ranking",
            "Scores",
            "Indicators",
            "Coverage",
            "Profiles",
            "Scenarios",
            "Provenance",
        ] {
            let cells = crate::report::rows(&bytes, name).concat();
            let numbers: Vec<f64> = cells.iter().filter_map(|cell| cell.parse().ok()).collect();
            assert_eq!(found_in(&json!(numbers), &hidden), [0.0; 0], "{name}");
            // A difference of scores is the figure times its weight; three cities have ranks of 1 to 3.
            if name == "Scenarios" {
                assert!(numbers.iter().all(|rank| [1.0, 2.0, 3.0].contains(rank)), "{numbers:?}");
            }
            assert!(!cells.iter().any(|cell| cell.contains("Variance between")), "{name}");
        }
    });
}

#[test]
fn an_assessment_of_organisations_is_published_in_no_format() {
    on_each(|database| {
        let store = store_of(database, SURVEY, FRAMEWORK, &firms());
        let options = "{responses: {unit: organisation}, aggregate: {method: arithmetic, min_available: 0}}";
        let made = assess(&store, &request(options, None), Utc::now()).unwrap();
        let request = ReportRequest {
            id: made.id,
            wording: Wording::both(),
            edition: Edition::Publication,
            personal: Tier::None,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let refusals = [
            write_report(&store, &request, &mut bytes).unwrap_err(),
            published(&store, made.id).unwrap_err(),
        ];
        for refusal in refusals {
            let StudyError::Refused { zh, en } = refusal else {
                panic!("{refusal}")
            };
            assert!(zh.contains("不能公开发布") && en.contains("can't be published"));
        }
        assert!(bytes.into_inner().is_empty());
    });
}

#[test]
fn who_may_not_see_responses_gets_the_publication_through_every_door() {
    let app = TestApp::start();
    let (admin, viewer) = (app.token(Role::Administrator), app.token(Role::Viewer));
    for number in 0..12 {
        let mut body = response(&format!("uuid:{number}"));
        body["answers"]["credit_code"] = json!(null);
        assert_eq!(app.submit(&body).status, 201);
    }
    let make = |options: Value| {
        let made = app.post(&admin, "/api/v1/assessments", &json!({"options": options}));
        assert_eq!(made.status, 201, "{}", made.text());
        format!("/api/v1/assessments/{}", made.json()["id"])
    };
    let cities = make(json!({"uncertainty": {"runs": 0}}));
    let largest = |result: &Value| result.to_string().contains("\"largest\":0.");
    let all = app.get(&admin, &cities).json();
    assert!(largest(&all["result"]));
    let public = app.get(&viewer, &cities).json();
    assert!(!largest(&public["result"]) && public["result"]["scores"].is_object());
    for (token, ask) in [(&viewer, ""), (&admin, "&publication=true")] {
        let file = app.get(token, &format!("{cities}/download?format=json{ask}"));
        assert_eq!(file.json(), public["result"]);
    }
    assert_eq!(
        app.get(&admin, &format!("{cities}/download?format=json")).json(),
        all["result"]
    );

    let organisations = make(json!({"responses": {"unit": "organisation"}, "uncertainty": {"runs": 0}}));
    for ask in ["", "/download", "/download?format=json", "/download?format=csv"] {
        let path = format!("{organisations}{ask}");
        assert_eq!(app.get(&viewer, &path).status, 422, "{path}");
        assert_eq!(app.get(&admin, &path).status, 200, "{path}");
    }
}
