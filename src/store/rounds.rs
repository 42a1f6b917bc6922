//! Rounds of fieldwork: every response belongs to one.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::schema::rounds;
use super::{AuditAct, JsonText, Store, StoreError, time};
use crate::definition::Text;

/// Whether a round takes responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// Not yet.
    Planned,
    /// Now.
    Open,
    /// No longer.
    Closed,
}

impl RoundState {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::Planned, Self::Open, Self::Closed]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| StoreError::Unreadable(format!("unknown state '{name}' of a round")))
    }
}

/// A round of fieldwork.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// Its code, as `2026`.
    pub round: String,
    /// Its name, by language.
    pub label: Text,
    /// Whether it takes responses.
    pub state: RoundState,
    /// The first day of the fieldwork.
    pub opens_on: Option<NaiveDate>,
    /// The last day of the fieldwork.
    pub closes_on: Option<NaiveDate>,
    /// Whether its responses are synthetic: made for demonstration, and marked wherever they show.
    pub synthetic: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rounds)]
struct Row {
    round: String,
    label: String,
    state: String,
    opens_on: Option<NaiveDate>,
    closes_on: Option<NaiveDate>,
    synthetic: bool,
}

impl TryFrom<Row> for Round {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            state: RoundState::from_name(&row.state)?,
            label: JsonText(row.label).read()?,
            round: row.round,
            opens_on: row.opens_on,
            closes_on: row.closes_on,
            synthetic: row.synthetic,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = rounds, treat_none_as_default_value = false)]
struct NewRow<'a> {
    round: &'a str,
    label: String,
    state: &'a str,
    opens_on: Option<NaiveDate>,
    closes_on: Option<NaiveDate>,
    synthetic: bool,
    created_at: NaiveDateTime,
}

/// Adds a round; false where there is one of that code.
pub(super) fn add(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    round: &Round,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let row = NewRow {
        round: &round.round,
        label: JsonText::of(&round.label)?.0,
        state: round.state.name(),
        opens_on: round.opens_on,
        closes_on: round.closes_on,
        synthetic: round.synthetic,
        created_at: now,
    };
    let added = on_backend!(connection, |c| diesel::insert_into(rounds::table)
        .values(&row)
        .on_conflict(rounds::round)
        .do_nothing()
        .execute(c))?;
    if added > 0 {
        journal
            .note(AuditAct::RoundAdded, format!("rounds/{}", round.round))
            .after(format!("state={}", round.state.name()));
    }
    Ok(added > 0)
}

fn no_round(round: &str) -> StoreError {
    StoreError::NotFound {
        what: "round",
        name: round.to_owned(),
    }
}

/// How many rounds there are.
pub(super) fn count(connection: &mut Connection<'_>) -> Result<i64, StoreError> {
    Ok(on_backend!(connection, |c| rounds::table.count().get_result(c))?)
}

impl Store {
    /// Adds a round.
    ///
    /// # Errors
    /// [`StoreError::Exists`], or [`StoreError::Refused`] for a code that is no code.
    pub fn add_round(&self, round: &Round, now: DateTime<Utc>) -> Result<(), StoreError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if round.round.is_empty() || round.round.len() > 64 || !round.round.chars().all(allowed) {
            return Err(StoreError::Refused(format!(
                "'{}' can't name a round: write up to 64 letters, digits and -_.",
                round.round
            )));
        }
        self.change(now, |connection, journal| {
            if add(connection, journal, round, time::stored(now))? {
                return Ok(());
            }
            Err(StoreError::Exists {
                what: "round",
                name: round.round.clone(),
            })
        })?;
        self.partition_rounds();
        Ok(())
    }

    /// All rounds, by code.
    ///
    /// # Errors
    /// What the database says.
    pub fn rounds(&self) -> Result<Vec<Round>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            let query = rounds::table.order(rounds::round);
            Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?)
        })?;
        rows.into_iter().map(Round::try_from).collect()
    }

    /// One round.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn round(&self, round: &str) -> Result<Round, StoreError> {
        let row: Option<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c| rounds::table
                .find(round)
                .select(Row::as_select())
                .first(c)
                .optional())?)
        })?;
        row.ok_or_else(|| no_round(round))?.try_into()
    }

    /// The round that a response belongs to which names none: the only open one. `None` where none is open, or several.
    ///
    /// # Errors
    /// What the database says.
    pub fn default_round(&self) -> Result<Option<String>, StoreError> {
        let mut open: Vec<String> = self.read(|connection| {
            let query = rounds::table
                .filter(rounds::state.eq(RoundState::Open.name()))
                .select(rounds::round)
                .limit(2);
            Ok(on_backend!(connection, |c| query.load(c))?)
        })?;
        Ok(if open.len() == 1 { open.pop() } else { None })
    }

    /// Opens or closes a round; only where it is in the state `still`, if that is given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, [`StoreError::Stale`] where it is in another state by now.
    pub fn set_round_state(
        &self,
        round: &str,
        state: RoundState,
        still: Option<RoundState>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let before: Option<String> = on_backend!(connection, |c| rounds::table
                .find(round)
                .select(rounds::state)
                .first(c)
                .optional())?;
            let before = before.ok_or_else(|| no_round(round))?;
            let expected = still.map_or(before.clone(), |still| still.name().to_owned());
            let row = rounds::table.find(round).filter(rounds::state.eq(expected));
            let changed = on_backend!(connection, |c| diesel::update(row)
                .set(rounds::state.eq(state.name()))
                .execute(c))?;
            if changed == 0 {
                return Err(StoreError::Stale {
                    what: "round",
                    name: round.to_owned(),
                });
            }
            journal
                .note(AuditAct::RoundState, format!("rounds/{round}"))
                .before(format!("state={before}"))
                .after(format!("state={}", state.name()));
            Ok(())
        })
    }
}
