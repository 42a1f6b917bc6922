//! Survey definitions as a person writes them: what is accepted, and exactly what is said of what is not.

use std::path::Path;

use proptest::prelude::*;

use innogauge::definition::{
    Definition, Diagnostic, ElementId, InterviewLength, Kind, codebook, expand, fold, load_folder,
};

/// A definition around these questions.
fn survey(questions: &str) -> String {
    format!(
        "survey: s\nversion: \"1\"\ntitle: {{zh: 调查, en: Survey}}\nlanguages: [zh, en]\nchoices:\n  yes_no: {{1: {{zh: 是, en: \"Yes\"}}, 0: {{zh: 否, en: \"No\"}}}}\nquestions:\n- {{type: select_one yes_no, name: has_rd, label: {{zh: 研发, en: R&D}}}}\n{questions}"
    )
}

fn lines(found: &[Diagnostic]) -> String {
    found.iter().fold(String::new(), |lines, diagnostic| {
        lines + &diagnostic.to_string() + "\n"
    })
}

fn said(text: &str) -> String {
    let found = match Definition::from_yaml("s.yaml", text) {
        Ok(checked) => checked.warnings,
        Err(found) => found,
    };
    lines(&found)
}

fn read(text: &str) -> Definition {
    match Definition::from_yaml("s.yaml", text) {
        Ok(checked) => checked.value,
        Err(found) => panic!("{}", lines(&found)),
    }
}

