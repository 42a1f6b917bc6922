//! The language as a whole: what parses, what does not, and what no text can do to the parser.

use proptest::prelude::*;

use super::*;

fn fault(source: &str) -> (usize, String) {
    let error = Expression::parse(source).unwrap_err();
    (error.offset, error.message)
}

fn text_of(xml: &str, source: &str) -> String {
    let tree = XmlTree::parse(xml).unwrap();
    let scope = Scope::new(&tree, tree.root(), &WallClock);
    Expression::parse(source)
        .unwrap()
        .evaluate(&scope)
        .unwrap()
        .string(&scope)
        .into_owned()
}

#[test]
fn a_mistake_in_the_text_is_named_at_its_place() {
    assert_eq!(fault("1 + (2 * 3"), (4, "this parenthesis is never closed".into()));
    assert_eq!(fault("'open"), (0, "this text is never closed".into()));
    assert_eq!(fault("1 2"), (2, "an operator is missing before this".into()));
    assert_eq!(fault("${a} == 1"), (6, "a value is missing before this".into()));
    assert_eq!(fault("1 = 1)"), (5, "this parenthesis closes none".into()));
    assert_eq!(fault("${a"), (0, "this '${' is never closed".into()));
    assert_eq!(fault("$a"), (0, "'$' without braces".into()));
    assert_eq!(fault("a && b"), (2, "'&' is not an operator".into()));
    assert_eq!(fault("“是”"), (0, "this quotation mark is typographic".into()));
    assert_eq!(fault(""), (0, "the expression ends too early".into()));
    assert_eq!(fault("${a} AND ${b}"), (5, "unexpected 'AND'".into()));
    assert_eq!(
        fault("/data/sum(a)"),
        (6, "a function cannot stand within a path".into())
    );
}

#[test]
fn every_reference_is_listed_with_its_place() {
    let expression = Expression::parse("${ a } + jr:choice-name(${b}, '${c}') > ${last-saved#d}").unwrap();
    let found: Vec<(&str, usize)> = expression
        .references()
        .iter()
        .map(|it| (it.name.as_str(), it.offset))
        .collect();
    assert_eq!(found, [("a", 0), ("b", 24), ("c", 31), ("last-saved#d", 40)]);
}

#[test]
fn a_clone_keeps_its_own_binding() {
    let mut one = Expression::parse("${a}").unwrap();
    let other = one.clone();
    one.bind(|_| Some(3)).unwrap();
    assert_eq!(one.references()[0].slot, Some(3));
    assert_eq!(other.references()[0].slot, None);
}

#[test]
fn nesting_beyond_the_limit_is_an_error_and_not_an_overflow() {
    for (open, close) in [("(", ")"), ("not(", ")"), ("a[", "]"), ("-(", ")")] {
        let nest = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let deepest = Expression::parse(&nest(99)).unwrap();
        let tree = XmlTree::parse("<a/>").unwrap();
        let _value = deepest.evaluate(&Scope::new(&tree, tree.root(), &WallClock));
        let _findings = deepest.check(&Surroundings::unknown(Purpose::Constraint));
        assert!(fault(&nest(100)).1.contains("nests deeper than 100 levels"));
        assert!(fault(&nest(10_000)).1.contains("nests deeper"));
    }
    let long = format!("0{}", " + 1".repeat(10_000));
    assert_eq!(text_of("<a/>", &long), "10000");
    assert_eq!(text_of("<a/>", &format!("{}1", "-".repeat(50_000))), "1");
}

#[test]
fn names_without_prefix_match_whatever_the_default_namespace_of_the_instance() {
    let instance = r#"<data xmlns="http://opendatakit.org/forms" xmlns:orx="http://openrosa.org/xforms"><a>1</a><orx:meta>2</orx:meta></data>"#;
    assert_eq!(text_of(instance, "/data/a"), "1");
    assert_eq!(text_of(instance, "/data/orx:meta"), "2");
    assert_eq!(text_of(instance, "count(/data/meta)"), "0");
}

#[test]
fn paths_of_nodes_lead_back_to_them() {
    let tree = XmlTree::parse("<d><r x='1'>a</r><!-- c --><r>b</r></d>").unwrap();
    let scope = Scope::new(&tree, tree.root(), &WallClock);
    let all = Expression::parse("//node() | //@*").unwrap();
    let Value::Nodes(nodes) = all.evaluate(&scope).unwrap() else {
        panic!("no nodes")
    };
    let paths: Vec<String> = nodes.iter().map(|node| tree.path(*node)).collect();
    assert_eq!(
        paths,
        [
            "/d",
            "/d/r[1]",
            "/d/r[1]/@x",
            "/d/r[1]/text()",
            "/d/comment()",
            "/d/r[2]",
            "/d/r[2]/text()"
        ]
    );
    for (path, node) in paths.iter().zip(nodes) {
        let expression = Expression::parse(path).unwrap();
        assert_eq!(
            expression.evaluate(&scope).unwrap(),
            Value::Nodes([node].into_iter().collect())
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(source in "\\PC{0,60}") {
        let _parsed = Expression::parse(&source);
    }

    #[test]
    fn no_mixture_of_the_language_panics_in_parsing_checking_or_evaluating(
        parts in prop::collection::vec(prop::sample::select(PARTS), 0..14)
    ) {
        let source = parts.concat();
        let tree = XmlTree::parse("<data><a>1</a><a>x</a><b>2026-03-01</b></data>").unwrap();
        if let Ok(mut expression) = Expression::parse(&source) {
            let _unbound = expression.bind(|name| tree.slot(name));
            let _findings = expression.check(&Surroundings::unknown(Purpose::Constraint));
            let _kind = (expression.kind(), expression.is_reproducible());
            let _value = expression.evaluate(&Scope::new(&tree, tree.root(), &WallClock));
        }
    }

    #[test]
    fn a_number_reads_back_from_its_text(number in any::<f64>().prop_filter("finite", |it| it.is_finite())) {
        prop_assert_eq!(parse_number(&format_number(number)), Some(if number == 0.0 { 0.0 } else { number }));
        prop_assert!(!format_number(number).contains(['e', 'E']));
    }

    #[test]
    fn a_union_is_in_document_order_without_duplicates(
        picks in prop::collection::vec(prop::sample::select(vec!["//a", "//b", "/data", "//a[2]", "//b/..", "//text()"]), 1..5)
    ) {
        let tree = XmlTree::parse("<data><a>1</a><b>2</b><a><b>3</b></a></data>").unwrap();
        let expression = Expression::parse(&picks.join(" | ")).unwrap();
        let Value::Nodes(nodes) = expression.evaluate(&Scope::new(&tree, tree.root(), &WallClock)).unwrap() else {
            panic!("no nodes")
        };
        prop_assert!(nodes.windows(2).all(|pair| tree.order(pair[0], pair[1]).is_lt()));
    }
}

const PARTS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "/",
    "//",
    ".",
    "..",
    "@",
    ",",
    "*",
    "|",
    "+",
    "-",
    "=",
    "!=",
    "<",
    " and ",
    " or ",
    " div ",
    " mod ",
    "a",
    "b",
    "data",
    "${a}",
    "${nowhere}",
    "'x'",
    "'2026-03-01'",
    "1",
    "0.5",
    "position()",
    "last()",
    "sum(",
    "substr(",
    "format-date(",
    "if(",
    "count(//a)",
    "round(",
    "indexed-repeat(",
    "randomize(",
    "ancestor::",
    "preceding::node()",
    "weighted-checklist(",
    "date(",
    "regex(",
    "distance(",
    "concat(",
    "coalesce(",
    "id(",
    "position(",
];
