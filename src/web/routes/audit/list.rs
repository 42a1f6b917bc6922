//! List entries of the audit log.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Question};
use crate::web::problem::Problem;
use crate::web::state::App;

/// How many entries a page has.
const PAGE: i64 = 100;

/// A page of entries, the newest first.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    entries: Vec<Entry>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

/// List entries of the audit log
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(Question),
    responses((status = 200, description = "A page, the newest first", body = AuditPage))
)]
pub async fn list_audit(app: web::Data<App>, question: web::Query<Question>) -> Result<HttpResponse, Problem> {
    let question = question.into_inner();
    let after = question.after;
    let filter = question.filter();
    let list = web::block(move || app.store.audit_entries(&filter, after, PAGE)).await??;
    let next = (i64::try_from(list.len()) == Ok(PAGE))
        .then(|| list.last().map(|last| last.id))
        .flatten();
    Ok(HttpResponse::Ok().json(AuditPage {
        entries: list.into_iter().map(Entry::from).collect(),
        next,
    }))
}
