//! Every role on every route: the walk is driven by the mounted routes and the one table of rights.

use std::fmt::Write as _;

use chrono::Utc;
use innogauge::response::{Fingerprint, Role};
use innogauge::store::{ImportOutcome, NewImport, NewToken, StoreError};
use innogauge::web::mount::Mounted;
use innogauge::web::mounted;
use innogauge::web::rights::{Act, Refusal, Scope, TABLE};
use serde_json::{Value, json};

use crate::app::{TestApp, response};
use crate::client::{Answer, Request};

/// A server on which everything that an address can name exists, all of it in Yichun.
struct Walk {
    app: TestApp,
    token_id: i64,
    import: i64,
    assessment: i64,
}

impl Walk {
    fn start() -> Self {
        let app = TestApp::start();
        let now = Utc::now();
        assert_eq!(app.submit(&response("uuid:1")).status, 201);
        app.store.create_token("viewer", &NewToken::default(), now).unwrap();
        let token_id = app.store.tokens("viewer").unwrap()[0].id;
        let import = NewImport {
            round: app.store.default_round().unwrap(),
            survey: "firm".to_owned(),
            content: Fingerprint::of_bytes(b"a file"),
            file_name: "a.xlsx".to_owned(),
            summary: json!({}),
            created_by: "operator".to_owned(),
        };
        let rows: Vec<Result<_, StoreError>> = Vec::new();
        let ImportOutcome::Applied(import) = app.store.import(&import, rows, now).unwrap() else {
            panic!("a new file")
        };
        let made = app.post(&app.token(Role::Administrator), "/api/v1/assessments", &json!({}));
        let assessment = made.json()["id"].as_i64().unwrap();
        Self {
            app,
            token_id,
            import: import.id,
            assessment,
        }
    }

    /// The address of a route, every parameter naming something that exists.
    fn path(&self, route: &Mounted) -> String {
        let mut path = route.path.clone();
        let id = if route.path.contains("/imports/") {
            self.import
        } else {
            self.assessment
        };
        for (parameter, value) in [
            ("{survey}", "firm"),
            ("{version}", "1"),
            ("{instance_id}", "uuid:1"),
            ("{round}", &self.app.store.default_round().unwrap().unwrap()),
            ("{name}", "viewer"),
            ("{token}", &self.token_id.to_string()),
            ("{code}", "busy"),
            ("{file}", "index.html"),
            ("{id}", &id.to_string()),
        ] {
            path = path.replace(parameter, value);
        }
        assert!(!path.contains('{'), "the walk knows no value for a parameter of {path}");
        path
    }

    /// Asks for a route without a body: enough to be told whether one may.
    fn ask(&self, route: &Mounted, token: Option<&str>) -> Answer {
        let method = match route.method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            other => panic!("the walk knows no {other}"),
        };
        let mut request = Request::new(method, self.path(route));
        if let Some(token) = token {
            request = request.token(token);
        }
        self.app.send(&request)
    }
}

fn is_refused(answer: &Answer, refusal: Refusal) -> bool {
    match refusal {
        Refusal::Forbidden => answer.status == 403 && answer.code() == "forbidden",
        Refusal::Hidden => answer.status == 404 && answer.code() == "not_found",
    }
}

/// Whether the guard let the request through to its handler.
fn is_let_through(answer: &Answer) -> bool {
    !matches!(answer.status, 401 | 403 | 404 | 405) && answer.status < 500
}

#[test]
fn only_public_routes_answer_without_a_valid_token() {
    let walk = Walk::start();
    let invalid = [
        None,
        Some("nonsense".to_owned()),
        Some(walk.app.revoked_token(Role::Administrator)),
        Some(walk.app.expired_token(Role::Administrator)),
    ];
    for route in mounted().iter() {
        for token in &invalid {
            let answer = walk.ask(route, token.as_deref());
            if route.act.rule().roles.is_none() {
                assert!(is_let_through(&answer), "{route:?} answered {}", answer.status);
            } else {
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (401, "unauthenticated"),
                    "{route:?}"
                );
                assert!(answer.header("www-authenticate").is_some());
            }
        }
    }
}

#[test]
fn a_disabled_user_is_out_at_once() {
    let walk = Walk::start();
    let token = walk.app.token(Role::Field);
    assert_eq!(walk.app.get(&token, "/api/v1/me").status, 200);
    let administrator = walk.app.token(Role::Administrator);
    let disable = Request::new("PATCH", "/api/v1/users/field")
        .token(&administrator)
        .json(&json!({"disabled": true}));
    assert_eq!(walk.app.send(&disable).status, 200);
    assert_eq!(walk.app.get(&token, "/api/v1/me").status, 401);
}

