//! Storing one submission: known already, new, or an edit; and then the flags and the history that follow from it.
//!
//! Everything here happens inside one transaction. What becomes of a submission and which review state follows,
//! `response` decides; which version of a response is the current one is decided here, on all of them.

#![allow(
    clippy::ref_option_ref,
    reason = "what diesel derives takes references to the fields"
)]

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::attachments;
use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::duplicates::{flag_duplicates, recount_duplicates};
use super::events::{self, EventKind, NewEvent};
use super::heads::{HeadRow, head_query, lock_head, update_head};
use super::keys::is_keyed;
use super::responses::read_door;
use super::rows::{in_arrays, unnest};
use super::schema::{instance_ids, response_events, response_versions, responses};
use super::submission::{Facts, Outcome, Receipt, Submission};
use super::{AuditAct, JsonText, StoreError, time};
use crate::response::{Decision, Fingerprint, KnownVersion, Predecessor, Sending, decide, state_after};

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = response_versions, primary_key(round, survey, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct NewVersion<'a> {
    pub id: i64,
    pub round: &'a str,
    pub survey: &'a str,
    pub response_id: i64,
    pub instance_id: &'a str,
    pub deprecated_id: Option<&'a str>,
    pub definition_version: &'a str,
    pub claimed_version: &'a str,
    pub door: &'a str,
    pub sender: Option<&'a str>,
    pub import_id: Option<i64>,
    pub received_at: NaiveDateTime,
    pub content_hash: String,
    pub answers_hash: String,
    pub facts: JsonText,
    pub answers: JsonText,
    pub problems: JsonText,
    pub original: Option<&'a [u8]>,
    pub data_key: Option<&'a [u8]>,
    pub sealed: Option<&'a [u8]>,
}

in_arrays! {
    NewVersion<'_> => response_versions:
    id, round, survey, response_id, instance_id, deprecated_id, definition_version, claimed_version, door, sender,
    import_id, received_at, content_hash, answers_hash, facts, answers, problems, original, data_key, sealed
}

