//! What holds for all answers, on generated ones.

use proptest::prelude::*;

use super::*;
use crate::response::{Fingerprint, Limits, Value, recalculate, recalculate_from};

fn market() -> impl Strategy<Value = Json> {
    (
        proptest::sample::select(vec!["CN", "RU", ""]),
        proptest::option::of(0..50_i32),
    )
        .prop_map(|(country, exports)| json!({"country": country, "exports": exports}))
}

fn product() -> impl Strategy<Value = Json> {
    (
        proptest::option::of(0..100_i32),
        proptest::collection::vec(market(), 0..3),
    )
        .prop_map(|(share, markets)| json!({"product": "p", "share": share, "markets": markets}))
}

fn response() -> impl Strategy<Value = Json> {
    (
        proptest::option::of(0..1_000_i32),
        proptest::option::of(proptest::sample::select(vec!["0", "1", "refused"])),
        proptest::option::of(-5..500_i32),
        proptest::collection::vec(product(), 0..4),
    )
        .prop_map(|(turnover, has_rd, rd, products)| {
            json!({
                "turnover": turnover, "product_count": products.len(), "products": products,
                "research": {"has_rd": has_rd, "details": {"rd": rd}},
            })
        })
}

#[derive(Debug, Clone)]
enum Change {
    Turnover(Option<i32>),
    HasRd(Option<&'static str>),
    Rd(i32),
    Share(usize, i32),
    Country(usize, &'static str),
    Exports(usize, i32),
    AddProduct,
    AddMarket(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        proptest::option::of(0..1_000_i32).prop_map(Change::Turnover),
        proptest::option::of(proptest::sample::select(vec!["0", "1"])).prop_map(Change::HasRd),
        (0..500_i32).prop_map(Change::Rd),
        (0..4_usize, 0..100_i32).prop_map(|(which, share)| Change::Share(which, share)),
        (0..6_usize, proptest::sample::select(vec!["CN", "RU"]))
            .prop_map(|(which, country)| Change::Country(which, country)),
        (0..6_usize, 0..50_i32).prop_map(|(which, exports)| Change::Exports(which, exports)),
        Just(Change::AddProduct),
        (0..4_usize).prop_map(Change::AddMarket),
    ]
}

/// Applies a change and says which element it is at.
fn apply(answers: &mut Answers, change: &Change) -> Option<ElementId> {
    let form = Arc::clone(answers.form());
    let number = |number: i32| Answer::number(f64::from(number));
    let (name, which, answer) = match change {
        Change::Turnover(turnover) => ("turnover", 0, turnover.map_or(Answer::Unanswered, number)),
        Change::HasRd(has_rd) => ("has_rd", 0, has_rd.map_or(Answer::Unanswered, Answer::choice)),
        Change::Rd(rd) => ("rd", 0, number(*rd)),
        Change::Share(which, share) => ("share", *which, number(*share)),
        Change::Country(which, country) => ("country", *which, Answer::text(*country)),
        Change::Exports(which, exports) => ("exports", *which, number(*exports)),
        Change::AddProduct => {
            answers.add_instance(InstanceId::ROOT, id(&form, "products"), Limits::default())?;
            return Some(id(&form, "products"));
        }
        Change::AddMarket(which) => {
            let within = *answers.instances_of(id(&form, "share")).get(*which)?;
            answers.add_instance(within, id(&form, "markets"), Limits::default())?;
            return Some(id(&form, "markets"));
        }
    };
    let question = id(&form, name);
    let instance = *answers.instances_of(question).get(which)?;
    answers.set(instance, question, answer);
    Some(question)
}

proptest! {
    #[test]
    fn recomputing_what_depends_on_a_change_gives_what_recomputing_everything_gives(
        response in response(),
        changes in proptest::collection::vec(change(), 1..8),
    ) {
        let form = form();
        let (mut answers, _) = Answers::from_json(&form, &response);
        recalculate(&mut answers, Door::Json, &World);
        for change in &changes {
            if let Some(changed) = apply(&mut answers, change) {
                recalculate_from(&mut answers, &[changed], Door::Json, &World);
            }
            let mut anew = answers.clone();
            recalculate(&mut anew, Door::Json, &World);
            prop_assert_eq!(answers.to_json(), anew.to_json(), "after {:?}", change);
        }
    }

    #[test]
    fn what_is_written_is_read_back(response in response()) {
        let form = form();
        let (answers, problems) = Answers::from_json(&form, &response);
        prop_assert!(problems.is_empty(), "{:?}", problems);
        let (again, problems) = Answers::from_json(&form, &answers.received_json());
        prop_assert!(problems.is_empty());
        prop_assert_eq!(Fingerprint::of_answers(&again), Fingerprint::of_answers(&answers));

        let settled = send(&form, Door::Json, &response).answers;
        let (back, _) = Answers::from_settled_json(&form, &settled.to_json());
        prop_assert_eq!(back.to_json(), settled.to_json());
    }

    #[test]
    fn whatever_is_sent_there_is_an_answer_and_no_panic(text in "\\PC*", number in proptest::num::f64::ANY, key in "[a-z_]{0,12}") {
        let form = form();
        let names: Vec<String> = form.questions().map(|(element, _)| form.path(element.id).to_owned()).collect();
        for value in [json!(text), json!(number), json!([text]), json!({"missing": text}), json!({ key.clone(): number }), json!([[text]])] {
            for path in names.iter().skip(text.len() % 5).step_by(5) {
                let nested = path.split('/').skip(1).collect::<Vec<_>>().into_iter().rev().fold(value.clone(), |inner, name| {
                    if name == "products" || name == "markets" { json!({ name: [inner] }) } else { json!({ name: inner }) }
                });
                let processed = send(&form, Door::OpenRosa, &nested);
                for finding in processed.findings() {
                    prop_assert!(!finding.message("zh").is_empty());
                }
            }
            send(&form, Door::Json, &json!({ key.clone(): value }));
        }
    }

    #[test]
    fn any_number_that_a_survey_can_hold_is_read_as_it_was_written(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
        let form = form();
        let written = Value::Decimal(number).to_json();
        let (answers, problems) = Answers::from_json(&form, &json!({"turnover": written}));
        prop_assert!(problems.is_empty());
        prop_assert_eq!(answers.get(id(&form, "turnover")).as_number(), Some(number + 0.0));
    }
}
