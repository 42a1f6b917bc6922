//! `innogauge warnings`: what a supervisor is to look at this morning.

use chrono::Utc;
use clap::Args;

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::study::{self, Catalogue, Watched};

#[derive(Debug, Args)]
pub struct Warnings {
    /// The round; the only open one without it
    #[arg(long)]
    round: Option<String>,
    /// Only of these surveys
    #[arg(long, num_args = 1.., value_name = "SURVEY")]
    survey: Vec<String>,
    /// Only in these cities
    #[arg(long, num_args = 1.., value_name = "CODE")]
    city: Vec<String>,
    /// The language of the warnings
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    lang: String,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Warnings) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    let catalogue = Catalogue::load(&store)?;
    let round = match &arguments.round {
        Some(round) => catalogue.any_round(round)?,
        None => catalogue.open_round(None)?,
    };
    let surveys = if arguments.survey.is_empty() {
        catalogue.iter().map(|survey| survey.survey.clone()).collect()
    } else {
        arguments.survey.clone()
    };
    let watched = Watched {
        round: round.to_owned(),
        surveys,
        cities: (!arguments.city.is_empty()).then(|| arguments.city.clone()),
    };
    let warnings = study::warnings(&store, &catalogue, &watched, Utc::now())?;
    for warning in &warnings {
        let figures: Vec<String> = warning
            .figures
            .iter()
            .map(|(name, figure)| format!("{name} {}", (figure * 1000.0).round() / 1000.0))
            .collect();
        say!(
            "{}\t{}\t{}\t{}: {}\t({})",
            warning.rule.level.name(),
            warning.survey,
            if warning.key.is_empty() { "-" } else { &warning.key },
            warning.rule.label.get(&arguments.lang),
            warning.rule.message.get(&arguments.lang),
            figures.join(", ")
        );
    }
    if warnings.is_empty() {
        say!("no warnings");
    }
    Ok(())
}
