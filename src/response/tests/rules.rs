//! Required, constraints, choices, soft checks, missing codes and unasked answers.

use super::*;
use crate::definition::MissingCode;

#[test]
fn a_response_that_keeps_every_rule_has_no_findings() {
    let processed = json_door(json!({
        "credit_code": "91110000600037341L", "weight": 1.5, "section": "B", "division": "06", "persons": 12,
        "founded": "2001-02-28",
        "research": {"has_rd": "1", "details": {"rd": 45.5}, "partners": ["firm"], "ranked": ["firm", "university", "institute"]},
        "satisfaction": 7, "product_count": 1,
        "products": [{"product": "煤", "share": 40, "markets": [{"country": "RU", "exports": 3}]}],
    }));
    assert_eq!(brief(processed.findings()), [""; 0]);
    assert!(processed.is_sound());
    assert_eq!(processed.identity.code.as_deref(), Some("91110000600037341L"));
    assert_eq!(processed.identity.city.as_deref(), Some("230700"));
    assert_eq!(processed.identity.weight, Some(1.5));
}

#[test]
fn every_broken_rule_is_found_at_once_in_the_order_of_the_questions() {
    let processed = send(
        &form(),
        Door::Json,
        &json!({
            "persons": -1, "city": "110000", "colour": "red", "founded": "2026-02-30", "satisfaction": 11,
            "research": {"has_rd": "0", "details": {"rd": 5}},
            "product_count": 2, "products": [{"share": "half"}],
        }),
    );
    assert_eq!(
        brief(&processed.problems),
        [
            "301 /org_name",
            "206 /city 110000",
            "303 /persons -1",
            "302 /turnover",
            "204 /founded 2026-02-30",
            "305 /research/details/rd 5",
            "211 /satisfaction 11",
            "307 /products",
            "301 /products[1]/product",
            "201 /products[1]/share half",
            "101 /colour red",
        ]
    );
    let persons = &processed.problems[2];
    assert_eq!(persons.rule.as_deref(), Some(". >= 0"));
    assert_eq!(persons.message("zh"), "从业人员：人数不能为负。");
    assert_eq!(processed.problems[3].message("en"), "Turnover: Give the turnover.");
}

#[test]
fn an_empty_answer_breaks_no_constraint() {
    assert!(json_door(json!({"persons": null, "research": {"has_rd": "1"}})).is_sound());
}

#[test]
fn a_missing_code_satisfies_required_and_reads_as_nothing() {
    let processed = json_door(json!({
        "turnover": {"missing": "refused"},
        "research": {"has_rd": "1", "details": {"rd": 5, "reason": "secret"}},
    }));
    assert_eq!(
        brief(processed.findings()),
        [""; 0],
        "and ${{turnover_missing}} holds the code"
    );
    assert_eq!(value(&processed, "turnover"), Answer::Missing(MissingCode::Refused));
    assert_eq!(
        value(&processed, "intensity"),
        Answer::Unanswered,
        "5 div '' is NaN, which is nothing"
    );
}

#[test]
fn a_missing_code_stands_alone() {
    for (answers, expected) in [
        (
            json!({"turnover": {"missing": "refused", "value": 5}}),
            "214 /turnover {\"missing\":\"refused\",\"value\":5}",
        ),
        (
            json!({"turnover": {"missing": "not_applicable"}}),
            "212 /turnover {\"missing\":\"not_applicable\"}",
        ),
        (
            json!({"turnover": {"missing": "unknown"}}),
            "213 /turnover {\"missing\":\"unknown\"}",
        ),
        (
            json!({"persons": {"missing": "refused"}}),
            "212 /persons {\"missing\":\"refused\"}",
        ),
        (
            json!({"research": {"partners": ["firm", "dont_know"]}}),
            "214 /research/partners [\"firm\",\"dont_know\"]",
        ),
    ] {
        assert_eq!(brief(&json_door(answers).problems), [expected]);
    }
}

