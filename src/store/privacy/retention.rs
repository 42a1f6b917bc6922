//! How long the answers of a round are kept after it closed.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Definitions;
use super::erasure::ErasureScope;
use super::proof::{Cause, Erasure, Places, keep};
use crate::store::backend::{Connection, on_backend};
use crate::store::heads::HeadRow;
use crate::store::locks::lock_one;
use crate::store::schema::{response_versions, responses, retention_rules};
use crate::store::{AuditAct, RoundState, Store, StoreError, time};

/// What becomes of personal answers when consent is withdrawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnWithdrawal {
    /// They are erased.
    #[default]
    Erase,
    /// They are kept, sealed: where a law or a dispute asks for it.
    Keep,
}

/// How long the answers of a round are kept, in days after its last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// The round.
    pub round: String,
    /// Personal answers; for ever where nothing is said.
    pub personal_days: Option<i64>,
    /// All answers, with their history; for ever where nothing is said.
    pub all_days: Option<i64>,
    /// What becomes of personal answers when consent is withdrawn.
    pub on_withdrawal: OnWithdrawal,
}

impl RetentionRule {
    /// The rule of a round of which nothing was said: everything is kept for ever, and a withdrawal erases.
    fn unsaid(round: &str) -> Self {
        Self {
            round: round.to_owned(),
            personal_days: None,
            all_days: None,
            on_withdrawal: OnWithdrawal::default(),
        }
    }
}

/// What is due to go in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The round.
    pub round: String,
    /// Its last day.
    pub closed_on: NaiveDate,
    /// How many responses still have personal answers that are due.
    pub personal: i64,
    /// How many responses are due as a whole.
    pub all: i64,
}

/// How many responses go in one transaction.
const BATCH: i64 = 200;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = retention_rules, treat_none_as_null = true)]
struct Row {
    round: String,
    personal_days: Option<i64>,
    all_days: Option<i64>,
    on_withdrawal: String,
    updated_at: NaiveDateTime,
    updated_by: String,
}

impl From<Row> for RetentionRule {
    fn from(row: Row) -> Self {
        Self {
            round: row.round,
            personal_days: row.personal_days,
            all_days: row.all_days,
            // The table's own check allows no third word.
            on_withdrawal: if row.on_withdrawal == "keep" {
                OnWithdrawal::Keep
            } else {
                OnWithdrawal::Erase
            },
        }
    }
}

pub(super) fn rule_of(connection: &mut Connection<'_>, round: &str) -> Result<Option<RetentionRule>, StoreError> {
    let query = retention_rules::table.find(round);
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    Ok(row.map(RetentionRule::from))
}

/// That the rule of a round is still what the caller saw.
fn expect_rule(connection: &mut Connection<'_>, seen: &RetentionRule) -> Result<(), StoreError> {
    let known = rule_of(connection, &seen.round)?;
    if known.unwrap_or_else(|| RetentionRule::unsaid(&seen.round)) == *seen {
        return Ok(());
    }
    Err(StoreError::Stale {
        what: "retention rule",
        name: seen.round.clone(),
    })
}

/// Which part of a round's responses is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Personal,
    All,
}

