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

pub(crate) use settings::SettingOptions;

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
#[command(defer = true)] // a process has one command, and the options of the others would be half of its start
enum Command {
    /// Serve the database over HTTP until SIGTERM
    Serve(serve::Serve),
    /// Check survey definitions: all errors of all files, each with file, line and column, or sheet and cell.
    Check(check::Check),
    /// Print every setting with its value and where that comes from; passwords and tokens are masked
    Config(config::Config),
    /// Convert a survey definition (.yaml, or XLSForm as .xlsx, .xls, .csv, .md) to an `XForm` (.xml), `XLSForm` (.xlsx) or YAML
    Convert(convert::Convert),
    /// Score what the database holds
    Assess(assess::Assess),
    /// Verify the files of responses, remove what nothing needs, list what is awaited
    Attachments(attachments::Attachments),
    /// Read, export and verify the log of all changes
    Audit(audit::Audit),
    /// Print the warnings of a round that hold now, by the rules of warnings.yaml
    Warnings(warnings::Warnings),
    /// Serve clearly marked synthetic answers of ten cities, scored
    Demo(demo::Demo),
    /// Write the responses to a survey to .xlsx or .csv
    Export(export::Export),
    /// Score a table of units by indicators
    Score(score::Score),
    /// Print the value of an expression as `string()` would
    Eval(eval::EvalArguments),
    /// Add, list and disable users, and replace their passwords
    User(user::User),
    /// Make an API token for a user and print it, once
    Token(token::Token),
    /// Make, list and change the keys of personal answers and attached files
    Keys(keys::Keys),
    /// Withdraw consent, erase a respondent's data, hand out a copy of it
    Privacy(privacy::Privacy),
    /// Erase what has been kept long enough
    Retention(privacy::Retention),
    /// Bring the database up to date: its schema, and what is new in the definitions
    Migrate(migrate::Migrate),
    /// Write everything that the database holds to a file, also while it is served
    Backup(backup::Backup),
    /// Make a new database what it was when a backup was written
    Restore(backup::Restore),
    /// Load workbooks that people filled in (.xlsx, .xls, .ods, .csv), or exports of ODK Central and KoboToolbox (also .zip or an unpacked folder): all rows or none
    Import(import::Import),
    /// Load official figures by city and year from a filled-in statistics workbook (.xlsx, .xls, .ods, .csv): all or none
    Statistics(statistics::Statistics),
    /// Write a blank workbook for a survey: one row per organisation, or one form per file
    Template(template::Template),
    /// Load and list the register of organisations that a survey could ask
    Register(register::Register),
    /// Draw samples of organisations from the register by stratum, list and withdraw them
    Sample(sample::Sample),
    /// Give organisations of the register to members of the field team, take them back, list who has which
    Assign(assign::Assign),
    /// Record what came of a visit to an organisation of the register, and list its visits
    Visit(visit::Visit),
    /// Print how far the fieldwork of a survey is: targets, sample, responses, length and quality of interviews
    Progress(progress::Progress),
    /// Print the OpenAPI document of the server
    #[command(after_help = "Example:\n  innogauge openapi > openapi.json")]
    Openapi,
    /// Read a workbook under limits for another process of this program
    #[command(name = crate::workbook::worker::SUBCOMMAND, hide = true)]
    ReadWorkbook(read_workbook::ReadWorkbook),
}

// The options of every command that opens the database.
// No doc comment: clap would take it for the description of every command that has these options.
#[derive(Debug, Clone, Args)]
pub(crate) struct DatabaseOptions {
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

// The option of every command that reads survey definitions.
// No doc comment: clap would take it for the description of every command that has these options.
#[derive(Debug, Clone, Args)]
pub(crate) struct DefinitionOptions {
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
    fn a_command_describes_itself_as_the_list_of_commands_does() {
        let (listed, mut built) = (Cli::command(), Cli::command());
        built.build();
        for command in listed.get_subcommands() {
            let name = command.get_name();
            let said = |command: &clap::Command| command.get_about().map(ToString::to_string);
            assert!(said(command).is_some(), "{name} says nothing");
            assert_eq!(said(command), built.find_subcommand(name).and_then(said), "{name}");
        }
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
