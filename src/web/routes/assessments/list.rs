//! List assessments.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AssessmentHead;
use crate::web::problem::Problem;
use crate::web::state::App;

/// How many assessments a page has.
const PAGE: i64 = 100;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// `next` of the page before.
    after: Option<i64>,
}

/// A page of assessments, the newest first.
#[derive(Serialize, ToSchema)]
pub struct AssessmentPage {
    /// The assessments.
    assessments: Vec<AssessmentHead>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

/// List assessments
#[utoipa::path(
    get, path = "/api/v1/assessments", tag = "assessments", params(Question),
    responses((status = 200, description = "A page, the newest first", body = AssessmentPage))
)]
pub async fn list_assessments(app: web::Data<App>, question: web::Query<Question>) -> Result<HttpResponse, Problem> {
    let list = web::block(move || app.store.assessments(question.after, PAGE)).await??;
    let next = (i64::try_from(list.len()) == Ok(PAGE))
        .then(|| list.last().map(|last| last.id))
        .flatten();
    let assessments = list.into_iter().map(AssessmentHead::of).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(AssessmentPage { assessments, next }))
}
