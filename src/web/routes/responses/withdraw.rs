//! Withdraw a respondent's consent.

use actix_web::{HttpResponse, web};

use super::{ResponseHead, expect_in_city};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::state::App;

/// Withdraw consent
///
/// The response leaves lists, exports and assessments from now on and takes no new version. Its personal answers are
/// erased, unless the round's rule keeps them. Doing it twice changes nothing more.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses/{instance_id}/withdrawal", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response")
    ),
    responses((status = 200, description = "The response as it is now", body = ResponseHead))
)]
pub async fn withdraw_consent(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id) = path.into_inner();
    let head = web::block(move || {
        expect_in_city(&caller, &app.store.response_head(&survey, &instance_id)?)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        let withdrawn = app.store_for(&caller).withdraw_consent(
            &survey,
            &instance_id,
            &caller.name,
            &catalogue.finder(),
            app.now(),
        )?;
        app.remove_erased_contents();
        Ok::<_, Problem>(withdrawn.head)
    })
    .await??;
    Ok(HttpResponse::Ok().json(ResponseHead::from(head)))
}
