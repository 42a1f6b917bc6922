//! Storing many new responses at once: those of an import, and those that share a commit.

use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::StoreError;
use super::arrival::{self, NewInstanceId, NewVersion, next_ids, note_received};
use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::events::{EventKind, NewEvent};
use super::heads::HeadRow;
use super::rows::{InArrays, Together, insert_rows};
use super::schema::{instance_ids, response_events, response_versions, responses};
use super::submission::{Outcome, Receipt, Submission};

/// Stores submissions that nothing is known of as new responses, in their order.
pub(super) fn insert(
    connection: &mut Connection<'_>,
    submissions: &[&Submission],
    import: Option<i64>,
) -> Result<Vec<HeadRow>, StoreError> {
    if submissions.is_empty() {
        return Ok(Vec::new());
    }
    let ids = next_ids(connection, submissions.len())?;
    let heads: Vec<HeadRow> = submissions
        .iter()
        .zip(&ids)
        .map(|(submission, id)| submission.first_head(*id, import))
        .collect::<Result<_, _>>()?;
    let versions = submissions
        .iter()
        .zip(&heads)
        .map(|(submission, head)| NewVersion::of(submission, head.id, &head.round, head.id, import))
        .collect::<Result<Vec<_>, _>>()?;
    let names: Vec<NewInstanceId<'_>> = heads
        .iter()
        .map(|head| NewInstanceId {
            survey: &head.survey,
            instance_id: &head.instance_id,
            round: &head.round,
            version_id: head.id,
        })
        .collect();
    let history: Vec<NewEvent<'_>> = heads
        .iter()
        .map(|head| NewEvent {
            actor: head.sender.as_deref(),
            door: Some(&head.door),
            ..NewEvent::of(head, EventKind::Received, head.received_at)
        })
        .collect();
    if let Connection::Postgres(c) = connection {
        Together(
            InArrays::in_arrays(&versions),
            InArrays::in_arrays(&names),
            InArrays::in_arrays(&history),
            InArrays::in_arrays(&heads),
        )
        .execute(*c)?;
    } else {
        insert_rows!(connection, response_versions::table, versions.as_slice());
        insert_rows!(connection, instance_ids::table, names.as_slice());
        insert_rows!(connection, response_events::table, history.as_slice());
        insert_rows!(connection, responses::table, heads.as_slice());
    }
    Ok(heads)
}

/// Stores submissions that share a transaction: those that nothing is known of at once, then the others one by one. The
/// receipts are in the order of the submissions, each of which has a journal. On PostgreSQL the caller has locked what
/// they name.
pub(super) fn store_together(
    connection: &mut Connection<'_>,
    submissions: &[&Submission],
    journals: &mut [Journal<'_>],
) -> Result<Vec<Receipt>, StoreError> {
    let mut known = Known::by(connection, submissions)?;
    let new: Vec<bool> = submissions.iter().map(|one| known.admit(one)).collect();
    let newcomers: Vec<&Submission> = submissions
        .iter()
        .zip(&new)
        .filter_map(|(submission, new)| new.then_some(*submission))
        .collect();
    let mut heads = insert(connection, &newcomers, None)?.into_iter();
    let mut receipts = Vec::with_capacity(submissions.len());
    for ((submission, new), journal) in submissions.iter().zip(new).zip(&mut *journals) {
        let head = new.then(|| heads.next()).flatten();
        receipts.push(match head {
            Some(head) => {
                note_received(journal, &head)?;
                Some(Receipt::of(&head, submission.instance_id(), Outcome::Created)?)
            }
            None => None,
        });
    }
    // Now what these newcomers are to others is known, too.
    let stored = receipts.into_iter().zip(submissions).zip(journals);
    stored
        .map(|((receipt, submission), journal)| match receipt {
            Some(receipt) => Ok(receipt),
            None => arrival::store(connection, journal, submission),
        })
        .collect()
}

/// What submissions to one survey in one round name.
#[derive(Default)]
struct Named<'a> {
    instances: Vec<&'a str>,
    organisations: Vec<String>,
}

/// What stands in the database, or comes in the same group, of what submissions name.
#[derive(Default)]
struct Known {
    /// Survey and instance ID, of versions and of those that versions replace.
    instances: HashSet<(String, String)>,
    /// Round, survey and organisation of responses.
    organisations: HashSet<(String, String, String)>,
}

impl Known {
    fn by(connection: &mut Connection<'_>, submissions: &[&Submission]) -> Result<Self, StoreError> {
        let mut places: BTreeMap<(&str, &str), Named<'_>> = BTreeMap::new();
        for submission in submissions {
            let place = (round(submission), submission.envelope.survey.as_str());
            let named = places.entry(place).or_default();
            named.instances.push(submission.instance_id());
            named.organisations.extend(submission.facts.organisation());
        }
        let mut known = Self::default();
        for ((round, survey), named) in places {
            // With each name, whether it is an organisation's: one question about both, so that the server is waited for once.
            let stored = instance_ids::table
                .filter(instance_ids::survey.eq(survey))
                .filter(instance_ids::instance_id.eq_any(&named.instances))
                .select((false.into_sql::<Bool>(), instance_ids::instance_id));
            let replaced = response_versions::table
                .filter(response_versions::survey.eq(survey))
                .filter(response_versions::deprecated_id.eq_any(&named.instances))
                .select((
                    false.into_sql::<Bool>(),
                    response_versions::deprecated_id.assume_not_null(),
                ));
            let answering = responses::table
                .filter(responses::round.eq(round))
                .filter(responses::survey.eq(survey))
                .filter(responses::organisation.eq_any(&named.organisations))
                .select((true.into_sql::<Bool>(), responses::organisation.assume_not_null()));
            let found: Vec<(bool, String)> =
                on_backend!(connection, |c| stored.union_all(replaced).union_all(answering).load(c))?;
            for (is_organisation, name) in found {
                if is_organisation {
                    known.organisations.insert((round.to_owned(), survey.to_owned(), name));
                } else {
                    known.instances.insert((survey.to_owned(), name));
                }
            }
        }
        Ok(known)
    }

    /// Whether nothing is known of a submission; then it is known from now on.
    fn admit(&mut self, submission: &Submission) -> bool {
        let survey = submission.envelope.survey.clone();
        let instance = (survey.clone(), submission.instance_id().to_owned());
        let organisation = submission.facts.organisation();
        let organisation = organisation.map(|key| (round(submission).to_owned(), survey, key));
        let new = submission.predecessor().is_none()
            && !self.instances.contains(&instance)
            && organisation
                .as_ref()
                .is_none_or(|one| !self.organisations.contains(one));
        if new {
            self.instances.insert(instance);
            self.organisations.extend(organisation);
        }
        new
    }
}

fn round(submission: &Submission) -> &str {
    submission.envelope.round.as_deref().unwrap_or_default()
}
