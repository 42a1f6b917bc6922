//! Signing in, over HTTP: password, limits, cookie, second factor, first password.

use std::io::{BufReader, Write as _};

use chrono::Utc;
use innogauge::response::Role;
use innogauge::settings::{Settings, Tls};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, totp_code};
use crate::client::{Answer, Request};
use crate::http_operations::{certificate, connect};

fn sign_in(app: &TestApp, body: &Value) -> Answer {
    app.send(&Request::new("POST", "/api/v1/login").json(body))
}

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// The cookies that an answer sets, as a browser sends them back, and as they were set.
fn cookies(answer: &Answer) -> (String, Vec<String>) {
    let set: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.clone())
        .collect();
    let pairs: Vec<&str> = set.iter().filter_map(|cookie| cookie.split(';').next()).collect();
    (pairs.join("; "), set)
}

#[test]
fn signing_in_gives_a_token_and_signing_out_ends_it() {
    let app = TestApp::start();
    let token = token_of(&sign_in(&app, &json!({"name": "supervisor", "password": PASSWORD})));
    let me = app.get(&token, "/api/v1/me").json();
    assert_eq!(
        (&me["name"], &me["role"], &me["cities"], &me["to_do"]),
        (&json!("supervisor"), &json!("supervisor"), &Value::Null, &Value::Null)
    );
    let sign_out = Request::new("DELETE", "/api/v1/me/token").token(&token);
    assert_eq!(app.send(&sign_out).status, 204);
    assert_eq!(app.get(&token, "/api/v1/me").status, 401);

    let wrong_password = sign_in(&app, &json!({"name": "supervisor", "password": "wrong"}));
    let wrong_name = sign_in(&app, &json!({"name": "nobody", "password": "wrong"}));
    for answer in [&wrong_password, &wrong_name] {
        assert_eq!((answer.status, answer.code().as_str()), (401, "wrong_password"));
    }
    assert_eq!(
        wrong_password.json()["detail"],
        wrong_name.json()["detail"],
        "a name can't be guessed by the answer"
    );
}

#[test]
fn failed_attempts_are_limited_alike_for_names_that_nobody_has() {
    let app = TestApp::start();
    for name in ["field", "nobody"] {
        let wrong = json!({"name": name, "password": "wrong"});
        let answers: Vec<Answer> = (0..6).map(|_| sign_in(&app, &wrong)).collect();
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses[..5], [401; 5], "{name}");
        let limited = sign_in(&app, &wrong);
        assert!(statuses[5] == 429 || limited.status == 429, "{name}");
        if limited.status == 429 {
            assert_eq!(limited.code(), "too_many_attempts");
            let seconds: u32 = limited.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=2).contains(&seconds));
        }
    }
    assert_eq!(
        sign_in(&app, &json!({"name": "viewer", "password": PASSWORD})).status,
        200
    );
}

#[test]
fn a_browser_gets_a_cookie_that_only_its_own_pages_can_use() {
    let app = TestApp::start();
    let answer = sign_in(
        &app,
        &json!({"name": "supervisor", "password": PASSWORD, "cookie": true}),
    );
    assert_eq!((answer.status, &answer.json()["token"]), (200, &Value::Null));
    let (cookie, set) = cookies(&answer);
    assert_eq!(set.len(), 2, "the session and the device");
    for one in &set {
        assert!(
            one.contains("HttpOnly")
                && one.contains("SameSite=Strict")
                && one.contains("Path=/")
                && !one.contains("Domain"),
            "{one}"
        );
    }
    let with_cookie = |method, path: &str| Request::new(method, path).header("cookie", &cookie);
    assert_eq!(app.send(&with_cookie("GET", "/api/v1/me")).status, 200);
    // A session that came as a cookie is no token.
    let secret = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    assert_eq!(app.get(secret, "/api/v1/me").status, 401);

    let end = || with_cookie("DELETE", "/api/v1/me/token");
    for refused in [
        end(),
        end().header("sec-fetch-site", "cross-site"),
        end().header("sec-fetch-site", "same-site"),
        end().header("origin", "http://evil.example"),
        end().header("origin", "null"),
    ] {
        let answer = app.send(&refused);
        assert_eq!((answer.status, answer.code().as_str()), (403, "cross_site"));
    }
    let ended = app.send(&end().header("sec-fetch-site", "same-origin"));
    assert_eq!(ended.status, 204);
    assert!(cookies(&ended).1[0].contains("Max-Age=0"));
    assert_eq!(app.send(&with_cookie("GET", "/api/v1/me")).status, 401);

    let forged = Request::new("POST", "/api/v1/login")
        .header("origin", "http://evil.example")
        .json(&json!({"name": "supervisor", "password": PASSWORD, "cookie": true}));
    assert_eq!(
        app.send(&forged).code(),
        "cross_site",
        "nobody is signed in by another site either"
    );
}

