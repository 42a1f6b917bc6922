//! Definitions as they were published, word for word, with the files that belong to them.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::locks::lock_one;
use super::schema::{attached_files, definitions};
use super::{AuditAct, Store, StoreError, surveys, time};
use crate::definition::{AttachedFile, LoadedDefinition, SurveyState, VersionState};

/// A definition to be kept. It has passed every check: the store asks no more about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefinition {
    /// The survey.
    pub survey: String,
    /// The version.
    pub version: String,
    /// The hash over the definition and its files.
    pub hash: String,
    /// Where it was read from: the extension says how to read it again.
    pub file_name: String,
    /// The file, word for word.
    pub source: Vec<u8>,
    /// The files that belong to it.
    pub files: Vec<AttachedFile>,
}

impl From<&LoadedDefinition> for NewDefinition {
    fn from(loaded: &LoadedDefinition) -> Self {
        Self {
            survey: loaded.definition.survey().to_owned(),
            version: loaded.definition.version().to_owned(),
            hash: loaded.hash.clone(),
            file_name: loaded.source.name.clone(),
            source: loaded.source.text.clone().into_bytes(),
            files: loaded.files.clone(),
        }
    }
}

/// A definition that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDefinition {
    /// The survey.
    pub survey: String,
    /// The version.
    pub version: String,
    /// Whether it can still change.
    pub state: VersionState,
    /// The hash over the definition and its files.
    pub hash: String,
    /// Where it was read from: the extension says how to read it again.
    pub file_name: String,
    /// The file, word for word.
    pub source: Vec<u8>,
    /// When it was first kept.
    pub created_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
}

#[derive(Insertable)]
#[diesel(table_name = definitions, treat_none_as_default_value = false)]
struct NewRow<'a> {
    survey: &'a str,
    version: &'a str,
    state: &'a str,
    hash: &'a str,
    file_name: &'a str,
    source: &'a [u8],
    created_at: NaiveDateTime,
    published_at: Option<NaiveDateTime>,
}

#[derive(Insertable)]
#[diesel(table_name = attached_files)]
struct NewFileRow<'a> {
    survey: &'a str,
    version: &'a str,
    name: &'a str,
    hash: String,
    content: &'a [u8],
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = definitions)]
struct Row {
    survey: String,
    version: String,
    state: String,
    hash: String,
    file_name: String,
    source: Vec<u8>,
    created_at: NaiveDateTime,
    published_at: Option<NaiveDateTime>,
}

impl TryFrom<Row> for StoredDefinition {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = VersionState::from_name(&row.state)
            .ok_or_else(|| StoreError::Unreadable(format!("unknown state '{}' of a definition", row.state)))?;
        Ok(Self {
            survey: row.survey,
            version: row.version,
            state,
            hash: row.hash,
            file_name: row.file_name,
            source: row.source,
            created_at: time::read(row.created_at),
            published_at: row.published_at.map(time::read),
        })
    }
}

/// Makes changes of one version wait for each other.
fn lock(connection: &mut Connection<'_>, survey: &str, version: &str) -> Result<(), StoreError> {
    lock_one(connection, &["definition", survey, version])
}

/// That a version still has the hash which the caller saw.
fn expect_hash(connection: &mut Connection<'_>, survey: &str, version: &str, seen: &str) -> Result<(), StoreError> {
    let hash: Option<String> = on_backend!(connection, |c| definitions::table
        .find((survey, version))
        .select(definitions::hash)
        .first(c)
        .optional())?;
    if hash.as_deref() == Some(seen) {
        return Ok(());
    }
    Err(StoreError::Stale {
        what: "definition",
        name: format!("{survey} {version}"),
    })
}

/// Keeps a definition, and says whether that changed anything.
///
/// A published version with the same hash is left alone, with another hash it is refused; a draft is replaced.
pub(super) fn keep(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    definition: &NewDefinition,
    state: VersionState,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let key = (definition.survey.as_str(), definition.version.as_str());
    lock(connection, key.0, key.1)?;
    let kept: Option<(String, String)> = on_backend!(connection, |c| definitions::table
        .find(key)
        .select((definitions::state, definitions::hash))
        .first(c)
        .optional())?;
    let mut replaced = None;
    if let Some((kept_state, hash)) = kept {
        if kept_state == VersionState::Published.name() {
            if hash == definition.hash {
                return Ok(false);
            }
            return Err(StoreError::PublishedDefinition {
                file: definition.file_name.clone(),
                survey: definition.survey.clone(),
                version: definition.version.clone(),
            });
        }
        // Its files go with it.
        on_backend!(connection, |c| diesel::delete(definitions::table.find(key)).execute(c))?;
        replaced = Some(hash);
    }
    let survey_state = match state {
        VersionState::Draft => SurveyState::Draft,
        VersionState::Published => SurveyState::Open,
    };
    surveys::ensure(connection, &definition.survey, survey_state, now)?;
    let row = NewRow {
        survey: &definition.survey,
        version: &definition.version,
        state: state.name(),
        hash: &definition.hash,
        file_name: &definition.file_name,
        source: &definition.source,
        created_at: now,
        published_at: (state == VersionState::Published).then_some(now),
    };
    on_backend!(connection, |c| diesel::insert_into(definitions::table)
        .values(&row)
        .execute(c))?;
    for file in &definition.files {
        let row = NewFileRow {
            survey: &definition.survey,
            version: &definition.version,
            name: &file.name,
            hash: file.hash(),
            content: &file.content,
        };
        on_backend!(connection, |c| diesel::insert_into(attached_files::table)
            .values(&row)
            .execute(c))?;
    }
    let act = match state {
        VersionState::Draft => AuditAct::DefinitionDrafted,
        VersionState::Published => AuditAct::DefinitionPublished,
    };
    let entry = journal
        .note(act, target(&definition.survey, &definition.version))
        .after(format!("hash={}", definition.hash));
    if let Some(hash) = replaced {
        entry.before(format!("hash={hash}"));
    }
    Ok(true)
}