#[test]
fn on_selects_a_missing_code_is_a_choice_and_its_text_is_the_code() {
    for answers in [json!({"has_rd": "refused"}), json!({"has_rd": {"missing": "refused"}})] {
        let processed = json_door(json!({"research": answers}));
        assert!(processed.is_sound());
        assert_eq!(value(&processed, "has_rd"), Answer::Missing(MissingCode::Refused));
    }
    let processed = json_door(json!({"research": {"partners": ["dont_know"]}}));
    assert_eq!(value(&processed, "partners"), Answer::Missing(MissingCode::DontKnow));
}

#[test]
fn choices_exist_are_offered_and_stand_once() {
    for (answers, expected) in [
        (json!({"section": "B", "division": "99"}), "206 /division 99"),
        (json!({"section": "B", "division": "13"}), "207 /division 13"),
        (json!({"division": "06"}), "207 /division 06"),
        (
            json!({"research": {"partners": ["firm", "firm"]}}),
            "208 /research/partners firm",
        ),
        (
            json!({"research": {"partners": ["bank"]}}),
            "206 /research/partners bank",
        ),
        (
            json!({"research": {"ranked": ["firm", "university"]}}),
            "209 /research/ranked firm university",
        ),
        (json!({"city": "伊春市"}), "206 /city 伊春市"),
    ] {
        assert_eq!(brief(&json_door(answers).problems), [expected]);
    }
}

#[test]
fn a_soft_check_warns_and_never_refuses() {
    let processed = json_door(json!({"research": {"has_rd": "1", "details": {"rd": 600}}}));
    assert!(processed.is_sound());
    assert_eq!(brief(&processed.warnings), ["401 /research/details/rd 600"]);
    assert_eq!(processed.warnings[0].message("en"), "R&D: Over half of turnover.");
}

#[test]
fn a_mistyped_credit_code_is_a_warning() {
    let processed = json_door(json!({"credit_code": "91110000600037342L"}));
    assert_eq!(brief(processed.findings()), ["403 /credit_code 91110000600037342L"]);
    assert!(processed.is_sound());
}

#[test]
fn an_answer_that_was_not_to_be_asked_is_kept_not_used_and_reported_by_the_door() {
    let form = form();
    let answers = with(json!({"research": {"has_rd": "0", "details": {"rd": 500}}}));
    for (door, problems, notes) in [
        (Door::Json, 1, 0),
        (Door::Spreadsheet, 1, 0),
        (Door::OpenRosa, 0, 1),
        (Door::WebForm, 0, 1),
    ] {
        let processed = send(&form, door, &answers);
        assert_eq!(
            (processed.problems.len(), processed.notes.len()),
            (problems, notes),
            "{door:?}"
        );
        let finding = processed.findings().next().unwrap();
        assert_eq!(
            (finding.code, finding.rule.as_deref()),
            (ProblemCode::UnaskedAnswer, Some("${has_rd} = 1"))
        );
        assert_eq!(value(&processed, "rd"), Answer::NotAsked);
        assert_eq!(value(&processed, "intensity"), Answer::NotAsked);
        let rd = id(&form, "rd");
        assert_eq!(processed.answers.received(InstanceId::ROOT, rd), &Answer::number(500.0));
        assert_eq!(processed.answers.received_json()["research"]["details"]["rd"], 500);
        assert_eq!(processed.answers.to_json()["research"].get("details"), None);
    }
    let (answers, problems) = Answers::from_json(&form, &answers);
    let received = Received::new(answers, problems, Door::Spreadsheet, at("2026-03-01T08:30:00Z"));
    let processed = process(received.dropping_unasked(), &World);
    assert_eq!(
        brief(processed.findings()),
        brief(&processed.notes),
        "dropped where the caller says so, and noted"
    );
}

