//! Samples: drawn from the register by a design and a seed, kept as records, withdrawn but never changed.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::jobs::EndsJob;
use super::register::{self, Organisation, RegisterFilter, RegisterOf};
use super::schema::{organisations, sample_members, samples};
use super::{AuditAct, JsonText, Store, StoreError, time};
use crate::response::{Fingerprint, RegisterEntry};
use crate::scoring::{DrawnStratum, SampleDesign, draw_sample};

/// How many rows go into one statement.
const BATCH: usize = 500;

/// A sample: drawn again by its design from the frame of that hash, it is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The key.
    pub id: i64,
    /// The round.
    pub round: String,
    /// The survey.
    pub survey: String,
    /// What it was drawn by.
    pub design: SampleDesign,
    /// The hash of the frame: the codes in it with their strata.
    pub frame_hash: String,
    /// What was drawn from each stratum.
    pub strata: Vec<DrawnStratum>,
    /// When.
    pub drawn_at: DateTime<Utc>,
    /// By whom.
    pub drawn_by: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

/// An organisation of a sample.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct SampleMember {
    /// The credit code.
    pub code: String,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// The stratum.
    pub stratum: String,
    /// The place in the stratum's order of drawing, from 1; reserves are used in this order.
    pub position: i64,
    /// Whether it replaces one who can't be asked.
    pub reserve: bool,
    /// N/n of the stratum; `None` of a reserve.
    pub weight: Option<f64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = samples)]
struct Row {
    id: i64,
    round: String,
    survey: String,
    design: JsonText,
    frame_hash: String,
    strata: JsonText,
    drawn_at: NaiveDateTime,
    drawn_by: String,
    withdrawn_at: Option<NaiveDateTime>,
    reason: Option<String>,
}

impl TryFrom<Row> for Sample {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            design: row.design.read()?,
            strata: row.strata.read()?,
            id: row.id,
            round: row.round,
            survey: row.survey,
            frame_hash: row.frame_hash,
            drawn_at: time::read(row.drawn_at),
            drawn_by: row.drawn_by,
            withdrawn_at: row.withdrawn_at.map(time::read),
            reason: row.reason,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = samples)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    design: JsonText,
    frame_hash: String,
    strata: JsonText,
    drawn_at: NaiveDateTime,
    drawn_by: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = sample_members, treat_none_as_default_value = false)]
struct NewMember<'a> {
    sample_id: i64,
    organisation_id: i64,
    stratum: &'a str,
    position: i64,
    reserve: bool,
    weight: Option<f64>,
}

/// Which strata have a sample that was not withdrawn.
fn sampled_strata(connection: &mut Connection<'_>, of: &RegisterOf) -> Result<BTreeSet<String>, StoreError> {
    let query = sample_members::table
        .inner_join(samples::table.on(samples::id.eq(sample_members::sample_id)))
        .filter(samples::round.eq(&of.round))
        .filter(samples::survey.eq(&of.survey))
        .filter(samples::withdrawn_at.is_null())
        .select(sample_members::stratum)
        .distinct();
    let strata: Vec<String> = on_backend!(connection, |c| query.load(c))?;
    Ok(strata.into_iter().collect())
}

fn find(connection: &mut Connection<'_>, round: &str, survey: &str, id: i64) -> Result<Sample, StoreError> {
    let query = samples::table
        .find(id)
        .filter(samples::round.eq(round))
        .filter(samples::survey.eq(survey));
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    row.ok_or_else(|| StoreError::NotFound {
        what: "sample",
        name: id.to_string(),
    })?
    .try_into()
}

