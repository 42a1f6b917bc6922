//! The audit log: who changed what, when, from where. Entries are only ever added, each chained to the one before.
//!
//! Flows in: what a change says of itself. Flows out: entries by filter, and whether the chain is whole. No personal
//! data of respondents comes here: an entry points to what it speaks of (a version's key, a state, a hash of a file).
//!
//! A change is made through [`Store::change`](super::Store::change), which hands its body a [`Journal`]:
//!
//! ```text
//! self.change(now, |connection, journal| {
//!     … the statements of the change …
//!     journal.note(AuditAct::RoundState, format!("rounds/{round}")).before("planned").after("open");
//!     Ok(())
//! })
//! ```
//!
//! The entries are written as the last statements of the same transaction: both are there, or neither. Who does it,
//! through which door and from which address, a handle on the store knows: [`Store::acting`](super::Store::acting).
//!
//! **Why the chain is made inside the transaction.** Only one transaction at a time can extend a chain, and each holds
//! it until its commit is durable. On SQLite there is one writer anyway. On PostgreSQL an advisory lock is taken as the
//! last but one act of a transaction, so that all its other work runs beside others', and the writers of submissions
//! put all that wait into one transaction, whose entries are chained at once (see `writer`): the wait for the disk is
//! shared, as it is on SQLite. Chaining later, by a thread that seals what was committed, would let transactions end
//! side by side, but what is removed before it was sealed would never be missed.

mod acts;
mod chain;
mod journal;
mod listing;
mod verify;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

pub use acts::AuditAct;
pub use journal::{Channel, Origin};
pub use listing::AuditFilter;
pub use verify::{AuditCheck, AuditFault, AuditHead};

pub(super) use chain::{append, head};
pub(super) use journal::{Journal, Noted};

use super::rows::in_arrays;
use super::schema::audit;
use super::time;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number: 1 is the first ever, without gaps.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: the name of an [`AuditAct`], perhaps of a later version of the program.
    pub act: String,
    /// The user who did it; `None` where it was nobody in particular.
    pub actor: Option<String>,
    /// The door they came through.
    pub door: String,
    /// The network address they came from, where they came over the network.
    pub address: Option<String>,
    /// What it was done to, as the API's addresses name it: `surveys/enterprise/responses/uuid:…`.
    pub target: String,
    /// What it was before, by reference.
    pub before: Option<String>,
    /// What it is now, by reference.
    pub after: Option<String>,
    /// The hash of the entry before, 64 hexadecimal digits; zeros before the first.
    pub previous: String,
    /// The hash of this entry.
    pub hash: String,
}

/// An entry as its row.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
struct Row {
    id: i64,
    at: NaiveDateTime,
    act: String,
    actor: Option<String>,
    door: String,
    address: Option<String>,
    target: String,
    before: Option<String>,
    after: Option<String>,
    previous: String,
    hash: String,
}

in_arrays! {
    Row => audit:
    id, at, act, actor, door, address, target, before, after, previous, hash
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: time::read(row.at),
            act: row.act,
            actor: row.actor,
            door: row.door,
            address: row.address,
            target: row.target,
            before: row.before,
            after: row.after,
            previous: row.previous,
            hash: row.hash,
        }
    }
}
