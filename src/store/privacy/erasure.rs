//! Erasing a respondent's data in all versions, and whatever else tells it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::proof::{Cause, Erasure, Places, keep};
use super::{Definitions, Parts, Subject, split};
use crate::definition::Element;
use crate::response::element_at;
use crate::store::attachments;
use crate::store::backend::{Connection, on_backend};
use crate::store::events::{self, EventKind, NewEvent};
use crate::store::heads::{HeadRow, head_query, lock_head, update_head};
use crate::store::keys::is_keyed;
use crate::store::schema::{imports, instance_ids, job_files, jobs, response_events, response_versions, responses};
use crate::store::submission::Facts;
use crate::store::{JsonText, Store, StoreError, time};

/// How much of a respondent is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureScope {
    /// What is about persons.
    Personal,
    /// That, and what tells which organisation it is. The other answers stay, and go on to count.
    Identity,
}

impl ErasureScope {
    fn covers(self, element: &Element) -> bool {
        element.is_personal() || (self == Self::Identity && element.identifying)
    }
}

/// What stands in place of a file name that told who sent it.
const ERASED: &str = "(erased)";

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_versions)]
struct Row {
    id: i64,
    definition_version: String,
    content_hash: String,
    answers_hash: String,
    facts: JsonText,
    answers: JsonText,
    problems: JsonText,
    original: Option<Vec<u8>>,
    data_key: Option<Vec<u8>>,
}

/// Removes the files of jobs that ended: what was uploaded for them, and what they made, may hold anybody's answers.
fn remove_job_files(connection: &mut Connection<'_>) -> Result<usize, StoreError> {
    let ended = jobs::table.filter(jobs::finished_at.is_not_null()).select(jobs::id);
    let ended: Vec<i64> = on_backend!(connection, |c| ended.load(c))?;
    let files = job_files::table.filter(job_files::job_id.eq_any(ended));
    Ok(on_backend!(connection, |c| diesel::delete(files).execute(c))?)
}

impl Store {
    /// Erases what is held about a subject, and keeps the proof.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where nothing is held; [`StoreError::Refused`] where no reason is given, or one that
    /// tells whose data it was.
    pub fn erase(
        &self,
        subject: &Subject,
        scope: ErasureScope,
        actor: &str,
        reason: &str,
        definitions: &Definitions<'_>,
        now: DateTime<Utc>,
    ) -> Result<Erasure, StoreError> {
        if reason.trim().is_empty() {
            return Err(StoreError::Refused(
                "an erasure takes a reason, such as the number of the request".to_owned(),
            ));
        }
        if subject.is_told_by(reason) {
            return Err(StoreError::Refused(
                "the reason tells whose data is erased: give the number of the request instead".to_owned(),
            ));
        }
        let erasure = self.change(now, |connection, journal| {
            let heads = self.responses_of(connection, subject)?;
            if heads.is_empty() {
                return Err(StoreError::NotFound {
                    what: "respondent",
                    name: "that was named".to_owned(),
                });
            }
            let mut places = Places::default();
            for head in &heads {
                places.add(&self.erase_response(connection, head, scope, actor, definitions, now)?);
            }
            places.files = remove_job_files(connection)?;
            let cause = Cause {
                actor,
                occasion: "request",
                reason,
            };
            keep(connection, journal, cause, places, now)
        })?;
        self.overwrite_old_pages()?;
        Ok(erasure)
    }

    /// Erases within all versions of a response and what hangs on it.
    pub(super) fn erase_response(
        &self,
        connection: &mut Connection<'_>,
        head: &HeadRow,
        scope: ErasureScope,
        actor: &str,
        definitions: &Definitions<'_>,
        now: DateTime<Utc>,
    ) -> Result<Places, StoreError> {
        let mut head = lock_head(connection, &head.round, &head.survey, head.id)?;
        let mut places = Places {
            responses: 1,
            ..Places::default()
        };
        let query = response_versions::table
            .filter(response_versions::round.eq(&head.round))
            .filter(response_versions::survey.eq(&head.survey))
            .filter(response_versions::response_id.eq(head.id));
        let rows: Vec<Row> = on_backend!(connection, |c| query.select(Row::as_select()).load(c))?;
        let versions: HashMap<i64, String> = rows
            .iter()
            .map(|row| (row.id, row.definition_version.clone()))
            .collect();
        for row in rows {
            self.erase_version(connection, &head, row, scope, definitions, &mut places)?;
        }
        let is_covered = |version: i64, question: &str| {
            let definition = versions
                .get(&version)
                .and_then(|version| definitions(&head.survey, version));
            let element = definition.and_then(|definition| element_at(definition, question));
            // What no definition knows may be anything.
            element.is_none_or(|element| scope.covers(element))
        };
        places.attachments += attachments::take_from(connection, &head, is_covered, now)?;
        let comments = response_events::table
            .filter(response_events::round.eq(&head.round))
            .filter(response_events::survey.eq(&head.survey))
            .filter(response_events::response_id.eq(head.id))
            .filter(
                response_events::comment
                    .is_not_null()
                    .or(response_events::details.is_not_null()),
            );
        places.comments += on_backend!(connection, |c| diesel::update(comments)
            .set((
                response_events::comment.eq(None::<String>),
                response_events::details.eq(None::<JsonText>)
            ))
            .execute(c))?;

        let keyed = head
            .organisation
            .as_deref()
            .is_some_and(|key| key.starts_with("keyed:"));
        if scope == ErasureScope::Identity || keyed {
            places.names += usize::from(head.name.is_some()) + usize::from(head.code.is_some());
            (head.name, head.code, head.organisation) = (None, None, None);
            head.duplicate = false;
        }
        if let (Some(import), ErasureScope::Identity) = (head.import_id, scope) {
            // A file with one respondent is often named after it.
            let single = imports::table
                .find(import)
                .filter(imports::rows.le(1))
                .filter(imports::file_name.ne(ERASED));
            places.file_names += on_backend!(connection, |c| diesel::update(single)
                .set((
                    imports::file_name.eq(ERASED),
                    imports::summary.eq(JsonText("null".to_owned()))
                ))
                .execute(c))?;
        }
        head.revision += 1;
        head.updated_at = time::stored(now);
        update_head(connection, &head)?;
        on_backend!(connection, |c| diesel::update(head_query(&head))
            .set(responses::duplicate.eq(head.duplicate))
            .execute(c))?;
        let event = NewEvent {
            actor: Some(actor),
            ..NewEvent::of(&head, EventKind::Erased, head.updated_at)
        };
        events::add(connection, &event)?;
        Ok(places)
    }

