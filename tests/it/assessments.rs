//! Assessments of what a store holds, on both databases: cities, single organisations, and the same again.

use chrono::{DateTime, Utc};
use innogauge::definition::{Definition, Text};
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Door, Fingerprint, Form, Received, process};
use innogauge::scoring::{ComparisonKind, OldResult, Options, SamplingDraws, result_json};
use innogauge::store::{Envelope, NewDefinition, NewFramework, Round, RoundState, Seed, Store, Submission};
use innogauge::study::{AssessmentRequest, CompareWith, StudyError, assess};
use serde_json::{Value, json};

use crate::databases::{Database, on_each};

const SURVEY: &str = r#"
survey: firm
version: "1"
title: Firms
identity: {city: city, code: code}
questions:
  - {type: text, name: city, label: City}
  - {type: text, name: code, label: Code}
  - {type: decimal, name: turnover, label: Turnover}
  - {type: decimal, name: rd, label: R&D}
"#;

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  indicators:
    - {id: intensity, from: firm, ratio: {of: "${rd}", over: "${turnover}"}, unit: percent, goalposts: [0, 10], basis: bound}
    - {id: performers, from: firm, share: "${rd} > 0", unit: percent, goalposts: [0, 100], basis: bound}
"#;

/// City, turnover, R&D.
const FIRMS: [(&str, f64, f64); 4] = [
    ("a", 100.0, 5.0),
    ("a", 300.0, 0.0),
    ("b", 50.0, 10.0),
    ("b", 50.0, 1.0),
];

fn store_with_firms(database: &Database) -> Store {
    store_of(database, SURVEY, FRAMEWORK, &answers_of(&FIRMS))
}

/// The answers of firms, each of which has a credit code by its number.
fn answers_of(firms: &[(&str, f64, f64)]) -> Vec<Value> {
    let firms = firms.iter().enumerate();
    let answers = firms.map(|(number, (city, turnover, rd))| {
        json!({"city": city, "code": format!("code{number}"), "turnover": turnover, "rd": rd})
    });
    answers.collect()
}

/// A store with a survey `firm`, a framework over it, and these answers.
pub fn store_of(database: &Database, survey: &str, framework: &str, answers: &[Value]) -> Store {
    let store = database.open();
    let now = DateTime::UNIX_EPOCH;
    let definition = NewDefinition {
        survey: "firm".to_owned(),
        version: "1".to_owned(),
        hash: "h".to_owned(),
        file_name: "firm.yaml".to_owned(),
        source: survey.as_bytes().to_vec(),
        files: Vec::new(),
    };
    let framework = NewFramework {
        hash: Fingerprint::of_bytes(framework.as_bytes()).to_string(),
        file_name: "framework.yaml".to_owned(),
        source: framework.to_owned(),
    };
    let seed = Seed {
        definitions: vec![definition],
        framework: Some(framework),
        ..Seed::default()
    };
    store.seed(&seed, now).unwrap();
    send(&store, survey, "r", answers);
    store
}

/// Opens a round, and sends these answers.
fn send(store: &Store, survey: &str, name: &str, answers: &[Value]) {
    let now = DateTime::UNIX_EPOCH;
    let round = Round {
        round: name.to_owned(),
        label: Text::plain(name),
        state: RoundState::Open,
        opens_on: None,
        closes_on: None,
        synthetic: false,
    };
    store.add_round(&round, now).unwrap();
    let form = Form::new(Definition::from_yaml("firm.yaml", survey).unwrap().value);
    for (number, answers) in answers.iter().enumerate() {
        let (read, problems) = Answers::from_json(&form, answers);
        let received = Received::new(read, problems, Door::Json, now.fixed_offset());
        let envelope = Envelope {
            round: Some(name.to_owned()),
            survey: "firm".to_owned(),
            definition_version: "1".to_owned(),
            claimed_version: "1".to_owned(),
            instance_id: if name == "r" {
                format!("uuid:{number}")
            } else {
                format!("uuid:{name}-{number}")
            },
            deprecated_id: None,
            door: Door::Json,
            sender: None,
            received_at: now,
            test: false,
        };
        let processed = process(received, &WallClock);
        let bytes = answers.to_string();
        store
            .submit_blocking(&Submission::new(envelope, &processed, bytes.as_bytes()).unwrap())
            .unwrap();
    }
}

