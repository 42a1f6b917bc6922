//! Whether intervals hold what they promise: cities whose truth is known, surveyed again and again.

use std::fmt::Write as _;
use std::sync::Arc;

use innogauge::definition::Definition;
use innogauge::scoring::{
    Auxiliary, Estimates, Estimator, Framework, Intake, Options, Populations, RegisterTotals, Replay, Resample,
    Respondent, Respondents, Subject, analyse, assess_estimates,
};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::{Map, Value};

const CITIES: usize = 10;
const INDICATORS: usize = 12;

/// One firm: its place in the register and its answers.
struct Firm {
    stratum: String,
    size: &'static str,
    sector: &'static str,
    employees: u64,
    answers: Vec<f64>,
}

/// How the surveys are scored.
#[derive(Clone, Copy)]
struct Method {
    weights: Weights,
    /// The options of normalisation.
    normalise: &'static str,
}

const GOALPOSTS: &str = "goalposts";
const MIN_MAX: &str = "min_max";

/// Where weights come from.
#[derive(Clone, Copy, PartialEq)]
enum Weights {
    /// The sampling design: organisations for each respondent of a stratum.
    Design,
    /// Calibration to the register, in each replicate again.
    Register,
}

fn definition() -> Definition {
    let mut text = String::from(
        "survey: enterprise\nversion: '1'\ntitle: {en: Enterprises}\nlanguages: {en: English}\nquestions:\n  \
         - {type: decimal, name: turnover, label: T}\n",
    );
    for question in 0..INDICATORS {
        writeln!(text, "  - {{type: decimal, name: q{question}, label: Q}}").unwrap();
    }
    Definition::from_yaml("enterprise.yaml", &text)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value
}

/// A third each of ratios, shares and means.
fn framework(definition: &Definition) -> Framework {
    let mut text = String::from("index:\n  id: Index\n  indicators:\n");
    for q in 0..INDICATORS {
        let measure = match q % 3 {
            0 => format!("ratio: {{of: \"${{q{q}}}\", over: \"${{turnover}}\"}}, goalposts: [0, 0.2]"),
            1 => format!("share: \"${{q{q}}} > 1\", goalposts: [0, 1]"),
            _ => format!("mean: \"${{q{q}}}\", goalposts: [0, 4]"),
        };
        writeln!(text, "    - {{id: i{q}, from: enterprise, {measure}}}").unwrap();
    }
    Framework::from_yaml("f.yaml", &text, &[definition])
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value
}

/// All firms of a city: many small ones, some medium ones, a few large ones. Turnover is skewed, and answers hang
/// together within a firm, within a size class, and within a city.
fn city(number: usize, random: &mut ChaCha8Rng) -> Vec<Firm> {
    let mut firms = Vec::new();
    for (class, (size, count)) in [("small", 120), ("medium", 25), ("large", 4)].into_iter().enumerate() {
        for _ in 0..count + number {
            let turnover = (class as f64 * 1.5 + 1.2 * normal(random)).exp();
            let (of_firm, of_city) = (0.5 * normal(random), 0.04 * number as f64);
            let answer = |q: usize, random: &mut ChaCha8Rng| {
                let level = (0.25 * class as f64 + of_city + of_firm + 0.7 * normal(random)).exp();
                if q.is_multiple_of(3) {
                    turnover * level * 0.05
                } else {
                    level
                }
            };
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few thousand at most"
            )]
            let employees = (3.0 * turnover).ceil() as u64;
            let sector = ["C", "F", "G"][firms.len() % 3];
            let mut answers = vec![turnover];
            answers.extend((0..INDICATORS).map(|q| answer(q, random)));
            firms.push(Firm {
                stratum: format!("c{number}/{size}"),
                size,
                sector,
                employees,
                answers,
            });
        }
    }
    firms
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// The firms that answer: 20 to 60 of a city, the large ones all, and of one city a single medium one.
fn answering<'a>(city: usize, firms: &'a [Firm], random: &mut ChaCha8Rng) -> Vec<(&'a Firm, f64)> {
    let mut sample = Vec::new();
    for size in ["small", "medium", "large"] {
        let mut of_size: Vec<&Firm> = firms.iter().filter(|firm| firm.stratum.ends_with(size)).collect();
        let n = match size {
            "small" => 12 + 3 * city,
            "medium" if city == 3 => 1,
            "medium" => 6 + city / 2,
            _ => of_size.len(),
        };
        let weight = of_size.len() as f64 / n as f64;
        of_size.shuffle(random);
        sample.extend(of_size.into_iter().take(n).map(|firm| (firm, weight)));
    }
    sample
}

