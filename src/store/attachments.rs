//! Which files belong to which versions of responses. What they hold, [`super::contents`] knows by its hash.

#![allow(
    clippy::ref_option_ref,
    reason = "what diesel derives takes references to the fields"
)]

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::contents::{Content, ContentRow, read_hash};
use super::events::{self, EventKind, NewEvent};
use super::heads::{HeadRow, lock_head, update_head};
use super::responses::{find_head, no_response};
use super::schema::{attachments, response_attachments, response_versions, responses};
use super::submission::Facts;
use super::{AuditAct, Head, JsonText, Store, StoreError, Version, time};
use crate::definition::Text;
use crate::response::{Fingerprint, InterviewLog, Problem, ReviewState};

/// A file of a version of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The key of the version.
    pub version: i64,
    /// The question that it answers, with instances counted from 1: `/products[2]/photo`.
    pub question: String,
    /// Its content.
    pub content: Content,
    /// Who sent it.
    pub sender: Option<String>,
    /// When.
    pub received_at: DateTime<Utc>,
}

/// What a version was when its answers were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    answers: Fingerprint,
    sealed: bool,
}

impl Seen {
    fn of(answers: &JsonText, sealed: bool) -> Self {
        Self {
            answers: Fingerprint::of_bytes(answers.0.as_bytes()),
            sealed,
        }
    }
}

impl Version {
    /// What it is now: by this it is told whether something of it was erased since.
    pub fn seen(&self) -> Seen {
        Seen::of(&self.answers, self.is_sealed())
    }
}

/// A file that arrived for a version of a response.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// The survey.
    pub survey: String,
    /// The instance ID of the version.
    pub instance_id: String,
    /// What the version was when its answers were found to name the file.
    pub seen: Seen,
    /// The questions that name it; one at least.
    pub questions: Vec<String>,
    /// Whether one of them is about a person: then the log does not tell the hash.
    pub personal: bool,
    /// Its content, whose row is there.
    pub hash: Fingerprint,
    /// Who sends it.
    pub sender: Option<String>,
    /// How many bytes all files of the response may have together.
    pub limit: u64,
    /// What it says of the time of the interview, where it is the log of one.
    pub log: Option<InterviewLog>,
    /// What is to be said of it at each of the questions: a warning.
    pub finding: Option<Problem>,
}

/// What became of a file that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The version has it now.
    Added,
    /// The version had it.
    Unchanged,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = response_attachments, treat_none_as_default_value = false)]
struct Row {
    round: String,
    survey: String,
    version_id: i64,
    question: String,
    response_id: i64,
    hash: String,
    sender: Option<String>,
    received_at: NaiveDateTime,
    log: Option<JsonText>,
}

/// The log of an interview, as it was read when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOfResponse {
    /// The question that holds it.
    pub question: String,
    /// What it says.
    pub log: InterviewLog,
}

/// The files of all versions of a response.
type OfResponse<'a> = diesel::dsl::Filter<
    diesel::dsl::Filter<
        diesel::dsl::Filter<response_attachments::table, diesel::dsl::Eq<response_attachments::round, &'a str>>,
        diesel::dsl::Eq<response_attachments::survey, &'a str>,
    >,
    diesel::dsl::Eq<response_attachments::response_id, i64>,
>;

fn of_response<'a>(round: &'a str, survey: &'a str, response: i64) -> OfResponse<'a> {
    response_attachments::table
        .filter(response_attachments::round.eq(round))
        .filter(response_attachments::survey.eq(survey))
        .filter(response_attachments::response_id.eq(response))
}

fn of_head(head: &HeadRow) -> OfResponse<'_> {
    of_response(&head.round, &head.survey, head.id)
}

/// Makes the files of one response those of another, together with its versions.
pub(super) fn join(connection: &mut Connection<'_>, into: &HeadRow, other: &HeadRow) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::update(of_head(other))
        .set((
            response_attachments::round.eq(&into.round),
            response_attachments::response_id.eq(into.id)
        ))
        .execute(c))?;
    Ok(())
}