#[test]
fn a_made_up_password_is_replaced_before_anything_else() {
    let app = TestApp::start();
    let administrator = app.token(Role::Administrator);
    let add = json!({"name": "王芳", "role": "field", "cities": ["230700"]});
    let added = app.post(&administrator, "/api/v1/users", &add);
    assert_eq!(added.status, 201, "{}", added.text());
    let password = added.json()["password"].as_str().unwrap().to_owned();
    assert_eq!(
        app.post(&administrator, "/api/v1/users", &add).status,
        409,
        "the name is taken"
    );
    for (wrong, status) in [
        (json!({"name": "x", "role": "king"}), 422),
        (json!({"name": "x", "role": "field", "cities": ["1"]}), 422),
    ] {
        assert_eq!(app.post(&administrator, "/api/v1/users", &wrong).status, status);
    }
    let signed_in = sign_in(&app, &json!({"name": "王芳", "password": password}));
    assert_eq!(signed_in.json()["must_change_password"], true);
    let token = token_of(&signed_in);
    assert_eq!(
        app.get(&token, "/api/v1/me").json()["to_do"],
        "password_change_required"
    );
    let surveys = app.get(&token, "/api/v1/surveys");
    assert_eq!(
        (surveys.status, surveys.code().as_str()),
        (403, "password_change_required")
    );

    let change = |new: &str| {
        let body = json!({"current": password, "new": new});
        app.send(&Request::new("PUT", "/api/v1/me/password").token(&token).json(&body))
    };
    for weak in ["short", "password123456", "王芳的密码是这个没有错", &"x".repeat(2000)] {
        let answer = change(weak);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "password_refused"),
            "{weak}"
        );
    }
    assert_eq!(change("long enough to be one").status, 204);
    assert_eq!(
        change("long enough to be two").status,
        401,
        "the session ended with the old password"
    );
    assert_eq!(
        sign_in(&app, &json!({"name": "王芳", "password": password})).status,
        401
    );
    let token = token_of(&sign_in(
        &app,
        &json!({"name": "王芳", "password": "long enough to be one"}),
    ));
    assert_eq!(app.get(&token, "/api/v1/surveys").status, 200);
}

#[test]
fn a_second_factor_is_set_up_asked_for_and_reset() {
    let app = TestApp::start();
    let administrator = app.token(Role::Administrator);
    let require = Request::new("PATCH", "/api/v1/users/supervisor")
        .token(&administrator)
        .json(&json!({"second_factor_required": true}));
    assert_eq!(app.send(&require).json()["second_factor_required"], true);
    let password_only = json!({"name": "supervisor", "password": PASSWORD});
    let token = token_of(&sign_in(&app, &password_only));
    assert_eq!(app.get(&token, "/api/v1/surveys").code(), "second_factor_required");

    let path = "/api/v1/me/second-factor";
    assert_eq!(
        app.post(&token, path, &json!({"password": "wrong"})).code(),
        "wrong_password"
    );
    let enrolment = app.post(&token, path, &json!({"password": PASSWORD})).json();
    assert!(enrolment["qr_svg"].as_str().unwrap().starts_with("<svg"));
    let secret = enrolment["secret"].as_str().unwrap();
    let code = |steps| totp_code(secret, Utc::now(), steps);
    let confirm = format!("{path}/confirm");
    assert_eq!(
        app.post(&token, &confirm, &json!({"code": "12345"})).code(),
        "wrong_code"
    );
    let first = code(-1);
    let confirmed = app.post(&token, &confirm, &json!({"code": first}));
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let recovery = confirmed.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    assert_eq!(
        app.get(&token, "/api/v1/surveys").status,
        200,
        "nothing is missing any more"
    );

    assert_eq!(sign_in(&app, &password_only).code(), "second_factor_needed");
    let with = |code: &str| sign_in(&app, &json!({"name": "supervisor", "password": PASSWORD, "code": code}));
    assert_eq!(with(&first).code(), "wrong_code", "a code is good once");
    assert_eq!(with(&code(0)).status, 200);
    assert_eq!(with(&recovery).status, 200);
    assert_eq!(with(&recovery).code(), "wrong_code");
    let wrong_password = sign_in(
        &app,
        &json!({"name": "supervisor", "password": "wrong", "code": code(1)}),
    );
    assert_eq!(wrong_password.code(), "wrong_password", "the code alone says nothing");

    let reset = Request::new("DELETE", "/api/v1/users/supervisor/second-factor").token(&administrator);
    assert_eq!(app.send(&reset).status, 204);
    assert_eq!(app.get(&token, "/api/v1/me").status, 401, "its sessions ended");
    let again = token_of(&sign_in(&app, &password_only));
    assert_eq!(app.get(&again, "/api/v1/me").json()["to_do"], "second_factor_required");
}

