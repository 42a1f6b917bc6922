//! Every caller on every route: the walk is driven by the mounted routes and the one table of rights, so that a new route
//! is walked without a word here. What an address can name that the walk has no value for is asked for as `1`.

use std::fmt::Write as _;

use chrono::{TimeDelta, Utc};
use innogauge::response::{Fingerprint, Role};
use innogauge::scoring::{Allocation, SampleDesign};
use innogauge::store::{
    Carrier, ImportOutcome, NewAssignments, NewBackcheck, NewImport, NewSession, NewToken, NewUser, RegisterOf, Store,
    StoreError, Submission, UserChange,
};
use innogauge::study::jobs::Task;
use innogauge::web::mount::{KeyPlace, Mounted};
use innogauge::web::mounted;
use innogauge::web::rights::{Act, Refusal, Rule, Scope, Stage, TABLE};
use serde_json::{Value, json};

use crate::app::{TestApp, response, totp_code};
use crate::client::{Answer, Request};

/// A server on which everything that an address can name exists, all of it in Yichun; or nothing of it does.
struct Walk {
    app: TestApp,
    full: bool,
    import: i64,
    assessment: i64,
    backcheck: i64,
    organisation: String,
    sample: i64,
}

/// The response whose consent is withdrawn, again and again.
const WITHDRAWN: &str = "uuid:withdrawn";

/// What stands in the addresses of phones in the place of the token.
const KEY: &str = "KEY";

/// The user that addresses name.
const SOMEBODY: &str = "somebody";

impl Walk {
    fn start() -> Self {
        let app = TestApp::start();
        let now = Utc::now();
        for instance_id in ["uuid:1", WITHDRAWN] {
            assert_eq!(app.submit(&response(instance_id)).status, 201);
        }
        add_user(&app, SOMEBODY, Role::Viewer, false);
        let import = NewImport {
            round: app.store.default_round().unwrap(),
            survey: "firm".to_owned(),
            content: Fingerprint::of_bytes(b"a file"),
            file_name: "a.xlsx".to_owned(),
            summary: json!({}),
            created_by: SOMEBODY.to_owned(),
        };
        let rows: Vec<Result<Submission, StoreError>> = Vec::new();
        let ImportOutcome::Applied(import) = app.store.import(&import, rows, now).unwrap() else {
            panic!("a new file")
        };
        let backcheck = NewBackcheck {
            round: app.store.default_round().unwrap().unwrap(),
            survey: "firm".to_owned(),
            seed: 1,
            share: 1.0,
            questions: vec!["/turnover".to_owned()],
            responses: Vec::new(),
            drawn_by: "supervisor".to_owned(),
        };
        let backcheck = app.store.keep_backcheck(&backcheck, now).unwrap();
        let made = app.post(&app.token(Role::Administrator), "/api/v1/assessments", &json!({}));
        let assessment = made.json()["id"].as_i64().unwrap();
        let (organisation, sample) = sampled(&app.store);
        Self {
            organisation,
            sample,
            app,
            full: true,
            import: import.id,
            assessment,
            backcheck,
        }
    }

    /// The same users and the same survey, and nothing else.
    fn empty() -> Self {
        Self {
            app: TestApp::start(),
            full: false,
            import: 1,
            assessment: 1,
            backcheck: 1,
            organisation: crate::supervisor_week::code(1),
            sample: 1,
        }
    }

