//! The two pages: to sign in, and one's account as far as the sign-in has come.

use actix_web::{HttpResponse, web};

use crate::store::{Enrolment, SecondFactor, Session};
use crate::web::Caller;
use crate::web::page::account::{self, Account, Section};
use crate::web::problem::Problem;
use crate::web::rights::Stage;
use crate::web::routes::access::qr_code;
use crate::web::state::App;

/// Sign-in page
#[utoipa::path(get, path = "/sign-in", tag = "pages", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub async fn sign_in_page() -> HttpResponse {
    account::sign_in("", None)
}

/// Account page
///
/// One's password, second factor and sessions; until a sign-in is complete, what is missing.
#[utoipa::path(get, path = "/account", tag = "pages", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub async fn account_page(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    show(&app, &caller, None, &[]).await
}

/// What the store knows of one's account.
struct Known {
    factor: Option<SecondFactor>,
    enrolment: Option<Enrolment>,
    sessions: Vec<Session>,
}

/// The account page, with what went wrong or what was just made.
pub(super) async fn show(
    app: &web::Data<App>,
    caller: &Caller,
    problem: Option<&Problem>,
    recovery_codes: &[String],
) -> Result<HttpResponse, Problem> {
    let (store, name) = (app.store.clone(), caller.name.clone());
    let (idle, now) = (app.session_idle(), app.now());
    let known = web::block(move || {
        Ok::<_, Problem>(Known {
            factor: store.second_factor(&name)?,
            enrolment: store.pending_enrolment(&name)?,
            sessions: store.sessions(&name, idle, now)?,
        })
    })
    .await??;
    Ok(account::account(&Account {
        name: &caller.name,
        problem,
        recovery_codes,
        sections: sections(caller, &known)?,
    }))
}

fn sections<'a>(caller: &Caller, known: &'a Known) -> Result<Vec<Section<'a>>, Problem> {
    let required = caller.stage == Stage::Enrolment;
    let factor = match (&known.factor, &known.enrolment) {
        (Some(factor), _) => Section::Remove(*factor),
        (None, Some(enrolment)) => Section::Confirm(enrolment, qr_code(&enrolment.uri)?),
        (None, None) => Section::Start { required },
    };
    Ok(match caller.stage {
        Stage::SecondFactor => vec![Section::Code],
        Stage::NewPassword => vec![Section::Password { made_up: true }],
        Stage::Enrolment => vec![factor],
        Stage::Complete => vec![
            Section::Sessions(&known.sessions, caller.session()),
            factor,
            Section::Password { made_up: false },
        ],
    })
}
