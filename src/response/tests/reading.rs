//! Reading JSON and text into answers, and writing the canonical form.

use super::*;
use crate::definition::MissingCode;
use crate::response::{Difference, Fingerprint, Limits, Value, differences, parse_cell, parse_text};

/// The findings of reading alone.
fn read(answers: Json) -> Vec<String> {
    brief(&Answers::from_json(&form(), &answers).1)
}

#[test]
fn values_of_the_wrong_type_are_problems_and_the_rest_is_read() {
    for (answers, expected) in [
        (json!({"persons": "12"}), "201 /persons 12"),
        (json!({"persons": 2.5}), "203 /persons 2.5"),
        (json!({"persons": 1e300}), "202 /persons 1e+300"),
        (json!({"persons": true}), "201 /persons true"),
        (json!({"persons": [1]}), "201 /persons [1]"),
        (json!({"persons": {"value": 1}}), "201 /persons {\"value\":1}"),
        (json!({"turnover": "NaN"}), "201 /turnover NaN"),
        (json!({"org_name": 5}), "201 /org_name 5"),
        (json!({"org_name": "a\u{0}b"}), "201 /org_name a b"),
        (json!({"city": 230_700}), "201 /city 230700"),
        (json!({"founded": "2025-02-29"}), "204 /founded 2025-02-29"),
        (json!({"founded": "1.3.2025"}), "201 /founded 1.3.2025"),
        (json!({"founded": 45000}), "201 /founded 45000"),
        (json!({"opens": "25:00"}), "201 /opens 25:00"),
        (
            json!({"began": "2026-02-30T08:00:00Z"}),
            "204 /began 2026-02-30T08:00:00Z",
        ),
        (json!({"place": "91 0"}), "210 /place 91 0"),
        (json!({"photo": "../secret"}), "201 /photo ../secret"),
        (json!({"research": {"partners": "firm"}}), "201 /research/partners firm"),
        (
            json!({"research": {"partners": ["firm", 1]}}),
            "201 /research/partners [\"firm\",1]",
        ),
        (json!({"research": 1}), "103 /research 1"),
        (json!({"products": {}}), "104 /products {}"),
        (json!({"products": [1]}), "103 /products[1] 1"),
        (json!({"persona": 1}), "102 /persona 1"),
        (json!({"rd": 1}), "102 /rd 1"),
        (json!({"products": [{}, {"colour": 1}]}), "101 /products[2]/colour 1"),
        (json!([1]), "103  [1]"),
    ] {
        assert_eq!(read(answers), [expected]);
    }
    let (_, problems) = Answers::from_json(&form(), &json!({"rd": 1}));
    assert_eq!(
        problems[0].message("en"),
        "rd: The survey has no question named 'rd'. Did you mean 'research/details/rd'?"
    );
}

#[test]
fn null_and_empty_text_are_no_answers() {
    assert_eq!(
        read(json!({"persons": null, "org_name": "", "research": null, "products": null, "nonsense": null})),
        [""; 0]
    );
}

#[test]
fn documents_that_are_hostile_or_broken_are_problems() {
    let form = form();
    let deep = format!("{{\"org_name\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (text, code) in [
        (deep.as_str(), ProblemCode::TooDeep),
        ("{\"persons\": 1e999}", ProblemCode::NotJson),
        ("{\"persons\": NaN}", ProblemCode::NotJson),
        ("{\"persons\": 1", ProblemCode::NotJson),
        ("", ProblemCode::NotJson),
    ] {
        assert_eq!(Answers::from_json_text(&form, text).1[0].code, code, "{text:.30}");
    }
    let many = json!({"products": vec![json!({}); 1_001]});
    let (answers, problems) = Answers::from_json(&form, &many);
    assert_eq!(brief(&problems), ["105 /products 1001"]);
    assert_eq!(answers.repeated(InstanceId::ROOT, id(&form, "products")).len(), 1_000);
    let nested = json!({"products": vec![json!({"markets": vec![json!({}); 100]}); 100]});
    let limits = Limits {
        instances_of_a_repeat: 100,
        instances: 500,
    };
    assert!(
        !Answers::from_json_within(&form, &nested, limits).1.is_empty(),
        "all instances together are limited too"
    );
}

#[test]
fn the_canonical_form_is_read_back_as_the_same_answers() {
    let answers = json!({
        "began": "2026-03-01T08:00:00.000+08:00", "org_name": " 甲 ", "city": "230700", "weight": 0.1,
        "persons": 12, "turnover": {"missing": "refused"}, "founded": "2001-02-28",
        "research": {"has_rd": {"missing": "refused"}, "partners": ["firm", "university"]},
        "products": [{"product": "a"}, {}, {"markets": [{}, {"exports": 0.5}]}],
        "place": "45.75 126.65 120 5", "opens": "08:30:00.000", "agreed": "OK", "photo": "1.jpg",
    });
    let form = form();
    let (read, problems) = Answers::from_json(&form, &answers);
    assert_eq!(brief(&problems), [""; 0]);
    assert_eq!(read.received_json(), answers);
}

