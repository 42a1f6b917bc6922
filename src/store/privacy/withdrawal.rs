//! Withdrawing consent to a response.

use chrono::{DateTime, Utc};

use super::Definitions;
use super::erasure::ErasureScope;
use super::proof::{Cause, Erasure, keep};
use super::retention::{OnWithdrawal, rule_of};
use crate::response::ReviewState;
use crate::store::backend::Connection;
use crate::store::duplicates::recount_duplicates;
use crate::store::events::{self, EventKind, NewEvent};
use crate::store::heads::{lock_head, update_head};
use crate::store::locks::{organisation_lock, take_locks};
use crate::store::responses::{Head, find_head, no_response};
use crate::store::{AuditAct, Store, StoreError, time};

/// What became of a response whose consent was withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawn {
    /// The response.
    pub head: Head,
    /// The proof that its personal answers were erased; `None` where the round's rule keeps them, or it had been done.
    pub erasure: Option<Erasure>,
}

impl Store {
    /// Withdraws consent to a response: it leaves lists, exports and assessments from now on, takes no new version, and
    /// its personal answers are erased unless the rule of its round keeps them. Doing it twice changes nothing more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such response.
    pub fn withdraw_consent(
        &self,
        survey: &str,
        instance_id: &str,
        actor: &str,
        definitions: &Definitions<'_>,
        now: DateTime<Utc>,
    ) -> Result<Withdrawn, StoreError> {
        let (row, erasure) = self.change(now, |connection, journal| {
            let found = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            if let Connection::Postgres(_) = connection {
                let lock = organisation_lock(&found.round, survey, found.organisation.as_deref());
                take_locks(connection, lock.into_iter().collect())?;
            }
            let mut head = lock_head(connection, &found.round, survey, found.id)?;
            if head.withdrawn_at.is_some() {
                return Ok((head, None));
            }
            let organisation = head.organisation.clone();
            journal.note(AuditAct::ConsentWithdrawn, head.target());
            let before = head.state.clone();
            ReviewState::Rejected.name().clone_into(&mut head.state);
            head.withdrawn_at = Some(time::stored(now));
            head.revision += 1;
            head.updated_at = time::stored(now);
            update_head(connection, &head)?;
            let event = NewEvent {
                from_state: Some(&before),
                actor: Some(actor),
                ..NewEvent::of(&head, EventKind::ConsentWithdrawn, head.updated_at)
            };
            events::add(connection, &event)?;
            let erasure = match rule_of(connection, &head.round)?.map(|rule| rule.on_withdrawal) {
                Some(OnWithdrawal::Keep) => None,
                Some(OnWithdrawal::Erase) | None => {
                    let scope = ErasureScope::Personal;
                    let places = self.erase_response(connection, &head, scope, actor, definitions, now)?;
                    let cause = Cause {
                        actor,
                        occasion: "withdrawal",
                        reason: "consent withdrawn",
                    };
                    Some(keep(connection, journal, cause, places, now)?)
                }
            };
            recount_duplicates(connection, &head.round, survey, organisation.as_deref())?;
            Ok((lock_head(connection, &head.round, survey, head.id)?, erasure))
        })?;
        if erasure.is_some() {
            self.overwrite_old_pages()?;
        }
        Ok(Withdrawn {
            head: row.try_into()?,
            erasure,
        })
    }
}
