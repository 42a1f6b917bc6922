//! Back-checks: samples of responses that are asked again, and whether the answers were the same.
//!
//! What was answered the second time is not kept, only whether it agreed, by question.

#![allow(
    clippy::ref_option_ref,
    reason = "what diesel derives takes references to the fields"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::on_backend;
use super::schema::{backcheck_responses, backchecks};
use super::{AuditAct, JsonText, Store, StoreError, time};

/// A sample to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBackcheck {
    /// The round.
    pub round: String,
    /// The survey.
    pub survey: String,
    /// What the drawing follows from.
    pub seed: i64,
    /// The share of each member's responses, above 0, at most 1.
    pub share: f64,
    /// The paths of the questions that are asked again.
    pub questions: Vec<String>,
    /// The responses that were drawn.
    pub responses: Vec<DrawnResponse>,
    /// Who drew it.
    pub drawn_by: String,
}

/// A response that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnResponse {
    /// The response's name.
    pub instance_id: String,
    /// The member who sent it.
    pub member: String,
    /// Its city.
    pub city: Option<String>,
}

/// A sample with what was found so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Backcheck {
    /// The key.
    pub id: i64,
    /// The round.
    pub round: String,
    /// The survey.
    pub survey: String,
    /// What the drawing followed from.
    pub seed: i64,
    /// The share of each member's responses.
    pub share: f64,
    /// The paths of the questions that are asked again.
    pub questions: Vec<String>,
    /// When it was drawn.
    pub drawn_at: DateTime<Utc>,
    /// Who drew it.
    pub drawn_by: String,
    /// Its responses, by member and name.
    pub responses: Vec<BackcheckedResponse>,
}

/// A response of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackcheckedResponse {
    /// What was drawn.
    pub drawn: DrawnResponse,
    /// By question, whether the answer was the same; `None` where it was not asked yet.
    pub agreement: Option<BTreeMap<String, bool>>,
    /// When it was asked again.
    pub checked_at: Option<DateTime<Utc>>,
    /// Who asked.
    pub checked_by: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = backchecks)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    seed: i64,
    share: f64,
    questions: JsonText,
    drawn_at: NaiveDateTime,
    drawn_by: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = backcheck_responses, treat_none_as_default_value = false)]
struct NewResponseRow<'a> {
    backcheck_id: i64,
    instance_id: &'a str,
    member: &'a str,
    city: Option<&'a str>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = backchecks)]
struct Row {
    id: i64,
    round: String,
    survey: String,
    seed: i64,
    share: f64,
    questions: JsonText,
    drawn_at: NaiveDateTime,
    drawn_by: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = backcheck_responses)]
struct ResponseRow {
    backcheck_id: i64,
    instance_id: String,
    member: String,
    city: Option<String>,
    agreement: Option<JsonText>,
    checked_at: Option<NaiveDateTime>,
    checked_by: Option<String>,
}

impl TryFrom<ResponseRow> for BackcheckedResponse {
    type Error = StoreError;

    fn try_from(row: ResponseRow) -> Result<Self, StoreError> {
        Ok(Self {
            drawn: DrawnResponse {
                instance_id: row.instance_id,
                member: row.member,
                city: row.city,
            },
            agreement: row.agreement.map(|agreement| agreement.read()).transpose()?,
            checked_at: row.checked_at.map(time::read),
            checked_by: row.checked_by,
        })
    }
}

/// Rows per statement.
const BATCH: usize = 500;

