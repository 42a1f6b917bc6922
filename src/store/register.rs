//! The register: the organisations that a round of a survey could ask.

#![allow(
    clippy::ref_option_ref,
    reason = "what diesel derives takes references to the fields"
)]

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::listing::containing;
use super::locks::lock_one;
use super::schema::organisations;
use super::{AuditAct, Store, StoreError, time};
use crate::response::{Position, RegisterEntry};

/// How many rows go into one statement.
const BATCH: usize = 500;

/// An organisation of the register.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// The key.
    pub id: i64,
    /// What the register says of it.
    pub entry: RegisterEntry,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was added or last changed.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: String,
}

/// Which organisations: those that meet everything that is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegisterFilter {
    /// In one of these cities; of an empty list, none.
    pub cities: Option<Vec<String>>,
    /// Of this sector.
    pub sector: Option<String>,
    /// Of this size class.
    pub size: Option<String>,
    /// In the frame or not.
    pub in_frame: Option<bool>,
    /// With this credit code, or with these words in the name.
    pub words: Option<String>,
}

/// What loading a register changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegisterChange {
    /// Organisations that are new.
    pub added: usize,
    /// Organisations that are known, with something else in a column.
    pub changed: usize,
    /// Organisations that are known as they are.
    pub unchanged: usize,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = organisations)]
pub(super) struct Row {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub city: String,
    pub sector: Option<String>,
    pub size: Option<String>,
    pub stratum: Option<String>,
    pub weight: Option<f64>,
    pub employees: Option<i64>,
    pub confidential: bool,
    pub listed: bool,
    pub in_frame: bool,
    pub address: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub revision: i64,
    pub updated_at: NaiveDateTime,
    pub updated_by: String,
}

impl From<Row> for Organisation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            entry: RegisterEntry {
                code: row.code,
                name: row.name,
                city: row.city,
                sector: row.sector,
                size: row.size,
                stratum: row.stratum,
                weight: row.weight,
                employees: row.employees,
                confidential: row.confidential,
                listed: row.listed,
                in_frame: row.in_frame,
                address: row.address,
                position: row.latitude.zip(row.longitude).map(|(latitude, longitude)| Position {
                    latitude,
                    longitude,
                    accuracy: None,
                }),
            },
            revision: row.revision,
            updated_at: time::read(row.updated_at),
            updated_by: row.updated_by,
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = organisations, treat_none_as_default_value = false, treat_none_as_null = true)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    code: &'a str,
    name: &'a str,
    city: &'a str,
    sector: Option<&'a str>,
    size: Option<&'a str>,
    stratum: Option<&'a str>,
    weight: Option<f64>,
    employees: Option<i64>,
    confidential: bool,
    listed: bool,
    in_frame: bool,
    address: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    revision: i64,
    updated_at: NaiveDateTime,
    updated_by: &'a str,
}

/// The round and survey that a register is of, and who works on it.
#[derive(Debug, Clone)]
pub struct RegisterOf {
    /// The round.
    pub round: String,
    /// The survey: the respondent type.
    pub survey: String,
    /// Who.
    pub actor: String,
}

impl RegisterOf {
    /// How the audit log names it.
    pub(super) fn target(&self) -> String {
        format!("rounds/{}/surveys/{}/register", self.round, self.survey)
    }

    fn row<'a>(&'a self, entry: &'a RegisterEntry, revision: i64, now: NaiveDateTime) -> NewRow<'a> {
        NewRow {
            round: &self.round,
            survey: &self.survey,
            code: &entry.code,
            name: &entry.name,
            city: &entry.city,
            sector: entry.sector.as_deref(),
            size: entry.size.as_deref(),
            stratum: entry.stratum.as_deref(),
            weight: entry.weight,
            employees: entry.employees,
            confidential: entry.confidential,
            listed: entry.listed,
            in_frame: entry.in_frame,
            address: entry.address.as_deref(),
            latitude: entry.position.map(|position| position.latitude),
            longitude: entry.position.map(|position| position.longitude),
            revision,
            updated_at: now,
            updated_by: &self.actor,
        }
    }
}

