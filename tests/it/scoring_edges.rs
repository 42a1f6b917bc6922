//! Small tables at the edge of what the methods are made for.

use innogauge::scoring::{Assessment, Framework, NoteCode, Options, Table, assess};

fn scored(indicators: &str, table: &str, options: &str) -> Result<Assessment, String> {
    let framework = Framework::for_table("f.yaml", &format!("index: {{id: I, {indicators}}}"));
    let table = Table::read_csv("t.csv", table.as_bytes(), None, None).unwrap();
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    assess(&framework.unwrap().value, &table, &options).map_err(|error| error.to_string())
}

/// Ten units: nine times 0 and one 5, beside a column that varies.
const NINE_ZEROS: &str = "unit,a,b\nA,0,0\nB,0,1\nC,0,2\nD,0,3\nE,0,4\nF,0,5\nG,0,6\nH,0,7\nI,0,8\nJ,5,9\n";

const TWO: &str = "indicators: [{id: a}, {id: b}]";

#[test]
fn winsorising_never_makes_units_tie_that_differ_and_a_note_says_where_it_was_stopped() {
    for (method, says) in [
        ("winsorise", "stopped before the move"),
        ("winsorise_then_log", "the logarithm of the original values was taken"),
    ] {
        let found = scored(TWO, NINE_ZEROS, &format!("treat: {method}")).unwrap();
        let ranks = &found.ranks["a"];
        assert_eq!((ranks[9], ranks[0]), (Some(1), Some(2)), "{method}");
        let note = found
            .notes
            .iter()
            .find(|note| note.code == NoteCode::WinsorisingStopped);
        let note = note.unwrap();
        assert_eq!(note.element.as_deref(), Some("a"));
        assert!(note.message.contains(says), "{}", note.message);
    }
}

#[test]
fn figures_with_which_nothing_can_be_computed_are_refused_by_name() {
    let table = "unit,a,b\nX,1e308,2\nY,-1e308,3\nZ,2,1\n";
    for normalise in ["min_max", "z_score"] {
        assert_eq!(
            scored(TWO, table, &format!("normalise: {normalise}")).unwrap_err(),
            "'a' of unit 'X' is 1e308: figures beyond 1e300 cannot be scored"
        );
    }
}

#[test]
fn an_only_child_has_weight_1_under_weights_from_data() {
    let indicators = "children: [{id: P, indicators: [{id: a, weight: 3}]}, {id: Q, indicators: [{id: b}]}]";
    for method in ["pca", "factor", "optimised", "entropy", "critic"] {
        let found = scored(
            indicators,
            NINE_ZEROS,
            &format!("weights: {{method: {method}, within: [P]}}"),
        )
        .unwrap();
        let only = found.elements.iter().find(|element| element.id == "a").unwrap();
        assert!((only.weight - 1.0).abs() < 1e-15, "{method}: {}", only.weight);
    }
}

#[test]
fn entropy_takes_no_values_below_0_and_critic_no_children_that_are_all_alike() {
    let table = "unit,a,b\nU,1,2\nV,2,4\nW,3,6\nX,4,8\nY,5,10\nZ,9,18\n";
    let error = scored(TWO, table, "weights: entropy\nnormalise: z_score").unwrap_err();
    assert!(
        error.starts_with("entropy cannot be used for 'a': the value of unit 'U' is -1.")
            && error.contains("normalise to"),
        "{error}"
    );
    assert_eq!(
        scored(TWO, table, "weights: critic").unwrap_err(),
        "weights: critic for the children of 'I': they all rise and fall together, so that none has information of its own: use equal"
    );
}

#[test]
fn children_that_do_not_vary_keep_the_weights_that_were_given() {
    let table = "unit,a,b\nU,1,2\nV,1,2\nW,1,2\nX,1,2\nY,1,2\nZ,1,2\n";
    for method in ["entropy", "critic"] {
        let found = scored(
            "indicators: [{id: a, weight: 3}, {id: b}]",
            table,
            &format!("weights: {method}"),
        )
        .unwrap();
        let weights: Vec<f64> = found.elements.iter().skip(1).map(|element| element.weight).collect();
        assert_eq!(weights, [3.0, 1.0]);
        assert!(found.notes.iter().any(|note| note.code == NoteCode::GivenWeights));
    }
}

#[test]
fn every_element_correlates_with_itself_exactly() {
    let found = scored(TWO, "unit,a,b\nV,0.3,1\nW,0.3,2\nX,0.7,3\nY,0.9,5\nZ,0.1,4\n", "").unwrap();
    let own = &found.correlations.tables[0];
    for table in [
        &own.pearson,
        own.spearman.as_ref().unwrap(),
        own.kendall.as_ref().unwrap(),
    ] {
        assert_eq!((table[0].get(0), table[1].get(1)), (Some(1.0), Some(1.0)));
    }
}

#[test]
fn the_number_of_levels_is_said_in_plain_words() {
    assert_eq!(
        scored(TWO, NINE_ZEROS, "aggregate: {by_level: [arithmetic, geometric]}").unwrap_err(),
        "aggregate.by_level lists 2 methods, but the framework has 1 level above its indicators"
    );
}
