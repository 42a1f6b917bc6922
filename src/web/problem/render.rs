//! Writes problems as documents, in the language that the caller asked for.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing_actix_web::RequestId;
use utoipa::ToSchema;

use super::{Code, Problem};
use crate::definition::Language;
use crate::web::language;
use crate::web::openrosa;
use crate::web::page;
use crate::web::state::App;

/// A problem document (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// The address of the code's page.
    #[serde(rename = "type")]
    #[schema(example = "/problems/answers_invalid")]
    kind: String,
    /// A few words for the kind of problem, in the caller's language.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong in this case, in the caller's language.
    detail: String,
    /// The stable code.
    #[schema(example = "answers_invalid")]
    code: &'static str,
    /// What was asked for.
    instance: String,
    /// The identifier of this request in the server's log.
    request_id: Option<String>,
    /// Every single fault of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Fault>,
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

/// One fault of the input: which question, row or line, what is wrong, and by which rule.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Fault {
    /// The question (`/research/rd_inhouse`, `/products[2]/share`), or the place in a file (`file:line:column`,
    /// `sheet!cell`).
    #[schema(example = "/research/rd_inhouse")]
    pub path: String,
    /// The stable code of the rule's kind.
    #[schema(example = "constraint")]
    pub code: String,
    /// The value that was found, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The rule that it breaks, where it is an expression or a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = ". >= 0")]
    pub rule: Option<String>,
    /// `problem`, `warning` or `note`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What is wrong, in the caller's language.
    pub message: String,
}

impl Problem {
    fn document(&self, request: &HttpRequest, request_id: Option<RequestId>, language: Language) -> Document {
        let detail = self.detail_in(language);
        Document {
            kind: format!("/problems/{}", self.0.code.name()),
            title: self.0.code.title(language),
            status: self.0.code.status().as_u16(),
            detail,
            code: self.0.code.name(),
            instance: request.path().to_owned(),
            request_id: request_id.map(|id| id.to_string()),
            problems: self.0.faults.clone(),
            members: self
                .0
                .members
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }

    fn respond(&self, request: &HttpRequest, request_id: Option<RequestId>) -> HttpResponse {
        if openrosa::is_asked(request) {
            return openrosa::refusal(request, self);
        }
        if wants_page(request) {
            return page::account::problem(self);
        }
        let language = language::of(request);
        let mut response = HttpResponse::build(self.0.code.status());
        response
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CONTENT_LANGUAGE, language.code()))
            .insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.0.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.0.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"innogauge\""));
        }
        match serde_json::to_string(&self.document(request, request_id, language)) {
            Ok(body) => response.body(body),
            Err(_) => response.finish(),
        }
    }
}

/// The middleware that turns every error, ours or actix's own, into a problem document, and names the request's id.
///
/// # Errors
/// Passes on what could not be answered at all.
pub async fn render<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let response = next.call(request).await?;
    let request_id = response.request().extensions().get::<RequestId>().copied();
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let mut response = if failed && !is_page(&response) {
        let answer = answer(&response, request_id);
        response.into_response(answer).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

/// Whether a person looks at the answer in a browser: no program asks for HTML, and none of the API's answers is any.
fn wants_page(request: &HttpRequest) -> bool {
    let accepts_html = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    accepts_html && !request.path().starts_with("/api/")
}

/// Whether a handler has answered with a page that says itself what is wrong.
fn is_page<B>(response: &ServiceResponse<B>) -> bool {
    response.response().error().is_none()
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn answer<B>(response: &ServiceResponse<B>, request_id: Option<RequestId>) -> HttpResponse {
    let request = response.request();
    let error = response.response().error();
    if let Some(error) = error
        && response.status().is_server_error()
    {
        tracing::error!(%error, "the request failed");
    }
    let mut answer = match error.map(|error| (error, error.as_error::<Problem>())) {
        Some((_, Some(problem))) => problem.respond(request, request_id),
        Some((error, None)) => foreign(error).respond(request, request_id),
        None => Problem::new(Code::from_status(response.status())).respond(request, request_id),
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(app) = request.app_data::<web::Data<App>>()
    {
        let path = request.match_pattern().unwrap_or_default();
        let allowed: Vec<&str> = app
            .routes
            .iter()
            .filter(|route| route.path == path)
            .map(|route| route.method.as_str())
            .collect();
        if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
            answer.headers_mut().insert(header::ALLOW, allowed);
        }
    }
    answer
}

/// An error of actix or of one of its extractors.
fn foreign(error: &actix_web::Error) -> Problem {
    let code = Code::from_status(error.as_response_error().status_code());
    let problem = Problem::new(code);
    if code == Code::Internal {
        problem.cause(error)
    } else {
        problem.detail(error.to_string())
    }
}
