//! The audit log: every change leaves an entry, and whoever tampers with the entries is found.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use innogauge::response::{ReviewState, Role};
use innogauge::store::{
    AuditAct, AuditFault, AuditFilter, Channel, NewToken, NewUser, Origin, Round, RoundChange, RoundState, Seed,
    StateChange, Store, StoreError,
};

use super::{Visit, at};
use crate::databases::{Database, on_each, wait_for};

fn ann() -> Origin {
    Origin {
        actor: Some("ann".to_owned()),
        channel: Channel::Api,
        address: Some([192, 0, 2, 7].into()),
    }
}

/// Runs statements behind the program's back.
fn behind_its_back(database: &Database, statements: &str) -> Result<(), diesel::result::Error> {
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        SqliteConnection::establish(path).unwrap().batch_execute(statements)
    } else {
        PgConnection::establish(&database.url)
            .unwrap()
            .batch_execute(statements)
    }
}

/// As somebody would who owns the database, and so can take its guards away.
fn tamper(database: &Database, statements: &str) {
    let guards = if database.url.starts_with("sqlite:") {
        "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete; DROP TRIGGER audit_refuses_replace;"
    } else {
        "DROP TRIGGER audit_refuses_change ON audit;"
    };
    behind_its_back(database, &format!("{guards}{statements}")).unwrap();
}

/// Five rounds are planned: entries 1 to 5.
fn with_five_entries(database: &Database) -> Store {
    let store = database.open().acting(ann());
    for year in 2026..=2030 {
        store.add_round(&round(&year.to_string()), at(i64::from(year))).unwrap();
    }
    assert!(store.verify_audit(None).unwrap().is_whole());
    store
}

fn round(code: &str) -> Round {
    Round {
        round: code.to_owned(),
        label: innogauge::definition::Text::plain(code),
        state: RoundState::Planned,
        opens_on: None,
        closes_on: None,
        synthetic: false,
    }
}

fn opening() -> RoundChange {
    RoundChange {
        state: Some(RoundState::Open),
        actor: "ann".to_owned(),
        ..RoundChange::default()
    }
}