    /// The address of a route, every parameter naming something that exists (on a full server), and whether the walk
    /// knows what each names. Sessions and tokens are those of the caller where the address is about their own.
    fn path(&self, route: &Mounted, caller: Option<&str>) -> (String, bool) {
        let owner = match caller {
            Some(caller) if route.path.contains("/me/") => caller,
            _ => SOMEBODY,
        };
        let id = if route.path.contains("/imports/") {
            self.import
        } else if route.path.contains("/jobs/") && self.full {
            self.job_of(caller)
        } else if route.path.contains("/samples/") {
            self.sample
        } else {
            self.assessment
        };
        let withdraws = route.act == Act::WithdrawConsent;
        let mut path = route.path.clone();
        if route.key == KeyPlace::Address {
            path = path.replace("{token}", KEY);
        }
        for (parameter, value) in [
            ("{survey}", "firm"),
            ("{version}", "1"),
            ("{instance_id}", if withdraws { WITHDRAWN } else { "uuid:1" }),
            ("{organisation}", &self.organisation),
            ("{round}", &self.app.store.default_round().unwrap().unwrap()),
            ("{name}", SOMEBODY),
            ("{token}", &self.fresh(route, "{token}", owner)),
            ("{session}", &self.fresh(route, "{session}", owner)),
            ("{code}", "busy"),
            ("{file}", "index.html"),
            ("{check}", &self.backcheck.to_string()),
            ("{id}", &id.to_string()),
        ] {
            path = path.replace(parameter, value);
        }
        if route.path.contains("/users/{name}/second-factor") && self.full {
            self.app.store.start_enrolment(SOMEBODY, Utc::now()).unwrap();
        }
        let known = !path.contains('{');
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, "1");
        }
        (path, known)
    }

    /// The key of a job of the caller's own that was cancelled.
    fn job_of(&self, caller: Option<&str>) -> i64 {
        let task = Task::Assessment {
            name: String::new(),
            round: None,
            options: json!({}),
            compare_with: None,
            scenarios: None,
        };
        let (job, now) = (task.job(caller.unwrap_or(SOMEBODY)).unwrap(), Utc::now());
        let id = self.app.store.add_job(&job, None, now).unwrap();
        self.app.store.cancel_job(id, now).unwrap();
        id
    }

    /// The key of a new token or session: some routes end what they name.
    fn fresh(&self, route: &Mounted, parameter: &str, owner: &str) -> String {
        if !self.full || !route.path.contains(parameter) {
            return "1".to_owned();
        }
        let now = Utc::now();
        if parameter == "{token}" {
            self.app.store.create_token(owner, &NewToken::default(), now).unwrap();
            self.app.store.tokens(owner).unwrap()[0].id.to_string()
        } else {
            self.app.session(owner);
            self.app.store.sessions(owner, TimeDelta::hours(1), now).unwrap()[0]
                .id
                .to_string()
        }
    }

    /// Asks for a route, as a caller (their name, their credential).
    fn ask(&self, route: &Mounted, caller: Option<(&str, &str)>) -> (Answer, bool) {
        let (path, known) = self.path(route, caller.map(|(name, _)| name));
        let secret = caller.map(|(_, secret)| secret);
        let request = match (route.key, secret) {
            (KeyPlace::Address, secret) => request(route, path.replace(KEY, secret.unwrap_or("nobody"))),
            (KeyPlace::Header, Some(secret)) => request(route, path).token(secret),
            (KeyPlace::Header, None) => request(route, path),
        };
        (self.app.send(&request), known)
    }

    /// The same with a body, where the walk has one: it gets further than to its own shape.
    fn insist(&self, route: &Mounted, (name, secret): (&str, &str)) -> Answer {
        let (path, _) = self.path(route, Some(name));
        let request = request(route, path).token(secret);
        self.app.send(&match (route.method.as_str(), route.path.as_str()) {
            ("POST", "/api/v1/surveys/{survey}/responses/{instance_id}/state") => {
                request.json(&json!({"state": "has_issues", "comment": "Once more, please."}))
            }
            ("PUT", "/api/v1/surveys/{survey}/responses/{instance_id}") => request.json(&response("uuid:2")),
            _ => request,
        })
    }

    /// As somebody with a session; with a token where the route takes nothing else.
    fn ask_as(&self, route: &Mounted, name: &str) -> (Answer, bool) {
        let secret = match route.key {
            KeyPlace::Header => self.app.session(name),
            KeyPlace::Address => self.token_of(name, &NewToken::default()),
        };
        self.ask(route, Some((name, &secret)))
    }

    fn token_of(&self, user: &str, limits: &NewToken) -> String {
        self.app.store.create_token(user, limits, Utc::now()).unwrap()
    }
}

