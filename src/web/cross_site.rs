//! Requests that a browser sends on behalf of another site's page are refused.
//!
//! Browsers say where a request comes from: in `Sec-Fetch-Site` over TLS and on localhost, else in `Origin`. Neither can
//! be set by a page. A program with a token is not concerned, since no page can make a browser send that.

use actix_web::dev::RequestHead;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::problem::{Code, Problem};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request that changes something, and carries no token, may be carried out. With a cookie it has to say where
/// it comes from.
///
/// # Errors
/// [`Code::CrossSite`]
pub(super) fn check(head: &RequestHead) -> Result<(), Problem> {
    if head.method.is_safe() || head.headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let fine = match text(&head.headers, &SEC_FETCH_SITE) {
        // `none` is a person, not a page.
        Some(site) => matches!(site, "same-origin" | "none"),
        None => match text(&head.headers, &header::ORIGIN) {
            Some(origin) => is_own(origin, &head.headers),
            None => !head.headers.contains_key(header::COOKIE),
        },
    };
    if fine {
        Ok(())
    } else {
        Err(Problem::new(Code::CrossSite))
    }
}

/// Whether an origin such as `https://survey.example.org:8443` is the host that was asked.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(headers, &header::HOST)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // What is no text is no origin of ours either.
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn allows(headers: &[(&'static str, &'static str)]) -> bool {
        let mut request = TestRequest::post().insert_header(("host", "survey.example.org:8080"));
        for header in headers {
            request = request.append_header(*header);
        }
        check(request.to_http_request().head()).is_ok()
    }

    #[test]
    fn only_own_pages_and_programs_change_anything() {
        let cookie = ("cookie", "innogauge=x");
        assert!(allows(&[]), "a program that signs in");
        assert!(allows(&[
            ("authorization", "Bearer x"),
            ("sec-fetch-site", "cross-site")
        ]));
        assert!(allows(&[cookie, ("sec-fetch-site", "same-origin")]));
        assert!(allows(&[cookie, ("origin", "http://survey.example.org:8080")]));
        for refused in [
            &[cookie][..],
            &[("sec-fetch-site", "cross-site")],
            &[cookie, ("sec-fetch-site", "same-site")],
            &[cookie, ("sec-fetch-site", "")],
            &[
                cookie,
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://survey.example.org:8080"),
            ],
            &[("origin", "http://evil.example.org")],
            &[cookie, ("origin", "http://survey.example.org")],
            &[cookie, ("origin", "null")],
            &[cookie, ("origin", "http://evil.example.org/://survey.example.org:8080")],
        ] {
            assert!(!allows(refused), "{refused:?}");
        }
    }

    #[test]
    fn reading_is_anybodys() {
        let request = TestRequest::get().insert_header(("sec-fetch-site", "cross-site"));
        assert!(check(request.to_http_request().head()).is_ok());
    }
}
