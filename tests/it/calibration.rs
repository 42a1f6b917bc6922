//! Respondents who stand for a register: what is estimated of figures that the register has is what the register says.

use chrono::{DateTime, Utc};
use innogauge::definition::{Definition, Text};
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Door, Fingerprint, Form, Received, RegisterEntry, process};
use innogauge::scoring::{OldResult, Options, result_json};
use innogauge::store::{Envelope, NewDefinition, NewFramework, RegisterOf, Round, RoundState, Seed, Store, Submission};
use innogauge::study::{AssessmentRequest, CompareWith, assess};
use serde_json::{Value, json};

use crate::databases::{Database, on_each};
use crate::supervisor_week::code;

const SURVEY: &str = r#"
survey: firm
version: "1"
title: Firms
identity: {code: credit_code, city: city, size: declared}
questions:
  - {type: text, name: credit_code, label: Code}
  - {type: text, name: city, label: City}
  - {type: text, name: declared, label: Size as declared}
  - {type: text, name: class, label: Size as registered}
  - {type: text, name: sector, label: Sector}
  - {type: decimal, name: staff, label: Staff}
"#;

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  indicators:
    - {id: firms, from: firm, count: "${staff} > 0", goalposts: [0, 100], basis: bound}
    - {id: small, from: firm, count: "${class} = 'small'", goalposts: [0, 100], basis: bound}
    - {id: in_f, from: firm, count: "${sector} = 'F'", goalposts: [0, 100], basis: bound}
    - {id: staff, from: firm, sum: "${staff}", goalposts: [0, 10000], basis: bound}
    - {id: staff_small, from: firm, sum: "${staff}", where: "${class} = 'small'", goalposts: [0, 10000], basis: bound}
    - {id: staff_in_f, from: firm, sum: "${staff}", where: "${sector} = 'F'", goalposts: [0, 10000], basis: bound}
"#;

const CITIES: [&str; 3] = ["a", "b", "c"];

/// Sixty organisations of a city.
fn organisations(city: usize) -> Vec<RegisterEntry> {
    let organisation = |number: usize| {
        let small = !number.is_multiple_of(4);
        let staff = if small {
            5 + number * 7 % 20
        } else {
            60 + number * 11 % 90
        } + city;
        RegisterEntry {
            code: code(city * 100 + number),
            name: format!("Works {number}"),
            city: CITIES[city].to_owned(),
            sector: Some(if number.is_multiple_of(3) { "F" } else { "C" }.to_owned()),
            size: Some(if small { "small" } else { "medium" }.to_owned()),
            stratum: None,
            weight: None,
            employees: Some(i64::try_from(staff).unwrap()),
            confidential: true,
            listed: false,
            in_frame: true,
            address: None,
            position: None,
        }
    };
    (0..60).map(organisation).collect()
}

/// Every third answers, and rather those of sector F; all of them declare themselves micro.
fn answers(number: usize, entry: &RegisterEntry) -> Option<Value> {
    let answered = number % 5 < 2 || number.is_multiple_of(6);
    answered.then(|| {
        json!({
            "credit_code": entry.code, "city": entry.city, "declared": "micro",
            "class": entry.size, "sector": entry.sector, "staff": entry.employees,
        })
    })
}

fn store_with_answers(database: &Database) -> Store {
    let store = database.open();
    let now = DateTime::UNIX_EPOCH;
    let seed = Seed {
        definitions: vec![NewDefinition {
            survey: "firm".to_owned(),
            version: "1".to_owned(),
            hash: "h".to_owned(),
            file_name: "firm.yaml".to_owned(),
            source: SURVEY.as_bytes().to_vec(),
            files: Vec::new(),
        }],
        framework: Some(NewFramework {
            hash: Fingerprint::of_bytes(FRAMEWORK.as_bytes()).to_string(),
            file_name: "framework.yaml".to_owned(),
            source: FRAMEWORK.to_owned(),
        }),
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
    for entry in (0..CITIES.len()).flat_map(organisations).enumerate() {
        let (number, entry) = (entry.0 % 60, entry.1);
        if let Some(answers) = answers(number, &entry) {
            submit(&store, &format!("uuid:{}", entry.code), &answers);
        }
    }
    store
}

fn submit(store: &Store, instance_id: &str, answers: &Value) {
    let form = Form::new(Definition::from_yaml("firm.yaml", SURVEY).unwrap().value);
    let now = DateTime::UNIX_EPOCH;
    let (read, problems) = Answers::from_json(&form, answers);
    let envelope = Envelope {
        round: Some("r".to_owned()),
        survey: "firm".to_owned(),
        definition_version: "1".to_owned(),
        claimed_version: "1".to_owned(),
        instance_id: instance_id.to_owned(),
        deprecated_id: None,
        door: Door::Json,
        sender: None,
        received_at: now,
        test: false,
    };
    let processed = process(
        Received::new(read, problems, Door::Json, now.fixed_offset()),
        &WallClock,
    );
    let bytes = answers.to_string();
    store
        .submit_blocking(&Submission::new(envelope, &processed, bytes.as_bytes()).unwrap())
        .unwrap();
}

fn load_register(store: &Store) {
    let of = RegisterOf {
        round: "r".to_owned(),
        survey: "firm".to_owned(),
        actor: "test".to_owned(),
    };
    let entries: Vec<RegisterEntry> = (0..CITIES.len()).flat_map(organisations).collect();
    store.load_register(&of, &entries, false, DateTime::UNIX_EPOCH).unwrap();
}

fn result(store: &Store, options: &str) -> Value {
    compared(store, options, None)
}

fn compared(store: &Store, options: &str, old: Option<&Value>) -> Value {
    let old = old.map(|old| OldResult::read("old.json", old.to_string().as_bytes()).unwrap());
    let request = AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: Options::read("options.yaml", options, Options::assess()).unwrap(),
        compare: old.map(|old| CompareWith::Result(Box::new(old))),
        scenarios: None,
        made_by: "test".to_owned(),
    };
    let assessed = assess(store, &request, Utc::now()).unwrap();
    serde_json::from_slice(&result_json(&assessed.assessment).unwrap()).unwrap()
}

