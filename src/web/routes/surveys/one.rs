//! One survey.

use actix_web::{HttpRequest, HttpResponse, web};

use super::Survey;
use crate::web::preconditions::tagged;
use crate::web::problem::Problem;
use crate::web::state::App;

/// One survey
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}", tag = "surveys",
    params(("survey" = String, Path, description = "The survey", example = "enterprise")),
    responses((status = 200, description = "The survey with its versions", body = Survey))
)]
pub async fn get_survey(
    app: web::Data<App>,
    survey: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let catalogue = web::block(move || app.surveys.catalogue(&app.store)).await??;
    tagged(&request, &Survey::from(catalogue.survey(&survey)?))
}
