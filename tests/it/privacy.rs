//! Personal answers: nowhere in the clear, shown by tiers, withdrawn, kept for a time, erased, handed out as a copy.

use chrono::{TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use innogauge::response::Role;
use innogauge::store::{
    AuditFilter, ErasureScope, JobFileHead, JobPart, NewJob, OnWithdrawal, RetentionRule, RoundChange, RoundState,
    StoreError, Subject, add_key, read_keys,
};
use innogauge::study::Catalogue;
use serde_json::{Value, json};

use crate::app::{TestApp, response, totp_code};
use crate::databases::{Database, keys_for, on_each};

const FIRM: &str = "/api/v1/surveys/firm/responses";
const PERSON: &str = "Ouyang Xiaoyun";

fn with_person(instance_id: &str) -> Value {
    let mut body = response(instance_id);
    body["answers"]["contact"] = json!(PERSON);
    body["answers"]["credit_code"] = json!("91110000600037341L");
    body
}

/// Whether a text is anywhere among what the database keeps: in any column of any table, or anywhere in the files.
fn is_kept(database: &Database, text: &str) -> bool {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        return ["", "-wal"].iter().any(|suffix| {
            let bytes = std::fs::read(format!("{path}{suffix}")).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        });
    }
    let mut connection = PgConnection::establish(&database.url).unwrap();
    connection.batch_execute("SET bytea_output = 'escape'").unwrap();
    let tables: Vec<Line> = diesel::sql_query(
        "SELECT quote_ident(table_name) AS line FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .load(&mut connection)
    .unwrap();
    tables.iter().any(|table| {
        let rows: Vec<Line> = diesel::sql_query(format!("SELECT t::text AS line FROM {} AS t", table.line))
            .load(&mut connection)
            .unwrap();
        rows.iter().any(|row| row.line.contains(text))
    })
}

fn answer(app: &TestApp, role: Role, question: &str) -> (u16, Value) {
    let answer = app.get(&app.token(role), &format!("{FIRM}/uuid:1{question}"));
    (answer.status, answer.json()["answers"]["contact"].clone())
}

#[test]
fn personal_answers_are_nowhere_in_the_clear_and_shown_by_tier_with_a_reason_on_the_record() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        assert_eq!(app.submit(&with_person("uuid:1")).status, 201);
        assert_eq!(
            app.submit(&with_person("uuid:1")).status,
            200,
            "the same again changes nothing"
        );
        assert_eq!(app.submit(&with_person("uuid:2")).status, 201);
        let mut other = with_person("uuid:1");
        other["answers"]["contact"] = json!("Li Ming");
        assert_eq!(
            app.submit(&other).status,
            409,
            "other content under the same instance ID"
        );
        assert!(!is_kept(database, PERSON));
        assert!(
            is_kept(database, "Works uuid:1"),
            "what is not personal is there to be found"
        );

        assert_eq!(answer(&app, Role::Supervisor, ""), (200, Value::Null));
        assert_eq!(
            answer(&app, Role::Supervisor, "?personal=full").0,
            400,
            "without a reason"
        );
        let full = "?personal=full&reason=case%2012";
        assert_eq!(answer(&app, Role::Supervisor, full), (200, json!(PERSON)));
        assert_eq!(answer(&app, Role::Consultant, full).0, 403);
        let (status, pseudonym) = answer(&app, Role::Consultant, "?personal=pseudonymised");
        assert_eq!(status, 200);
        assert!(pseudonym.as_str().unwrap().starts_with("p-"));
        let export = |role, tier: &str| {
            let path = format!("/api/v1/surveys/firm/export?format=csv{tier}");
            app.get(&app.token(role), &path).text()
        };
        let pseudonyms = export(Role::Consultant, "&personal=pseudonymised");
        assert_eq!(
            pseudonyms.matches(pseudonym.as_str().unwrap()).count(),
            2,
            "{pseudonyms}"
        );
        assert!(!pseudonyms.contains("Works") && !pseudonyms.contains("91110000600037341L"));
        let open = export(Role::Consultant, "");
        assert!(!open.contains("contact") && !open.contains("org_name") && open.contains("1200.5"));
        assert!(export(Role::Supervisor, "&personal=full&reason=check").contains(PERSON));

        let read: Vec<_> = app
            .store
            .audit_entries_after(&AuditFilter::default(), 0)
            .unwrap()
            .into_iter()
            .filter(|entry| entry.act == "personal.read")
            .collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].after.as_deref(), Some("case 12"));
        assert_eq!(read[0].actor.as_deref(), Some("supervisor"));
    });
}

