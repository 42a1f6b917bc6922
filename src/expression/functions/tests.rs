//! The functions, by example, on a document and a clock that never change.

use chrono::{DateTime, FixedOffset};

use crate::expression::{Environment, EvaluationError, Expression, Scope, Tree, XmlTree};

const SURVEY: &str = r#"
<model>
  <data>
    <org_name>Jiayin Steel</org_name><turnover>900</turnover><empty/><code>kept</code>
    <products><label>steel</label><share>60</share><parts><part>a</part></parts><parts><part>b</part></parts></products>
    <products><label>coke</label><share>30</share><parts><part>c</part></parts></products>
    <products><label/><share/></products>
    <point>45.5 130.2 0 0</point>
  </data>
  <instance id="cities"><root>
    <item><name>yichun</name><label>Yichun</label><level>1</level></item>
    <item><name>jiayin</name><label>Jiayin</label><level>2</level></item>
  </root></instance>
</model>"#;

/// A response that was given at 08:30 in Harbin.
struct Interview;

impl Environment for Interview {
    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap()
    }

    fn choice_label(&self, value: &str, question: &str) -> Option<String> {
        Some(format!("label of {value} in {question}"))
    }

    fn pulldata(&self, list: &str, column: &str, key_column: &str, key: &str) -> Option<String> {
        Some([list, column, key_column, key].join("/"))
    }
}

fn evaluate_at(context: &str, source: &str) -> Result<String, EvaluationError> {
    let tree = XmlTree::parse(SURVEY).unwrap();
    let root = Scope::new(&tree, tree.root(), &Interview);
    let context = Expression::parse(context).unwrap();
    let crate::expression::Value::Nodes(nodes) = context.evaluate(&root).unwrap() else {
        panic!("no nodes")
    };
    let mut expression = Expression::parse(source).unwrap();
    expression.bind(|name| tree.slot(name)).unwrap();
    let scope = Scope::new(&tree, nodes[0], &Interview);
    expression
        .evaluate(&scope)
        .map(|value| value.string(&scope).into_owned())
}

/// Each expression has this text, with the organisation's name as the context.
fn expect(cases: &[(&str, &str)]) {
    for (source, text) in cases {
        assert_eq!(evaluate_at("//org_name", source).as_deref(), Ok(*text), "{source}");
    }
}

