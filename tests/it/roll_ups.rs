//! Places together with their parts, held against assessments in which they are one place.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Reader, Xlsx};
use chrono::{DateTime, Utc};
use innogauge::definition::{Definition, Language, StudyPlaces};
use innogauge::report::{Edition, Wording};
use innogauge::response::{RegisterEntry, Tier};
use innogauge::scoring::{
    Assessment, Auxiliary, Estimates, Estimator, Framework, Intake, NoteCode, Options, Respondent, Respondents,
    Subject, Table, Tally, Together, assess_estimates, for_publication, hidden_figures, hidden_roll_ups, roll_up,
};
use innogauge::store::{RegisterOf, Seed, Store};
use innogauge::study::{Assessed, AssessmentRequest, ReportRequest, assess, write_report};
use serde_json::{Value, json};

use crate::assessments::store_of;
use crate::databases::{Database, on_each};
use crate::supervisor_week::code;

const SURVEY: &str = "survey: firm\nversion: '1'\ntitle: Firms\nidentity: {code: credit_code, city: city}\nquestions:\n\
    - {type: text, name: credit_code, label: Code}\n\
    - {type: text, name: city, label: City}\n\
    - {type: decimal, name: staff, label: Staff}\n\
    - {type: decimal, name: rd, label: R&D, missing: [dont_know]}\n";

const FRAMEWORK: &str = r#"
framework: test
index:
  id: Index
  children:
    - id: Research
      indicators:
        - {id: intensity, from: firm, ratio: {of: "${rd}", over: "${staff}"}, goalposts: [0, 2], basis: bound}
        - {id: performers, from: firm, share: "${rd} > 0", goalposts: [0, 1], basis: bound}
    - id: Size
      indicators:
        - {id: firms, from: firm, count: "${staff} > 0", goalposts: [0, 100], basis: bound}
        - {id: middle, from: firm, median: "${staff}", direction: -1, goalposts: [0, 50], basis: bound}
    - id: Official
      indicators:
        - {id: gdp, from: statistics, column: gdp, goalposts: [0, 500], basis: bound}
"#;

/// So many firms of three places; `part` lies in `place`.
const PLACES: [(&str, u32); 3] = [("place", 14), ("part", 11), ("other", 12)];

fn definition() -> Definition {
    Definition::from_yaml("firm.yaml", SURVEY).unwrap().value
}

fn framework() -> Framework {
    Framework::from_yaml("framework.yaml", FRAMEWORK, &[&definition()])
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value
}

/// Firms of a place, each with a weight of its own.
fn firms(place: &str, count: u32) -> Vec<(String, f64, Value)> {
    let shift = u32::try_from(place.len()).unwrap();
    let firm = |number: u32| {
        let rd = if number % 5 == 4 {
            json!({"missing": "dont_know"})
        } else {
            json!(number * shift % 4)
        };
        let answers = json!({"city": place, "staff": 3 + number * 7 % 31 + shift, "rd": rd});
        (
            format!("uuid:{place}{number}@1"),
            1.0 + f64::from(number % 3) / 7.0,
            answers,
        )
    };
    (0..count).map(firm).collect()
}

