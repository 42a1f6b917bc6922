//! Two editors on two servers: who changes what they did not see is told so, and overwrites nothing.

use innogauge::response::Role;
use innogauge::web::Settings;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Request};
use crate::databases::{Database, on_each};

const DRAFT: &str = "/api/v1/surveys/visit/versions/2026.1";

/// Two servers on one database, and the token of an administrator.
struct Office {
    here: TestApp,
    there: TestApp,
    token: String,
}

impl Office {
    fn on(database: &Database) -> Self {
        let here = TestApp::on(&database.url);
        let there = if database.url.starts_with("postgres") {
            TestApp::over(&database.url)
        } else {
            TestApp::beside(&here.store, Settings::default())
        };
        let token = here.token(Role::Administrator);
        Self { here, there, token }
    }

    fn tag(&self, server: &TestApp, path: &str) -> String {
        let seen = server.get(&self.token, path);
        seen.header("etag")
            .unwrap_or_else(|| panic!("{path}: {}", seen.text()))
            .to_owned()
    }

    /// Sends a change that names the state which its sender saw.
    fn send(&self, server: &TestApp, change: Request, tag: &str) -> Answer {
        server.send(&change.token(&self.token).header("if-match", tag))
    }
}

fn form(question: &str) -> Request {
    let form = format!(
        "survey: visit\nversion: 2026.1\ntitle: Visit\nquestions:\n- {{type: text, name: {question}, label: Question}}\n"
    );
    Request::new("PUT", DRAFT).body("application/yaml", form)
}

/// The refusal of a change that came too late: the members that changed, and what stands there now.
fn refusal(answer: &Answer) -> (Vec<Value>, Value) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (412, "precondition_failed"),
        "{}",
        answer.text()
    );
    let told = answer.json();
    (told["changes"].as_array().unwrap().clone(), told["current"].clone())
}

#[test]
fn a_draft_that_another_editor_replaced_is_not_overwritten() {
    on_each(|database| {
        let office = Office::on(database);
        let (here, there) = (&office.here, &office.there);
        let early = office.send(here, form("first"), "\"of-nothing\"");
        assert_eq!(refusal(&early), (Vec::new(), Value::Null));
        assert_eq!(refusal(&office.send(here, form("first"), "*")).1, Value::Null);

        let begun = here.send(&form("first").token(&office.token));
        assert_eq!(begun.status, 200, "{}", begun.text());
        let tag = begun.header("etag").unwrap().to_owned();
        assert_eq!(
            office.tag(there, DRAFT),
            tag,
            "the tag of what was kept is that of the version"
        );

        let replaced = office.send(there, form("second"), &tag);
        assert_eq!(replaced.status, 200, "{}", replaced.text());
        // At once: this server may not have heard yet of what the other one kept.
        let (changes, current) = refusal(&office.send(here, form("third"), &tag));
        assert!(
            changes.contains(&json!("hash")) && !changes.contains(&json!("title")),
            "{changes:?}"
        );
        let kept = here.store.definition("visit", "2026.1").unwrap();
        assert_eq!(
            (&current["hash"], &current["state"]),
            (&json!(kept.hash), &json!("draft"))
        );
        assert!(String::from_utf8(kept.source).unwrap().contains("second"));

        let seen = replaced.header("etag").unwrap().to_owned();
        let publish = Request::new("POST", format!("{DRAFT}/publish")).token(&office.token);
        assert_eq!(there.send(&publish).status, 200);
        let (changes, current) = refusal(&office.send(here, form("third"), &seen));
        assert_eq!(changes, [json!("state"), json!("published_at")]);
        assert_eq!(current["state"], "published");
        assert_eq!(
            office.send(here, form("third"), "*").status,
            409,
            "what is published stays"
        );
    });
}

#[test]
fn a_retention_rule_that_another_editor_set_is_not_overwritten() {
    on_each(|database| {
        let office = Office::on(database);
        let (here, there) = (&office.here, &office.there);
        let round = here.store.default_round().unwrap().unwrap();
        let path = format!("/api/v1/privacy/retention/{round}");
        let rule = |personal: u32, all: u32| {
            let days = json!({"personal_days": personal, "all_days": all, "on_withdrawal": "erase"});
            Request::new("PUT", path.as_str()).json(&days)
        };
        // Nobody has said anything yet, and that is what both editors see.
        let unsaid = json!({"round": round, "personal_days": null, "all_days": null, "on_withdrawal": "erase"});
        assert_eq!(here.get(&office.token, &path).json(), unsaid);
        let tag = office.tag(there, &path);
        assert_eq!(office.send(there, rule(180, 3650), &tag).status, 204);
        let (changes, current) = refusal(&office.send(here, rule(30, 60), &tag));
        assert_eq!(changes, [json!("personal_days"), json!("all_days")]);
        assert_eq!(
            (&current["personal_days"], &current["all_days"]),
            (&json!(180), &json!(3650))
        );

        let set = office.send(here, rule(180, 365), &office.tag(here, &path));
        assert_eq!(set.status, 204, "{}", set.text());
        assert_eq!(set.header("etag").unwrap(), office.tag(there, &path));
        let kept = here.store.retention_rule(&round).unwrap();
        assert_eq!((kept.personal_days, kept.all_days), (Some(180), Some(365)));
        assert_eq!(here.get(&office.token, "/api/v1/privacy/retention/1999").status, 404);
    });
}