#[test]
fn without_keys_postgresql_takes_no_personal_answers() {
    let Some(database) = Database::postgres() else { return };
    let with_keys = TestApp::on(&database.url);
    assert_eq!(with_keys.submit(&with_person("uuid:1")).status, 201);
    let without = innogauge::store::Store::open(&database.url).unwrap();
    assert!(matches!(without.keys(), Err(StoreError::KeysNeeded { .. })));
    let (_, mut version) = without.response("firm", "uuid:1").unwrap();
    assert!(version.is_sealed() && !version.answers.0.contains(PERSON));
    assert!(without.open_personal("firm", &mut version).is_err());
}

#[test]
fn a_new_master_key_takes_over_while_others_read_and_the_old_one_can_go() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        app.submit(&with_person("uuid:1"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        std::fs::copy(app.store.key_file().unwrap(), &file).unwrap();
        let store = database.open_with(&innogauge::store::OpenOptions {
            keys: Some(file.clone()),
            ..Default::default()
        });
        let old = read_keys(&file).unwrap().ids().last().unwrap().0;
        let new = add_key(&file, Utc::now()).unwrap();
        let catalogue = Catalogue::load(&store).unwrap();
        // A store that was opened before sees the new key at the latest when it meets it.
        let store = database.open_with(&innogauge::store::OpenOptions {
            keys: Some(file.clone()),
            ..Default::default()
        });
        let done = store.rotate_keys(&catalogue.finder(), |_| {}).unwrap();
        assert_eq!((done.rewrapped, done.sealed), (1, 0));
        assert_eq!(store.rotate_keys(&catalogue.finder(), |_| {}).unwrap().rewrapped, 0);
        assert_eq!(store.key_use().unwrap()[0].key, new);
        innogauge::store::remove_key(&file, &old.to_string()).unwrap();
        let (_, mut version) = store.response("firm", "uuid:1").unwrap();
        store.open_personal("firm", &mut version).unwrap();
        assert!(version.answers.0.contains(PERSON));
        let (_, mut version) = app.store.response("firm", "uuid:1").unwrap();
        assert!(matches!(
            app.store.open_personal("firm", &mut version),
            Err(StoreError::UnknownKey { .. })
        ));
    });
}

#[test]
fn authenticators_and_files_of_jobs_are_sealed_and_older_ones_at_their_next_use_or_rotation() {
    const SECRET: &str = "ABCDEFGHIJKLMNOPQRST";
    on_each(|database| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let old = add_key(&file, Utc::now()).unwrap();
        let open = || {
            database.open_with(&innogauge::store::OpenOptions {
                keys: Some(file.clone()),
                ..Default::default()
            })
        };
        crate::app::seed(&open());
        let store = open();
        let now = Utc::now();

        // A workbook on its way in, which holds a person's name.
        let head = JobFileHead {
            name: "firms.csv".to_owned(),
            content_type: "text/csv".to_owned(),
        };
        let job = NewJob {
            kind: "import".to_owned(),
            input: json!({}),
            created_by: "operator".to_owned(),
        };
        let upload: &mut dyn std::io::Read = &mut PERSON.as_bytes();
        let id = store.add_job(&job, Some((&head, upload)), now).unwrap();
        let read = |store: &innogauge::store::Store| {
            let file = store.job_file(id, JobPart::Upload).unwrap().unwrap();
            store.job_file_piece(&file, 0).unwrap()
        };
        assert!(!is_kept(database, PERSON));
        assert_eq!(read(&store), PERSON.as_bytes());

        // An authenticator of before there were keys: the server knows what it shows, and so does who has the database.
        let base32 = totp_rs::Secret::from(SECRET.as_bytes()).to_base32();
        let first = store.start_enrolment("operator", now).unwrap();
        assert!(
            store
                .confirm_enrolment("operator", None, &totp_code(&first.secret, now, -1), now)
                .unwrap()
                .is_some()
        );
        let hex = base16ct::lower::encode_string(SECRET.as_bytes());
        let bytes = if database.url.starts_with("sqlite") {
            format!("x'{hex}'")
        } else {
            format!("'\\x{hex}'")
        };
        let clear = || {
            let statement = format!("UPDATE second_factors SET secret = {bytes}, data_key = NULL");
            database.execute(&statement);
        };
        clear();
        assert!(is_kept(database, SECRET));
        assert!(!store.take_code("operator", None, "000000", now).unwrap());
        assert!(
            store
                .take_code("operator", None, &totp_code(&base32, now, 0), now)
                .unwrap()
        );
        if database.url.starts_with("sqlite") {
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        assert!(!is_kept(database, SECRET), "sealed by its use");
        clear();

        let new = add_key(&file, Utc::now()).unwrap();
        let store = open();
        let catalogue = Catalogue::load(&store).unwrap();
        let done = store.rotate_keys(&catalogue.finder(), |_| {}).unwrap();
        assert_eq!(done.secrets, 2, "one sealed, one wrapped anew");
        assert!(!is_kept(database, SECRET), "sealed by the rotation");
        let used = store.key_use().unwrap();
        assert_eq!((used.len(), used[0].key, used[0].secrets), (1, new, 2));
        innogauge::store::remove_key(&file, &old.to_string()).unwrap();
        let store = open();
        assert_eq!(read(&store), PERSON.as_bytes());
        assert!(
            store
                .take_code("operator", None, &totp_code(&base32, now, 1), now)
                .unwrap()
        );
    });
}