/// Each case is the questions that follow `has_rd`, and shows what is said of them.
#[test]
fn broken_questions_are_told_with_place_and_help() {
    let cases = [
        ("a misspelt type", "- {type: intger, name: a, label: {zh: 甲, en: A}}"),
        ("a misspelt key", "- {type: integer, name: a, lable: {zh: 甲, en: A}}"),
        ("no name", "- {type: integer, label: {zh: 甲, en: A}}"),
        (
            "a name with a space",
            "- {type: integer, name: my name, label: {zh: 甲, en: A}}",
        ),
        (
            "the same name twice",
            "- {type: text, name: a, label: {zh: 甲, en: A}}\n- {type: text, name: a, label: {zh: 乙, en: B}}",
        ),
        (
            "an unknown question",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \"${has_rdd} = 1\"}",
        ),
        (
            "an unquoted expression",
            "- {type: text, name: a, relevant: ${has_rd} = 1, label: {zh: 甲, en: A}}",
        ),
        (
            "an expression that is a mapping",
            "- type: text\n  name: a\n  label: {zh: 甲, en: A}\n  relevant: {has_rd: 1}",
        ),
        (
            "a syntax error in an expression",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \"(${has_rd} = 1\"}",
        ),
        (
            "an ambiguous name",
            "- {type: group, name: g, label: {zh: 甲, en: A}, questions: [{type: text, name: x, label: {zh: 甲, en: A}}]}\n- {type: group, name: h, label: {zh: 甲, en: A}, questions: [{type: text, name: x, label: {zh: 甲, en: A}, constraint: \"${x} != ''\"}]}",
        ),
        (
            "a bare name",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: has_rd = 1}",
        ),
        (
            "a path to nothing",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: /data/had_rd = 1}",
        ),
        (
            "a cycle",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \"${b} != ''\"}\n- {type: text, name: b, label: {zh: 乙, en: B}, relevant: \"${a} != ''\"}",
        ),
        (
            "a cycle through a group",
            "- {type: group, name: g, label: {zh: 甲, en: A}, relevant: \"${x} != ''\", questions: [{type: text, name: x, label: {zh: 甲, en: A}}]}",
        ),
        (
            "a question that depends on itself",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \"${a} != ''\"}",
        ),
        (
            "a dot in a relevance",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \". != ''\"}",
        ),
        (
            "an unknown list",
            "- {type: select_one yesno, name: a, label: {zh: 甲, en: A}}",
        ),
        (
            "a select without a list",
            "- {type: select_one, name: a, label: {zh: 甲, en: A}}",
        ),
        (
            "a filter on a column that is not there",
            "- {type: select_one yes_no, name: a, label: {zh: 甲, en: A}, choice_filter: \"region = ${has_rd}\"}",
        ),
        (
            "a filter without choices",
            "- {type: text, name: a, label: {zh: 甲, en: A}, choice_filter: name = 1}",
        ),
        ("a calculation that is missing", "- {type: calculate, name: a}"),
        (
            "a range that goes nowhere",
            "- {type: range, name: a, label: {zh: 甲, en: A}, parameters: start=5 end=1 stp=1}",
        ),
        (
            "an integer beyond nine digits",
            "- {type: integer, name: a, label: {zh: 甲, en: A}, constraint: . <= 10000000000}",
        ),
        (
            "an unknown missing code",
            "- {type: text, name: a, label: {zh: 甲, en: A}, missing: [refuse]}",
        ),
        (
            "missing on a note",
            "- {type: note, name: a, label: {zh: 甲, en: A}, missing: [refused]}",
        ),
        (
            "a name that is reserved",
            "- {type: text, name: a, label: {zh: 甲, en: A}, missing: [refused]}\n- {type: text, name: a_missing, label: {zh: 甲, en: A}}",
        ),
        (
            "an unknown unit",
            "- {type: decimal, name: a, label: {zh: 甲, en: A}, unit: 10kcny}",
        ),
        (
            "a translation that is missing",
            "- {type: text, name: a, label: {zh: 甲}}",
        ),
        (
            "a language that is not declared",
            "- {type: text, name: a, label: {zh: 甲, en: A, fr: A}}",
        ),
        (
            "rules on a group",
            "- {type: group, name: g, label: {zh: 甲, en: A}, required: true, questions: [{type: note, name: n, label: {zh: 甲, en: A}}]}",
        ),
        (
            "a group without questions",
            "- {type: group, name: g, label: {zh: 甲, en: A}}",
        ),
        (
            "questions in a question",
            "- {type: text, name: a, label: {zh: 甲, en: A}, questions: []}",
        ),
        (
            "a repeat count on a group",
            "- {type: group, name: g, label: {zh: 甲, en: A}, repeat_count: 3, questions: [{type: note, name: n, label: {zh: 甲, en: A}}]}",
        ),
        (
            "a trigger that is no question",
            "- {type: calculate, name: a, calculation: now(), trigger: has_rd}",
        ),
        (
            "what the clients can't ask",
            "- {type: audio, name: a, label: {zh: 甲, en: A}, required: true}\n- {type: barcode, name: b, label: {zh: 甲, en: A}}",
        ),
        (
            "a soft check without a message",
            "- {type: decimal, name: a, label: {zh: 甲, en: A}, warn_if: [{test: . > 5}]}",
        ),
        ("a label that is a list", "- {type: text, name: a, label: [甲, A]}"),
        (
            "a message without its rule",
            "- {type: text, name: a, label: {zh: 甲, en: A}, constraint_message: {zh: 甲, en: A}}",
        ),
        (
            "what was answered the last time, in a relevance",
            "- {type: text, name: a, label: {zh: 甲, en: A}, relevant: \"${last-saved#has_rd} = 1\"}",
        ),
    ];
    let mut shown = String::new();
    for (name, questions) in cases {
        let said = said(&survey(questions));
        assert!(!said.is_empty(), "nothing is said of {name}");
        shown = shown + "# " + name + "\n" + &said + "\n";
    }
    insta::assert_snapshot!(shown);
}

