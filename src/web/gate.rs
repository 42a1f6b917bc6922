//! The first middleware: names that are not ours are turned away, and bodies must keep coming.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web;
use actix_web::{HttpMessage as _, HttpResponse};
use futures_util::StreamExt as _;
use futures_util::stream;

use super::problem::{Code, Problem};
use super::state::App;
use crate::settings::Limits;

/// What a balancer asks by address, not by name.
const ASKED_BY_ADDRESS: [&str; 2] = ["/healthz", "/readyz"];

/// Lets through what is meant for this server, with a body that can't be stretched out forever.
///
/// # Errors
/// Passes on what could not be answered at all.
pub(super) async fn gate<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<BoxBody, B>>, actix_web::Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_right_body);
    };
    if !ASKED_BY_ADDRESS.contains(&request.path())
        && let Err(problem) = check_host(&request, &app.hosts)
    {
        // Not `into_response`, which forgets what the error was.
        let (request, _) = request.into_parts();
        return Ok(ServiceResponse::new(request, HttpResponse::from_error(problem)).map_into_left_body());
    }
    match request.take_payload() {
        Payload::None => {}
        payload => request.set_payload(paced(payload, app.settings.limits)),
    }
    next.call(request).await.map(ServiceResponse::map_into_right_body)
}

/// Whether the request is for one of our names: exactly one `Host`, or the authority of HTTP/2.
fn check_host(request: &ServiceRequest, hosts: &[String]) -> Result<(), Problem> {
    let mut lines = request.headers().get_all(header::HOST);
    let line = lines.next();
    if lines.next().is_some() {
        return Err(Problem::new(Code::BadRequest).explain(
            "请求只能有一个 Host 标头。",
            "A request has one Host header, not several.",
        ));
    }
    if hosts.is_empty() {
        return Ok(());
    }
    let named = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
    let asked = line.and_then(|line| line.to_str().ok());
    // A request that names two servers is a trick.
    let agree = named.is_none() || asked.is_none() || named == asked;
    let known = named
        .or(asked)
        .is_some_and(|name| hosts.iter().any(|host| host.eq_ignore_ascii_case(name)));
    if agree && known {
        Ok(())
    } else {
        Err(Problem::new(Code::UnknownHost))
    }
}

/// The body, cut off where it pauses for longer than the limit, or comes slower than the least rate.
fn paced(payload: Payload, limits: Limits) -> Payload {
    struct Progress {
        payload: Payload,
        /// When it was first asked for: until then the client waits for the server.
        began: Option<Instant>,
        bytes: usize,
        ended: bool,
    }
    let limits = Rc::new(limits);
    let progress = Progress {
        payload,
        began: None,
        bytes: 0,
        ended: false,
    };
    let chunks = stream::unfold(progress, move |mut progress| {
        let limits = Rc::clone(&limits);
        async move {
            if progress.ended {
                return None;
            }
            let began = *progress.began.get_or_insert_with(Instant::now);
            let next = actix_web::rt::time::timeout(limits.body_pause, progress.payload.next()).await;
            let chunk = match next {
                Ok(None) => return None,
                Ok(Some(Ok(chunk))) => {
                    progress.bytes += chunk.len();
                    if is_too_slow(progress.bytes, began.elapsed(), &limits) {
                        Err(too_slow())
                    } else {
                        Ok(chunk)
                    }
                }
                Ok(Some(Err(error))) => Err(error),
                Err(_) => Err(too_slow()),
            };
            progress.ended = chunk.is_err();
            Some((chunk, progress))
        }
    });
    Payload::Stream {
        payload: Box::pin(chunks.fuse()),
    }
}

/// The first pause costs nothing: a body that begins late is no slower for it.
fn is_too_slow(bytes: usize, took: Duration, limits: &Limits) -> bool {
    let counted = took.saturating_sub(limits.body_pause);
    bytes as f64 + 1.0 < counted.as_secs_f64() * limits.body_rate.0 as f64
}

fn too_slow() -> PayloadError {
    PayloadError::Io(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// What a failure while a body is read is told.
pub(super) fn body_problem(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut => Problem::new(Code::Timeout),
        PayloadError::Overflow => Problem::new(Code::TooLarge),
        other => Problem::new(Code::BadRequest).detail(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_too_slow_only_after_the_first_pause() {
        let limits = Limits::default();
        assert!(!is_too_slow(1, Duration::from_secs(9), &limits));
        assert!(is_too_slow(1, Duration::from_secs(12), &limits));
        assert!(!is_too_slow(1 << 20, Duration::from_mins(5), &limits));
    }
}
