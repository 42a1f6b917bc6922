//! `innogauge visit`: what came of visits.

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};

use super::Failure;
use super::fieldwork::{FieldworkOptions, print_json};
use super::output::say;
use crate::response::Position;
use crate::store::{NewVisit, VisitOutcome};
use crate::web::fieldwork::Visit as Document;

#[derive(Debug, Args)]
pub struct Visit {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Record what came of a visit; what was wrong is put right by a further one
    #[command(
        after_help = "Example:\n  innogauge visit record 91230700827ERYRL36 --member zhao.min --outcome appointment --appointment-at 2026-06-02T02:00:00Z"
    )]
    Record(Record),
    /// List the visits to an organisation, the oldest first
    #[command(after_help = "Example:\n  innogauge visit list 91230700827ERYRL36 --json")]
    List {
        /// The credit code of the organisation
        #[arg(value_name = "CODE")]
        organisation: String,
        /// The visits as the API has them
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        of: FieldworkOptions,
    },
}

/// A visit to be recorded.
#[derive(Debug, Args)]
struct Record {
    /// The credit code of the organisation
    #[arg(value_name = "CODE")]
    organisation: String,
    /// Who visited
    #[arg(long, value_name = "NAME")]
    member: String,
    /// What came of it
    #[arg(long, value_parser = PossibleValuesParser::new(VisitOutcome::ALL.map(VisitOutcome::name)).try_map(known_outcome))]
    outcome: VisitOutcome,
    /// When it was, as 2026-05-28T03:15:00Z (default: now)
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Of an appointment: when they are to be visited again
    #[arg(long, value_name = "TIME")]
    appointment_at: Option<DateTime<Utc>>,
    /// Degrees north, with --longitude
    #[arg(long, value_name = "DEGREES", requires = "longitude", allow_negative_numbers = true)]
    latitude: Option<f64>,
    /// Degrees east, with --latitude
    #[arg(long, value_name = "DEGREES", requires = "latitude", allow_negative_numbers = true)]
    longitude: Option<f64>,
    /// What is to be said of it
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    #[command(flatten)]
    of: FieldworkOptions,
}

fn known_outcome(name: String) -> Result<VisitOutcome, String> {
    VisitOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.name() == name)
        .ok_or(name)
}

pub fn run(arguments: &Visit) -> Result<(), Failure> {
    match &arguments.act {
        Act::Record(record) => record.run(),
        Act::List { organisation, json, of } => {
            let (store, of) = of.open()?;
            let visits = store.visits(&of.round, &of.survey, organisation)?;
            if *json {
                return print_json(&visits.into_iter().map(Document::from).collect::<Vec<_>>());
            }
            for visit in visits {
                let visit = visit.visit;
                say!(
                    "{}\t{}\t{}\t{}",
                    visit.at.format("%Y-%m-%d %H:%M"),
                    visit.member,
                    visit.outcome.name(),
                    visit.comment.unwrap_or_default()
                );
            }
            Ok(())
        }
    }
}

impl Record {
    fn run(&self) -> Result<(), Failure> {
        let now = Utc::now();
        let position = Position::within_bounds(self.latitude, self.longitude, None)
            .map_err(|error| Failure::Input(error.to_string()))?;
        let (store, of) = self.of.open()?;
        let visit = NewVisit {
            member: store.user(&self.member)?.name,
            outcome: self.outcome,
            appointment_at: self.appointment_at,
            position,
            comment: self.comment.clone(),
            at: self.at.unwrap_or(now),
        };
        store.add_visit(&of.round, &of.survey, &self.organisation, &visit, now)?;
        say!("{}: {}", self.organisation, self.outcome.name());
        Ok(())
    }
}