#[test]
fn sessions_are_listed_and_ended_by_their_user_and_by_an_administrator() {
    let app = TestApp::start();
    let [one, two] = [(), ()].map(|()| token_of(&sign_in(&app, &json!({"name": "field", "password": PASSWORD}))));
    let listed = app.get(&one, "/api/v1/me/sessions").json();
    let other = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    assert_eq!(
        (listed.as_array().unwrap().len(), &other["carrier"]),
        (2, &json!("bearer"))
    );
    let path = format!("/api/v1/me/sessions/{}", other["id"]);
    let foreign = app.send(&Request::new("DELETE", &path).token(&app.session("viewer")));
    assert_eq!(foreign.code(), "not_found", "only one's own");
    assert_eq!(app.send(&Request::new("DELETE", &path).token(&one)).status, 204);
    assert_eq!(
        (app.get(&one, "/api/v1/me").status, app.get(&two, "/api/v1/me").status),
        (200, 401)
    );
    let administrator = app.token(Role::Administrator);
    assert_eq!(
        app.get(&administrator, "/api/v1/users/field/sessions")
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let end = Request::new("DELETE", "/api/v1/users/field/sessions").token(&administrator);
    assert_eq!(app.send(&end).status, 204);
    assert_eq!(app.get(&one, "/api/v1/me").status, 401);
}

#[test]
fn a_token_of_ones_own_is_a_part_of_ones_rights() {
    let app = TestApp::start();
    let session = app.session("supervisor");
    let issue = |body: &Value| app.post(&session, "/api/v1/me/tokens", body);
    for (wrong, word) in [
        (json!({"acts": ["read_everything"]}), "read_everything"),
        (json!({"acts": ["change_own_password"]}), "change_own_password"),
        (json!({"cities": ["1"]}), "'1'"),
        (json!({"surveys": ["x"]}), "'x'"),
        (json!({"expires_in_days": 0}), "days"),
    ] {
        let answer = issue(&wrong);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "value_invalid"),
            "{wrong}"
        );
        assert!(answer.text().contains(word), "{}", answer.text());
    }
    let scoped = json!({"acts": ["read_responses"], "cities": ["231182"], "surveys": ["firm"], "expires_in_days": 7});
    let issued = issue(&scoped).json();
    let token = issued["token"].as_str().unwrap();
    let me = app.get(token, "/api/v1/me").json();
    assert_eq!(me["acts"], json!(["use_own_access", "read_responses"]));
    assert_eq!(app.get(token, "/api/v1/surveys/firm/responses").status, 200);
    assert_eq!(app.get(token, "/api/v1/surveys").code(), "forbidden");
    assert_eq!(
        app.get(token, "/api/v1/me/tokens").code(),
        "forbidden",
        "a token issues no token"
    );
    let listed = app.get(&session, "/api/v1/me/tokens").json();
    assert_eq!(
        (&listed[0]["acts"], &listed[0]["cities"]),
        (&scoped["acts"], &scoped["cities"])
    );
    assert!(listed[0]["last_used_at"].is_string() && listed[0]["expires_at"].is_string());
    let revoke = Request::new("DELETE", format!("/api/v1/me/tokens/{}", listed[0]["id"])).token(&session);
    assert_eq!(app.send(&revoke).status, 204);
    assert_eq!(app.get(token, "/api/v1/me").status, 401);
}

