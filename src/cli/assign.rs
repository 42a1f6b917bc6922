//! `innogauge assign`: who visits which organisation.

use chrono::Utc;
use clap::{Args, Subcommand};

use super::Failure;
use super::fieldwork::{FieldworkOptions, print_json, some};
use super::output::say;
use crate::store::{Assigned, AssignmentFilter, NewAssignments};
use crate::web::fieldwork::Assignment;

#[derive(Debug, Args)]
pub struct Assign {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Give organisations to a member: all of them or none
    #[command(
        after_help = "Example:\n  innogauge assign give zhao.min 91230700827ERYRL36 91230000126968107X --round 2026"
    )]
    Give {
        /// The member
        member: String,
        /// The credit codes of the organisations
        #[arg(required = true, value_name = "CODE")]
        organisations: Vec<String>,
        /// Also those that somebody else has
        #[arg(long)]
        reassign: bool,
        #[command(flatten)]
        of: FieldworkOptions,
    },
    /// Take organisations back from whoever has them
    #[command(after_help = "Example:\n  innogauge assign withdraw 91230700827ERYRL36")]
    Withdraw {
        /// The credit codes of the organisations
        #[arg(required = true, value_name = "CODE")]
        organisations: Vec<String>,
        #[command(flatten)]
        of: FieldworkOptions,
    },
    /// List who has which organisation, and where each stands
    #[command(after_help = "Example:\n  innogauge assign list --member zhao.min --json")]
    List {
        /// Only of this member
        #[arg(long, value_name = "NAME")]
        member: Option<String>,
        /// Only in these cities
        #[arg(long, num_args = 1.., value_name = "CODE")]
        city: Vec<String>,
        /// The assignments as the API has them
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        of: FieldworkOptions,
    },
}

/// How many are read at a time.
const PAGE: i64 = 1000;

pub fn run(arguments: &Assign) -> Result<(), Failure> {
    match &arguments.act {
        Act::Give {
            member,
            organisations,
            reassign,
            of,
        } => {
            let (store, of) = of.open()?;
            let new = NewAssignments {
                member: member.clone(),
                codes: organisations.clone(),
                reassign: *reassign,
            };
            let given = store.assign(&of, &new, None, Utc::now())?;
            say!("{given} given to {member}");
        }
        Act::Withdraw { organisations, of } => {
            let (store, of) = of.open()?;
            let taken = store.unassign(&of, organisations, None, Utc::now())?;
            say!("{taken} taken back");
        }
        Act::List { member, city, json, of } => {
            let filter = AssignmentFilter {
                member: member.clone(),
                cities: some(city),
                code: None,
            };
            let assigned = all(of, &filter)?;
            if *json {
                return print_json(&assigned.into_iter().map(Assignment::from).collect::<Vec<_>>());
            }
            for one in &assigned {
                let entry = &one.organisation.entry;
                say!(
                    "{}\t{}\t{}\t{}\t{}",
                    one.member,
                    entry.code,
                    entry.name,
                    entry.city,
                    one.state.name()
                );
            }
        }
    }
    Ok(())
}

fn all(of: &FieldworkOptions, filter: &AssignmentFilter) -> Result<Vec<Assigned>, Failure> {
    let (store, of) = of.open()?;
    let mut assigned: Vec<Assigned> = Vec::new();
    loop {
        let after = assigned.last().map(|last| last.id);
        let page = store.assignments(&of.round, &of.survey, filter, after, PAGE)?;
        if page.is_empty() {
            return Ok(assigned);
        }
        assigned.extend(page);
    }
}
