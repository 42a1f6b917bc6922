//! Walking the whole chain and saying where it is broken.

use std::fmt;

use diesel::prelude::*;

use super::super::backend::on_backend;
use super::super::schema::audit;
use super::super::{Store, StoreError};
use super::Row;
use super::chain::{self, Fields, NOTHING};

/// Entries that are read at once.
const BATCH: i64 = 2000;
/// Faults that are listed; more are counted.
const LISTED: usize = 100;

/// The newest entry: written down outside the database, it shows later whether entries at the end were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number.
    pub id: i64,
    /// Its hash.
    pub hash: String,
}

/// Something wrong with the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// The entry is not what was written: a field differs from what its hash was made of.
    Changed(i64),
    /// Entries are missing: from the first number to the last.
    Missing(i64, i64),
    /// The entry does not continue the one before: one of the two was inserted or replaced.
    Unlinked(i64),
    /// The head that was noted is not in the chain: entries at the end were removed, or the chain was written anew.
    HeadMissing(String),
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(id) => write!(f, "entry {id} was changed: it is not what its hash was made of"),
            Self::Missing(first, last) if first == last => write!(f, "entry {first} is missing"),
            Self::Missing(first, last) => write!(f, "entries {first} to {last} are missing"),
            Self::Unlinked(id) => write!(
                f,
                "entry {id} does not continue the one before: one of the two was inserted or replaced"
            ),
            Self::HeadMissing(hash) => write!(
                f,
                "no entry has the noted hash {hash}: entries at the end were removed, or the log was written anew"
            ),
        }
    }
}

/// What a walk through the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditCheck {
    /// How many entries there are.
    pub entries: i64,
    /// The newest of them.
    pub head: Option<AuditHead>,
    /// The first faults, at most a hundred.
    pub faults: Vec<AuditFault>,
    /// How many faults there are.
    pub found: usize,
}

impl AuditCheck {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.found == 0
    }

    fn fault(&mut self, fault: AuditFault) {
        self.found += 1;
        if self.faults.len() < LISTED {
            self.faults.push(fault);
        }
    }

    /// Looks at the next entry.
    fn walk(&mut self, row: Row) {
        let (last, hash) = match &self.head {
            Some(head) => (head.id, head.hash.as_str()),
            None => (0, NOTHING),
        };
        let fields = Fields {
            act: &row.act,
            actor: row.actor.as_deref(),
            door: &row.door,
            address: row.address.as_deref(),
            target: &row.target,
            before: row.before.as_deref(),
            after: row.after.as_deref(),
        };
        let intact = chain::hash(row.id, row.at, &fields, &row.previous) == row.hash;
        let fault = if row.id <= last || row.id < 1 {
            Some(AuditFault::Unlinked(row.id))
        } else if row.id > last + 1 {
            Some(AuditFault::Missing(last + 1, row.id - 1))
        } else if row.previous != hash && intact {
            Some(AuditFault::Unlinked(row.id))
        } else {
            None
        };
        if let Some(fault) = fault {
            self.fault(fault);
        }
        if !intact {
            self.fault(AuditFault::Changed(row.id));
        }
        self.entries += 1;
        self.head = Some(AuditHead {
            id: row.id,
            hash: row.hash,
        });
    }
}

impl Store {
    /// Walks the whole audit log, the oldest entry first, and says what is wrong with it. Memory does not grow with it.
    ///
    /// `noted` is the hash of a head that was written down earlier: without one, entries that were removed from the
    /// end can't be missed, since the rest is a whole chain.
    ///
    /// # Errors
    /// What the database says.
    pub fn verify_audit(&self, noted: Option<&str>) -> Result<AuditCheck, StoreError> {
        self.snapshot(|connection| {
            let mut check = AuditCheck::default();
            let (mut after, mut seen) = (i64::MIN, false);
            loop {
                let query = audit::table.filter(audit::id.gt(after)).order(audit::id).limit(BATCH);
                let rows: Vec<Row> = on_backend!(connection, |c| query.select(Row::as_select()).load(c))?;
                let Some(last) = rows.last() else { break };
                after = last.id;
                for row in rows {
                    seen |= noted.is_some_and(|hash| hash == row.hash);
                    check.walk(row);
                }
            }
            if let Some(hash) = noted.filter(|_| !seen) {
                check.fault(AuditFault::HeadMissing(hash.to_owned()));
            }
            Ok(check)
        })
    }
}