#[test]
fn nobody_gives_up_their_own_administration() {
    let app = TestApp::start();
    let session = app.session("administrator");
    let change = |body: &Value| {
        let request = Request::new("PATCH", "/api/v1/users/administrator");
        app.send(&request.token(&session).json(body)).status
    };
    assert_eq!(change(&json!({"role": "viewer"})), 422);
    assert_eq!(change(&json!({"disabled": true})), 422);
    assert_eq!(change(&json!({"cities": ["230700"]})), 422);
    assert_eq!(change(&json!({"role": "administrator", "cities": null})), 200);
}

/// A browser that keeps cookies and sends forms from this server's pages.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: std::collections::BTreeMap<String, String>,
}

impl Browser<'_> {
    fn send(&mut self, request: Request) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header("cookie", &cookies.join("; "))
            .header("accept", "text/html,*/*");
        let answer = self.app.send(&request);
        for pair in cookies_of(&answer) {
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send(Request::new("GET", path))
    }

    fn submit(&mut self, path: &str, form: &str) -> Answer {
        let request = Request::new("POST", path).header("sec-fetch-site", "same-origin");
        self.send(request.body("application/x-www-form-urlencoded", form))
    }
}

/// The cookie of the session among those that an answer sets, as it was set.
fn session_cookie(answer: &Answer) -> String {
    let (_, set) = cookies(answer);
    set.into_iter().find(|one| !one.contains("-device=")).unwrap()
}

#[test]
fn over_tls_the_cookie_is_bound_to_this_host_and_to_tls() {
    let settings = Settings {
        tls: Tls {
            certificate: Some(certificate("first.pem")),
            key: Some(certificate("first.key")),
            ..Tls::default()
        },
        ..Settings::default()
    };
    let app = TestApp::set("sqlite::memory:", settings);
    let mut line = BufReader::new(connect(app.address, "first.pem", b"http/1.1").unwrap());
    let mut send = |request: &Request| {
        line.get_mut().write_all(&request.bytes()).unwrap();
        let answer = Answer::read(&mut line, false).unwrap();
        let strict = answer.header("strict-transport-security").unwrap();
        assert!(strict.starts_with("max-age=31536000"), "{strict}");
        answer
    };
    let by_api = send(
        &Request::new("POST", "/api/v1/login")
            .json(&json!({"name": "supervisor", "password": PASSWORD, "cookie": true})),
    );
    let form = format!("name=supervisor&password={}", PASSWORD.replace(' ', "+"));
    let by_page = send(
        &Request::new("POST", "/sign-in")
            .header("sec-fetch-site", "same-origin")
            .body("application/x-www-form-urlencoded", form),
    );
    assert_eq!((by_api.status, by_page.status), (200, 303));
    for answer in [&by_api, &by_page] {
        let (pairs, set) = cookies(answer);
        for one in &set {
            assert!(
                one.starts_with("__Host-innogauge")
                    && ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"]
                        .iter()
                        .all(|word| one.contains(word))
                    && !one.contains("Domain"),
                "{one}"
            );
        }
        let me = send(&Request::new("GET", "/api/v1/me").header("cookie", &pairs));
        assert_eq!((me.status, &me.json()["name"]), (200, &json!("supervisor")));
        // A cookie without the prefix may have come without TLS, or from a neighbouring host.
        let plain = pairs.replace("__Host-", "");
        assert_eq!(
            send(&Request::new("GET", "/api/v1/me").header("cookie", &plain)).status,
            401
        );
    }
}

