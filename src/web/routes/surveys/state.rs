//! Open, wind up or close a survey.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Survey;
use crate::definition::SurveyState;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::Problem;
use crate::web::state::App;

/// The state that a survey is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "closing"}))]
pub struct ChangeSurvey {
    /// open, closing (no longer listed, still accepted) or closed.
    #[schema(value_type = String, example = "closing")]
    state: SurveyState,
}

/// Open, wind up or close a survey
#[utoipa::path(
    patch, path = "/api/v1/surveys/{survey}", tag = "surveys", request_body = ChangeSurvey,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), IfMatch),
    responses(
        (status = 200, description = "The survey as it is now", body = Survey),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
    )
)]
pub async fn change_survey(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(change): Json<ChangeSurvey>,
) -> Result<HttpResponse, Problem> {
    let catalogue = web::block({
        let survey = survey.clone();
        move || {
            let catalogue = app.surveys.catalogue(&app.store)?;
            let seen = catalogue.survey(&survey)?;
            if_match.check(&Survey::from(seen))?;
            // What was compared with the tag is what the store must still find.
            let still = if_match.names_a_state().then_some(seen.state);
            app.store_for(&caller)
                .set_survey_state(&survey, change.state, still, app.now())?;
            app.surveys.forget();
            app.surveys.catalogue(&app.store).map_err(Problem::from)
        }
    })
    .await??;
    tagged(&request, &Survey::from(catalogue.survey(&survey)?))
}
