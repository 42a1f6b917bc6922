//! How phones are spoken to: OpenRosa's headers and messages.
//!
//! ODK Collect and its kin send no language and show what they are told as it stands: refusals are in Chinese and in
//! English. They take XML only as `text/xml`.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};

use super::mount::{DRAFTS, PUBLISHED};
use super::page::escape;
use super::problem::Problem;
use super::state::App;
use crate::definition::Language;

/// The content type of everything in XML.
pub const XML: &str = "text/xml; charset=utf-8";
const VERSION: HeaderName = HeaderName::from_static("x-openrosa-version");
const ACCEPT_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-openrosa-accept-content-length");

/// How many bytes a phone is told to put into one request at most: what Collect does by itself. More would be taken, but on a
/// slow network would not get through in the time that a request has; and it would begin anew each time.
const PARCEL: usize = 10_000_000;

/// Whether a phone asks: by the beginning of the address.
pub fn is_asked(request: &HttpRequest) -> bool {
    let begins = |with: &str| {
        with.split('{')
            .next()
            .is_some_and(|door| request.path().starts_with(door))
    };
    begins(PUBLISHED) || begins(DRAFTS)
}

/// An answer to a phone, which learns with it how much one request may hold.
pub fn answer(request: &HttpRequest, status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((VERSION, "1.0"));
    if let Some(app) = request.app_data::<web::Data<App>>() {
        let parcel = app.settings.limits.upload_bytes.0.min(PARCEL);
        answer.insert_header((ACCEPT_CONTENT_LENGTH, parcel.to_string()));
    }
    answer
}

/// An answer in XML.
pub fn document(request: &HttpRequest, xml: String) -> HttpResponse {
    answer(request, StatusCode::OK).content_type(XML).body(xml)
}

/// A message that the phone shows.
pub fn message(request: &HttpRequest, status: StatusCode, nature: &str, text: &str) -> HttpResponse {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\"><message nature=\"{nature}\">{}</message></OpenRosaResponse>",
        text_of(text)
    );
    answer(request, status).content_type(XML).body(xml)
}

/// What a problem is told to a phone.
pub fn refusal(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let [zh, en] = [Language::Chinese, Language::English].map(|language| problem.detail_in(language));
    let text = if zh == en { zh } else { format!("{zh}\n{en}") };
    let mut answer = message(request, problem.code().status(), "submit_failure", &text);
    if let Some(seconds) = problem.retry_after_seconds() {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// Text as it may stand in XML, without the characters that XML has not.
pub fn text_of(text: &str) -> String {
    let allowed = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    let text: String = text
        .chars()
        .filter(allowed)
        .filter(|letter| !matches!(letter, '\u{fffe}' | '\u{ffff}'))
        .collect();
    escape(&text)
}
