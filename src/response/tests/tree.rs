//! Answers as expressions see them.

use super::*;
use crate::expression::{Expression, Scope, Tree as _};
use crate::response::{Node, ReviewState};

fn evaluate(answers: &Answers, node: Node, source: &str) -> String {
    let mut expression = Expression::parse(source).unwrap();
    let form = answers.form();
    expression.bind(|name| form.slot(name)).unwrap();
    let scope = Scope::new(answers, node, &World);
    expression.evaluate(&scope).unwrap().string(&scope).into_owned()
}

fn shop() -> Processed {
    json_door(json!({
        "section": "B", "turnover": 200, "persons": 4, "product_count": 2,
        "research": {"has_rd": "0", "details": {"rd": 5}, "partners": ["firm", "university"]},
        "products": [
            {"product": "coal", "share": 25, "markets": [{"country": "RU", "exports": 1}, {"country": "JP", "exports": 2}]},
            {"product": "oil", "share": 75, "markets": [{"country": "KR", "exports": 4}]},
        ],
    }))
}

#[test]
fn paths_and_references_read_the_instance() {
    let answers = shop().answers;
    for (source, expected) in [
        ("/data/persons + 1", "5"),
        ("${persons} * ${turnover}", "800"),
        ("sum(/data/products/share)", "100"),
        ("sum(${share})", "100"),
        ("sum(${exports})", "7"),
        ("count(/data/products/markets)", "3"),
        ("count(${products})", "2"),
        ("/data/products[2]/product", "oil"),
        ("/data/products[share > 50]/product", "oil"),
        ("/data/products[product = 'coal']/markets[last()]/country", "JP"),
        ("indexed-repeat(/data/products/product, /data/products, 2)", "oil"),
        ("${rd} = ''", "true"),
        ("count(/data/research/details/rd)", "1"),
        ("count(//exports)", "3"),
        ("selected(${partners}, 'firm')", "true"),
        ("count-selected(${partners})", "2"),
        ("name(/*)", "data"),
        ("name(/data/products[1]/..)", "data"),
        (
            "count(/data/products[1]/preceding-sibling::*[name() = 'product_count'])",
            "1",
        ),
        ("string(/data/products[1]/markets)", "RU1"),
        ("instance('division')/root/item[name = '06']/section", "B"),
        ("count(instance('division')/root/item[section = ${section}])", "2"),
        ("instance('city')/root/item[name = ${city}]/label", "伊春市"),
        ("${turnover_missing} = ''", "true"),
    ] {
        assert_eq!(evaluate(&answers, Node::Root, source), expected, "{source}");
    }
}

#[test]
fn within_a_repeat_a_reference_is_the_own_instance() {
    let answers = shop().answers;
    let form = answers.form();
    let [first, second] = answers.instances_of(id(form, "share"))[..] else {
        panic!("two products")
    };
    let share = |instance| Node::Element(instance, id(form, "share"));
    assert_eq!(evaluate(&answers, share(first), "sum(${share})"), "25");
    assert_eq!(evaluate(&answers, share(second), "sum(${share})"), "75");
    assert_eq!(evaluate(&answers, share(second), "${product}"), "oil");
    assert_eq!(
        evaluate(&answers, share(first), "sum(${exports})"),
        "3",
        "inner repeats of the own instance"
    );
    assert_eq!(evaluate(&answers, share(second), "position(..)"), "2");
    assert_eq!(evaluate(&answers, share(second), ". * ${turnover} div 100"), "150");
    assert_eq!(evaluate(&answers, share(second), "../product"), "oil");
    let [.., korea] = answers.instances_of(id(form, "exports"))[..] else {
        panic!("three markets")
    };
    let exports = Node::Element(korea, id(form, "exports"));
    assert_eq!(evaluate(&answers, exports, "${share}"), "75", "outer repeats, too");
    assert_eq!(
        answers.path(korea, id(form, "exports")),
        "/products[2]/markets[1]/exports"
    );
}

#[test]
fn nodes_are_in_document_order() {
    let answers = shop().answers;
    let mut all = crate::expression::NodeSet::new();
    let mut visit = vec![answers.root()];
    while let Some(node) = visit.pop() {
        all.push(node);
        let mut children = crate::expression::NodeSet::new();
        answers.children(node, &mut children);
        for child in &children {
            assert_eq!(answers.parent(*child), Some(node));
        }
        visit.extend(children.into_iter().rev());
    }
    for (position, left) in all.iter().enumerate() {
        for (other, right) in all.iter().enumerate() {
            assert_eq!(answers.order(*left, *right), position.cmp(&other), "{left:?} {right:?}");
        }
    }
}

#[test]
fn the_default_states_of_an_assessment_are_those_without_open_questions() {
    let counted: Vec<&str> = ReviewState::ALL
        .into_iter()
        .filter(|state| state.counts_by_default())
        .map(ReviewState::name)
        .collect();
    assert_eq!(counted, ["received", "edited", "approved"]);
}