#[test]
fn rules_in_repeats_see_their_own_instance() {
    let processed = json_door(json!({
        "product_count": 2,
        "products": [
            {"product": "a", "share": 10, "markets": [{"country": "RU", "exports": 90}, {"country": "CN", "exports": 1}]},
            {"product": "b", "share": 20, "markets": [{"country": "RU", "exports": 180.5}]},
        ],
    }));
    assert_eq!(
        brief(&processed.problems),
        [
            "305 /products[1]/markets[2]/exports 1",
            "303 /products[2]/markets[1]/exports 180.5"
        ],
        "sales are 90 and 180, and exports to China are not asked"
    );
    let form = processed.answers.form();
    let sales: Vec<Option<f64>> = processed
        .answers
        .all(id(form, "sales"))
        .map(Answer::as_number)
        .collect();
    assert_eq!(sales, [Some(90.0), Some(180.0)]);
    let exported: Vec<Option<f64>> = processed
        .answers
        .all(id(form, "exported"))
        .map(Answer::as_number)
        .collect();
    assert_eq!(
        exported,
        [Some(90.0), Some(180.5)],
        "an answer that was not to be asked is in no sum"
    );
}

#[test]
fn today_is_the_responses_own_day() {
    let form = form();
    let founded = |answers: Json, received: &str| {
        let (answers, problems) = Answers::from_json(&form, &with(answers));
        brief(&process(Received::new(answers, problems, Door::OpenRosa, at(received)), &World).problems)
    };
    let tomorrow = json!({"founded": "2026-03-02"});
    assert_eq!(
        founded(tomorrow.clone(), "2026-03-01T15:59:59Z"),
        ["303 /founded 2026-03-02"]
    );
    assert_eq!(
        founded(tomorrow, "2026-03-01T16:00:00Z"),
        [""; 0],
        "in Shanghai it is the second of March"
    );
    let ended = json!({"founded": "2026-03-02", "ended": "2026-03-01T23:00:00.000-05:00"});
    assert_eq!(
        founded(ended, "2026-04-01T00:00:00Z"),
        ["303 /founded 2026-03-02"],
        "in the offset of its own end"
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_a_problem_on_its_question() {
    let form = form_of(
        "{survey: s, version: '1', title: S, questions: [
          {type: text, name: a, label: A, constraint: \"pulldata('list', 'x', 'y', .) = 1\"},
          {type: text, name: b, label: B}]}",
    );
    let processed = send(&form, Door::Json, &json!({"a": "1", "b": "2"}));
    assert_eq!(brief(&processed.problems), ["304 /a"]);
    assert_eq!(value(&processed, "b"), Answer::text("2"), "and nothing else is lost");
}

#[test]
fn a_choice_that_a_live_list_does_not_have_is_a_warning() {
    struct Register;
    impl Environment for Register {
        fn now(&self) -> DateTime<FixedOffset> {
            World.now()
        }
        fn pulldata(&self, list: &str, _: &str, _: &str, key: &str) -> Option<String> {
            (list == "register").then(|| if key == "known" { key.to_owned() } else { String::new() })
        }
    }
    let form = form_of(
        "{survey: s, version: '1', title: S, questions: [
          {type: select_one_from_file register.csv, name: firm, label: Firm}]}",
    );
    for (name, warnings) in [("known", vec![]), ("stranger", vec!["402 /firm stranger"])] {
        let (answers, problems) = Answers::from_json(&form, &json!({ "firm": name }));
        let received = Received::new(answers, problems, Door::Json, at("2026-03-01T08:30:00+08:00"));
        let processed = process(received, &Register);
        assert!(processed.is_sound());
        assert_eq!(brief(&processed.warnings), warnings);
    }
}

#[test]
fn a_phone_keeps_the_entry_that_a_form_begins_with_though_the_count_is_zero() {
    let answers = |count: u8, entries: usize| {
        with(json!({"product_count": count, "products": vec![json!({"product": "a"}); entries]}))
    };
    for (door, count, entries, expected) in [
        (Door::OpenRosa, 0, 1, vec![]),
        (Door::Json, 0, 1, vec!["307 /products"]),
        (Door::OpenRosa, 0, 2, vec!["307 /products"]),
        (Door::OpenRosa, 2, 1, vec!["307 /products"]),
    ] {
        let processed = send(&form(), door, &answers(count, entries));
        assert_eq!(brief(&processed.problems), expected, "{door:?} {count} {entries}");
    }
}