fn codes(result: &Value) -> Vec<&str> {
    let notes = result["notes"].as_array().unwrap();
    notes.iter().map(|note| note["code"].as_str().unwrap()).collect()
}

#[test]
fn a_register_that_came_between_two_results_is_told_and_so_are_answers_that_came_twice() {
    on_each(|database| {
        let store = store_with_answers(database);
        let without = result(&store, "uncertainty: {runs: 0}");
        load_register(&store);
        let with = compared(&store, "uncertainty: {runs: 0}", Some(&without));
        assert_eq!(with["comparison"]["kind"], "methods", "the same responses");
        assert!(codes(&with).contains(&"estimated_again"), "{}", with["notes"]);
        assert!(!codes(&with).contains(&"answered_twice"));
        let again = compared(&store, "uncertainty: {runs: 0}", Some(&with));
        assert!(!codes(&again).contains(&"estimated_again"));

        let number = (0..60)
            .find(|number| answers(*number, &organisations(0)[*number]).is_some())
            .unwrap();
        submit(
            &store,
            "uuid:again",
            &answers(number, &organisations(0)[number]).unwrap(),
        );
        let twice = result(&store, "uncertainty: {runs: 0}");
        assert!(codes(&twice).contains(&"answered_twice"), "{}", twice["notes"]);
    });
}

#[test]
fn what_is_estimated_of_the_register_is_the_register() {
    on_each(|database| {
        let store = store_with_answers(database);
        let without = result(&store, "uncertainty: {runs: 0}");
        assert!(without.get("weightings").is_none() && without.get("signals").is_none());
        assert!(codes(&without).contains(&"unit_weights"));

        load_register(&store);
        let with = result(&store, "uncertainty: {runs: 0}");
        for (number, city) in CITIES.into_iter().enumerate() {
            let all = organisations(number);
            let of = |which: &dyn Fn(&&RegisterEntry) -> bool| -> (f64, f64) {
                let chosen: Vec<&RegisterEntry> = all.iter().filter(which).collect();
                let staff: i64 = chosen.iter().filter_map(|entry| entry.employees).sum();
                (chosen.len() as f64, staff as f64)
            };
            let (firms, staff) = of(&|_| true);
            let (small, staff_small) = of(&|entry| entry.size.as_deref() == Some("small"));
            let (in_f, staff_in_f) = of(&|entry| entry.sector.as_deref() == Some("F"));
            for (indicator, expected) in [
                ("firms", firms),
                ("small", small),
                ("in_f", in_f),
                ("staff", staff),
                ("staff_small", staff_small),
                ("staff_in_f", staff_in_f),
            ] {
                let found = with["stages"]["raw"][indicator][number].as_f64().unwrap();
                assert!(
                    (found / expected - 1.0).abs() < 1e-9,
                    "{indicator} of {city}: {found} is not {expected}"
                );
            }
            let weighting = &with["weightings"][number];
            let responses = all
                .iter()
                .enumerate()
                .filter(|(number, entry)| answers(*number, entry).is_some());
            assert_eq!(
                (&weighting["unit"], &weighting["organisations"]),
                (&json!(city), &json!(60))
            );
            assert_eq!(weighting["responses"], json!(responses.count()));
            assert_eq!(weighting["margins"].as_array().unwrap().len(), 4, "{weighting}");
            assert_eq!(weighting["item_response_rate"], json!(1.0));
            assert!(weighting["design_effect"].as_f64().unwrap() > 1.0);
        }
        assert!(!codes(&with).contains(&"unit_weights"));
        assert!(!with["notes"].to_string().contains("do not reach"), "{}", with["notes"]);
        // What is calibrated to has hardly any sampling error left.
        let cv = &with["cells"]["staff"][0]["cv"];
        assert!(cv.as_f64().unwrap() < 0.02, "{cv}");
        assert!(with["signals"]["staff"]["reliability"].is_number());
        assert_eq!(result(&store, "uncertainty: {runs: 0}"), with, "the same again");
    });
}
