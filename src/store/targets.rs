//! Targets of the fieldwork: responses to be collected, by city and size class.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::locks::lock_one;
use super::schema::targets;
use super::{AuditAct, Store, StoreError};

/// How many responses are to be collected.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = targets)]
pub struct Target {
    /// The round.
    pub round: String,
    /// The survey: the respondent type.
    pub survey: String,
    /// The city.
    pub city: String,
    /// The size class; empty for all of them together.
    pub size: String,
    /// How many.
    pub count: i64,
}

/// Takes in planned targets of a survey in a round that has none yet.
pub(super) fn plan(connection: &mut Connection<'_>, planned: &[Target]) -> Result<(), StoreError> {
    let mut surveys: Vec<(&str, &str)> = planned
        .iter()
        .map(|target| (target.round.as_str(), target.survey.as_str()))
        .collect();
    surveys.dedup();
    for (round, survey) in surveys {
        let known = targets::table
            .filter(targets::round.eq(round))
            .filter(targets::survey.eq(survey))
            .count();
        let known: i64 = on_backend!(connection, |c| known.get_result(c))?;
        if known > 0 {
            continue;
        }
        let rows: Vec<&Target> = planned
            .iter()
            .filter(|target| (target.round.as_str(), target.survey.as_str()) == (round, survey))
            .collect();
        on_backend!(connection, |c| diesel::insert_into(targets::table)
            .values(rows)
            .execute(c))?;
    }
    Ok(())
}

/// The targets of a survey in a round, by city and size class.
fn of(connection: &mut Connection<'_>, round: &str, survey: &str) -> Result<Vec<Target>, StoreError> {
    let query = targets::table
        .filter(targets::round.eq(round))
        .filter(targets::survey.eq(survey))
        .order((targets::city, targets::size));
    Ok(on_backend!(connection, |c| query.select(Target::as_select()).load(c))?)
}

impl Store {
    /// The targets of a survey in a round, by city and size class.
    ///
    /// # Errors
    /// What the database says.
    pub fn targets(&self, round: &str, survey: &str) -> Result<Vec<Target>, StoreError> {
        self.read(|connection| of(connection, round, survey))
    }

    /// Replaces the targets of a survey in a round, in these cities or in all. `seen` are those of these cities that
    /// the change was decided on.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where a city and size class comes twice, or a number is below zero;
    /// [`StoreError::Stale`] where they are no longer what the caller saw.
    pub fn set_targets(
        &self,
        round: &str,
        survey: &str,
        cities: Option<&[String]>,
        list: &[Target],
        seen: Option<&[Target]>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for (index, target) in list.iter().enumerate() {
            let again = |other: &Target| (&other.city, &other.size) == (&target.city, &target.size);
            if target.count < 0 || list.iter().take(index).any(again) {
                return Err(StoreError::Refused(format!(
                    "city {} size '{}': one number each, 0 or more",
                    target.city, target.size
                )));
            }
        }
        self.change(now, |connection, journal| {
            lock_one(connection, &["targets", round, survey])?;
            if let Some(seen) = seen {
                let mut known = of(connection, round, survey)?;
                known.retain(|target| cities.is_none_or(|cities| cities.contains(&target.city)));
                if known != seen {
                    return Err(StoreError::Stale {
                        what: "targets",
                        name: format!("{survey}, {round}"),
                    });
                }
            }
            on_backend!(connection, |c| {
                let all = targets::table
                    .filter(targets::round.eq(round))
                    .filter(targets::survey.eq(survey));
                match cities {
                    Some(cities) => diesel::delete(all.filter(targets::city.eq_any(cities))).execute(c),
                    None => diesel::delete(all).execute(c),
                }
            })?;
            for batch in list.chunks(500) {
                on_backend!(connection, |c| diesel::insert_into(targets::table)
                    .values(batch)
                    .execute(c))?;
            }
            let total: i64 = list.iter().map(|target| target.count).sum();
            journal
                .note(AuditAct::TargetsSet, format!("rounds/{round}/surveys/{survey}/targets"))
                .after(format!("rows={} total={total}", list.len()));
            Ok(())
        })
    }
}
