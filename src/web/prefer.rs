//! `Prefer: respond-async` (RFC 7240): whoever sends it gets long work as a job, and need not hold the line.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::openapi::header;

/// The request header.
pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The response header that says which preference was followed.
pub const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference that is known here.
pub const RESPOND_ASYNC: &str = "respond-async";

/// How the answer to a long request is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// When the work is done.
    Now,
    /// At once, as a job to ask after.
    AsJob,
}

impl Wanted {
    /// By the values of the header; what is not known there is ignored.
    fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let name = |preference: &'a str| preference.split([';', '=']).next().unwrap_or_default().trim();
        let mut preferences = values.into_iter().flat_map(|value| value.split(','));
        if preferences.any(|preference| name(preference).eq_ignore_ascii_case(RESPOND_ASYNC)) {
            Self::AsJob
        } else {
            Self::Now
        }
    }
}

impl FromRequest for Wanted {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let values = request.headers().get_all(PREFER);
        ready(Ok(Self::of(values.filter_map(|value| value.to_str().ok()))))
    }
}

impl IntoParams for Wanted {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "Prefer",
            "`respond-async` asks for a job: the answer is 202 at once, and `Location` says where to ask after it",
            200,
            RESPOND_ASYNC,
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_respond_async_makes_a_job() {
        assert_eq!(Wanted::of(["respond-async"]), Wanted::AsJob);
        assert_eq!(Wanted::of(["return=minimal, Respond-Async; wait=10"]), Wanted::AsJob);
        assert_eq!(Wanted::of(["wait=10", "respond-async"]), Wanted::AsJob);
        assert_eq!(Wanted::of(["respond-asynchronously"]), Wanted::Now);
        assert_eq!(Wanted::of([]), Wanted::Now);
    }
}
