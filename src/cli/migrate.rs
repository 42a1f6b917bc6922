//! `innogauge migrate`: brings a database up to date, as every other command does when it opens it.

use super::output::say;
use super::{DatabaseOptions, Failure, database};

#[derive(Debug, clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Migrate) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    say!("{} is up to date", store.address());
    for definition in store.definitions()? {
        say!(
            "{} {} {}",
            definition.survey,
            definition.version,
            definition.state.name()
        );
    }
    Ok(())
}
