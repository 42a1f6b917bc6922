//! The influence of single respondents, held against assessments of the same answers but one.

use std::sync::Arc;

use innogauge::definition::Definition;
use innogauge::scoring::{
    Assessment, Auxiliary, Estimates, Estimator, Framework, Influence, Intake, NoteCode, Options, Populations,
    RegisterTotals, Replay, Resample, Respondent, Respondents, ScoringError, Subject, Table, Tally, analyse,
    assess_estimates, for_publication, influence,
};
use serde_json::{Value, json};

const FIRMS: &str = "survey: firm\nversion: '1'\ntitle: Firms\nidentity: {city: city}\nquestions:\n\
    - {type: text, name: city, label: City}\n\
    - {type: decimal, name: staff, label: Staff}\n\
    - {type: decimal, name: rd, label: R&D, missing: [dont_know]}\n";

const BODIES: &str = "survey: body\nversion: '1'\ntitle: Bodies\nidentity: {city: city}\nquestions:\n\
    - {type: text, name: city, label: City}\n\
    - {type: text, name: kind, label: Kind}\n\
    - {type: decimal, name: links, label: Links, missing: [dont_know]}\n";

const FRAMEWORK: &str = r#"
framework: test
actors:
  firm: {from: firm}
  lab: {from: body, where: "${kind} = 'lab'", confidential: false}
index:
  id: Index
  children:
    - id: Research
      weight: 2
      indicators:
        - {id: intensity, from: firm, ratio: {of: "${rd}", over: "${staff}"}, goalposts: [0, 2], basis: bound}
        - {id: performers, from: firm, share: "${rd} > 1", goalposts: [0, 1], basis: bound}
    - id: Size
      indicators:
        - {id: firms, from: firm, count: "${staff} > 10", goalposts: [0, 200], basis: bound}
        - {id: middle, from: firm, median: "${staff}", direction: -1, goalposts: [0, 50], basis: bound}
    - id: Links
      indicators:
        - id: links
          absent: zero
          combine:
            firm: {part: 3, mean: "${staff}"}
            lab: {part: 1, mean: "${links}"}
          goalposts: [0, 60]
          basis: bound
"#;

struct Answered {
    survey: &'static str,
    response: String,
    unit: &'static str,
    size: &'static str,
    sector: &'static str,
    weight: f64,
    answers: Value,
}

/// Firms of three cities, one of which has just enough that know their R&D; laboratories of which one is the only one of
/// its city and one does not know.
fn answered() -> Vec<Answered> {
    let firm = |number: u32| {
        let unit = ["a", "b", "c"][(number % 3) as usize];
        let unknown = unit == "c" && number > 30;
        let rd = if unknown {
            json!({"missing": "dont_know"})
        } else {
            json!(number * 7 % 11)
        };
        Answered {
            survey: "firm",
            response: format!("uuid:{number:02}@1"),
            unit,
            size: if number.is_multiple_of(4) { "small" } else { "micro" },
            sector: if number % 5 < 2 { "F" } else { "C" },
            weight: 1.0 + f64::from(number % 4) / 3.0,
            answers: json!({"city": unit, "staff": 2 + number * 13 % 37, "rd": rd}),
        }
    };
    let body = |(number, unit, kind, links): (u32, &'static str, &'static str, Value)| Answered {
        survey: "body",
        response: format!("uuid:body{number}@1"),
        unit,
        size: "",
        sector: kind,
        weight: 1.0,
        answers: json!({"city": unit, "kind": kind, "links": links}),
    };
    let bodies = [
        (0, "a", "lab", json!(40)),
        (1, "b", "lab", json!(9)),
        (2, "b", "lab", json!(30)),
        (3, "b", "lab", json!({"missing": "dont_know"})),
        (4, "c", "office", json!(5)),
    ];
    (0..39).map(firm).chain(bodies.into_iter().map(body)).collect()
}

fn register() -> Populations {
    let mut totals = RegisterTotals::default();
    for (city, more) in [("a", 0), ("b", 9), ("c", 4)] {
        for number in 0..60 + more {
            let size = if number % 3 == 0 { "small" } else { "micro" };
            let sector = if number % 7 < 3 { "F" } else { "C" };
            totals.add(city, Some(size), Some(sector), &format!("{city}/{size}"), None);
        }
    }
    Populations::from([("firm".to_owned(), totals)])
}

struct Made {
    framework: Framework,
    options: Options,
    estimates: Estimates,
    tally: Tally,
}

