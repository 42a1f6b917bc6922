//! The audit log: by page, as a file, and whether it is whole. Nothing here changes it.

mod export;
mod list;
mod verify;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::{AuditEntry, AuditFilter};
use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::ReadAudit, list::__path_list_audit, list::list_audit)
        .mount_heavy(Act::ReadAudit, export::__path_export_audit, export::export_audit)
        .mount_heavy(Act::ReadAudit, verify::__path_verify_audit, verify::verify_audit);
}

/// One entry of the log.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    /// Its number: 1 is the first ever, without gaps.
    id: i64,
    /// When.
    at: DateTime<Utc>,
    /// What was done.
    #[schema(example = "response.state")]
    act: String,
    /// The user who did it; null where it was nobody in particular.
    actor: Option<String>,
    /// api, command, program, or the door of a response: json, spreadsheet, `open_rosa`, `web_form`.
    #[schema(example = "api")]
    door: String,
    /// The network address that they came from.
    address: Option<String>,
    /// What it was done to.
    #[schema(example = "surveys/enterprise/responses/uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")]
    target: String,
    /// What it was before, by reference.
    before: Option<String>,
    /// What it is now, by reference.
    after: Option<String>,
    /// The hash of the entry before.
    previous: String,
    /// The hash of this entry.
    hash: String,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            act: entry.act,
            actor: entry.actor,
            door: entry.door,
            address: entry.address,
            target: entry.target,
            before: entry.before,
            after: entry.after,
            previous: entry.previous,
            hash: entry.hash,
        }
    }
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Of this user.
    #[param(example = "zhao.min")]
    actor: Option<String>,
    /// Of this act, as `response.state`; `response` takes all acts on responses.
    #[param(example = "response")]
    act: Option<String>,
    /// On this target, or anything below it.
    #[param(example = "surveys/enterprise")]
    target: Option<String>,
    /// At this time or later.
    #[param(example = "2026-05-11T00:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// Before this time.
    #[param(example = "2026-09-01T00:00:00Z")]
    to: Option<DateTime<Utc>>,
    /// `next` of the page before.
    after: Option<i64>,
}

impl Question {
    fn filter(self) -> AuditFilter {
        AuditFilter {
            actor: self.actor,
            act: self.act,
            target: self.target,
            from: self.from,
            to: self.to,
        }
    }
}
