//! List imports; one import.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Import, find, is_in_scope};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// How many imports a page has.
const PAGE: i64 = 100;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// `next` of the page before.
    after: Option<i64>,
}

/// A page of imports, the newest first.
#[derive(Serialize, ToSchema)]
pub struct ImportPage {
    /// The imports.
    imports: Vec<Import>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

/// List imports
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/imports", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "A page, the newest first", body = ImportPage))
)]
pub async fn list_imports(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let list = web::block(move || {
        app.surveys.catalogue(&app.store)?.survey(&survey)?;
        app.store
            .imports(Some(&survey), question.after, PAGE)
            .map_err(Problem::from)
    })
    .await??;
    let next = (i64::try_from(list.len()) == Ok(PAGE))
        .then(|| list.last().map(|last| last.id))
        .flatten();
    let seen = list.into_iter().filter(|import| is_in_scope(&caller, import));
    Ok(HttpResponse::Ok().json(ImportPage {
        imports: seen.map(Import::of).collect::<Result<_, _>>()?,
        next,
    }))
}

/// One import
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/imports/{id}", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("id" = i64, Path, description = "The import's key")),
    responses((status = 200, description = "The import", body = Import))
)]
pub async fn get_import(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Problem> {
    let (survey, id) = path.into_inner();
    let import = web::block(move || find(&app, &caller, &survey, id)).await??;
    Ok(HttpResponse::Ok().json(Import::of(import)?))
}
