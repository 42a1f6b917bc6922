//! Figures under one structure of sectors and size classes, held against sums that the test makes cell by cell.

use std::collections::BTreeMap;
use std::sync::Arc;

use innogauge::definition::Definition;
use innogauge::scoring::{
    Assessment, Auxiliary, Estimates, Estimator, Framework, Intake, NoteCode, Options, Populations, RegisterTotals,
    Respondent, Respondents, Standardised, StructureFrom, Subject, assess_estimates, for_publication, standardise,
};
use serde_json::json;

const SURVEY: &str = "survey: firm\nversion: '1'\ntitle: Firms\nquestions:\n\
    - {type: decimal, name: staff, label: Staff}\n\
    - {type: decimal, name: rd, label: R&D, missing: [dont_know]}\n";

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  indicators:
    - {id: intensity, from: firm, ratio: {of: "${rd}", over: "${staff}"}, goalposts: [0, 2], basis: bound}
    - {id: performers, from: firm, share: "${rd} > 2", unit: percent, goalposts: [0, 100], basis: bound}
    - {id: mean, from: firm, mean: "${rd}", goalposts: [0, 10], basis: bound}
    - {id: total, from: firm, sum: "${rd}", goalposts: [0, 1000], basis: bound}
    - {id: middle, from: firm, median: "${staff}", goalposts: [0, 50], basis: bound}
"#;

