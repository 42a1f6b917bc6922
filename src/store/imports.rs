//! Imports: a file's responses stored as one batch, all or nothing, and taken back as one.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::attachments;
use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::duplicates::flag_whole_survey;
use super::jobs::EndsJob;
use super::locks::lock_batch;
use super::planner::gather_statistics;
use super::review::{self, StateChange};
use super::rows::rows_at_once;
use super::schema::{imports, instance_ids, response_events, response_versions, responses};
use super::submission::Submission;
use super::{AuditAct, Channel, JsonText, Store, StoreError, newcomers, time};
use crate::response::Fingerprint;

/// How many names go into one question.
const BATCH: usize = 500;

/// A file to be loaded.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The round that its rows belong to.
    pub round: Option<String>,
    /// The survey that they answer.
    pub survey: String,
    /// The hash of the file.
    pub content: Fingerprint,
    /// The file's name, without folders.
    pub file_name: String,
    /// What its operator wants to know of it later: JSON.
    pub summary: serde_json::Value,
    /// Who loads it.
    pub created_by: String,
}

/// A row of a file: the response, and what is decided on it as soon as it is stored.
#[derive(Debug, Clone)]
pub struct ImportedRow {
    /// The response.
    pub submission: Submission,
    /// What whoever imports decides on it, since that was decided elsewhere.
    pub decision: Option<StateChange>,
}

impl From<Submission> for ImportedRow {
    fn from(submission: Submission) -> Self {
        Self {
            submission,
            decision: None,
        }
    }
}

/// Whether the rows of an import are in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportState {
    /// They are.
    Applied,
    /// They were taken back.
    Withdrawn,
}

impl ImportState {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A file that was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The key.
    pub id: i64,
    /// The round that its rows belong to; empty where none was open.
    pub round: String,
    /// The survey that they answer.
    pub survey: String,
    /// Whether its rows are in the database.
    pub state: ImportState,
    /// The hash of the file.
    pub content_hash: String,
    /// The file's name.
    pub file_name: String,
    /// How many rows were stored.
    pub rows: i64,
    /// What its operator wants to know of it.
    pub summary: JsonText,
    /// When it was loaded.
    pub created_at: DateTime<Utc>,
    /// Who loaded it.
    pub created_by: String,
    /// When it was taken back.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Who took it back.
    pub withdrawn_by: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportOutcome {
    /// Its rows are stored.
    Applied(Import),
    /// The same file was loaded before: nothing changed.
    SameFile(Import),
}

/// What taking an import back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    /// How many responses are gone.
    pub removed: usize,
    /// How many stayed, because they were edited since.
    pub kept: i64,
}

#[derive(Insertable)]
#[diesel(table_name = imports)]
struct NewRow<'a> {
    round: &'a str,
    survey: &'a str,
    state: &'a str,
    content_hash: String,
    file_name: &'a str,
    rows: i64,
    summary: JsonText,
    created_at: NaiveDateTime,
    created_by: &'a str,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = imports)]
struct Row {
    id: i64,
    round: String,
    survey: String,
    state: String,
    content_hash: String,
    file_name: String,
    rows: i64,
    summary: JsonText,
    created_at: NaiveDateTime,
    created_by: String,
    withdrawn_at: Option<NaiveDateTime>,
    withdrawn_by: Option<String>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            round: row.round,
            survey: row.survey,
            // The table's own check allows no third state.
            state: if row.state == ImportState::Applied.name() {
                ImportState::Applied
            } else {
                ImportState::Withdrawn
            },
            content_hash: row.content_hash,
            file_name: row.file_name,
            rows: row.rows,
            summary: row.summary,
            created_at: time::read(row.created_at),
            created_by: row.created_by,
            withdrawn_at: row.withdrawn_at.map(time::read),
            withdrawn_by: row.withdrawn_by,
        }
    }
}

fn find(connection: &mut Connection<'_>, id: i64) -> Result<Import, StoreError> {
    let query = imports::table.find(id);
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    row.map(Import::from).ok_or_else(|| StoreError::NotFound {
        what: "import",
        name: id.to_string(),
    })
}

impl Store {
    /// Stores the rows of a file in one transaction: all of them, or none where one fails. Rows are taken as they are
    /// stored, so they may be read from the file meanwhile; on SQLite other writers wait for the whole of it.
    ///
    /// # Errors
    /// The first error among the rows; [`StoreError::InstanceConflict`] where an instance ID is known or comes twice.
    pub fn import<E: From<StoreError>>(
        &self,
        import: &NewImport,
        rows: impl IntoIterator<Item = Result<impl Into<ImportedRow>, E>>,
        now: DateTime<Utc>,
    ) -> Result<ImportOutcome, E> {
        self.import_ending(import, rows, now, None)
    }

