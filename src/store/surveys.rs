//! Surveys and the states that decide whether they are listed and accept responses.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::schema::surveys;
use super::{AuditAct, Store, StoreError};
use crate::definition::SurveyState;

#[derive(Insertable)]
#[diesel(table_name = surveys)]
struct NewRow<'a> {
    survey: &'a str,
    state: &'a str,
    created_at: NaiveDateTime,
}

/// Makes sure that there is such a survey; one that is new has this state.
pub(super) fn ensure(
    connection: &mut Connection<'_>,
    survey: &str,
    state: SurveyState,
    now: NaiveDateTime,
) -> Result<(), StoreError> {
    let row = NewRow {
        survey,
        state: state.name(),
        created_at: now,
    };
    on_backend!(connection, |c| diesel::insert_into(surveys::table)
        .values(&row)
        .on_conflict(surveys::survey)
        .do_nothing()
        .execute(c))?;
    Ok(())
}

impl Store {
    /// The surveys with their states, by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn surveys(&self) -> Result<Vec<(String, SurveyState)>, StoreError> {
        let rows: Vec<(String, String)> = self.read(|connection| {
            let query = surveys::table
                .order(surveys::survey)
                .select((surveys::survey, surveys::state));
            Ok(on_backend!(connection, |c| query.load(c))?)
        })?;
        rows.into_iter()
            .map(|(survey, state)| match SurveyState::from_name(&state) {
                Some(state) => Ok((survey, state)),
                None => Err(StoreError::Unreadable(format!(
                    "unknown state '{state}' of survey '{survey}'"
                ))),
            })
            .collect()
    }

    /// Moves a survey to a state that may follow its present one; only where that is `still`, if it is given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] where the state may not follow; [`StoreError::Stale`] where it
    /// is in another state by now.
    pub fn set_survey_state(
        &self,
        survey: &str,
        to: SurveyState,
        still: Option<SurveyState>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let state: Option<String> = on_backend!(connection, |c| surveys::table
                .find(survey)
                .select(surveys::state)
                .first(c)
                .optional())?;
            let Some(from) = state.as_deref().and_then(SurveyState::from_name) else {
                return Err(StoreError::NotFound {
                    what: "survey",
                    name: survey.to_owned(),
                });
            };
            let stale = || StoreError::Stale {
                what: "survey",
                name: survey.to_owned(),
            };
            if still.is_some_and(|still| still != from) {
                return Err(stale());
            }
            if from != to && !from.next().contains(&to) {
                return Err(StoreError::Refused(format!(
                    "survey '{survey}' can't go from {} to {}",
                    from.name(),
                    to.name()
                )));
            }
            let row = surveys::table.find(survey).filter(surveys::state.eq(from.name()));
            let changed = on_backend!(connection, |c| diesel::update(row)
                .set(surveys::state.eq(to.name()))
                .execute(c))?;
            if changed == 0 {
                return Err(stale());
            }
            journal
                .note(AuditAct::SurveyState, format!("surveys/{survey}"))
                .before(format!("state={}", from.name()))
                .after(format!("state={}", to.name()));
            Ok(())
        })
    }
}
