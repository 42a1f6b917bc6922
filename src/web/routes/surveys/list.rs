//! List surveys.

use actix_web::{HttpResponse, web};

use super::Survey;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// List surveys
///
/// The surveys that the caller may use, with their versions.
#[utoipa::path(get, path = "/api/v1/surveys", tag = "surveys", responses((status = 200, description = "Surveys, by identifier", body = Vec<Survey>)))]
pub async fn list_surveys(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let catalogue = web::block(move || app.surveys.catalogue(&app.store)).await??;
    let surveys: Vec<Survey> = catalogue
        .iter()
        .filter(|survey| caller.may_use_survey(&survey.survey))
        .map(Survey::from)
        .collect();
    Ok(HttpResponse::Ok().json(surveys))
}