#[test]
fn a_change_is_in_the_log_with_who_when_what_and_where_from() {
    on_each(|database| {
        let store = database.open().acting(ann());
        store.add_round(&round("2026"), at(1)).unwrap();
        store.change_round("2026", &opening(), at(2)).unwrap();
        let receipt = wait_for(store.submit(Visit::new("uuid:a").submission())).unwrap();
        let change = StateChange {
            to: ReviewState::Approved,
            revision: None,
            comment: None,
            details: None,
            actor: "ann".to_owned(),
            role: Role::Supervisor,
        };
        store.change_state("visit", &receipt.response, &change, at(4)).unwrap();
        wait_for(store.submit(Visit::new("uuid:b").replacing("uuid:a").submission())).unwrap();
        // The same again changes nothing, and so leaves nothing.
        wait_for(store.submit(Visit::new("uuid:b").replacing("uuid:a").submission())).unwrap();

        let mut entries = store.audit_entries(&AuditFilter::default(), None, 100).unwrap();
        entries.reverse();
        let told: Vec<String> = entries
            .iter()
            .map(|entry| {
                format!(
                    "{} {} {} {} {} {} -> {}",
                    entry.id,
                    entry.actor.as_deref().unwrap_or("-"),
                    entry.door,
                    entry.act,
                    entry.target,
                    entry.before.as_deref().unwrap_or("-"),
                    entry.after.as_deref().unwrap_or("-"),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "1 ann api round.added rounds/2026 - -> state=planned",
                "2 ann api round.state rounds/2026 state=planned -> state=open",
                "3 ann json response.received surveys/visit/responses/uuid:a - -> version=1 state=received",
                "4 ann api response.state surveys/visit/responses/uuid:a version=1 state=received -> version=1 state=approved",
                "5 ann json response.edited surveys/visit/responses/uuid:a version=1 state=approved -> version=2 state=edited",
            ]
        );
        assert!(
            entries
                .iter()
                .all(|entry| entry.address.as_deref() == Some("192.0.2.7"))
        );
        assert_eq!(entries[1].at, at(2));
        let check = store.verify_audit(Some(&entries[3].hash)).unwrap();
        assert!(check.is_whole(), "{check:?}");
        assert_eq!(check.entries, 5);
        assert_eq!(check.head.unwrap().hash, entries[4].hash);
    });
}

#[test]
fn what_is_not_committed_leaves_no_entry() {
    on_each(|database| {
        let store = with_five_entries(database);
        assert!(matches!(
            store.add_round(&round("2026"), at(9)),
            Err(StoreError::Exists { .. })
        ));
        assert!(store.change_round("1999", &opening(), at(9)).is_err());
        assert_eq!(store.verify_audit(None).unwrap().entries, 5);
    });
}

#[test]
fn users_tokens_and_seeds_leave_entries_and_no_secrets() {
    on_each(|database| {
        let store = database.open();
        store.seed(&Seed::default(), at(0)).unwrap();
        let store = store.acting(ann());
        let user = NewUser {
            name: "li".to_owned(),
            password_hash: "a-secret-hash".to_owned(),
            role: Role::Field,
            cities: None,
            must_change_password: true,
        };
        store.add_user(&user, at(1)).unwrap();
        let secret = store.create_token("li", &NewToken::default(), at(2)).unwrap();
        store.set_password("li", "another-secret-hash", false, at(3)).unwrap();
        store.set_user_disabled("li", true, at(4)).unwrap();
        let entries = store.audit_entries_after(&AuditFilter::default(), 0).unwrap();
        let acts: Vec<&str> = entries.iter().map(|entry| entry.act.as_str()).collect();
        let expected = [
            AuditAct::RoundAdded,
            AuditAct::UserAdded,
            AuditAct::TokenIssued,
            AuditAct::UserPassword,
            AuditAct::UserDisabled,
        ];
        assert_eq!(acts, expected.map(AuditAct::name));
        assert_eq!(
            (entries[0].actor.as_deref(), entries[0].door.as_str()),
            (None, "program")
        );
        let told = format!("{entries:?}");
        assert!(!told.contains("secret-hash") && !told.contains(&secret), "{told}");
    });
}

#[test]
fn entries_are_found_by_who_what_target_and_time() {
    on_each(|database| {
        let store = with_five_entries(database);
        store
            .acting(Origin::default())
            .change_round("2027", &opening(), at(3000))
            .unwrap();
        let found = |filter: AuditFilter| -> Vec<i64> {
            let entries = store.audit_entries(&filter, None, 100).unwrap();
            entries.iter().map(|entry| entry.id).collect()
        };
        let all = AuditFilter::default;
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found(AuditFilter {
                actor: text("ann"),
                ..all()
            }),
            [5, 4, 3, 2, 1]
        );
        assert_eq!(
            found(AuditFilter {
                act: text("round.state"),
                ..all()
            }),
            [6]
        );
        assert_eq!(
            found(AuditFilter {
                act: text("round"),
                ..all()
            })
            .len(),
            6
        );
        assert_eq!(
            found(AuditFilter {
                act: text("roun"),
                ..all()
            })
            .len(),
            0
        );
        assert_eq!(
            found(AuditFilter {
                target: text("rounds/2027"),
                ..all()
            }),
            [6, 2]
        );
        assert_eq!(
            found(AuditFilter {
                target: text("rounds"),
                ..all()
            })
            .len(),
            6
        );
        assert_eq!(
            found(AuditFilter {
                target: text("rounds/202"),
                ..all()
            })
            .len(),
            0
        );
        let between = AuditFilter {
            from: Some(at(2027)),
            to: Some(at(2029)),
            ..all()
        };
        assert_eq!(found(between), [3, 2]);
        let page = store.audit_entries(&all(), Some(4), 2).unwrap();
        assert_eq!(page.iter().map(|entry| entry.id).collect::<Vec<_>>(), [3, 2]);
    });
}

