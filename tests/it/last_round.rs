//! Figures are held against those of the round before, on both databases: a tenfold change is asked about, never refused.

use chrono::{NaiveDate, Utc};
use innogauge::definition::{Text, load_folder};
use innogauge::response::Role;
use innogauge::store::{Round, RoundState, Seed};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::databases::on_each;

const SURVEY: &str = r#"
survey: plants
version: "1"
title: {zh: 工厂, en: Plants}
languages: {zh: 中文, en: English}
identity: {code: code, name: plant}
questions:
  - {type: text, name: code, label: {zh: 代码, en: Code}, identifying: true}
  - {type: text, name: plant, label: {zh: 名称, en: Name}, identifying: true}
  - type: group
    name: figures
    label: {zh: 数字, en: Figures}
    questions:
      - type: decimal
        name: turnover
        label: {zh: 营业收入, en: Turnover}
        unit: 10k_cny
        missing: [refused]
        warn_if:
          - test: number(pulldata('last_round', 'turnover', 'code', ${code})) > 0 and . >= 10 * number(pulldata('last_round', 'turnover', 'code', ${code}))
            message: {zh: 请核对。, en: Ten times as much.}
"#;

fn round(app: &TestApp, round: &str, day: &str) {
    let round = Round {
        round: round.to_owned(),
        label: Text::plain(round),
        state: RoundState::Open,
        opens_on: Some(day.parse::<NaiveDate>().unwrap()),
        closes_on: None,
        synthetic: false,
    };
    app.store.add_round(&round, Utc::now()).unwrap();
}

/// Sends a plant's turnover in a round: how many warnings there are.
fn warnings(app: &TestApp, round: &str, code: &str, turnover: &Value) -> usize {
    let body = json!({
        "instance_id": format!("uuid:{round}-{code}-{turnover}"), "version": "1", "round": round,
        "answers": {"code": code, "plant": format!("Plant {code}"), "figures": {"turnover": turnover}},
    });
    let path = "/api/v1/surveys/plants/responses";
    let answer = app.post(&app.token(Role::Administrator), path, &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["warnings"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_tenfold_change_from_the_last_round_is_asked_about() {
    on_each(|database| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plants.yaml"), SURVEY).unwrap();
        let checked = load_folder(folder.path()).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let app = TestApp::on(&database.url);
        app.store.seed(&Seed::from(&checked.value), Utc::now()).unwrap();
        round(&app, "spring", "2025-03-01");
        round(&app, "autumn", "2025-09-01");
        let (known, other) = ("91230700MA1B000007", "12230700MB1B00000E");
        assert_eq!(
            warnings(&app, "spring", known, &json!(50)),
            0,
            "there is no round before"
        );
        assert_eq!(warnings(&app, "spring", other, &json!({"missing": "refused"})), 0);
        assert_eq!(warnings(&app, "autumn", known, &json!(499)), 0);
        assert_eq!(warnings(&app, "autumn", known, &json!(500)), 1);
        assert_eq!(
            warnings(&app, "autumn", other, &json!(900)),
            0,
            "nothing to compare with"
        );
    });
}
