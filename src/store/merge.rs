//! Two responses of one organisation become one: answers of the other are taken over into a new version of the one
//! that is kept, and the other is rejected. Both keep their versions and their history, so that it can be undone.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::arrival;
use super::attachments;
use super::events::{self, EventKind, NewEvent};
use super::heads::lock_head;
use super::locks::lock_what_they_name;
use super::responses::{Head, find_head, no_response};
use super::review::{StateChange, decide};
use super::{AuditAct, JsonText, Store, StoreError, Submission, time};

/// What is to be merged, and how.
#[derive(Debug, Clone)]
pub struct Merge {
    /// An instance ID of the response that is kept.
    pub kept: String,
    /// The revision of it that was looked at.
    pub revision: i64,
    /// An instance ID of the other one.
    pub other: String,
    /// The paths of the questions whose answers are taken from the other one.
    pub taken: Vec<String>,
    /// The new version of the kept one; `None` where nothing is taken.
    pub version: Option<Submission>,
    /// The rejection of the other one.
    pub rejection: StateChange,
}

impl Store {
    /// Merges two responses in one transaction, and gives the head of the kept one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] where they are not of one organisation in one round;
    /// [`StoreError::Stale`] where one of them was changed in the meantime; [`StoreError::Review`] where the other one
    /// can't be rejected.
    pub fn merge(&self, survey: &str, merge: &Merge, now: DateTime<Utc>) -> Result<Head, StoreError> {
        let channel = self.origin.channel;
        let mut version = merge.version.clone();
        version.iter_mut().try_for_each(|version| self.seal(version))?;
        let row = self.change(now, |connection, journal| {
            lock_what_they_name(connection, &version)?;
            let mut find = |name: &str| find_head(connection, survey, name)?.ok_or_else(|| no_response(name));
            let (kept, other) = (find(&merge.kept)?, find(&merge.other)?);
            if kept.id == other.id || kept.round != other.round || kept.organisation != other.organisation {
                return Err(StoreError::Refused(format!(
                    "'{}' and '{}' are not two responses of one organisation in one round",
                    kept.instance_id, other.instance_id
                )));
            }
            let kept = lock_head(connection, &kept.round, survey, kept.id)?;
            if kept.revision != merge.revision {
                return Err(StoreError::Stale {
                    what: "response",
                    name: kept.instance_id,
                });
            }
            if let Some(version) = &version {
                arrival::store(connection, journal, version)?;
            }
            let head = lock_head(connection, &kept.round, survey, kept.id)?;
            if version.is_some() {
                attachments::take_over(connection, &head, &other, &merge.taken)?;
            }
            let details = json!({
                "from": other.instance_id, "from_version": other.current_version, "questions": merge.taken,
            });
            let event = NewEvent {
                actor: Some(&merge.rejection.actor),
                comment: merge.rejection.comment.as_deref(),
                details: Some(JsonText::of(&details)?),
                ..NewEvent::of(&head, EventKind::Merged, time::stored(now))
            };
            events::add(connection, &event)?;
            journal
                .note(AuditAct::ResponseMerged, head.target())
                .by(Some(&merge.rejection.actor), channel.name())
                .before(format!("version={}", kept.current_version))
                .after(format!(
                    "version={} from={} from_version={}",
                    head.current_version, other.instance_id, other.current_version
                ));
            decide(
                connection,
                journal,
                channel,
                survey,
                &other.instance_id,
                &merge.rejection,
                now,
            )?;
            lock_head(connection, &head.round, survey, head.id)
        })?;
        row.try_into()
    }
}
