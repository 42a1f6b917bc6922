//! Assessments of what a store holds, on both databases: cities, single organisations, and the same again.

use chrono::{DateTime, Utc};
use innogauge::definition::{Definition, Text};
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Door, Fingerprint, Form, Received, process};
use innogauge::scoring::{Options, result_json};
use innogauge::store::{Envelope, NewDefinition, NewFramework, Round, RoundState, Seed, Store, Submission};
use innogauge::study::{AssessmentRequest, StudyError, assess};
use serde_json::{Value, json};

use crate::databases::{Database, on_each};

const SURVEY: &str = r#"
survey: firm
version: "1"
title: Firms
identity: {city: city}
questions:
  - {type: text, name: city, label: City}
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
    let answers = FIRMS.map(|(city, turnover, rd)| json!({"city": city, "turnover": turnover, "rd": rd}));
    store_of(database, SURVEY, FRAMEWORK, &answers)
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
    let round = Round {
        round: "r".to_owned(),
        label: Text::plain("r"),
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
            round: Some("r".to_owned()),
            survey: "firm".to_owned(),
            definition_version: "1".to_owned(),
            claimed_version: "1".to_owned(),
            instance_id: format!("uuid:{number}"),
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
    store
}

fn request(options: &str) -> AssessmentRequest {
    AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: Options::read("options.yaml", options, Options::assess()).unwrap(),
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
