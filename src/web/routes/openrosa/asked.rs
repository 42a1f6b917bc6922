//! What a request of a phone says by its address: whether it is about drafts, and which device asks.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use url::{Url, form_urlencoded};

use crate::definition::VersionState;
use crate::response::Role;
use crate::study::{self, Audience, Catalogue, Survey};
use crate::web::problem::{Code, Problem};
use crate::web::state::App;
use crate::web::{Caller, client};

/// What a request of a phone says by its address.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whether it is about drafts.
    pub drafts: bool,
    /// What the device calls itself.
    pub device: Option<String>,
    /// The only form that is asked for.
    pub form: Option<String>,
    /// The server as the phone has it: `https://survey.example.org/key/ig_…`.
    server: Url,
}

impl FromRequest for Asked {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Asked {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let drafts = request.path().starts_with("/test/");
        let mut server = public_address(request)?;
        let token = request.match_info().get("token").unwrap_or_default();
        let door = if drafts { "test" } else { "key" };
        extend(&mut server, &[door, token])?;
        let parameter = |name: &str| {
            let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
            let found = pairs.find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.into_owned())
                .filter(|value| !value.is_empty())
        };
        Ok(Self {
            drafts,
            device: parameter("deviceID"),
            form: parameter("formID"),
            server,
        })
    }

    /// An address below the one that the phone has for the server.
    pub fn address(&self, steps: &[&str]) -> Result<String, Problem> {
        let mut address = self.server.clone();
        extend(&mut address, steps)?;
        Ok(address.into())
    }

    /// The version of a survey that new interviews are to use, where there is one: the newest published one of a survey that
    /// is listed; its draft.
    pub fn offered<'s>(&self, survey: &'s Survey) -> Option<&'s Arc<study::Version>> {
        let offered = if self.drafts {
            let mut versions = survey.versions.iter().rev();
            versions.find(|version| version.state == VersionState::Draft)
        } else {
            survey.newest().filter(|_| survey.state.is_listed())
        };
        // Figures of places come out of yearbooks, not out of interviews.
        offered.filter(|version| !version.definition.is_of_places())
    }

    /// A version that a phone may still have: any that was published; for drafts, any at all.
    pub fn known<'s>(&self, survey: &'s Survey, version: &str) -> Option<&'s Arc<study::Version>> {
        let version = survey.versions.iter().find(|one| one.version == version);
        version.filter(|version| self.drafts || version.state == VersionState::Published)
    }
}

/// The address under which the server is reached: the one that is set, else the one that was asked.
pub fn public_address(request: &HttpRequest) -> Result<Url, Problem> {
    let app = request.app_data::<web::Data<App>>();
    let set = app.and_then(|app| app.settings.public_url.as_deref());
    let address = if let Some(set) = set {
        set.to_owned()
    } else {
        let named = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let scheme = if client::is_secure(request) { "https" } else { "http" };
        format!("{scheme}://{}", named.or(host).unwrap_or_default())
    };
    Url::parse(&address).map_err(|error| match set {
        Some(_) => Problem::internal(format!("the setting public_url: {error}")),
        None => Problem::new(Code::BadRequest).explain(
            "请求中没有可用的服务器地址（Host）。请检查手机上设置的服务器网址。",
            format!("The request names no usable address of the server (Host: {error}). Check the server URL in the phone's settings."),
        ),
    })
}

fn extend(address: &mut Url, steps: &[&str]) -> Result<(), Problem> {
    match address.path_segments_mut() {
        Ok(mut segments) => {
            segments.pop_if_empty().extend(steps);
            Ok(())
        }
        Err(()) => Err(Problem::internal("the server's address takes no path")),
    }
}

/// Whose lists a caller's phone is given: members of the field team have what was given to them.
pub fn audience(caller: &Caller) -> Audience {
    Audience {
        cities: caller.cities.clone(),
        member: (caller.role == Role::Field).then(|| caller.name.clone()),
    }
}

/// The round that a caller's lists are of: the token's, else the only open one.
pub fn round_of<'c>(caller: &'c Caller, catalogue: &'c Catalogue) -> Option<&'c str> {
    caller.round.as_deref().or_else(|| catalogue.open_round(None).ok())
}
