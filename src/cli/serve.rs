//! `innogauge serve`: answer requests until told to stop.

use std::io::{IsTerminal as _, stderr};

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::definition::Definition;
use crate::response;
use crate::settings::{LogFormat, Settings};
use crate::store::Store;
use crate::study::Catalogue;
use crate::web::{Server, StartError};

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The address to listen on; port 0 takes any free port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How log lines are written to standard error: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// Opens the database and serves it until SIGTERM or SIGINT.
pub fn run(arguments: Serve) -> Result<(), Failure> {
    let own = [
        ("--listen", "listen", arguments.listen),
        ("--log-format", "log_format", arguments.log_format),
    ];
    let settings = arguments.database.load(&own)?.settings;
    start_logging(&settings)?;
    let store = database::open_with(&settings)?;
    expect_keys(&store)?;
    serve(settings, store)
}

/// Refuses to serve a survey with personal questions without keys; beside an `SQLite` file they are made now.
fn expect_keys(store: &Store) -> Result<(), Failure> {
    let catalogue = Catalogue::load(store)?;
    let asks = |definition: &&Definition| response::asks_personal(definition);
    let Some(personal) = catalogue.newest_definitions().into_iter().find(asks) else {
        return Ok(());
    };
    let before = store.key_file().is_some_and(std::path::Path::exists);
    store.keys().map_err(|error| {
        Failure::Input(format!(
            "the survey '{}' asks about persons, and {error}",
            personal.survey()
        ))
    })?;
    if let Some(file) = store.key_file().filter(|_| !before) {
        eprintln!(
            "个人信息与附件的加密密钥已生成：{0}。请另存副本，勿与数据库及其备份放在一起；丢失后两者均无法恢复。\n\
             The keys of personal answers and attached files are in {0}. Keep a copy apart from the database and its backups:\n\
             without them nobody can read those again.",
            file.display()
        );
    }
    Ok(())
}

/// Serves an open database, printing the address first: whoever started the program may wait for it.
pub fn serve(settings: Settings, store: Store) -> Result<(), Failure> {
    let _lock = store.lock_for_serving()?;
    let server = Server::bind(settings, store)?;
    say!("innogauge listens on {}/", server.url());
    Ok(server.run()?)
}

/// Starts logging to standard error, as much and in the form that the settings say.
pub fn start_logging(settings: &Settings) -> Result<(), Failure> {
    // At level debug actix writes addresses of requests, which name responses: only who asks for it by name gets that.
    let mut wanted = settings.log.clone();
    if !wanted.contains("actix_web") {
        wanted.push_str(",actix_web=info");
    }
    let filter: EnvFilter = wanted
        .parse()
        .map_err(|error| Failure::Input(format!("log: '{}' is no filter: {error}", settings.log)))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(wants_colours())
        .with_writer(stderr);
    // Fails only where logging was started already; then it goes on as it is.
    let _ = match settings.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    Ok(())
}

/// A file and the journal would keep colours as characters in between; and nobody has to want them (<https://no-color.org>).
fn wants_colours() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|word| word.is_empty())
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::System(error.to_string())
    }
}
