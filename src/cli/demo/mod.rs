//! `innogauge demo`: synthetic answers of ten cities, scored, and a server to look at them.
//!
//! The answers are made by a seeded model of organisations and go through the same way in as real ones. They lie in a
//! round that is marked synthetic, and every name in them says so.

mod city;
mod interview;
mod organisation;
mod quantity;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, TimeZone, Utc};
use clap::Args;
use indicatif::ProgressBar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use self::city::City;
use self::organisation::{Kind, Organisation};
use super::output::say;
use super::{DatabaseOptions, DefinitionOptions, Failure, database, serve};
use crate::definition::Text;
use crate::report::{Edition, Wording};
use crate::response::{Door, Role, Tier};
use crate::scoring::{Framework, Options, Origin};
use crate::store::{NewUser, Round, RoundChange, RoundState, Statistic, Store, hash_password, random_password};
use crate::study::{self, AssessmentRequest, Catalogue, Names, Reception, ReportRequest, StudyError, Version};
use crate::web::Settings;

/// The round of the synthetic answers.
const ROUND: &str = "synthetic";
/// All that is random in a demonstration comes from here.
const SEED: u64 = 2026;
/// Institutions among a hundred responses.
const INSTITUTIONS_PERCENT: usize = 16;

#[derive(Debug, Args)]
pub struct Demo {
    /// The address to listen at
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// How many responses to make
    #[arg(long, value_name = "N", default_value_t = 600)]
    responses: usize,
    /// Where to keep them; a throw-away database where it is not given
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Make the answers and the workbook, and do not serve
    #[arg(long)]
    no_serve: bool,
    #[command(flatten)]
    definitions: DefinitionOptions,
}

pub fn run(arguments: &Demo) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("innogauge-demo-")
        .tempdir()
        .map_err(|error| Failure::System(format!("cannot make a temporary folder: {error}")))?;
    let address = arguments
        .database
        .clone()
        .unwrap_or_else(|| format!("sqlite:{}", folder.path().join("demo.db").display()));
    let options = DatabaseOptions {
        keys: None,
        database: Some(address),
        definitions: arguments.definitions.clone(),
    };
    let store = database::open(&options)?;
    prepare(&store)?;
    let catalogue = Catalogue::load(&store)?;
    let made = answer(&store, &catalogue, arguments.responses)?;
    say!(
        "{} synthetic responses: {} sound, {} with problems for a supervisor to look at",
        made.sound + made.faulty,
        made.sound,
        made.faulty
    );
    let workbook = beside(arguments.database.as_deref(), folder.path());
    assess(&store, &workbook)?;
    say!("The scored workbook: {}", workbook.display());
    if arguments.no_serve {
        if arguments.database.is_none() {
            let kept = folder.keep();
            say!("Kept in {}", kept.display());
        }
        return Ok(());
    }
    let password = administrator(&store)?;
    say!("Sign in as 'demo' with the password {password}");
    let settings = options.settings()?;
    serve::start_logging(&settings)?;
    serve::serve(
        Settings {
            listen: arguments.listen.clone(),
            ..settings
        },
        store,
    )
}

/// The workbook stands beside the database, where that is a file.
fn beside(database: Option<&str>, folder: &Path) -> PathBuf {
    let file = database.and_then(|database| database.strip_prefix("sqlite:"));
    match (database, file) {
        (_, Some(file)) if !file.starts_with(':') => Path::new(file).with_extension("xlsx"),
        (Some(_), _) => PathBuf::from("demo.xlsx"),
        (None, _) => folder.join("demo.xlsx"),
    }
}

/// A round that says what it is, open as the only one; and official figures to score with.
fn prepare(store: &Store) -> Result<(), Failure> {
    for round in store.rounds()? {
        if round.round == ROUND {
            return Err(Failure::Input(
                "this database has a demonstration already: name a new one".to_owned(),
            ));
        }
        if round.state == RoundState::Open {
            let close = RoundChange {
                state: Some(RoundState::Closed),
                reason: Some("a demonstration has the only open round".to_owned()),
                actor: "command line".to_owned(),
                ..RoundChange::default()
            };
            store.change_round(&round.round, &close, Utc::now())?;
        }
    }
    let label = Text::from_iter([("zh", "合成数据演示轮次"), ("en", "Synthetic demonstration round")]);
    let round = Round {
        round: ROUND.to_owned(),
        label,
        state: RoundState::Open,
        opens_on: None,
        closes_on: None,
        synthetic: true,
    };
    store.add_round(&round, Utc::now())?;
    Ok(())
}

/// How many responses were made.
#[derive(Default)]
struct Made {
    sound: usize,
    faulty: usize,
}

