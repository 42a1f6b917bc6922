//! Sessions, the limits of sign-in attempts, the second factor.

use chrono::{DateTime, TimeDelta, Utc};
use innogauge::response::Role;
use innogauge::store::{Admission, Attempt, Carrier, NewSession, NewUser, Proof, Store, StoreError};

use super::at;
use crate::app::totp_code;
use crate::databases::on_each;

fn add(store: &Store, name: &str) {
    let user = NewUser {
        name: name.to_owned(),
        password_hash: "not a real one".to_owned(),
        role: Role::Field,
        cities: None,
        must_change_password: false,
    };
    store.add_user(&user, at(0)).unwrap();
}

fn begin(store: &Store, name: &str, given: bool, now: DateTime<Utc>) -> String {
    let session = NewSession {
        carrier: Carrier::Cookie,
        second_factor_given: given,
        address: "192.0.2.1".to_owned(),
        agent: "a browser\r\nwith more".to_owned(),
        expires_at: now + TimeDelta::hours(12),
    };
    store.create_session(name, &session, now).unwrap()
}

#[test]
fn a_session_ends_by_idleness_by_time_by_hand_and_with_the_password() {
    on_each(|database| {
        let store = database.open();
        add(&store, "ann");
        let idle = TimeDelta::hours(1);
        let live = |secret: &str, seconds: i64| {
            let holder = store.session_holder(secret, Carrier::Cookie, idle, at(seconds));
            holder.unwrap().is_some()
        };
        let one = begin(&store, "ann", true, at(0));
        assert!(!format!("{:?}", store.sessions("ann", idle, at(0)).unwrap()).contains(&one));
        assert_eq!(
            store.sessions("ann", idle, at(0)).unwrap()[0].agent,
            "a browserwith more"
        );
        assert!(
            store
                .session_holder(&one, Carrier::Bearer, idle, at(1))
                .unwrap()
                .is_none()
        );
        // Used every fifty minutes it lasts, but not for ever.
        for minutes in (50..720).step_by(50) {
            assert!(live(&one, 60 * minutes), "{minutes}");
        }
        assert!(!live(&one, 12 * 3600), "its time is over");
        let two = begin(&store, "ann", true, at(0));
        assert!(live(&two, 3599) && !live(&two, 3599 + 3600), "not used for an hour");

        let now = 50_000;
        let [three, four, five] = [0, 0, 0].map(|_| begin(&store, "ann", true, at(now)));
        let listed = store.sessions("ann", idle, at(now)).unwrap();
        assert_eq!(listed.len(), 3);
        store.end_session("ann", listed[2].id, at(now)).unwrap();
        assert!(!live(&three, now + 1) && live(&four, now + 1));
        assert!(matches!(
            store.end_session("ann", listed[2].id, at(now)),
            Err(StoreError::NotFound { .. })
        ));
        add(&store, "bob");
        assert!(matches!(
            store.end_session("bob", listed[0].id, at(now)),
            Err(StoreError::NotFound { .. })
        ));
        store.set_password("ann", "another", false, at(now)).unwrap();
        assert!(!live(&four, now + 1) && !live(&five, now + 1));
        let six = begin(&store, "ann", true, at(now));
        store.set_user_disabled("ann", true, at(now)).unwrap();
        store.set_user_disabled("ann", false, at(now)).unwrap();
        assert!(!live(&six, now + 1), "what ended stays ended");
    });
}

fn attempt<'a>(name: &'a str, address: &'a str, device: Option<&'a str>) -> Attempt<'a> {
    Attempt {
        proof: Proof::Password,
        name,
        address,
        device,
    }
}

fn admitted(store: &Store, attempt: &Attempt<'_>, seconds: i64) -> bool {
    store.begin_attempt(attempt, at(seconds)).unwrap() == Admission::Admitted
}

#[test]
fn attempts_at_one_account_from_one_address_are_delayed_the_longer_the_more_fail() {
    on_each(|database| {
        let store = database.open();
        add(&store, "ann");
        for name in ["ann", "nobody"] {
            let wrong = attempt(name, "192.0.2.1", None);
            assert_eq!((0..9).filter(|_| admitted(&store, &wrong, 0)).count(), 5);
            assert_eq!(
                store.begin_attempt(&wrong, at(0)).unwrap(),
                Admission::Wait(TimeDelta::seconds(1)),
                "the same for a name that nobody has"
            );
            assert!(admitted(&store, &wrong, 1) && !admitted(&store, &wrong, 2) && admitted(&store, &wrong, 3));
            assert!(
                admitted(&store, &attempt(name, "192.0.2.2", None), 0),
                "another address"
            );
        }
        let right = attempt("ann", "192.0.2.1", None);
        assert!(admitted(&store, &right, 100));
        store.attempt_succeeded(&right, at(100)).unwrap();
        assert_eq!(
            (0..9).filter(|_| admitted(&store, &right, 100)).count(),
            5,
            "success makes an end of it"
        );
        assert!(admitted(&store, &right, 100 + 25 * 3600), "forgotten after a day");
    });
}

#[test]
fn parallel_attempts_are_each_counted_before_any_is_looked_at() {
    on_each(|database| {
        let store = database.open();
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (0..10)
                            .filter(|_| admitted(&store, &attempt("ann", "192.0.2.1", None), 0))
                            .count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 5);
    });
}

