//! Who is calling: bearer tokens, and passwords with a bounded number of hashings at a time.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use tokio::sync::Semaphore;

use super::problem::{Code, Problem};
use super::state::App;
use crate::response::Role;
use crate::store::{Channel, Origin, StoreError, TokenHolder, User, hash_password, password_matches, random_password};

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
    /// The key of the token that was presented.
    pub token: i64,
    /// Where the request came from.
    pub address: Option<IpAddr>,
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
            address: self.address,
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

/// The caller that a token belongs to, where it is valid right now.
pub(super) async fn caller_of(app: &web::Data<App>, token: &str, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let (store, token, now) = (app.store.clone(), token.to_owned(), app.now());
    let holder = web::block(move || store.token_holder(&token, now)).await??;
    let TokenHolder { user, token } = holder.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    Ok(Caller {
        name: user.name,
        role: user.role,
        cities: user.cities,
        surveys: token.surveys,
        round: token.round,
        token: token.id,
        address,
    })
}

/// The bounded hashing of passwords: each takes 19 MB and tens of milliseconds of a core, on purpose.
#[derive(Debug)]
pub struct PasswordHashing {
    permits: Semaphore,
    waiting: AtomicUsize,
    /// The hash of a password that nobody has: an unknown name takes as long as a known one.
    nobody: String,
}

/// How many sign-ins may wait for their turn; more are told to come back.
const WAITING_AT_MOST: usize = 64;

impl PasswordHashing {
    /// At most that many at the same time.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn new(at_most: usize) -> Result<Self, StoreError> {
        Ok(Self {
            permits: Semaphore::new(at_most.max(1)),
            waiting: AtomicUsize::new(0),
            nobody: hash_password(&random_password()?)?,
        })
    }

    /// Runs one hashing when it is its turn.
    async fn in_turn<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_AT_MOST {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::new(Code::Busy).retry_after(2));
        }
        let permit = self.permits.acquire().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _permit = permit.map_err(Problem::internal)?;
        Ok(web::block(act).await?)
    }
}

/// The active user of that name and password. A wrong name takes the same time and hears the same as a wrong password.
///
/// # Errors
/// [`Code::WrongPassword`], or [`Code::Busy`] where too many sign-ins wait already.
pub(super) async fn sign_in(app: &web::Data<App>, name: String, password: String) -> Result<User, Problem> {
    let store = app.store.clone();
    let found = web::block(move || store.user_for_sign_in(&name)).await??;
    let hash = found
        .as_ref()
        .map_or_else(|| app.passwords.nobody.clone(), |(_, hash)| hash.clone());
    let matches = app
        .passwords
        .in_turn(move || password_matches(&password, &hash))
        .await?;
    match found {
        Some((user, _)) if matches && !user.disabled => Ok(user),
        _ => Err(Problem::new(Code::WrongPassword)),
    }
}

/// The hash of a new password.
pub(super) async fn hashed(app: &web::Data<App>, password: String) -> Result<String, Problem> {
    Ok(app.passwords.in_turn(move || hash_password(&password)).await??)
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
            token: 1,
            address: None,
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
    fn only_the_bearer_scheme_carries_a_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