impl<'a> NewVersion<'a> {
    pub(super) fn of(
        submission: &'a Submission,
        id: i64,
        round: &'a str,
        response_id: i64,
        import_id: Option<i64>,
    ) -> Result<Self, StoreError> {
        if submission.is_personal() && submission.sealed.is_none() {
            return Err(StoreError::System("personal answers were not sealed".to_owned()));
        }
        let envelope = &submission.envelope;
        Ok(Self {
            id,
            round,
            survey: &envelope.survey,
            response_id,
            instance_id: &envelope.instance_id,
            deprecated_id: submission.predecessor(),
            definition_version: &envelope.definition_version,
            claimed_version: &envelope.claimed_version,
            door: envelope.door.name(),
            sender: envelope.sender.as_deref(),
            import_id,
            received_at: time::stored(envelope.received_at),
            content_hash: submission.content_hash.clone(),
            answers_hash: submission.answers_hash.clone(),
            facts: JsonText::of(&submission.facts)?,
            answers: JsonText(submission.answers.clone()),
            problems: JsonText(submission.problems.clone()),
            original: submission.original.as_deref(),
            data_key: submission.sealed.as_ref().map(|sealed| sealed.data_key.as_slice()),
            sealed: submission.sealed.as_ref().map(|sealed| sealed.content.as_slice()),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = instance_ids, treat_none_as_default_value = false)]
pub(super) struct NewInstanceId<'a> {
    pub survey: &'a str,
    pub instance_id: &'a str,
    pub round: &'a str,
    pub version_id: i64,
}

in_arrays! {
    NewInstanceId<'_> => instance_ids:
    survey, instance_id, round, version_id
}

/// Stores one submission. On PostgreSQL the caller has locked what it names, see [`super::locks`].
///
/// What only tries things out and what counts never become versions of one response: each is an unknown predecessor
/// to the other. Where the same arrives for trial and in earnest, in whichever order, it counts.
pub(super) fn store(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    submission: &Submission,
) -> Result<Receipt, StoreError> {
    let survey = submission.envelope.survey.as_str();
    let known = find_version(connection, submission, &submission.envelope.instance_id)?;
    let before = match submission.predecessor() {
        Some(id) => {
            find_version(connection, submission, id)?.filter(|version| version.test == submission.envelope.test)
        }
        None => None,
    };
    let successors = find_successors(connection, submission)?;
    let predecessor = match &before {
        None => Predecessor::Unknown,
        Some(version) if version.is_current => Predecessor::Current,
        Some(_) => Predecessor::Superseded,
    };
    let sending = Sending {
        bytes: submission.bytes,
        answers: submission.received,
        is_edit: submission.predecessor().is_some(),
    };
    let kept = known.as_ref().map(|version| version.fingerprints);
    match (decide(sending, kept, predecessor, !successors.is_empty()), known) {
        (Decision::Unchanged, Some(known)) if known.test && !submission.envelope.test && !known.is_erased => {
            let known_as = (known.round, known.response_id);
            let family = family_of(before, successors.into_iter().chain([known_as]));
            store_version(connection, journal, submission, &family, Some(known.version))
        }
        (Decision::Unchanged, Some(known)) => {
            let head = lock_head(connection, &known.round, survey, known.response_id)?;
            Receipt::of(&head, &submission.envelope.instance_id, Outcome::Unchanged)
        }
        (Decision::Conflict | Decision::Unchanged, _) => Err(StoreError::InstanceConflict {
            instance_id: submission.envelope.instance_id.clone(),
        }),
        (Decision::NewResponse | Decision::NewResponseAwaitingPredecessor, _) => {
            store_first(connection, journal, submission)
        }
        (Decision::EarlierVersion | Decision::NewVersion { .. }, _) => {
            store_version(connection, journal, submission, &family_of(before, successors), None)
        }
    }
}

/// The responses that turn out to be one, each once: the first keeps its name.
fn family_of(before: Option<Known>, others: impl IntoIterator<Item = (String, i64)>) -> Vec<(String, i64)> {
    let before = before.map(|version| (version.round, version.response_id));
    let mut family = Vec::new();
    for member in before.into_iter().chain(others) {
        if !family.contains(&member) {
            family.push(member);
        }
    }
    family
}

fn store_first(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    submission: &Submission,
) -> Result<Receipt, StoreError> {
    let id = next_ids(connection, 1)?.first().copied().unwrap_or(1);
    let mut head = submission.first_head(id, None)?;
    insert_version(connection, submission, id, &head.round, id)?;
    on_backend!(connection, |c| diesel::insert_into(responses::table)
        .values(&head)
        .execute(c))?;
    let event = NewEvent {
        actor: submission.envelope.sender.as_deref(),
        door: Some(submission.envelope.door.name()),
        ..NewEvent::of(&head, EventKind::Received, head.received_at)
    };
    events::add(connection, &event)?;
    note_received(journal, &head)?;
    head.duplicate = flag_duplicates(connection, &head)?;
    Receipt::of(&head, &submission.envelope.instance_id, Outcome::Created)
}

/// Notes that a new response came.
pub(super) fn note_received(journal: &mut Journal<'_>, head: &HeadRow) -> Result<(), StoreError> {
    journal
        .note(AuditAct::ResponseReceived, head.target())
        .by(head.sender.as_deref(), read_door(&head.door)?.name())
        .after(head.reference(head.review_state()?));
    Ok(())
}

/// Stores a version of responses that are known: of one, or of several which it shows to be one. Where it was `tried`
/// before, that version and the response that it is of count from now on.
fn store_version(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    submission: &Submission,
    family: &[(String, i64)],
    tried: Option<i64>,
) -> Result<Receipt, StoreError> {
    let mut heads = Vec::with_capacity(family.len());
    for (round, id) in family {
        heads.push(lock_head(connection, round, &submission.envelope.survey, *id)?);
    }
    if let Some(head) = heads.iter().find(|head| head.withdrawn_at.is_some()) {
        return Err(StoreError::ConsentWithdrawn {
            instance_id: head.instance_id.clone(),
        });
    }
    // The state of whichever head showed the version that will be shown.
    let shown: Vec<(i64, String)> = heads
        .iter()
        .map(|head| (head.current_version, head.state.clone()))
        .collect();
    let mut heads = heads.into_iter();
    let Some(mut head) = heads.next() else {
        return store_first(connection, journal, submission);
    };
    let before = head.state.clone();
    let before_reference = head.reference(head.review_state()?);
    // What was decided on a trial says nothing of the same in earnest.
    let shown_state = if head.test == submission.envelope.test {
        Some(head.review_state()?)
    } else {
        None
    };
    head.test = submission.envelope.test;
    let old_organisation = head.organisation.clone();
    let mut joined = Vec::new();
    for other in heads {
        join(connection, &head, &other)?;
        head.versions += other.versions;
        joined.push(other.instance_id);
    }

    let id = if let Some(id) = tried {
        replace_version(connection, submission, id, &head)?;
        submission.envelope.door.name().clone_into(&mut head.door);
        head.sender.clone_from(&submission.envelope.sender);
        head.received_at = time::stored(submission.envelope.received_at);
        id
    } else {
        let id = next_ids(connection, 1)?.first().copied().unwrap_or(1);
        insert_version(connection, submission, id, &head.round, head.id)?;
        head.versions += 1;
        id
    };
    head.revision += 1;
    head.updated_at = time::stored(submission.envelope.received_at);

    let family = versions_of(connection, &head)?;
    let current = family.current().unwrap_or(id);
    head.branched = family.branched();
    let kind = if current == id {
        head.show(id, &submission.envelope.definition_version, &submission.facts)?;
        head.returned = false;
        let state = state_after(shown_state, head.problems > 0 || head.round.is_empty());
        state.name().clone_into(&mut head.state);
        match shown_state {
            Some(_) => EventKind::Edited,
            None => EventKind::Received,
        }
    } else {
        let (definition_version, facts) = facts_of(connection, &head, current)?;
        head.show(current, &definition_version, &facts)?;
        if let Some((_, state)) = shown.into_iter().find(|(version, _)| *version == current) {
            head.state = state;
        }
        EventKind::EarlierVersion
    };
    update_head(connection, &head)?;

    let event = NewEvent {
        version_id: Some(id),
        from_state: Some(&before),
        actor: submission.envelope.sender.as_deref(),
        door: Some(submission.envelope.door.name()),
        ..NewEvent::of(&head, kind, head.updated_at)
    };
    events::add(connection, &event)?;
    journal
        .note(AuditAct::ResponseEdited, head.target())
        .by(submission.envelope.sender.as_deref(), submission.envelope.door.name())
        .before(before_reference)
        .after(head.reference(head.review_state()?));
    for name in &joined {
        journal
            .note(
                AuditAct::ResponseJoined,
                format!("surveys/{}/responses/{name}", head.survey),
            )
            .by(submission.envelope.sender.as_deref(), submission.envelope.door.name())
            .after(head.target());
    }
    if !joined.is_empty() {
        let event = NewEvent {
            details: Some(JsonText::of(&serde_json::json!({ "joined": joined }))?),
            ..NewEvent::of(&head, EventKind::Joined, head.updated_at)
        };
        events::add(connection, &event)?;
    }
    if old_organisation != head.organisation {
        recount_duplicates(connection, &head.round, &head.survey, old_organisation.as_deref())?;
    }
    head.duplicate = flag_duplicates(connection, &head)?;
    Receipt::of(&head, &submission.envelope.instance_id, Outcome::Edited)
}

/// Makes the versions and the history of one response those of another.
fn join(connection: &mut Connection<'_>, into: &HeadRow, other: &HeadRow) -> Result<(), StoreError> {
    attachments::join(connection, into, other)?;
    let ids = instance_ids::table
        .filter(instance_ids::survey.eq(&other.survey))
        .filter(
            instance_ids::instance_id.eq_any(
                response_versions::table
                    .filter(response_versions::round.eq(&other.round))
                    .filter(response_versions::survey.eq(&other.survey))
                    .filter(response_versions::response_id.eq(other.id))
                    .select(response_versions::instance_id),
            ),
        );
    on_backend!(connection, |c| diesel::update(ids)
        .set(instance_ids::round.eq(&into.round))
        .execute(c))?;
    let versions = response_versions::table
        .filter(response_versions::round.eq(&other.round))
        .filter(response_versions::survey.eq(&other.survey))
        .filter(response_versions::response_id.eq(other.id));
    on_backend!(connection, |c| diesel::update(versions)
        .set((
            response_versions::round.eq(&into.round),
            response_versions::response_id.eq(into.id)
        ))
        .execute(c))?;
    let history = response_events::table
        .filter(response_events::round.eq(&other.round))
        .filter(response_events::survey.eq(&other.survey))
        .filter(response_events::response_id.eq(other.id));
    on_backend!(connection, |c| diesel::update(history)
        .set((
            response_events::round.eq(&into.round),
            response_events::response_id.eq(into.id)
        ))
        .execute(c))?;
    on_backend!(connection, |c| diesel::delete(head_query(other)).execute(c))?;
    recount_duplicates(connection, &other.round, &other.survey, other.organisation.as_deref())
}

/// A version that is stored, and the response that it belongs to.
struct Known {
    version: i64,
    round: String,
    response_id: i64,
    fingerprints: KnownVersion,
    is_current: bool,
    /// Whether the response only tries things out.
    test: bool,
    /// Whether consent to it was withdrawn or something of it was erased: then what was sent does not come back.
    is_erased: bool,
}

fn find_version(
    connection: &mut Connection<'_>,
    submission: &Submission,
    instance_id: &str,
) -> Result<Option<Known>, StoreError> {
    type Found = ((i64, String, i64), String, String, i64, bool, (bool, bool));

    let survey = submission.envelope.survey.as_str();
    let query = instance_ids::table
        .inner_join(
            response_versions::table.on(response_versions::round
                .eq(instance_ids::round)
                .and(response_versions::survey.eq(instance_ids::survey))
                .and(response_versions::id.eq(instance_ids::version_id))),
        )
        .inner_join(
            responses::table.on(responses::round
                .eq(response_versions::round)
                .and(responses::survey.eq(response_versions::survey))
                .and(responses::id.eq(response_versions::response_id))),
        )
        .filter(instance_ids::survey.eq(survey))
        .filter(instance_ids::instance_id.eq(instance_id))
        .select((
            (
                response_versions::id,
                response_versions::round,
                response_versions::response_id,
            ),
            response_versions::content_hash,
            response_versions::answers_hash,
            responses::current_version,
            responses::test,
            (
                responses::withdrawn_at.is_not_null(),
                response_versions::data_key.is_not_null(),
            ),
        ));
    let found: Option<Found> = on_backend!(connection, |c| query.first(c).optional())?;
    let Some(((version, round, response_id), bytes, answers, current, test, (withdrawn, sealed))) = found else {
        return Ok(None);
    };
    // A keyed one tells only whether it is the one that was sent.
    let keyed = submission.keyed_hashes.as_ref();
    let fingerprint = |stored: &str, sent: Fingerprint, sent_keyed: Option<&String>| match is_keyed(stored) {
        true if sent_keyed.is_some_and(|sent| stored == sent) => Ok(sent),
        true => Ok(Fingerprint::of_bytes(stored.as_bytes())),
        false => Fingerprint::from_hex(stored)
            .ok_or_else(|| StoreError::Unreadable(format!("'{stored}' is not a fingerprint"))),
    };
    Ok(Some(Known {
        version,
        round,
        response_id,
        fingerprints: KnownVersion {
            bytes: fingerprint(&bytes, submission.bytes, keyed.map(|(bytes, _)| bytes))?,
            answers: fingerprint(&answers, submission.received, keyed.map(|(_, answers)| answers))?,
        },
        is_current: current == version,
        test,
        is_erased: withdrawn || (is_keyed(&bytes) && !sealed),
    }))
}

/// The responses of its kind with a version that replaces this one and came before it.
fn find_successors(connection: &mut Connection<'_>, submission: &Submission) -> Result<Vec<(String, i64)>, StoreError> {
    let query = response_versions::table
        .inner_join(
            responses::table.on(responses::round
                .eq(response_versions::round)
                .and(responses::survey.eq(response_versions::survey))
                .and(responses::id.eq(response_versions::response_id))),
        )
        .filter(response_versions::survey.eq(&submission.envelope.survey))
        .filter(response_versions::deprecated_id.eq(&submission.envelope.instance_id))
        .filter(responses::test.eq(submission.envelope.test))
        .order(response_versions::id)
        .select((response_versions::round, response_versions::response_id));
    Ok(on_backend!(connection, |c| query.load(c))?)
}

fn insert_version(
    connection: &mut Connection<'_>,
    submission: &Submission,
    id: i64,
    round: &str,
    response_id: i64,
) -> Result<(), StoreError> {
    let version = NewVersion::of(submission, id, round, response_id, None)?;
    on_backend!(connection, |c| diesel::insert_into(response_versions::table)
        .values(&version)
        .execute(c))?;
    let name = NewInstanceId {
        survey: &submission.envelope.survey,
        instance_id: &submission.envelope.instance_id,
        round,
        version_id: id,
    };
    on_backend!(connection, |c| diesel::insert_into(instance_ids::table)
        .values(&name)
        .execute(c))?;
    Ok(())
}

/// Puts what arrived in the place of the same that was tried before: it was checked by the rules that count.
fn replace_version(
    connection: &mut Connection<'_>,
    submission: &Submission,
    id: i64,
    head: &HeadRow,
) -> Result<(), StoreError> {
    let version = NewVersion::of(submission, id, &head.round, head.id, None)?;
    let row = response_versions::table
        .filter(response_versions::round.eq(&head.round))
        .filter(response_versions::survey.eq(&head.survey))
        .filter(response_versions::id.eq(id));
    on_backend!(connection, |c| diesel::update(row).set(&version).execute(c))?;
    Ok(())
}

/// The versions of a response as a tree of what replaces what.
struct Family(Vec<(i64, String, Option<String>)>);

impl Family {
    /// The newest version that none replaces.
    fn current(&self) -> Option<i64> {
        let replaced: HashSet<&str> = self
            .0
            .iter()
            .filter_map(|(_, _, predecessor)| predecessor.as_deref())
            .collect();
        let standing = self
            .0
            .iter()
            .filter(|(_, instance, _)| !replaced.contains(instance.as_str()));
        // Versions that replace each other in a circle leave none standing: then the newest of all.
        standing
            .map(|(id, ..)| *id)
            .max()
            .or_else(|| self.0.iter().map(|(id, ..)| *id).max())
    }

