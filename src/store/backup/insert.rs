//! Rows of an archive, into a table: as many values in one statement as each database takes, or as arrays, which
//! PostgreSQL takes faster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date, Double, Nullable, Text, Timestamp};
use diesel::sqlite::Sqlite;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::backend::Connection;
use super::super::json::Json;
use super::super::{JsonText, StoreError, rows};
use super::columns::{Column, Kind};
use super::tables::Table;

/// How many values one statement binds at most on SQLite, which takes 32,766.
const BINDS: usize = 30_000;

/// How both databases' times are written.
const TIMESTAMP: &str = "%Y-%m-%d %H:%M:%S%.f";

/// The values of a row, each as the archive has it.
pub(super) type Values = Vec<Box<RawValue>>;

/// Why rows are not stored.
pub(super) struct Refused {
    /// The row that is wrong, among those that were to be stored; the first where the database does not say which.
    pub row: usize,
    /// What is wrong with it.
    pub error: StoreError,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self { row: 0, error }
    }
}

impl From<diesel::result::Error> for Refused {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

/// How many rows of a table are to be stored at once.
pub(super) fn rows_at_once(connection: &Connection<'_>, table: &Table) -> usize {
    let most = rows::rows_at_once(connection);
    match connection {
        Connection::Sqlite(_) => (BINDS / table.columns.len().max(1)).clamp(1, most),
        Connection::Postgres(_) => most,
    }
}

/// Stores rows, each of which has a value for every column of the table.
pub(super) fn insert(connection: &mut Connection<'_>, table: &Table, rows: &[Values]) -> Result<(), Refused> {
    let name = &table.name;
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let head = format!("INSERT INTO \"{name}\" ({})", columns.join(", "));
    match connection {
        Connection::Sqlite(c) => insert_values(c, &head, table, rows),
        Connection::Postgres(c) => insert_arrays(c, &head, table, rows),
    }
}

fn insert_values(c: &mut SqliteConnection, head: &str, table: &Table, rows: &[Values]) -> Result<(), Refused> {
    let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
    let text = format!("{head} VALUES {}", vec![row; rows.len()].join(", "));
    let mut query = diesel::sql_query(text).into_boxed::<Sqlite>();
    for (number, row) in rows.iter().enumerate() {
        for (column, value) in table.columns.iter().zip(row) {
            let at = |error| Refused { row: number, error };
            query = match column.kind {
                Kind::Integer => query.bind::<Nullable<BigInt>, _>(read::<i64>(column, value).map_err(at)?),
                Kind::Bool => query.bind::<Nullable<Bool>, _>(boolean(column, value).map_err(at)?),
                Kind::Double => query.bind::<Nullable<Double>, _>(double(column, value).map_err(at)?),
                Kind::Text => query.bind::<Nullable<Text>, _>(read::<String>(column, value).map_err(at)?),
                Kind::Json => query.bind::<Nullable<Json>, _>(document(column, value).map_err(at)?),
                Kind::Timestamp => query.bind::<Nullable<Timestamp>, _>(timestamp(column, value).map_err(at)?),
                Kind::Date => query.bind::<Nullable<Date>, _>(date(column, value).map_err(at)?),
                Kind::Binary => query.bind::<Nullable<Binary>, _>(binary(column, value).map_err(at)?),
            };
        }
    }
    query.execute(c)?;
    Ok(())
}

fn insert_arrays(c: &mut PgConnection, head: &str, table: &Table, rows: &[Values]) -> Result<(), Refused> {
    let arrays: Vec<String> = (1..=table.columns.len())
        .map(|number| format!("unnest(${number})"))
        .collect();
    let mut query = diesel::sql_query(format!("{head} SELECT {}", arrays.join(", "))).into_boxed::<Pg>();
    for (index, column) in table.columns.iter().enumerate() {
        let of = Slice { column, index, rows };
        query = match column.kind {
            Kind::Integer => query.bind::<Array<Nullable<BigInt>>, _>(of.each(read::<i64>)?),
            Kind::Bool => query.bind::<Array<Nullable<Bool>>, _>(of.each(boolean)?),
            Kind::Double => query.bind::<Array<Nullable<Double>>, _>(of.each(double)?),
            Kind::Text => query.bind::<Array<Nullable<Text>>, _>(of.each(read::<String>)?),
            Kind::Json => query.bind::<Array<Nullable<Json>>, _>(of.each(document)?),
            Kind::Timestamp => query.bind::<Array<Nullable<Timestamp>>, _>(of.each(timestamp)?),
            Kind::Date => query.bind::<Array<Nullable<Date>>, _>(of.each(date)?),
            Kind::Binary => query.bind::<Array<Nullable<Binary>>, _>(of.each(binary)?),
        };
    }
    query.execute(c)?;
    Ok(())
}

/// The values that rows have in one column.
struct Slice<'a> {
    column: &'a Column,
    index: usize,
    rows: &'a [Values],
}

impl<'a> Slice<'a> {
    fn each<T>(
        &self,
        read: impl Fn(&Column, &'a RawValue) -> Result<Option<T>, StoreError>,
    ) -> Result<Vec<Option<T>>, Refused> {
        let values = self.rows.iter().enumerate();
        values
            .map(|(row, values)| {
                let value = values.get(self.index).ok_or_else(|| wrong(self.column));
                value
                    .and_then(|value| read(self.column, value))
                    .map_err(|error| Refused { row, error })
            })
            .collect()
    }
}

fn wrong(column: &Column) -> StoreError {
    StoreError::Unreadable(format!("the value of '{}' is of another kind", column.name))
}

/// The value; `None` where it is null.
fn read<'v, T: Deserialize<'v>>(column: &Column, value: &'v RawValue) -> Result<Option<T>, StoreError> {
    serde_json::from_str(value.get()).map_err(|_| wrong(column))
}

fn boolean(column: &Column, value: &RawValue) -> Result<Option<bool>, StoreError> {
    Ok(read::<i64>(column, value)?.map(|number| number != 0))
}

fn double(column: &Column, value: &RawValue) -> Result<Option<f64>, StoreError> {
    if value.get().starts_with('"') {
        parsed(column, value, |text| text.parse().ok())
    } else {
        read(column, value)
    }
}

fn document(column: &Column, value: &RawValue) -> Result<Option<JsonText>, StoreError> {
    match value.get() {
        document if document.starts_with(['{', '[']) => Ok(Some(JsonText(document.to_owned()))),
        _ => Ok(read(column, value)?.map(JsonText)),
    }
}

fn timestamp(column: &Column, value: &RawValue) -> Result<Option<NaiveDateTime>, StoreError> {
    parsed(column, value, |text| {
        NaiveDateTime::parse_from_str(text, TIMESTAMP).ok()
    })
}

fn date(column: &Column, value: &RawValue) -> Result<Option<NaiveDate>, StoreError> {
    parsed(column, value, |text| text.parse().ok())
}

fn binary(column: &Column, value: &RawValue) -> Result<Option<Vec<u8>>, StoreError> {
    parsed(column, value, |text| BASE64.decode(text).ok())
}

fn parsed<T>(column: &Column, value: &RawValue, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
    match read::<String>(column, value)? {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or_else(|| wrong(column)),
    }
}