impl Store {
    /// The rules, by round.
    ///
    /// # Errors
    /// What the database says.
    pub fn retention_rules(&self) -> Result<Vec<RetentionRule>, StoreError> {
        let query = retention_rules::table.order(retention_rules::round);
        let rows: Vec<Row> =
            self.read(|connection| Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?))?;
        Ok(rows.into_iter().map(RetentionRule::from).collect())
    }

    /// The rule of a round; where nothing was said of it, the one that holds then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such round.
    pub fn retention_rule(&self, round: &str) -> Result<RetentionRule, StoreError> {
        self.round(round)?;
        let rule = self.read(|connection| rule_of(connection, round))?;
        Ok(rule.unwrap_or_else(|| RetentionRule::unsaid(round)))
    }

    /// Sets the rule of a round. `seen` is the one that the change was decided on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such round; [`StoreError::Refused`] for a number of days below zero, or
    /// personal answers that are kept longer than the rest; [`StoreError::Stale`] where the rule is no longer what the
    /// caller saw.
    pub fn set_retention_rule(
        &self,
        rule: &RetentionRule,
        seen: Option<&RetentionRule>,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let days = [rule.personal_days, rule.all_days];
        if days.iter().flatten().any(|days| !(0..=36_500).contains(days)) {
            return Err(StoreError::Refused("days are a number from 0 to 36500".to_owned()));
        }
        if matches!(days, [Some(personal), Some(all)] if personal > all) {
            return Err(StoreError::Refused(
                "personal answers can't be kept longer than all answers are".to_owned(),
            ));
        }
        self.round(&rule.round)?;
        let row = Row {
            round: rule.round.clone(),
            personal_days: rule.personal_days,
            all_days: rule.all_days,
            on_withdrawal: match rule.on_withdrawal {
                OnWithdrawal::Erase => "erase".to_owned(),
                OnWithdrawal::Keep => "keep".to_owned(),
            },
            updated_at: time::stored(now),
            updated_by: actor.to_owned(),
        };
        let said = |days: Option<i64>| days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
        self.change(now, |connection, journal| {
            lock_one(connection, &["retention rule", &rule.round])?;
            if let Some(seen) = seen {
                expect_rule(connection, seen)?;
            }
            journal
                .note(AuditAct::RetentionSet, format!("rounds/{}", rule.round))
                .after(format!(
                    "personal {}, all {}, on withdrawal {}",
                    said(rule.personal_days),
                    said(rule.all_days),
                    row.on_withdrawal
                ));
            on_backend!(connection, |c| diesel::insert_into(retention_rules::table)
                .values(&row)
                .on_conflict(retention_rules::round)
                .do_update()
                .set(&row)
                .execute(c))?;
            Ok(())
        })
    }

    /// What is due to go by the rules.
    ///
    /// # Errors
    /// What the database says.
    pub fn retention_due(&self, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        let rounds = self.rounds()?;
        for rule in self.retention_rules()? {
            let closed = rounds
                .iter()
                .find(|round| round.round == rule.round && round.state == RoundState::Closed)
                .and_then(|round| round.closes_on);
            let Some(closed_on) = closed else { continue };
            let over = |days: Option<i64>| {
                days.and_then(TimeDelta::try_days)
                    .and_then(|days| closed_on.checked_add_signed(days))
                    .is_some_and(|last| last < now.date_naive())
            };
            let count = |part: Part, over: bool| {
                if over {
                    self.read(|connection| count(connection, &rule.round, part))
                } else {
                    Ok(0)
                }
            };
            let all = count(Part::All, over(rule.all_days))?;
            let personal = count(Part::Personal, all == 0 && over(rule.personal_days))?;
            if all + personal > 0 {
                due.push(Due {
                    round: rule.round.clone(),
                    closed_on,
                    personal,
                    all,
                });
            }
        }
        Ok(due)
    }

    /// Erases what is due by the rules, and returns the proofs.
    ///
    /// # Errors
    /// What the database says; what was erased until then has its proof.
    pub fn apply_retention(
        &self,
        actor: &str,
        definitions: &Definitions<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Erasure>, StoreError> {
        let mut proofs = Vec::new();
        for due in self.retention_due(now)? {
            let part = if due.all > 0 { Part::All } else { Part::Personal };
            let reason = format!(
                "{} of round {}, closed on {}",
                if part == Part::All {
                    "all answers"
                } else {
                    "personal answers"
                },
                due.round,
                due.closed_on
            );
            let cause = Cause {
                actor,
                occasion: "retention",
                reason: &reason,
            };
            loop {
                let proof = self.change(now, |connection, journal| {
                    let heads = next(connection, &due.round, part)?;
                    if heads.is_empty() {
                        return Ok(None);
                    }
                    let mut places = Places::default();
                    for head in &heads {
                        places.add(&match part {
                            Part::All => Self::remove_response(connection, head, now)?,
                            Part::Personal => {
                                let scope = ErasureScope::Personal;
                                self.erase_response(connection, head, scope, actor, definitions, now)?
                            }
                        });
                    }
                    keep(connection, journal, cause, places, now).map(Some)
                })?;
                match proof {
                    Some(proof) => proofs.push(proof),
                    None => break,
                }
            }
        }
        if !proofs.is_empty() {
            self.overwrite_old_pages()?;
        }
        Ok(proofs)
    }
}

/// The responses of a round that still have what is to go.
macro_rules! remaining {
    ($round:expr, $part:expr, $backend:ident) => {{
        let mut query = responses::table
            .into_boxed::<$backend>()
            .filter(responses::round.eq($round));
        if $part == Part::Personal {
            let sealed = response_versions::table
                .filter(response_versions::round.eq($round))
                .filter(response_versions::data_key.is_not_null())
                .select(response_versions::response_id);
            query = query.filter(responses::id.eq_any(sealed));
        }
        query
    }};
}

fn count(connection: &mut Connection<'_>, round: &str, part: Part) -> Result<i64, StoreError> {
    Ok(on_backend!(connection, |c: Db| remaining!(round, part, Db)
        .count()
        .get_result(c))?)
}

fn next(connection: &mut Connection<'_>, round: &str, part: Part) -> Result<Vec<HeadRow>, StoreError> {
    Ok(on_backend!(connection, |c: Db| remaining!(round, part, Db)
        .order(responses::id)
        .limit(BATCH)
        .select(HeadRow::as_select())
        .load(c))?)
}