/// Takes files from the versions of a response: those that meet a condition on the key of the version and the
/// question; to erase them: content that nothing else refers to is due to go at once. Says how many.
pub(super) fn take_from(
    connection: &mut Connection<'_>,
    head: &HeadRow,
    which: impl Fn(i64, &str) -> bool,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let columns = (
        response_attachments::version_id,
        response_attachments::question,
        response_attachments::hash,
    );
    // In one order everywhere, so that two who take from shared contents wait for each other and not both.
    let query = of_head(head).order(response_attachments::hash).select(columns);
    let all: Vec<(i64, String, String)> = on_backend!(connection, |c| query.load(c))?;
    let mut taken = 0;
    for (version, question, hash) in all.iter().filter(|(version, question, _)| which(*version, question)) {
        let row = of_head(head)
            .filter(response_attachments::version_id.eq(version))
            .filter(response_attachments::question.eq(question));
        taken += on_backend!(connection, |c| diesel::delete(row).execute(c))?;
        let content = attachments::table.find(hash);
        on_backend!(connection, |c| diesel::update(content)
            .set((
                attachments::needed_at.eq(time::stored(now)),
                attachments::erased.eq(true),
            ))
            .execute(c))?;
    }
    Ok(taken)
}

/// Takes all files from responses that are removed as a whole.
pub(super) fn take_from_responses(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    responses: &[i64],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let files = || {
        response_attachments::table
            .filter(response_attachments::round.eq(round))
            .filter(response_attachments::survey.eq(survey))
            .filter(response_attachments::response_id.eq_any(responses))
    };
    let contents = attachments::table.filter(attachments::hash.eq_any(files().select(response_attachments::hash)));
    on_backend!(connection, |c| diesel::update(contents)
        .set(attachments::needed_at.eq(time::stored(now)))
        .execute(c))?;
    on_backend!(connection, |c| diesel::delete(files()).execute(c))?;
    Ok(())
}

/// Gives a version of a response the files of another version, of those answers that it takes over from there: `taken`
/// are paths of questions, groups and repeats.
pub(super) fn take_over(
    connection: &mut Connection<'_>,
    into: &HeadRow,
    other: &HeadRow,
    taken: &[String],
) -> Result<(), StoreError> {
    let files = of_head(other).filter(response_attachments::version_id.eq(other.current_version));
    let rows: Vec<Row> = on_backend!(connection, |c| files.select(Row::as_select()).load(c))?;
    for row in rows {
        let steps: Vec<&str> = row.question.split('/').map(without_number).collect();
        let path = steps.join("/");
        let is_taken =
            |taken: &String| path == *taken || path.strip_prefix(taken).is_some_and(|rest| rest.starts_with('/'));
        if taken.iter().any(is_taken) {
            let copy = Row {
                round: into.round.clone(),
                version_id: into.current_version,
                response_id: into.id,
                ..row
            };
            on_backend!(connection, |c| diesel::insert_into(response_attachments::table)
                .values(&copy)
                .execute(c))?;
        }
    }
    Ok(())
}

/// `products` of `products[2]`.
fn without_number(step: &str) -> &str {
    step.split('[').next().unwrap_or(step)
}

