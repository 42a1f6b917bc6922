//! Submissions: once, again, in conflict, as edits in any order, many at a time.

use std::collections::HashSet;

use futures_util::future::join_all;
use innogauge::response::ReviewState;
use innogauge::store::{EventKind, Filter, Outcome, Receipt, Store, StoreError};

use super::{Visit, form};
use crate::databases::{on_each, wait_for};

fn send(store: &Store, visit: &Visit<'_>) -> Receipt {
    store.submit_blocking(&visit.submission()).unwrap()
}

#[test]
fn sending_again_changes_nothing_and_other_content_is_a_conflict() {
    on_each(|database| {
        let store = database.open();
        let visit = Visit::new("uuid:a");
        let first = send(&store, &visit);
        assert_eq!((first.outcome, first.state), (Outcome::Created, ReviewState::Received));
        let again = send(&store, &visit);
        assert_eq!(
            again,
            Receipt {
                outcome: Outcome::Unchanged,
                ..first
            }
        );

        let error = store
            .submit_blocking(&visit.clone().finding("a leak").submission())
            .unwrap_err();
        assert!(matches!(error, StoreError::InstanceConflict { instance_id } if instance_id == "uuid:a"));
        assert_eq!(store.response_versions("visit", "uuid:a").unwrap().len(), 1);
        assert_eq!(store.response_events("visit", "uuid:a").unwrap().len(), 1);
    });
}

#[test]
fn an_edit_is_a_new_version_and_every_name_finds_the_response() {
    on_each(|database| {
        let store = database.open();
        send(&store, &Visit::new("uuid:a"));
        let edit = Visit {
            problems: 2,
            ..Visit::new("uuid:b").replacing("uuid:a").finding("a leak")
        };
        let receipt = send(&store, &edit);
        assert_eq!(
            (receipt.outcome, receipt.state, receipt.response.as_str()),
            (Outcome::Edited, ReviewState::HasIssues, "uuid:a")
        );
        for name in ["uuid:a", "uuid:b"] {
            let (head, version) = store.response("visit", name).unwrap();
            assert_eq!(
                (head.versions, head.facts.problems, head.instance_id.as_str()),
                (2, 2, "uuid:a")
            );
            let answers: serde_json::Value = version.answers.read().unwrap();
            assert_eq!(answers["finding"], "a leak");
        }
        // The version that was replaced is known still.
        assert_eq!(send(&store, &Visit::new("uuid:a")).outcome, Outcome::Unchanged);
        let third = send(&store, &Visit::new("uuid:c").replacing("uuid:b").finding("mended"));
        assert_eq!(third.state, ReviewState::Edited);
        let kinds: Vec<EventKind> = store
            .response_events("visit", "uuid:c")
            .unwrap()
            .iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, [EventKind::Received, EventKind::Edited, EventKind::Edited]);
    });
}