#[test]
fn every_role_meets_the_table_on_every_route() {
    let walk = Walk::start();
    let mut matrix = String::new();
    for route in mounted().iter() {
        let rule = route.act.rule();
        let _ = write!(matrix, "{} {} [{:?}]", route.method, route.path, route.act);
        for role in Role::ALL {
            // Each request has a token of its own: some routes end the token that they are called with.
            let answer = walk.ask(route, Some(&walk.app.token(role)));
            let allowed = rule.allows(role);
            if allowed {
                assert!(
                    is_let_through(&answer),
                    "{role:?} on {route:?} answered {}: {}",
                    answer.status,
                    answer.text()
                );
            } else {
                assert!(
                    is_refused(&answer, rule.refusal),
                    "{role:?} on {route:?} answered {}",
                    answer.status
                );
            }
            let _ = write!(
                matrix,
                " {}={}",
                role.name(),
                if allowed {
                    "yes".to_owned()
                } else {
                    answer.status.to_string()
                }
            );
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!("rights", matrix);
}

#[test]
fn limits_to_surveys_and_cities_hold_on_every_route() {
    let walk = Walk::start();
    for route in mounted().iter() {
        let rule = route.act.rule();
        for role in Role::ALL.into_iter().filter(|role| rule.allows(*role)) {
            let other_survey = walk.ask(route, Some(&walk.app.token_of_another_survey(role)));
            let other_city = walk.ask(route, Some(&walk.app.token_of_another_city(role)));
            let by_survey = route.path.contains("{survey}");
            match rule.scope {
                Scope::Whole => {
                    assert!(
                        is_refused(&other_survey, rule.refusal),
                        "{role:?} on {route:?}: {}",
                        other_survey.status
                    );
                    assert!(
                        is_refused(&other_city, rule.refusal),
                        "{role:?} on {route:?}: {}",
                        other_city.status
                    );
                }
                Scope::Survey | Scope::SurveyAndCity if by_survey => {
                    assert!(
                        is_refused(&other_survey, Refusal::Hidden),
                        "{role:?} on {route:?}: {}",
                        other_survey.status
                    );
                }
                _ => assert!(
                    is_let_through(&other_survey),
                    "{role:?} on {route:?}: {}",
                    other_survey.status
                ),
            }
            let names_one_response = route.path.contains("{instance_id}") && route.method == "GET";
            if rule.scope == Scope::SurveyAndCity && names_one_response {
                assert!(
                    is_refused(&other_city, Refusal::Hidden),
                    "{role:?} on {route:?}: {}",
                    other_city.status
                );
            }
        }
    }
}

#[test]
fn every_act_of_the_table_has_a_route_or_is_asked_for_by_one() {
    let routes = mounted();
    for rule in TABLE.iter().filter(|rule| rule.act != Act::ReadPersonalAnswers) {
        assert!(
            routes.iter().any(|route| route.act == rule.act),
            "{:?} is in the table, but no route does it",
            rule.act
        );
    }
}

#[test]
fn signing_in_gives_a_token_and_signing_out_ends_it() {
    let app = TestApp::start();
    let sign_in = |name: &str, password: &str| {
        app.send(&Request::new("POST", "/api/v1/login").json(&json!({"name": name, "password": password})))
    };
    let answer = sign_in("supervisor", crate::app::PASSWORD);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let me = app.get(&token, "/api/v1/me").json();
    assert_eq!(
        (&me["name"], &me["role"], &me["cities"]),
        (&json!("supervisor"), &json!("supervisor"), &Value::Null)
    );
    assert_eq!(
        app.send(&Request::new("DELETE", "/api/v1/me/token").token(&token))
            .status,
        204
    );
    assert_eq!(app.get(&token, "/api/v1/me").status, 401);

    let wrong_password = sign_in("supervisor", "wrong");
    let wrong_name = sign_in("nobody", "wrong");
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
fn an_administrator_adds_a_user_who_changes_the_password() {
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
    let signed_in = app
        .send(&Request::new("POST", "/api/v1/login").json(&json!({"name": "王芳", "password": password})))
        .json();
    assert_eq!(signed_in["must_change_password"], true);
    let token = signed_in["token"].as_str().unwrap();
    let change = |new: &str| {
        let body = json!({"current": password, "new": new});
        app.send(&Request::new("PUT", "/api/v1/me/password").token(token).json(&body))
            .status
    };
    assert_eq!(change("short"), 422);
    assert_eq!(change("long enough to be one"), 204);
    assert_eq!(change("long enough to be two"), 401, "the old one is no longer right");
}
