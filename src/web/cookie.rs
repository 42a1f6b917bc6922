//! The two cookies: of the session, and of the device that has signed in before.
//!
//! Neither can be read by scripts nor is sent with requests from other sites (`SameSite=Strict`: nothing links into this
//! server from outside that would need a session). Over TLS they bear the prefix `__Host-`, by which the browser itself
//! sees to it that they came over TLS, from this host, for all of it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use chrono::TimeDelta;

use super::client;

/// The name of the session's cookie where there is no TLS.
pub(super) const SESSION: &str = "innogauge";
const DEVICE: &str = "innogauge-device";
/// As long as the store knows a device.
const DEVICE_DAYS: i64 = 180;

/// The secret of the session that the request comes with.
pub(super) fn session(request: &HttpRequest) -> Option<String> {
    read(request, SESSION)
}

/// The secret of the device that the request comes from.
pub(super) fn device(request: &HttpRequest) -> Option<String> {
    read(request, DEVICE)
}

/// A cookie with the secret of a session that ends after that time at the latest.
pub(super) fn of_session(request: &HttpRequest, secret: String, lasts: TimeDelta) -> Cookie<'static> {
    build(request, SESSION, secret, Duration::seconds(lasts.num_seconds()))
}

/// A cookie with the secret of a device.
pub(super) fn of_device(request: &HttpRequest, secret: String) -> Cookie<'static> {
    build(request, DEVICE, secret, Duration::days(DEVICE_DAYS))
}

/// A cookie that takes the session's away.
pub(super) fn without_session(request: &HttpRequest) -> Cookie<'static> {
    build(request, SESSION, String::new(), Duration::ZERO)
}

fn name(request: &HttpRequest, plain: &str) -> String {
    if client::is_secure(request) {
        format!("__Host-{plain}")
    } else {
        plain.to_owned()
    }
}

fn read(request: &HttpRequest, plain: &str) -> Option<String> {
    request
        .cookie(&name(request, plain))
        .map(|cookie| cookie.value().to_owned())
        .filter(|secret| !secret.is_empty())
}

fn build(request: &HttpRequest, plain: &str, secret: String, lasts: Duration) -> Cookie<'static> {
    Cookie::build(name(request, plain), secret)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(client::is_secure(request))
        .max_age(lasts)
        .finish()
}
