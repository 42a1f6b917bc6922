//! Fieldwork in the store: counters that follow every change, rounds that turn by their dates.

use chrono::NaiveDate;
use innogauge::definition::Text;
use innogauge::response::{Fingerprint, Position, RegisterEntry, ReviewState, Role};
use innogauge::store::{
    Breakdown, ImportOutcome, NewImport, ProgressRow, RegisterOf, Round, RoundChange, RoundState, StateChange, Store,
    StoreError,
};
use serde_json::json;

use super::{Visit, at};
use crate::databases::on_each;

fn total(store: &Store) -> ProgressRow {
    let rows = store.progress("2026", "visit", None, Breakdown::Total).unwrap();
    rows.into_iter().next().unwrap_or_default()
}

fn review(store: &Store, instance: &str, to: ReviewState) {
    let change = StateChange {
        to,
        revision: None,
        comment: Some("seen".to_owned()),
        details: None,
        actor: "sue".to_owned(),
        role: Role::Supervisor,
    };
    store.change_state("visit", instance, &change, at(5)).unwrap();
}

#[test]
fn progress_follows_whatever_happens_to_responses() {
    on_each(|database| {
        let store = database.open();
        let send = |visit: Visit<'_>| store.submit_blocking(&visit.submission()).unwrap();
        send(Visit::new("uuid:a"));
        send(Visit {
            city: "231182",
            ..Visit::new("uuid:b").of_code("91110000600037341L")
        });
        send(Visit {
            problems: 1,
            ..Visit::new("uuid:c")
        });
        let row = total(&store);
        assert_eq!((row.received, row.has_issues, row.returned), (3, 1, 0));
        // Four questions each, and only one of the three visits has a code.
        assert_eq!((row.asked, row.missing), (12, 2));

        review(&store, "uuid:a", ReviewState::HasIssues);
        review(&store, "uuid:b", ReviewState::Approved);
        let row = total(&store);
        assert_eq!((row.received, row.approved, row.returned, row.has_issues), (3, 1, 1, 2));
        send(Visit::new("uuid:a2").replacing("uuid:a").finding("mended"));
        review(&store, "uuid:c", ReviewState::Rejected);
        let row = total(&store);
        assert_eq!((row.received, row.returned, row.has_issues, row.rejected), (2, 0, 0, 1));

        let by_city = store.progress("2026", "visit", None, Breakdown::City).unwrap();
        let brief: Vec<(&str, i64)> = by_city.iter().map(|row| (row.key.as_str(), row.received)).collect();
        assert_eq!(brief, [("230700", 1), ("231182", 1)]);
        let yichun = ["230700".to_owned()];
        let own = store
            .progress("2026", "visit", Some(&yichun), Breakdown::Member)
            .unwrap();
        assert_eq!((own.len(), own[0].key.as_str(), own[0].received), (1, "ann", 1));
        let by_day = store.progress("2026", "visit", None, Breakdown::Day).unwrap();
        assert_eq!(by_day.iter().map(|row| row.received).sum::<i64>(), 2);

        let import = NewImport {
            round: Some("2026".to_owned()),
            survey: "visit".to_owned(),
            content: Fingerprint::of_bytes(b"file"),
            file_name: "file.csv".to_owned(),
            summary: serde_json::Value::Null,
            created_by: "ann".to_owned(),
        };
        let rows = ["uuid:d", "uuid:e"].map(|instance| Ok::<_, StoreError>(Visit::new(instance).submission()));
        let ImportOutcome::Applied(import) = store.import(&import, rows, at(6)).unwrap() else {
            panic!("a new file")
        };
        assert_eq!(total(&store).received, 4);
        store.withdraw_import(import.id, "ann", at(7)).unwrap();
        assert_eq!(total(&store).received, 2);
    });
}

