//! The survey content: clean, complete, and as its README says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use innogauge::definition::{Definition, Folder, load_folder, roll_ups};
use innogauge::expression::Expression;
use innogauge::scoring::{Framework, Origin, Part};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs")
}

fn content() -> (Folder, Framework) {
    let checked = load_folder(&folder()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(checked.warnings.is_empty(), "{:#?}", checked.warnings);
    let source = checked.value.framework.clone().expect("framework.yaml");
    let surveys: Vec<&Definition> = checked.value.surveys.iter().map(|survey| &survey.definition).collect();
    let framework =
        Framework::from_yaml(&source.name, &source.text, &surveys).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(framework.warnings.is_empty(), "{:#?}", framework.warnings);
    (checked.value, framework.value)
}

fn survey<'f>(folder: &'f Folder, id: &str) -> &'f Definition {
    let found = folder.surveys.iter().find(|survey| survey.definition.survey() == id);
    &found.unwrap_or_else(|| panic!("there is no survey '{id}'")).definition
}

/// The names that a part of an indicator reads.
fn reads(part: &Part) -> BTreeSet<String> {
    let formulas = part.measure.formulas.all().into_iter().chain(&part.condition);
    formulas
        .flat_map(|written| {
            let expression =
                Expression::parse(&written.source).unwrap_or_else(|error| panic!("{}: {error:?}", written.source));
            expression
                .references()
                .iter()
                .map(|reference| reference.name.clone())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a question is asked of some respondents only.
fn filtered(definition: &Definition, name: &str) -> bool {
    let id = definition
        .find(name)
        .unwrap_or_else(|| panic!("unknown question '{name}'"));
    definition.element(id).relevant.is_some() || definition.ancestors(id).any(|group| group.relevant.is_some())
}

#[test]
fn the_content_is_clean_and_speaks_two_languages() {
    let (folder, framework) = content();
    for definition in folder.surveys.iter().map(|survey| &survey.definition) {
        assert_eq!(
            definition.languages().keys().collect::<Vec<_>>(),
            ["zh", "en"],
            "{}",
            definition.survey()
        );
    }
    let places = folder.places.as_ref().expect("places.yaml");
    assert_eq!(places.iter().count(), 10);
    let rolled: Vec<_> = roll_ups(&places.iter().collect::<Vec<_>>());
    assert_eq!(rolled.len(), 1);
    assert_eq!(rolled[0].place, "230700");
    assert_eq!(rolled[0].parts, ["230722", "230781"], "Jiayin and Tieli lie in Yichun");
    let scored = framework
        .indicators()
        .filter(|(_, element, _)| element.weight > 0.0)
        .count();
    assert_eq!((framework.indicators().count(), scored), (66, 50));
}

#[test]
fn the_label_of_consent_tells_the_language_as_the_calculation_of_it_says() {
    let (folder, _) = content();
    for id in ["enterprise", "institution"] {
        let definition = survey(&folder, id);
        let consent = definition.identity().consent().expect("consent");
        let select = definition
            .element(consent)
            .question_type()
            .and_then(|kind| kind.select());
        let list = &definition.choices()[select.and_then(|select| select.list()).expect("a list")];
        let yes = &list
            .choices()
            .iter()
            .find(|choice| choice.name == "1")
            .expect("1")
            .label;
        let language = definition.element(definition.identity().language().expect("language"));
        let told = language.calculation.as_ref().expect("a calculation").source();
        assert!(told.contains(&format!("= '{}', 'en', 'zh')", yes.get("en"))), "{told}");
        assert_ne!(yes.get("zh"), yes.get("en"));
    }
}

#[test]
fn no_indicator_on_a_filtered_question_lacks_its_base() {
    let (folder, framework) = content();
    for (_, element, indicator) in framework.indicators() {
        let parts = match &indicator.origin {
            Origin::Answers { parts, .. } => parts,
            Origin::Statistics(column) => {
                assert!(
                    survey(&folder, "statistics").find(column).is_some(),
                    "{}: {column}",
                    element.id
                );
                continue;
            }
            Origin::Column(column) => panic!("{} is a column '{column}' of no table", element.id),
        };
        assert!(
            indicator.goalposts.is_some() && indicator.basis.is_some(),
            "{} has no goalposts",
            element.id
        );
        for part in parts {
            let definition = survey(&folder, &part.survey);
            let behind: Vec<String> = reads(part)
                .into_iter()
                .filter(|name| filtered(definition, name))
                .collect();
            assert_eq!(
                part.not_asked.is_some(),
                !behind.is_empty(),
                "{} of {}: filtered are {behind:?}",
                element.id,
                part.actor
            );
        }
    }
}

#[test]
fn every_question_is_used_by_an_indicator_a_rule_a_breakdown_or_the_profile() {
    let (folder, framework) = content();
    for definition in folder.surveys.iter().map(|survey| &survey.definition) {
        let unused = framework.unused(definition);
        assert!(unused.is_empty(), "{unused:#?}");
    }
    // Without its breakdowns, a framework is warned of each of them: none is named that has another use.
    let text = &folder.framework.as_ref().expect("framework.yaml").text;
    let (before, rest) = text.split_once("breakdowns:\n").expect("breakdowns");
    let (declared, index) = rest.split_once("\nindex:").expect("index");
    let surveys: Vec<&Definition> = folder.surveys.iter().map(|survey| &survey.definition).collect();
    let bare = Framework::from_yaml("framework.yaml", &format!("{before}\nindex:{index}"), &surveys);
    let bare = bare.unwrap_or_else(|errors| panic!("{errors:#?}")).value;
    let warned = surveys.iter().map(|survey| bare.unused(survey).len()).sum::<usize>();
    assert_eq!(warned, declared.lines().filter(|line| line.contains("- ")).count());
}

#[test]
fn the_readme_holds_the_map_that_check_prints() {
    let (folder, framework) = content();
    let surveys: Vec<&Definition> = folder.surveys.iter().map(|survey| &survey.definition).collect();
    let map = framework.map(&surveys);
    for (_, element, _) in framework.indicators() {
        assert!(
            map.contains(&format!("\n| {} | ", element.id)),
            "{} is not in the map",
            element.id
        );
    }
    let readme = fs::read_to_string(self::folder().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- map -->\n").expect("the mark <!-- map -->");
    let (held, _) = rest
        .split_once("<!-- end of the map -->")
        .expect("the mark <!-- end of the map -->");
    assert!(
        held.trim() == map.trim(),
        "survey_defs/README.md is not current: put what `innogauge check survey_defs --map` prints between its marks"
    );
}