fn request(options: &str) -> AssessmentRequest {
    AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: Options::read("options.yaml", options, Options::assess()).unwrap(),
        compare: None,
        scenarios: None,
        made_by: "test".to_owned(),
    }
}

fn result(store: &Store, options: &str) -> Value {
    let assessed = assess(store, &request(options), Utc::now()).unwrap();
    serde_json::from_slice(&result_json(&assessed.assessment).unwrap()).unwrap()
}

#[test]
fn cities_are_scored_by_totals_and_organisations_by_their_own_figures() {
    on_each(|database| {
        let store = store_with_firms(database);
        let cities = result(&store, "responses: {minimum: 1, flag_below: 1}");
        assert_eq!(cities["units"], json!(["a", "b"]));
        // 5 of 400 and 11 of 100, of which 10 % is all that counts; one of two, and both.
        assert_eq!(cities["stages"]["raw"]["intensity"], json!([1.25, 11.0]));
        assert_eq!(cities["scores"]["Index"], json!([31.25, 100.0]));

        let firms = result(&store, "responses: {unit: organisation}");
        assert_eq!(firms["units"], json!(["uuid:0", "uuid:1", "uuid:2", "uuid:3"]));
        assert_eq!(firms["stages"]["raw"]["intensity"], json!([5.0, 0.0, 20.0, 2.0]));
        assert_eq!(firms["scores"]["Index"], json!([75.0, 0.0, 100.0, 60.0]));
        assert_eq!(firms["ranks"]["Index"], json!([2, 4, 1, 3]));
        assert_eq!(firms["recipe"]["responses"], cities["recipe"]["responses"]);
    });
}

#[test]
fn the_same_assessment_gives_the_same_bytes_and_both_are_kept() {
    on_each(|database| {
        let store = store_with_firms(database);
        let ask = request("responses: {minimum: 1}");
        let first = assess(&store, &ask, Utc::now()).unwrap();
        let second = assess(&store, &ask, Utc::now()).unwrap();
        let kept = |id: i64| store.assessment(id).unwrap().result;
        assert_ne!(first.id, second.id);
        assert_eq!(kept(first.id), kept(second.id));
    });
}

#[test]
fn nothing_to_score_is_said_with_the_round_and_the_states() {
    on_each(|database| {
        let store = store_with_firms(database);
        let refused = assess(&store, &request("responses: {states: [approved]}"), Utc::now()).unwrap_err();
        assert!(
            matches!(&refused, StudyError::NothingToScore { round, .. } if round == "r"),
            "{refused}"
        );
        assert!(refused.to_string().contains("approved"));
    });
}