#[test]
fn behind_a_proxy_the_cookie_is_secure_where_the_proxy_says_so_and_nobody_else() {
    let start = |proxies: &[&str]| {
        TestApp::set(
            "sqlite::memory:",
            Settings {
                trusted_proxies: proxies.iter().map(|one| one.parse().unwrap()).collect(),
                ..Settings::default()
            },
        )
    };
    let (trusting, other, none) = (start(&["127.0.0.1"]), start(&["192.0.2.1"]), start(&[]));
    for (app, said, secure) in [
        (&trusting, Some("https"), true),
        (&trusting, Some("http"), false),
        (&trusting, None, false),
        (&other, Some("https"), false),
        (&none, Some("https"), false),
    ] {
        let mut request = Request::new("POST", "/api/v1/login")
            .json(&json!({"name": "viewer", "password": PASSWORD, "cookie": true}));
        if let Some(said) = said {
            request = request
                .header("x-forwarded-proto", said)
                .header("x-forwarded-for", "203.0.113.9");
        }
        let answer = app.send(&request);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = session_cookie(&answer);
        assert_eq!(
            (cookie.starts_with("__Host-"), cookie.contains("Secure")),
            (secure, secure),
            "{said:?}: {cookie}"
        );
    }
}

fn cookies_of(answer: &Answer) -> Vec<String> {
    let (pairs, _) = cookies(answer);
    pairs
        .split("; ")
        .filter(|pair| !pair.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_pages_lead_through_signing_in_without_a_script() {
    let app = TestApp::start();
    let mut browser = Browser {
        app: &app,
        cookies: std::collections::BTreeMap::new(),
    };
    let outside = browser.get("/account");
    assert_eq!(outside.status, 401);
    assert!(outside.text().contains("href=\"/sign-in\"") && outside.text().contains("需要登录"));
    let page = browser.get("/sign-in");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"));
    assert!(!page.text().contains("<script") && !page.text().contains("style="));

    let wrong = browser.submit("/sign-in", "name=%3Cb%3E&password=wrong");
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("value=\"&lt;b&gt;\"") && wrong.text().contains("role=\"alert\""));

    let form = format!("name=viewer&password={}", PASSWORD.replace(' ', "+"));
    let signed_in = browser.submit("/sign-in", &form);
    assert_eq!(
        (signed_in.status, signed_in.header("location")),
        (303, Some("/account"))
    );
    assert!(browser.get("/account").text().contains("当前"));
    let start = browser.submit(
        "/account/second-factor",
        &format!("password={}", PASSWORD.replace(' ', "+")),
    );
    assert_eq!(start.status, 303);
    assert!(browser.get("/account").text().contains("<svg"));
    let secret = app.store.pending_enrolment("viewer").unwrap().unwrap().secret;
    let code = |steps| totp_code(&secret, Utc::now(), steps);
    let confirmed = browser.submit("/account/second-factor/confirm", &format!("code={}", code(-1)));
    assert!(confirmed.text().contains("恢复码"));
    assert_eq!(
        browser.submit("/account/sign-out", "").header("location"),
        Some("/sign-in")
    );
    assert_eq!(browser.get("/account").status, 401);

    assert_eq!(browser.submit("/sign-in", &form).status, 303);
    let before = browser.cookies["innogauge"].clone();
    assert!(browser.get("/account").text().contains("action=\"/account/code\""));
    assert_eq!(browser.get("/api/v1/surveys").code(), "second_factor_needed");
    assert_eq!(browser.submit("/account/code", "code=1").status, 401);
    assert_eq!(
        browser.submit("/account/code", &format!("code={}", code(0))).status,
        303
    );
    assert_ne!(browser.cookies["innogauge"], before, "a new secret with more rights");
    assert_eq!(browser.get("/api/v1/surveys").status, 200);

    let change = |again: &str| {
        format!(
            "current={}&new=four+words+in+a+row&again={again}",
            PASSWORD.replace(' ', "+")
        )
    };
    let differing = browser.submit("/account/password", &change("four+words"));
    assert_eq!(differing.status, 422);
    let before = browser.cookies["innogauge"].clone();
    let changed = browser.submit("/account/password", &change("four+words+in+a+row"));
    assert_eq!(changed.status, 303, "{}", changed.text());
    assert_ne!(browser.cookies["innogauge"], before);
    assert_eq!(
        browser.get("/api/v1/me").status,
        200,
        "it goes on where the password was changed"
    );
    assert_eq!(browser.submit("/account/sessions/end", "session=all").status, 303);
    assert_eq!(browser.get("/api/v1/me").status, 401);
}
