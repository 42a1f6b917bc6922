//! Partitions by round on PostgreSQL: where rows lie, and that nobody notices.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use innogauge::definition::Text as Label;
use innogauge::store::{Filter, Order, Round, RoundState, Store};

use super::{Visit, at};
use crate::databases::Database;

fn round(code: &str) -> Round {
    Round {
        round: code.to_owned(),
        label: Label::plain(code),
        state: RoundState::Open,
        opens_on: None,
        closes_on: None,
        synthetic: false,
    }
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    partition: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The partitions that hold rows, and how many, in alphabetical order; the ends of their names are left out.
fn rows(connection: &mut PgConnection, table: &str) -> Vec<(String, i64)> {
    let query =
        format!("SELECT tableoid::regclass::text AS partition, count(*) AS rows FROM {table} GROUP BY 1 ORDER BY 1");
    let places: Vec<Place> = diesel::sql_query(query).load(connection).unwrap();
    let short = |name: &str| name.rsplit_once('_').unwrap().0.to_owned();
    let place = |place: Place| match place.partition.strip_suffix("_default") {
        Some(_) => ("default".to_owned(), place.rows),
        None => (short(&place.partition), place.rows),
    };
    places.into_iter().map(place).collect()
}

fn names(store: &Store, round: &str) -> Vec<String> {
    let filter = Filter {
        round: Some(round.to_owned()),
        ..Filter::of_survey("visit")
    };
    let page = store.list_responses(&filter, Order::default(), None, 50).unwrap();
    page.rows.into_iter().map(|head| head.instance_id).collect()
}

#[test]
fn a_new_round_gets_partitions_and_the_rows_that_came_before_it() {
    let Some(database) = Database::postgres() else { return };
    let store = database.open();
    for number in 0..3 {
        let name = format!("uuid:{number}");
        store.submit_blocking(&Visit::new(&name).submission()).unwrap();
    }
    let nowhere = Visit {
        round: None,
        ..Visit::new("uuid:nowhere")
    };
    store.submit_blocking(&nowhere.submission()).unwrap();
    store.add_round(&round("2026"), at(0)).unwrap();
    store.add_round(&round("20-26.B"), at(1)).unwrap();
    store.submit_blocking(&Visit::new("uuid:3").submission()).unwrap();
    let other = Visit {
        round: Some("20-26.B"),
        ..Visit::new("uuid:other")
    };
    store.submit_blocking(&other.submission()).unwrap();

    let mut connection = PgConnection::establish(&database.url).unwrap();
    for table in ["responses", "response_versions", "response_events"] {
        let expected = [
            (format!("{table}_2026"), 4),
            (format!("{table}_20_26_b"), 1),
            ("default".to_owned(), 1),
        ];
        let mut found = rows(&mut connection, table);
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected);
    }
    assert_eq!(names(&store, "2026").len(), 4);

    // Two responses of different rounds that an edit shows to be one are joined across the partitions.
    let late = Visit {
        round: Some("20-26.B"),
        ..Visit::new("uuid:late").replacing("uuid:other-2")
    };
    store.submit_blocking(&late.submission()).unwrap();
    let missing = Visit::new("uuid:other-2").replacing("uuid:0");
    store.submit_blocking(&missing.submission()).unwrap();
    assert_eq!(store.response_versions("visit", "uuid:late").unwrap().len(), 3);
    assert_eq!(store.response_head("visit", "uuid:late").unwrap().round, "2026");
    assert_eq!(names(&store, "20-26.B"), ["uuid:other"]);
}

#[test]
fn a_round_does_not_wait_for_its_partitions() {
    let Some(database) = Database::postgres() else { return };
    let store = database.open();
    store.submit_blocking(&Visit::new("uuid:1").submission()).unwrap();
    let mut reader = PgConnection::establish(&database.url).unwrap();
    reader
        .batch_execute("BEGIN; LOCK TABLE responses_default IN ACCESS SHARE MODE")
        .unwrap();
    store.add_round(&round("2026"), at(0)).unwrap();
    store.submit_blocking(&Visit::new("uuid:2").submission()).unwrap();
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(rows(&mut reader, "responses"), [("default".to_owned(), 2)]);

    store.add_round(&round("2027"), at(1)).unwrap();
    assert_eq!(rows(&mut reader, "responses"), [("responses_2026".to_owned(), 2)]);
    assert_eq!(names(&store, "2026"), ["uuid:2", "uuid:1"]);
}
