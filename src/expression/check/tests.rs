//! What is reported, and what is left in peace.

use super::{Facts, Finding, FindingKind, Purpose, Surroundings, ValueKind};
use crate::expression::{Expression, Reference};

const PLAIN: Facts = Facts {
    repeated: false,
    may_be_empty: true,
    missing_codes: false,
    kind: ValueKind::Number,
};

/// A survey with a question of every sort that matters here.
fn survey(reference: &Reference) -> Option<Facts> {
    Some(match reference.name.as_str() {
        "turnover" => PLAIN,
        "staff" => Facts {
            may_be_empty: false,
            ..PLAIN
        },
        "share" => Facts {
            repeated: true,
            ..PLAIN
        },
        "founded" => Facts {
            kind: ValueKind::Date,
            ..PLAIN
        },
        "note" => Facts {
            kind: ValueKind::Text,
            ..PLAIN
        },
        "is_large" => Facts {
            kind: ValueKind::Boolean,
            ..PLAIN
        },
        "has_rd" => Facts {
            kind: ValueKind::Choices,
            missing_codes: true,
            ..PLAIN
        },
        _ => return None,
    })
}

fn findings(purpose: Purpose, source: &str) -> Vec<Finding> {
    let own = Some(PLAIN);
    Expression::parse(source).unwrap().check(&Surroundings {
        purpose,
        own,
        facts: &survey,
        choices: &|reference| {
            (reference.name == "region").then(|| ["north", "south", "01"].map(ToOwned::to_owned).to_vec())
        },
    })
}

fn messages(purpose: Purpose, source: &str) -> Vec<String> {
    findings(purpose, source)
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

#[test]
fn misspelt_functions_come_with_a_suggestion() {
    for (wrong, right) in [
        ("summ(/a)", "sum"),
        ("count_selected(.)", "count-selected"),
        ("Today()", "today"),
        ("choice-name(1, 2)", "jr:choice-name"),
        ("frobnicate()", ""),
    ] {
        let found = findings(Purpose::Calculation, wrong);
        let help = (!right.is_empty()).then(|| format!("did you mean '{right}'?"));
        assert_eq!((found[0].kind, &found[0].help), (FindingKind::Error, &help), "{wrong}");
    }
}

#[test]
fn calls_that_can_never_be_evaluated_are_errors() {
    let one = |source: &str| messages(Purpose::Calculation, source).join("; ");
    assert_eq!(one("substring('a')"), "substring() takes 2 or 3 arguments, not 1");
    assert_eq!(one("today(1)"), "today() takes no arguments, not 1");
    assert_eq!(
        one("sum(1 + 1)"),
        "sum() needs nodes (a path or a question), not a value"
    );
    assert_eq!(
        one("indexed-repeat(/a, /b, 1, /c)"),
        "indexed-repeat() takes a question, then pairs of a repeat and a number"
    );
    assert_eq!(
        one("format-date(today(), '%Q')"),
        "the format of format-date() has an unknown part '%Q'"
    );
    assert_eq!(one("digest('a', 'MD4')"), "unknown algorithm 'MD4'");
}

#[test]
fn what_a_phone_cannot_run_comes_with_what_it_can() {
    for (source, help) in [
        (
            "floor(/a)",
            Some("write round(x - 0.5), or int(x) of what is not negative"),
        ),
        ("ceiling(/a)", Some("write -round(-x - 0.5)")),
        (
            "substring('abc', 1, 2)",
            Some("write substr(), which counts from 0 and takes the end, not a length"),
        ),
        ("count(/a[position() = last()])", Some("count the nodes: count(…)")),
        ("count(/a | /b)", None),
    ] {
        let found = findings(Purpose::Calculation, source);
        let kinds: Vec<FindingKind> = found.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [FindingKind::Portability], "{source}");
        assert_eq!(found[0].help.as_deref(), help, "{source}");
    }
}

#[test]
fn a_constraint_that_an_empty_question_violates_is_reported_unless_it_says_so() {
    let empty = "this constraint is violated while ${turnover} is empty";
    for source in [
        ". <= ${turnover}",
        ". >= 0 and . <= 0.5 * ${turnover}",
        "${turnover} >= .",
        ". = ${turnover}",
        "current() <= ${turnover}",
    ] {
        assert_eq!(messages(Purpose::Constraint, source), [empty], "{source}");
    }
    for source in [
        "${turnover} = '' or . <= ${turnover}",
        ". >= 0 and (${turnover} = '' or . <= ${turnover})",
        "if(${turnover} != '', . <= ${turnover}, true())",
        ". <= coalesce(${turnover}, 0)",
        ". <= ${staff}",
        ". != ${turnover}",
        "${turnover} > 5 and . > 0",
    ] {
        assert_eq!(messages(Purpose::Constraint, source), [""; 0], "{source}");
    }
    assert_eq!(messages(Purpose::Condition, ". <= ${turnover}"), [""; 0]);
}