impl Store {
    /// Makes content that is kept a file of a version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such version, or something of it was erased in the meantime, perhaps the
    /// answer that names the file; [`StoreError::AttachmentConflict`] where the version has
    /// another file there; [`StoreError::AttachmentsTooLarge`]; [`StoreError::Busy`] where the content was removed in the
    /// meantime, and is to be sent again.
    pub fn attach(&self, new: &NewAttachment, now: DateTime<Utc>) -> Result<Attached, StoreError> {
        let channel = self.origin.channel;
        self.change(now, |connection, journal| {
            let found =
                find_head(connection, &new.survey, &new.instance_id)?.ok_or_else(|| no_response(&new.instance_id))?;
            let mut head = lock_head(connection, &found.round, &found.survey, found.id)?;
            let version = version_of(connection, &head, new)?;
            let missing = missing_questions(connection, &head, version, new)?;
            if missing.is_empty() {
                return Ok(Attached::Unchanged);
            }
            expect_room(connection, &head, new)?;
            for question in &missing {
                let row = Row {
                    round: head.round.clone(),
                    survey: head.survey.clone(),
                    version_id: version,
                    question: (*question).clone(),
                    response_id: head.id,
                    hash: new.hash.to_string(),
                    sender: new.sender.clone(),
                    received_at: time::stored(now),
                    log: new.log.as_ref().map(JsonText::of).transpose()?,
                };
                on_backend!(connection, |c| diesel::insert_into(response_attachments::table)
                    .values(&row)
                    .execute(c))?;
                note(journal, &head, version, question, new, channel.name());
            }
            if let Some(seconds) = new.log.as_ref().and_then(InterviewLog::seconds) {
                time_interview(connection, &mut head, version, seconds)?;
            }
            if let Some(finding) = &new.finding {
                warn(connection, &mut head, version, finding, &missing)?;
            }
            head.revision += 1;
            head.updated_at = time::stored(now);
            update_head(connection, &head)?;
            let event = NewEvent {
                version_id: Some(version),
                actor: new.sender.as_deref(),
                details: Some(JsonText::of(&serde_json::json!({ "questions": missing }))?),
                ..NewEvent::of(&head, EventKind::Attached, head.updated_at)
            };
            events::add(connection, &event)?;
            Ok(Attached::Added)
        })
    }

    /// The files of all versions of a response, the versions in the order in which they came.
    ///
    /// # Errors
    /// What the database says.
    pub fn attachments(&self, head: &Head) -> Result<Vec<Attachment>, StoreError> {
        let query = of_response(&head.round, &head.survey, head.id)
            .inner_join(attachments::table)
            .order((response_attachments::version_id, response_attachments::question));
        let rows: Vec<(Row, ContentRow)> = self.read(|connection| {
            Ok(on_backend!(connection, |c| query
                .select((Row::as_select(), ContentRow::as_select()))
                .load(c))?)
        })?;
        rows.into_iter()
            .map(|(row, content)| {
                Ok(Attachment {
                    version: row.version_id,
                    question: row.question,
                    content: content.try_into()?,
                    sender: row.sender,
                    received_at: time::read(row.received_at),
                })
            })
            .collect()
    }

    /// The log of the interview of a response: that of the newest version that has one.
    ///
    /// # Errors
    /// What the database says.
    pub fn interview_log(&self, head: &Head) -> Result<Option<LogOfResponse>, StoreError> {
        let query = of_response(&head.round, &head.survey, head.id)
            .filter(response_attachments::log.is_not_null())
            .order(response_attachments::version_id.desc())
            .select((
                response_attachments::question,
                response_attachments::log.assume_not_null(),
            ));
        let found: Option<(String, JsonText)> =
            self.read(|connection| Ok(on_backend!(connection, |c| query.first(c).optional())?))?;
        found
            .map(|(question, log)| {
                let log = log.read()?;
                Ok(LogOfResponse { question, log })
            })
            .transpose()
    }

