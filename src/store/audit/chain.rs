//! The chain: what is hashed of an entry, and how entries are added to it.
//!
//! The hash of an entry is SHA-256 over the text `innogauge audit 1` and then, in this order, number, time
//! (microseconds since 1970 UTC), act, actor, door, address, target, before, after, and the hash of the entry before:
//! each as `LENGTH:BYTES,` in UTF-8 with the length in bytes, or `-,` where it is null. Lengths make the text
//! unambiguous, and any language writes it in five lines.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::super::backend::{Connection, on_backend};
use super::super::locks::{lock_key, take_locks};
use super::super::rows::insert_rows;
use super::super::schema::audit;
use super::Row;
use super::journal::Noted;

/// What stands for the hash before the first entry.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Rows per statement.
const BATCH: usize = 500;

/// The fields of an entry that its hash covers, but for number, time and the hash before.
pub(super) struct Fields<'a> {
    pub act: &'a str,
    pub actor: Option<&'a str>,
    pub door: &'a str,
    pub address: Option<&'a str>,
    pub target: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
}

/// The hash of an entry at its place in the chain.
pub(super) fn hash(id: i64, at: NaiveDateTime, fields: &Fields<'_>, previous: &str) -> String {
    let (id, at) = (id.to_string(), at.and_utc().timestamp_micros().to_string());
    let mut hash = Sha256::new();
    hash.update("innogauge audit 1");
    for field in [
        Some(id.as_str()),
        Some(&at),
        Some(fields.act),
        fields.actor,
        Some(fields.door),
        fields.address,
        Some(fields.target),
        fields.before,
        fields.after,
        Some(previous),
    ] {
        match field {
            Some(text) => {
                hash.update(text.len().to_string());
                hash.update(":");
                hash.update(text);
                hash.update(",");
            }
            None => hash.update("-,"),
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The number and the hash of the newest entry.
pub(in crate::store) fn head(connection: &mut Connection<'_>) -> Result<(i64, String), StoreError> {
    let newest = audit::table.order(audit::id.desc()).select((audit::id, audit::hash));
    let found: Option<(i64, String)> = on_backend!(connection, |c| newest.first(c).optional())?;
    Ok(found.unwrap_or_else(|| (0, NOTHING.to_owned())))
}

/// Adds entries to the chain. Call it last in a transaction: on PostgreSQL others wait from here to its commit.
pub(in crate::store) fn append(connection: &mut Connection<'_>, entries: Vec<Noted>) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    take_locks(connection, vec![lock_key(&["audit"])])?;
    let (mut id, mut previous) = head(connection)?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        id += 1;
        let fields = Fields {
            act: entry.act.name(),
            actor: entry.actor.as_deref(),
            door: entry.door,
            address: entry.address.as_deref(),
            target: &entry.target,
            before: entry.before.as_deref(),
            after: entry.after.as_deref(),
        };
        let hash = hash(id, entry.at, &fields, &previous);
        rows.push(Row {
            id,
            at: entry.at,
            act: entry.act.name().to_owned(),
            previous: std::mem::replace(&mut previous, hash.clone()),
            hash,
            actor: entry.actor,
            door: entry.door.to_owned(),
            address: entry.address,
            target: entry.target,
            before: entry.before,
            after: entry.after,
        });
    }
    for rows in rows.chunks(BATCH) {
        insert_rows!(connection, audit::table, rows);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with Python's hashlib from the description above.
    #[test]
    fn the_hash_is_the_one_that_another_program_gets() {
        let at = chrono::DateTime::from_timestamp(1_790_000_000, 250_000_000).unwrap();
        let fields = Fields {
            act: "round.state",
            actor: Some("李明"),
            door: "api",
            address: None,
            target: "rounds/2026",
            before: Some("planned"),
            after: Some("open"),
        };
        assert_eq!(
            hash(1, at.naive_utc(), &fields, NOTHING),
            "8060e18f80e4f80a81de788a09381cbf3930cfab8720f5f97abf049e35ed2732"
        );
    }
}
