//! `innogauge progress`: how far the fieldwork is.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::Failure;
use super::fieldwork::{FieldworkOptions, cell, print_json, some};
use super::output::say;
use crate::store::{Breakdown, ProgressRow};
use crate::web::fieldwork::Progress as Document;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  innogauge progress --by member --round 2026 --json")]
pub struct Progress {
    /// What it is broken down by
    #[arg(long, default_value = "city",
        value_parser = PossibleValuesParser::new(Breakdown::ALL.map(Breakdown::name)).try_map(known_breakdown))]
    by: Breakdown,
    /// Only in these cities
    #[arg(long, num_args = 1.., value_name = "CODE")]
    city: Vec<String>,
    /// The figures as the API has them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: FieldworkOptions,
}

fn known_breakdown(name: String) -> Result<Breakdown, String> {
    Breakdown::from_name(&name).ok_or(name)
}

pub fn run(arguments: &Progress) -> Result<(), Failure> {
    let (store, of) = arguments.of.open()?;
    let cities = some(&arguments.city);
    let rows = store.progress(&of.round, &of.survey, cities.as_deref(), arguments.by)?;
    if arguments.json {
        return print_json(&rows.into_iter().map(Document::from).collect::<Vec<_>>());
    }
    say!(
        "{}\ttarget\tsampled\tassigned\tvisited\treceived\tapproved\treturned\tresponse rate\tmedian minutes\tmissing\tdon't know",
        arguments.by.name()
    );
    for row in &rows {
        say!("{}", line(row));
    }
    Ok(())
}

fn line(row: &ProgressRow) -> String {
    let percent = |share: Option<f64>| cell(share.map(|share| format!("{:.1}%", share * 100.0)));
    [
        if row.key.is_empty() {
            "-".to_owned()
        } else {
            row.key.clone()
        },
        cell(row.target),
        cell(row.sampled),
        cell(row.assigned),
        cell(row.visited),
        row.received.to_string(),
        row.approved.to_string(),
        row.returned.to_string(),
        percent(row.response_rate()),
        cell(row.median_minutes().map(|minutes| format!("{minutes:.0}"))),
        percent(row.missing_share()),
        percent(row.dont_know_share()),
    ]
    .join("\t")
}