fn made(answered: &[Answered], populations: &Populations, options: &str) -> Made {
    let definitions = [("firm", FIRMS), ("body", BODIES)].map(|(name, text)| {
        (
            name,
            Definition::from_yaml(&format!("{name}.yaml"), text).unwrap().value,
        )
    });
    let all: Vec<&Definition> = definitions.iter().map(|(_, definition)| definition).collect();
    let framework = Framework::from_yaml("framework.yaml", FRAMEWORK, &all)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value;
    let options = Options::read("o.yaml", options, Options::assess()).unwrap();
    let mut tally = Tally::default();
    for (survey, definition) in &definitions {
        let intake = Arc::new(Intake::new(&framework, definition));
        let mut estimator = Estimator::new(&framework, &intake).keeping_respondents();
        for one in answered.iter().filter(|one| one.survey == *survey) {
            estimator.add(&Respondent {
                response: &one.response,
                organisation: None,
                unit: one.unit,
                stratum: &format!("{}/{}", one.unit, one.size),
                auxiliary: Auxiliary {
                    size: one.size,
                    sector: one.sector,
                    employees: None,
                },
                weight: Some(one.weight),
                answers: one.answers.to_string().as_bytes(),
            });
        }
        tally.merge(estimator.finish());
    }
    tally.calibrate(&framework, populations);
    let units: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let estimates = Estimates::new(&framework, &tally, &units, None, &options.responses).unwrap();
    Made {
        framework,
        options,
        estimates,
        tally,
    }
}

impl Made {
    fn assessed(&self) -> Assessment {
        assess_estimates(&self.framework, &self.estimates, &self.options).unwrap()
    }

    /// The assessment with its influence, and with its uncertainty where that is asked for.
    fn influenced(&self, populations: &Populations) -> Assessment {
        let table = &self.estimates.table;
        let resample = Resample::new(&self.framework, &self.tally, table, &self.options, populations).unwrap();
        let subject = Subject {
            framework: &self.framework,
            table,
            options: &self.options,
            respondents: Respondents::Drawn(&resample),
        };
        let mut assessment = self.assessed();
        analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
        influence(&mut assessment, &subject, &self.tally, populations).unwrap();
        assessment
    }
}

fn of(assessment: &Assessment) -> &Influence {
    assessment.influence.as_ref().unwrap()
}

const QUICK: &str =
    "{uncertainty: {runs: 0}, profiles: false, aggregate: {min_available: 0.5}, responses: {minimum: 10}}";

fn same(found: Option<f64>, expected: Option<f64>, what: &str) {
    let close = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        (None, None) => true,
        _ => false,
    };
    assert!(close, "{what}: {found:?} is not {expected:?}");
}

#[test]
fn without_a_respondent_all_is_as_if_it_had_never_answered() {
    for populations in [Populations::default(), register()] {
        let all = answered();
        let before = made(&all, &populations, QUICK);
        let assessment = before.influenced(&populations);
        let influence = of(&assessment);
        let (mut lost, mut alone) = (0, 0);
        for left_out in &influence.left_out {
            let others: Vec<Answered> = answered()
                .into_iter()
                .filter(|one| one.response != left_out.response)
                .collect();
            assert_eq!(others.len() + 1, all.len());
            let fresh = made(&others, &populations, QUICK).assessed();
            let row = fresh.units.iter().position(|unit| *unit == left_out.unit).unwrap();
            assert_eq!(left_out.scores.len(), 4);
            for (id, score) in &left_out.scores {
                let what = format!("{id} of {} without {}", left_out.unit, left_out.response);
                same(*score, fresh.scores[id].get(row), &what);
            }
            assert_eq!(left_out.rank, fresh.ranks["Index"][row]);
            for (id, of_units) in &influence.largest {
                for largest in of_units[row].iter().filter(|it| it.response == left_out.response) {
                    same(
                        largest.without,
                        fresh.stages.raw[id].get(row),
                        &format!("{id} without {}", largest.response),
                    );
                    lost += usize::from(largest.without.is_none());
                    alone += usize::from(largest.share > 1.0 - 1e-12);
                }
            }
        }
        assert!(influence.left_out.len() > 6 && lost > 0 && alone > 0);
    }
}

#[test]
fn the_largest_share_is_that_of_the_weighted_numerator() {
    let assessment = made(&answered(), &Populations::default(), QUICK).influenced(&Populations::default());
    for (row, unit) in ["a", "b", "c"].into_iter().enumerate() {
        let firms: Vec<Answered> = answered()
            .into_iter()
            .filter(|one| one.survey == "firm" && one.unit == unit)
            .collect();
        let expect = |id: &str, amount: &dyn Fn(&Answered) -> Option<f64>| {
            let mut amounts: Vec<(f64, &str)> = firms
                .iter()
                .filter_map(|firm| Some((amount(firm)? * firm.weight, firm.response.as_str())))
                .collect();
            let total: f64 = amounts.iter().map(|(amount, _)| amount).sum();
            amounts.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
            let found = &of(&assessment).largest[id][row][0];
            assert_eq!(
                (found.actor.as_str(), found.response.as_str()),
                ("firm", amounts[0].1),
                "{id} {unit}"
            );
            assert!((found.share - amounts[0].0 / total).abs() < 1e-12, "{id} {unit}");
        };
        let staff = |firm: &Answered| firm.answers["staff"].as_f64();
        expect("intensity", &|firm| firm.answers["rd"].as_f64());
        expect("performers", &|firm| {
            firm.answers["rd"].as_f64().map(|rd| f64::from(u8::from(rd > 1.0)))
        });
        expect("firms", &|firm| {
            staff(firm).map(|staff| f64::from(u8::from(staff > 10.0)))
        });
        expect("middle", &|_| Some(1.0));
        expect("links", &staff);
    }
    let labs: Vec<(usize, f64)> = of(&assessment).largest["links"]
        .iter()
        .map(|it| it.get(1).map_or((it.len(), 0.0), |lab| (it.len(), lab.share)))
        .collect();
    assert_eq!(labs[0], (2, 1.0));
    assert!((labs[1].1 - 30.0 / 39.0).abs() < 1e-12);
    assert_eq!(labs[2].0, 1, "no laboratory in c");
}

