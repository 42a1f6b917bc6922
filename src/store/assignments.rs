//! Who visits whom. What became of an assignment is not kept: it follows from responses and visits.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::backend::{Connection, on_backend};
use super::register::{self, Organisation, RegisterOf};
use super::schema::{assignments, organisations, responses};
use super::visits::{self, Visit};
use super::{AuditAct, Store, StoreError, VisitOutcome, time};
use crate::response::{ReviewState, Role};

/// Where an assignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// Nothing came of it yet.
    Open,
    /// A response of the organisation is there, and was not rejected or returned.
    Completed,
    /// Its response was returned, or has problems.
    Returned,
    /// The last visit ended so, and no response came.
    Visited(VisitOutcome),
}

impl AssignmentState {
    /// Its name in the API; of a visit, that of its outcome.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Returned => "returned",
            // Said to be done, but the response has not come: it may still be on the phone.
            Self::Visited(VisitOutcome::Completed) => "response_awaited",
            Self::Visited(outcome) => outcome.name(),
        }
    }
}

/// An organisation that is given to somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    /// The key of the assignment.
    pub id: i64,
    /// The organisation.
    pub organisation: Organisation,
    /// Who visits it.
    pub member: String,
    /// When it was given to them.
    pub assigned_at: DateTime<Utc>,
    /// By whom.
    pub assigned_by: String,
    /// Where it stands.
    pub state: AssignmentState,
    /// The last visit.
    pub last_visit: Option<Visit>,
    /// The instance ID of the response of the organisation, where one is there.
    pub response: Option<String>,
}

/// Organisations to be given to somebody.
#[derive(Debug, Clone)]
pub struct NewAssignments {
    /// Who is to visit them.
    pub member: String,
    /// Their credit codes.
    pub codes: Vec<String>,
    /// Whether those that somebody else has are given to this member.
    pub reassign: bool,
}

/// Which assignments.
#[derive(Debug, Clone, Default)]
pub struct AssignmentFilter {
    /// Of this member.
    pub member: Option<String>,
    /// Of organisations in these cities.
    pub cities: Option<Vec<String>>,
    /// Of this organisation.
    pub code: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = assignments)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    organisation_id: i64,
    member: &'a str,
    assigned_at: NaiveDateTime,
    assigned_by: &'a str,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = assignments)]
struct Row {
    id: i64,
    organisation_id: i64,
    member: String,
    assigned_at: NaiveDateTime,
    assigned_by: String,
}

/// Who has an organisation now.
fn present(connection: &mut Connection<'_>, organisation: i64) -> Result<Option<Row>, StoreError> {
    let query = assignments::table
        .filter(assignments::organisation_id.eq(organisation))
        .filter(assignments::ended_at.is_null());
    Ok(on_backend!(connection, |c| query
        .select(Row::as_select())
        .first(c)
        .optional())?)
}

fn end(connection: &mut Connection<'_>, id: i64, actor: &str, now: NaiveDateTime) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::update(assignments::table.find(id))
        .set((assignments::ended_at.eq(now), assignments::ended_by.eq(actor)))
        .execute(c))?;
    Ok(())
}

fn within(organisation: &Organisation, cities: Option<&[String]>) -> Result<(), StoreError> {
    if cities.is_none_or(|cities| cities.contains(&organisation.entry.city)) {
        return Ok(());
    }
    Err(StoreError::NotFound {
        what: "organisation",
        name: organisation.entry.code.clone(),
    })
}

impl Store {
    /// Gives organisations to a member of the field team: all of them or none. Who has one already keeps it, unless
    /// `reassign`. `cities` are those of whoever gives them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a member or an organisation that is not there; [`StoreError::Refused`] where the
    /// member is out, does not interview or may not see a city, or an organisation is somebody else's.
    pub fn assign(
        &self,
        of: &RegisterOf,
        new: &NewAssignments,
        cities: Option<&[String]>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let user = self.user(&new.member)?;
        if user.disabled || !matches!(user.role, Role::Field | Role::Supervisor | Role::Operator) {
            return Err(StoreError::Refused(format!(
                "'{}' is disabled, or is no member of a field team",
                new.member
            )));
        }
        let stored_now = time::stored(now);
        self.change(now, |connection, journal| {
            let now = stored_now;
            let mut given = 0;
            for code in &new.codes {
                let organisation = register::find(connection, &of.round, &of.survey, code)?;
                within(&organisation, cities)?;
                if within(&organisation, user.cities.as_deref()).is_err() {
                    return Err(StoreError::Refused(format!(
                        "'{}' may not see the city {} of '{code}'",
                        new.member, organisation.entry.city
                    )));
                }
                match present(connection, organisation.id)? {
                    Some(row) if row.member == new.member => continue,
                    Some(row) if !new.reassign => {
                        return Err(StoreError::Refused(format!(
                            "'{code}' is given to '{}': say reassign to give it to '{}'",
                            row.member, new.member
                        )));
                    }
                    Some(row) => end(connection, row.id, &of.actor, now)?,
                    None => {}
                }
                let row = NewRow {
                    round: &of.round,
                    survey: &of.survey,
                    organisation_id: organisation.id,
                    member: &new.member,
                    assigned_at: now,
                    assigned_by: &of.actor,
                };
                on_backend!(connection, |c| diesel::insert_into(assignments::table)
                    .values(&row)
                    .execute(c))?;
                journal
                    .note(AuditAct::AssignmentGiven, format!("{}/{code}", of.target()))
                    .after(format!("member={}", new.member));
                given += 1;
            }
            Ok(given)
        })
    }