    fn erase_version(
        &self,
        connection: &mut Connection<'_>,
        head: &HeadRow,
        row: Row,
        scope: ErasureScope,
        definitions: &Definitions<'_>,
        places: &mut Places,
    ) -> Result<(), StoreError> {
        let mut facts: Facts = row.facts.read()?;
        let mut parts = Parts {
            answers: row.answers.read()?,
            findings: row.problems.read()?,
            original: row.original,
            identity: std::mem::take(&mut facts.identity),
        };
        let (name, code) = (parts.identity.name.is_some(), parts.identity.code.is_some());
        if let Some(definition) = definitions(&head.survey, &row.definition_version) {
            let taken = split(definition, &mut parts, |element| scope.covers(element));
            places.answers += usize::from(taken.answers.is_some());
            places.findings += taken.findings.len();
            places.originals += usize::from(taken.received.is_some() || taken.original.is_some());
        } else {
            // Nothing tells what is personal of it: then all of it is.
            places.answers += 1;
            places.findings += parts.findings.len();
            places.originals += usize::from(parts.original.is_some());
            parts.answers = serde_json::json!({});
            parts.findings.clear();
            parts.original = None;
        }
        if scope == ErasureScope::Identity {
            (parts.identity.name, parts.identity.code) = (None, None);
        }
        places.names += usize::from(name && parts.identity.name.is_none());
        places.names += usize::from(code && parts.identity.code.is_none());
        places.keys += usize::from(row.data_key.is_some());
        places.versions += 1;
        facts.subject = None;
        facts.device = None;
        facts.identity = parts.identity;
        // The fingerprints stay, keyed: a phone that sends the same again does not bring it back.
        let keyed = |stored: String| {
            if is_keyed(&stored) {
                Ok::<_, StoreError>(stored)
            } else {
                Ok(self.keys()?.fingerprint(&stored))
            }
        };
        let version = response_versions::table
            .filter(response_versions::round.eq(&head.round))
            .filter(response_versions::survey.eq(&head.survey))
            .filter(response_versions::id.eq(row.id));
        let changes = (
            response_versions::content_hash.eq(keyed(row.content_hash)?),
            response_versions::answers_hash.eq(keyed(row.answers_hash)?),
            response_versions::facts.eq(JsonText::of(&facts)?),
            response_versions::answers.eq(JsonText::of(&parts.answers)?),
            response_versions::problems.eq(JsonText::of(&parts.findings)?),
            response_versions::original.eq(parts.original),
            response_versions::data_key.eq(None::<Vec<u8>>),
            response_versions::sealed.eq(None::<Vec<u8>>),
        );
        on_backend!(connection, |c| diesel::update(version).set(changes).execute(c))?;
        Ok(())
    }

    /// Removes a response with all its versions and its history.
    pub(super) fn remove_response(
        connection: &mut Connection<'_>,
        head: &HeadRow,
        now: DateTime<Utc>,
    ) -> Result<Places, StoreError> {
        let attachments = attachments::take_from(connection, head, |_, _| true, now)?;
        let versions = || {
            response_versions::table
                .filter(response_versions::round.eq(head.round.as_str()))
                .filter(response_versions::survey.eq(head.survey.as_str()))
                .filter(response_versions::response_id.eq(head.id))
        };
        let names = instance_ids::table
            .filter(instance_ids::survey.eq(&head.survey))
            .filter(instance_ids::instance_id.eq_any(versions().select(response_versions::instance_id)));
        on_backend!(connection, |c| diesel::delete(names).execute(c))?;
        let keys: i64 = on_backend!(connection, |c| versions()
            .filter(response_versions::data_key.is_not_null())
            .count()
            .get_result(c))?;
        let gone = on_backend!(connection, |c| diesel::delete(versions()).execute(c))?;
        let history = response_events::table
            .filter(response_events::round.eq(&head.round))
            .filter(response_events::survey.eq(&head.survey))
            .filter(response_events::response_id.eq(head.id));
        on_backend!(connection, |c| diesel::delete(history).execute(c))?;
        on_backend!(connection, |c| diesel::delete(head_query(head)).execute(c))?;
        Ok(Places {
            responses: 1,
            versions: gone,
            answers: gone,
            attachments,
            keys: usize::try_from(keys).unwrap_or(0),
            ..Places::default()
        })
    }

    /// On SQLite, writes what was changed into the file and empties the log beside it, which still has the old pages.
    pub(super) fn overwrite_old_pages(&self) -> Result<(), StoreError> {
        use diesel::connection::SimpleConnection as _;
        self.read(|connection| {
            if let Connection::Sqlite(c) = connection {
                c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
            }
            Ok(())
        })
    }
}