#[test]
fn settled_answers_are_read_back_without_evaluating_anything() {
    let processed = json_door(json!({
        "persons": 3, "research": {"has_rd": "0", "details": {"rd": 5}},
        "products": [{"product": "a", "share": 10, "markets": [{"country": "CN"}, {"country": "RU"}]}],
    }));
    let json = processed.answers.to_json();
    assert_eq!(
        json["research"],
        json!({"has_rd": "0", "partners": null, "ranked": null})
    );
    let form = processed.answers.form();
    let (back, problems) = Answers::from_settled_json(form, &json);
    assert_eq!(brief(&problems), [""; 0]);
    for (element, _) in form.questions() {
        let before: Vec<_> = processed.answers.all(element.id).map(Answer::status).collect();
        let after: Vec<_> = back.all(element.id).map(Answer::status).collect();
        assert_eq!(before, after, "{}", element.name);
    }
    assert_eq!(back.to_json(), json);
}

#[test]
fn text_is_read_by_the_type_of_its_question() {
    let form = form();
    let answer = |name: &str, text: &str| parse_text(&form, id(&form, name), text).map_err(|problem| problem.code);
    assert_eq!(answer("persons", " 1200 "), Ok(Answer::Answered(Value::Integer(1200))));
    assert_eq!(answer("persons", "12.0"), Ok(Answer::Answered(Value::Integer(12))));
    assert_eq!(answer("persons", "12.5"), Err(ProblemCode::NotWhole));
    assert_eq!(
        answer("persons", "99999999999999999999"),
        Err(ProblemCode::NumberOutOfRange)
    );
    assert_eq!(answer("turnover", "3.33E-6"), Ok(Answer::number(0.000_003_33)));
    assert_eq!(answer("turnover", "1e999"), Err(ProblemCode::NumberOutOfRange));
    assert_eq!(answer("turnover", "-Infinity"), Err(ProblemCode::NumberOutOfRange));
    assert_eq!(answer("turnover", "1,5"), Err(ProblemCode::WrongType));
    assert_eq!(answer("turnover", ""), Ok(Answer::Unanswered));
    assert_eq!(
        answer("partners", " firm  university "),
        Ok(Answer::Answered(Value::Choices(vec![
            "firm".into(),
            "university".into()
        ])))
    );
    assert_eq!(
        answer("founded", "2026-03-01"),
        answer("founded", "2026-03-01T08:00:00+08:00")
    );
    assert_eq!(answer("founded", "2026-13-01"), Err(ProblemCode::NoSuchDate));
    assert_eq!(
        answer("began", "2026-03-01T08:00:00").map(|answer| answer.to_string()),
        Ok("2026-03-01T08:00:00.000+08:00".to_owned()),
        "without an offset it is the survey's time"
    );
    assert_eq!(
        answer("opens", "08:30").map(|answer| answer.to_string()),
        Ok("08:30:00.000".to_owned())
    );
    assert_eq!(
        answer("opens", "08:30:00.500Z").map(|answer| answer.to_string()),
        Ok("08:30:00.500+00:00".to_owned())
    );
    assert_eq!(answer("agreed", "OK"), Ok(Answer::text("OK")));
}

#[test]
fn a_cell_takes_a_missing_code_in_place_of_the_answer() {
    let form = form();
    let cell = |name: &str, text: &str| parse_cell(&form, id(&form, name), text).map_err(|problem| problem.code);
    assert_eq!(cell("turnover", " refused "), Ok(Answer::Missing(MissingCode::Refused)));
    assert_eq!(
        cell("turnover", "not_applicable"),
        Err(ProblemCode::MissingCodeNotOffered)
    );
    assert_eq!(
        cell("org_name", "refused"),
        Ok(Answer::text("refused")),
        "a text may say so"
    );
    assert_eq!(cell("turnover", "900"), Ok(Answer::number(900.0)));
}

#[test]
fn differences_are_listed_by_question() {
    let form = form();
    let version = |answers: Json| Answers::from_json(&form, &answers).0;
    let before =
        version(json!({"persons": 3, "turnover": {"missing": "refused"}, "products": [{"share": 1}, {"share": 2}]}));
    let after = version(json!({"turnover": 5, "org_name": "乙", "products": [{"share": 1}, {"share": 3}]}));
    let difference = |path: &str, before: Json, after: Json| Difference {
        path: path.to_owned(),
        before,
        after,
    };
    assert_eq!(
        differences(&before, &after),
        [
            difference("/org_name", Json::Null, json!("乙")),
            difference("/turnover", json!({"missing": "refused"}), json!(5)),
            difference("/products[2]/share", json!(2), json!(3)),
            difference("/persons", json!(3), Json::Null),
        ]
    );
    assert_eq!(differences(&after, &after), []);
}

#[test]
fn content_is_the_same_however_it_was_written() {
    let form = form();
    let print = |text: &str| Fingerprint::of_answers(&Answers::from_json_text(&form, text).0);
    let written = print(r#"{"persons": 3, "turnover": 5.0, "city": null}"#);
    assert_eq!(written, print(r#"{"turnover": 5, "persons": 3.0, "org_name": ""}"#));
    assert_ne!(written, print(r#"{"turnover": 5, "persons": 4}"#));
    assert_eq!(Fingerprint::from_hex(&written.to_string()), Some(written));
}
