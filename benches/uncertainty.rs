//! Uncertainty and sensitivity: thousands of assessments of a table of 51 units by 49 indicators, and of 3,000
//! respondents.
//!
//! `cargo bench --bench uncertainty`. The peer is `benches/peers/uncertainty_numpy.py`; the floor of a run is the sum of
//! its weighted values and the sorting of its units.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a failed assumption of a bench is a failed bench"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use innogauge::definition::Definition;
use innogauge::scoring::{
    Auxiliary, Estimates, Estimator, Framework, Intake, Options, Populations, RegisterTotals, Replay, Resample,
    Respondent, Respondents, Subject, Table, analyse, assess, assess_estimates,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() {
    divan::main();
}

const UNITS: usize = 51;
const INDICATORS: usize = 49;

const VARY: &str = "{treat: [{method: winsorise_then_log, max_winsorised: 1}, {method: winsorise_then_log, max_winsorised: 3}, \
                    {method: winsorise_then_log, max_winsorised: 5}], normalise: [min_max, {method: z_score, mean: 10, sd: 2}], \
                    aggregate: [arithmetic, geometric], weights: {relative: 0.25}}";

fn table() -> (Framework, Table) {
    let mut text = String::from("index:\n  id: Index\n  children:\n");
    for dimension in 0..7 {
        writeln!(text, "    - id: D{dimension}\n      indicators:").unwrap();
        for indicator in 0..7 {
            writeln!(text, "        - {{id: x{}}}", dimension * 7 + indicator).unwrap();
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut csv = String::from("unit");
    (0..INDICATORS).for_each(|indicator| write!(csv, ",x{indicator}").unwrap());
    for unit in 0..UNITS {
        write!(csv, "\nu{unit}").unwrap();
        for indicator in 0..INDICATORS {
            let value: f64 = random.random();
            write!(csv, ",{:.8}", value.powi(1 + i32::try_from(indicator % 5).unwrap())).unwrap();
        }
    }
    let framework = Framework::for_table("f.yaml", &text).unwrap().value;
    (framework, Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap())
}

fn analysis(bencher: Bencher<'_, '_>, items: usize, options: &str) {
    let (framework, table) = table();
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    let assessment = assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    bencher.counter(ItemsCount::new(items)).bench(|| {
        let mut assessment = assessment.clone();
        analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
        assessment
    });
}

#[divan::bench(sample_count = 20)]
fn uncertainty_10_000_runs(bencher: Bencher<'_, '_>) {
    analysis(bencher, 10_000, &format!("uncertainty: {{runs: 10000, vary: {VARY}}}"));
}

#[divan::bench(sample_count = 10)]
fn sensitivity_1_024_points(bencher: Bencher<'_, '_>) {
    // 100 runs of uncertainty are a small part of it.
    analysis(
        bencher,
        1024 * 6,
        &format!("uncertainty: {{runs: 100, vary: {VARY}}}\nsensitivity: {{runs: 1024}}"),
    );
}

/// What no run can do without: weighted sums over all values, and one sort for each of eight elements.
#[divan::bench(sample_count = 20)]
fn floor_10_000_sums_and_sorts_on_one_thread(bencher: Bencher<'_, '_>) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let values: Vec<f64> = (0..UNITS * INDICATORS).map(|_| random.random()).collect();
    bencher.counter(ItemsCount::new(10_000_usize)).bench(|| {
        for run in 0..10_000_u32 {
            let mut sums = vec![0.0; UNITS];
            for column in values.chunks(UNITS) {
                sums.iter_mut()
                    .zip(column)
                    .for_each(|(sum, value)| *sum += f64::from(run) * value);
            }
            for _ in 0..8 {
                let mut sorted = sums.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                black_box(sorted);
            }
        }
    });
}

/// 3,000 respondents of ten cities, 60 indicators, drawn again 1,000 times under all default options of `assess`.
#[divan::bench(sample_count = 5)]
fn bootstrap_of_3_000_respondents_by_60_indicators_1_000_times(bencher: Bencher<'_, '_>) {
    bootstrap(bencher, &Populations::new());
}

/// The same, calibrated in each run to a register of 15,000 organisations in four sizes and eight sectors.
#[divan::bench(sample_count = 5)]
fn bootstrap_calibrated_again_1_000_times(bencher: Bencher<'_, '_>) {
    let mut register = RegisterTotals::default();
    for number in 0..15_000_u64 {
        let (city, size, sector) = classes(number);
        let employees = employees(number, 10_007);
        register.add(
            &city,
            Some(size),
            Some(sector),
            &format!("{city}/{size}"),
            Some(employees),
        );
    }
    bootstrap(bencher, &Populations::from([("enterprise".to_owned(), register)]));
}

/// The city, size class and sector of an organisation.
fn classes(number: u64) -> (String, &'static str, &'static str) {
    let one_of = |words: &[&'static str], number: u64| words[usize::try_from(number).unwrap() % words.len()];
    let size = one_of(
        &["micro", "micro", "small", "small", "medium", "large"],
        number / 10 % 6,
    );
    let sector = one_of(&["A", "B", "C", "D", "E", "F", "G", "H"], number / 60);
    (format!("c{}", number % 10), size, sector)
}

/// Persons employed, 1 to 5 times what is usual for the size.
fn employees(number: u64, by: u64) -> u64 {
    let usual = match classes(number).1 {
        "micro" => 4,
        "small" => 20,
        "medium" => 100,
        _ => 400,
    };
    usual + usual * (number * by % 97) / 24
}

fn bootstrap(bencher: Bencher<'_, '_>, populations: &Populations) {
    let mut survey = String::from(
        "survey: enterprise\nversion: '1'\ntitle: {en: E}\nlanguages: {en: English}\nquestions:\n  \
         - {type: decimal, name: turnover, label: T}\n",
    );
    let mut text = String::from("index:\n  id: Index\n  children:\n");
    for dimension in 0..6 {
        writeln!(text, "    - id: D{dimension}\n      indicators:").unwrap();
        for q in dimension * 10..dimension * 10 + 10 {
            writeln!(survey, "  - {{type: decimal, name: q{q}, label: Q}}").unwrap();
            writeln!(
                text,
                "        - {{id: x{q}, from: enterprise, ratio: {{of: \"${{q{q}}}\", over: \"${{turnover}}\"}}, goalposts: [0, 1]}}"
            )
            .unwrap();
        }
    }
    let definition = Definition::from_yaml("enterprise.yaml", &survey).unwrap().value;
    let framework = Framework::from_yaml("f.yaml", &text, &[&definition]).unwrap().value;
    let intake = Arc::new(Intake::new(&framework, &definition));
    let mut estimator = Estimator::new(&framework, &intake).keeping_respondents();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for number in 0..3000_u64 {
        let (city, size, sector) = classes(number);
        let turnover = 1.0 + random.random::<f64>() * 100.0;
        let mut answers = format!("{{\"turnover\": {turnover}");
        for q in 0..60 {
            write!(answers, ", \"q{q}\": {}", turnover * random.random::<f64>()).unwrap();
        }
        answers.push('}');
        estimator.add(&Respondent {
            response: &format!("uuid:{number}"),
            organisation: None,
            unit: &city,
            stratum: &format!("{city}/{size}"),
            auxiliary: Auxiliary {
                size,
                sector,
                employees: Some(employees(number, 7919)),
            },
            weight: Some(1.0 + (number % 3) as f64 / 4.0),
            answers: answers.as_bytes(),
        });
    }
    let mut tally = estimator.finish();
    tally.calibrate(&framework, populations);
    let units: Vec<String> = (0..10).map(|city| format!("c{city}")).collect();
    let options = Options::assess();
    let estimates = Estimates::new(&framework, &tally, &units, None, &options.responses).unwrap();
    let assessment = assess_estimates(&framework, &estimates, &options).unwrap();
    bencher.counter(ItemsCount::new(1000_usize)).bench(|| {
        let resample = Resample::new(&framework, &tally, &estimates.table, &options, populations).unwrap();
        let subject = Subject {
            framework: &framework,
            table: &estimates.table,
            options: &options,
            respondents: Respondents::Drawn(&resample),
        };
        let mut assessment = assessment.clone();
        analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
        assessment
    });
}