#[test]
fn progress_tells_how_far_from_their_addresses_interviews_were() {
    on_each(|database| {
        let store = database.open();
        let codes = ["91110000600037341L", "91230000126968107X", "91230700MA18X0CY0B"];
        let entry = |code: &str, position: Option<Position>| {
            let entry = json!({"code": code, "name": "Works", "city": "230700", "position": position,
                "confidential": true, "listed": false, "in_frame": true});
            serde_json::from_value::<RegisterEntry>(entry).unwrap()
        };
        let address = Position {
            latitude: 47.72,
            longitude: 128.84,
            accuracy: None,
        };
        let register = [
            entry(codes[0], Some(address)),
            entry(codes[1], Some(address)),
            entry(codes[2], None),
        ];
        let of = RegisterOf {
            round: "2026".to_owned(),
            survey: "visit".to_owned(),
            actor: "sue".to_owned(),
        };
        store.load_register(&of, &register, false, at(0)).unwrap();
        // One on the spot, one a thousandth of a degree further north (111.2 m), one whose address nobody knows.
        for (number, place) in ["47.72 128.84 0 5", "47.721 128.84 0 5", "47.9 128.84 0 5"]
            .iter()
            .enumerate()
        {
            let instance = format!("uuid:{number}");
            let visit = Visit {
                place: Some(place),
                ..Visit::new(&instance).of_code(codes[number])
            };
            store.submit_blocking(&visit.submission()).unwrap();
        }
        for by in [Breakdown::Total, Breakdown::City, Breakdown::Day, Breakdown::Member] {
            let rows = store.progress("2026", "visit", None, by).unwrap();
            let metres: Vec<f64> = rows.iter().filter_map(|row| row.median_metres).collect();
            assert!(
                matches!(metres[..], [metres] if (metres - 55.6).abs() < 0.1),
                "{by:?}: {metres:?}"
            );
        }
        assert_eq!(store.register_positions("2026", "visit").unwrap().len(), 2);
    });
}

#[test]
fn rounds_turn_by_their_dates_and_open_again_with_a_reason() {
    on_each(|database| {
        let store = database.open();
        let day = |day| NaiveDate::from_ymd_opt(2026, 6, day);
        let round = Round {
            round: "2026".to_owned(),
            label: Text::plain("2026"),
            state: RoundState::Planned,
            opens_on: day(1),
            closes_on: day(30),
            synthetic: false,
        };
        store.add_round(&round, at(0)).unwrap();
        let turn = |on| store.turn_rounds(day(on).unwrap(), at(1)).unwrap();
        let state = || store.rounds().unwrap()[0].state;
        assert_eq!((turn(1), state()), (vec!["2026".to_owned()], RoundState::Open));
        assert_eq!(
            (turn(30), state()),
            (vec![], RoundState::Open),
            "the last day is a day of fieldwork"
        );
        assert_eq!(
            store
                .turn_rounds(NaiveDate::from_ymd_opt(2026, 7, 1).unwrap(), at(1))
                .unwrap(),
            ["2026"]
        );
        let change = |state, reason: Option<&str>, closes_on| {
            let change = RoundChange {
                state: Some(state),
                closes_on,
                reason: reason.map(str::to_owned),
                actor: "sue".to_owned(),
                ..RoundChange::default()
            };
            store.change_round("2026", &change, at(2))
        };
        assert!(matches!(
            change(RoundState::Open, None, None),
            Err(StoreError::Refused(_))
        ));
        assert!(matches!(
            change(RoundState::Planned, Some("no"), None),
            Err(StoreError::Refused(_))
        ));
        let longer = Some(NaiveDate::from_ymd_opt(2026, 7, 31));
        assert_eq!(
            change(RoundState::Open, Some("snow"), longer).unwrap().state,
            RoundState::Open
        );
        let last = store.round_events("2026").unwrap().pop().unwrap();
        assert_eq!(
            (last.from, last.to, last.reason.as_deref(), last.actor.as_str()),
            (Some(RoundState::Closed), RoundState::Open, Some("snow"), "sue")
        );
    });
}
