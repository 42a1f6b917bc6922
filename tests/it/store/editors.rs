//! Editors who decided on the same state at the same moment: one of them is kept, each of the others is told.

use std::sync::Barrier;

use chrono::TimeDelta;
use innogauge::response::RegisterEntry;
use innogauge::store::{
    NewDefinition, OnWithdrawal, RegisterOf, RetentionRule, RoundChange, Store, StoreError, Target, UserChange,
};

use super::at;
use crate::app;
use crate::databases::{Database, on_each};

const EDITORS: i64 = 4;
const TIMES: i64 = 5;

/// Each editor, at a store of their own, makes a change of what all of them saw at the same moment; again and again.
fn race<S: Sync>(
    database: &Database,
    look: impl Fn(&Store) -> S,
    change: impl Fn(&Store, &S, i64) -> Result<(), StoreError> + Sync,
) {
    let stores: Vec<Store> = (0..EDITORS).map(|_| database.open()).collect();
    for time in 0..TIMES {
        let seen = look(&stores[0]);
        let start = Barrier::new(stores.len());
        let outcomes: Vec<Result<(), StoreError>> = std::thread::scope(|scope| {
            let editors: Vec<_> = stores
                .iter()
                .zip(1..)
                .map(|(store, editor)| {
                    let (start, seen, change) = (&start, &seen, &change);
                    scope.spawn(move || {
                        start.wait();
                        change(store, seen, 10 * time + editor)
                    })
                })
                .collect();
            editors.into_iter().map(|editor| editor.join().unwrap()).collect()
        });
        let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let told = |outcome: &&Result<(), StoreError>| matches!(outcome, Err(StoreError::Stale { .. }));
        let told = outcomes.iter().filter(told).count();
        assert_eq!((kept, told), (1, stores.len() - 1), "{outcomes:?}");
    }
}

fn draft(number: i64) -> NewDefinition {
    NewDefinition {
        survey: "visit".to_owned(),
        version: "1".to_owned(),
        hash: format!("hash {number}"),
        file_name: "visit.yaml".to_owned(),
        source: Vec::new(),
        files: Vec::new(),
    }
}

#[test]
fn one_editor_of_a_draft_is_kept() {
    on_each(|database| {
        database.open().keep_draft(&draft(0), None, at(0)).unwrap();
        race(
            database,
            |store| store.definition("visit", "1").unwrap().hash,
            |store, seen, number| store.keep_draft(&draft(number), Some(seen), at(number)),
        );
    });
}

#[test]
fn one_editor_of_a_retention_rule_is_kept() {
    on_each(|database| {
        app::seed(&database.open());
        race(
            database,
            |store| store.retention_rule(&store.default_round().unwrap().unwrap()).unwrap(),
            |store, seen, number| {
                let rule = RetentionRule {
                    all_days: Some(number),
                    on_withdrawal: OnWithdrawal::Keep,
                    ..seen.clone()
                };
                store.set_retention_rule(&rule, Some(seen), "ann", at(number))
            },
        );
    });
}

#[test]
fn one_editor_of_a_round_a_user_and_targets_is_kept() {
    on_each(|database| {
        app::seed(&database.open());
        race(
            database,
            |store| store.rounds().unwrap().remove(0),
            |store, seen, number| {
                let change = RoundChange {
                    closes_on: Some(Some((at(0) + TimeDelta::days(1000 + number)).date_naive())),
                    actor: "ann".to_owned(),
                    seen: Some(seen.clone()),
                    ..RoundChange::default()
                };
                store.change_round(&seen.round, &change, at(number)).map(drop)
            },
        );
        race(
            database,
            |store| store.user("viewer").unwrap(),
            |store, seen, number| {
                let change = UserChange {
                    cities: Some(Some(vec![number.to_string()])),
                    seen: Some(seen.clone()),
                    ..UserChange::default()
                };
                store.change_user("viewer", &change, at(number))
            },
        );
        let round = database.open().default_round().unwrap().unwrap();
        race(
            database,
            |store| store.targets(&round, "firm").unwrap(),
            |store, seen, number| {
                let target = Target {
                    round: round.clone(),
                    survey: "firm".to_owned(),
                    city: number.to_string(),
                    size: String::new(),
                    count: number,
                };
                store.set_targets(&round, "firm", None, &[target], Some(seen), at(number))
            },
        );
    });
}

#[test]
fn one_editor_of_an_organisation_is_kept() {
    on_each(|database| {
        let code = crate::supervisor_week::code(1);
        let entry = |name: &str| RegisterEntry {
            code: code.clone(),
            name: name.to_owned(),
            city: "230700".to_owned(),
            sector: None,
            size: None,
            stratum: None,
            weight: None,
            employees: None,
            confidential: false,
            listed: false,
            in_frame: true,
            address: None,
            position: None,
        };
        let store = database.open();
        app::seed(&store);
        let of = RegisterOf {
            round: store.default_round().unwrap().unwrap(),
            survey: "firm".to_owned(),
            actor: "ann".to_owned(),
        };
        store.load_register(&of, &[entry("Works")], false, at(0)).unwrap();
        race(
            database,
            |store| store.organisation(&of.round, &of.survey, &code).unwrap().revision,
            |store, seen, number| {
                let entry = entry(&format!("Works {number}"));
                store
                    .change_organisation(&of, &entry, Some(*seen), at(number))
                    .map(drop)
            },
        );
    });
}
