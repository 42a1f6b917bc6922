//! What came of visits. Entries are only ever added.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::backend::{Connection, on_backend};
use super::schema::visits;
use super::{AuditAct, Store, StoreError, register, time};
use crate::response::Position;

/// What came of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitOutcome {
    /// The interview was done.
    Completed,
    /// A part of it was.
    Partly,
    /// They would not answer.
    Refused,
    /// The organisation no longer exists.
    Closed,
    /// Nobody was there, or the address is wrong.
    NotFound,
    /// They are to be visited at another time.
    Appointment,
}

impl VisitOutcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Partly,
        Self::Refused,
        Self::Closed,
        Self::NotFound,
        Self::Appointment,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::NotFound => "not_found",
            Self::Appointment => "appointment",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.name() == name)
            .ok_or_else(|| StoreError::Unreadable(format!("unknown outcome '{name}' of a visit")))
    }
}

/// A visit to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVisit {
    /// Who visited.
    pub member: String,
    /// What came of it.
    pub outcome: VisitOutcome,
    /// When they are to be visited again.
    pub appointment_at: Option<DateTime<Utc>>,
    /// Where it was.
    pub position: Option<Position>,
    /// What the visitor says of it.
    pub comment: Option<String>,
    /// When it was.
    pub at: DateTime<Utc>,
}

/// A visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The key: higher is later recorded.
    pub id: i64,
    /// The key of the organisation.
    pub organisation_id: i64,
    /// What was recorded.
    pub visit: NewVisit,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = visits)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    organisation_id: i64,
    member: &'a str,
    outcome: &'a str,
    appointment_at: Option<NaiveDateTime>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy: Option<f64>,
    comment: Option<&'a str>,
    at: NaiveDateTime,
    recorded_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = visits)]
struct Row {
    id: i64,
    organisation_id: i64,
    member: String,
    outcome: String,
    appointment_at: Option<NaiveDateTime>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy: Option<f64>,
    comment: Option<String>,
    at: NaiveDateTime,
    recorded_at: NaiveDateTime,
}

impl TryFrom<Row> for Visit {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            organisation_id: row.organisation_id,
            visit: NewVisit {
                outcome: VisitOutcome::from_name(&row.outcome)?,
                member: row.member,
                appointment_at: row.appointment_at.map(time::read),
                position: row.latitude.zip(row.longitude).map(|(latitude, longitude)| Position {
                    latitude,
                    longitude,
                    accuracy: row.accuracy,
                }),
                comment: row.comment,
                at: time::read(row.at),
            },
            recorded_at: time::read(row.recorded_at),
        })
    }
}

/// The visits to organisations, the oldest first.
pub(super) fn of(connection: &mut Connection<'_>, organisations: &[i64]) -> Result<Vec<Visit>, StoreError> {
    let query = visits::table
        .filter(visits::organisation_id.eq_any(organisations))
        .order(visits::id);
    let rows: Vec<Row> = on_backend!(connection, |c| query.select(Row::as_select()).load(c))?;
    rows.into_iter().map(Visit::try_from).collect()
}

impl Store {
    /// Records a visit to an organisation of the register.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such organisation; [`StoreError::Refused`] for an appointment
    /// without a time.
    pub fn add_visit(
        &self,
        round: &str,
        survey: &str,
        code: &str,
        visit: &NewVisit,
        now: DateTime<Utc>,
    ) -> Result<Visit, StoreError> {
        if (visit.outcome == VisitOutcome::Appointment) != visit.appointment_at.is_some() {
            return Err(StoreError::Refused(
                "an appointment needs its time (appointment_at), and nothing else has one".to_owned(),
            ));
        }
        self.change(now, |connection, journal| {
            let organisation = register::find(connection, round, survey, code)?;
            let row = NewRow {
                round,
                survey,
                organisation_id: organisation.id,
                member: &visit.member,
                outcome: visit.outcome.name(),
                appointment_at: visit.appointment_at.map(time::stored),
                latitude: visit.position.map(|position| position.latitude),
                longitude: visit.position.map(|position| position.longitude),
                accuracy: visit.position.and_then(|position| position.accuracy),
                comment: visit.comment.as_deref(),
                at: time::stored(visit.at),
                recorded_at: time::stored(now),
            };
            on_backend!(connection, |c| diesel::insert_into(visits::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            journal
                .note(
                    AuditAct::VisitRecorded,
                    format!("rounds/{round}/surveys/{survey}/register/{code}"),
                )
                .after(format!("outcome={}", visit.outcome.name()));
            // As the database keeps times.
            let kept = |at| time::read(time::stored(at));
            Ok(Visit {
                id,
                organisation_id: organisation.id,
                recorded_at: kept(now),
                visit: NewVisit {
                    at: kept(visit.at),
                    appointment_at: visit.appointment_at.map(kept),
                    ..visit.clone()
                },
            })
        })
    }

    /// The visits to an organisation, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such organisation.
    pub fn visits(&self, round: &str, survey: &str, code: &str) -> Result<Vec<Visit>, StoreError> {
        self.snapshot(|connection| {
            let organisation = register::find(connection, round, survey, code)?;
            of(connection, &[organisation.id])
        })
    }
}