impl Store {
    /// Draws a sample from the organisations of the register that are in the frame, in these cities or in all, and
    /// keeps it. Listed organisations without a stratum of their own are drawn in every case. The job whose work it is
    /// ends in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the design does not fit the frame, or a stratum has a sample already;
    /// [`StoreError::LeaseLost`] where another server has taken the job up.
    pub fn draw_sample(
        &self,
        of: &RegisterOf,
        cities: Option<&[String]>,
        design: &SampleDesign,
        now: DateTime<Utc>,
        job: Option<&EndsJob<'_, Sample>>,
    ) -> Result<Sample, StoreError> {
        self.change(now, |connection, journal| {
            let filter = RegisterFilter {
                cities: cities.map(<[String]>::to_vec),
                in_frame: Some(true),
                ..RegisterFilter::default()
            };
            let register = register::all(connection, &of.round, &of.survey, &filter)?;
            let (frame, design) = framed(&register, design);
            let drawn = draw_sample(&frame, &design).map_err(|error| StoreError::Refused(error.to_string()))?;
            let taken = sampled_strata(connection, of)?;
            let again = drawn
                .iter()
                .find(|stratum| !stratum.sample.is_empty() && taken.contains(&stratum.stratum));
            if let Some(stratum) = again {
                return Err(StoreError::Refused(format!(
                    "the stratum '{}' has a sample already: withdraw that one first",
                    stratum.stratum
                )));
            }
            let row = NewRow {
                round: &of.round,
                survey: &of.survey,
                design: JsonText::of(&design)?,
                frame_hash: hash_of(frame),
                strata: JsonText::of(&drawn)?,
                drawn_at: time::stored(now),
                drawn_by: &of.actor,
            };
            on_backend!(connection, |c| diesel::insert_into(samples::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            insert_members(connection, id, &drawn, &register)?;
            journal
                .note(AuditAct::SampleDrawn, target(of, id))
                .after(format!("seed={} frame={}", design.seed, row.frame_hash));
            let sample = find(connection, &of.round, &of.survey, id)?;
            if let Some(job) = job {
                job.end(connection, &sample, now)?;
            }
            Ok(sample)
        })
    }

    /// The samples of a survey in a round, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn samples(&self, round: &str, survey: &str) -> Result<Vec<Sample>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            let query = samples::table
                .filter(samples::round.eq(round))
                .filter(samples::survey.eq(survey))
                .order(samples::id.desc());
            Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?)
        })?;
        rows.into_iter().map(Sample::try_from).collect()
    }

    /// A sample with its organisations, in these cities or in all, by stratum and order of drawing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn sample(
        &self,
        round: &str,
        survey: &str,
        id: i64,
        cities: Option<&[String]>,
    ) -> Result<(Sample, Vec<SampleMember>), StoreError> {
        self.snapshot(|connection| {
            let sample = find(connection, round, survey, id)?;
            let members: Vec<SampleMember> = on_backend!(connection, |c: Db| {
                let mut query = sample_members::table
                    .inner_join(organisations::table.on(organisations::id.eq(sample_members::organisation_id)))
                    .filter(sample_members::sample_id.eq(id))
                    .into_boxed::<Db>();
                if let Some(cities) = cities {
                    query = query.filter(organisations::city.eq_any(cities));
                }
                query
                    .order((sample_members::stratum, sample_members::position))
                    .select((
                        organisations::code,
                        organisations::name,
                        organisations::city,
                        sample_members::stratum,
                        sample_members::position,
                        sample_members::reserve,
                        sample_members::weight,
                    ))
                    .load(c)
            })?;
            Ok((sample, members))
        })
    }

    /// Withdraws a sample: its organisations no longer count as sampled, and their strata may be drawn again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none; [`StoreError::Refused`] where it was withdrawn before.
    pub fn withdraw_sample(
        &self,
        of: &RegisterOf,
        id: i64,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            if find(connection, &of.round, &of.survey, id)?.withdrawn_at.is_some() {
                return Err(StoreError::Refused(format!("sample {id} was withdrawn before")));
            }
            on_backend!(connection, |c| diesel::update(samples::table.find(id))
                .set((
                    samples::withdrawn_at.eq(time::stored(now)),
                    samples::withdrawn_by.eq(&of.actor),
                    samples::reason.eq(reason),
                ))
                .execute(c))?;
            journal.note(AuditAct::SampleWithdrawn, target(of, id));
            Ok(())
        })
    }
}

/// How the audit log names a sample.
fn target(of: &RegisterOf, id: i64) -> String {
    format!("rounds/{}/surveys/{}/samples/{id}", of.round, of.survey)
}

/// The frame of a register, and the design with the strata of listed organisations taken whole.
fn framed(register: &[Organisation], design: &SampleDesign) -> (Vec<(String, String)>, SampleDesign) {
    let mut design = design.clone();
    let mut frame = Vec::with_capacity(register.len());
    for Organisation { entry, .. } in register {
        let stratum = entry.stratum();
        if entry.listed && entry.stratum.is_none() && !design.take_all.contains(&stratum) {
            design.take_all.push(stratum.clone());
        }
        frame.push((entry.code.clone(), stratum));
    }
    design.take_all.sort();
    (frame, design)
}

/// The same for the same frame, in whatever order it was loaded.
fn hash_of(mut frame: Vec<(String, String)>) -> String {
    frame.sort();
    let mut text = String::new();
    for (code, stratum) in frame {
        text.push_str(&code);
        text.push('\t');
        text.push_str(&stratum);
        text.push('\n');
    }
    Fingerprint::of_bytes(text.as_bytes()).to_string()
}

fn insert_members(
    connection: &mut Connection<'_>,
    sample_id: i64,
    drawn: &[DrawnStratum],
    register: &[Organisation],
) -> Result<(), StoreError> {
    let ids: HashMap<&str, i64> = register
        .iter()
        .map(
            |Organisation {
                 id,
                 entry: RegisterEntry { code, .. },
                 ..
             }| (code.as_str(), *id),
        )
        .collect();
    let mut members = Vec::new();
    for stratum in drawn {
        let weight = stratum.weight();
        let sample = stratum.sample.iter().map(|code| (code, false));
        let reserves = stratum.reserves.iter().map(|code| (code, true));
        for (position, (code, reserve)) in (1..).zip(sample.chain(reserves)) {
            if let Some(organisation_id) = ids.get(code.as_str()) {
                members.push(NewMember {
                    sample_id,
                    organisation_id: *organisation_id,
                    stratum: &stratum.stratum,
                    position,
                    reserve,
                    weight: weight.filter(|_| !reserve),
                });
            }
        }
    }
    for batch in members.chunks(BATCH) {
        on_backend!(connection, |c| diesel::insert_into(sample_members::table)
            .values(batch)
            .execute(c))?;
    }
    Ok(())
}