    /// Whether two versions replace the same one.
    fn branched(&self) -> bool {
        let mut seen = HashSet::new();
        self.0
            .iter()
            .filter_map(|(_, _, predecessor)| predecessor.as_deref())
            .any(|id| !seen.insert(id))
    }
}

fn versions_of(connection: &mut Connection<'_>, head: &HeadRow) -> Result<Family, StoreError> {
    let query = response_versions::table
        .filter(response_versions::round.eq(&head.round))
        .filter(response_versions::survey.eq(&head.survey))
        .filter(response_versions::response_id.eq(head.id))
        .select((
            response_versions::id,
            response_versions::instance_id,
            response_versions::deprecated_id,
        ));
    Ok(Family(on_backend!(connection, |c| query.load(c))?))
}

fn facts_of(connection: &mut Connection<'_>, head: &HeadRow, version: i64) -> Result<(String, Facts), StoreError> {
    let query = response_versions::table
        .filter(response_versions::round.eq(&head.round))
        .filter(response_versions::survey.eq(&head.survey))
        .filter(response_versions::id.eq(version))
        .select((response_versions::definition_version, response_versions::facts));
    let (definition_version, facts): (String, JsonText) = on_backend!(connection, |c| query.first(c))?;
    Ok((definition_version, facts.read()?))
}

/// Keys for new versions. A response has the key of its first one.
pub(super) fn next_ids(connection: &mut Connection<'_>, count: usize) -> Result<Vec<i64>, StoreError> {
    match connection {
        // The transaction holds the write lock, so nobody else takes the same ones.
        Connection::Sqlite(c) => {
            let last: Option<i64> = response_versions::table
                .select(diesel::dsl::max(response_versions::id))
                .first(*c)?;
            Ok((last.unwrap_or(0) + 1..).take(count).collect())
        }
        Connection::Postgres(c) => {
            let each = vec!["response_version_ids"; count];
            Ok(diesel::select(nextval(unnest::<Text, _>(each))).load(*c)?)
        }
    }
}

diesel::define_sql_function! {
    /// The next number of a sequence. As a function and not as text, so that the statement is prepared once.
    fn nextval(sequence: Text) -> diesel::sql_types::BigInt;
}
