//! The proof that something was erased: when, by whom, why, in how many places. Nothing of what it was.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::store::backend::{Connection, on_backend};
use crate::store::schema::erasures;
use crate::store::{AuditAct, Journal, JsonText, Store, StoreError, time};

/// In how many places something was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Places {
    /// Responses.
    pub responses: usize,
    /// Versions of responses.
    pub versions: usize,
    /// Data keys that were destroyed: what they sealed can't be read again.
    pub keys: usize,
    /// Answers that stood in the clear.
    pub answers: usize,
    /// Findings that told an answer.
    pub findings: usize,
    /// Originals that were kept byte for byte.
    pub originals: usize,
    /// Comments of reviewers.
    pub comments: usize,
    /// Names and codes of organisations in lists.
    pub names: usize,
    /// Names of imported files.
    pub file_names: usize,
    /// Attached files.
    pub attachments: usize,
    /// Files that jobs kept.
    pub files: usize,
}

impl Places {
    /// All of them together.
    pub fn total(&self) -> usize {
        [
            self.keys,
            self.answers,
            self.findings,
            self.originals,
            self.comments,
            self.names,
            self.file_names,
            self.attachments,
            self.files,
        ]
        .iter()
        .sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.responses += other.responses;
        self.versions += other.versions;
        self.keys += other.keys;
        self.answers += other.answers;
        self.findings += other.findings;
        self.originals += other.originals;
        self.comments += other.comments;
        self.names += other.names;
        self.file_names += other.file_names;
        self.attachments += other.attachments;
        self.files += other.files;
    }
}

/// An erasure that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// The key.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: String,
    /// request, withdrawal or retention.
    pub cause: String,
    /// Why, as a case number or a rule: never whose.
    pub reason: String,
    /// Where.
    pub places: Places,
}

#[derive(Insertable)]
#[diesel(table_name = erasures)]
struct NewRow<'a> {
    at: NaiveDateTime,
    actor: &'a str,
    cause: &'a str,
    reason: &'a str,
    places: JsonText,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erasures)]
struct Row {
    id: i64,
    at: NaiveDateTime,
    actor: String,
    cause: String,
    reason: String,
    places: JsonText,
}

impl TryFrom<Row> for Erasure {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            at: time::read(row.at),
            actor: row.actor,
            cause: row.cause,
            reason: row.reason,
            places: row.places.read()?,
        })
    }
}

/// Who erases, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'a> {
    pub actor: &'a str,
    pub occasion: &'a str,
    pub reason: &'a str,
}

/// Keeps the proof, in the transaction of the erasure.
pub(super) fn keep(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    cause: Cause<'_>,
    places: Places,
    now: DateTime<Utc>,
) -> Result<Erasure, StoreError> {
    let row = NewRow {
        at: time::stored(now),
        actor: cause.actor,
        cause: cause.occasion,
        reason: cause.reason,
        places: JsonText::of(&places)?,
    };
    on_backend!(connection, |c| diesel::insert_into(erasures::table)
        .values(&row)
        .execute(c))?;
    let id = connection.inserted_id()?;
    journal
        .note(AuditAct::PersonalErased, format!("privacy/erasures/{id}"))
        .after(format!("{} places", places.total()));
    Ok(Erasure {
        id,
        at: now,
        actor: cause.actor.to_owned(),
        cause: cause.occasion.to_owned(),
        reason: cause.reason.to_owned(),
        places,
    })
}

impl Store {
    /// The newest erasures before a key (`None`: from the newest on).
    ///
    /// # Errors
    /// What the database says.
    pub fn erasures(&self, before: Option<i64>, limit: i64) -> Result<Vec<Erasure>, StoreError> {
        let query = erasures::table
            .filter(erasures::id.lt(before.unwrap_or(i64::MAX)))
            .order(erasures::id.desc())
            .limit(limit);
        let rows: Vec<Row> =
            self.read(|connection| Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?))?;
        rows.into_iter().map(Erasure::try_from).collect()
    }
}