#[test]
fn the_database_itself_refuses_to_change_or_remove_an_entry() {
    on_each(|database| {
        let store = with_five_entries(database);
        for statement in [
            "UPDATE audit SET actor = 'li' WHERE id = 2",
            "DELETE FROM audit WHERE id = 2",
            "DELETE FROM audit",
        ] {
            let error = behind_its_back(database, statement).unwrap_err();
            assert!(error.to_string().contains("append-only"), "{statement}: {error}");
        }
        let again =
            "INTO audit SELECT id, at, 'x', actor, door, address, target, before, after, previous, hash FROM audit";
        if database.url.starts_with("sqlite:") {
            assert!(behind_its_back(database, &format!("INSERT OR REPLACE {again}")).is_err());
        } else {
            assert!(behind_its_back(database, "TRUNCATE audit").is_err());
        }
        assert!(store.verify_audit(None).unwrap().is_whole());
    });
}

#[test]
fn whatever_is_done_to_the_entries_the_check_names_it() {
    let hash = "'1111111111111111111111111111111111111111111111111111111111111111'";
    let insert = "INSERT INTO audit SELECT 6, at, act, actor, door, address, target, before, after, previous, hash FROM audit WHERE id = 2";
    let cases: Vec<(String, Vec<AuditFault>)> = vec![
        (
            "UPDATE audit SET actor = 'li' WHERE id = 3".to_owned(),
            vec![AuditFault::Changed(3)],
        ),
        (
            "UPDATE audit SET actor = NULL, door = 'apiann' WHERE id = 3".to_owned(),
            vec![AuditFault::Changed(3)],
        ),
        (
            "DELETE FROM audit WHERE id = 3".to_owned(),
            vec![AuditFault::Missing(3, 3)],
        ),
        (
            "DELETE FROM audit WHERE id < 3".to_owned(),
            vec![AuditFault::Missing(1, 2)],
        ),
        // Removed, and the gap closed.
        (
            "DELETE FROM audit WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 5".to_owned(),
            vec![AuditFault::Changed(4)],
        ),
        // Put in between: the others made room.
        (
            "UPDATE audit SET id = 7 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = 4;
             INSERT INTO audit SELECT 4, at, act, actor, door, address, target, before, after, previous, hash FROM audit WHERE id = 3;
             UPDATE audit SET id = 6 WHERE id = 7"
                .to_owned(),
            vec![AuditFault::Changed(4), AuditFault::Changed(5), AuditFault::Changed(6)],
        ),
        (insert.to_owned(), vec![AuditFault::Changed(6)]),
        (
            format!("UPDATE audit SET hash = {hash} WHERE id = 3"),
            vec![AuditFault::Changed(3), AuditFault::Unlinked(4)],
        ),
        // Only a head that was noted shows that the end is missing.
        ("DELETE FROM audit WHERE id > 3".to_owned(), vec![]),
    ];
    for (statements, faults) in cases {
        on_each(|database| {
            let store = with_five_entries(database);
            let head = store.verify_audit(None).unwrap().head.unwrap();
            tamper(database, &statements);
            assert_eq!(store.verify_audit(None).unwrap().faults, faults, "{statements}");
            if statements.contains("id > 3") {
                let check = store.verify_audit(Some(&head.hash)).unwrap();
                assert_eq!(check.faults, [AuditFault::HeadMissing(head.hash)]);
            }
        });
    }
}

#[test]
fn many_writers_at_once_make_one_chain() {
    on_each(|database| {
        let stores: Vec<Store> = (0..2).map(|_| database.open().acting(ann())).collect();
        std::thread::scope(|scope| {
            for (number, store) in stores.iter().enumerate() {
                for client in 0..4 {
                    scope.spawn(move || {
                        wait_for(async {
                            for visit in 0..10 {
                                // Every second organisation is visited by all of them.
                                let name = format!("uuid:{number}-{client}-{visit}");
                                let code = format!("code {visit}");
                                let visit = Visit::new(&name).of_code(&code).submission();
                                store.submit(visit).await.unwrap();
                            }
                        });
                    });
                }
            }
        });
        let check = stores[0].verify_audit(None).unwrap();
        assert!(check.is_whole(), "{check:?}");
        assert_eq!(check.entries, 80);
    });
}
