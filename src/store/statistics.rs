//! Official figures by place and year.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::backend::on_backend;
use super::schema::statistics;
use super::{AuditAct, Store, StoreError, time};

/// One official figure.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = statistics)]
pub struct Statistic {
    /// What it measures.
    pub variable: String,
    /// The place's code.
    pub place: String,
    /// The year that it is for.
    pub year: i64,
    /// The figure, in its unit.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Where it was published.
    pub source: String,
}

#[derive(Insertable)]
#[diesel(table_name = statistics)]
struct NewRow<'a> {
    place: &'a str,
    year: i64,
    variable: &'a str,
    value: f64,
    unit: &'a str,
    source: &'a str,
    file_hash: &'a str,
    created_at: NaiveDateTime,
}

impl Store {
    /// Keeps figures, each in place of the one for the same variable, place and year. All of them or none.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one of them is not a finite number.
    pub fn keep_statistics(&self, list: &[Statistic], file_hash: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        if let Some(wrong) = list.iter().find(|statistic| !statistic.value.is_finite()) {
            return Err(StoreError::Refused(format!(
                "{} of {} in {} is not a number",
                wrong.variable, wrong.place, wrong.year
            )));
        }
        self.change(now, |connection, journal| {
            for statistic in list {
                let row = NewRow {
                    place: &statistic.place,
                    year: statistic.year,
                    variable: &statistic.variable,
                    value: statistic.value,
                    unit: &statistic.unit,
                    source: &statistic.source,
                    file_hash,
                    created_at: time::stored(now),
                };
                on_backend!(connection, |c| diesel::insert_into(statistics::table)
                    .values(&row)
                    .on_conflict((statistics::variable, statistics::place, statistics::year))
                    .do_update()
                    .set((
                        statistics::value.eq(excluded(statistics::value)),
                        statistics::unit.eq(excluded(statistics::unit)),
                        statistics::source.eq(excluded(statistics::source)),
                        statistics::file_hash.eq(excluded(statistics::file_hash)),
                        statistics::created_at.eq(excluded(statistics::created_at)),
                    ))
                    .execute(c))?;
            }
            journal
                .note(AuditAct::StatisticsKept, "statistics")
                .after(format!("figures={} file={file_hash}", list.len()));
            Ok(())
        })
    }

    /// All figures, by variable, place and year.
    ///
    /// # Errors
    /// What the database says.
    pub fn statistics(&self) -> Result<Vec<Statistic>, StoreError> {
        self.read(|connection| {
            let query = statistics::table.order((statistics::variable, statistics::place, statistics::year));
            Ok(on_backend!(connection, |c| query
                .select(Statistic::as_select())
                .load(c))?)
        })
    }
}
