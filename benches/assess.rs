//! Assessing a million stored responses: from the rows of the database to the ranks, and the record kept.
//!
//! `cargo bench --bench assess`, with `scripts/with_postgres.sh` before it for PostgreSQL too. Beside it stands the
//! floor: reading the same rows and doing nothing with them.

#![allow(clippy::unwrap_used, reason = "a failed assumption ends the bench")]

#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/databases.rs"]
mod databases;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use databases::Database;
use innogauge::definition::{Definition, Text};
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Door, Fingerprint, Form, Received, process};
use innogauge::scoring::Options;
use innogauge::store::{
    Envelope, Filter, NewDefinition, NewFramework, NewImport, Round, RoundState, Seed, Store, StoreError, Submission,
};
use innogauge::study::{self, AssessmentRequest};

const RESPONSES: usize = 1_000_000;
const CITIES: usize = 10;
const QUESTIONS: usize = 20;
const INDICATORS: usize = 12;
/// Responses of one import.
const BATCH: usize = 50_000;

fn main() {
    measure("SQLite", &Database::sqlite());
    if let Some(database) = Database::postgres() {
        measure("PostgreSQL", &database);
    }
}

fn measure(name: &str, database: &Database) {
    let store = database.open();
    let now = Utc::now();
    let form = Form::new(Definition::from_yaml("bench.yaml", &definition()).unwrap().value);
    seed(&store, now);
    let began = Instant::now();
    for batch in 0..RESPONSES / BATCH {
        load(&store, &form, batch, now);
    }
    println!(
        "{name}: {RESPONSES} responses of {QUESTIONS} answers stored in {:.1} s",
        began.elapsed().as_secs_f64()
    );

    let began = Instant::now();
    let mut bytes = 0;
    let read = |row: innogauge::store::Streamed| {
        bytes += row.answers.0.len();
        Ok::<(), StoreError>(())
    };
    store.for_each_response(&Filter::of_survey("bench"), read).unwrap();
    let floor = began.elapsed().as_secs_f64();

    let request = AssessmentRequest {
        name: "bench".to_owned(),
        round: Some("bench".to_owned()),
        options: Options::assess(),
        compare: None,
        scenarios: None,
        made_by: "bench".to_owned(),
    };
    let began = Instant::now();
    let assessed = study::assess(&store, &request, now).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let counted = assessed
        .assessment
        .recipe
        .responses
        .map_or(0, |responses| responses.count);
    assert_eq!(counted, RESPONSES as u64);
    println!(
        "{name}: assessed by {INDICATORS} indicators in {seconds:.1} s; reading the rows alone {floor:.1} s \
         ({:.0} MB of answers): ratio {:.1}",
        f64::from(u32::try_from(bytes / 1_000_000).unwrap()),
        seconds / floor
    );
}

fn definition() -> String {
    let mut text = "survey: bench\nversion: \"1\"\ntitle: Bench\nidentity: {city: city}\nquestions:\n\
                    - {type: text, name: city, label: City}\n"
        .to_owned();
    for question in 1..QUESTIONS {
        writeln!(text, "- {{type: decimal, name: q{question}, label: Question}}").unwrap();
    }
    text
}

fn framework() -> String {
    let mut text = "index:\n  id: Index\n  indicators:\n".to_owned();
    for number in 1..=INDICATORS {
        let other = number + 1;
        let measure = match number % 3 {
            0 => format!("share: \"${{q{number}}} > ${{q{other}}}\""),
            1 => format!("ratio: {{of: \"${{q{number}}}\", over: \"${{q{other}}}\"}}"),
            _ => format!("mean: \"${{q{number}}} div (${{q{other}}} + 1)\""),
        };
        writeln!(
            text,
            "    - {{id: i{number}, from: bench, {measure}, goalposts: [0, 100], basis: pilot}}"
        )
        .unwrap();
    }
    text
}

fn seed(store: &Store, now: DateTime<Utc>) {
    let text = framework();
    let definition = NewDefinition {
        survey: "bench".to_owned(),
        version: "1".to_owned(),
        hash: "bench".to_owned(),
        file_name: "bench.yaml".to_owned(),
        source: definition().into_bytes(),
        files: Vec::new(),
    };
    let framework = NewFramework {
        hash: Fingerprint::of_bytes(text.as_bytes()).to_string(),
        file_name: "framework.yaml".to_owned(),
        source: text,
    };
    let seed = Seed {
        definitions: vec![definition],
        framework: Some(framework),
        ..Seed::default()
    };
    store.seed(&seed, now).unwrap();
    let round = Round {
        round: "bench".to_owned(),
        label: Text::plain("Bench"),
        state: RoundState::Open,
        opens_on: None,
        closes_on: None,
        synthetic: true,
    };
    store.add_round(&round, now).unwrap();
}

fn load(store: &Store, form: &Arc<Form>, batch: usize, now: DateTime<Utc>) {
    let import = NewImport {
        round: Some("bench".to_owned()),
        survey: "bench".to_owned(),
        content: Fingerprint::of_bytes(batch.to_string().as_bytes()),
        file_name: format!("{batch}.csv"),
        summary: serde_json::json!({}),
        created_by: "bench".to_owned(),
    };
    let rows = (batch * BATCH..(batch + 1) * BATCH).map(|number| submission(form, number, now));
    store.import::<StoreError>(&import, rows, now).unwrap();
}

fn submission(form: &Arc<Form>, number: usize, now: DateTime<Utc>) -> Result<Submission, StoreError> {
    let mut answers = serde_json::Map::new();
    answers.insert("city".to_owned(), format!("{}", 230_000 + number % CITIES).into());
    for question in 1..QUESTIONS {
        let value = (number * (question + 7)) % 1_000;
        answers.insert(format!("q{question}"), value.into());
    }
    let answers = serde_json::Value::Object(answers);
    let (read, problems) = Answers::from_json(form, &answers);
    let processed = process(
        Received::new(read, problems, Door::Json, now.fixed_offset()),
        &WallClock,
    );
    let envelope = Envelope {
        round: Some("bench".to_owned()),
        survey: "bench".to_owned(),
        definition_version: "1".to_owned(),
        claimed_version: "1".to_owned(),
        instance_id: format!("uuid:{number}"),
        deprecated_id: None,
        door: Door::Spreadsheet,
        sender: None,
        received_at: now,
        test: false,
    };
    Submission::new(envelope, &processed, answers.to_string().as_bytes())
}