#[test]
fn an_office_behind_one_address_signs_in_all_at_once_and_nobody_waits() {
    on_each(|database| {
        let store = database.open();
        let names: Vec<String> = (0..8).map(|number| format!("user{number}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let store = &store;
                scope.spawn(move || {
                    let right = attempt(name, "192.0.2.1", None);
                    for time in 0..60 {
                        assert!(admitted(store, &right, 0), "{name} has to wait at the {time}. time");
                        store.attempt_succeeded(&right, at(0)).unwrap();
                    }
                });
            }
        });
    });
}

#[test]
fn of_ten_thousand_attempts_few_are_made_and_the_user_still_gets_in() {
    let store = Store::open("sqlite::memory:").unwrap();
    add(&store, "ann");
    let device = store
        .remember_origin("ann", "198.51.100.7", None, at(0))
        .unwrap()
        .unwrap();
    let at_home = attempt("ann", "203.0.113.1", Some(&device));
    let at_the_office = attempt("ann", "198.51.100.7", None);
    // A day of attempts, from a thousand addresses.
    let mut made = 0;
    for number in 0..10_000_i64 {
        let seconds = number * 86_400 / 10_000;
        let address = format!("192.0.{}.{}", number % 1000 / 250, number % 250);
        made += usize::from(admitted(&store, &attempt("ann", &address, None), seconds));
        if number % 500 == 250 {
            for known in [&at_home, &at_the_office] {
                assert!(admitted(&store, known, seconds), "after {number} attempts");
                store.attempt_succeeded(known, at(seconds)).unwrap();
            }
        }
    }
    assert!((100..420).contains(&made), "{made} attempts were made");
    // One address, a thousand accounts.
    let spraying = (0..1000_i64)
        .filter(|number| {
            admitted(
                &store,
                &attempt(&format!("user {number}"), "2001:db8::/64", None),
                86_400 + number,
            )
        })
        .count();
    assert!(spraying < 80, "{spraying} attempts were made");
    // A device of somebody else's is no help.
    let stolen = attempt("bob", "192.0.2.99", Some(&device));
    assert_eq!((0..9).filter(|_| admitted(&store, &stolen, 200_000)).count(), 5);
    // The password is replaced: nobody is known any more.
    store.set_password("ann", "another", false, at(200_000)).unwrap();
    let again = store
        .remember_origin("ann", "203.0.113.1", Some(&device), at(200_000))
        .unwrap();
    assert!(again.is_some_and(|new| new != device));
}

#[test]
fn a_code_is_taken_once_and_so_is_a_recovery_code() {
    on_each(|database| {
        let store = database.open();
        add(&store, "ann");
        let now = at(0);
        let enrolment = store.start_enrolment("ann", now).unwrap();
        assert!(enrolment.uri.starts_with("otpauth://totp/") && enrolment.uri.contains(&enrolment.secret));
        assert_eq!(store.pending_enrolment("ann").unwrap(), Some(enrolment.clone()));
        assert_eq!(
            store.second_factor("ann").unwrap(),
            None,
            "nothing counts before it is confirmed"
        );
        let code = |steps: i64| totp_code(&enrolment.secret, now, steps);
        assert!(!store.take_code("ann", None, &code(0), now).unwrap());
        assert_eq!(store.confirm_enrolment("ann", None, "000000", now).unwrap(), None);

        let session = begin(&store, "ann", false, now);
        let holder = || {
            store
                .session_holder(&session, Carrier::Cookie, TimeDelta::hours(1), now)
                .unwrap()
                .unwrap()
        };
        let id = holder().session.id;
        let recovery = store.confirm_enrolment("ann", None, &code(-1), now).unwrap().unwrap();
        assert_eq!(recovery.len(), 10);
        assert!(holder().has_second_factor && !holder().session.second_factor_given);
        assert!(
            !store.take_code("ann", Some(id), &code(-1), now).unwrap(),
            "it confirmed already"
        );
        assert!(!holder().session.second_factor_given);
        assert!(store.take_code("ann", Some(id), &code(0), now).unwrap());
        assert!(holder().session.second_factor_given);
        assert!(!store.take_code("ann", None, &code(0), now).unwrap(), "taken already");
        assert!(
            store.take_code("ann", None, &code(1), now).unwrap(),
            "a clock that runs ahead"
        );
        assert!(!store.take_code("ann", None, &code(2), now).unwrap(), "two steps ahead");
        assert!(
            !store.take_code("ann", None, &code(0), now).unwrap(),
            "older than the last one"
        );

        assert!(
            store
                .take_code("ann", None, &recovery[3].to_uppercase().replace('-', " "), now)
                .unwrap()
        );
        assert!(
            !store.take_code("ann", None, &recovery[3], now).unwrap(),
            "gone with its use"
        );
        assert_eq!(store.second_factor("ann").unwrap().unwrap().recovery_codes, 9);
        let replaced = store.replace_recovery_codes("ann", now).unwrap();
        assert!(!store.take_code("ann", None, &recovery[4], now).unwrap());
        assert!(matches!(store.start_enrolment("ann", now), Err(StoreError::Refused(_))));
        store.remove_second_factor("ann", now).unwrap();
        assert!(!store.take_code("ann", None, &replaced[0], now).unwrap());
        assert!(matches!(
            store.remove_second_factor("ann", now),
            Err(StoreError::NotFound { .. })
        ));
    });
}