fn add_user(app: &TestApp, name: &str, role: Role, must_change_password: bool) {
    let user = NewUser {
        name: name.to_owned(),
        password_hash: "none".to_owned(),
        role,
        cities: None,
        must_change_password,
    };
    app.store.add_user(&user, Utc::now()).unwrap();
}

/// A request without a body: enough to be told whether one may.
fn request(route: &Mounted, path: String) -> Request {
    let method = match route.method.as_str() {
        "HEAD" if route.key == KeyPlace::Address => "HEAD",
        // Guarded by the same table as the GET of the address, and answered without a document to compare.
        "GET" | "HEAD" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        other => panic!("the walk knows no {other}"),
    };
    Request::new(method, path)
}

/// A register with one organisation in Yichun, which is sampled and given to the field member.
fn sampled(store: &Store) -> (String, i64) {
    let now = Utc::now();
    let code = crate::supervisor_week::code(1);
    let of = RegisterOf {
        round: store.default_round().unwrap().unwrap(),
        survey: "firm".to_owned(),
        actor: "operator".to_owned(),
    };
    let entry = json!({"code": code, "name": "Works", "city": "230700", "confidential": true, "listed": false, "in_frame": true});
    let entry = serde_json::from_value(entry).unwrap();
    store.load_register(&of, &[entry], false, now).unwrap();
    let design = SampleDesign {
        allocation: Allocation::Equal(1),
        take_all: Vec::new(),
        minimum: 0,
        reserves: 0,
        seed: 1,
    };
    let sample = store.draw_sample(&of, None, &design, now, None).unwrap();
    let new = NewAssignments {
        member: "field".to_owned(),
        codes: vec![code.clone()],
        reassign: false,
    };
    store.assign(&of, &new, None, now).unwrap();
    (code, sample.id)
}

fn is_refused(answer: &Answer, refusal: Refusal) -> bool {
    match refusal {
        Refusal::Forbidden if is_xml(answer) => answer.status == 403,
        Refusal::Forbidden => answer.status == 403 && answer.code() == "forbidden",
        Refusal::Hidden => answer.status == 404 && answer.code() == "not_found",
    }
}

/// Whether it is for a phone.
fn is_xml(answer: &Answer) -> bool {
    answer.header("content-type") == Some("text/xml; charset=utf-8")
}

/// The routes that take a session or a token in a header.
fn routes_by_header() -> impl Iterator<Item = Mounted> {
    let routes: Vec<Mounted> = mounted().iter().cloned().collect();
    routes.into_iter().filter(|route| route.key == KeyPlace::Header)
}

/// Whether the guard let the request through to its handler, which knows what it is about.
fn is_let_through((answer, known): &(Answer, bool)) -> bool {
    match answer.status {
        401 | 403 | 405 => false,
        404 => !known,
        status => status < 500,
    }
}

/// Everything of an answer but what names the one request.
fn essence(answer: &Answer) -> String {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "content-length", "connection"].contains(&name.as_str()))
        .collect();
    headers.sort();
    let mut body = answer.text();
    if let Ok(Value::Object(mut document)) = serde_json::from_slice(&answer.body)
        && document.remove("request_id").is_some()
    {
        body = Value::Object(document).to_string();
    }
    format!("{} {headers:?} {body}", answer.status)
}

/// Everybody who may not do it: by role, by what their token is limited to.
fn refused_callers(walk: &Walk, rule: &Rule) -> Vec<(String, String)> {
    let mut callers: Vec<(String, String)> = Role::ALL
        .into_iter()
        .filter(|role| !rule.allows(*role))
        .flat_map(|role| {
            let name = role.name().to_owned();
            [(name.clone(), walk.app.session(&name)), (name, walk.app.token(role))]
        })
        .collect();
    if rule.act != Act::UseOwnAccess {
        let another = if rule.act == Act::ReadPlaces {
            Act::ReadRounds
        } else {
            Act::ReadPlaces
        };
        let limits = NewToken {
            acts: Some(vec![another.name()]),
            ..NewToken::default()
        };
        for role in Role::ALL.into_iter().filter(|role| rule.allows(*role)) {
            callers.push((role.name().to_owned(), walk.token_of(role.name(), &limits)));
        }
    }
    callers
}