/// Narrows a query on `organisations` to a round, survey and filter; the result is boxed.
macro_rules! registered {
    ($round:expr, $survey:expr, $filter:expr, $backend:ident) => {{
        let filter: &RegisterFilter = $filter;
        let mut query = organisations::table
            .into_boxed::<$backend>()
            .filter(organisations::round.eq($round))
            .filter(organisations::survey.eq($survey));
        if let Some(cities) = &filter.cities {
            query = query.filter(organisations::city.eq_any(cities));
        }
        if let Some(sector) = &filter.sector {
            query = query.filter(organisations::sector.eq(sector));
        }
        if let Some(size) = &filter.size {
            query = query.filter(organisations::size.eq(size));
        }
        if let Some(in_frame) = filter.in_frame {
            query = query.filter(organisations::in_frame.eq(in_frame));
        }
        if let Some(words) = &filter.words {
            let pattern = containing(words);
            query = query.filter(
                organisations::code
                    .eq(words)
                    .or(organisations::name.like(pattern).escape('\\')),
            );
        }
        query
    }};
}

pub(super) fn all(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    filter: &RegisterFilter,
) -> Result<Vec<Organisation>, StoreError> {
    let rows: Vec<Row> = on_backend!(connection, |c: Db| registered!(round, survey, filter, Db)
        .order(organisations::id)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// The organisation of a code.
pub(super) fn find(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    code: &str,
) -> Result<Organisation, StoreError> {
    let query = organisations::table
        .filter(organisations::round.eq(round))
        .filter(organisations::survey.eq(survey))
        .filter(organisations::code.eq(code));
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    row.map(Organisation::from).ok_or_else(|| StoreError::NotFound {
        what: "organisation",
        name: code.to_owned(),
    })
}

impl Store {
    /// Takes in a register: new organisations are added, known ones changed where they differ; those that it does not
    /// name stay. All of it or nothing; a dry run says what would change and changes nothing.
    ///
    /// # Errors
    /// What the database says.
    pub fn load_register(
        &self,
        of: &RegisterOf,
        entries: &[RegisterEntry],
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> Result<RegisterChange, StoreError> {
        let stored_now = time::stored(now);
        self.change(now, |connection, journal| {
            let now = stored_now;
            lock_one(connection, &["register", &of.round, &of.survey])?;
            let known = all(connection, &of.round, &of.survey, &RegisterFilter::default())?;
            let known: HashMap<&str, &Organisation> = known.iter().map(|one| (one.entry.code.as_str(), one)).collect();
            let mut change = RegisterChange::default();
            let mut new = Vec::new();
            for entry in entries {
                match known.get(entry.code.as_str()) {
                    None => new.push(of.row(entry, 1, now)),
                    Some(organisation) if organisation.entry == *entry => change.unchanged += 1,
                    Some(organisation) => {
                        change.changed += 1;
                        if !dry_run {
                            update(connection, journal, of, organisation, entry, now)?;
                        }
                    }
                }
            }
            change.added = new.len();
            if !dry_run {
                for batch in new.chunks(BATCH) {
                    on_backend!(connection, |c| diesel::insert_into(organisations::table)
                        .values(batch)
                        .execute(c))?;
                }
                if change.added > 0 {
                    journal
                        .note(AuditAct::RegisterLoaded, of.target())
                        .after(format!("added={}", change.added));
                }
            }
            Ok(change)
        })
    }

    /// Changes an organisation of the register.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`] where it is no longer the revision that was looked at.
    pub fn change_organisation(
        &self,
        of: &RegisterOf,
        entry: &RegisterEntry,
        seen: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Organisation, StoreError> {
        self.change(now, |connection, journal| {
            lock_one(connection, &["register", &of.round, &of.survey])?;
            let organisation = find(connection, &of.round, &of.survey, &entry.code)?;
            if seen.is_some_and(|seen| seen != organisation.revision) {
                return Err(StoreError::Stale {
                    what: "organisation",
                    name: entry.code.clone(),
                });
            }
            if organisation.entry != *entry {
                update(connection, journal, of, &organisation, entry, time::stored(now))?;
            }
            find(connection, &of.round, &of.survey, &entry.code)
        })
    }

    /// One organisation of the register.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn organisation(&self, round: &str, survey: &str, code: &str) -> Result<Organisation, StoreError> {
        self.read(|connection| find(connection, round, survey, code))
    }

    /// The organisations after a key (`None`: from the first on), in the order that they were added.
    ///
    /// # Errors
    /// What the database says.
    pub fn organisations(
        &self,
        round: &str,
        survey: &str,
        filter: &RegisterFilter,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Organisation>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| registered!(round, survey, filter, Db)
                .filter(organisations::id.gt(after.unwrap_or(0)))
                .order(organisations::id)
                .limit(limit)
                .select(Row::as_select())
                .load(c))?)
        })?;
        Ok(rows.into_iter().map(Organisation::from).collect())
    }

    /// All organisations that meet a filter.
    ///
    /// # Errors
    /// What the database says.
    pub fn whole_register(
        &self,
        round: &str,
        survey: &str,
        filter: &RegisterFilter,
    ) -> Result<Vec<Organisation>, StoreError> {
        self.read(|connection| all(connection, round, survey, filter))
    }

    /// Where the organisations are whose address has a position, by credit code.
    ///
    /// # Errors
    /// What the database says.
    pub fn register_positions(&self, round: &str, survey: &str) -> Result<HashMap<String, Position>, StoreError> {
        let located: Vec<(String, f64, f64)> = self.read(|connection| {
            let query = organisations::table
                .filter(organisations::round.eq(round))
                .filter(organisations::survey.eq(survey))
                .select((
                    organisations::code,
                    organisations::latitude.assume_not_null(),
                    organisations::longitude.assume_not_null(),
                ))
                .filter(organisations::latitude.is_not_null())
                .filter(organisations::longitude.is_not_null());
            Ok(on_backend!(connection, |c| query.load(c))?)
        })?;
        let position = |latitude, longitude| Position {
            latitude,
            longitude,
            accuracy: None,
        };
        Ok(located
            .into_iter()
            .map(|(code, latitude, longitude)| (code, position(latitude, longitude)))
            .collect())
    }
}

