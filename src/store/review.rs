//! Changing a response's review state. Who may do it, and with which comment, `response` says.

use chrono::{DateTime, Utc};

use super::audit::Journal;
use super::backend::Connection;
use super::duplicates::flag_duplicates;
use super::events::{self, EventKind, NewEvent};
use super::heads::{HeadRow, lock_head, update_head};
use super::locks::{organisation_lock, take_locks};
use super::responses::{Head, find_head, no_response};
use super::{AuditAct, Channel, JsonText, Store, StoreError, time};
use crate::response::{ReviewState, Role, review};

/// A decision of a person about a response.
#[derive(Debug, Clone)]
pub struct StateChange {
    /// The state that it gets.
    pub to: ReviewState,
    /// The revision of the response that they looked at; `None` decides whatever it is now.
    pub revision: Option<i64>,
    /// What they say about it.
    pub comment: Option<String>,
    /// Comments by question and whom they are for, where it is returned: JSON.
    pub details: Option<serde_json::Value>,
    /// Who they are.
    pub actor: String,
    /// As what.
    pub role: Role,
}

impl Store {
    /// Changes the review state of a response, and notes it in its history.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`] where it is no longer the revision they looked at;
    /// [`StoreError::Review`] where the change is not theirs to make or takes a comment;
    /// [`StoreError::ConsentWithdrawn`] where it counts no more.
    pub fn change_state(
        &self,
        survey: &str,
        instance_id: &str,
        change: &StateChange,
        now: DateTime<Utc>,
    ) -> Result<Head, StoreError> {
        let channel = self.origin.channel;
        let row = self.change(now, |connection, journal| {
            decide(connection, journal, channel, survey, instance_id, change, now)
        })?;
        row.try_into()
    }

    /// Adds a comment to the history of a response; it changes nothing else of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such response.
    pub fn comment(
        &self,
        survey: &str,
        instance_id: &str,
        comment: &ResponseComment,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let channel = self.origin.channel;
        self.change(now, |connection, journal| {
            let head = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            let details = serde_json::json!({"question": comment.question, "reply_to": comment.reply_to});
            let event = NewEvent {
                actor: Some(&comment.actor),
                comment: Some(&comment.text),
                details: Some(JsonText::of(&details)?),
                ..NewEvent::of(&head, EventKind::Commented, time::stored(now))
            };
            events::add(connection, &event)?;
            let id = connection.inserted_id()?;
            journal
                .note(AuditAct::ResponseCommented, head.target())
                .by(Some(&comment.actor), channel.name())
                .after(format!("event={id}"));
            Ok(id)
        })
    }
}

/// Something that somebody says about a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseComment {
    /// The path of the question that it is about; `None` is the whole response.
    pub question: Option<String>,
    /// The event of the response's history that it answers.
    pub reply_to: Option<i64>,
    /// What they say.
    pub text: String,
    /// Who they are.
    pub actor: String,
}

/// Changes the review state of a response, with its history, its flags and its entry.
pub(super) fn decide(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    channel: Channel,
    survey: &str,
    instance_id: &str,
    change: &StateChange,
    now: DateTime<Utc>,
) -> Result<HeadRow, StoreError> {
    let found = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
    if let Connection::Postgres(_) = connection {
        let lock = organisation_lock(&found.round, survey, found.organisation.as_deref());
        take_locks(connection, lock.into_iter().collect())?;
    }
    let mut head = lock_head(connection, &found.round, survey, found.id)?;
    if change.revision.is_some_and(|seen| seen != head.revision) {
        return Err(StoreError::Stale {
            what: "response",
            name: head.instance_id,
        });
    }
    if head.withdrawn_at.is_some() {
        return Err(StoreError::ConsentWithdrawn {
            instance_id: head.instance_id,
        });
    }
    let from = head.review_state()?;
    review(
        from,
        change.to,
        change.role,
        change.comment.as_deref(),
        head.problems > 0,
    )?;
    change.to.name().clone_into(&mut head.state);
    head.returned = change.to == ReviewState::HasIssues;
    head.revision += 1;
    head.updated_at = time::stored(now);
    update_head(connection, &head)?;
    let event = NewEvent {
        from_state: Some(from.name()),
        actor: Some(&change.actor),
        comment: change.comment.as_deref(),
        details: change.details.as_ref().map(JsonText::of).transpose()?,
        ..NewEvent::of(&head, EventKind::StateChanged, head.updated_at)
    };
    events::add(connection, &event)?;
    journal
        .note(AuditAct::ResponseState, head.target())
        .by(Some(&change.actor), channel.name())
        .before(head.reference(from))
        .after(head.reference(change.to));
    head.duplicate = flag_duplicates(connection, &head)?;
    Ok(head)
}
