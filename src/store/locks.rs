//! Who waits for whom on PostgreSQL, where writers run side by side. On SQLite there is one writer at a time.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::backend::Connection;
use super::rows::unnest;
use super::submission::Submission;

/// On PostgreSQL, makes submissions that name the same identifiers or the same organisation wait for each other, so
/// that each sees what the other stored.
pub(super) fn lock_what_they_name<'a>(
    connection: &mut Connection<'_>,
    submissions: impl IntoIterator<Item = &'a Submission>,
) -> Result<(), StoreError> {
    take_locks(connection, locks_of(submissions))
}

/// The locks of what submissions name.
pub(super) fn locks_of<'a>(submissions: impl IntoIterator<Item = &'a Submission>) -> Vec<i64> {
    let mut keys = Vec::new();
    for submission in submissions {
        let envelope = &submission.envelope;
        let survey = envelope.survey.as_str();
        keys.push(lock_key(&["instance", survey, &envelope.instance_id]));
        keys.extend(submission.predecessor().map(|id| lock_key(&["instance", survey, id])));
        let round = envelope.round.as_deref().unwrap_or_default();
        keys.extend(organisation_lock(
            round,
            survey,
            submission.facts.organisation().as_deref(),
        ));
    }
    keys
}

/// The lock that whoever changes the flags of an organisation holds.
pub(super) fn organisation_lock(round: &str, survey: &str, key: Option<&str>) -> Option<i64> {
    key.map(|key| lock_key(&["organisation", round, survey, key]))
}

/// The number of the lock that these words name.
pub(super) fn lock_key(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(8).fold(0, |key, byte| (key << 8) | i64::from(*byte))
}

/// Takes locks until the end of the transaction.
pub(super) fn take_locks(connection: &mut Connection<'_>, keys: Vec<i64>) -> Result<(), StoreError> {
    if let Connection::Postgres(c) = connection {
        diesel::select(pg_advisory_xact_lock(unnest::<BigInt, _>(in_order(keys)))).execute(*c)?;
    }
    Ok(())
}

/// The statement that takes locks, for a message of several statements.
pub(super) fn take_locks_sql(keys: Vec<i64>) -> String {
    let keys: Vec<String> = in_order(keys).iter().map(i64::to_string).collect();
    format!(
        "SELECT pg_advisory_xact_lock(unnest('{{{}}}'::bigint[]))",
        keys.join(",")
    )
}

/// Locks are taken in one order everywhere, so that nobody waits for somebody who waits for them.
fn in_order(mut keys: Vec<i64>) -> Vec<i64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

diesel::define_sql_function! {
    /// Waits for a lock, and gives nothing. As a function and not as text, so that the statement is prepared once.
    fn pg_advisory_xact_lock(key: BigInt) -> diesel::sql_types::Text;
}

/// On PostgreSQL, makes changes of one thing wait for each other until the end of the transaction: what is read after this
/// is what the change replaces, so that nobody overwrites what they did not see.
pub(super) fn lock_one(connection: &mut Connection<'_>, thing: &[&str]) -> Result<(), StoreError> {
    take_locks(connection, vec![lock_key(thing)])
}

/// On PostgreSQL, makes whole batches of a survey in a round wait for each other.
pub(super) fn lock_batch(connection: &mut Connection<'_>, round: &str, survey: &str) -> Result<(), StoreError> {
    take_locks(connection, vec![lock_key(&["batch", round, survey])])
}
