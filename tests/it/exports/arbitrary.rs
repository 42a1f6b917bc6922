//! Any responses, by any kind of export.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value as Json, json};

use super::kobo::Multiple;
use super::*;

/// What people type: quotes, separators of tables and of headers, line breaks, spaces at the ends.
fn words() -> impl Strategy<Value = String> {
    "[甲乙a-f][ a-f甲乙,;\"'/|\t\n:.-]{0,12}".prop_map(|text| text.replace('\t', " "))
}

fn amount() -> impl Strategy<Value = Json> {
    (0_i32..20_000_000).prop_map(|hundredths| json!(f64::from(hundredths) / 100.0))
}

fn or_reason(answer: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop_oneof![4 => answer, 1 => select(vec![json!({"missing": "dont_know"}), json!({"missing": "refused"})])]
}

/// Some of the choices, in the order of the list or in another.
fn sources() -> impl Strategy<Value = Json> {
    let some = subsequence(vec!["own", "bank", "state"], 1..=3);
    (some, any::<bool>()).prop_map(|(mut some, turned)| {
        if turned {
            some.reverse();
        }
        json!(some)
    })
}

fn place() -> impl Strategy<Value = Json> {
    (40_000_i32..53_000, 121_000_i32..135_000, 0_i32..2_000, 0_i32..90).prop_map(|(north, east, height, exact)| {
        let thousandths = |number: i32| f64::from(number) / 1_000.0;
        json!(format!("{} {} {height} {exact}", thousandths(north), thousandths(east)))
    })
}

/// An object of what was answered.
fn object(answers: Vec<(&str, Option<Json>)>) -> Json {
    let answered = answers
        .into_iter()
        .filter_map(|(name, answer)| Some((name.to_owned(), answer?)));
    Json::Object(answered.collect::<Map<_, _>>())
}

fn product() -> impl Strategy<Value = Json> {
    let share = (0..=100).prop_map(|share| json!(share));
    (words(), option::of(share), option::of(sources()), vec(words(), 0..3)).prop_map(|(name, share, paid, parts)| {
        let sold = object(vec![("share", share), ("paid", paid)]);
        let parts: Vec<Json> = parts.into_iter().map(|piece| json!({"piece": piece})).collect();
        let (sold, parts) = (
            Some(sold).filter(|sold| sold != &json!({})),
            Some(json!(parts)).filter(|parts| parts != &json!([])),
        );
        object(vec![("name", Some(json!(name))), ("sold", sold), ("part", parts)])
    })
}

fn answers() -> impl Strategy<Value = Json> {
    let firm = (
        words(),
        select(vec!["230400", "230500"]),
        option::of(place()),
        option::of(or_reason((0_i32..5_000).prop_map(|staff| json!(staff)))),
        option::of(or_reason(amount())),
    );
    let research = prop_oneof![
        Just((None, None)),
        Just((Some(json!("0")), None)),
        Just((Some(json!({"missing": "refused"})), None)),
        amount().prop_map(|rd| (Some(json!("1")), Some(rd))),
    ];
    let money = prop_oneof![3 => sources(), 1 => Just(json!({"missing": "refused"}))];
    (
        firm,
        research,
        option::of(money),
        option::of(Just(json!("OK"))),
        vec(product(), 0..3),
    )
        .prop_map(
            |((org, city, place, staff, turnover), (has_rd, rd), money, agreed, products)| {
                let size = object(vec![("staff", staff), ("turnover", turnover)]);
                let size = Some(size).filter(|size| size != &json!({}));
                let firm = object(vec![
                    ("org", Some(json!(org))),
                    ("city", Some(json!(city))),
                    ("place", place),
                    ("size", size),
                ]);
                let twice = rd.as_ref().and_then(Json::as_f64).map(|rd| json!(rd * 2.0));
                let products = Some(json!(products)).filter(|products| products != &json!([]));
                object(vec![
                    ("firm", Some(firm)),
                    ("has_rd", has_rd),
                    ("rd", rd),
                    ("twice", twice),
                    ("money", money),
                    ("agreed", agreed),
                    ("product", products),
                ])
            },
        )
}

/// The same answers with all choices in the order of the list, which is all that a column per choice can say.
fn in_the_order_of_the_list(json: &Json) -> Json {
    match json {
        Json::Array(choices) if choices.iter().all(Json::is_string) => {
            let list = ["own", "bank", "state"].map(|name| json!(name));
            Json::Array(list.into_iter().filter(|name| choices.contains(name)).collect())
        }
        Json::Array(entries) => Json::Array(entries.iter().map(in_the_order_of_the_list).collect()),
        Json::Object(answers) => {
            let answers = answers
                .iter()
                .map(|(name, answer)| (name.clone(), in_the_order_of_the_list(answer)));
            Json::Object(answers.collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_responses_arrive_by_any_kind_of_export(all in vec(answers(), 1..4), kind in any::<Index>()) {
        let form = form();
        let mut sent: Vec<Exported> = [FIRST, SECOND, THIRD]
            .into_iter()
            .zip(all)
            .map(|(uuid, answers)| Exported::new(uuid, answers))
            .collect();
        let kobo = kobo::all();
        let kind = kind.index(central::ALL.len() + kobo.len());
        let folder = Folder::new();
        if let Some(options) = central::ALL.get(kind) {
            let path = central::write(&folder, &form, &sent, *options);
            assert_all_arrived(&form, &path, &sent, options.zip, &format!("{options:?}"));
        } else {
            let options = kobo[kind - central::ALL.len()];
            let path = kobo::write(&folder, &form, &sent, options);
            if options.multiple == Multiple::Details {
                for one in &mut sent {
                    one.answers = in_the_order_of_the_list(&one.answers);
                }
            }
            assert_all_arrived(&form, &path, &sent, options.xlsx, &format!("{options:?}"));
        }
    }
}