#[test]
fn only_public_routes_answer_without_a_valid_credential() {
    let walk = Walk::start();
    let (store, now) = (&walk.app.store, Utc::now());
    let ended = walk.app.session("administrator");
    store.end_sessions("administrator", now).unwrap();
    let session_of = |begun: TimeDelta, lasts: TimeDelta| {
        let session = NewSession {
            carrier: Carrier::Bearer,
            second_factor_given: true,
            address: String::new(),
            agent: String::new(),
            expires_at: now - begun + lasts,
        };
        store.create_session("administrator", &session, now - begun).unwrap()
    };
    let invalid = [
        None,
        Some("nonsense".to_owned()),
        Some(walk.app.revoked_token(Role::Administrator)),
        Some(walk.app.expired_token(Role::Administrator)),
        Some(ended),
        Some(session_of(TimeDelta::hours(2), TimeDelta::hours(1))),
        Some(session_of(TimeDelta::hours(5), TimeDelta::hours(12))),
        Some(walk.app.session_by("administrator", Carrier::Cookie, true)),
    ];
    for route in mounted().iter() {
        for secret in &invalid {
            let caller = secret.as_deref().map(|secret| ("administrator", secret));
            let answer = walk.ask(route, caller);
            if route.act.rule().roles.is_none() {
                assert!(
                    is_let_through(&answer) || answer.0.status == 401,
                    "{route:?} answered {}",
                    answer.0.status
                );
            } else if route.key == KeyPlace::Address {
                // Collect would ask for a password.
                assert!(answer.0.status == 403 && is_xml(&answer.0), "{route:?}");
            } else {
                assert_eq!(
                    (answer.0.status, answer.0.code().as_str()),
                    (401, "unauthenticated"),
                    "{route:?}"
                );
                assert!(answer.0.header("www-authenticate").is_some());
            }
        }
    }
}

#[test]
fn a_disabled_user_is_out_at_once() {
    let walk = Walk::start();
    let (token, session) = (walk.app.token(Role::Field), walk.app.session("field"));
    let administrator = walk.app.token(Role::Administrator);
    for secret in [&token, &session] {
        assert_eq!(walk.app.get(secret, "/api/v1/me").status, 200);
    }
    let disable = Request::new("PATCH", "/api/v1/users/field")
        .token(&administrator)
        .json(&json!({"disabled": true}));
    assert_eq!(walk.app.send(&disable).status, 200);
    for secret in [&token, &session] {
        assert_eq!(walk.app.get(secret, "/api/v1/me").status, 401);
    }
}

