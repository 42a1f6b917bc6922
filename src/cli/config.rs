//! `innogauge config`: the effective settings, and where each comes from.

use clap::Args;

use super::output::{self, say};
use super::{DatabaseOptions, Failure};
use crate::settings;

#[derive(Debug, Args)]
pub struct Config {
    #[command(flatten)]
    options: DatabaseOptions,
    /// Print the table of docs/settings.md instead
    #[arg(long)]
    markdown: bool,
}

pub fn run(arguments: &Config) -> Result<(), Failure> {
    if arguments.markdown {
        output::print(format_args!("{}", settings::markdown()));
        return Ok(());
    }
    let shown = arguments.options.load(&[])?.shown();
    let width = shown.iter().map(|(line, ..)| line.name.len()).max().unwrap_or(0);
    for (line, value, origin) in shown {
        say!("{:width$}  {value}  ({origin})", line.name);
    }
    Ok(())
}