#[test]
fn edits_that_come_in_any_order_become_one_response() {
    let chain = [
        Visit::new("uuid:a"),
        Visit::new("uuid:b").replacing("uuid:a").finding("second"),
        Visit::new("uuid:c").replacing("uuid:b").finding("third"),
    ];
    on_each(|database| {
        for (number, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
            .iter()
            .enumerate()
        {
            let store = database.open();
            let survey_round = number.to_string();
            let names: Vec<String> = ["a", "b", "c"]
                .iter()
                .map(|name| format!("uuid:{name}{number}"))
                .collect();
            for place in order {
                let visit = Visit {
                    instance: &names[*place],
                    replaces: place.checked_sub(1).map(|before| names[before].as_str()),
                    round: Some(&survey_round),
                    ..chain[*place].clone()
                };
                send(&store, &visit);
            }
            let all = Filter {
                round: Some(survey_round.clone()),
                ..Filter::of_survey("visit")
            };
            assert_eq!(store.count_responses(&all).unwrap(), 1, "{order:?}");
            let (head, version) = store.response("visit", &names[0]).unwrap();
            assert_eq!(
                (version.instance_id.as_str(), head.versions, head.branched),
                (names[2].as_str(), 3, false)
            );
            let events = store.response_events("visit", &names[1]).unwrap();
            assert!(events.len() >= 3, "the history of all of them is there: {order:?}");
        }
    });
}

#[test]
fn of_two_edits_of_one_version_the_newest_counts_and_the_response_is_flagged() {
    on_each(|database| {
        let store = database.open();
        send(&store, &Visit::new("uuid:a"));
        send(&store, &Visit::new("uuid:b").replacing("uuid:a").finding("by Ann"));
        send(&store, &Visit::new("uuid:c").replacing("uuid:a").finding("by Bob"));
        let (head, version) = store.response("visit", "uuid:a").unwrap();
        assert_eq!(
            (version.instance_id.as_str(), head.branched, head.versions),
            ("uuid:c", true, 3)
        );
    });
}

#[test]
fn versions_that_replace_each_other_in_a_circle_are_kept() {
    on_each(|database| {
        let store = database.open();
        send(&store, &Visit::new("uuid:a").replacing("uuid:a"));
        send(&store, &Visit::new("uuid:b").replacing("uuid:c"));
        send(&store, &Visit::new("uuid:c").replacing("uuid:b"));
        assert_eq!(store.response_head("visit", "uuid:b").unwrap().versions, 2);
        assert_eq!(store.response_head("visit", "uuid:a").unwrap().versions, 1);
    });
}

#[test]
fn two_live_responses_of_one_organisation_are_flagged_both() {
    let code = "91230700MA18XXXX0A";
    on_each(|database| {
        let store = database.open();
        let duplicate = |name: &str| store.response_head("visit", name).unwrap().duplicate;
        assert!(!send(&store, &Visit::new("uuid:a").of_code(code)).duplicate);
        assert!(
            !send(
                &store,
                &Visit {
                    round: Some("2025"),
                    ..Visit::new("uuid:x").of_code(code)
                }
            )
            .duplicate
        );
        assert!(send(&store, &Visit::new("uuid:b").of_code(code)).duplicate);
        assert!(
            duplicate("uuid:a") && !duplicate("uuid:x"),
            "another round is another matter"
        );
        send(
            &store,
            &Visit::new("uuid:b2")
                .replacing("uuid:b")
                .finding("wrong code")
                .of_code("91230700MA18YYYY0B"),
        );
        assert!(
            !duplicate("uuid:a") && !duplicate("uuid:b"),
            "an edit to another organisation ends it"
        );
    });
}

#[test]
fn without_an_open_round_a_response_is_kept_for_the_supervisor() {
    on_each(|database| {
        let store = database.open();
        let receipt = send(
            &store,
            &Visit {
                round: None,
                ..Visit::new("uuid:a")
            },
        );
        assert_eq!((receipt.state, receipt.round.as_str()), (ReviewState::HasIssues, ""));
    });
}

#[test]
fn a_thousand_submissions_at_once_are_all_kept_once() {
    on_each(|database| {
        let store = database.open();
        let form = form();
        let names: Vec<String> = (0..1000).map(|number| format!("uuid:{number}")).collect();
        let mut submissions: Vec<_> = names.iter().map(|name| Visit::new(name).answering(&form)).collect();
        // A tenth of them is sent twice, and some clash with others: those fail alone.
        submissions.extend(names.iter().step_by(10).map(|name| Visit::new(name).answering(&form)));
        submissions.extend(
            names
                .iter()
                .step_by(100)
                .map(|name| Visit::new(name).finding("other").answering(&form)),
        );
        let answers = wait_for(join_all(
            submissions.into_iter().map(|submission| store.submit(submission)),
        ));

        let kept: Vec<&Receipt> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        let created = kept
            .iter()
            .filter(|receipt| receipt.outcome == Outcome::Created)
            .count();
        let conflicts = answers
            .iter()
            .filter(|answer| matches!(answer, Err(StoreError::InstanceConflict { .. })))
            .count();
        assert_eq!((created, kept.len() + conflicts), (1000, 1110));
        // Where the clashing one came first, it is the other two under its name that are in conflict.
        assert!((10..=20).contains(&conflicts), "{conflicts}");

        drop(store);
        let store = database.open();
        let mut found = HashSet::new();
        let count = store.for_each_response::<StoreError>(&Filter::of_survey("visit"), |row| {
            found.insert(row.instance_id);
            Ok(())
        });
        assert_eq!((count.unwrap(), found.len()), (1000, 1000));
        assert!(names.iter().all(|name| found.contains(name)));
    });
}

#[test]
fn edits_at_once_of_one_response_are_all_its_versions() {
    on_each(|database| {
        let store = database.open();
        let form = form();
        let names: Vec<String> = (0..40).map(|number| format!("uuid:{number}")).collect();
        let edits = names.iter().enumerate().map(|(place, name)| {
            let before = place.checked_sub(1).map(|before| names[before].as_str());
            let visit = Visit {
                replaces: before,
                ..Visit::new(name).of_code("91230700MA18XXXX0A")
            };
            store.submit(visit.answering(&form))
        });
        let answers = wait_for(join_all(edits));
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let head = store.response_head("visit", "uuid:0").unwrap();
        assert_eq!((head.versions, head.duplicate), (40, false));
        assert_eq!(store.count_responses(&Filter::of_survey("visit")).unwrap(), 1);
    });
}

#[test]
fn text_of_every_kind_comes_back_as_it_was_sent() {
    on_each(|database| {
        let store = database.open();
        for (number, text) in [
            "企业 🏭",
            "\\u0000 typed out",
            "'; DROP TABLE responses; --",
            "line\r\nbreak\t\u{7f}",
        ]
        .iter()
        .enumerate()
        {
            let name = format!("uuid:{number}");
            send(&store, &Visit::new(&name).finding(text));
            let answers: serde_json::Value = store.response("visit", &name).unwrap().1.answers.read().unwrap();
            assert_eq!(answers["finding"], *text);
        }
        let nul = std::panic::catch_unwind(|| Visit::new("uuid:nul").finding("a\0b").submission());
        assert!(nul.is_err(), "U+0000 is refused before it reaches a database");
        send(&store, &Visit::new(&"长".repeat(255)));
        let long = std::panic::catch_unwind(|| Visit::new(&"长".repeat(256)).submission());
        assert!(long.is_err(), "so is a name that an index does not take");
    });
}

#[test]
fn the_facts_of_the_present_version_stand_beside_its_head() {
    on_each(|database| {
        let store = database.open();
        send(&store, &Visit::new("uuid:a"));
        let head = store.response_head("visit", "uuid:a").unwrap();
        let quality = &head.facts.quality;
        assert_eq!(
            (quality.asked, quality.unanswered),
            (4, 1),
            "the visit was of nobody with a code"
        );
        assert!(!head.returned);
        send(
            &store,
            &Visit::new("uuid:b").replacing("uuid:a").of_code("91230700MA19AAAA0X"),
        );
        let (head, version) = store.response("visit", "uuid:a").unwrap();
        assert_eq!(
            (head.facts.quality.unanswered, version.facts.quality.unanswered),
            (0, 0)
        );
    });
}