    /// The same, and the end of the job whose work it is: both in one transaction.
    ///
    /// # Errors
    /// As [`Store::import`]; [`StoreError::LeaseLost`] where another server has taken the job up.
    pub fn import_ending<E: From<StoreError>>(
        &self,
        import: &NewImport,
        rows: impl IntoIterator<Item = Result<impl Into<ImportedRow>, E>>,
        now: DateTime<Utc>,
        job: Option<&EndsJob<'_, ImportOutcome>>,
    ) -> Result<ImportOutcome, E> {
        let mut failed = None;
        let channel = self.origin.channel;
        let outcome = self.change(now, |connection, journal| {
            let mut rows = rows.into_iter().map_while(|row| match row {
                Ok(row) => {
                    let mut row: ImportedRow = row.into();
                    match self.seal(&mut row.submission) {
                        Ok(()) => Some(row),
                        Err(error) => {
                            failed = Some(error.into());
                            None
                        }
                    }
                }
                Err(error) => {
                    failed = Some(error);
                    None
                }
            });
            let outcome = store_file(connection, journal, channel, import, &mut rows, now).and_then(|outcome| {
                if let Some(job) = job {
                    job.end(connection, &outcome, now)?;
                }
                Ok(outcome)
            });
            // What was stored so far is undone.
            if failed.is_some() {
                Err(StoreError::Refused("a row failed".to_owned()))
            } else {
                outcome
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(outcome?),
        }
    }

    /// Which of these instance IDs are known already, in any version of any response of the survey.
    ///
    /// # Errors
    /// What the database says.
    pub fn known_instances(&self, survey: &str, ids: &[String]) -> Result<HashSet<String>, StoreError> {
        self.read(|connection| {
            let mut known = HashSet::new();
            for batch in ids.chunks(BATCH) {
                let query = instance_ids::table
                    .filter(instance_ids::survey.eq(survey))
                    .filter(instance_ids::instance_id.eq_any(batch))
                    .select(instance_ids::instance_id);
                let found: Vec<String> = on_backend!(connection, |c| query.load(c))?;
                known.extend(found);
            }
            Ok(known)
        })
    }

    /// An instance ID by which a response of the survey is known that has one of these, or replaces one of these, in any
    /// of its versions.
    ///
    /// # Errors
    /// What the database says.
    pub fn known_as(&self, survey: &str, ids: &[String]) -> Result<Option<String>, StoreError> {
        self.read(|connection| find_known(connection, survey, ids))
    }

    /// The newest imports before a key (`None`: from the newest on), of one survey or of all.
    ///
    /// # Errors
    /// What the database says.
    pub fn imports(&self, survey: Option<&str>, before: Option<i64>, limit: i64) -> Result<Vec<Import>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| {
                let mut query = imports::table
                    .into_boxed::<Db>()
                    .filter(imports::id.lt(before.unwrap_or(i64::MAX)));
                if let Some(survey) = survey {
                    query = query.filter(imports::survey.eq(survey));
                }
                query
                    .order(imports::id.desc())
                    .limit(limit)
                    .select(Row::as_select())
                    .load(c)
            })?)
        })?;
        Ok(rows.into_iter().map(Import::from).collect())
    }

    /// One import.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn import_record(&self, id: i64) -> Result<Import, StoreError> {
        self.read(|connection| find(connection, id))
    }

    /// Takes an import back: its responses are removed with their history, but for those that were edited since. The
    /// record of the import stays, and the file may be loaded again. Taking it back twice removes nothing more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such import.
    pub fn withdraw_import(&self, id: i64, actor: &str, now: DateTime<Utc>) -> Result<Withdrawal, StoreError> {
        self.change(now, |connection, journal| {
            let import = find(connection, id)?;
            lock_batch(connection, &import.round, &import.survey)?;
            let ours = || responses::table.filter(responses::import_id.eq(id));
            let untouched = || ours().filter(responses::versions.eq(1));
            let gone: Vec<i64> = on_backend!(connection, |c| untouched().select(responses::id).load(c))?;
            for responses in gone.chunks(BATCH) {
                attachments::take_from_responses(connection, &import.round, &import.survey, responses, now)?;
            }
            let names = instance_ids::table
                .filter(instance_ids::survey.eq(&import.survey))
                .filter(instance_ids::instance_id.eq_any(untouched().select(responses::instance_id)));
            on_backend!(connection, |c| diesel::delete(names).execute(c))?;
            let versions = response_versions::table
                .filter(response_versions::round.eq(&import.round))
                .filter(response_versions::survey.eq(&import.survey))
                .filter(response_versions::id.eq_any(untouched().select(responses::id)));
            on_backend!(connection, |c| diesel::delete(versions).execute(c))?;
            let history = response_events::table
                .filter(response_events::round.eq(&import.round))
                .filter(response_events::survey.eq(&import.survey))
                .filter(response_events::response_id.eq_any(untouched().select(responses::id)));
            on_backend!(connection, |c| diesel::delete(history).execute(c))?;
            let removed = on_backend!(connection, |c| diesel::delete(untouched()).execute(c))?;
            let kept = on_backend!(connection, |c| ours().count().get_result(c))?;
            flag_whole_survey(connection, &import.round, &import.survey)?;
            journal
                .note(AuditAct::ImportWithdrawn, target(&import.survey, id))
                .by(Some(actor), self.origin.channel.name())
                .after(format!("removed={removed} kept={kept}"));
            let record = imports::table
                .find(id)
                .filter(imports::state.eq(ImportState::Applied.name()));
            on_backend!(connection, |c| diesel::update(record)
                .set((
                    imports::state.eq(ImportState::Withdrawn.name()),
                    imports::withdrawn_at.eq(time::stored(now)),
                    imports::withdrawn_by.eq(actor),
                ))
                .execute(c))?;
            Ok(Withdrawal { removed, kept })
        })
    }
}