#[test]
fn text_is_cut_joined_and_searched_by_characters() {
    expect(&[
        ("string-length('创新能力')", "4"),
        ("substring('创新能力', 3)", "能力"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substr('创新能力', 1, -1)", "新能"),
        ("substr('hello', -3)", "llo"),
        ("substr('hello', 3, 1)", ""),
        ("substring-before('a=b=c', '=')", "a"),
        ("substring-after('a=b=c', '=')", "b=c"),
        ("substring-after('abc', 'x')", ""),
        ("translate('１２３', '１２３', '123')", "123"),
        ("translate('a-b-c', '-', '')", "abc"),
        ("normalize-space('  a \n b ')", "a b"),
        ("concat('a', 1, true())", "a1true"),
        ("join('、', //products/label)", "steel、coke、"),
        (
            "starts-with(., 'Jia') and ends-with(., 'Steel') and contains(., 'yin')",
            "true",
        ),
        ("boolean-from-string('1') and not(boolean-from-string('yes'))", "true"),
        ("coalesce(//empty, //turnover)", "900"),
        ("coalesce(//nowhere, '', 'last')", "last"),
    ]);
}

#[test]
fn a_pattern_is_looked_for_and_its_classes_are_of_ascii() {
    expect(&[
        ("regex('a123', '[0-9]{3}')", "true"),
        ("regex('a123', '^[0-9]{3}$')", "false"),
        (r"regex('１２３', '\d')", "false"),
        (r"regex('23-01', '^[\d\-]+$')", "true"),
        ("regex('abc', concat('^', 'a'))", "true"),
    ]);
    assert!(Expression::parse("regex(., '(')").is_err());
}

#[test]
fn numbers_round_as_the_specification_says() {
    expect(&[
        ("round(2.5)", "3"),
        ("round(-2.5)", "-2"),
        ("round(0.49999999999999994)", "0"),
        ("round(1.475, 2)", "1.48"),
        ("round(-1.475, 2)", "-1.48"),
        ("round(1234, -2)", "1200"),
        ("round('x', 1)", "NaN"),
        ("int(-2.7)", "-2"),
        ("floor(-2.1)", "-3"),
        ("ceiling(2.1)", "3"),
        ("pow(2, 10)", "1024"),
        ("log10(1000)", "3"),
        ("exp(0)", "1"),
        ("round(atan2(1, 1) * 4 - pi(), 9)", "0"),
        ("number('1e3')", "1000"),
        ("number('')", "NaN"),
        ("max(3, 12, -1)", "12"),
        ("min(//products[position() < 3]/share)", "30"),
        ("sum(//products/share)", "NaN"),
        ("sum(//products[share != '']/share)", "90"),
        ("sum(//nowhere)", "0"),
        ("max(//nowhere)", "NaN"),
    ]);
}

#[test]
fn dates_are_days_and_compare_as_moments_in_the_time_zone_of_the_response() {
    expect(&[
        ("today()", "2026-03-01"),
        ("now()", "2026-03-01T08:30:00.000+08:00"),
        ("today() - date('2026-02-01')", "28"),
        ("date(today() + 31)", "2026-04-01"),
        ("date('2026-02-30')", "Invalid Date"),
        ("boolean(date('soon'))", "false"),
        ("number(date('soon'))", "NaN"),
        ("date('2026-03-01') < now()", "true"),
        ("'2026-03-01' = '2026-02-28T16:00:00Z'", "true"),
        ("date('2026-3-1') = '2026-03-01'", "true"),
        ("decimal-time('06:00')", "0.25"),
        ("decimal-time('00:00:00Z')", "0.3333333333333333"),
        ("decimal-time(now()) > 0.35", "true"),
        ("decimal-date-time('1970-01-01T08:00:00+08:00')", "0"),
        ("format-date('2026-03-01', '%Y年%n月%e日')", "2026年3月1日"),
        ("format-date-time(now(), '%H:%M:%S.%3 %a %%')", "08:30:00.000 Sun %"),
        ("format-date('', '%Y')", ""),
    ]);
}

#[test]
fn choices_are_names_parted_by_spaces() {
    expect(&[
        ("selected('a b c', ' b ')", "true"),
        ("selected('ab c', 'a')", "false"),
        ("selected('', '')", "true"),
        ("selected-at('a b c', 2)", "c"),
        ("selected-at('a b c', 3)", ""),
        ("count-selected(' a  b ')", "2"),
        ("checklist(2, -1, 1, 0, //turnover)", "true"),
        ("weighted-checklist(5, 9, true(), 4, false(), 9)", "false"),
        ("jr:choice-name(., '/data/city')", "label of Jiayin Steel in /data/city"),
        ("pulldata('firms', 'name', 'code', 7)", "firms/name/code/7"),
    ]);
}

#[test]
fn repeats_are_counted_indexed_and_named() {
    expect(&[
        ("count(//products)", "3"),
        ("count-non-empty(//products/share)", "2"),
        ("indexed-repeat(//share, //products, 2)", "30"),
        ("indexed-repeat(${share}, ${products}, 1)", "60"),
        ("indexed-repeat(${share}, ${products}, 4)", ""),
        ("indexed-repeat(${part}, ${products}, 1, ${parts}, 2)", "b"),
        ("count(${share})", "3"),
        ("position(//products[3])", "3"),
        ("name(//products[1]/*)", "label"),
        ("once('new')", "Jiayin Steel"),
    ]);
    let inside = |source| evaluate_at("//products[2]/label", source).unwrap();
    assert_eq!(inside("${share}"), "30");
    assert_eq!(inside("sum(${share})"), "30");
    assert_eq!(inside("position(..)"), "2");
    assert_eq!(inside("indexed-repeat(${share}, ${products}, position(..) - 1)"), "60");
    assert_eq!(inside("${turnover}"), "900");
    assert_eq!(
        evaluate_at("//parts[2]/part", "indexed-repeat(${part}, ${parts}, 1)").unwrap(),
        "a"
    );
    assert_eq!(
        evaluate_at("//products[2]/parts/part", "indexed-repeat(${part}, ${parts}, 1)").unwrap(),
        "c"
    );
}

#[test]
fn in_a_predicate_the_item_is_the_context_and_a_question_is_seen_from_the_expression() {
    expect(&[
        ("instance('cities')/root/item[level = 2]/label", "Jiayin"),
        (
            "instance('cities')/root/item[starts-with(current(), label)]/name",
            "jiayin",
        ),
        (
            "instance('cities')/root/item[starts-with(${org_name}, label)]/name",
            "jiayin",
        ),
        ("count(instance('nowhere')/root/item)", "0"),
        ("instance('cities')/root/item[last()]/name", "jiayin"),
    ]);
}

#[test]
fn a_seeded_shuffle_gives_the_order_that_phone_and_browser_give() {
    let tree = XmlTree::parse("<d><i>A</i><i>B</i><i>C</i><i>D</i><i>E</i><i>F</i></d>").unwrap();
    let scope = Scope::new(&tree, tree.root(), &Interview);
    for (seed, order) in [(42, "AFCBDE"), (1, "BFEACD"), (11_111_111, "ACDBFE")] {
        let expression = Expression::parse(&format!("join('', randomize(//i, {seed}))")).unwrap();
        assert_eq!(expression.evaluate(&scope).unwrap().string(&scope), order);
    }
}

#[test]
fn places_are_measured_on_the_sphere_of_the_field() {
    expect(&[
        ("distance('0 0', '0 1')", "111318.85"),
        ("distance(//point, //point)", "0"),
        ("distance('91 0', '0 0')", "NaN"),
        ("area('0 0;0 1')", "0"),
        ("round(area('0 0;0 1;1 1;1 0') div 1000000)", "12391"),
        ("geofence('0.5 0.5 0 0', '0 0;0 1;1 1;1 0;0 0')", "true"),
        ("geofence('1.5 0.5', '0 0;0 1;1 1;1 0;0 0')", "false"),
        ("intersects('0 0;1 1;1 0;0 1')", "true"),
        ("intersects('0 0;0 1;1 1;1 0;0 0')", "false"),
        ("intersects('0 0;0 2;0 1')", "true"),
    ]);
}

#[test]
fn codes_are_digested_and_decoded() {
    expect(&[
        (
            "digest('abc', 'SHA-1', 'hex')",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        ("digest('abc', 'MD5')", "kAFQmDzST7DWlj99KOF/cg=="),
        ("base64-decode('5Yib5paw')", "创新"),
        ("base64-decode('*')", ""),
    ]);
}

#[test]
fn what_only_the_device_knows_is_an_error_and_not_a_guess() {
    for source in [
        "random()",
        "uuid()",
        "property('deviceid')",
        "jr:itext('a')",
        "extract-signed('a', 'b')",
    ] {
        let error = evaluate_at("/", source).unwrap_err();
        assert!(
            matches!(error, EvaluationError::Unavailable { .. }),
            "{source}: {error}"
        );
    }
}

#[test]
fn wrong_calls_are_errors_only_where_they_are_reached() {
    expect(&[
        ("false() and misspelt(1)", "false"),
        ("if(true(), 1, substring())", "1"),
        ("coalesce('a', misspelt())", "a"),
    ]);
    let message = |source| evaluate_at("/", source).unwrap_err().to_string();
    assert_eq!(
        message("1 + substring('a')"),
        "substring() takes 2 or 3 arguments, not 1 (column 5)"
    );
    assert_eq!(
        message("count(1)"),
        "count() needs nodes (a path or a question), not a value (column 1)"
    );
    assert_eq!(
        message("digest('a', 'MD4')"),
        "digest(): unknown algorithm 'MD4': one of MD5, SHA-1, SHA-256, SHA-384, SHA-512 (column 1)"
    );
    assert_eq!(
        message("format-date(today(), '%Q')"),
        "format-date(): the format has an unknown part '%Q' (column 1)"
    );
}