#[test]
fn withdrawn_consent_takes_a_response_out_of_everything_and_erases_what_is_personal() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        app.submit(&with_person("uuid:1"));
        app.submit(&with_person("uuid:2"));
        let token = app.token(Role::Supervisor);
        let path = format!("{FIRM}/uuid:1/withdrawal");
        let withdrawn = app.post(&token, &path, &json!({}));
        assert_eq!(
            (withdrawn.status, &withdrawn.json()["state"]),
            (200, &json!("rejected"))
        );
        let list = app.get(&token, FIRM).json();
        assert_eq!(list["responses"].as_array().unwrap().len(), 1);
        assert_eq!(list["responses"][0]["duplicate"], false);
        assert_eq!(app.get(&token, &format!("{FIRM}/uuid:1")).status, 404);
        let export = app.get(&token, "/api/v1/surveys/firm/export?format=csv").text();
        assert!(!export.contains("uuid:1") && export.contains("uuid:2"));
        assert_eq!(
            app.submit(&with_person("uuid:1")).status,
            200,
            "a phone that sends again is told it is there"
        );
        let mut edit = with_person("uuid:3");
        edit["deprecated_id"] = json!("uuid:1");
        assert_eq!(app.submit(&edit).status, 410);
        let (_, version) = app.store.response("firm", "uuid:1").unwrap();
        assert!(!version.is_sealed(), "its data key is gone");
        let proof = app.store.erasures(None, 10).unwrap().remove(0);
        assert_eq!((proof.cause.as_str(), proof.places.keys), ("withdrawal", 1));
        assert!(app.store.verify_audit(None).unwrap().faults.is_empty());
    });
}

