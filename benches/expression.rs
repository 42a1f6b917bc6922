//! How long expressions take: parsing, and evaluating on typed answers.
//!
//! `cargo bench --bench expression`

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset};
use divan::{Bencher, black_box};
use innogauge::expression::{
    Environment, Expression, Name, NodeKind, NodeSet, Purpose, Scope, Surroundings, Tree, XmlTree, format_number,
};

fn main() {
    divan::main();
}

/// Flat typed answers: node 0 is the document, node 1 `data`, and the questions follow.
struct Answers {
    names: Vec<&'static str>,
    values: Vec<f64>,
    texts: Vec<&'static str>,
}

impl Answers {
    fn new() -> Self {
        Self {
            names: vec!["", "data", "turnover", "rd_inhouse", "staff", "has_rd", "products"],
            values: vec![f64::NAN, f64::NAN, 9000.0, 450.0, 120.0, 1.0, f64::NAN],
            texts: vec!["", "", "9000", "450", "120", "1", "steel coke power"],
        }
    }

    fn bound(&self, source: &str) -> Expression {
        let mut expression = Expression::parse(source).unwrap();
        let slot = |name: &str| {
            self.names
                .iter()
                .position(|it| *it == name)
                .and_then(|at| u32::try_from(at).ok())
        };
        expression.bind(slot).unwrap();
        expression
    }
}

impl Tree for Answers {
    type Node = u32;

    fn root(&self) -> u32 {
        0
    }

    fn parent(&self, node: u32) -> Option<u32> {
        match node {
            0 => None,
            1 => Some(0),
            _ => Some(1),
        }
    }

    fn children(&self, node: u32, found: &mut NodeSet<u32>) {
        match node {
            0 => found.push(1),
            1 => found.extend(2..u32::try_from(self.names.len()).unwrap()),
            _ => {}
        }
    }

    fn kind(&self, node: u32) -> NodeKind {
        if node == 0 { NodeKind::Root } else { NodeKind::Element }
    }

    fn name(&self, node: u32) -> Name<'_> {
        Name::plain(self.names.get(node as usize).copied().unwrap_or_default())
    }

    fn string_value(&self, node: u32) -> Cow<'_, str> {
        Cow::Borrowed(self.texts.get(node as usize).copied().unwrap_or_default())
    }

    fn number_value(&self, node: u32) -> Option<f64> {
        self.values.get(node as usize).copied().filter(|value| !value.is_nan())
    }

    fn order(&self, left: u32, right: u32) -> Ordering {
        left.cmp(&right)
    }

    fn reference(&self, _context: u32, slot: u32, found: &mut NodeSet<u32>) {
        found.push(slot);
    }
}

/// A response that was given at a fixed time.
struct Interview(DateTime<FixedOffset>);

impl Environment for Interview {
    fn now(&self) -> DateTime<FixedOffset> {
        self.0
    }
}

const RULES: [&str; 8] = [
    ". >= 0 and . <= ${turnover}",
    "${turnover} = '' or . <= ${turnover}",
    "${has_rd} = 1",
    "round(100 * ${rd_inhouse} div ${turnover}, 2)",
    "if(${staff} > 300, 'large', if(${staff} > 20, 'medium', 'small'))",
    "selected(${products}, 'coke') and count-selected(${products}) <= 3",
    "regex(${staff}, '^[0-9]{1,6}$')",
    "format-date(today(), '%Y-%m-%d')",
];

#[divan::bench(args = RULES)]
fn evaluate_on_answers(bencher: Bencher<'_, '_>, source: &str) {
    let answers = Answers::new();
    let expression = answers.bound(source);
    let interview = Interview(DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap());
    let scope = Scope::new(&answers, 3, &interview);
    bencher.bench_local(|| expression.evaluate(black_box(&scope)).map(|value| value.boolean()));
}

#[divan::bench(args = RULES)]
fn parse(source: &str) -> Expression {
    Expression::parse(black_box(source)).unwrap()
}

#[divan::bench(args = RULES)]
fn check(bencher: Bencher<'_, '_>, source: &str) {
    let expression = Expression::parse(source).unwrap();
    bencher.bench_local(|| expression.check(&Surroundings::unknown(Purpose::Constraint)));
}

/// A choice filter on a list of 1,000 items in XML.
#[divan::bench]
fn filter_a_thousand_choices(bencher: Bencher<'_, '_>) {
    let items: Vec<String> = (0..1000)
        .map(|it| format!("<item><name>{it}</name><city>{}</city></item>", it % 10))
        .collect();
    let items = items.concat();
    let xml = format!("<m><data/><instance id='list'><root>{items}</root></instance></m>");
    let tree = XmlTree::parse(&xml).unwrap();
    let interview = Interview(DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap());
    let expression = Expression::parse("count(instance('list')/root/item[city = '7'])").unwrap();
    let scope = Scope::new(&tree, tree.root(), &interview);
    bencher.bench_local(|| expression.evaluate(black_box(&scope)).map(|value| value.boolean()));
}

#[divan::bench(args = [0.1 + 0.2, 3.33e-6, 123_456.0])]
fn write_a_number(number: f64) -> String {
    format_number(black_box(number))
}
