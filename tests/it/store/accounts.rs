//! Users and tokens: who may come in.

use innogauge::response::Role;
use innogauge::store::{NewToken, NewUser, Store, StoreError};

use super::at;
use crate::databases::{on_each, wait_for};

fn add(store: &Store, name: &str) {
    let user = NewUser {
        name: name.to_owned(),
        password_hash: "not a real one".to_owned(),
        role: Role::Field,
        cities: Some(vec!["230700".to_owned()]),
        must_change_password: true,
    };
    store.add_user(&user, at(0)).unwrap();
}

#[test]
fn a_user_is_found_by_name_and_a_name_is_taken_once() {
    on_each(|database| {
        let store = database.open();
        add(&store, "安娜");
        let (user, hash) = store.user_for_sign_in("安娜").unwrap().unwrap();
        assert_eq!(
            (user.role, user.cities.unwrap(), user.must_change_password),
            (Role::Field, vec!["230700".to_owned()], true)
        );
        assert_eq!(hash, "not a real one");
        let again = NewUser {
            name: "安娜".to_owned(),
            password_hash: String::new(),
            role: Role::Administrator,
            cities: None,
            must_change_password: false,
        };
        assert!(matches!(store.add_user(&again, at(1)), Err(StoreError::Exists { .. })));
        assert_eq!(store.users().unwrap().len(), 1);
        store.set_password("安娜", "another", false, at(2)).unwrap();
        assert_eq!(store.user_for_sign_in("安娜").unwrap().unwrap().1, "another");
        assert_eq!(store.user_for_sign_in("an\0na").unwrap(), None);
        assert!(matches!(store.user("bob"), Err(StoreError::NotFound { .. })));
    });
}

#[test]
fn a_token_holds_until_it_ends_is_revoked_or_its_user_is_kept_out() {
    on_each(|database| {
        let store = database.open();
        add(&store, "ann");
        let token = |expires: Option<i64>| {
            let new = NewToken {
                surveys: Some(vec!["visit".to_owned()]),
                round: Some("2026".to_owned()),
                expires_at: expires.map(at),
                ..NewToken::default()
            };
            store.create_token("ann", &new, at(0)).unwrap()
        };
        let holder = |secret: &str, seconds: i64| wait_for(store.token_holder(secret, at(seconds))).unwrap();

        let (lasting, short) = (token(None), token(Some(60)));
        assert_ne!(lasting, short);
        let who = holder(&lasting, 10).unwrap();
        assert_eq!(
            (who.user.name.as_str(), who.token.round.as_deref()),
            ("ann", Some("2026"))
        );
        assert!(
            lasting.starts_with(&who.token.hint) && who.token.hint.len() < 10,
            "the secret itself is not kept"
        );
        assert!(who.token.is_use_to_be_noted(at(10)));
        store.note_use_of_token(who.token.id, at(10)).unwrap();
        assert_eq!(store.tokens("ann").unwrap()[1].last_used_at, Some(at(10)));
        let again = holder(&lasting, 11).unwrap().token;
        assert!(!again.is_use_to_be_noted(at(69)) && again.is_use_to_be_noted(at(70)));
        assert!(holder(&short, 59).is_some());
        assert!(holder(&short, 60).is_none(), "it has ended");
        assert!(holder("ig_0000", 10).is_none());

        store.revoke_token("ann", who.token.id, at(20)).unwrap();
        assert!(holder(&lasting, 21).is_none());
        assert!(matches!(
            store.revoke_token("ann", who.token.id, at(22)),
            Err(StoreError::NotFound { .. })
        ));

        let third = token(None);
        store.set_user_disabled("ann", true, at(30)).unwrap();
        assert!(holder(&third, 31).is_none());
        store.set_user_disabled("ann", false, at(40)).unwrap();
        assert!(holder(&third, 41).is_none(), "what was revoked stays revoked");
        assert_eq!(
            store
                .tokens("ann")
                .unwrap()
                .iter()
                .filter(|token| token.revoked_at.is_none())
                .count(),
            0
        );
    });
}
