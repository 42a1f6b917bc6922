//! `innogauge token`: makes an API token for a user.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use url::Url;

use super::fieldwork::some;
use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::definition::nearest;
use crate::settings::Settings;
use crate::store::NewToken;
use crate::web::phone_settings::{NoCode, PhoneSettings};
use crate::web::rights::Act;

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
    /// Show the QR code that sets up ODK Collect or KoboCollect; without --act the token is good for that alone
    #[arg(long)]
    qr: bool,
    /// Write that code to a picture, .png or .svg
    #[arg(long, value_name = "FILE")]
    qr_file: Option<PathBuf>,
    /// With the code, set the phone up for drafts: its answers are tests
    #[arg(long)]
    drafts: bool,
    /// The address under which phones reach the server [default: the setting `public_url`]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Token) -> Result<(), Failure> {
    let settings = arguments.database.settings()?;
    let for_phone = arguments.qr || arguments.qr_file.is_some();
    // What is missing for the code is said before a token is made.
    let server = for_phone.then(|| server(arguments, &settings)).transpose()?;
    let store = database::open_with(&settings)?;
    let surveys: Vec<String> = store.surveys()?.into_iter().map(|(survey, _)| survey).collect();
    refuse_unknown("survey", &arguments.survey, &surveys)?;
    let places: Vec<String> = store.places()?.into_iter().map(|place| place.code).collect();
    refuse_unknown("city", &arguments.city, &places)?;
    refuse_unknown("act", &arguments.act, &Act::names_for_tokens())?;
    let rounds: Vec<String> = store.rounds()?.into_iter().map(|round| round.round).collect();
    refuse_unknown("round", arguments.round.as_slice(), &rounds)?;
    let now = Utc::now();
    let mut acts = arguments.act.clone();
    if for_phone && acts.is_empty() {
        acts = Act::OF_PHONES.iter().map(|act| act.name()).collect();
    }
    let token = NewToken {
        surveys: some(&arguments.survey),
        cities: some(&arguments.city),
        acts: some(&acts),
        round: arguments.round.clone(),
        expires_at: arguments.expires.map(|days| now + TimeDelta::days(days.into())),
    };
    let secret = store.create_token(&arguments.name, &token, now)?;
    say!("{secret}");
    if let Some(server) = server {
        show_code(arguments, &PhoneSettings::new(&server, &secret, arguments.drafts))?;
    }
    eprintln!(
        "This token is not shown again. It has the rights of user '{}'{}.",
        arguments.name,
        if acts.is_empty() { "" } else { ", as far as its acts go" }
    );
    Ok(())
}

/// The address that phones are given, and where a picture of it can be written.
fn server(arguments: &Token, settings: &Settings) -> Result<String, Failure> {
    if let Some(file) = &arguments.qr_file {
        picture(file)?;
    }
    let server = arguments.server.clone().or_else(|| settings.public_url.clone());
    let server = server.ok_or_else(|| {
        Failure::Input(
            "name the server's address for phones: --server https://survey.example.org, or the setting public_url"
                .to_owned(),
        )
    })?;
    match Url::parse(&server) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(server),
        _ => Err(Failure::Input(format!(
            "--server {server}: write an address such as https://survey.example.org"
        ))),
    }
}

/// The formats of pictures.
enum Picture {
    Png,
    Svg,
}

fn picture(file: &Path) -> Result<Picture, Failure> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("png") => Ok(Picture::Png),
        Some("svg") => Ok(Picture::Svg),
        _ => Err(Failure::Input(format!(
            "{}: name a file that ends in .png or .svg",
            file.display()
        ))),
    }
}

fn show_code(arguments: &Token, settings: &PhoneSettings) -> Result<(), Failure> {
    let failed = |error: NoCode| Failure::System(error.to_string());
    if arguments.qr {
        say!("{}", settings.characters().map_err(failed)?);
    }
    if let Some(file) = &arguments.qr_file {
        let bytes = match picture(file)? {
            Picture::Png => settings.png().map_err(failed)?,
            Picture::Svg => settings.svg().map_err(failed)?.into_bytes(),
        };
        fs::write(file, bytes).map_err(|error| Failure::System(format!("{}: {error}", file.display())))?;
    }
    eprintln!("Server address for phones: {}", settings.server_url());
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