    /// Takes organisations back from whoever has them, and says how many were given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an organisation that is not there.
    pub fn unassign(
        &self,
        of: &RegisterOf,
        codes: &[String],
        cities: Option<&[String]>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        self.change(now, |connection, journal| {
            let mut taken = 0;
            for code in codes {
                let organisation = register::find(connection, &of.round, &of.survey, code)?;
                within(&organisation, cities)?;
                if let Some(row) = present(connection, organisation.id)? {
                    end(connection, row.id, &of.actor, time::stored(now))?;
                    journal
                        .note(AuditAct::AssignmentEnded, format!("{}/{code}", of.target()))
                        .before(format!("member={}", row.member));
                    taken += 1;
                }
            }
            Ok(taken)
        })
    }

    /// Present assignments after a key (`None`: from the first on), with where each stands.
    ///
    /// # Errors
    /// What the database says.
    pub fn assignments(
        &self,
        round: &str,
        survey: &str,
        filter: &AssignmentFilter,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Assigned>, StoreError> {
        self.snapshot(|connection| {
            let rows: Vec<(Row, register::Row)> = on_backend!(connection, |c: Db| {
                let mut query = assignments::table
                    .inner_join(organisations::table.on(organisations::id.eq(assignments::organisation_id)))
                    .filter(assignments::round.eq(round))
                    .filter(assignments::survey.eq(survey))
                    .filter(assignments::ended_at.is_null())
                    .filter(assignments::id.gt(after.unwrap_or(0)))
                    .into_boxed::<Db>();
                if let Some(member) = &filter.member {
                    query = query.filter(assignments::member.eq(member));
                }
                if let Some(cities) = &filter.cities {
                    query = query.filter(organisations::city.eq_any(cities));
                }
                if let Some(code) = &filter.code {
                    query = query.filter(organisations::code.eq(code));
                }
                query
                    .order(assignments::id)
                    .limit(limit)
                    .select((Row::as_select(), register::Row::as_select()))
                    .load(c)
            })?;
            let organisations: Vec<i64> = rows.iter().map(|(row, _)| row.organisation_id).collect();
            // The last of each is the one that is left.
            let mut last_visits: HashMap<i64, Visit> = visits::of(connection, &organisations)?
                .into_iter()
                .map(|visit| (visit.organisation_id, visit))
                .collect();
            let keys: Vec<String> = rows.iter().map(|(_, row)| format!("code:{}", row.code)).collect();
            let answered = answered(connection, round, survey, &keys)?;
            let assigned = rows.into_iter().zip(keys).map(|((row, organisation), key)| {
                let last_visit = last_visits.remove(&row.organisation_id);
                let response = answered.get(&key);
                let state = match (response, &last_visit) {
                    (Some((_, state)), _) if *state == ReviewState::HasIssues => AssignmentState::Returned,
                    (Some(_), _) => AssignmentState::Completed,
                    (None, Some(visit)) => AssignmentState::Visited(visit.visit.outcome),
                    (None, None) => AssignmentState::Open,
                };
                Assigned {
                    id: row.id,
                    organisation: organisation.into(),
                    member: row.member,
                    assigned_at: time::read(row.assigned_at),
                    assigned_by: row.assigned_by,
                    state,
                    last_visit,
                    response: response.map(|(instance_id, _)| instance_id.clone()),
                }
            });
            Ok(assigned.collect())
        })
    }
}

/// The newest live response of each organisation that has one.
fn answered(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    keys: &[String],
) -> Result<HashMap<String, (String, ReviewState)>, StoreError> {
    let query = responses::table
        .filter(responses::round.eq(round))
        .filter(responses::survey.eq(survey))
        .filter(responses::organisation.eq_any(keys))
        .filter(responses::test.eq(false))
        .filter(responses::state.ne(ReviewState::Rejected.name()))
        .order(responses::id)
        .select((responses::organisation, responses::instance_id, responses::state));
    let rows: Vec<(Option<String>, String, String)> = on_backend!(connection, |c| query.load(c))?;
    rows.into_iter()
        .filter_map(|(key, instance_id, state)| Some((key?, instance_id, state)))
        .map(|(key, instance_id, state)| Ok((key, (instance_id, super::responses::read_state(&state)?))))
        .collect()
}
