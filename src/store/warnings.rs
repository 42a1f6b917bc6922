//! The rules of what a supervisor is to look at: the file as it is, the newest one only.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::schema::warning_rules;
use super::{AuditAct, Store, StoreError};
use crate::definition::SourceFile;
use crate::response::Fingerprint;

#[derive(Insertable)]
#[diesel(table_name = warning_rules)]
struct NewRow<'a> {
    hash: &'a str,
    file_name: &'a str,
    source: &'a str,
    created_at: NaiveDateTime,
}

/// Keeps rules as the current ones.
pub(super) fn keep(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    file: &SourceFile,
    now: NaiveDateTime,
) -> Result<(), StoreError> {
    let hash = Fingerprint::of_bytes(file.text.as_bytes()).to_string();
    let current = warning_rules::table.select(warning_rules::hash);
    let current: Option<String> = on_backend!(connection, |c| current.first(c).optional())?;
    if current.as_ref() == Some(&hash) {
        return Ok(());
    }
    let row = NewRow {
        hash: &hash,
        file_name: &file.name,
        source: &file.text,
        created_at: now,
    };
    on_backend!(connection, |c| {
        diesel::delete(warning_rules::table).execute(c)?;
        diesel::insert_into(warning_rules::table).values(&row).execute(c)?;
    });
    let entry = journal
        .note(AuditAct::WarningsKept, "warnings")
        .after(format!("hash={hash}"));
    if let Some(hash) = current {
        entry.before(format!("hash={hash}"));
    }
    Ok(())
}

impl Store {
    /// The file of the current rules, if there is one. It has passed every check.
    ///
    /// # Errors
    /// What the database says.
    pub fn warning_rules(&self) -> Result<Option<SourceFile>, StoreError> {
        let found: Option<(String, String)> = self.read(|connection| {
            let query = warning_rules::table.select((warning_rules::file_name, warning_rules::source));
            Ok(on_backend!(connection, |c| query.first(c).optional())?)
        })?;
        Ok(found.map(|(name, text)| SourceFile { name, text }))
    }
}
