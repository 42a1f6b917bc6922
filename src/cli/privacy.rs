//! `innogauge privacy` and `innogauge retention`: what respondents may ask for, and how long answers are kept.

use std::path::PathBuf;

use chrono::Utc;
use clap::{Args, Subcommand};

use super::output::say;
use super::{DatabaseOptions, Failure, attachments, database};
use crate::store::{Erasure, ErasureScope, OnWithdrawal, RetentionRule, Subject};
use crate::study::{Catalogue, copy_for};

/// Who it is that acts here, in records.
const ACTOR: &str = "command line";

#[derive(Debug, Args)]
pub struct Privacy {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Withdraw consent to a response: it leaves lists, exports and assessments
    Withdraw {
        /// The survey
        survey: String,
        /// An instance ID of the response
        instance_id: String,
    },
    /// Erase what is about persons, in all versions and wherever else it is
    Erase {
        #[command(flatten)]
        whose: Whose,
        /// Also what tells which organisation it is
        #[arg(long)]
        identity: bool,
        /// The number of the request, never a name: it stays as the proof
        #[arg(long)]
        reason: String,
    },
    /// Write everything that is held about somebody to .json or .xlsx
    Copy {
        #[command(flatten)]
        whose: Whose,
        /// The number of the request: it goes on the record
        #[arg(long)]
        reason: String,
        /// Where the copy goes
        out: PathBuf,
    },
}

/// Whose data is meant.
#[derive(Debug, Args)]
struct Whose {
    /// The organisation's credit code: all its responses
    #[arg(long, conflicts_with_all = ["survey", "instance"], required_unless_present = "instance")]
    code: Option<String>,
    /// The survey of one response
    #[arg(long, requires = "instance")]
    survey: Option<String>,
    /// An instance ID of it
    #[arg(long, requires = "survey")]
    instance: Option<String>,
}

impl Whose {
    fn subject(&self) -> Subject {
        match (&self.survey, &self.instance) {
            (Some(survey), Some(instance_id)) => Subject::Response {
                survey: survey.clone(),
                instance_id: instance_id.clone(),
            },
            _ => Subject::Code(self.code.clone().unwrap_or_default()),
        }
    }
}

pub fn run(arguments: &Privacy) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    let catalogue = Catalogue::load(&store)?;
    let now = Utc::now();
    match &arguments.act {
        Act::Withdraw { survey, instance_id } => {
            let withdrawn = store.withdraw_consent(survey, instance_id, ACTOR, &catalogue.finder(), now)?;
            say!("consent to {} is withdrawn", withdrawn.head.instance_id);
            attachments::remove_erased(&arguments.database.settings()?, &store)?;
            withdrawn.erasure.iter().for_each(print);
        }
        Act::Erase {
            whose,
            identity,
            reason,
        } => {
            let scope = if *identity {
                ErasureScope::Identity
            } else {
                ErasureScope::Personal
            };
            let erasure = store.erase(&whose.subject(), scope, ACTOR, reason, &catalogue.finder(), now)?;
            attachments::remove_erased(&arguments.database.settings()?, &store)?;
            print(&erasure);
        }
        Act::Copy { whose, reason, out } => {
            let as_workbook = match out.extension().and_then(|extension| extension.to_str()) {
                Some("xlsx") => true,
                Some("json") => false,
                _ => {
                    return Err(Failure::Input(format!(
                        "{}: the name ends in .json or .xlsx",
                        out.display()
                    )));
                }
            };
            store.note_full_access("privacy/copies", reason, now)?;
            let copy = copy_for(&store, &catalogue, &whose.subject(), now)?;
            if copy.responses.is_empty() {
                return Err(Failure::Input("nothing is held about them".to_owned()));
            }
            let cannot =
                |error: &dyn std::fmt::Display| Failure::System(format!("cannot write {}: {error}", out.display()));
            let file = std::fs::File::create(out).map_err(|error| cannot(&error))?;
            let file = std::io::BufWriter::new(file);
            if as_workbook {
                copy.workbook(file).map_err(|error| cannot(&error))?;
            } else {
                serde_json::to_writer_pretty(file, &copy).map_err(|error| cannot(&error))?;
            }
            say!("{} responses written to {}", copy.responses.len(), out.display());
        }
    }
    Ok(())
}

#[derive(Debug, Args)]
pub struct Retention {
    /// Only list what would go
    #[arg(long)]
    dry_run: bool,
    /// Set the rule of this round instead
    #[arg(long, value_name = "ROUND")]
    round: Option<String>,
    /// With --round: days after the round's last day that personal answers are kept
    #[arg(long, value_name = "DAYS", requires = "round")]
    personal_days: Option<i64>,
    /// With --round: days that all answers are kept
    #[arg(long, value_name = "DAYS", requires = "round")]
    all_days: Option<i64>,
    /// With --round: keep personal answers when consent is withdrawn
    #[arg(long, requires = "round")]
    keep_on_withdrawal: bool,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn retention(arguments: &Retention) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    let now = Utc::now();
    if let Some(round) = &arguments.round {
        let rule = RetentionRule {
            round: round.clone(),
            personal_days: arguments.personal_days,
            all_days: arguments.all_days,
            on_withdrawal: if arguments.keep_on_withdrawal {
                OnWithdrawal::Keep
            } else {
                OnWithdrawal::Erase
            },
        };
        store.set_retention_rule(&rule, None, ACTOR, now)?;
        say!("the rule of round {round} is kept");
        return Ok(());
    }
    let due = store.retention_due(now)?;
    for due in &due {
        say!(
            "{}\tclosed on {}\t{} responses with personal answers\t{} whole responses",
            due.round,
            due.closed_on,
            due.personal,
            due.all
        );
    }
    if due.is_empty() {
        say!("nothing is due");
    } else if !arguments.dry_run {
        let catalogue = Catalogue::load(&store)?;
        let proofs = store.apply_retention(ACTOR, &catalogue.finder(), now)?;
        attachments::remove_erased(&arguments.database.settings()?, &store)?;
        for proof in proofs {
            print(&proof);
        }
    }
    Ok(())
}

fn print(erasure: &Erasure) {
    say!(
        "erasure {}: {} responses, {} versions, {} places",
        erasure.id,
        erasure.places.responses,
        erasure.places.versions,
        erasure.places.total()
    );
}
