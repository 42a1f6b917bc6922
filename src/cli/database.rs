//! Opening the database, for every command that needs it.

use chrono::Utc;

use super::{DatabaseOptions, Failure};
use crate::definition::{self, Diagnostic};
use crate::settings::Settings;
use crate::store::{Channel, OpenOptions, Origin, Seed, Store};

/// Opens the database and takes in what is new in the folder of definitions.
///
/// Where the folder is missing, a database that has its definitions already is opened as it is.
pub fn open(options: &DatabaseOptions) -> Result<Store, Failure> {
    open_with(&options.settings()?)
}

/// Opens the database and takes nothing in.
pub fn open_as_it_is(options: &DatabaseOptions) -> Result<Store, Failure> {
    store(&options.settings()?)
}

fn store(settings: &Settings) -> Result<Store, Failure> {
    let options = OpenOptions {
        connections: settings.connections,
        wait: settings.database_wait,
        keys: settings.keys.clone(),
    };
    Ok(Store::open_with(&settings.database.0, &options)?)
}

/// The same, with settings that were read already.
pub fn open_with(settings: &Settings) -> Result<Store, Failure> {
    let store = store(settings)?;
    let folder = &settings.defs;
    if !folder.is_dir() {
        if store.definitions()?.is_empty() {
            return Err(Failure::Input(format!(
                "{}: the folder of survey definitions is missing, and the database has none yet: name it with --defs",
                folder.display()
            )));
        }
        return Ok(store.acting(at_the_command_line()));
    }
    let loaded = definition::load_folder(folder).map_err(|errors| Failure::Input(lines(&errors)))?;
    let seeded = store.seed(&Seed::from(&loaded.value), Utc::now())?;
    for (survey, version) in &seeded.definitions {
        tracing::info!(survey, version, "published a definition");
    }
    for round in &seeded.rounds {
        tracing::info!(round, "added a round");
    }
    Ok(store.acting(at_the_command_line()))
}

/// Whoever is signed in to the system that the command runs on.
pub fn at_the_command_line() -> Origin {
    let known = ["SUDO_USER", "USER", "LOGNAME"].map(std::env::var);
    Origin {
        actor: known.into_iter().flatten().find(|name| !name.is_empty()),
        channel: Channel::Command,
        address: None,
    }
}

fn lines(errors: &[Diagnostic]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
