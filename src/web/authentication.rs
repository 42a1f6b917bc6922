//! Who is calling: by an API token, or by a session that signing in began.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::problem::{Code, Problem};
use super::rights::{Act, Stage};
use super::state::App;
use super::{client, cookie};
use crate::response::Role;
use crate::store::{Carrier, Channel, Origin, SessionHolder, TokenHolder, User};

/// What a caller proves with who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API token, by its key.
    Token(i64),
    /// A session, by its key.
    Session(i64, Carrier),
}

/// Who is calling, and what they are limited to. Handlers take it as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user's name.
    pub name: String,
    /// The user's role.
    pub role: Role,
    /// The only surveys that they may use; `None` is all.
    pub surveys: Option<Vec<String>>,
    /// The only cities whose answers they may see; `None` is all.
    pub cities: Option<Vec<String>>,
    /// The round that the token names, if it does.
    pub round: Option<String>,
    /// The only acts that they may do, within those of their role; `None` is all of those.
    pub acts: Option<Vec<String>>,
    /// How far they have come in signing in.
    pub stage: Stage,
    /// What was presented.
    pub credential: Credential,
    /// Where the request came from.
    pub address: IpAddr,
}

impl Caller {
    /// Whether that survey is within the caller's limits.
    pub fn may_use_survey(&self, survey: &str) -> bool {
        self.surveys
            .as_ref()
            .is_none_or(|surveys| surveys.iter().any(|one| one == survey))
    }

    /// Whether answers of that city are within the caller's limits. What has no city is only for the unlimited.
    pub fn may_use_city(&self, city: Option<&str>) -> bool {
        self.cities
            .as_ref()
            .is_none_or(|cities| city.is_some_and(|city| cities.iter().any(|one| one == city)))
    }

    /// The cities that are asked for (`None`: all), as far as the caller may see them.
    pub fn cities_within(&self, asked: Option<Vec<String>>) -> Option<Vec<String>> {
        match (asked, &self.cities) {
            (None, limits) => limits.clone(),
            (Some(asked), None) => Some(asked),
            (Some(asked), Some(limits)) => Some(asked.into_iter().filter(|city| limits.contains(city)).collect()),
        }
    }

    /// Who they are to the audit log.
    pub fn origin(&self) -> Origin {
        Origin {
            actor: Some(self.name.clone()),
            channel: Channel::Api,
            address: Some(self.address),
        }
    }

    /// Whether the caller's role, and what their token is limited to, allow the act. Cities and surveys are another matter.
    pub fn may(&self, act: Act) -> bool {
        act.rule().allows(self.role)
            && (act == Act::UseOwnAccess || self.acts.as_ref().is_none_or(|acts| acts.contains(&act.name())))
    }

    /// The key of the session that the caller came with, if they did.
    pub fn session(&self) -> Option<i64> {
        match self.credential {
            Credential::Session(id, _) => Some(id),
            Credential::Token(_) => None,
        }
    }

    /// Whether the caller has no limits at all.
    pub fn is_unlimited(&self) -> bool {
        self.surveys.is_none() && self.cities.is_none()
    }
}

/// The guard leaves the caller with the request; a handler of a public route can't ask for one.
impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or_else(|| Problem::new(Code::Unauthenticated)),
        )
    }
}

/// The token of an `Authorization: Bearer …` header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The caller of a request: by the token in its header, else by its cookie.
pub(super) async fn caller_of(app: &web::Data<App>, request: &HttpRequest) -> Result<Caller, Problem> {
    let unauthenticated = || Problem::new(Code::Unauthenticated);
    let (secret, carrier) = match request.headers().get(header::AUTHORIZATION) {
        Some(value) => {
            let token = value.to_str().ok().and_then(bearer).ok_or_else(unauthenticated)?;
            (token.to_owned(), Carrier::Bearer)
        }
        None => (cookie::session(request).ok_or_else(unauthenticated)?, Carrier::Cookie),
    };
    let address = client::address(request);
    // Programs send tokens with each of many requests, so they are looked for first.
    if carrier == Carrier::Bearer
        && let Some(holder) = token_holder(app, &secret).await?
    {
        return Ok(Caller::by_token(holder, address));
    }
    let (store, idle, now) = (app.store.clone(), app.session_idle(), app.now());
    let holder = web::block(move || store.session_holder(&secret, carrier, idle, now)).await??;
    let holder = holder.ok_or_else(unauthenticated)?;
    Ok(Caller::by_session(holder, address))
}

