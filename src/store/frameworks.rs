//! Frameworks of indicators: every one that an assessment has used is kept, one is the current one.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::schema::frameworks;
use super::{AuditAct, Store, StoreError, time};
use crate::definition::SourceFile;
use crate::response::Fingerprint;

/// A framework to be kept; it has passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFramework {
    /// The hash of its content.
    pub hash: String,
    /// Where it was read from.
    pub file_name: String,
    /// The file, word for word.
    pub source: String,
}

impl From<&SourceFile> for NewFramework {
    fn from(file: &SourceFile) -> Self {
        Self {
            hash: Fingerprint::of_bytes(file.text.as_bytes()).to_string(),
            file_name: file.name.clone(),
            source: file.text.clone(),
        }
    }
}

/// A framework that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFramework {
    /// The hash of its content.
    pub hash: String,
    /// Where it was read from.
    pub file_name: String,
    /// The file, word for word.
    pub source: String,
    /// When it was first kept.
    pub created_at: DateTime<Utc>,
}

type Row = (String, String, String, NaiveDateTime);
type Columns = (
    frameworks::hash,
    frameworks::file_name,
    frameworks::source,
    frameworks::created_at,
);
const COLUMNS: Columns = (
    frameworks::hash,
    frameworks::file_name,
    frameworks::source,
    frameworks::created_at,
);

impl From<Row> for StoredFramework {
    fn from((hash, file_name, source, created_at): Row) -> Self {
        Self {
            hash,
            file_name,
            source,
            created_at: time::read(created_at),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = frameworks)]
struct NewRow<'a> {
    hash: &'a str,
    file_name: &'a str,
    source: &'a str,
    created_at: NaiveDateTime,
    current: bool,
}

/// Keeps a framework as the current one, and says whether that changed anything.
pub(super) fn keep(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    framework: &NewFramework,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let current = frameworks::table
        .filter(frameworks::current.eq(true))
        .select(frameworks::hash);
    let current: Option<String> = on_backend!(connection, |c| current.first(c).optional())?;
    if current.as_ref() == Some(&framework.hash) {
        return Ok(false);
    }
    on_backend!(connection, |c| diesel::update(frameworks::table)
        .set(frameworks::current.eq(false))
        .execute(c))?;
    let row = NewRow {
        hash: &framework.hash,
        file_name: &framework.file_name,
        source: &framework.source,
        created_at: now,
        current: true,
    };
    on_backend!(connection, |c| diesel::insert_into(frameworks::table)
        .values(&row)
        .on_conflict(frameworks::hash)
        .do_update()
        .set(frameworks::current.eq(true))
        .execute(c))?;
    let entry = journal
        .note(AuditAct::FrameworkKept, "framework")
        .after(format!("hash={}", framework.hash));
    if let Some(hash) = current {
        entry.before(format!("hash={hash}"));
    }
    Ok(true)
}

impl Store {
    /// The framework that assessments use, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub fn current_framework(&self) -> Result<Option<StoredFramework>, StoreError> {
        let found: Option<Row> = self.read(|connection| {
            let query = frameworks::table.filter(frameworks::current.eq(true)).select(COLUMNS);
            Ok(on_backend!(connection, |c| query.first(c).optional())?)
        })?;
        Ok(found.map(StoredFramework::from))
    }

    /// The framework with this hash, also one of the past.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn framework(&self, hash: &str) -> Result<StoredFramework, StoreError> {
        let found: Option<Row> = self.read(|connection| {
            let query = frameworks::table.find(hash).select(COLUMNS);
            Ok(on_backend!(connection, |c| query.first(c).optional())?)
        })?;
        found.map(StoredFramework::from).ok_or_else(|| StoreError::NotFound {
            what: "framework",
            name: hash.to_owned(),
        })
    }
}
