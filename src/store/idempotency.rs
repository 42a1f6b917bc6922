//! What was answered to requests that carried an idempotency key, so that sending one again does nothing twice.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::backend::on_backend;
use super::schema::idempotency_keys::{self, table};
use super::{JsonText, Store, StoreError, time};
use crate::response::Fingerprint;

/// How long an answer is kept to be given again.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its headers, by name.
    pub headers: Vec<(String, String)>,
    /// Its body; `None` where it held a secret, which is shown once and not kept.
    pub body: Option<Vec<u8>>,
}

/// What is known of a request when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is to be worked on, and its key is taken.
    Fresh,
    /// It was answered.
    Answered(KeptAnswer),
    /// It is worked on right now.
    InProgress,
    /// The key was used for another request.
    OtherRequest,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    fingerprint: String,
    begun_at: NaiveDateTime,
    status: Option<i64>,
    headers: Option<JsonText>,
    body: Option<Vec<u8>>,
}

impl Store {
    /// Takes the key for a request, or says what became of the request that has it. A request that was begun longer
    /// than `patience` ago and never answered died with its server: the key is free again.
    ///
    /// # Errors
    /// What the database says.
    pub fn begin_request(
        &self,
        caller: &str,
        key: &str,
        request: Fingerprint,
        patience: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Begun, StoreError> {
        let begun_at = time::stored(now);
        self.write(|connection| {
            let over = time::stored(now - KEPT_FOR);
            on_backend!(connection, |c| diesel::delete(
                table.filter(idempotency_keys::begun_at.lt(over))
            )
            .execute(c))?;
            let row = (
                idempotency_keys::caller.eq(caller),
                idempotency_keys::key.eq(key),
                idempotency_keys::fingerprint.eq(request.to_string()),
                idempotency_keys::begun_at.eq(begun_at),
            );
            let taken = on_backend!(connection, |c| diesel::insert_into(table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c))?;
            if taken == 1 {
                return Ok(Begun::Fresh);
            }
            let known: Row = on_backend!(connection, |c| table
                .find((caller, key))
                .select(Row::as_select())
                .first(c))?;
            if known.fingerprint != request.to_string() {
                return Ok(Begun::OtherRequest);
            }
            let Some(status) = known.status else {
                if now - time::read(known.begun_at) < patience {
                    return Ok(Begun::InProgress);
                }
                // Of two that find it abandoned, one takes it: the row is still the one that was read.
                let abandoned = table
                    .find((caller, key))
                    .filter(idempotency_keys::begun_at.eq(known.begun_at))
                    .filter(idempotency_keys::status.is_null());
                let retaken = on_backend!(connection, |c| diesel::update(abandoned)
                    .set(idempotency_keys::begun_at.eq(begun_at))
                    .execute(c))?;
                return Ok(if retaken == 1 { Begun::Fresh } else { Begun::InProgress });
            };
            Ok(Begun::Answered(KeptAnswer {
                status: u16::try_from(status).map_err(|_| StoreError::Unreadable(format!("HTTP status {status}")))?,
                headers: known
                    .headers
                    .map(|headers| headers.read())
                    .transpose()?
                    .unwrap_or_default(),
                body: known.body,
            }))
        })
    }

    /// Keeps the answer to a request whose key was taken.
    ///
    /// # Errors
    /// What the database says.
    pub fn finish_request(&self, caller: &str, key: &str, answer: &KeptAnswer) -> Result<(), StoreError> {
        let headers = JsonText::of(&answer.headers)?;
        self.write(|connection| {
            let change = (
                idempotency_keys::status.eq(Some(i64::from(answer.status))),
                idempotency_keys::headers.eq(Some(headers)),
                idempotency_keys::body.eq(answer.body.as_deref()),
            );
            on_backend!(connection, |c| diesel::update(table.find((caller, key)))
                .set(change)
                .execute(c))?;
            Ok(())
        })
    }

    /// Frees the key of a request that changed nothing.
    ///
    /// # Errors
    /// What the database says.
    pub fn forget_request(&self, caller: &str, key: &str) -> Result<(), StoreError> {
        self.write(|connection| {
            on_backend!(connection, |c| diesel::delete(table.find((caller, key))).execute(c))?;
            Ok(())
        })
    }
}
