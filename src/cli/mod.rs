//! The command line: each command parses its arguments, calls the modules above, and prints.
//!
//! Flows in: arguments and environment variables. Flows out: files, lines on standard output, an exit code.
//! No rule of surveys or scoring lives here.

mod assess;
mod assign;
mod attachments;
mod audit;
mod backup;
mod check;
mod config;
mod convert;
mod database;
mod demo;
mod eval;
mod export;
mod fieldwork;
mod import;
mod keys;
mod language;
mod migrate;
mod openapi;
mod output;
mod personal;
mod privacy;
mod progress;
mod read_workbook;
mod register;
mod sample;
mod score;
mod serve;
mod settings;
mod statistics;
mod template;
mod token;
mod user;
mod visit;
mod warnings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use settings::SettingOptions;

use crate::store::StoreError;
use crate::study::StudyError;

/// Measures how well a city's innovation system works: surveys, indicators, scores, workbooks.
#[derive(Debug, Parser)]
#[command(name = "innogauge", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Config(config::Config),
    Convert(convert::Convert),
    Assess(assess::Assess),
    Attachments(attachments::Attachments),
    Audit(audit::Audit),
    Warnings(warnings::Warnings),
    Demo(demo::Demo),
    Export(export::Export),
    Score(score::Score),
    /// Print the value of an expression as `string()` would
    Eval(eval::EvalArguments),
    User(user::User),
    Token(token::Token),
    Keys(keys::Keys),
    Privacy(privacy::Privacy),
    Retention(privacy::Retention),
    Migrate(migrate::Migrate),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Import(import::Import),
    Statistics(statistics::Statistics),
    Template(template::Template),
    Register(register::Register),
    Sample(sample::Sample),
    Assign(assign::Assign),
    Visit(visit::Visit),
    Progress(progress::Progress),
    /// Print the OpenAPI document of the server
    #[command(after_help = "Example:\n  innogauge openapi > openapi.json")]
    Openapi,
    #[command(name = crate::workbook::worker::SUBCOMMAND, hide = true)]
    ReadWorkbook(read_workbook::ReadWorkbook),
}

/// The options of every command that opens the database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// Where the answers are kept: sqlite:FILE or postgres://… [default: sqlite:innogauge.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// The file of the keys of personal answers and attached files [default: FILE.keys beside an `SQLite` database]
    #[arg(long, global = true, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Where the definitions are
    #[command(flatten)]
    pub definitions: DefinitionOptions,
}

/// The option of every command that reads survey definitions.
#[derive(Debug, Clone, Args)]
pub struct DefinitionOptions {
    /// The folder of survey definitions [default: `survey_defs`]
    #[arg(long, global = true, value_name = "DIR")]
    pub defs: Option<PathBuf>,
    /// Where else settings come from
    #[command(flatten)]
    pub settings: SettingOptions,
}

/// Why a command did not do what was asked, as an exit code. Usage errors (2) are clap's.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong; the message says where and what would be right.
    Input(String),
    /// The system failed: disk, database, network.
    System(String),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(1),
            Self::System(_) => ExitCode::from(3),
        }
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        if error.is_input() {
            Self::Input(error.to_string())
        } else {
            Self::System(error.to_string())
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_input() {
            Self::Input(error.to_string())
        } else {
            Self::System(error.to_string())
        }
    }
}

/// Runs the command that the process was started with.
///
/// The exit code is 0 where it is done, 1 where the input is wrong, 2 for wrong usage, 3 where the system failed.
pub fn run() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (Failure::Input(message) | Failure::System(message)) = &failure;
            eprintln!("{message}");
            failure.exit_code()
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Check(check) => check.run(),
        Command::Config(arguments) => config::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Warnings(arguments) => warnings::run(&arguments),
        Command::Attachments(arguments) => attachments::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Assess(arguments) => assess::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::User(arguments) => user::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Privacy(arguments) => privacy::run(&arguments),
        Command::Retention(arguments) => privacy::retention(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Import(arguments) => arguments.run(),
        Command::Statistics(arguments) => arguments.run(),
        Command::Template(arguments) => arguments.run(),
        Command::Register(arguments) => register::run(&arguments),
        Command::Sample(arguments) => sample::run(&arguments),
        Command::Assign(arguments) => assign::run(&arguments),
        Command::Visit(arguments) => visit::run(&arguments),
        Command::Progress(arguments) => progress::run(&arguments),
        Command::Openapi => openapi::run(),
        Command::ReadWorkbook(arguments) => read_workbook::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_two_options_of_a_command_have_one_name() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_of_the_database_stand_before_or_after_what_is_to_be_done() {
        for words in [
            ["keys", "new", "--keys", "file"],
            ["keys", "--keys", "file", "new"],
            ["audit", "verify", "--database", "sqlite:a.db"],
        ] {
            let read = Cli::try_parse_from(["innogauge"].into_iter().chain(words));
            assert!(read.is_ok(), "{words:?}: {read:?}");
        }
    }
}
