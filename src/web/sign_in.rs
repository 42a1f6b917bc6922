//! Signing in: who tries from where, the password, the code of the second factor, the session that follows.

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};

use super::problem::{Code, Problem};
use super::state::App;
use super::{client, cookie};
use crate::store::{
    self, Admission, Attempt, Carrier, Channel, NewSession, Proof, Store, StoreError, User, password_matches,
};

/// From where somebody proves to be a user.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    address: IpAddr,
    device: Option<String>,
    agent: String,
}

impl Origin {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let agent = request.headers().get(header::USER_AGENT);
        Self {
            address: client::address(request),
            device: cookie::device(request),
            agent: agent
                .map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned())
                .unwrap_or_default(),
        }
    }

    /// The store for somebody who comes from here: what is changed through it is theirs in the audit log.
    fn store(&self, app: &App, name: Option<&str>) -> Store {
        app.store.acting(store::Origin {
            actor: name.map(str::to_owned),
            channel: Channel::Api,
            address: Some(self.address),
        })
    }

    fn network(&self) -> String {
        client::network(self.address)
    }

    /// Makes an attempt count, or says that it has to wait.
    fn begin(&self, store: &Store, proof: Proof, name: &str, now: DateTime<Utc>) -> Result<(), Problem> {
        match store.begin_attempt(&self.attempt(proof, name, &self.network()), now)? {
            Admission::Admitted => Ok(()),
            Admission::Wait(wait) => {
                // Rounded up, so that who waits for so long is let in.
                let seconds = (wait + TimeDelta::milliseconds(999)).num_seconds().max(1);
                Err(Problem::new(Code::TooManyAttempts).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX)))
            }
        }
    }

    fn succeeded(&self, store: &Store, proof: Proof, name: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        store.attempt_succeeded(&self.attempt(proof, name, &self.network()), now)
    }

    fn failed(&self, store: &Store, proof: Proof, name: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        store.attempt_failed(&self.attempt(proof, name, &self.network()), now)
    }

    fn attempt<'a>(&'a self, proof: Proof, name: &'a str, address: &'a str) -> Attempt<'a> {
        Attempt {
            proof,
            name,
            address,
            device: self.device.as_deref(),
        }
    }
}

/// The active user of that name and password, and whether a code is to be given too. A wrong name takes the same time
/// and hears the same as a wrong password.
///
/// # Errors
/// [`Code::WrongPassword`], [`Code::TooManyAttempts`], or [`Code::Busy`] where too many sign-ins wait already.
pub(super) async fn prove_password(
    app: &web::Data<App>,
    origin: &Origin,
    name: String,
    password: String,
) -> Result<(User, bool), Problem> {
    let now = app.now();
    let (store, from, asked) = (app.store.clone(), origin.clone(), name.clone());
    let found = web::block(move || {
        from.begin(&store, Proof::Password, &asked, now)?;
        store.user_for_sign_in(&asked).map_err(Problem::from)
    })
    .await??;
    let hash = found
        .as_ref()
        .map_or_else(|| app.passwords.nobody.clone(), |(_, hash)| hash.clone());
    let matching = app.passwords.in_turn(move || password_matches(&password, &hash)).await;
    let matches = match matching {
        Ok(matches) => matches,
        Err(busy) => {
            let (store, from) = (app.store.clone(), origin.clone());
            web::block(move || {
                let network = from.network();
                store.attempt_not_made(&from.attempt(Proof::Password, &name, &network), now)
            })
            .await??;
            return Err(busy);
        }
    };
    match found {
        Some((user, _)) if matches && !user.disabled => {
            let (store, from) = (app.store.clone(), origin.clone());
            web::block(move || {
                from.succeeded(&store, Proof::Password, &user.name, now)?;
                let code_needed = store.second_factor(&user.name)?.is_some();
                Ok((user, code_needed))
            })
            .await?
        }
        _ => {
            let (store, from) = (origin.store(app, None), origin.clone());
            web::block(move || from.failed(&store, Proof::Password, &name, now)).await??;
            Err(Problem::new(Code::WrongPassword))
        }
    }
}

/// Takes the code of a user's second factor; with a session given, it counts as given in it.
///
/// # Errors
/// [`Code::WrongCode`] or [`Code::TooManyAttempts`].
pub(super) async fn prove_code(
    app: &web::Data<App>,
    origin: &Origin,
    name: String,
    session: Option<i64>,
    code: String,
) -> Result<(), Problem> {
    let (store, origin, now) = (origin.store(app, Some(&name)), origin.clone(), app.now());
    web::block(move || {
        origin.begin(&store, Proof::Code, &name, now)?;
        if !store.take_code(&name, session, &code, now)? {
            origin.failed(&store, Proof::Code, &name, now)?;
            return Err(Problem::new(Code::WrongCode));
        }
        origin.succeeded(&store, Proof::Code, &name, now)?;
        Ok(())
    })
    .await?
}

/// Confirms a second factor by its first code, and says the recovery codes.
///
/// # Errors
/// [`Code::WrongCode`], [`Code::TooManyAttempts`], or [`Code::NotFound`] where nothing is to be confirmed.
pub(super) async fn prove_first_code(
    app: &web::Data<App>,
    origin: &Origin,
    name: String,
    session: Option<i64>,
    code: String,
) -> Result<Vec<String>, Problem> {
    let (store, origin, now) = (origin.store(app, Some(&name)), origin.clone(), app.now());
    web::block(move || {
        origin.begin(&store, Proof::Code, &name, now)?;
        let codes = store
            .confirm_enrolment(&name, session, &code, now)?
            .ok_or_else(|| Problem::new(Code::WrongCode))?;
        origin.succeeded(&store, Proof::Code, &name, now)?;
        Ok(codes)
    })
    .await?
}

/// A session that has begun.
pub(super) struct Begun {
    /// Its secret, shown only now.
    pub(super) secret: String,
    /// When it ends at the latest.
    pub(super) expires_at: DateTime<Utc>,
    /// The secret of the device, where it is a new one.
    device: Option<String>,
}

/// Begins a session. Where its user has proved everything, the device and the address are known from now on.
pub(super) async fn begin_session(
    app: &web::Data<App>,
    origin: &Origin,
    name: String,
    carrier: Carrier,
    second_factor_given: bool,
) -> Result<Begun, Problem> {
    let (store, origin, now) = (origin.store(app, Some(&name)), origin.clone(), app.now());
    let expires_at = now + app.session_absolute();
    web::block(move || {
        let new = NewSession {
            carrier,
            second_factor_given,
            address: origin.address.to_string(),
            agent: origin.agent.clone(),
            expires_at,
        };
        let secret = store.create_session(&name, &new, now)?;
        let device = if second_factor_given {
            store.remember_origin(&name, &origin.network(), origin.device.as_deref(), now)?
        } else {
            None
        };
        Ok(Begun {
            secret,
            expires_at,
            device,
        })
    })
    .await?
}

impl Begun {
    /// Hands the secrets to a browser.
    pub(super) fn set_cookies(
        &self,
        app: &App,
        request: &HttpRequest,
        response: &mut HttpResponse,
    ) -> Result<(), Problem> {
        let session = cookie::of_session(request, self.secret.clone(), app.session_absolute());
        response.add_cookie(&session).map_err(Problem::internal)?;
        if let Some(device) = &self.device {
            response
                .add_cookie(&cookie::of_device(request, device.clone()))
                .map_err(Problem::internal)?;
        }
        Ok(())
    }
}
