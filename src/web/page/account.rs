//! The pages of signing in and of one's account: forms that work without scripts.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};

use super::{document, escape};
use crate::definition::Language;
use crate::store::{Enrolment, SecondFactor, Session};
use crate::web::problem::{Code, Problem};

/// What these pages may load and where their forms may go: this server and nothing else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What an account page shows, in this order.
#[derive(Debug, Default)]
pub struct Account<'a> {
    /// The user's name.
    pub name: &'a str,
    /// What went wrong with what was sent.
    pub problem: Option<&'a Problem>,
    /// Recovery codes that were just made.
    pub recovery_codes: &'a [String],
    /// The sections below.
    pub sections: Vec<Section<'a>>,
}

/// One section.
#[derive(Debug)]
pub enum Section<'a> {
    /// Give the code of the second factor.
    Code,
    /// Change the password; whether because it was made up.
    Password { made_up: bool },
    /// Set up a second factor; whether because one is required.
    Start { required: bool },
    /// Confirm a second factor, with its QR code in SVG.
    Confirm(&'a Enrolment, String),
    /// Turn the second factor off.
    Remove(SecondFactor),
    /// The live sessions, and which of them this is.
    Sessions(&'a [Session], Option<i64>),
}

/// The page to sign in.
pub fn sign_in(name: &str, problem: Option<&Problem>) -> HttpResponse {
    let body = include_str!("sign_in.html")
        .replace("{{notice}}", &problem.map(notice).unwrap_or_default())
        .replace("{{name}}", &escape(name));
    respond("登录 · Sign in", &body, problem)
}

/// The page of one's account.
pub fn account(account: &Account<'_>) -> HttpResponse {
    let mut body = format!(
        "<main class=\"narrow\"><p><a href=\"/\">innogauge</a></p><h1>我的账户</h1>\
         <p class=\"lead\"><span lang=\"en\">My account</span></p>{}\
         <form method=\"post\" action=\"/account/sign-out\" class=\"line\"><span>{}</span>\
         <button>退出 <span lang=\"en\">Sign out</span></button></form>",
        account.problem.map(notice).unwrap_or_default(),
        escape(account.name)
    );
    if account.recovery_codes.is_empty() {
        for section in &account.sections {
            body.push_str(&section.html());
        }
    } else {
        let mut codes = String::new();
        for code in account.recovery_codes {
            // Writing to a String does not fail.
            let _ = writeln!(codes, "<li><code>{}</code></li>", escape(code));
        }
        body.push_str(&include_str!("account/recovery.html").replace("{{codes}}", &codes));
    }
    body.push_str("</main>");
    respond("我的账户 · My account", &body, account.problem)
}

/// A problem, for somebody who looks at it in a browser.
pub fn problem(problem: &Problem) -> HttpResponse {
    let code = problem.code();
    let further = match code {
        Code::Unauthenticated | Code::SecondFactorNeeded => {
            "<p><a href=\"/sign-in\">登录 <span lang=\"en\">Sign in</span></a></p>"
        }
        Code::PasswordChangeRequired | Code::SecondFactorRequired => {
            "<p><a href=\"/account\">我的账户 <span lang=\"en\">My account</span></a></p>"
        }
        _ => "",
    };
    let body = format!(
        "<main class=\"narrow\"><p><a href=\"/\">innogauge</a></p><h1>{}</h1>\
         <p class=\"lead\"><span lang=\"en\">{}</span></p>{}{further}</main>",
        escape(code.title(Language::Chinese)),
        escape(code.title(Language::English)),
        notice(problem)
    );
    respond(code.title(Language::Chinese), &body, Some(problem))
}

impl Section<'_> {
    fn html(&self) -> String {
        match self {
            Self::Code => include_str!("account/code.html").to_owned(),
            Self::Password { made_up } => {
                include_str!("account/password.html").replace("{{why}}", &why(*made_up, Code::PasswordChangeRequired))
            }
            Self::Start { required } => {
                include_str!("account/start.html").replace("{{why}}", &why(*required, Code::SecondFactorRequired))
            }
            Self::Confirm(enrolment, qr) => include_str!("account/confirm.html")
                .replace("{{qr}}", qr)
                .replace("{{secret}}", &escape(&in_fours(&enrolment.secret))),
            Self::Remove(factor) => include_str!("account/remove.html")
                .replace("{{since}}", &date(factor.confirmed_at))
                .replace("{{left}}", &factor.recovery_codes.to_string()),
            Self::Sessions(sessions, current) => {
                let lines: String = sessions.iter().map(|session| line(session, *current)).collect();
                include_str!("account/sessions.html").replace("{{sessions}}", &lines)
            }
        }
    }
}

/// The reason that the section stands alone, where there is one.
fn why(applies: bool, code: Code) -> String {
    let text = match code {
        Code::PasswordChangeRequired => {
            "您使用的是系统生成的密码，请先修改。 <span lang=\"en\">Your password was made up for you: replace it first.</span>"
        }
        _ => {
            "管理员要求您的账户使用两步验证，请先设置。 <span lang=\"en\">Your account must have a second factor: set it up first.</span>"
        }
    };
    if applies {
        format!("<p class=\"notice\">{text}</p>")
    } else {
        String::new()
    }
}

fn line(session: &Session, current: Option<i64>) -> String {
    let mut html = String::from("<li><span class=\"name\">");
    let agent = match session.agent.as_str() {
        "" => "?",
        agent => agent,
    };
    // Writing to a String does not fail.
    let _ = write!(
        html,
        "{}</span><span class=\"facts\">{} · {}",
        escape(agent),
        escape(&session.address),
        date(session.last_used_at)
    );
    if current == Some(session.id) {
        html.push_str(" · <strong>当前 <span lang=\"en\">this one</span></strong></span>");
    } else {
        let _ = write!(
            html,
            "</span><form method=\"post\" action=\"/account/sessions/end\">\
             <button name=\"session\" value=\"{}\">结束 <span lang=\"en\">End</span></button></form>",
            session.id
        );
    }
    html.push_str("</li>\n");
    html
}

fn date(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A secret as it is easier typed.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// What went wrong, in both languages.
fn notice(problem: &Problem) -> String {
    let seconds = problem.retry_after_seconds().map_or_else(String::new, |seconds| {
        format!(
            "<br>请等待 {seconds} 秒。 <span lang=\"en\">Wait for {seconds} {}.</span>",
            if seconds == 1 { "second" } else { "seconds" }
        )
    });
    format!(
        "<p class=\"notice\" role=\"alert\">{} <span lang=\"en\">{}</span>{seconds}</p>",
        escape(&problem.detail_in(Language::Chinese)),
        escape(&problem.detail_in(Language::English))
    )
}

fn respond(title: &str, body: &str, problem: Option<&Problem>) -> HttpResponse {
    let status = problem.map_or(StatusCode::OK, |problem| problem.code().status());
    let mut response = HttpResponseBuilder::new(status);
    response
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        // Without it browsers name no origin when a form is sent over plain HTTP.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(seconds) = problem.and_then(Problem::retry_after_seconds) {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    response.body(document(title, body))
}
