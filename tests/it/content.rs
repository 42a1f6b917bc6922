//! The survey content: clean, complete, and as its README says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use innogauge::definition::{Definition, Element, Folder, Formula, load_folder};
use innogauge::expression::Expression;
use innogauge::scoring::{Framework, Origin, Part};

/// Questions that tables are broken down by, and nothing else reads.
const BREAKDOWNS: [&str; 28] = [
    "enterprise/barrier_cost",
    "enterprise/barrier_demand",
    "enterprise/barrier_information",
    "enterprise/barrier_partners",
    "enterprise/barrier_risk",
    "enterprise/barrier_skills",
    "enterprise/competition",
    "enterprise/founding_year",
    "enterprise/main_market",
    "enterprise/ownership",
    "enterprise/reasons",
    "institution/barrier_cost",
    "institution/barrier_demand",
    "institution/barrier_information",
    "institution/barrier_partners",
    "institution/barrier_risk",
    "institution/barrier_skills",
    "institution/clients",
    "institution/contract_value",
    "institution/decision_days",
    "institution/evaluated",
    "institution/finance_kind",
    "institution/finance_products",
    "institution/incubator_services",
    "institution/policy_instruments",
    "institution/research_kind",
    "institution/services_offered",
    "institution/tenants_graduated",
];

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
    [
        Some(&part.measure.of),
        part.measure.over.as_ref(),
        part.condition.as_ref(),
    ]
    .into_iter()
    .flatten()
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
    assert_eq!(
        places.rolled_into("230700").count(),
        2,
        "Jiayin and Tieli lie in Yichun"
    );
    let scored = framework
        .indicators()
        .filter(|(_, element, _)| element.weight > 0.0)
        .count();
    assert_eq!((framework.indicators().count(), scored), (66, 50));
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
    let mut unused = BTreeSet::new();
    for definition in folder
        .surveys
        .iter()
        .map(|survey| &survey.definition)
        .filter(|one| one.survey() != "statistics")
    {
        let indicators = framework
            .indicators()
            .filter_map(|(_, _, indicator)| match &indicator.origin {
                Origin::Answers { parts, .. } => Some(parts),
                Origin::Statistics(_) | Origin::Column(_) => None,
            });
        let mut used: BTreeSet<String> = indicators
            .flatten()
            .filter(|part| part.survey == definition.survey())
            .flat_map(reads)
            .collect();
        for element in definition.elements() {
            let formulas = [
                &element.relevant,
                &element.constraint,
                &element.calculation,
                &element.choice_filter,
            ];
            let tests = element.warn_if.iter().map(|check| &check.test);
            for formula in formulas.into_iter().flatten().chain(tests) {
                let others = formula.depends_on().iter().filter(|id| **id != element.id);
                used.extend(others.map(|id| definition.element(*id).name.clone()));
            }
        }
        // A figure that is held against another one is part of a rule, too.
        let held = |question: &&Element| {
            let others = |rule: &Formula| rule.depends_on().iter().any(|id| *id != question.id);
            question.constraint.as_ref().is_some_and(others)
        };
        used.extend(
            definition
                .elements()
                .iter()
                .filter(held)
                .map(|element| element.name.clone()),
        );
        let identity = definition.identity();
        let known = [
            identity.code(),
            identity.name(),
            identity.city(),
            identity.sector(),
            identity.consent(),
        ];
        used.extend(
            known
                .into_iter()
                .flatten()
                .map(|id| definition.element(id).name.clone()),
        );
        for (element, question_type) in definition.questions() {
            if question_type.is_asked() && !element.is_personal() && !used.contains(&element.name) {
                unused.insert(format!("{}/{}", definition.survey(), element.name));
            }
        }
    }
    assert_eq!(unused.iter().map(String::as_str).collect::<Vec<_>>(), BREAKDOWNS);
}

#[test]
fn the_readme_maps_every_indicator_to_its_questions() {
    let (_, framework) = content();
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows: BTreeMap<&str, &str> = readme
        .lines()
        .filter_map(|line| Some((line.strip_prefix("| ")?.split(' ').next()?, line)))
        .collect();
    for (_, element, indicator) in framework.indicators() {
        let row = rows
            .get(element.id.as_str())
            .unwrap_or_else(|| panic!("{} is not in the README", element.id));
        let names = match &indicator.origin {
            Origin::Answers { parts, .. } => parts.iter().flat_map(reads).collect(),
            Origin::Statistics(column) | Origin::Column(column) => BTreeSet::from([column.clone()]),
        };
        let missing: Vec<&String> = names
            .iter()
            .filter(|name| !row.contains(&format!("`{name}`")))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?} not in {row}", element.id);
        assert!(
            row.contains(element.label.get("zh")) && row.contains(element.label.get("en")),
            "{row}"
        );
        assert_eq!(row.contains("*(context)*"), element.weight == 0.0, "{row}");
    }
}
