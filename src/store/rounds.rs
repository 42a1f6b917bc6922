//! Rounds of fieldwork: every response belongs to one.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::locks::lock_one;
use super::schema::{round_events, rounds};
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

    /// Whether a round in this state may get that one. Staying as it is, it may.
    fn expect_becoming(self, to: Self, reason: Option<&str>) -> Result<(), StoreError> {
        match (self, to) {
            (from, to) if from == to => Ok(()),
            (Self::Planned, Self::Open) | (Self::Open, Self::Closed) => Ok(()),
            (Self::Closed, Self::Open) if reason.is_some() => Ok(()),
            (Self::Closed, Self::Open) => Err(StoreError::Refused(
                "opening a closed round again takes a reason: say why".to_owned(),
            )),
            (from, to) => Err(StoreError::Refused(format!(
                "a round that is {} can't become {}",
                from.name(),
                to.name()
            ))),
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
        self.read(|connection| find(connection, round))
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

    /// Changes a round, and notes a change of state in its history. Planned rounds are opened, open ones closed, closed
    /// ones opened again, which takes a reason.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none; [`StoreError::Refused`] where it can't become that;
    /// [`StoreError::Stale`] where it is no longer what the caller saw.
    pub fn change_round(&self, round: &str, change: &RoundChange, now: DateTime<Utc>) -> Result<Round, StoreError> {
        self.change(now, |connection, journal| {
            lock_one(connection, &["round", round])?;
            let known = find(connection, round)?;
            let stale = || StoreError::Stale {
                what: "round",
                name: round.to_owned(),
            };
            if change.seen.as_ref().is_some_and(|seen| *seen != known) {
                return Err(stale());
            }
            let to = change.state.unwrap_or(known.state);
            let reason = change
                .reason
                .as_deref()
                .map(str::trim)
                .filter(|reason| !reason.is_empty());
            known.state.expect_becoming(to, reason)?;
            let opens_on = change.opens_on.unwrap_or(known.opens_on);
            let closes_on = change.closes_on.unwrap_or(known.closes_on);
            if opens_on.zip(closes_on).is_some_and(|(first, last)| last < first) {
                return Err(StoreError::Refused("the last day is before the first day".to_owned()));
            }
            let row = rounds::table.find(round).filter(rounds::state.eq(known.state.name()));
            let changed = on_backend!(connection, |c| diesel::update(row)
                .set((
                    rounds::state.eq(to.name()),
                    rounds::opens_on.eq(opens_on),
                    rounds::closes_on.eq(closes_on),
                ))
                .execute(c))?;
            if changed == 0 {
                return Err(stale());
            }
            if (to, opens_on, closes_on) != (known.state, known.opens_on, known.closes_on) {
                let shown = |state: RoundState, first: Option<NaiveDate>, last: Option<NaiveDate>| {
                    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
                    let days = match (first, last) {
                        (None, None) => String::new(),
                        _ => format!(" days={}..{}", day(first), day(last)),
                    };
                    format!("state={}{days}", state.name())
                };
                journal
                    .note(AuditAct::RoundState, format!("rounds/{round}"))
                    .before(shown(known.state, known.opens_on, known.closes_on))
                    .after(shown(to, opens_on, closes_on));
            }
            if to != known.state {
                let event = NewEventRow {
                    round,
                    from_state: Some(known.state.name()),
                    to_state: to.name(),
                    reason,
                    actor: &change.actor,
                    at: time::stored(now),
                };
                on_backend!(connection, |c| diesel::insert_into(round_events::table)
                    .values(&event)
                    .execute(c))?;
            }
            find(connection, round)
        })
    }

    /// Opens planned rounds whose first day has come and closes open ones whose last day is over, and names them.
    ///
    /// # Errors
    /// What the database says.
    pub fn turn_rounds(&self, today: NaiveDate, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let mut turned = Vec::new();
        for round in self.rounds()? {
            let state = match round.state {
                RoundState::Planned if round.opens_on.is_some_and(|day| day <= today) => RoundState::Open,
                RoundState::Open if round.closes_on.is_some_and(|day| day < today) => RoundState::Closed,
                _ => continue,
            };
            let change = RoundChange {
                state: Some(state),
                reason: Some("its date came".to_owned()),
                actor: "calendar".to_owned(),
                ..RoundChange::default()
            };
            self.change_round(&round.round, &change, now)?;
            turned.push(round.round);
        }
        Ok(turned)
    }

    /// What happened to a round, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn round_events(&self, round: &str) -> Result<Vec<RoundEvent>, StoreError> {
        let rows: Vec<EventRow> = self.read(|connection| {
            let query = round_events::table
                .filter(round_events::round.eq(round))
                .order(round_events::id);
            Ok(on_backend!(connection, |c| query
                .select(EventRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(RoundEvent::try_from).collect()
    }
}

fn find(connection: &mut Connection<'_>, round: &str) -> Result<Round, StoreError> {
    let query = rounds::table.find(round);
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    row.ok_or_else(|| no_round(round))?.try_into()
}

/// What is to change of a round: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct RoundChange {
    /// The state.
    pub state: Option<RoundState>,
    /// The first day; `Some(None)` for none.
    pub opens_on: Option<Option<NaiveDate>>,
    /// The last day; `Some(None)` for none.
    pub closes_on: Option<Option<NaiveDate>>,
    /// Why.
    pub reason: Option<String>,
    /// Who changes it.
    pub actor: String,
    /// The round as they saw it; `None` changes it whatever it is now.
    pub seen: Option<Round>,
}

/// Something that happened to a round.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundEvent {
    /// The state before.
    pub from: Option<RoundState>,
    /// The state after.
    pub to: RoundState,
    /// Why.
    pub reason: Option<String>,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = round_events)]
struct NewEventRow<'a> {
    round: &'a str,
    from_state: Option<&'a str>,
    to_state: &'a str,
    reason: Option<&'a str>,
    actor: &'a str,
    at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = round_events)]
struct EventRow {
    from_state: Option<String>,
    to_state: String,
    reason: Option<String>,
    actor: String,
    at: NaiveDateTime,
}

impl TryFrom<EventRow> for RoundEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            from: row.from_state.as_deref().map(RoundState::from_name).transpose()?,
            to: RoundState::from_name(&row.to_state)?,
            reason: row.reason,
            actor: row.actor,
            at: time::read(row.at),
        })
    }
}
