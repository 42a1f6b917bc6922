//! Review: states change by the rules, on what the reviewer saw, and leave their history.

use innogauge::response::{ReviewError, ReviewState, Role};
use innogauge::store::{EventKind, StateChange, StoreError};

use super::{Visit, at};
use crate::databases::on_each;

fn decision(to: ReviewState) -> StateChange {
    StateChange {
        to,
        revision: None,
        comment: None,
        details: None,
        actor: "sue".to_owned(),
        role: Role::Supervisor,
    }
}

#[test]
fn a_decision_changes_the_state_and_is_remembered() {
    on_each(|database| {
        let store = database.open();
        store
            .submit_blocking(
                &Visit {
                    problems: 1,
                    ..Visit::new("uuid:a")
                }
                .submission(),
            )
            .unwrap();
        let error = store
            .change_state("visit", "uuid:a", &decision(ReviewState::Approved), at(1))
            .unwrap_err();
        assert!(matches!(
            error,
            StoreError::Review(ReviewError::CommentNeeded {
                over_problems: true,
                ..
            })
        ));

        let with_comment = StateChange {
            comment: Some("checked by telephone".to_owned()),
            details: Some(serde_json::json!({ "questions": { "/finding": "as told" } })),
            ..decision(ReviewState::Approved)
        };
        let head = store.change_state("visit", "uuid:a", &with_comment, at(2)).unwrap();
        assert_eq!((head.state, head.updated_at), (ReviewState::Approved, at(2)));
        let event = store.response_events("visit", "uuid:a").unwrap().pop().unwrap();
        assert_eq!(
            (
                event.kind,
                event.from,
                event.to,
                event.actor.as_deref(),
                event.comment.as_deref()
            ),
            (
                EventKind::StateChanged,
                Some(ReviewState::HasIssues),
                Some(ReviewState::Approved),
                Some("sue"),
                Some("checked by telephone")
            )
        );
        assert_eq!(
            event.details.unwrap().read::<serde_json::Value>().unwrap(),
            with_comment.details.unwrap()
        );
    });
}

#[test]
fn a_decision_on_what_has_changed_since_is_refused() {
    on_each(|database| {
        let store = database.open();
        store.submit_blocking(&Visit::new("uuid:a").submission()).unwrap();
        let seen = store.response_head("visit", "uuid:a").unwrap().revision;
        store
            .submit_blocking(&Visit::new("uuid:b").replacing("uuid:a").finding("new").submission())
            .unwrap();
        let stale = StateChange {
            revision: Some(seen),
            ..decision(ReviewState::Approved)
        };
        let error = store.change_state("visit", "uuid:a", &stale, at(1)).unwrap_err();
        assert!(matches!(error, StoreError::Stale { .. }), "{error}");
        let by_role = StateChange {
            role: Role::Field,
            ..decision(ReviewState::Approved)
        };
        let error = store.change_state("visit", "uuid:a", &by_role, at(1)).unwrap_err();
        assert!(
            matches!(error, StoreError::Review(ReviewError::NotAllowed { .. })),
            "{error}"
        );
        assert_eq!(
            store.response_head("visit", "uuid:a").unwrap().state,
            ReviewState::Edited
        );
    });
}

#[test]
fn of_two_decisions_at_once_on_one_revision_one_is_made() {
    on_each(|database| {
        let store = database.open();
        store.submit_blocking(&Visit::new("uuid:a").submission()).unwrap();
        let decision = StateChange {
            revision: Some(1),
            ..decision(ReviewState::Approved)
        };
        let made = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| store.change_state("visit", "uuid:a", &decision, at(1))))
                .collect();
            tries.into_iter().flat_map(|one| one.join().unwrap()).count()
        });
        assert_eq!(made, 1);
        assert_eq!(store.response_events("visit", "uuid:a").unwrap().len(), 2);
    });
}

#[test]
fn a_rejected_response_is_nobodys_duplicate() {
    on_each(|database| {
        let store = database.open();
        for name in ["uuid:a", "uuid:b"] {
            store
                .submit_blocking(&Visit::new(name).of_code("91230700MA18XXXX0A").submission())
                .unwrap();
        }
        let reject = StateChange {
            comment: Some("sent twice".to_owned()),
            ..decision(ReviewState::Rejected)
        };
        let head = store.change_state("visit", "uuid:b", &reject, at(1)).unwrap();
        assert!(!head.duplicate && !store.response_head("visit", "uuid:a").unwrap().duplicate);
        store
            .change_state(
                "visit",
                "uuid:b",
                &StateChange {
                    to: ReviewState::Approved,
                    ..reject
                },
                at(2),
            )
            .unwrap();
        assert!(store.response_head("visit", "uuid:a").unwrap().duplicate);
    });
}
