//! Who waits for whom on PostgreSQL, where writers run side by side. On SQLite there is one writer at a time.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::backend::Connection;
use super::submission::Submission;

/// On PostgreSQL, makes submissions that name the same identifiers or the same organisation wait for each other, so
/// that each sees what the other stored. Locks are taken in one order everywhere, and end with the transaction.
pub(super) fn lock_what_they_name<'a>(
    connection: &mut Connection<'_>,
    submissions: impl IntoIterator<Item = &'a Submission>,
) -> Result<(), StoreError> {
    if let Connection::Sqlite(_) = connection {
        return Ok(());
    }
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
    take_locks(connection, keys)
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
pub(super) fn take_locks(connection: &mut Connection<'_>, mut keys: Vec<i64>) -> Result<(), StoreError> {
    if let Connection::Postgres(c) = connection {
        keys.sort_unstable();
        keys.dedup();
        diesel::select(pg_advisory_xact_lock(unnest(keys))).execute(*c)?;
    }
    Ok(())
}

// As functions and not as text, so that the statement is prepared once.
diesel::define_sql_function! {
    /// Waits for a lock, and gives nothing.
    fn pg_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Text;
}
diesel::define_sql_function! {
    /// A row for each of an array.
    fn unnest(keys: diesel::sql_types::Array<diesel::sql_types::BigInt>) -> diesel::sql_types::BigInt;
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