#[test]
fn a_respondent_is_erased_in_all_versions_and_gets_a_copy_before() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        let admin = app.token(Role::Administrator);
        app.submit(&with_person("uuid:1"));
        let mut edit = with_person("uuid:2");
        edit["deprecated_id"] = json!("uuid:1");
        edit["answers"]["org_name"] = json!("Quite Another Name");
        assert_eq!(app.submit(&edit).status, 201);
        app.post(
            &admin,
            &format!("{FIRM}/uuid:2/state"),
            &json!({"state": "has_issues", "comment": "Ask Ms Ouyang"}),
        );
        let whose = json!({"code": "9111 0000 600037341l"});
        let copy = app.post(
            &admin,
            "/api/v1/privacy/copies",
            &json!({"whose": whose, "reason": "request 7"}),
        );
        assert_eq!(copy.status, 200);
        let copied = copy.json();
        assert_eq!(copied["responses"][0]["versions"].as_array().unwrap().len(), 2);
        let text = copied.to_string();
        assert!(text.contains(PERSON) && text.contains("联系人 Contact") && text.contains("Ask Ms Ouyang"));
        let workbook = json!({"whose": whose, "reason": "request 7", "format": "xlsx"});
        assert_eq!(app.post(&admin, "/api/v1/privacy/copies", &workbook).status, 200);

        let request = |reason: &str| json!({"whose": whose, "scope": "identity", "reason": reason});
        let telling = app.post(&admin, "/api/v1/privacy/erasures", &request("of 91110000600037341L"));
        assert_eq!(telling.status, 422, "the proof must not tell whose it was");
        assert_eq!(
            app.post(&app.token(Role::Supervisor), "/api/v1/privacy/erasures", &request("7"))
                .status,
            404
        );
        let proof = app.post(&admin, "/api/v1/privacy/erasures", &request("request 7"));
        assert_eq!(proof.status, 201, "{}", proof.text());
        assert_eq!(proof.json()["places"]["versions"], 2);
        for gone in [PERSON, "Ask Ms Ouyang", "Quite Another Name", "91110000600037341L"] {
            assert!(!is_kept(database, gone), "{gone} is still there");
        }
        assert!(is_kept(database, "1200.5"), "the other answers stay");
        assert!(app.store.verify_audit(None).unwrap().faults.is_empty());
        assert_eq!(
            app.submit(&with_person("uuid:1")).status,
            200,
            "sent again, it does not come back"
        );
        assert!(!is_kept(database, PERSON));
        let again = app.post(&admin, "/api/v1/privacy/erasures", &request("request 7"));
        assert_eq!(again.status, 404);
    });
}

#[test]
fn what_has_been_kept_long_enough_goes_by_the_rule_of_its_round() {
    on_each(|database| {
        let app = TestApp::on(&database.url);
        app.submit(&with_person("uuid:1"));
        database.execute("UPDATE rounds SET closes_on = '2026-06-30'");
        let round = app.store.rounds().unwrap().remove(0);
        let rule = RetentionRule {
            round: round.round.clone(),
            personal_days: Some(10),
            all_days: Some(20),
            on_withdrawal: OnWithdrawal::Erase,
        };
        let longer = RetentionRule {
            personal_days: Some(30),
            ..rule.clone()
        };
        let now = Utc::now();
        assert!(matches!(
            app.store.set_retention_rule(&longer, None, "ann", now),
            Err(StoreError::Refused(_))
        ));
        app.store.set_retention_rule(&rule, None, "ann", now).unwrap();
        assert!(
            app.store
                .retention_due(now + TimeDelta::days(9_000))
                .unwrap()
                .is_empty(),
            "it is open"
        );
        let closes_on = round.closes_on.unwrap();
        app.store
            .change_round(
                &round.round,
                &RoundChange {
                    state: Some(RoundState::Closed),
                    actor: "operator".to_owned(),
                    ..RoundChange::default()
                },
                now,
            )
            .unwrap();
        let after = |days| closes_on.and_hms_opt(12, 0, 0).unwrap().and_utc() + TimeDelta::days(days);
        assert!(app.store.retention_due(after(10)).unwrap().is_empty());
        let due = app.store.retention_due(after(11)).unwrap();
        assert_eq!((due[0].personal, due[0].all), (1, 0));
        let catalogue = Catalogue::load(&app.store).unwrap();
        let proofs = app
            .store
            .apply_retention("ann", &catalogue.finder(), after(11))
            .unwrap();
        assert_eq!(proofs[0].places.keys, 1);
        assert!(app.store.retention_due(after(11)).unwrap().is_empty());
        app.store
            .apply_retention("ann", &catalogue.finder(), after(21))
            .unwrap();
        assert!(app.store.response_head("firm", "uuid:1").is_err());
    });
}

#[test]
fn nobody_is_erased_under_a_name_that_is_not_known() {
    let database = Database::sqlite();
    assert!(keys_for(&database.url).is_none());
    let app = TestApp::on(&database.url);
    let catalogue = Catalogue::load(&app.store).unwrap();
    let unknown = Subject::Code("91110000600037341L".to_owned());
    let erased = app.store.erase(
        &unknown,
        ErasureScope::Personal,
        "ann",
        "1",
        &catalogue.finder(),
        Utc::now(),
    );
    assert!(matches!(erased, Err(StoreError::NotFound { .. })));
}
