//! What is worked out of the answers at arrival, so that nobody needs to read them again.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Door, at, form_of, send};
use crate::response::{Position, Quality};

const SURVEY: &str = r"
survey: s
version: 1
title: S
timezone: Asia/Shanghai
choices: {scale: {1: Low, 2: Middle, 3: High}, yes_no: {1: Yes, 0: No}}
questions:
- {type: start, name: start}
- {type: end, name: end}
- {type: geopoint, name: place, label: Where}
- {type: note, name: hello, label: Hello}
- {type: select_one yes_no, name: active, label: Active, missing: [dont_know, refused]}
- {type: decimal, name: turnover, label: Turnover, missing: [dont_know, refused, not_applicable]}
- {type: decimal, name: spending, label: Spending, relevant: '${active} = 1'}
- {type: calculate, name: double, calculation: '${turnover} * 2'}
- type: group
  name: culture
  label: Culture
  questions:
  - {type: select_one scale, name: a, label: A, missing: [dont_know]}
  - {type: select_one scale, name: b, label: B}
  - {type: select_one scale, name: c, label: C}
  - {type: select_one scale, name: d, label: D}
  - {type: select_one scale, name: e, label: E}
";

fn facts(answers: serde_json::Value) -> Quality {
    let form = Arc::clone(&form_of(SURVEY));
    let arrived: DateTime<Utc> = at("2026-03-01T20:30:00Z").into();
    Quality::of(&send(&form, Door::Json, &answers).answers, arrived)
}

#[test]
fn the_facts_of_an_interview_are_counted_over_what_was_asked() {
    let quality = facts(json!({
        "start": "2026-03-01T09:00:00.000+08:00",
        "end": "2026-03-01T09:42:30.000+08:00",
        "place": "47.5 130.25 80 12.5",
        "active": {"missing": "dont_know"},
        "turnover": {"missing": "refused"},
        "culture": {"a": {"missing": "dont_know"}, "b": "2", "c": "2", "d": "2", "e": "2"},
    }));
    assert_eq!(quality.seconds, Some(42 * 60 + 30));
    assert_eq!(
        quality.day.unwrap().to_string(),
        "2026-03-02",
        "half past four in the morning in Shanghai"
    );
    assert_eq!(
        quality.position,
        Some(Position {
            latitude: 47.5,
            longitude: 130.25,
            accuracy: Some(12.5)
        })
    );
    // Spending was not asked; note, calculation and records are nobody's answers.
    assert_eq!((quality.asked, quality.unanswered), (8, 0));
    assert_eq!((quality.dont_know, quality.refused, quality.missing()), (2, 1, 3));
    assert_eq!(
        (quality.grids, quality.straight_lined),
        (1, 1),
        "four answers of five, all the same"
    );
}

#[test]
fn what_can_not_be_told_is_not_made_up() {
    let quality = facts(json!({
        "start": "2026-03-01T09:00:00.000+08:00",
        "end": "2026-03-01T08:00:00.000+08:00",
        "active": "1",
        "turnover": {"missing": "not_applicable"},
        "culture": {"a": "1", "b": "2", "c": "3"},
    }));
    assert_eq!(
        (quality.seconds, quality.position),
        (None, None),
        "the clock was set back; nobody was located"
    );
    assert_eq!((quality.asked, quality.unanswered, quality.not_applicable), (9, 4, 1));
    assert_eq!(
        (quality.grids, quality.straight_lined),
        (0, 0),
        "three answers are no grid"
    );
    let varied = facts(json!({"culture": {"a": "1", "b": "2", "c": "1", "d": "1"}}));
    assert_eq!((varied.grids, varied.straight_lined), (1, 0));
}