impl Store {
    /// Keeps a draft in place of the one with the same version, if there is one. `seen` is the hash of the version that
    /// the change was decided on.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where what stands there is no longer what the caller saw;
    /// [`StoreError::PublishedDefinition`] where that version is published.
    pub fn keep_draft(&self, draft: &NewDefinition, seen: Option<&str>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            if let Some(seen) = seen {
                lock(connection, &draft.survey, &draft.version)?;
                expect_hash(connection, &draft.survey, &draft.version, seen)?;
            }
            keep(connection, journal, draft, VersionState::Draft, time::stored(now)).map(|_| ())
        })
    }

    /// Freezes a version with its files: from now on it never changes and accepts responses for ever.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such version. Publishing again changes nothing.
    pub fn publish_definition(&self, survey: &str, version: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            use super::schema::surveys;
            lock(connection, survey, version)?;
            let kept: Option<(String, String)> = on_backend!(connection, |c| definitions::table
                .find((survey, version))
                .select((definitions::state, definitions::hash))
                .first(c)
                .optional())?;
            let kept = kept.and_then(|(state, hash)| Some((VersionState::from_name(&state)?, hash)));
            match kept {
                None => Err(no_definition(survey, version)),
                Some((VersionState::Published, _)) => Ok(()),
                Some((VersionState::Draft, hash)) => {
                    on_backend!(connection, |c| diesel::update(
                        definitions::table.find((survey, version))
                    )
                    .set((
                        definitions::state.eq(VersionState::Published.name()),
                        definitions::published_at.eq(time::stored(now))
                    ))
                    .execute(c))?;
                    let draft = surveys::table
                        .filter(surveys::survey.eq(survey))
                        .filter(surveys::state.eq(SurveyState::Draft.name()));
                    on_backend!(connection, |c| diesel::update(draft)
                        .set(surveys::state.eq(SurveyState::Open.name()))
                        .execute(c))?;
                    journal
                        .note(AuditAct::DefinitionPublished, target(survey, version))
                        .after(format!("hash={hash}"));
                    Ok(())
                }
            }
        })
    }

    /// All definitions of all surveys: by survey, the published ones in the order of publishing, then the drafts.
    ///
    /// # Errors
    /// What the database says.
    pub fn definitions(&self) -> Result<Vec<StoredDefinition>, StoreError> {
        let mut rows: Vec<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c| definitions::table
                .select(Row::as_select())
                .load(c))?)
        })?;
        rows.sort_by(|a, b| {
            let key = |row: &Row| {
                (
                    row.survey.clone(),
                    row.published_at.is_none(),
                    row.published_at,
                    row.created_at,
                )
            };
            key(a).cmp(&key(b)).then_with(|| a.version.cmp(&b.version))
        });
        rows.into_iter().map(StoredDefinition::try_from).collect()
    }

    /// One version of a survey.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn definition(&self, survey: &str, version: &str) -> Result<StoredDefinition, StoreError> {
        let row: Option<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c| definitions::table
                .find((survey, version))
                .select(Row::as_select())
                .first(c)
                .optional())?)
        })?;
        row.ok_or_else(|| no_definition(survey, version))?.try_into()
    }

    /// The files that belong to a version, by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn attached_files(&self, survey: &str, version: &str) -> Result<Vec<AttachedFile>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = self.read(|connection| {
            let query = attached_files::table
                .filter(attached_files::survey.eq(survey))
                .filter(attached_files::version.eq(version))
                .order(attached_files::name)
                .select((attached_files::name, attached_files::content));
            Ok(on_backend!(connection, |c| query.load(c))?)
        })?;
        let file = |(name, content)| AttachedFile { name, content };
        Ok(rows.into_iter().map(file).collect())
    }
}

/// What the audit log calls it.
fn target(survey: &str, version: &str) -> String {
    format!("surveys/{survey}/versions/{version}")
}

fn no_definition(survey: &str, version: &str) -> StoreError {
    StoreError::NotFound {
        what: "definition",
        name: format!("{survey} {version}"),
    }
}