/// Scores and ranks of the index with their intervals of 90 %, city by city, under the given respondents.
struct Surveyed {
    scores: Vec<f64>,
    ranks: Vec<f64>,
    score_intervals: Vec<(f64, f64)>,
    rank_intervals: Vec<(f64, f64)>,
}

fn survey(
    framework: &Framework,
    definition: &Definition,
    sample: &[Vec<(&Firm, f64)>],
    Method { weights, normalise }: Method,
    populations: &Populations,
    seed: u64,
    runs: usize,
) -> Surveyed {
    let intake = Arc::new(Intake::new(framework, definition));
    let mut estimator = Estimator::new(framework, &intake).keeping_respondents();
    for (city, firms) in sample.iter().enumerate() {
        for (number, (firm, weight)) in firms.iter().enumerate() {
            let names = std::iter::once("turnover".to_owned()).chain((0..INDICATORS).map(|q| format!("q{q}")));
            let answers: Map<String, Value> = names.zip(firm.answers.iter().map(|answer| (*answer).into())).collect();
            estimator.add(&Respondent {
                response: &format!("uuid:{city}-{number:04}"),
                organisation: None,
                unit: &format!("c{city}"),
                stratum: &firm.stratum,
                auxiliary: Auxiliary {
                    size: firm.size,
                    sector: firm.sector,
                    employees: Some(firm.employees),
                },
                weight: (weights == Weights::Design).then_some(*weight),
                answers: Value::Object(answers).to_string().as_bytes(),
            });
        }
    }
    let mut tally = estimator.finish();
    if weights == Weights::Register {
        tally.calibrate(framework, populations);
    }
    let text = format!(
        "normalise: {normalise}\nuncertainty: {{runs: {runs}, seed: {seed}, vary: {{respondents: bootstrap}}}}"
    );
    let options = Options::read("o.yaml", &text, Options::assess()).unwrap();
    let units: Vec<String> = (0..CITIES).map(|city| format!("c{city}")).collect();
    let estimates = Estimates::new(framework, &tally, &units, None, &options.responses).unwrap();
    let mut assessment = assess_estimates(framework, &estimates, &options).unwrap();
    let resample = Resample::new(framework, &tally, &estimates.table, &options, populations).unwrap();
    let subject = Subject {
        framework,
        table: &estimates.table,
        options: &options,
        respondents: Respondents::Drawn(&resample),
    };
    analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
    let index = &assessment.uncertainty.as_ref().unwrap().elements["Index"];
    let interval = |spread: &innogauge::scoring::Spread| {
        let (low, high) = spread.interval().unwrap();
        low.present().zip(high.present()).collect()
    };
    Surveyed {
        scores: index.score.nominal.present().collect(),
        ranks: index.rank.nominal.present().collect(),
        score_intervals: interval(&index.score),
        rank_intervals: interval(&index.rank),
    }
}