#[test]
fn what_phone_and_browser_decide_differently_is_reported() {
    for (source, part) in [
        ("${turnover}", "alone as a condition"),
        ("not(${turnover}) and ${staff} > 1", "alone as a condition"),
        ("if(${turnover}, 1, 0) = 1", "alone as a condition"),
        ("${is_large} = 1", "calculated as true or false"),
        ("${share} > 5", "many answers here"),
        ("${founded} > '2020-01-01'", "a date as text"),
        ("${founded} > ${note}", "is text, which a phone does not compare"),
        ("'2020-01-01' < today()", "a date as text"),
        ("coalesce(${note}, 'a', 'b') = 'a'", "two arguments only"),
        ("regex(${note}, '[0-9]{3}')", "match the whole text"),
    ] {
        let found = findings(Purpose::Condition, source);
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert_eq!(found[0].kind, FindingKind::Portability, "{source}");
        assert!(found[0].message.contains(part), "{source}: {}", found[0].message);
    }
    for source in [
        "${turnover} != ''",
        "sum(${share}) > 5",
        "join(' ', ${share}) = ''",
        "${founded} > date('2020-01-01')",
        "coalesce(${note}, 'a') = 'a'",
        "regex(${note}, '^[0-9]{3}$')",
        "count(/data/products[share > 5]) > 1",
    ] {
        assert_eq!(messages(Purpose::Condition, source), [""; 0], "{source}");
    }
}

#[test]
fn an_extreme_of_what_may_be_empty_is_reported_unless_it_says_what_counts_then() {
    for (source, empty) in [
        ("max(${turnover}, ${staff})", 1),
        ("min(10, ${turnover}) + 1", 1),
        ("if(${staff} > 1, max(${turnover}, ${note}), 0)", 2),
        ("${turnover} != '' and max(${note}, 1) > 1", 1),
    ] {
        let found = findings(Purpose::Calculation, source);
        let kinds: Vec<FindingKind> = found.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, vec![FindingKind::Portability; empty], "{source}: {found:?}");
        assert!(
            found[0].message.contains("a phone passes it over"),
            "{source}: {found:?}"
        );
    }
    for source in [
        "max(coalesce(${turnover}, 0), ${staff})",
        "if(${turnover} != '', max(${turnover}, ${staff}), ${staff})",
        "${turnover} != '' and max(${turnover}, ${staff}) > 1",
        "max(${staff}, 5)",
        "max(${turnover})",
        "max(${share})",
    ] {
        assert_eq!(messages(Purpose::Calculation, source), [""; 0], "{source}");
    }
}

#[test]
fn what_can_only_be_nan_or_false_is_doubted() {
    for source in [
        "${turnover} > 'many'",
        "${turnover} = 'many'",
        "1 + 'one' > 2",
        "${has_rd} != 1",
    ] {
        let found = findings(Purpose::Condition, source);
        assert_eq!(
            found.iter().map(|it| it.kind).collect::<Vec<_>>(),
            [FindingKind::Doubt],
            "{source}: {found:?}"
        );
    }
    assert_eq!(
        messages(Purpose::Condition, "${turnover} > '5' and ${has_rd} = 1"),
        [""; 0]
    );
}

#[test]
fn a_name_that_is_not_among_the_choices_is_told() {
    for fine in [
        "${region} = 'north'",
        "${region} = ''",
        "${region} != 1",
        "selected(${region}, 'south')",
        "${region} = ${note}",
        "${note} = 'elsewhere'",
    ] {
        assert_eq!(messages(Purpose::Condition, fine), [""; 0], "{fine}");
    }
    for (doubtful, message, help) in [
        (
            "${region} = 'nort'",
            "${region} has no choice 'nort', so this is always false",
            "did you mean 'north'?",
        ),
        (
            "2 != ${region}",
            "${region} has no choice '2', so this is always true",
            "did you mean",
        ),
        (
            "selected(${region}, 'elsewhere')",
            "${region} has no choice 'elsewhere', so this is always false",
            "its choices are north, south, 01",
        ),
    ] {
        let found = findings(Purpose::Condition, doubtful);
        assert_eq!(found.len(), 1, "{doubtful}: {found:?}");
        assert_eq!(found[0].message, message);
        assert_eq!(found[0].kind, FindingKind::Doubt);
        let said = found[0].help.as_deref().unwrap_or_default();
        assert!(said.starts_with(help) || said.starts_with("its choices are"), "{said}");
    }
}