/// One firm: unit, sector, size class, weight, staff, R&D (not known where there is none).
type Firm = (&'static str, &'static str, &'static str, f64, f64, Option<f64>);

fn framework() -> Framework {
    let definition = Definition::from_yaml("firm.yaml", SURVEY).unwrap().value;
    Framework::from_yaml("framework.yaml", FRAMEWORK, &[&definition])
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value
}

/// The assessment with its standardised figures; weights are those of the firms, and registers only say the structure.
fn standardised(firms: &[Firm], populations: &Populations) -> Assessment {
    let framework = framework();
    let definition = Definition::from_yaml("firm.yaml", SURVEY).unwrap().value;
    let intake = Arc::new(Intake::new(&framework, &definition));
    let mut estimator = Estimator::new(&framework, &intake).keeping_respondents();
    for (number, (unit, sector, size, weight, staff, rd)) in firms.iter().enumerate() {
        let rd = rd.map_or(json!({"missing": "dont_know"}), |rd| json!(rd));
        estimator.add(&Respondent {
            response: &format!("uuid:{number}@1"),
            organisation: None,
            unit,
            stratum: "",
            auxiliary: Auxiliary {
                size,
                sector,
                employees: None,
            },
            weight: Some(*weight),
            answers: json!({"staff": staff, "rd": rd}).to_string().as_bytes(),
        });
    }
    let tally = estimator.finish();
    let text = "{uncertainty: {runs: 0}, profiles: false, responses: {minimum: 1, flag_below: 1}, standardise: true}";
    let options = Options::read("o.yaml", text, Options::assess()).unwrap();
    let units: Vec<String> = ["a", "b"].map(str::to_owned).into();
    let estimates = Estimates::new(&framework, &tally, &units, None, &options.responses).unwrap();
    let mut assessment = assess_estimates(&framework, &estimates, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &estimates.table,
        options: &options,
        respondents: Respondents::None,
    };
    standardise(&mut assessment, &subject, &tally, populations);
    assessment
}

fn of(assessment: &Assessment) -> &Standardised {
    assessment.standardised.as_ref().unwrap()
}

/// Firms of two units and four cells, of each unit as many in each cell as `counts` says.
fn firms(counts: [(&'static str, [u32; 4]); 2]) -> Vec<Firm> {
    const CELLS: [(&str, &str); 4] = [("C", "micro"), ("C", "small"), ("F", "micro"), ("F", "small")];
    let mut firms = Vec::new();
    for (unit, counts) in counts {
        for ((sector, size), count) in CELLS.into_iter().zip(counts) {
            for number in 0..count {
                let n = f64::from(number) + if size == "small" { 20.0 } else { 1.0 };
                let rd = (n * 7.0 + unit.len() as f64) % 9.0 + if sector == "F" { 1.5 } else { 0.0 };
                firms.push((unit, sector, size, 1.0 + n % 3.0 / 4.0, n, Some(rd)));
            }
        }
    }
    firms
}

fn close(found: Option<f64>, expected: f64, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what} is missing"));
    assert!(
        (found - expected).abs() <= 1e-10 * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn where_structures_are_equal_standardised_figures_are_the_raw_ones() {
    // In b every firm of a stands twice.
    let one = firms([("a", [4, 3, 5, 6]), ("b", [0; 4])]);
    let twice = one
        .iter()
        .chain(&one)
        .map(|&(_, sector, size, weight, staff, rd)| ("b", sector, size, weight, staff, rd));
    let both: Vec<Firm> = one.iter().copied().chain(twice).collect();
    let assessment = standardised(&both, &Populations::default());
    for (id, figures) in &of(&assessment).figures {
        for unit in 0..2 {
            close(figures.get(unit), assessment.stages.raw[id].get(unit).unwrap(), id);
            close(of(&assessment).coverage[id].get(unit), 1.0, id);
        }
    }
    assert_eq!(of(&assessment).figures.len(), 5);
    assert!(
        assessment
            .notes
            .iter()
            .all(|note| note.code != NoteCode::StructureCollapsed)
    );
}

/// The share of each cell in a structure, and what stands for it in a unit: firms of the base with their weights.
fn expected(firms: &[Firm], unit: &str, structure: &BTreeMap<(&str, &str), f64>) -> BTreeMap<&'static str, f64> {
    let here: Vec<&Firm> = firms.iter().filter(|firm| firm.0 == unit && firm.5.is_some()).collect();
    let all: f64 = structure.values().sum();
    let (mut rd, mut staff, mut performers) = (0.0, 0.0, 0.0);
    for ((sector, size), count) in structure {
        let of_cell: Vec<&&Firm> = here
            .iter()
            .filter(|firm| (firm.1, firm.2) == (*sector, *size))
            .collect();
        let of_size: Vec<&&Firm> = here.iter().filter(|firm| firm.2 == *size).collect();
        let stands = match (of_cell.is_empty(), of_size.is_empty()) {
            (false, _) => of_cell,
            (true, false) => of_size,
            (true, true) => here.iter().collect(),
        };
        let weight: f64 = stands.iter().map(|firm| firm.3).sum();
        let mean = |of: &dyn Fn(&Firm) -> f64| stands.iter().map(|firm| firm.3 * of(firm)).sum::<f64>() / weight;
        let share = count / all;
        rd += share * mean(&|firm| firm.5.unwrap());
        staff += share * mean(&|firm| firm.4);
        performers += share * mean(&|firm| f64::from(u8::from(firm.5.unwrap() > 2.0)));
    }
    let weight: f64 = here.iter().map(|firm| firm.3).sum();
    BTreeMap::from([
        ("intensity", rd / staff),
        ("performers", 100.0 * performers),
        ("mean", rd),
        ("total", weight * rd),
    ])
}

#[test]
fn each_cell_counts_with_its_share_in_all_units_and_an_empty_one_as_its_size_class_or_the_whole() {
    // b has nobody in F/small, then no small ones at all.
    for b in [[7, 2, 3, 4], [7, 2, 3, 0], [7, 0, 3, 0]] {
        let mut firms = firms([("a", [3, 6, 2, 5]), ("b", b)]);
        firms[1].5 = None;
        let mut by_weight: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for firm in &firms {
            *by_weight.entry((firm.1, firm.2)).or_default() += firm.3;
        }
        let registered = [
            (("C", "micro"), 40.0),
            (("C", "small"), 9.0),
            (("F", "micro"), 20.0),
            (("F", "small"), 31.0),
        ];
        let registered = BTreeMap::from(registered);
        let mut totals = RegisterTotals::default();
        for ((sector, size), count) in &registered {
            for number in 0..100 {
                if f64::from(number) < *count {
                    let unit = if number % 3 == 0 { "a" } else { "b" };
                    totals.add(unit, Some(size), Some(sector), "", None);
                }
            }
        }
        // Units that are not assessed are in no structure.
        totals.add("elsewhere", Some("large"), Some("Z"), "", None);
        let register = Populations::from([("firm".to_owned(), totals)]);
        for (populations, structure, from) in [
            (Populations::default(), &by_weight, StructureFrom::Respondents),
            (register, &registered, StructureFrom::Register),
        ] {
            let assessment = standardised(&firms, &populations);
            let found = of(&assessment);
            assert_eq!(
                (found.structures["firm"].from, found.structures["firm"].cells),
                (from, 4)
            );
            for (row, unit) in ["a", "b"].into_iter().enumerate() {
                for (id, expected) in expected(&firms, unit, structure) {
                    close(
                        found.figures[id].get(row),
                        expected,
                        &format!("{id} of {unit} with {b:?}"),
                    );
                }
            }
            let all: f64 = structure.values().sum();
            let empty: f64 = structure
                .iter()
                .filter(|((sector, size), _)| {
                    !firms
                        .iter()
                        .any(|firm| firm.0 == "b" && (firm.1, firm.2) == (*sector, *size))
                })
                .map(|(_, count)| count / all)
                .sum();
            close(found.coverage["mean"].get(1), 1.0 - empty, "coverage");
            let noted = assessment
                .notes
                .iter()
                .find(|note| note.code == NoteCode::StructureCollapsed);
            let units = noted.map(|note| note.units.join(", "));
            assert_eq!(units, (empty > 0.0).then(|| "b".to_owned()));
        }
    }
}

/// Two weightings of the same firms are two equations for whoever is alone in a cell.
#[test]
fn no_publication_has_standardised_figures() {
    let assessment = standardised(
        &firms([("a", [9, 0, 1, 0]), ("b", [4, 0, 46, 0])]),
        &Populations::default(),
    );
    assert!(of(&assessment).figures["mean"].get(0).is_some());
    let published = for_publication(&framework(), assessment);
    assert!(published.standardised.is_none());
    assert!(
        !published
            .notes
            .iter()
            .any(|note| note.code == NoteCode::StructureCollapsed)
    );
}
