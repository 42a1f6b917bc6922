//! What every answer says to browsers, whatever it is.

use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::DefaultHeaders;

use crate::settings::Settings;

/// Answers are data, not pages: nothing of them may run, load or be framed. Pages say themselves what they need.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What no page of ours needs.
const PERMISSIONS: &str = "camera=(), microphone=(), payment=(), usb=()";

/// The headers of every answer that has no such header of its own.
pub(super) fn security(settings: &Settings) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((HeaderName::from_static("permissions-policy"), PERMISSIONS))
        .add((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .add((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"));
    if settings.is_reached_by_tls() {
        headers.add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
    } else {
        headers
    }
}
