//! `innogauge serve`: answer requests until told to stop.

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::{DatabaseOptions, Failure, database};
use crate::store::Store;
use crate::web::{Server, Settings, StartError};

/// Serve the database over HTTP until SIGTERM
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The address to listen on; port 0 takes any free port
    #[arg(
        long,
        env = "INNOGAUGE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    listen: String,
    /// How log lines are written to standard error
    #[arg(long, env = "INNOGAUGE_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line, for programs
    Json,
}

/// Opens the database and serves it until SIGTERM or SIGINT.
pub fn run(arguments: Serve) -> Result<(), Failure> {
    start_logging(arguments.log_format);
    let store = database::open(&arguments.database)?;
    let settings = Settings {
        listen: arguments.listen,
        ..Settings::default()
    };
    serve(settings, store)
}

/// Serves an open database, printing the address first: whoever started the program may wait for it.
pub fn serve(settings: Settings, store: Store) -> Result<(), Failure> {
    let _lock = store.lock_for_serving()?;
    let server = Server::bind(settings, store)?;
    println!("innogauge listens on http://{}/", server.address());
    Ok(server.run()?)
}

/// Starts logging to standard error; `INNOGAUGE_LOG` says how much (`info` by default).
pub fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_env("INNOGAUGE_LOG").unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Fails only where logging was started already; then it goes on as it is.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::System(error.to_string())
    }
}
