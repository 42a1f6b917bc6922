//! `Idempotency-Key`: a request that creates something can be sent again without creating it twice.
//!
//! Every JSON request by POST, and every other one that creates something, may carry a key of the caller's own. The
//! first answer under a key is kept for a day and given again; the same key with another request is refused. A request
//! that was refused changed nothing and frees its key. An answer with a secret (`Cache-Control: no-store`) is not kept:
//! sending again says that it was done. Responses need none of it: their instance ID makes sending idempotent.
//!
//! Of an upload the length counts and not the content, since a form is packed anew each time that it is sent.

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use utoipa::openapi::path::{Operation, Parameter};

use super::authentication::Caller;
use super::mount::Weight;
use super::openapi::header;
use super::problem::{Code, Problem};
use super::rights::Act;
use super::state::App;
use super::{body, prefer};
use crate::response::Fingerprint;
use crate::store::{Begun, KeptAnswer};

/// The request header that carries the key.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The response header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key that is taken, in characters.
const LONGEST_KEY: usize = 255;
/// The headers of an answer that are given again.
const KEPT_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::LOCATION,
    header::ETAG,
    prefer::APPLIED,
];

/// Whether requests of that kind may carry a key that is looked up.
pub(super) fn applies(act: Act, method: &Method, weight: Weight, operation: &Operation) -> bool {
    let documented = &operation.responses.responses;
    let creates = documented.contains_key("201") || documented.contains_key("202");
    method == Method::POST
        && (weight == Weight::Light || creates)
        && act.rule().roles.is_some()
        && act != Act::SubmitResponses
}

/// The header, for the document.
pub(super) fn parameter() -> Parameter {
    header(
        "Idempotency-Key",
        "A key of your own making: the same request sent again within a day is answered as before, and done once",
        LONGEST_KEY,
        "5a1c2e0e-6f0b-4a57-9a53-0c4a3a1c9b11",
    )
}

/// The instance ID of a response that came without one, but with a key: the same for the same key of the same caller,
/// so that a response is stored once however often it is sent.
pub(super) fn instance_id(request: &HttpRequest, caller: &Caller) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get(KEY) else {
        return Ok(None);
    };
    let key = read_key(value)?;
    let digest = Fingerprint::of_bytes(format!("{}\n{key}", caller.name).as_bytes()).to_string();
    Ok(Some(format!("key:{digest}")))
}

/// Answers a request that was answered before as it was then; lets others through and keeps what they are answered.
///
/// # Errors
/// Passes on what the handler could not answer at all.
pub(super) async fn once(
    weight: Weight,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(value) = request.headers().get(KEY) else {
        return next.call(request).await;
    };
    let (Some(app), Some(caller)) = (
        request.app_data::<web::Data<App>>().cloned(),
        request.extensions().get::<Caller>().map(|caller| caller.name.clone()),
    ) else {
        return next.call(request).await;
    };
    let key = match read_key(value) {
        Ok(key) => key,
        Err(problem) => return Ok(answered(request, HttpResponse::from_error(problem))),
    };
    let mut request = request;
    let fingerprint = match take_fingerprint(&mut request).await {
        Ok(fingerprint) => fingerprint,
        Err(problem) => return Ok(answered(request, HttpResponse::from_error(problem))),
    };
    match begin(&app, weight, &caller, &key, fingerprint).await {
        Ok(Begun::Fresh) => work(&app, caller, key, request, next).await,
        Ok(begun) => Ok(answered(request, again(begun))),
        Err(problem) => Ok(answered(request, HttpResponse::from_error(problem))),
    }
}

/// Unlike `ServiceRequest::into_response` this keeps the problem that the answer was made of.
fn answered(request: ServiceRequest, response: HttpResponse) -> ServiceResponse<BoxBody> {
    ServiceResponse::new(request.into_parts().0, response)
}

fn read_key(value: &HeaderValue) -> Result<String, Problem> {
    let text = value.to_str().unwrap_or_default().trim();
    // The header is a quoted string by its draft standard; most clients send it bare.
    let key = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        return Err(Problem::new(Code::BadRequest).explain(
            format!("Idempotency-Key 须为 1 至 {LONGEST_KEY} 个可见 ASCII 字符。"),
            format!("Idempotency-Key takes 1 to {LONGEST_KEY} visible ASCII characters."),
        ));
    }
    Ok(key.to_owned())
}

/// The fingerprint of method, address, preference and body; the body is put back for the handler.
async fn take_fingerprint(request: &mut ServiceRequest) -> Result<Fingerprint, Problem> {
    let text_of = |name: &HeaderName| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let head = format!("{} {}\n{}\n", request.method(), request.uri(), text_of(&prefer::PREFER));
    if text_of(&header::CONTENT_TYPE).starts_with("multipart/") {
        let length = text_of(&header::CONTENT_LENGTH);
        return Ok(Fingerprint::of_bytes(format!("{head}{length}").as_bytes()));
    }
    let mut text = head.into_bytes();
    let payload = request.take_payload();
    let bytes = body::read(request.request(), payload).await?;
    text.extend_from_slice(&bytes);
    request.set_payload(Payload::from(web::Bytes::from(bytes)));
    Ok(Fingerprint::of_bytes(&text))
}

async fn begin(
    app: &web::Data<App>,
    weight: Weight,
    caller: &str,
    key: &str,
    request: Fingerprint,
) -> Result<Begun, Problem> {
    let (app, caller, key) = (app.clone(), caller.to_owned(), key.to_owned());
    web::block(move || {
        let patience = TimeDelta::from_std(weight.deadline(&app.settings.limits)).unwrap_or(TimeDelta::MAX);
        app.store.begin_request(&caller, &key, request, patience, app.now())
    })
    .await?
    .map_err(Problem::from)
}

/// Lets the handler work, and keeps what it answers before anybody hears it.
async fn work(
    app: &web::Data<App>,
    caller: String,
    key: String,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = app.clone();
    let response = match next.call(request).await {
        Ok(response) if response.status().is_success() => response,
        refused => {
            let freed = web::block(move || app.store.forget_request(&caller, &key)).await;
            if let Ok(Err(error)) = freed {
                tracing::warn!(%error, "an idempotency key could not be freed");
            }
            return refused;
        }
    };
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = to_bytes(body)
        .await
        .map_err(|error| Problem::internal(format!("an answer could not be kept: {error}")))?;
    let answer = KeptAnswer {
        status: head.status().as_u16(),
        headers: kept_headers(&head),
        body: (!holds_secret(&head)).then(|| body.to_vec()),
    };
    web::block(move || app.store.finish_request(&caller, &key, &answer))
        .await
        .map_err(Problem::from)?
        .map_err(Problem::from)?;
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

fn kept_headers<B>(response: &HttpResponse<B>) -> Vec<(String, String)> {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

fn holds_secret<B>(response: &HttpResponse<B>) -> bool {
    response
        .headers()
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value == "no-store")
}

/// The answer to a request whose key is taken.
fn again(begun: Begun) -> HttpResponse {
    let problem = match begun {
        Begun::Answered(KeptAnswer {
            status,
            headers,
            body: Some(body),
        }) => {
            let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
            for header in headers {
                answer.insert_header(header);
            }
            return answer.insert_header((REPLAYED, "true")).body(body);
        }
        Begun::Answered(_) => Problem::new(Code::AlreadyDone),
        Begun::OtherRequest => Problem::new(Code::IdempotencyKeyReused),
        Begun::InProgress | Begun::Fresh => Problem::new(Code::RequestInProgress).retry_after(1),
    };
    HttpResponse::from_error(problem)
}
