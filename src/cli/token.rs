//! `innogauge token`: makes an API token for a user.

use chrono::{TimeDelta, Utc};

use super::fieldwork::some;
use super::{DatabaseOptions, Failure, database};
use crate::definition::nearest;
use crate::store::NewToken;
use crate::web::rights::Act;

/// Make an API token for a user and print it, once
#[derive(Debug, clap::Args)]
#[command(after_help = acts())]
pub struct Token {
    /// The user whose rights it has
    name: String,
    /// Only for these surveys
    #[arg(long, num_args = 1.., value_name = "SURVEY")]
    survey: Vec<String>,
    /// Only for these cities, within those of the user
    #[arg(long, num_args = 1.., value_name = "CODE")]
    city: Vec<String>,
    /// Only for these acts, within those of the user's role, by the names below
    #[arg(long, num_args = 1.., value_name = "ACT")]
    act: Vec<String>,
    /// The round that responses sent with it belong to
    #[arg(long)]
    round: Option<String>,
    /// Ends after so many days; without it, when it is revoked
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    expires: Option<u16>,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Token) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    let surveys: Vec<String> = store.surveys()?.into_iter().map(|(survey, _)| survey).collect();
    refuse_unknown("survey", &arguments.survey, &surveys)?;
    let places: Vec<String> = store.places()?.into_iter().map(|place| place.code).collect();
    refuse_unknown("city", &arguments.city, &places)?;
    refuse_unknown("act", &arguments.act, &Act::names_for_tokens())?;
    let rounds: Vec<String> = store.rounds()?.into_iter().map(|round| round.round).collect();
    refuse_unknown("round", arguments.round.as_slice(), &rounds)?;
    let now = Utc::now();
    let token = NewToken {
        surveys: some(&arguments.survey),
        cities: some(&arguments.city),
        acts: some(&arguments.act),
        round: arguments.round.clone(),
        expires_at: arguments.expires.map(|days| now + TimeDelta::days(days.into())),
    };
    println!("{}", store.create_token(&arguments.name, &token, now)?);
    eprintln!(
        "This token is not shown again. It has the rights of user '{}'.",
        arguments.name
    );
    Ok(())
}

/// The acts that `--act` takes, for its help.
fn acts() -> String {
    format!("Acts: {}", Act::names_for_tokens().join(", "))
}

/// Refuses a name that is not among the known ones, with the one that was probably meant.
pub fn refuse_unknown(what: &str, names: &[String], known: &[String]) -> Result<(), Failure> {
    let Some(unknown) = names.iter().find(|name| !known.contains(name)) else {
        return Ok(());
    };
    let help = match nearest(unknown, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Err(Failure::Input(format!("unknown {what} '{unknown}', {help}")))
}