    /// The logs of the live responses of a survey in a round, in these cities (`None`: in all): one per response.
    ///
    /// # Errors
    /// What the database says.
    pub fn interview_logs(
        &self,
        round: &str,
        survey: &str,
        cities: Option<&[String]>,
    ) -> Result<Vec<InterviewLog>, StoreError> {
        let rows: Vec<(i64, JsonText)> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| {
                let mut query = response_attachments::table
                    .inner_join(
                        responses::table.on(responses::round
                            .eq(response_attachments::round)
                            .and(responses::survey.eq(response_attachments::survey))
                            .and(responses::id.eq(response_attachments::response_id))),
                    )
                    .into_boxed::<Db>()
                    .filter(response_attachments::round.eq(round))
                    .filter(response_attachments::survey.eq(survey))
                    .filter(response_attachments::log.is_not_null())
                    .filter(responses::state.ne(ReviewState::Rejected.name()))
                    .filter(responses::test.eq(false))
                    .filter(responses::withdrawn_at.is_null());
                if let Some(cities) = cities {
                    query = query.filter(responses::city.eq_any(cities));
                }
                query
                    .order((
                        response_attachments::response_id,
                        response_attachments::version_id.desc(),
                    ))
                    .select((
                        response_attachments::response_id,
                        response_attachments::log.assume_not_null(),
                    ))
                    .load(c)
            })?)
        })?;
        let mut logs = Vec::with_capacity(rows.len());
        let mut last = None;
        for (response, log) in rows {
            // The newest version comes first.
            if last.replace(response) != Some(response) {
                logs.push(log.read()?);
            }
        }
        Ok(logs)
    }

    /// Takes all files from a response and says which contents nothing refers to any more: they are due to go, by
    /// [`Store::remove_content`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such response.
    pub fn erase_attachments(
        &self,
        survey: &str,
        instance_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Fingerprint>, StoreError> {
        self.change(now, |connection, journal| {
            let found = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            let mut head = lock_head(connection, &found.round, &found.survey, found.id)?;
            let hashes: Vec<String> = on_backend!(connection, |c| of_head(&head)
                .select(response_attachments::hash)
                .distinct()
                .load(c))?;
            let taken = take_from(connection, &head, |_, _| true, now)?;
            if taken > 0 {
                head.revision += 1;
                head.updated_at = time::stored(now);
                update_head(connection, &head)?;
                journal
                    .note(AuditAct::AttachmentsErased, head.target())
                    .before(format!("files={taken}"));
            }
            let unneeded = attachments::table
                .filter(attachments::hash.eq_any(hashes))
                .filter(diesel::dsl::not(diesel::dsl::exists(
                    response_attachments::table.filter(response_attachments::hash.eq(attachments::hash)),
                )))
                .select(attachments::hash);
            let unneeded: Vec<String> = on_backend!(connection, |c| unneeded.load(c))?;
            unneeded.iter().map(|hash| read_hash(hash)).collect()
        })
    }
}

/// Lets the log of an interview say how long it took, in place of its start and end.
fn time_interview(
    connection: &mut Connection<'_>,
    head: &mut HeadRow,
    version: i64,
    seconds: i64,
) -> Result<(), StoreError> {
    let row = || {
        response_versions::table
            .filter(response_versions::round.eq(head.round.as_str()))
            .filter(response_versions::survey.eq(head.survey.as_str()))
            .filter(response_versions::id.eq(version))
    };
    let facts: JsonText = on_backend!(connection, |c| row().select(response_versions::facts).first(c))?;
    let mut facts: Facts = facts.read()?;
    facts.quality.seconds = Some(seconds);
    let written = JsonText::of(&facts)?;
    on_backend!(connection, |c| diesel::update(row())
        .set(response_versions::facts.eq(&written))
        .execute(c))?;
    if head.current_version == version {
        head.quality = Some(JsonText::of(&facts.quality)?);
    }
    Ok(())
}

/// Adds a warning to what was found in a version, at each of these questions.
fn warn(
    connection: &mut Connection<'_>,
    head: &mut HeadRow,
    version: i64,
    finding: &Problem,
    questions: &[&String],
) -> Result<(), StoreError> {
    let row = || {
        response_versions::table
            .filter(response_versions::round.eq(head.round.as_str()))
            .filter(response_versions::survey.eq(head.survey.as_str()))
            .filter(response_versions::id.eq(version))
    };
    let columns = (response_versions::problems, response_versions::facts);
    let (problems, facts): (JsonText, JsonText) = on_backend!(connection, |c| row().select(columns).first(c))?;
    let (mut problems, mut facts): (Vec<Problem>, Facts) = (problems.read()?, facts.read()?);
    for question in questions {
        problems.push(finding.clone().at(question.as_str(), &Text::default()));
        facts.warnings += 1;
    }
    let (problems, written) = (JsonText::of(&problems)?, JsonText::of(&facts)?);
    on_backend!(connection, |c| diesel::update(row())
        .set((
            response_versions::problems.eq(&problems),
            response_versions::facts.eq(&written)
        ))
        .execute(c))?;
    if head.current_version == version {
        head.warnings = facts.warnings;
    }
    Ok(())
}