#[test]
fn the_scale_stays_that_of_all_respondents() {
    let options = QUICK.replace("profiles: false", "profiles: false, normalise: min_max");
    let assessment = made(&answered(), &Populations::default(), &options).influenced(&Populations::default());
    let mut seen = 0;
    for left_out in &of(&assessment).left_out {
        let others: Vec<Answered> = answered()
            .into_iter()
            .filter(|one| one.response != left_out.response)
            .collect();
        let fresh = made(&others, &Populations::default(), &options);
        let row = assessment.units.iter().position(|unit| *unit == left_out.unit).unwrap();
        let score = |id: &str, sign: f64| {
            let before: Vec<f64> = assessment.stages.raw[id].present().map(|value| value * sign).collect();
            let (least, most) = (
                before.iter().copied().fold(f64::INFINITY, f64::min),
                before.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            );
            let value = fresh.estimates.table.numbers(id).unwrap().get(row)?;
            Some(100.0 * (value * sign - least) / (most - least))
        };
        let (Some(firms), Some(middle)) = (score("firms", 1.0), score("middle", -1.0)) else {
            continue;
        };
        let found = left_out.scores["Size"].unwrap();
        assert!((found - f64::midpoint(firms, middle)).abs() < 1e-9, "{found}");
        seen += 1;
    }
    assert!(seen > 6);
}

#[test]
fn whoever_moves_the_index_by_more_than_half_of_its_interval_is_flagged_and_no_publication_says_so() {
    let mut answers = answered();
    // One firm with nearly all the research of its city, weighted little.
    answers[0].answers["rd"] = json!(900);
    answers[0].weight = 0.2;
    let options = QUICK.replace("runs: 0", "runs: 400, vary: {respondents: bootstrap}");
    let made = made(&answers, &Populations::default(), &options);
    let assessment = made.influenced(&Populations::default());
    let sampling = assessment.uncertainty.as_ref().unwrap().elements["Index"]
        .sampling
        .as_ref()
        .unwrap();
    let half = |spread: &innogauge::scoring::Spread, row: usize| {
        let (low, high) = spread.interval().unwrap();
        (high.get(row).unwrap() - low.get(row).unwrap()) / 2.0
    };
    let mut flagged: Vec<&str> = Vec::new();
    for left_out in &of(&assessment).left_out {
        let row = assessment.units.iter().position(|unit| *unit == left_out.unit).unwrap();
        let before = assessment.scores["Index"].get(row).unwrap();
        let after = left_out.scores["Index"];
        let by_score = after.is_none_or(|after| (after - before).abs() > half(&sampling.score, row));
        let moved = left_out
            .rank
            .map(|rank| f64::from(rank.abs_diff(assessment.ranks["Index"][row].unwrap())));
        let by_rank = moved.is_some_and(|moved| moved > half(&sampling.rank, row));
        assert_eq!(
            (left_out.moves_score, left_out.moves_rank),
            (by_score, by_rank),
            "{}",
            left_out.response
        );
        if left_out.moves() && flagged.last() != Some(&left_out.unit.as_str()) {
            flagged.push(&left_out.unit);
        }
    }
    let note = assessment.notes.iter().find(|note| note.code == NoteCode::Influential);
    let noted = note.map(|note| note.units.clone()).unwrap_or_default();
    assert!(!flagged.is_empty() && noted == flagged, "{noted:?}");

    let published = for_publication(&made.framework, assessment);
    assert!(published.influence.is_none());
    assert!(published.notes.iter().all(|note| note.code != NoteCode::Influential));
}

#[test]
fn methods_without_a_frame_leave_the_shares_and_a_bare_table_has_no_respondents() {
    let options = QUICK.replace("profiles: false", "profiles: false, normalise: rank");
    let assessment = made(&answered(), &Populations::default(), &options).influenced(&Populations::default());
    assert!(of(&assessment).left_out.is_empty() && of(&assessment).largest.len() == 5);
    assert!(assessment.notes.iter().any(|note| note.code == NoteCode::NoInfluence));

    let framework = Framework::for_table("f.yaml", "index: {id: I, indicators: [{id: a}]}")
        .unwrap()
        .value;
    let table = Table::read_csv("t.csv", "unit,a\nX,0\nY,1\n".as_bytes(), None, None).unwrap();
    let options = Options::read("o.yaml", "influence: true", Options::score()).unwrap();
    let mut assessment = innogauge::scoring::assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    let error = analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap_err();
    assert!(
        matches!(error, ScoringError::NeedsRespondents { option: "influence" }),
        "{error}"
    );
}
