//! Reading the log: by filter and page, or all of it in order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::backend::{Connection, on_backend};
use super::super::schema::audit;
use super::super::{Store, StoreError, time};
use super::{AuditEntry, Row};

/// Entries that are read at once when all are.
const BATCH: i64 = 1000;

/// Which entries; without any limit, all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of this user.
    pub actor: Option<String>,
    /// Of this act; the part before its dot takes all acts of that kind.
    pub act: Option<String>,
    /// On this target, or anything below it: `rounds/2026`, `surveys/enterprise`.
    pub target: Option<String>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

/// The entries that a filter takes.
macro_rules! filtered {
    ($filter:expr, $backend:ident) => {{
        let filter: &AuditFilter = $filter;
        let mut query = audit::table.into_boxed::<$backend>();
        if let Some(actor) = &filter.actor {
            query = query.filter(audit::actor.eq(actor));
        }
        if let Some(act) = &filter.act {
            // All acts of a kind: what stands between its dot and the character after the dot.
            query = query.filter(
                audit::act
                    .eq(act)
                    .or(audit::act.ge(format!("{act}.")).and(audit::act.lt(format!("{act}/")))),
            );
        }
        if let Some(target) = &filter.target {
            query = query.filter(
                audit::target.eq(target).or(audit::target
                    .ge(format!("{target}/"))
                    .and(audit::target.lt(format!("{target}0")))),
            );
        }
        if let Some(from) = filter.from {
            query = query.filter(audit::at.ge(time::stored(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(audit::at.lt(time::stored(to)));
        }
        query
    }};
}

impl Store {
    /// The newest entries before a number (`None`: from the newest on).
    ///
    /// # Errors
    /// What the database says.
    pub fn audit_entries(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| filtered!(filter, Db)
                .filter(audit::id.lt(before.unwrap_or(i64::MAX)))
                .order(audit::id.desc())
                .limit(limit)
                .select(Row::as_select())
                .load(c))?)
        })?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }

    /// The next entries after a number, the oldest first; empty at the end. For reading all of them, page by page.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit_entries_after(&self, filter: &AuditFilter, after: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = self.read(|connection: &mut Connection<'_>| {
            Ok(on_backend!(connection, |c: Db| filtered!(filter, Db)
                .filter(audit::id.gt(after))
                .order(audit::id)
                .limit(BATCH)
                .select(Row::as_select())
                .load(c))?)
        })?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }
}
