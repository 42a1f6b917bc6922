//! Lists: every filter, every order, every page; and reading all of it in one stream.

use innogauge::response::{Door, ReviewState};
use innogauge::store::{Cursor, Filter, Order, SortKey, Store, StoreError};

use super::{Visit, at, form};
use crate::databases::on_each;

fn fill(store: &Store) {
    let form = form();
    for number in 0..50 {
        let name = format!("uuid:{number:02}");
        let organisation = format!("{}企业_{}", if number % 3 == 0 { "甲" } else { "乙" }, number % 7);
        let visit = Visit {
            name: &organisation,
            code: (number == 13).then_some("91230700MA18XXXX0A"),
            city: if number % 2 == 0 { "230700" } else { "230900" },
            problems: usize::from(number % 5 == 0),
            round: Some(if number < 40 { "2026" } else { "2025" }),
            at: number % 10,
            ..Visit::new(&name)
        };
        store.submit_blocking(&visit.answering(&form)).unwrap();
    }
}

#[test]
fn filters_narrow_a_list_to_what_they_say() {
    on_each(|database| {
        let store = database.open();
        fill(&store);
        let base = Filter::of_survey("visit");
        let count = |filter: Filter| store.count_responses(&filter).unwrap();
        let text = |words: &str| Some(words.to_owned());
        assert_eq!(count(base.clone()), 50);
        assert_eq!(count(Filter::of_survey("other")), 0);
        assert_eq!(
            count(Filter {
                round: text("2025"),
                ..base.clone()
            }),
            10
        );
        assert_eq!(
            count(Filter {
                cities: Some(vec!["230700".to_owned()]),
                ..base.clone()
            }),
            25
        );
        assert_eq!(
            count(Filter {
                cities: Some(Vec::new()),
                ..base.clone()
            }),
            0,
            "no city is no response"
        );
        assert_eq!(
            count(Filter {
                states: Some(vec![ReviewState::HasIssues]),
                ..base.clone()
            }),
            10
        );
        assert_eq!(
            count(Filter {
                has_problems: Some(false),
                ..base.clone()
            }),
            40
        );
        assert_eq!(
            count(Filter {
                duplicate: Some(false),
                organisation: text("91230700MA18XXXX0A"),
                ..base.clone()
            }),
            1
        );
        assert_eq!(
            count(Filter {
                organisation: text("甲企业"),
                ..base.clone()
            }),
            17
        );
        assert_eq!(
            count(Filter {
                organisation: text("企业_3"),
                ..base.clone()
            }),
            7
        );
        assert_eq!(
            count(Filter {
                organisation: text("企业%3"),
                ..base.clone()
            }),
            0,
            "words are no pattern"
        );
        assert_eq!(
            count(Filter {
                received_from: Some(at(8)),
                ..base.clone()
            }),
            10
        );
        assert_eq!(
            count(Filter {
                received_before: Some(at(1)),
                ..base.clone()
            }),
            5
        );
        assert_eq!(
            count(Filter {
                door: Some(Door::Spreadsheet),
                ..base.clone()
            }),
            0
        );
        assert_eq!(
            count(Filter {
                import_id: Some(1),
                ..base
            }),
            0
        );
    });
}

#[test]
fn pages_show_every_response_once_in_every_order() {
    on_each(|database| {
        let store = database.open();
        fill(&store);
        let filter = Filter::of_survey("visit");
        for by in [SortKey::Received, SortKey::Updated, SortKey::Name] {
            for descending in [false, true] {
                let order = Order { by, descending };
                let mut seen = Vec::new();
                let mut cursor: Option<Cursor> = None;
                loop {
                    let page = store.list_responses(&filter, order, cursor.as_ref(), 7).unwrap();
                    seen.extend(page.rows);
                    // Across the wire and back, and with new responses coming in meanwhile.
                    cursor = page.next.map(|next| next.to_string().parse().unwrap());
                    if cursor.is_none() {
                        break;
                    }
                }
                let whole = store.list_responses(&filter, order, None, 100).unwrap();
                assert_eq!((seen.len(), whole.next), (50, None));
                assert_eq!(seen, whole.rows, "{order:?}");
                let mut names: Vec<&str> = seen.iter().map(|head| head.instance_id.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), 50, "{order:?}");
            }
        }
        let first = store.list_responses(&filter, Order::default(), None, 1).unwrap();
        assert_eq!(first.rows[0].instance_id, "uuid:49", "the newest first");
        let other = Order {
            by: SortKey::Name,
            descending: true,
        };
        assert!(matches!(
            store.list_responses(&filter, other, first.next.as_ref(), 1),
            Err(StoreError::Refused(_))
        ));
    });
}

#[test]
fn a_stream_gives_present_answers_in_the_order_of_arrival_and_stops_when_told() {
    on_each(|database| {
        let store = database.open();
        fill(&store);
        store
            .submit_blocking(
                &Visit::new("uuid:edit")
                    .replacing("uuid:03")
                    .finding("edited")
                    .submission(),
            )
            .unwrap();
        let filter = Filter {
            states: Some(vec![ReviewState::Received, ReviewState::Edited]),
            ..Filter::of_survey("visit")
        };
        let mut names = Vec::new();
        let mut findings = Vec::new();
        let count = store.for_each_response::<StoreError>(&filter, |row| {
            names.push(row.instance_id);
            findings.push(row.answers.read::<serde_json::Value>()?["finding"].clone());
            Ok(())
        });
        assert_eq!((count.unwrap(), names.len()), (40, 40));
        let place = names.iter().position(|name| name == "uuid:edit").unwrap();
        assert_eq!(
            (names[place - 1].as_str(), names[place + 1].as_str()),
            ("uuid:02", "uuid:04")
        );
        assert_eq!(findings[place], "edited");

        let mut taken = 0;
        let stopped = store.for_each_response_with_head(&filter, |head, _| {
            assert_eq!(head.round, if head.id <= 40 { "2026" } else { "2025" });
            taken += 1;
            if taken == 3 { Err(StoreError::Busy) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(StoreError::Busy)) && taken == 3);
        store.ping().unwrap();
    });
}
