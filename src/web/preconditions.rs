//! `ETag` and `If-Match`: who changes something says which state of it they saw.
//!
//! A tag has one short hash per member of the representation, in order. So when somebody else was faster, the answer
//! (412) names the members that differ from what the caller saw, without the server keeping what it once showed.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::openapi;
use super::problem::{Code, Problem};
use crate::response::Fingerprint;

/// The tag of a representation: its members' names, and a short hash of each value.
struct Tag(Vec<(String, String)>);

/// How many hexadecimal digits of a member's hash stand in a tag.
const DIGITS: usize = 6;

impl Tag {
    fn of(representation: &impl Serialize) -> Result<Self, Problem> {
        let Value::Object(members) = serde_json::to_value(representation).map_err(Problem::internal)? else {
            return Err(Problem::internal("only an object has a tag"));
        };
        let hash = |value: &Value| {
            let digest = Fingerprint::of_bytes(value.to_string().as_bytes()).to_string();
            digest.chars().take(DIGITS).collect::<String>()
        };
        Ok(Self(
            members.into_iter().map(|(name, value)| (name, hash(&value))).collect(),
        ))
    }

    fn text(&self) -> String {
        let hashes: Vec<&str> = self.0.iter().map(|(_, hash)| hash.as_str()).collect();
        hashes.join("-")
    }

    /// The members whose hash is another one in `seen`; all of them where it is the tag of something else.
    fn changes_since(&self, seen: &str) -> Vec<String> {
        let seen: Vec<&str> = seen.split('-').collect();
        let comparable = seen.len() == self.0.len();
        self.0
            .iter()
            .enumerate()
            .filter(|(position, (_, hash))| !comparable || seen.get(*position) != Some(&hash.as_str()))
            .map(|(_, (name, _))| name.clone())
            .collect()
    }
}

/// The state that a caller saw of what they change: the header `If-Match`. Without it a change is made whatever the
/// state is now.
#[derive(Debug, Clone, Default)]
pub struct IfMatch(Option<Seen>);

#[derive(Debug, Clone)]
enum Seen {
    /// `*`: whatever it is.
    Anything,
    /// Any of these tags.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Whether the caller said which state they saw.
    pub(super) fn names_a_state(&self) -> bool {
        matches!(self.0, Some(Seen::Tags(_)))
    }

    /// Where nothing stands there now: nobody can have seen that, by whatever tag.
    ///
    /// # Errors
    /// [`Code::PreconditionFailed`] where the caller says that they saw something.
    pub(super) fn check_absent(&self) -> Result<(), Problem> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err(Problem::new(Code::PreconditionFailed)
                .member("changes", Vec::<String>::new())
                .member("current", Value::Null)),
        }
    }

    /// Whether what stands there now is what the caller saw.
    ///
    /// # Errors
    /// [`Code::PreconditionFailed`] with the members that changed, and what stands there now.
    pub(super) fn check(&self, current: &impl Serialize) -> Result<(), Problem> {
        let Some(Seen::Tags(seen)) = &self.0 else {
            return Ok(());
        };
        let tag = Tag::of(current)?;
        if seen.contains(&tag.text()) {
            return Ok(());
        }
        let changes = seen.first().map(|seen| tag.changes_since(seen)).unwrap_or_default();
        Err(Problem::new(Code::PreconditionFailed)
            .member("changes", changes)
            .member("current", serde_json::to_value(current).map_err(Problem::internal)?))
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(tags(request, &header::IF_MATCH).map(Self))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::header(
            "If-Match",
            "The `ETag` of what you saw: where it was changed since, nothing is changed, and the answer (412) names the \
             members that differ",
            1000,
            "*",
        )]
    }
}

fn tags(request: &HttpRequest, name: &HeaderName) -> Result<Option<Seen>, Problem> {
    let Some(value) = request.headers().get(name) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(Some(Seen::Anything));
    }
    let tags: Option<Vec<String>> = text
        .split(',')
        .map(|tag| {
            // A proxy that compresses may have made the tag weak: it still names the same state.
            let tag = tag.trim().trim_start_matches("W/");
            Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned())
        })
        .collect();
    tags.map(|tags| Some(Seen::Tags(tags))).ok_or_else(|| {
        Problem::new(Code::BadRequest).explain(
            format!("{name} 的格式为带双引号的 ETag，或 *。"),
            format!("{name} takes a tag in double quotes, as ETag gave it, or *."),
        )
    })
}

/// Says that a representation was kept, by its tag alone.
///
/// # Errors
/// As [`tagged`].
pub(super) fn kept(representation: &impl Serialize) -> Result<HttpResponse, Problem> {
    let tag = Tag::of(representation)?.text();
    Ok(HttpResponse::NoContent()
        .insert_header((header::ETAG, format!("\"{tag}\"")))
        .finish())
}

/// A representation as JSON with its tag; 304 without a body where the caller has this state already.
///
/// # Errors
/// Where it is no JSON object: a fault of the program.
pub(super) fn tagged(request: &HttpRequest, representation: &impl Serialize) -> Result<HttpResponse, Problem> {
    tagged_as(request, representation, representation)
}

/// The same, where the tag is that of a part which changes whenever anything of it does.
///
/// # Errors
/// As [`tagged`].
pub(super) fn tagged_as(
    request: &HttpRequest,
    part: &impl Serialize,
    representation: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let tag = Tag::of(part)?.text();
    let known = match tags(request, &header::IF_NONE_MATCH)? {
        Some(Seen::Tags(tags)) => tags.contains(&tag),
        Some(Seen::Anything) => true,
        None => false,
    };
    let tag = (header::ETAG, format!("\"{tag}\""));
    // A browser may keep it, but asks each time whether it is still so.
    let revalidate = (header::CACHE_CONTROL, "private, no-cache");
    if known {
        return Ok(HttpResponse::NotModified()
            .insert_header(tag)
            .insert_header(revalidate)
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header(tag)
        .insert_header(revalidate)
        .json(representation))
}