/// Each case is a whole file.
#[test]
fn broken_files_are_told_with_place_and_help() {
    let question = "questions: [{type: text, name: a, label: A}]";
    let cases = [
        ("an empty file", String::new()),
        ("no mapping", "- a\n- b\n".to_owned()),
        ("no YAML", "survey: [s\nversion: 1\n".to_owned()),
        ("tabs", "survey: s\nsettings:\n\tstyle: pages\n".to_owned()),
        ("keys that are missing", "survey: s\n".to_owned()),
        ("keys given twice", format!("survey: s\nsurvey: t\nversion: 1\ntitle: T\n{question}\n")),
        ("an id with a space", format!("survey: my survey\nversion: 1\ntitle: T\n{question}\n")),
        ("an identity that does not fit", format!("survey: s\nversion: 1\ntitle: T\nidentity: {{weight: a, citty: a, city: b}}\n{question}\n")),
        ("a person's data in the name of a response", "survey: s\nversion: 1\ntitle: T\nsettings: {instance_name: \"concat('x', ${a})\"}\nquestions: [{type: text, name: a, label: A, personal: true, save_to: {people: full_name}}]\nentities: [{list_name: people, label: \"'p'\"}]\n".to_owned()),
        ("an encrypted survey", format!("survey: s\nversion: 1\ntitle: T\nsettings: {{public_key: abc, stile: pages}}\n{question}\n")),
        ("an unknown time zone", format!("survey: s\nversion: 1\ntitle: T\ntimezone: Asia/Shangai\n{question}\n")),
        ("choices", "survey: s\nversion: 1\ntitle: T\nchoices:\n  unused: {a: A}\n  empty: []\n  l:\n  - {name: a b, label: A}\n  - {name: c}\n  - {name: c, label: C}\n  - {name: refused, label: R}\nquestions: [{type: select_multiple l, name: q, label: Q, missing: [refused]}, {type: select_one empty, name: e, label: E}]\n".to_owned()),
    ];
    let mut shown = String::new();
    for (name, text) in cases {
        let said = said(&text);
        assert!(!said.is_empty(), "nothing is said of {name}");
        shown = shown + "# " + name + "\n" + &said + "\n";
    }
    insta::assert_snapshot!(shown);
}

/// A definition that uses every type, and every key.
const EVERYTHING: &str = include_str!("fixtures/everything.yaml");

#[test]
fn a_definition_with_everything_in_it_is_accepted() {
    let definition = read(EVERYTHING);
    assert_eq!(definition.version(), "2026.10", "a version is text");
    assert_eq!(
        definition.choices()["yes_no"].choices()[0].name,
        "01",
        "a choice is text"
    );
    assert_eq!(definition.languages()["zh"], "中文");
    assert_eq!(definition.path(definition.find("share").unwrap()), "/products/share");
    assert_eq!(
        definition.repeat_around(definition.find("patent").unwrap()),
        definition.find("patents")
    );
    assert!(
        definition.element(definition.find("email").unwrap()).is_personal(),
        "by its nature"
    );
    assert_eq!(definition.find("note"), None, "two questions have this name");
    assert!(definition.find("colour_other").is_some(), "or_other asks what else");
    assert_eq!(
        definition
            .choice_list(definition.find("colour").unwrap())
            .unwrap()
            .choices()
            .last()
            .unwrap()
            .name,
        "other"
    );
}

#[test]
fn relevance_and_calculations_are_settled_in_one_pass_over_the_order() {
    let definition = read(EVERYTHING);
    let order = definition.order();
    assert_eq!(order.len(), definition.elements().len());
    let position = |id: ElementId| order.iter().position(|other| *other == id).unwrap();
    for element in definition.elements() {
        let formulas = [&element.relevant, &element.calculation].into_iter().flatten();
        for input in formulas
            .flat_map(innogauge::definition::Formula::depends_on)
            .chain(&element.parent)
        {
            assert!(
                position(*input) < position(element.id),
                "{} before {}",
                definition.path(*input),
                element.name
            );
            assert!(definition.dependents(*input).contains(&element.id));
        }
    }
    let later = definition.find("total").unwrap();
    let earlier = definition.find("uses_total").unwrap();
    assert!(
        earlier < later && position(later) < position(earlier),
        "a calculation may read what stands below it"
    );
}