/// The key of the version that a file came for, where it is still what it was.
fn version_of(connection: &mut Connection<'_>, head: &HeadRow, new: &NewAttachment) -> Result<i64, StoreError> {
    let query = response_versions::table
        .filter(response_versions::round.eq(&head.round))
        .filter(response_versions::survey.eq(&head.survey))
        .filter(response_versions::response_id.eq(head.id))
        .filter(response_versions::instance_id.eq(&new.instance_id))
        .select((
            response_versions::id,
            response_versions::answers,
            response_versions::data_key.is_not_null(),
        ));
    let found: Option<(i64, JsonText, bool)> = on_backend!(connection, |c| query.first(c).optional())?;
    match found {
        Some((version, answers, sealed)) if Seen::of(&answers, sealed) == new.seen => Ok(version),
        _ => Err(no_response(&new.instance_id)),
    }
}

/// The questions of a version that have no file yet.
fn missing_questions<'a>(
    connection: &mut Connection<'_>,
    head: &HeadRow,
    version: i64,
    new: &'a NewAttachment,
) -> Result<Vec<&'a String>, StoreError> {
    let query = of_head(head)
        .filter(response_attachments::version_id.eq(version))
        .filter(response_attachments::question.eq_any(&new.questions))
        .select((response_attachments::question, response_attachments::hash));
    let there: Vec<(String, String)> = on_backend!(connection, |c| query.load(c))?;
    let hash = new.hash.to_string();
    if there.iter().any(|(_, other)| *other != hash) {
        return Err(StoreError::AttachmentConflict {
            instance_id: new.instance_id.clone(),
        });
    }
    Ok(new
        .questions
        .iter()
        .filter(|question| there.iter().all(|(other, _)| other != *question))
        .collect())
}

/// Refuses a file that would make all of a response's together too large; and content that is gone.
fn expect_room(connection: &mut Connection<'_>, head: &HeadRow, new: &NewAttachment) -> Result<(), StoreError> {
    let row = attachments::table.find(new.hash.to_string()).select(attachments::size);
    let size: Option<i64> = match connection {
        Connection::Sqlite(c) => row.first(*c).optional()?,
        Connection::Postgres(c) => row.for_key_share().first(*c).optional()?,
    };
    let size = size.ok_or(StoreError::Busy)?;
    let query = of_head(head)
        .inner_join(attachments::table)
        .filter(attachments::hash.ne(new.hash.to_string()))
        .select((attachments::hash, attachments::size))
        .distinct();
    let others: Vec<(String, i64)> = on_backend!(connection, |c| query.load(c))?;
    let together = others.iter().fold(size, |sum, (_, size)| sum.saturating_add(*size));
    if u64::try_from(together).is_ok_and(|together| together <= new.limit) {
        return Ok(());
    }
    Err(StoreError::AttachmentsTooLarge { limit: new.limit })
}

fn note(
    journal: &mut Journal<'_>,
    head: &HeadRow,
    version: i64,
    question: &str,
    new: &NewAttachment,
    door: &'static str,
) {
    let reference = if new.personal {
        format!("version={version} question={question}")
    } else {
        format!("version={version} question={question} sha256={}", new.hash)
    };
    journal
        .note(AuditAct::AttachmentReceived, head.target())
        .by(new.sender.as_deref(), door)
        .after(reference);
}