#[test]
fn every_role_meets_the_table_on_every_route() {
    let walk = Walk::start();
    let mut matrix = String::new();
    for route in mounted().iter() {
        let rule = route.act.rule();
        let _ = write!(matrix, "{} {} [{:?}]", route.method, route.path, route.act);
        for role in Role::ALL {
            // Each request has a session of its own: some routes end the one that they are called with.
            let answer = walk.ask_as(route, role.name());
            let allowed = rule.allows(role);
            if allowed {
                assert!(
                    is_let_through(&answer) || rule.roles.is_none(),
                    "{role:?} on {route:?} answered {}: {}",
                    answer.0.status,
                    answer.0.text()
                );
            } else {
                assert!(
                    is_refused(&answer.0, rule.refusal),
                    "{role:?} on {route:?} answered {}",
                    answer.0.status
                );
            }
            let _ = write!(
                matrix,
                " {}={}",
                role.name(),
                if allowed {
                    "yes".to_owned()
                } else {
                    answer.0.status.to_string()
                }
            );
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!("rights", matrix);
}

#[test]
fn a_token_does_what_it_is_limited_to_and_nothing_that_takes_a_person() {
    let walk = Walk::start();
    for route in mounted().iter() {
        let rule = route.act.rule();
        if rule.roles.is_none() {
            continue;
        }
        for role in Role::ALL.into_iter().filter(|role| rule.allows(*role)) {
            let ask = |acts: Option<Vec<String>>| {
                let limits = NewToken {
                    acts,
                    ..NewToken::default()
                };
                walk.ask(route, Some((role.name(), &walk.token_of(role.name(), &limits))))
            };
            if !rule.by_token {
                assert!(is_refused(&ask(None).0, Refusal::Forbidden), "{role:?} on {route:?}");
                continue;
            }
            for acts in [None, Some(vec![route.act.name()])] {
                let answer = ask(acts);
                assert!(is_let_through(&answer), "{role:?} on {route:?}: {}", answer.0.text());
            }
        }
    }
}

#[test]
fn an_unfinished_sign_in_leads_nowhere_but_to_its_end() {
    let walk = Walk::start();
    let (app, now) = (&walk.app, Utc::now());
    for name in ["with-code", "with-new-password", "with-enrolment"] {
        add_user(app, name, Role::Administrator, name == "with-new-password");
    }
    let secret = app.store.start_enrolment("with-code", now).unwrap().secret;
    let confirmed = app
        .store
        .confirm_enrolment("with-code", None, &totp_code(&secret, now, 0), now);
    assert!(confirmed.unwrap().is_some());
    let required = UserChange {
        second_factor_required: Some(true),
        ..UserChange::default()
    };
    app.store.change_user("with-enrolment", &required, now).unwrap();
    for route in &routes_by_header().collect::<Vec<_>>() {
        let rule = route.act.rule();
        if rule.roles.is_none() {
            continue;
        }
        for (stage, name, code) in [
            (Stage::SecondFactor, "with-code", "second_factor_needed"),
            (Stage::NewPassword, "with-new-password", "password_change_required"),
            (Stage::Enrolment, "with-enrolment", "second_factor_required"),
        ] {
            let session = app.session_by(name, Carrier::Bearer, stage != Stage::SecondFactor);
            let (answer, _) = walk.ask(route, Some((name, &session)));
            let refused = matches!(answer.status, 401 | 403) && answer.code() == code;
            assert_eq!(refused, stage < rule.from, "{stage:?} on {route:?}: {}", answer.text());
        }
    }
}

#[test]
fn rights_that_were_taken_are_gone_from_sessions_and_tokens_that_exist() {
    let walk = Walk::start();
    add_user(&walk.app, "lowered", Role::Administrator, false);
    add_user(&walk.app, "viewing", Role::Viewer, false);
    let role = |role| {
        let change = UserChange {
            role: Some(role),
            ..UserChange::default()
        };
        walk.app.store.change_user("lowered", &change, Utc::now()).unwrap();
    };
    let closed = routes_by_header().filter(|route| !route.act.rule().allows(Role::Viewer));
    for route in &closed.collect::<Vec<_>>() {
        let named = |answer: &Answer| essence(answer).replace(&address(answer), "ADDRESS");
        let viewer = named(&walk.ask_as(route, "viewing").0);
        for token in [false, true] {
            role(Role::Administrator);
            let secret = if token {
                walk.token_of("lowered", &NewToken::default())
            } else {
                walk.app.session("lowered")
            };
            role(Role::Viewer);
            let lowered = walk.ask(route, Some(("lowered", &secret))).0;
            assert_eq!(named(&lowered), viewer, "{route:?}");
        }
    }
}

#[test]
fn what_one_may_not_see_is_answered_as_what_does_not_exist() {
    let (full, empty) = (Walk::start(), Walk::empty());
    let nowhere = |walk: &Walk, secret: &str| {
        let answer = walk.app.get(secret, "/api/v1/nowhere");
        essence(&answer).replace("/api/v1/nowhere", "ADDRESS")
    };
    for route in &routes_by_header().collect::<Vec<_>>() {
        let rule = route.act.rule();
        if rule.roles.is_none() {
            continue;
        }
        let callers = refused_callers(&full, rule)
            .into_iter()
            .zip(refused_callers(&empty, rule));
        for ((name, secret), (_, secret_there)) in callers {
            let (answer, _) = full.ask(route, Some((&name, &secret)));
            let (there, _) = empty.ask(route, Some((&name, &secret_there)));
            if !rule.by_token && answer.status == 403 {
                continue; // a person's own matters, asked for with a token
            }
            assert!(
                is_refused(&answer, rule.refusal),
                "{name} on {route:?}: {}",
                answer.text()
            );
            let (path, path_there) = (address(&answer), address(&there));
            let hidden = essence(&answer).replace(&path, "ADDRESS");
            assert_eq!(
                hidden,
                essence(&there).replace(&path_there, "ADDRESS"),
                "{name} on {route:?}"
            );
            if rule.refusal == Refusal::Hidden {
                assert_eq!(
                    hidden,
                    nowhere(&full, &full.app.session("viewer")),
                    "{name} on {route:?}"
                );
            }
        }
    }
}

/// The address that a problem document names.
fn address(answer: &Answer) -> String {
    answer.json()["instance"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn somebody_of_another_city_or_survey_can_not_tell_a_full_server_from_an_empty_one() {
    let (full, empty) = (Walk::start(), Walk::empty());
    for route in &routes_by_header().collect::<Vec<_>>() {
        let rule = route.act.rule();
        for role in Role::ALL
            .into_iter()
            .filter(|role| rule.roles.is_some() && rule.allows(*role))
        {
            let by_survey = route.path.contains("{survey}");
            let other_city = |walk: &Walk| {
                let name = format!("{}-wudalianchi", role.name());
                walk.insist(route, (&name, &walk.app.token_of_another_city(role)))
            };
            let limited_to_other_city = |walk: &Walk| {
                let limits = NewToken {
                    cities: Some(vec!["231182".to_owned()]),
                    ..NewToken::default()
                };
                walk.insist(route, (role.name(), &walk.token_of(role.name(), &limits)))
            };
            let other_survey = |walk: &Walk| walk.insist(route, (role.name(), &walk.app.token_of_another_survey(role)));
            let mut pairs = Vec::new();
            if matches!(rule.scope, Scope::SurveyAndCity | Scope::Whole) {
                pairs.push((other_city(&full), other_city(&empty)));
                pairs.push((limited_to_other_city(&full), limited_to_other_city(&empty)));
            }
            if rule.scope == Scope::Whole || (rule.scope != Scope::Open && by_survey) {
                pairs.push((other_survey(&full), other_survey(&empty)));
                let refusal = if rule.scope == Scope::Whole {
                    rule.refusal
                } else {
                    Refusal::Hidden
                };
                let refused = pairs.last().is_some_and(|(answer, _)| is_refused(answer, refusal));
                assert!(refused, "{role:?} on {route:?}");
            }
            for (answer, there) in pairs {
                let normal = |answer: &Answer| match answer.header("content-type") {
                    Some("application/problem+json") => essence(answer).replace(&address(answer), "ADDRESS"),
                    _ => essence(answer),
                };
                assert_eq!(normal(&answer), normal(&there), "{role:?} on {route:?}");
                if rule.scope == Scope::Whole {
                    assert!(is_refused(&answer, rule.refusal), "{role:?} on {route:?}");
                }
            }
        }
    }
}

#[test]
fn every_act_of_the_table_has_a_route_or_is_asked_for_by_one() {
    let routes = mounted();
    let parameters = [Act::ReadPersonalAnswers, Act::ReadPseudonyms];
    for rule in TABLE.iter().filter(|rule| !parameters.contains(&rule.act)) {
        assert!(
            routes.iter().any(|route| route.act == rule.act),
            "{:?} is in the table, but no route does it",
            rule.act
        );
    }
}