#[test]
fn expanding_makes_companions_and_folding_takes_them_back() {
    let definition = read(EVERYTHING);
    let expanded = expand(&definition);
    let source = |name: &str, pick: fn(&innogauge::definition::Element) -> Option<&innogauge::definition::Formula>| {
        pick(expanded.element(expanded.find(name).unwrap())).map(|formula| formula.source().to_owned())
    };
    assert_eq!(
        source("turnover_missing", |e| e.relevant.as_ref()).unwrap(),
        "(${has_rd} = '01') and ${turnover} = ''"
    );
    assert_eq!(source("turnover_missing", |e| e.required.as_ref()).unwrap(), "true()");
    assert_eq!(source("turnover", |e| e.required.as_ref()), None);
    assert_eq!(
        source("turnover_warn1", |e| e.relevant.as_ref()).unwrap(),
        "(${has_rd} = '01') and ${turnover} != '' and (${turnover} > 1000 and 'a . b' != ${turnover})"
    );
    let turnover = expanded.element(expanded.find("turnover").unwrap());
    assert_eq!(turnover.label.get("zh"), "营业收入（万元）");
    assert_eq!(turnover.label.get("en"), "Turnover (10,000 CNY)");
    let shared = expanded.choice_list(expanded.find("trust").unwrap()).unwrap();
    assert_eq!(shared.name(), "yes_no_dont_know", "a shared list is not changed");
    assert_eq!(shared.choices().last().unwrap().name, "dont_know");
    assert_eq!(
        source("sources", |e| e.constraint.as_ref()).unwrap(),
        "(selected(., 'refused') or (count-selected(.) <= 2)) and (not(selected(., 'refused')) or count-selected(.) = 1)",
        "a code stands alone"
    );
    for element in expanded.elements() {
        for reference in element
            .relevant
            .iter()
            .flat_map(|formula| formula.expression().references())
        {
            assert!(reference.slot.is_some(), "{} in {}", reference.name, element.name);
        }
    }
    assert_eq!(expand(&expanded), expanded);
    assert_eq!(fold(&expanded), definition);
}

#[test]
fn the_codebook_says_what_is_stored() {
    let rows = codebook(&read(EVERYTHING));
    let turnover = rows.iter().find(|row| row.path == "/turnover").unwrap();
    insta::assert_json_snapshot!(turnover, @r#"
    {
      "path": "/turnover",
      "type": "decimal",
      "label": {
        "zh": "营业收入",
        "en": "Turnover"
      },
      "unit": {
        "zh": "万元",
        "en": "10,000 CNY"
      },
      "missing": [
        "dont_know",
        "refused",
        "not_applicable"
      ],
      "relevant": "${has_rd} = '01'",
      "constraint": ". >= 0",
      "required": "true()",
      "personal": false,
      "identifying": false
    }
    "#);
    assert!(
        rows.iter()
            .all(|row| row.question_type != "note" && row.question_type != "csv-external")
    );
}

#[test]
fn the_projects_own_definitions_have_no_errors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs");
    let loaded = load_folder(&folder)
        .unwrap_or_else(|found| panic!("{}", lines(&found)))
        .value;
    for survey in ["enterprise", "institution"] {
        let definition = &loaded
            .surveys
            .iter()
            .find(|loaded| loaded.definition.survey() == survey)
            .unwrap()
            .definition;
        assert!(
            definition
                .questions()
                .filter(|(_, question_type)| question_type.is_asked())
                .count()
                >= 30
        );
        assert_eq!(fold(&expand(definition)), *definition);
        for (key, id) in [
            ("city", definition.identity().city()),
            ("name", definition.identity().name()),
        ] {
            assert!(
                matches!(definition.element(id.unwrap()).kind, Kind::Question(_)),
                "{survey} has no {key}"
            );
        }
    }
    assert_eq!(loaded.places.unwrap().iter().count(), 10);
    assert!(loaded.framework.is_some());
}