/// Makes the responses and official figures, city by city.
fn answer(store: &Store, catalogue: &Catalogue, count: usize) -> Result<Made, Failure> {
    let targets = study::target_places(store)?;
    if targets.is_empty() {
        return Err(Failure::Input(
            "places.yaml names no place of kind target: there is nobody to survey".to_owned(),
        ));
    }
    let cities: Vec<City> = targets.iter().map(|code| City::new(code, SEED)).collect();
    official_figures(store, catalogue, &cities)?;
    let enterprise = catalogue.newest("enterprise")?;
    let institution = catalogue.newest("institution")?;
    let progress = progress(count);
    let mut made = Made::default();
    for number in 0..count {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        random.set_stream(number as u64);
        let institutions = number * INSTITUTIONS_PERCENT / 100;
        let (turn, version, kind) = if institutions == (number + 1) * INSTITUTIONS_PERCENT / 100 {
            (number - institutions, enterprise, Kind::Enterprise)
        } else {
            (
                institutions,
                institution,
                Kind::institution(institutions / cities.len()),
            )
        };
        let Some(city) = cities.get(turn % cities.len()) else {
            break;
        };
        let organisation = Organisation::new(number, kind, city, &mut random);
        if submit(store, version, &organisation, number, &mut random)? {
            made.sound += 1;
        } else {
            made.faulty += 1;
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(made)
}

/// Sends one organisation's answers the way that a web form does. Whether they break no rule.
fn submit(
    store: &Store,
    version: &Version,
    organisation: &Organisation,
    number: usize,
    random: &mut ChaCha8Rng,
) -> Result<bool, Failure> {
    let at = interview_time(number, random);
    let reception = Reception::new(store, version, Some(ROUND), Door::WebForm, at)?.sent_by(Some("demo".to_owned()));
    let answers = interview::interview(&reception, organisation, at, random);
    let processed = reception.process(answers, Vec::new());
    let names = Names {
        instance_id: format!("uuid:{}", Uuid::from_u128(random.random())),
        deprecated_id: None,
        claimed_version: version.version.clone(),
    };
    let bytes = processed.answers.received_json().to_string();
    store.submit_blocking(&reception.submission(names, &processed, bytes.as_bytes())?)?;
    Ok(processed.is_sound())
}

/// A working hour of the fieldwork, May and June 2026.
fn interview_time(number: usize, random: &mut ChaCha8Rng) -> DateTime<Utc> {
    let first = Utc.with_ymd_and_hms(2026, 5, 11, 0, 30, 0).single().unwrap_or_default();
    let day = i64::try_from(number % 40).unwrap_or(0);
    first + Duration::days(day) + Duration::seconds(random.random_range(0..8 * 3600))
}

/// Official figures for what the framework takes from them, within the goalposts.
fn official_figures(store: &Store, catalogue: &Catalogue, cities: &[City]) -> Result<(), Failure> {
    let Some(stored) = store.current_framework()? else {
        return Err(StudyError::NoFramework.into());
    };
    let framework = Framework::from_yaml(&stored.file_name, &stored.source, &catalogue.newest_definitions());
    let framework = framework.map_err(|_| StudyError::NoFramework)?.value;
    let mut figures = Vec::new();
    for (_, element, indicator) in framework.indicators() {
        let Origin::Statistics(variable) = &indicator.origin else {
            continue;
        };
        let [low, high] = indicator.goalposts.unwrap_or([0.0, 100.0]);
        for city in cities {
            figures.push(Statistic {
                variable: variable.clone(),
                place: city.code.clone(),
                year: 2025,
                value: low + (high - low) * city.share(&element.id),
                unit: indicator
                    .unit
                    .as_ref()
                    .map_or_else(String::new, |unit| unit.label.get("en").to_owned()),
                source: "synthetic, for demonstration".to_owned(),
            });
        }
    }
    store.keep_statistics(&figures, "synthetic", Utc::now())?;
    Ok(())
}

fn assess(store: &Store, workbook: &Path) -> Result<(), Failure> {
    let request = AssessmentRequest {
        name: "合成数据演示 Synthetic demonstration".to_owned(),
        round: Some(ROUND.to_owned()),
        options: Options::assess(),
        compare: None,
        scenarios: None,
        made_by: "demo".to_owned(),
    };
    let assessed = study::assess(store, &request, Utc::now())?;
    let file = std::fs::File::create(workbook)
        .map_err(|error| Failure::System(format!("cannot write {}: {error}", workbook.display())))?;
    let request = ReportRequest {
        id: assessed.id,
        wording: Wording::both(),
        edition: Edition::Analysis,
        personal: Tier::None,
    };
    study::write_report(store, &request, std::io::BufWriter::new(file))?;
    Ok(())
}

/// An administrator for whoever looks at the demonstration; the password.
fn administrator(store: &Store) -> Result<String, Failure> {
    let password = random_password()?;
    let user = NewUser {
        name: "demo".to_owned(),
        password_hash: hash_password(&password)?,
        role: Role::Administrator,
        cities: None,
        must_change_password: false,
    };
    store.add_user(&user, Utc::now())?;
    Ok(password)
}

fn progress(count: usize) -> ProgressBar {
    // Hidden by itself where standard error is no terminal.
    ProgressBar::new(count as u64).with_message("synthetic responses")
}