fn store_file(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    channel: Channel,
    import: &NewImport,
    rows: &mut impl Iterator<Item = ImportedRow>,
    now: DateTime<Utc>,
) -> Result<ImportOutcome, StoreError> {
    let round = import.round.as_deref().unwrap_or_default();
    lock_batch(connection, round, &import.survey)?;
    let content_hash = import.content.to_string();
    let same = imports::table
        .filter(imports::round.eq(round))
        .filter(imports::survey.eq(&import.survey))
        .filter(imports::content_hash.eq(&content_hash))
        .filter(imports::state.eq(ImportState::Applied.name()));
    let known: Option<Row> = on_backend!(connection, |c| same.select(Row::as_select()).first(c).optional())?;
    if let Some(known) = known {
        return Ok(ImportOutcome::SameFile(known.into()));
    }
    let record = NewRow {
        round,
        survey: &import.survey,
        state: ImportState::Applied.name(),
        content_hash,
        file_name: &import.file_name,
        rows: 0,
        summary: JsonText::of(&import.summary)?,
        created_at: time::stored(now),
        created_by: &import.created_by,
    };
    on_backend!(connection, |c| diesel::insert_into(imports::table)
        .values(&record)
        .execute(c))?;
    let id = connection.inserted_id()?;

    let mut count: i64 = 0;
    loop {
        let rows: Vec<ImportedRow> = rows.by_ref().take(rows_at_once(connection)).collect();
        if rows.is_empty() {
            break;
        }
        let batch: Vec<&Submission> = rows.iter().map(|row| &row.submission).collect();
        if let Some(stray) = batch
            .iter()
            .find(|row| row.envelope.survey != import.survey || row.envelope.round != import.round)
        {
            return Err(StoreError::Refused(format!(
                "'{}' is of another survey or round than its import",
                stray.instance_id()
            )));
        }
        refuse_known(connection, &batch)?;
        newcomers::insert(connection, &batch, Some(id))?;
        count += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        for row in &rows {
            if let Some(decision) = &row.decision {
                let name = row.submission.instance_id();
                review::decide(connection, journal, channel, &import.survey, name, decision, now)?;
            }
        }
    }
    on_backend!(connection, |c| diesel::update(imports::table.find(id))
        .set(imports::rows.eq(count))
        .execute(c))?;
    gather_statistics(connection, usize::try_from(count).unwrap_or_default())?;
    flag_whole_survey(connection, round, &import.survey)?;
    journal
        .note(AuditAct::ImportApplied, target(&import.survey, id))
        .after(format!("rows={count} file={}", record.content_hash));
    find(connection, id).map(ImportOutcome::Applied)
}

/// What the audit log calls it.
fn target(survey: &str, id: i64) -> String {
    format!("surveys/{survey}/imports/{id}")
}

/// Refuses a batch in which an instance ID is known or comes twice, or one replaces a version that is known: an import
/// can be taken back, an edit of what was there before can't.
fn refuse_known(connection: &mut Connection<'_>, batch: &[&Submission]) -> Result<(), StoreError> {
    let named = |row: &&Submission| {
        let predecessor = row.predecessor().map(str::to_owned);
        std::iter::once(row.instance_id().to_owned()).chain(predecessor)
    };
    let ids: Vec<String> = batch.iter().flat_map(named).collect();
    let mut names = HashSet::with_capacity(batch.len());
    let mut conflict = ids.iter().find(|name| !names.insert(*name)).cloned();
    if let Some(row) = batch.first().filter(|_| conflict.is_none()) {
        conflict = find_known(connection, &row.envelope.survey, &ids)?;
    }
    match conflict {
        Some(instance_id) => Err(StoreError::InstanceConflict { instance_id }),
        None => Ok(()),
    }
}

/// An instance ID that a response has which has, or replaces, one of these.
fn find_known(connection: &mut Connection<'_>, survey: &str, ids: &[String]) -> Result<Option<String>, StoreError> {
    let stored = instance_ids::table
        .filter(instance_ids::survey.eq(survey))
        .filter(instance_ids::instance_id.eq_any(ids))
        .select(instance_ids::instance_id);
    let found: Option<String> = on_backend!(connection, |c| stored.first(c).optional())?;
    if found.is_some() {
        return Ok(found);
    }
    let replaced = response_versions::table
        .filter(response_versions::survey.eq(survey))
        .filter(response_versions::deprecated_id.eq_any(ids))
        .select(response_versions::instance_id);
    Ok(on_backend!(connection, |c| replaced.first(c).optional())?)
}