/// The shares of the intervals of scores and of ranks that hold the truth.
fn coverage(method: Method, surveys: u64, runs: usize) -> (f64, f64) {
    let definition = definition();
    let framework = framework(&definition);
    let mut random = ChaCha8Rng::seed_from_u64(2026);
    let country: Vec<Vec<Firm>> = (0..CITIES).map(|number| city(number, &mut random)).collect();
    let mut register = RegisterTotals::default();
    for (number, city) in country.iter().enumerate() {
        let city_code = format!("c{number}");
        for firm in city {
            let (size, sector) = (Some(firm.size), Some(firm.sector));
            register.add(&city_code, size, sector, &firm.stratum, Some(firm.employees));
        }
    }
    let populations = Populations::from([("enterprise".to_owned(), register)]);
    let all: Vec<Vec<(&Firm, f64)>> = country
        .iter()
        .map(|firms| firms.iter().map(|firm| (firm, 1.0)).collect())
        .collect();
    let truth = survey(&framework, &definition, &all, method, &populations, 1, 100);
    let zero_width = truth
        .score_intervals
        .iter()
        .all(|(low, high)| (high - low).abs() < 1e-9);
    assert!(zero_width, "a census has no sampling error");

    let found: Vec<(usize, usize)> = (0..surveys)
        .into_par_iter()
        .map(|number| {
            let mut random = ChaCha8Rng::seed_from_u64(1000 + number);
            let sample: Vec<Vec<(&Firm, f64)>> = country
                .iter()
                .enumerate()
                .map(|(city, firms)| answering(city, firms, &mut random))
                .collect();
            let survey = survey(&framework, &definition, &sample, method, &populations, number, runs);
            let held = |truth: &[f64], intervals: &[(f64, f64)]| {
                truth
                    .iter()
                    .zip(intervals)
                    .filter(|(truth, (low, high))| *low <= **truth && **truth <= *high)
                    .count()
            };
            (
                held(&truth.scores, &survey.score_intervals),
                held(&truth.ranks, &survey.rank_intervals),
            )
        })
        .collect();
    let of = (found.len() * CITIES) as f64;
    let share = |part: fn(&(usize, usize)) -> usize| found.iter().map(part).sum::<usize>() as f64 / of;
    (share(|it| it.0), share(|it| it.1))
}

/// Prints what was found, and holds it to what was promised.
fn promise(weights: Weights, surveys: u64, runs: usize, scores_within: f64) {
    let method = Method {
        weights,
        normalise: GOALPOSTS,
    };
    let (scores, ranks) = coverage(method, surveys, runs);
    println!("scores {scores:.4}, ranks {ranks:.4}");
    assert!((scores - 0.9).abs() <= scores_within, "scores: {scores}");
    assert!(ranks >= 0.9, "ranks: {ranks}");
}

#[test]
fn intervals_of_ninety_percent_hold_the_truth_of_about_ninety_percent_of_the_cities() {
    promise(Weights::Design, 60, 200, 0.035);
}

/// Fewer, as calibrating is slow where nothing is optimised: one standard error of 200 intervals is 2.1 %.
#[test]
fn intervals_of_calibrated_figures_hold_it_likewise() {
    promise(Weights::Register, 20, 100, 0.06);
}

/// What docs/ten-cities.md says of the scale.
#[test]
fn under_min_max_the_noise_of_the_extreme_cities_is_everybodys_and_intervals_of_scores_hold_less() {
    let (scores, ranks) = coverage(
        Method {
            weights: Weights::Design,
            normalise: MIN_MAX,
        },
        60,
        200,
    );
    println!("min-max: scores {scores:.4}, ranks {ranks:.4}");
    assert!(scores < 0.84, "scores: {scores}");
    assert!(ranks >= 0.9, "ranks: {ranks}");
}

#[test]
#[ignore = "long: the same, closely; `make soak` has it"]
fn long_coverage_of_intervals_of_ninety_percent_is_within_two() {
    promise(Weights::Design, 500, 500, 0.02);
}

#[test]
#[ignore = "long: the same, closely; `make soak` has it"]
fn long_coverage_of_calibrated_figures_is_within_two() {
    promise(Weights::Register, 500, 500, 0.02);
}