#[test]
fn an_interview_is_as_long_as_its_branches_let_it_be() {
    let length = |questions: &str| InterviewLength::of(&read(&survey(questions)));
    let exact = |shortest, longest| InterviewLength {
        shortest,
        longest,
        exact: true,
    };
    assert_eq!(
        length(
            "- {type: decimal, name: a, label: {zh: 甲, en: A}, relevant: \"${has_rd} = 1\"}\n- {type: decimal, name: b, label: {zh: 乙, en: B}, relevant: \"${has_rd} = 0\"}"
        ),
        exact(1, 2),
        "what excludes each other is never asked together"
    );
    assert_eq!(
        length(
            "- {type: integer, name: a, label: {zh: 甲, en: A}, required: true, constraint: . > 10}\n- {type: text, name: b, label: {zh: 乙, en: B}, relevant: \"${a} > 5\"}\n- {type: text, name: c, label: {zh: 丙, en: C}, relevant: \"${a} < 5\"}"
        ),
        exact(3, 3),
        "an answer that the constraint forbids leads nowhere"
    );
    assert_eq!(
        length(
            "- {type: calculate, name: k, calculation: \"if(${has_rd} = 1, 'x', 'y')\"}\n- {type: group, name: g, label: {zh: 甲, en: A}, relevant: \"${k} = 'x'\", questions: [{type: text, name: b, label: {zh: 乙, en: B}}, {type: text, name: c, label: {zh: 丙, en: C}}]}"
        ),
        exact(1, 3),
        "calculations and groups decide too"
    );
}

/// Questions with any mix of our own keys, some in repeats, with names that may be ambiguous.
fn any_question(number: usize) -> impl Strategy<Value = String> {
    let keys = (any::<[bool; 6]>(), 0..5_usize, 0..4_usize);
    keys.prop_map(move |([missing, warn, unit, required, relevant, group], kind, shape)| {
        let (kind, numeric) = match kind {
            0 => ("decimal", true),
            1 => ("text", false),
            2 => ("select_one yes_no", false),
            3 => ("select_multiple shared", false),
            _ => ("select_one own", false),
        };
        let mut keys = format!("type: {kind}, name: q{number}, label: {{zh: 甲（万元）, en: A (10k)}}");
        for (given, key) in [
            (missing, ", missing: [refused, dont_know]"),
            (warn, ", warn_if: [{test: \". != 'a.b'\", message: {zh: 乙, en: B}}, {test: \"string-length(.) > 3\", message: {zh: 丙, en: C}}]"),
            (unit && numeric, ", unit: 10k_cny"),
            (required, ", required: true, required_message: {zh: 丁, en: D}"),
            (relevant, ", relevant: \"${has_rd} = 1\""),
        ] {
            if given {
                keys.push_str(key);
            }
        }
        match (group, shape) {
            (true, 0) => format!("- {{type: repeat, name: r{number}, label: {{zh: 戊, en: E}}, questions: [{{{keys}}}]}}\n"),
            (true, _) => format!("- {{type: group, name: g{number}, label: {{zh: 戊, en: E}}, questions: [{{type: text, name: same, label: {{zh: 己, en: F}}, missing: [refused]}}, {{{keys}}}]}}\n"),
            _ => format!("- {{{keys}}}\n"),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn folding_undoes_expanding(questions in (0..6_usize).prop_flat_map(|count| {
        (0..count).map(any_question).collect::<Vec<_>>()
    })) {
        let text = survey(&questions.concat()).replace("choices:\n", "choices:\n  shared: {a: {zh: 甲, en: A}}\n  own: {b: {zh: 乙, en: B}}\n");
        let definition = read(&text);
        let expanded = expand(&definition);
        prop_assert_eq!(fold(&expanded), definition);
        prop_assert!(expanded.elements().iter().all(|element| element.missing.is_empty() && element.warn_if.is_empty()));
    }
}
