//! `innogauge sample`: samples of organisations, drawn from the register by stratum.

use std::collections::BTreeMap;

use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};

use super::Failure;
use super::fieldwork::{FieldworkOptions, cell, print_json, some};
use super::output::say;
use crate::scoring::{Allocation, SampleDesign};
use crate::store::{Sample as Drawn, SampleMember};
use crate::web::fieldwork::shown_sample;

#[derive(Debug, Args)]
pub struct Sample {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Draw a sample and keep it; the same register and seed give the same sample
    #[command(
        after_help = "Examples:\n  innogauge sample draw --size 60 --minimum 2 --reserves 3 --seed 2026\n  innogauge sample draw --stratum 230700-small=12 230700-large=2 --seed 2026 --json"
    )]
    Draw(Draw),
    /// List the samples, the newest first
    #[command(after_help = "Example:\n  innogauge sample list --survey institution --json")]
    List {
        /// The samples as the API has them
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        of: FieldworkOptions,
    },
    /// Print the organisations of a sample
    #[command(after_help = "Example:\n  innogauge sample show 3 --city 230700")]
    Show {
        /// The key of the sample
        id: i64,
        /// Only in these cities
        #[arg(long, num_args = 1.., value_name = "CODE")]
        city: Vec<String>,
        /// The sample as the API has it
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        of: FieldworkOptions,
    },
    /// Withdraw a sample, so that its strata can be drawn again; its record stays
    #[command(after_help = "Example:\n  innogauge sample withdraw 3 --reason 'the register had branches twice'")]
    Withdraw {
        /// The key of the sample
        id: i64,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        of: FieldworkOptions,
    },
}

/// How the size is spread over the strata.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spread {
    /// In proportion to the strata
    Proportional,
    /// The same number in each stratum
    Equal,
}

/// A sample to be drawn.
#[derive(Debug, Args)]
struct Draw {
    /// The size of the whole sample
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "stratum",
        conflicts_with = "stratum"
    )]
    size: Option<usize>,
    /// How the size is spread over the strata
    #[arg(long, value_enum, default_value = "proportional", conflicts_with = "stratum")]
    allocation: Spread,
    /// Instead of a size: how many of which stratum
    #[arg(long, num_args = 1.., value_name = "NAME=N", value_parser = named_size)]
    stratum: Vec<(String, usize)>,
    /// Strata that are taken whole
    #[arg(long, num_args = 1.., value_name = "NAME")]
    take_all: Vec<String>,
    /// The least of each stratum, as far as it has them
    #[arg(long, value_name = "N", default_value_t = 0)]
    minimum: usize,
    /// How many are drawn beside the sample of each stratum, to replace who can't be asked
    #[arg(long, value_name = "N", default_value_t = 0)]
    reserves: usize,
    /// What the drawing follows from
    #[arg(long, value_name = "N")]
    seed: u32,
    /// Only from these cities
    #[arg(long, num_args = 1.., value_name = "CODE")]
    city: Vec<String>,
    /// The sample as the API has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: FieldworkOptions,
}

fn named_size(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("'{text}' is no NAME=N, such as 230700-small=12"))?;
    let size = size
        .parse()
        .map_err(|_| format!("'{size}' is no number of organisations"))?;
    Ok((name.to_owned(), size))
}

pub fn run(arguments: &Sample) -> Result<(), Failure> {
    match &arguments.act {
        Act::Draw(draw) => draw.run(),
        Act::List { json, of } => {
            let (store, of) = of.open()?;
            let samples = store.samples(&of.round, &of.survey)?;
            if *json {
                let shown = samples.into_iter().map(|sample| shown_sample(sample, None));
                return print_json(&shown.collect::<Vec<_>>());
            }
            for sample in &samples {
                say!("{}", headline(sample));
            }
            Ok(())
        }
        Act::Show { id, city, json, of } => {
            let (store, of) = of.open()?;
            let (sample, members) = store.sample(&of.round, &of.survey, *id, some(city).as_deref())?;
            print(sample, members, *json)
        }
        Act::Withdraw { id, reason, of } => {
            let reason = reason.trim();
            if reason.is_empty() {
                return Err(Failure::Input("--reason: say why it is withdrawn".to_owned()));
            }
            let (store, of) = of.open()?;
            store.withdraw_sample(&of, *id, reason, Utc::now())?;
            say!("sample {id} withdrawn");
            Ok(())
        }
    }
}

impl Draw {
    fn run(&self) -> Result<(), Failure> {
        let design = SampleDesign {
            allocation: self.allocation(),
            take_all: self.take_all.clone(),
            minimum: self.minimum,
            reserves: self.reserves,
            seed: u64::from(self.seed),
        };
        let (store, of) = self.of.open()?;
        let cities = some(&self.city);
        let sample = store.draw_sample(&of, cities.as_deref(), &design, Utc::now(), None)?;
        let (sample, members) = store.sample(&of.round, &of.survey, sample.id, cities.as_deref())?;
        print(sample, members, self.json)
    }

    fn allocation(&self) -> Allocation {
        match (self.size, self.allocation) {
            (Some(size), Spread::Proportional) => Allocation::Proportional(size),
            (Some(size), Spread::Equal) => Allocation::Equal(size),
            (None, _) => Allocation::Given(self.stratum.iter().cloned().collect::<BTreeMap<_, _>>()),
        }
    }
}

fn headline(sample: &Drawn) -> String {
    let drawn: usize = sample.strata.iter().map(|stratum| stratum.sample.len()).sum();
    let withdrawn = if sample.withdrawn_at.is_some() {
        "\twithdrawn"
    } else {
        ""
    };
    format!(
        "sample {}\t{drawn} organisations of {} strata\tseed {}\t{}{withdrawn}",
        sample.id,
        sample.strata.len(),
        sample.design.seed,
        sample.drawn_at.format("%Y-%m-%d %H:%M")
    )
}

fn print(sample: Drawn, members: Vec<SampleMember>, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&shown_sample(sample, Some(members)));
    }
    say!("{}", headline(&sample));
    for member in members {
        say!(
            "{}\t{}\t{}\t{}\t{}{}",
            member.stratum,
            member.code,
            member.name,
            member.city,
            cell(member.weight.map(|weight| format!("{weight:.2}"))),
            if member.reserve { "\treserve" } else { "" }
        );
    }
    Ok(())
}