impl Store {
    /// Keeps a sample and gives its key.
    ///
    /// # Errors
    /// What the database says.
    pub fn keep_backcheck(&self, new: &NewBackcheck, now: DateTime<Utc>) -> Result<i64, StoreError> {
        let row = NewRow {
            round: &new.round,
            survey: &new.survey,
            seed: new.seed,
            share: new.share,
            questions: JsonText::of(&new.questions)?,
            drawn_at: time::stored(now),
            drawn_by: &new.drawn_by,
        };
        self.change(now, |connection, journal| {
            on_backend!(connection, |c| diesel::insert_into(backchecks::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            let rows: Vec<NewResponseRow<'_>> = new
                .responses
                .iter()
                .map(|drawn| NewResponseRow {
                    backcheck_id: id,
                    instance_id: &drawn.instance_id,
                    member: &drawn.member,
                    city: drawn.city.as_deref(),
                })
                .collect();
            for rows in rows.chunks(BATCH) {
                on_backend!(connection, |c| diesel::insert_into(backcheck_responses::table)
                    .values(rows)
                    .execute(c))?;
            }
            journal
                .note(AuditAct::BackcheckDrawn, format!("backchecks/{id}"))
                .after(format!(
                    "seed={} share={} responses={}",
                    new.seed,
                    new.share,
                    rows.len()
                ));
            Ok(id)
        })
    }

    /// The samples of a round, the newest first, of one survey or of all.
    ///
    /// # Errors
    /// What the database says.
    pub fn backchecks(&self, round: &str, survey: Option<&str>) -> Result<Vec<Backcheck>, StoreError> {
        self.snapshot(|connection| {
            let rows: Vec<Row> = on_backend!(connection, |c: Db| {
                let mut query = backchecks::table.into_boxed::<Db>().filter(backchecks::round.eq(round));
                if let Some(survey) = survey {
                    query = query.filter(backchecks::survey.eq(survey));
                }
                query.order(backchecks::id.desc()).select(Row::as_select()).load(c)
            })?;
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            let query = backcheck_responses::table
                .filter(backcheck_responses::backcheck_id.eq_any(&ids))
                .order((backcheck_responses::member, backcheck_responses::instance_id));
            let responses: Vec<ResponseRow> =
                on_backend!(connection, |c| query.select(ResponseRow::as_select()).load(c))?;
            let mut by_check: BTreeMap<i64, Vec<BackcheckedResponse>> = BTreeMap::new();
            for row in responses {
                by_check.entry(row.backcheck_id).or_default().push(row.try_into()?);
            }
            rows.into_iter()
                .map(|row| {
                    Ok(Backcheck {
                        questions: row.questions.read()?,
                        responses: by_check.remove(&row.id).unwrap_or_default(),
                        id: row.id,
                        round: row.round,
                        survey: row.survey,
                        seed: row.seed,
                        share: row.share,
                        drawn_at: time::read(row.drawn_at),
                        drawn_by: row.drawn_by,
                    })
                })
                .collect()
        })
    }

    /// Notes whether the answers of a response agreed when it was asked again. Asking once more replaces it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the response is not in the sample.
    pub fn note_backcheck(
        &self,
        backcheck: i64,
        instance_id: &str,
        agreement: &BTreeMap<String, bool>,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let result = JsonText::of(agreement)?;
        self.change(now, |connection, journal| {
            let row = backcheck_responses::table
                .filter(backcheck_responses::backcheck_id.eq(backcheck))
                .filter(backcheck_responses::instance_id.eq(instance_id));
            let changed = on_backend!(connection, |c| diesel::update(row)
                .set((
                    backcheck_responses::agreement.eq(Some(&result)),
                    backcheck_responses::checked_at.eq(Some(time::stored(now))),
                    backcheck_responses::checked_by.eq(Some(actor)),
                ))
                .execute(c))?;
            if changed == 0 {
                return Err(StoreError::NotFound {
                    what: "response of the back-check",
                    name: instance_id.to_owned(),
                });
            }
            let agreed = agreement.values().filter(|same| **same).count();
            journal
                .note(
                    AuditAct::BackcheckDone,
                    format!("backchecks/{backcheck}/responses/{instance_id}"),
                )
                .after(format!("agreed={agreed} of={}", agreement.len()));
            Ok(())
        })
    }
}