/// The caller of a request that has a token in its address.
pub(super) async fn caller_by_address(app: &web::Data<App>, request: &HttpRequest) -> Result<Caller, Problem> {
    let secret = request.match_info().get("token").unwrap_or_default();
    let holder = token_holder(app, secret).await?;
    let holder = holder.ok_or_else(|| Problem::new(Code::KeyRefused))?;
    Ok(Caller::by_token(holder, client::address(request)))
}

/// Who presents a token, whose use is noted.
async fn token_holder(app: &web::Data<App>, secret: &str) -> Result<Option<TokenHolder>, Problem> {
    let now = app.now();
    let holder = app.store.token_holder(secret, now).await?;
    if let Some(TokenHolder { token, .. }) = &holder
        && token.is_use_to_be_noted(now)
    {
        let (store, token) = (app.store.clone(), token.id);
        web::block(move || store.note_use_of_token(token, now)).await??;
    }
    Ok(holder)
}

impl Caller {
    fn by_session(holder: SessionHolder, address: IpAddr) -> Self {
        let SessionHolder {
            user,
            session,
            has_second_factor,
        } = holder;
        Self {
            stage: stage(&user, has_second_factor, session.second_factor_given),
            name: user.name,
            role: user.role,
            cities: user.cities,
            surveys: None,
            round: None,
            acts: None,
            credential: Credential::Session(session.id, session.carrier),
            address,
        }
    }

    /// A token is issued by somebody who has signed in, so nothing of that is missing.
    fn by_token(holder: TokenHolder, address: IpAddr) -> Self {
        let TokenHolder { user, token } = holder;
        Self {
            name: user.name,
            role: user.role,
            cities: narrowed(user.cities, token.cities),
            surveys: token.surveys,
            round: token.round,
            acts: token.acts,
            stage: Stage::Complete,
            credential: Credential::Token(token.id),
            address,
        }
    }
}

/// How far a session has come.
pub(super) fn stage(user: &User, has_second_factor: bool, given: bool) -> Stage {
    if has_second_factor && !given {
        Stage::SecondFactor
    } else if user.must_change_password {
        Stage::NewPassword
    } else if user.second_factor_required && !has_second_factor {
        Stage::Enrolment
    } else {
        Stage::Complete
    }
}

/// The limits that hold where both of two do.
fn narrowed(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (None, limits) | (limits, None) => limits,
        (Some(one), Some(other)) => Some(one.into_iter().filter(|limit| other.contains(limit)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_member_of_yichun() -> Caller {
        Caller {
            name: "li".to_owned(),
            role: Role::Field,
            surveys: Some(vec!["enterprise".to_owned()]),
            cities: Some(vec!["230700".to_owned()]),
            round: None,
            acts: Some(vec!["read_responses".to_owned()]),
            stage: Stage::Complete,
            credential: Credential::Token(1),
            address: IpAddr::from([127, 0, 0, 1]),
        }
    }

    #[test]
    fn limits_hold_for_surveys_and_cities() {
        let caller = field_member_of_yichun();
        assert!(caller.may_use_survey("enterprise") && !caller.may_use_survey("institution"));
        assert!(caller.may_use_city(Some("230700")) && !caller.may_use_city(Some("231100")));
        assert!(!caller.may_use_city(None), "an answer without a city is not theirs");
        assert!(!caller.is_unlimited());
        assert_eq!(caller.cities_within(None), Some(vec!["230700".to_owned()]));
        assert_eq!(caller.cities_within(Some(vec!["231100".to_owned()])), Some(Vec::new()));
    }

    #[test]
    fn a_token_narrows_what_its_user_may_and_never_widens_it() {
        let caller = field_member_of_yichun();
        assert!(caller.may(Act::ReadResponses) && caller.may(Act::UseOwnAccess));
        assert!(!caller.may(Act::SubmitResponses), "the role may, the token not");
        let named = Caller {
            acts: Some(vec!["manage_users".to_owned()]),
            ..caller
        };
        assert!(!named.may(Act::ManageUsers), "the token says so, the role may not");
        let list = |cities: &[&str]| Some(cities.iter().map(|city| (*city).to_owned()).collect::<Vec<_>>());
        assert_eq!(narrowed(list(&["1", "2"]), list(&["2", "3"])), list(&["2"]));
        assert_eq!(narrowed(None, list(&["2"])), list(&["2"]));
        assert_eq!(narrowed(list(&["1"]), None), list(&["1"]));
    }

    #[test]
    fn only_the_bearer_scheme_carries_a_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
