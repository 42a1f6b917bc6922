//! Weights, estimates and standard errors against those of the R package survey; tests/fixtures/calibration/survey.R
//! makes the recording and says what it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{Auxiliary, Estimates, Estimator, Intake, Populations, Resample, Respondent, Tally};
use crate::definition::Definition;
use crate::scoring::recorded::rows;
use crate::scoring::uncertainty::{Purpose, random};
use crate::scoring::{Framework, Margin, Options, RegisterTotals};

const SURVEY: &str = "survey: enterprise\nversion: '1'\ntitle: {en: Enterprises}\nlanguages: {en: English}\nquestions:\n  \
                      - {type: decimal, name: turnover, label: T}\n  - {type: decimal, name: rd, label: R}\n";

const FRAMEWORK: &str = "index:\n  id: Index\n  indicators:\n    \
                         - {id: ratio, from: enterprise, ratio: {of: \"${rd}\", over: \"${turnover}\"}, goalposts: [0, 1]}\n    \
                         - {id: share, from: enterprise, share: \"${rd} > 0\", goalposts: [0, 1]}\n    \
                         - {id: total, from: enterprise, sum: \"${rd}\", goalposts: [0, 1]}\n";

const CITIES: [&str; 3] = ["a", "b", "c"];
const FIGURES: [&str; 3] = ["ratio", "share", "total"];

#[derive(Deserialize)]
struct Organisation {
    city: String,
    size: String,
    sector: String,
    employees: u64,
    answered: u8,
    base: f64,
    turnover: Option<f64>,
    rd: Option<f64>,
}

/// What survey makes of the respondents, by city and figure, in the order of the respondents.
fn recorded() -> BTreeMap<(String, String), Vec<f64>> {
    let mut recorded: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for (city, what, value) in rows::<(String, String, f64)>("calibration/expected.csv") {
        recorded.entry((city, what)).or_default().push(value);
    }
    recorded
}

struct Surveyed {
    framework: Framework,
    tally: Tally,
    populations: Populations,
}

fn surveyed() -> Surveyed {
    let definition = Definition::from_yaml("enterprise.yaml", SURVEY).unwrap().value;
    let framework = Framework::from_yaml("f.yaml", FRAMEWORK, &[&definition]).unwrap().value;
    let intake = Arc::new(Intake::new(&framework, &definition));
    let mut estimator = Estimator::new(&framework, &intake).keeping_respondents();
    let mut register = RegisterTotals::default();
    for (number, it) in rows::<Organisation>("calibration/register.csv").iter().enumerate() {
        let stratum = format!("{}/{}", it.city, it.size);
        register.add(&it.city, Some(&it.size), Some(&it.sector), &stratum, Some(it.employees));
        if it.answered == 1 {
            let answers = serde_json::json!({"turnover": it.turnover, "rd": it.rd}).to_string();
            estimator.add(&Respondent {
                response: &format!("{number:05}"),
                organisation: None,
                unit: &it.city,
                stratum: &stratum,
                auxiliary: Auxiliary {
                    size: &it.size,
                    sector: &it.sector,
                    employees: Some(it.employees),
                },
                weight: Some(it.base),
                answers: answers.as_bytes(),
            });
        }
    }
    let populations = Populations::from([("enterprise".to_owned(), register)]);
    let mut tally = estimator.finish();
    tally.calibrate(&framework, &populations);
    Surveyed {
        framework,
        tally,
        populations,
    }
}

fn estimates(surveyed: &Surveyed) -> Estimates {
    let units = CITIES.map(str::to_owned);
    let options = Options::assess().responses;
    Estimates::new(&surveyed.framework, &surveyed.tally, &units, None, &options).unwrap()
}

#[test]
fn weights_and_estimates_are_those_of_survey() {
    let surveyed = surveyed();
    let recorded = recorded();
    let estimates = estimates(&surveyed);
    for (number, city) in CITIES.into_iter().enumerate() {
        let of = |what: &str| &recorded[&(city.to_owned(), what.to_owned())];
        let mut kept: Vec<_> = surveyed
            .tally
            .kept()
            .unwrap()
            .iter()
            .filter(|kept| kept.unit == city)
            .collect();
        kept.sort_by(|one, other| one.response.cmp(&other.response));
        assert_eq!(kept.len(), of("weight").len());
        for (kept, expected) in kept.iter().zip(of("weight")) {
            let off = (kept.weight / expected - 1.0).abs();
            assert!(
                off < 1e-9,
                "{city} {}: {} is not {expected}",
                kept.response,
                kept.weight
            );
        }
        for figure in FIGURES {
            let (found, expected) = (
                estimates.table.numbers(figure).unwrap().get(number).unwrap(),
                of(figure)[0],
            );
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{figure} of {city}: {found} is not {expected}"
            );
        }
        let weighting = &estimates.weightings[number];
        assert_eq!(weighting.trimmed.to_string(), of("held")[0].to_string(), "{city}");
        assert_eq!(weighting.margins.len(), 4, "{weighting:?}");
        assert_eq!(weighting.margins[3], Margin::EmployeesBySector);
        assert!(weighting.out_of_reach.is_empty(), "{weighting:?}");
        let organisations = weighting.organisations as f64;
        assert!((weighting.sum / organisations - 1.0).abs() < 1e-9, "{weighting:?}");
    }
}

/// The bootstrap has a Monte Carlo error of 1.6 % with 2,000 replicates; that calibration is not linear makes up to 4 % in
/// samples of this size (in R too). The city with weights at their limits is left out: linearisation does not know limits.
#[test]
fn standard_errors_are_the_linearised_ones_of_survey() {
    let surveyed = surveyed();
    let recorded = recorded();
    let estimates = estimates(&surveyed);
    let Surveyed {
        framework,
        tally,
        populations,
    } = &surveyed;
    let options = Options::assess();
    let resample = Resample::new(framework, tally, &estimates.table, &options, populations).unwrap();
    let replicates: Vec<Vec<Vec<f64>>> = (0..2000)
        .map(|replicate| {
            resample
                .columns_drawn(&mut random(1, Purpose::Respondents, replicate))
                .0
        })
        .collect();
    for (figure, name) in FIGURES.into_iter().enumerate() {
        for (unit, city) in CITIES.into_iter().enumerate().take(2) {
            let values: Vec<f64> = replicates.iter().map(|columns| columns[figure][unit]).collect();
            let found = crate::scoring::numbers::standard_deviation(&values).unwrap();
            let expected = recorded[&(city.to_owned(), format!("{name}_se"))][0];
            let ratio = found / expected;
            println!("{name} of {city}: {found} against {expected}, {ratio:.3}");
            assert!(
                (0.94..1.12).contains(&ratio),
                "{name} of {city}: {found} against {expected}"
            );
        }
    }
    // What calibration gains is seen in the replicates only because it is done again in each.
    let uncalibrated = recorded[&("a".to_owned(), "ratio_se_uncalibrated".to_owned())][0];
    let values: Vec<f64> = replicates.iter().map(|columns| columns[0][0]).collect();
    assert!(crate::scoring::numbers::standard_deviation(&values).unwrap() < 0.97 * uncalibrated);
}
