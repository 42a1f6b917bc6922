//! Calculations that were sent are compared, not used; what can't be reproduced is kept; what changes is recomputed.

use super::*;
use crate::response::{Limits, Recalculated, Value, recalculate, recalculate_from};

fn research(rd: f64, intensity: Json) -> Json {
    json!({"turnover": 900, "research": {"has_rd": "1", "details": {"rd": rd, "intensity": intensity}}})
}

#[test]
fn a_calculation_that_was_sent_is_compared_by_value_and_ours_is_used() {
    for same in [
        json!(0.3),
        json!(0.300_000_000_1),
        json!("0.3"),
        json!("3E-1"),
        Json::Null,
    ] {
        let processed = json_door(research(270.0, same.clone()));
        assert_eq!(brief(&processed.problems), [""; 0], "{same}");
        assert_eq!(value(&processed, "intensity"), Answer::number(0.3));
    }
    for other in [json!(0.31), json!("much"), json!(true)] {
        let processed = json_door(research(270.0, other.clone()));
        assert_eq!(processed.problems.len(), 1, "{other}");
        assert_eq!(processed.problems[0].code, ProblemCode::CalculationDiffers);
        assert_eq!(value(&processed, "intensity"), Answer::number(0.3), "ours is used");
        let form = processed.answers.form();
        assert!(
            processed
                .answers
                .received(InstanceId::ROOT, id(form, "intensity"))
                .is_answered(),
            "theirs is kept"
        );
    }
}

#[test]
fn one_is_true_and_zero_is_false_when_booleans_are_compared() {
    let form = form_of(
        "{survey: s, version: '1', title: S, questions: [
          {type: integer, name: a, label: A},
          {type: calculate, name: big, calculation: '${a} > 5', data_type: boolean}]}",
    );
    for (sent, problems) in [
        (json!(1), 0),
        (json!("1"), 0),
        (json!("true"), 0),
        (json!(true), 0),
        (json!(0), 1),
        (json!("false"), 1),
    ] {
        assert_eq!(
            send(&form, Door::OpenRosa, &json!({"a": 6, "big": sent}))
                .problems
                .len(),
            problems,
            "{sent}"
        );
    }
}

#[test]
fn what_cannot_be_reproduced_is_kept_from_form_clients_with_all_that_is_calculated_from_it() {
    let sent = with(json!({"lottery": 0.75, "doubled": 7}));
    let processed = send(&form(), Door::OpenRosa, &sent);
    assert_eq!(brief(processed.findings()), [""; 0]);
    assert_eq!(value(&processed, "lottery").as_number(), Some(0.75));
    assert_eq!(value(&processed, "doubled").as_number(), Some(7.0));
    let nothing_sent = send(&form(), Door::OpenRosa, &with(json!({})));
    assert_eq!(value(&nothing_sent, "lottery"), Answer::Unanswered);
    let by_program = json_door(json!({}));
    assert_eq!(
        value(&by_program, "doubled").as_number(),
        Some(0.5),
        "at other doors there is nothing to keep"
    );
}

#[test]
fn calculations_keep_their_type() {
    let form = form_of(
        "{survey: s, version: '1', title: S, questions: [
          {type: decimal, name: a, label: A},
          {type: calculate, name: plain, calculation: '${a} div 4'},
          {type: calculate, name: words, calculation: \"concat('n', ${a})\"},
          {type: calculate, name: whole, data_type: int, calculation: '${a} div 4'},
          {type: calculate, name: day, data_type: date, calculation: \"date('2026-03-01')\"},
          {type: calculate, name: none, calculation: \"number('x')\"},
          {type: calculate, name: endless, calculation: '1 div 0'}]}",
    );
    let processed = send(&form, Door::Json, &json!({"a": 10}));
    assert_eq!(
        processed.answers.to_json(),
        json!({"a": 10, "plain": 2.5, "words": "n10", "whole": 2, "day": "2026-03-01", "none": null, "endless": null})
    );
    assert_eq!(brief(&processed.problems), ["304 /endless"]);
}

#[test]
fn an_answer_that_changes_recomputes_only_what_depends_on_it() {
    let form = form();
    let (mut answers, _) = Answers::from_json(&form, &with(research(270.0, Json::Null)));
    let all = recalculate(&mut answers, Door::Json, &World);
    answers.set(
        InstanceId::ROOT,
        id(&form, "persons"),
        Answer::Answered(Value::Integer(3)),
    );
    let none = recalculate_from(&mut answers, &[id(&form, "persons")], Door::Json, &World);
    assert_eq!(
        (none.evaluated, none.changed.len()),
        (0, 0),
        "nothing reads the number of persons"
    );

    answers.set(InstanceId::ROOT, id(&form, "rd"), Answer::number(90.0));
    let one = recalculate_from(&mut answers, &[id(&form, "rd")], Door::Json, &World);
    assert_eq!(one.changed, [id(&form, "intensity")]);
    assert!(one.evaluated < all.evaluated, "{} of {}", one.evaluated, all.evaluated);
    assert_eq!(answers.get(id(&form, "intensity")).as_number(), Some(0.1));

    answers.set(InstanceId::ROOT, id(&form, "has_rd"), Answer::choice("0"));
    let group: Recalculated = recalculate_from(&mut answers, &[id(&form, "has_rd")], Door::Json, &World);
    assert!(
        group.changed.contains(&id(&form, "rd")),
        "relevance reaches through groups"
    );
    assert_eq!(answers.get(id(&form, "rd")), &Answer::NotAsked);
    answers.set(InstanceId::ROOT, id(&form, "has_rd"), Answer::choice("1"));
    recalculate_from(&mut answers, &[id(&form, "has_rd")], Door::Json, &World);
    assert_eq!(
        answers.get(id(&form, "rd")).as_number(),
        Some(90.0),
        "what was answered comes back"
    );
}

#[test]
fn an_instance_that_is_added_counts() {
    let form = form();
    let (mut answers, _) = Answers::from_json(&form, &with(json!({"products": [{"share": 30}]})));
    recalculate(&mut answers, Door::Json, &World);
    let products = id(&form, "products");
    let second = answers
        .add_instance(InstanceId::ROOT, products, Limits::default())
        .unwrap();
    answers.set(second, id(&form, "share"), Answer::number(12.0));
    recalculate_from(&mut answers, &[products, id(&form, "share")], Door::Json, &World);
    assert_eq!(answers.get(id(&form, "total_share")).as_number(), Some(42.0));
    assert_eq!(answers.in_instance(second, id(&form, "sales")).as_number(), Some(108.0));
}

#[test]
fn a_sum_waits_for_what_only_its_predicate_names() {
    let form = form_of(
        "{survey: s, version: '1', title: S, languages: [en], questions: [
           {type: calculate, name: total, data_type: decimal, calculation: 'sum(/data/p[doubled > 2]/share)'},
           {type: repeat, name: p, label: {en: P}, questions: [
             {type: decimal, name: share, label: {en: Share}},
             {type: calculate, name: doubled, data_type: decimal, calculation: '2 * ${share}'}]}]}",
    );
    let processed = send(
        &form,
        Door::Json,
        &json!({"p": [{"share": 1}, {"share": 2}, {"share": 4}]}),
    );
    assert_eq!(value(&processed, "total"), Answer::number(6.0));
}
