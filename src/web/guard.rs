//! The middleware before every handler: who is it, may they do this, within which time.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};

use super::authentication::{self, Caller, Credential};
use super::cross_site;
use super::mount::{KeyPlace, Weight};
use super::problem::{Code, Problem};
use super::rights::{Act, Refusal, Scope, Stage};
use super::state::App;

/// Lets a request through to its handler, with its [`Caller`], where the table of rights allows it.
pub(super) async fn guard(
    (act, weight, key): (Act, Weight, KeyPlace),
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Ok(refuse(request, Problem::internal("the application has no state")));
    };
    if let Err(problem) = cross_site::check(request.head()) {
        return Ok(refuse(request, problem));
    }
    if act.rule().roles.is_some() {
        match admit(&app, act, key, &request).await {
            Ok(caller) => {
                tracing::Span::current().record("user", tracing::field::display(&caller.name));
                request.extensions_mut().insert(caller);
            }
            Err(problem) => return Ok(refuse(request, problem)),
        }
    }
    let deadline = weight.deadline(&app.settings.limits);
    let original = request.request().clone();
    match actix_web::rt::time::timeout(deadline, next.call(request)).await {
        Ok(response) => response.map(ServiceResponse::map_into_boxed_body),
        Err(_) => Ok(ServiceResponse::new(
            original,
            HttpResponse::from_error(Problem::new(Code::Timeout)),
        )),
    }
}

/// The caller, where they may do the act in the scope that the address names.
async fn admit(app: &web::Data<App>, act: Act, key: KeyPlace, request: &ServiceRequest) -> Result<Caller, Problem> {
    let caller = match key {
        KeyPlace::Header => authentication::caller_of(app, request.request()).await?,
        KeyPlace::Address => authentication::caller_by_address(app, request.request()).await?,
    };
    let rule = act.rule();
    if caller.stage < rule.from {
        return Err(Problem::new(match caller.stage {
            Stage::SecondFactor => Code::SecondFactorNeeded,
            Stage::NewPassword => Code::PasswordChangeRequired,
            Stage::Enrolment | Stage::Complete => Code::SecondFactorRequired,
        }));
    }
    if !rule.by_token && matches!(caller.credential, Credential::Token(_)) {
        return Err(Problem::new(Code::Forbidden).explain(
            "此操作只能由登录的用户本人进行，不能使用访问令牌。",
            "Only somebody who has signed in may do this; an API token does not suffice.",
        ));
    }
    if !caller.may(act) {
        return Err(match rule.refusal {
            Refusal::Forbidden => Problem::new(Code::Forbidden),
            Refusal::Hidden => Problem::not_found(),
        });
    }
    let within = match rule.scope {
        Scope::Open => true,
        Scope::Survey | Scope::SurveyAndCity => request
            .match_info()
            .get("survey")
            .is_none_or(|survey| caller.may_use_survey(survey)),
        Scope::Whole => caller.is_unlimited(),
    };
    if within {
        Ok(caller)
    } else if rule.scope == Scope::Whole && rule.refusal == Refusal::Forbidden {
        Err(Problem::new(Code::Forbidden))
    } else {
        Err(Problem::not_found())
    }
}

fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse<BoxBody> {
    // Not `ServiceRequest::into_response`, which would lose the problem and keep its status alone.
    ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(problem))
}