fn update(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    of: &RegisterOf,
    known: &Organisation,
    entry: &RegisterEntry,
    now: NaiveDateTime,
) -> Result<(), StoreError> {
    let row = of.row(entry, known.revision + 1, now);
    on_backend!(connection, |c| diesel::update(organisations::table.find(known.id))
        .set(&row)
        .execute(c))?;
    journal
        .note(AuditAct::RegisterChanged, format!("{}/{}", of.target(), entry.code))
        .before(format!("revision={}", known.revision))
        .after(format!(
            "revision={} changed={}",
            known.revision + 1,
            differences(&known.entry, entry).join(",")
        ));
    Ok(())
}

/// The names of the columns in which two entries differ.
fn differences(one: &RegisterEntry, other: &RegisterEntry) -> Vec<&'static str> {
    [
        ("name", one.name != other.name),
        ("city", one.city != other.city),
        ("sector", one.sector != other.sector),
        ("size", one.size != other.size),
        ("stratum", one.stratum != other.stratum),
        ("weight", one.weight != other.weight),
        ("employees", one.employees != other.employees),
        ("confidential", one.confidential != other.confidential),
        ("listed", one.listed != other.listed),
        ("in_frame", one.in_frame != other.in_frame),
        ("address", one.address != other.address),
        ("position", one.position != other.position),
    ]
    .into_iter()
    .filter_map(|(column, differs)| differs.then_some(column))
    .collect()
}