/// A tally in which the firms of each place count for the unit that `unit_of` names.
fn tally(
    framework: &Framework,
    places: &[(&'static str, u32)],
    unit_of: impl Fn(&'static str) -> &'static str,
) -> Tally {
    let intake = Arc::new(Intake::new(framework, &definition()));
    let mut estimator = Estimator::new(framework, &intake);
    for (place, count) in places {
        for (response, weight, answers) in firms(place, *count) {
            estimator.add(&Respondent {
                response: &response,
                organisation: None,
                unit: unit_of(place),
                stratum: "",
                auxiliary: Auxiliary::default(),
                weight: Some(weight),
                answers: answers.to_string().as_bytes(),
            });
        }
    }
    estimator.finish()
}

fn official(units: &[&str]) -> Table {
    let table = Table::new("official", units.iter().map(|unit| (*unit).to_owned()).collect());
    let figure = |unit: &&str| Some(if *unit == "place" { 300.0 } else { 120.0 });
    table.with_numbers("gdp", &units.iter().map(figure).collect())
}

fn options(text: &str) -> Options {
    Options::read("o.yaml", text, Options::assess()).unwrap()
}

const QUICK: &str = "{uncertainty: {runs: 0}, profiles: false, responses: {minimum: 3}}";

/// The assessment of these units, with a roll-up of the place and its part where `include` says how official figures are.
fn assessed(places: &[(&'static str, u32)], units: &[&str], text: &str, include: Option<bool>) -> Assessment {
    let (framework, options) = (framework(), options(text));
    let single = include.is_none();
    let tally = tally(&framework, places, |place| {
        if single && place == "part" { "place" } else { place }
    });
    let names: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
    let estimates = Estimates::new(&framework, &tally, &names, Some(&official(units)), &options.responses).unwrap();
    let mut assessment = assess_estimates(&framework, &estimates, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &estimates.table,
        options: &options,
        respondents: Respondents::None,
    };
    let together = include.map(|figures_include_parts| Together {
        place: "place".to_owned(),
        parts: vec!["part".to_owned()],
        figures_include_parts,
    });
    let together: Vec<Together> = together.into_iter().collect();
    roll_up(&mut assessment, &subject, &tally, &together, &official(&["place"])).unwrap();
    assessment
}

#[test]
fn a_roll_up_is_what_the_place_would_be_if_it_were_one_and_changes_nobody() {
    for scale in ["", ", aggregate: geometric, normalise: {method: goalposts, low: 1}"] {
        let text = QUICK.replace("profiles: false", &format!("profiles: false{scale}"));
        let beside = assessed(&PLACES, &["place", "part", "other"], &text, Some(true));
        let as_one = assessed(&PLACES, &["place", "other"], &text, None);
        let roll_ups = beside.roll_ups.as_ref().unwrap();
        assert_eq!(
            (roll_ups.units.as_slice(), roll_ups.parts[0].as_slice()),
            (&["place".to_owned()][..], &["part".to_owned()][..])
        );
        for (id, expected) in &as_one.scores {
            let (found, expected) = (roll_ups.scores[id].get(0).unwrap(), expected.get(0).unwrap());
            assert!((found - expected).abs() < 1e-9, "{id}: {found} is not {expected}");
            assert_eq!(roll_ups.coverage[id].get(0), as_one.coverage[id].get(0), "{id}");
        }
        for (id, cells) in &as_one.cells {
            assert_eq!(roll_ups.cells[id][0], cells[0], "{id}");
            assert_eq!(roll_ups.raw[id].get(0), as_one.stages.raw[id].get(0), "{id}");
        }
        let alone = assessed(&PLACES, &["place", "part", "other"], &text, Some(false));
        assert_eq!(
            (&alone.scores, &alone.ranks, &alone.notes),
            (&beside.scores, &beside.ranks, &beside.notes)
        );
    }
}

#[test]
fn the_frame_is_that_of_the_units_alone() {
    let text = QUICK.replace("profiles: false", "profiles: false, normalise: min_max");
    let assessment = assessed(&PLACES, &["place", "part", "other"], &text, Some(true));
    let roll_ups = assessment.roll_ups.unwrap();
    for (id, sign) in [("intensity", 1.0), ("firms", 1.0), ("middle", -1.0), ("gdp", 1.0)] {
        let of_units: Vec<f64> = assessment.stages.raw[id]
            .iter()
            .map(|value| value.unwrap() * sign)
            .collect();
        let (least, most) = of_units
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
                (least.min(*x), most.max(*x))
            });
        let x = roll_ups.raw[id].get(0).unwrap() * sign;
        let expected = 100.0 * (x - least) / (most - least);
        let found = roll_ups.scores[id].get(0).unwrap();
        assert!((found - expected).abs() < 1e-9, "{id}: {found} is not {expected}");
    }
    // There are more firms in both than in any one of them.
    assert!(roll_ups.scores["firms"].get(0).unwrap() > 100.0);
}

#[test]
fn official_figures_count_only_where_they_are_known_to_include_the_parts_and_ranks_have_no_frame() {
    let known = assessed(&PLACES, &["place", "part", "other"], QUICK, Some(true))
        .roll_ups
        .unwrap();
    assert_eq!(known.raw["gdp"].get(0), Some(300.0));
    let unknown = assessed(&PLACES, &["place", "part", "other"], QUICK, Some(false))
        .roll_ups
        .unwrap();
    assert_eq!(
        (unknown.raw["gdp"].get(0), unknown.scores["Official"].get(0)),
        (None, None)
    );
    assert!(
        unknown.scores["Index"].get(0).is_some(),
        "two of three dimensions are there"
    );
    assert!(unknown.notes.iter().any(|note| note.code == NoteCode::OfficialUnknown));
    assert!(known.notes.iter().all(|note| note.code != NoteCode::OfficialUnknown));

    let text = QUICK.replace("profiles: false", "profiles: false, normalise: percentile_rank");
    let ranked = assessed(&PLACES, &["place", "part", "other"], &text, Some(true))
        .roll_ups
        .unwrap();
    assert!(ranked.scores.values().all(|scores| scores.get(0).is_none()));
    assert!(ranked.raw["firms"].get(0).is_some());
    assert!(ranked.notes.iter().any(|note| note.code == NoteCode::NotBeside));
}

#[test]
fn a_publication_has_no_roll_up_from_which_a_hidden_figure_follows() {
    // Two firms in the part: whatever they say is hidden, as a figure or as too thin to be one.
    for minimum in ["minimum: 1", "minimum: 3"] {
        let text = QUICK.replace("minimum: 3", minimum);
        let places = [("place", 14), ("part", 2), ("other", 12)];
        // With the part as a unit, and with one that is in no ranking.
        for units in [&["place", "part", "other"][..], &["place", "other"]] {
            let assessment = assessed(&places, units, &text, Some(true));
            let framework = framework();
            let hidden = hidden_roll_ups(&framework, &assessment, &hidden_figures(&framework, &assessment));
            let published = for_publication(&framework, assessment.clone()).roll_ups.unwrap();
            for id in ["intensity", "performers", "firms", "middle"] {
                assert!(hidden.hides_figure(id, 0), "{id} {minimum} {units:?}");
                assert_eq!(
                    (published.raw[id].get(0), published.scores[id].get(0)),
                    (None, None),
                    "{id}"
                );
                assert!(published.cells[id][0].parts.is_empty());
            }
            for parent in ["Research", "Size"] {
                assert!(
                    hidden.hides_score(parent, 0) && published.scores[parent].get(0).is_none(),
                    "{parent}"
                );
            }
            assert!(!hidden.hides_figure("gdp", 0) && published.scores["Official"].get(0).is_some());
            assert!(
                !hidden.hides_score("Index", 0),
                "two of its children are hidden, and neither follows from it"
            );
            assert!(published.gives_away.is_empty());
        }
    }
    let open = assessed(&PLACES, &["place", "part", "other"], QUICK, Some(true));
    let published = for_publication(&framework(), open.clone()).roll_ups.unwrap();
    assert_eq!(published.scores, open.roll_ups.unwrap().scores);
}

fn entry(place: &str, number: usize) -> RegisterEntry {
    RegisterEntry {
        code: code(number),
        name: format!("Works {number}"),
        city: place.to_owned(),
        sector: Some("C".to_owned()),
        size: Some("small".to_owned()),
        stratum: None,
        weight: None,
        employees: Some(20),
        confidential: true,
        listed: false,
        in_frame: true,
        address: None,
        position: None,
    }
}

/// A study of a city, a town in it and another city, of each of which the register has twenty firms and twelve answer.
/// Of these, four of the town say that they are in the city; one of the city says that it is in the other.
fn assessed_study(database: &Database) -> (Store, Assessed) {
    let places = "places:\n- {code: city, label: City}\n- {code: town, label: Town, lies_in: city, roll_up: true}\n\
                  - {code: other, label: Other}\n";
    let places = StudyPlaces::from_yaml("places.yaml", places).unwrap().value;
    let register: Vec<RegisterEntry> = (0..60)
        .map(|number| entry(["city", "town", "other"][number % 3], number))
        .collect();
    let answers: Vec<Value> = register
        .iter()
        .take(36)
        .enumerate()
        .map(|(number, entry)| {
            let named = match number {
                1 | 4 | 7 | 10 => "city",
                0 => "other",
                _ => entry.city.as_str(),
            };
            json!({"credit_code": entry.code, "city": named, "staff": 20, "rd": number % 4})
        })
        .collect();
    let store = store_of(database, SURVEY, FRAMEWORK, &answers);
    let seed = Seed {
        places: places.iter().cloned().collect(),
        ..Seed::default()
    };
    store.seed(&seed, DateTime::UNIX_EPOCH).unwrap();
    let of = RegisterOf {
        round: "r".to_owned(),
        survey: "firm".to_owned(),
        actor: "test".to_owned(),
    };
    store
        .load_register(&of, &register, false, DateTime::UNIX_EPOCH)
        .unwrap();
    let request = AssessmentRequest {
        name: String::new(),
        round: Some("r".to_owned()),
        options: options(&QUICK.replace("profiles: false", "profiles: false, standardise: true")),
        compare: None,
        scenarios: None,
        made_by: "test".to_owned(),
    };
    let assessed = assess(&store, &request, Utc::now()).unwrap();
    (store, assessed)
}

#[test]
fn a_respondent_counts_in_the_lowest_place_that_the_register_or_its_answer_names() {
    on_each(|database| {
        let found = assessed_study(database).1.assessment;
        assert_eq!(found.units, ["city", "town", "other"]);
        let base: Vec<u32> = found.cells["firms"].iter().map(|cell| cell.parts[0].base).collect();
        assert_eq!(base, [11, 12, 13]);
        let note = found
            .notes
            .iter()
            .find(|note| note.code == NoteCode::LowestPlace)
            .unwrap();
        assert!(note.message.starts_with("4 responses"), "{}", note.message);
        let roll_ups = found.roll_ups.unwrap();
        assert_eq!(roll_ups.cells["firms"][0].parts[0].base, 23);
        // The register has 20 in each, and its weights stay what they are.
        assert!((roll_ups.raw["firms"].get(0).unwrap() - 40.0).abs() < 1e-9);
    });
}

#[test]
fn the_workbook_shows_roll_ups_below_the_ranking_and_single_respondents_in_the_analysis_alone() {
    on_each(|database| {
        let (store, assessed) = assessed_study(database);
        for (edition, is_analysis) in [(Edition::Analysis, true), (Edition::Publication, false)] {
            let request = ReportRequest {
                id: assessed.id,
                wording: Wording::new([Language::English]),
                edition,
                personal: Tier::None,
            };
            let mut bytes = Cursor::new(Vec::new());
            write_report(&store, &request, &mut bytes).unwrap();
            let mut book: Xlsx<_> = calamine::open_workbook_from_rs(bytes).unwrap();
            let sheets = book.sheet_names();
            for (name, is_there) in [
                ("Roll-ups", true),
                ("Standardised", is_analysis),
                ("Influence", is_analysis),
            ] {
                assert_eq!(sheets.iter().any(|sheet| sheet == name), is_there, "{name} {edition:?}");
            }
            let ranking = book.worksheet_range("Ranking").unwrap();
            let rows: Vec<Vec<String>> = ranking
                .rows()
                .map(|row| row.iter().map(ToString::to_string).collect())
                .collect();
            let row = rows
                .iter()
                .find(|row| row[1] == "City incl. its parts (Town)")
                .expect("the roll-up");
            let expected = assessed.assessment.roll_ups.as_ref().unwrap().scores["Index"]
                .get(0)
                .unwrap();
            assert_eq!(row[0], "–", "it has no rank");
            assert!((row[2].parse::<f64>().unwrap() - expected).abs() < 1e-9, "{row:?}");
        }
    });
}
