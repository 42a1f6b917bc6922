//! The audit log as a file: an entry per line, sent as it is read.

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::{Entry, Question};
use crate::store::StoreError;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Export the audit log
///
/// A JSON document per line, the oldest entry first. `after` leaves out the entries up to that number.
#[utoipa::path(
    get, path = "/api/v1/audit/export", tag = "audit", params(Question),
    responses((status = 200, description = "The entries", content_type = "application/x-ndjson", body = String))
)]
pub async fn export_audit(app: web::Data<App>, question: web::Query<Question>) -> Result<HttpResponse, Problem> {
    let question = question.into_inner();
    let first = question.after.unwrap_or(0);
    let filter = question.filter();
    let lines = stream::try_unfold((app, filter, first), |(app, filter, after)| async move {
        let read = web::block(move || {
            let entries = app.store.audit_entries_after(&filter, after)?;
            Ok::<_, StoreError>((entries, app, filter))
        });
        let (entries, app, filter) = read.await??;
        let Some(last) = entries.last().map(|entry| entry.id) else {
            return Ok::<_, Problem>(None);
        };
        let mut bytes = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut bytes, &Entry::from(entry)).map_err(Problem::internal)?;
            bytes.push(b'\n');
        }
        Ok(Some((web::Bytes::from(bytes), (app, filter, last))))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename("audit.jsonl".to_owned())],
        })
        .streaming(Box::pin(lines)))
}
