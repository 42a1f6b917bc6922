//! The history of a response: what happened to it, when, by whom. Entries are only ever added.

#![allow(
    clippy::ref_option_ref,
    reason = "what diesel derives takes references to the fields"
)]

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::backend::{Connection, on_backend};
use super::heads::HeadRow;
use super::responses::{find_head, no_response, read_door, read_state};
use super::rows::in_arrays;
use super::schema::response_events;
use super::{JsonText, Store, StoreError, time};
use crate::response::{Door, ReviewState};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The first version came.
    Received,
    /// A new version came and is the present one.
    Edited,
    /// A version came that an edit had already replaced, or that is older than another edit of the same one.
    EarlierVersion,
    /// Responses that turned out to be versions of this one were joined to it.
    Joined,
    /// Somebody changed the review state.
    StateChanged,
    /// Somebody said something about it.
    Commented,
    /// Answers of another response of the organisation were taken over.
    Merged,
    /// Consent was withdrawn.
    ConsentWithdrawn,
    /// What is personal of it, or tells whose it is, was erased.
    Erased,
    /// A file came that the response names.
    Attached,
}

impl EventKind {
    const ALL: [Self; 10] = [
        Self::Received,
        Self::Edited,
        Self::EarlierVersion,
        Self::Joined,
        Self::StateChanged,
        Self::Commented,
        Self::Merged,
        Self::ConsentWithdrawn,
        Self::Erased,
        Self::Attached,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Edited => "edited",
            Self::EarlierVersion => "earlier_version",
            Self::Joined => "joined",
            Self::StateChanged => "state_changed",
            Self::Commented => "commented",
            Self::Merged => "merged",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Erased => "erased",
            Self::Attached => "attached",
        }
    }
}

/// One entry of a response's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The key: higher is later.
    pub id: i64,
    /// What happened.
    pub kind: EventKind,
    /// The version that came, or was the present one.
    pub version_id: Option<i64>,
    /// The state before.
    pub from: Option<ReviewState>,
    /// The state after.
    pub to: Option<ReviewState>,
    /// Who did it.
    pub actor: Option<String>,
    /// The door a version came through.
    pub door: Option<Door>,
    /// What they said about it.
    pub comment: Option<String>,
    /// Comments by question and whom they are for, where it was returned.
    pub details: Option<JsonText>,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Insertable, Default)]
#[diesel(table_name = response_events, treat_none_as_default_value = false)]
pub(super) struct NewEvent<'a> {
    pub round: &'a str,
    pub survey: &'a str,
    pub response_id: i64,
    pub version_id: Option<i64>,
    pub kind: &'a str,
    pub from_state: Option<&'a str>,
    pub to_state: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub door: Option<&'a str>,
    pub comment: Option<&'a str>,
    pub details: Option<JsonText>,
    pub at: NaiveDateTime,
}

in_arrays! {
    NewEvent<'_> => response_events:
    round, survey, response_id, version_id, kind, from_state, to_state, actor, door, comment, details, at
}

impl<'a> NewEvent<'a> {
    /// An event of this response, with its state now.
    pub(super) fn of(head: &'a HeadRow, kind: EventKind, at: NaiveDateTime) -> Self {
        Self {
            round: &head.round,
            survey: &head.survey,
            response_id: head.id,
            version_id: Some(head.current_version),
            kind: kind.name(),
            to_state: Some(&head.state),
            at,
            ..Self::default()
        }
    }
}

pub(super) fn add(connection: &mut Connection<'_>, event: &NewEvent<'_>) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::insert_into(response_events::table)
        .values(event)
        .execute(c))?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_events)]
struct Row {
    id: i64,
    kind: String,
    version_id: Option<i64>,
    from_state: Option<String>,
    to_state: Option<String>,
    actor: Option<String>,
    door: Option<String>,
    comment: Option<String>,
    details: Option<JsonText>,
    at: NaiveDateTime,
}

impl TryFrom<Row> for Event {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = EventKind::ALL
            .into_iter()
            .find(|kind| kind.name() == row.kind)
            .ok_or_else(|| StoreError::Unreadable(format!("unknown event '{}'", row.kind)))?;
        Ok(Self {
            id: row.id,
            kind,
            version_id: row.version_id,
            from: row.from_state.as_deref().map(read_state).transpose()?,
            to: row.to_state.as_deref().map(read_state).transpose()?,
            actor: row.actor,
            door: row.door.as_deref().map(read_door).transpose()?,
            comment: row.comment,
            details: row.details,
            at: time::read(row.at),
        })
    }
}

impl Store {
    /// The history of a response, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such response.
    pub fn response_events(&self, survey: &str, instance_id: &str) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<Row> = self.snapshot(|connection| {
            let head = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            let query = response_events::table
                .filter(response_events::round.eq(&head.round))
                .filter(response_events::survey.eq(&head.survey))
                .filter(response_events::response_id.eq(head.id))
                .order(response_events::id);
            Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?)
        })?;
        rows.into_iter().map(Event::try_from).collect()
    }
}