#[test]
fn a_round_is_compared_with_the_one_before_by_the_answers_of_both() {
    on_each(|database| {
        let store = store_with_firms(database);
        let options = "{responses: {minimum: 1}, uncertainty: {runs: 200, vary: {respondents: bootstrap}}}";
        let before = assess(&store, &request(options), Utc::now()).unwrap();
        assert_eq!(before.assessment.recipe.rounds, ["r"]);
        // The first firm of b spends less; all others say the same again.
        let mut firms = FIRMS;
        firms[2].2 = 3.0;
        send(&store, SURVEY, "s", &answers_of(&firms));
        let file = OldResult::read("old.json", &result_json(&before.assessment).unwrap()).unwrap();
        let ask = |with: CompareWith, options: &str| AssessmentRequest {
            round: Some("s".to_owned()),
            compare: Some(with),
            ..request(options)
        };
        let with_file = || CompareWith::Result(Box::new(file.clone()));
        let now = assess(&store, &ask(with_file(), options), Utc::now())
            .unwrap()
            .assessment;
        let kept = assess(&store, &ask(CompareWith::Kept(before.id), options), Utc::now())
            .unwrap()
            .assessment;
        assert_eq!(result_json(&now).unwrap(), result_json(&kept).unwrap());

        let comparison = now.comparison.as_ref().unwrap();
        assert_eq!(
            (comparison.kind, &*comparison.old.rounds),
            (ComparisonKind::Rounds, &["r".to_owned()][..])
        );
        let intensity = &comparison.elements["intensity"];
        assert_eq!((intensity.old.get(0), intensity.new.get(0)), (Some(12.5), Some(12.5)));
        assert_eq!((intensity.old.get(1), intensity.new.get(1)), (Some(100.0), Some(40.0)));
        let overlap = comparison.overlap.as_ref().unwrap();
        assert_eq!((overlap[1].old, overlap[1].new, overlap[1].both), (2, 2, 2));
        assert_eq!(
            comparison.intervals.as_ref().unwrap().sampling,
            Some(SamplingDraws::Joint)
        );
        let change = &comparison.elements["Index"].sampling.as_ref().unwrap().change;
        assert_eq!(
            (change.low.get(0), change.high.get(0)),
            (Some(0.0), Some(0.0)),
            "the same firms said the same"
        );
        assert!(change.low.get(1) < change.high.get(1));

        // Single organisations are joined by their codes: their responses have other names each round.
        let single = "responses: {unit: organisation}";
        let firms_before = assess(&store, &request(single), Utc::now()).unwrap();
        let firms_now = assess(&store, &ask(CompareWith::Kept(firms_before.id), single), Utc::now()).unwrap();
        let comparison = firms_now.assessment.comparison.unwrap();
        assert_eq!(comparison.units, ["uuid:s-0", "uuid:s-1", "uuid:s-2", "uuid:s-3"]);
        assert!(comparison.only_old.is_empty());

        // The same round with other options: methods.
        let other = AssessmentRequest {
            compare: Some(with_file()),
            ..request("{responses: {minimum: 1}, aggregate: geometric, uncertainty: {runs: 0}}")
        };
        let other = assess(&store, &other, Utc::now())
            .unwrap()
            .assessment
            .comparison
            .unwrap();
        assert_eq!(other.kind, ComparisonKind::Methods);

        let unknown = assess(&store, &ask(CompareWith::Kept(999), options), Utc::now()).unwrap_err();
        assert!(unknown.to_string().contains("no assessment 999"), "{unknown}");
    });
}

#[test]
fn where_the_earlier_answers_have_changed_the_two_rounds_count_as_independent() {
    on_each(|database| {
        let store = store_with_firms(database);
        let options = "{responses: {minimum: 1}, uncertainty: {runs: 200, vary: {respondents: bootstrap}}}";
        let before = assess(&store, &request(options), Utc::now()).unwrap();
        send(&store, SURVEY, "s", &answers_of(&FIRMS));
        let mut result: Value = serde_json::from_slice(&result_json(&before.assessment).unwrap()).unwrap();
        result["recipe"]["responses"]["hash"] = json!("of other responses");
        let old = OldResult::read("old.json", result.to_string().as_bytes()).unwrap();
        let ask = AssessmentRequest {
            round: Some("s".to_owned()),
            compare: Some(CompareWith::Result(Box::new(old))),
            ..request(options)
        };
        let now = assess(&store, &ask, Utc::now()).unwrap().assessment;
        let comparison = now.comparison.as_ref().unwrap();
        assert_eq!(
            comparison.intervals.as_ref().unwrap().sampling,
            Some(SamplingDraws::Independent)
        );
        assert!(comparison.overlap.is_none() && comparison.panel.is_none());
        let said = now.notes.iter().any(|note| {
            note.message
                .contains("the responses of round 'r' are not those any more")
        });
        assert!(said, "{:?}", now.notes);
    });
}
