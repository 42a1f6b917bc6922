//! Rows as lines: each a JSON array of the row's values, in the order of the columns.
//!
//! A JSON document stands in its line as it is: as a string, each of its quotation marks would be escaped, packed, and read
//! again. What might be taken for something else then, or would break the line, is a string that holds the document.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::DefaultLoadingMode;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::row::{Field as _, NamedRow, Row};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Double, Text, Timestamp};
use diesel::sqlite::{Sqlite, SqliteType};

use super::super::JsonText;
use super::super::backend::Connection;
use super::super::json::Jsonb;
use super::archive::Writer;
use super::columns::{Column, Kind};
use super::error::BackupError;
use super::tables::{self, Table};

/// How much is handed to the thread that compresses at a time.
const CHUNK: usize = 1 << 20;

/// Writes all rows of a table.
pub(super) fn copy(
    connection: &mut Connection<'_>,
    table: &Table,
    writer: &Writer,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), BackupError> {
    let query = query(table);
    let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 8);
    let mut rows = 0;
    let mut take = |line: Result<Line, diesel::result::Error>| {
        chunk.extend_from_slice(&line?.0);
        rows += 1;
        if chunk.len() >= CHUNK {
            progress(rows);
            writer.write(
                std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK + CHUNK / 8)),
                std::mem::take(&mut rows),
            )?;
        }
        Ok::<(), BackupError>(())
    };
    match connection {
        Connection::Sqlite(c) => {
            for line in diesel::sql_query(query).load_iter::<Line, DefaultLoadingMode>(*c)? {
                take(line)?;
            }
        }
        Connection::Postgres(c) => {
            for line in diesel::sql_query(query).load_iter::<Line, PgRowByRowLoadingMode>(*c)? {
                take(line)?;
            }
        }
    }
    progress(rows);
    writer.write(chunk, rows)
}

/// All rows of a table; the first column of each says which of the others hold documents, which SQLite has as text.
fn query(table: &Table) -> String {
    let kind = |column: &Column| if column.kind == Kind::Json { DOCUMENT } else { '.' };
    let kinds: String = table.columns.iter().map(kind).collect();
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    format!(
        "SELECT '{kinds}', {} FROM \"{}\"{}",
        columns.join(", "),
        table.name,
        tables::rows_kept(table)
    )
}

/// How a column of documents is told from others.
const DOCUMENT: char = 'j';

/// A row as it stands in the archive, with the end of its line.
struct Line(Vec<u8>);

impl Line {
    fn of<'a, DB: diesel::backend::Backend>(
        row: &impl NamedRow<'a, DB>,
        mut write: impl FnMut(&mut Vec<u8>, DB::RawValue<'_>, bool) -> deserialize::Result<()>,
    ) -> deserialize::Result<Self>
    where
        String: FromSql<Text, DB>,
    {
        let field = |index| Row::get(row, index).ok_or("a column is missing");
        let kinds = String::from_nullable_sql(field(0)?.value())?;
        let mut line = Vec::with_capacity(2048);
        for (kind, index) in kinds.chars().zip(1..) {
            line.push(if index == 1 { b'[' } else { b',' });
            match field(index)?.value() {
                None => line.extend_from_slice(b"null"),
                Some(value) => write(&mut line, value, kind == DOCUMENT)?,
            }
        }
        line.extend_from_slice(b"]\n");
        Ok(Self(line))
    }
}

impl QueryableByName<Sqlite> for Line {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        Self::of(row, |line, mut value, document| match value.value_type() {
            Some(SqliteType::Float | SqliteType::Double) => put_double(line, value.read_double()),
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => put(line, &value.read_long()),
            Some(SqliteType::Binary) => put(line, &BASE64.encode(value.read_blob())),
            Some(SqliteType::Text) | None if document => put_document(line, value.read_text()),
            Some(SqliteType::Text) | None => put(line, value.read_text()),
        })
    }
}

impl QueryableByName<Pg> for Line {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        // The numbers of PostgreSQL's own types never change.
        Self::of(row, |line, value, _document| match value.get_oid().get() {
            16 => put(line, &i64::from(<bool as FromSql<Bool, Pg>>::from_sql(value)?)),
            17 => put(line, &BASE64.encode(<Vec<u8> as FromSql<Binary, Pg>>::from_sql(value)?)),
            20 => put(line, &<i64 as FromSql<BigInt, Pg>>::from_sql(value)?),
            25 => put(line, std::str::from_utf8(value.as_bytes())?),
            701 => put_double(line, <f64 as FromSql<Double, Pg>>::from_sql(value)?),
            1082 => put(line, &<NaiveDate as FromSql<Date, Pg>>::from_sql(value)?.to_string()),
            1114 => {
                let time = <NaiveDateTime as FromSql<Timestamp, Pg>>::from_sql(value)?;
                put(line, &time.to_string())
            }
            114 => put_document(line, std::str::from_utf8(value.as_bytes())?),
            3802 => put_document(line, &<JsonText as FromSql<Jsonb, Pg>>::from_sql(value)?.0),
            other => Err(format!("a column of the type {other} can't be kept in a backup").into()),
        })
    }
}

fn put_document(line: &mut Vec<u8>, document: &str) -> deserialize::Result<()> {
    if document.starts_with(['{', '[']) && !document.contains('\n') {
        line.extend_from_slice(document.as_bytes());
        Ok(())
    } else {
        put(line, document)
    }
}

fn put<T: serde::Serialize + ?Sized>(line: &mut Vec<u8>, value: &T) -> deserialize::Result<()> {
    Ok(serde_json::to_writer(line, value)?)
}

fn put_double(line: &mut Vec<u8>, value: f64) -> deserialize::Result<()> {
    if value.is_finite() {
        put(line, &value)
    } else {
        // JSON has no number for it.
        Ok(write!(line, "\"{value}\"")?)
    }
}
