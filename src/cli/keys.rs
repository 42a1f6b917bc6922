//! `innogauge keys`: the keys of personal answers and attached files.

use std::path::PathBuf;

use chrono::Utc;
use clap::{Args, Subcommand};

use super::attachments::{contents_if_any, expect_sound};
use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::store::{self, add_key, read_keys, remove_key};
use crate::study::{Catalogue, seal_contents};

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a key file, or add a key to it that is used for writing from then on
    New,
    /// Wrap everything by the newest key, while others read and write; seals what was stored before there were keys
    Rotate,
    /// List the keys, and how many responses, attached files and other secrets need each
    List,
    /// Take a key out of the file that nothing needs any more
    Remove {
        /// Its name, as `list` shows it
        key: String,
    },
}

pub fn run(arguments: &Keys) -> Result<(), Failure> {
    match &arguments.act {
        Act::New => {
            let file = key_file(arguments)?;
            let id = add_key(&file, Utc::now())?;
            say!("{id}\t{}", file.display());
            eprintln!("Keep a copy of this file, apart from the database and from its backups.");
            Ok(())
        }
        Act::Rotate => {
            let store = database::open(&arguments.database)?;
            let catalogue = Catalogue::load(&store)?;
            let done = store.rotate_keys(&catalogue.finder(), |_| {})?;
            say!(
                "{} data keys wrapped anew, {} versions sealed, {} keys of attached files, authenticators and files of jobs besides",
                done.rewrapped,
                done.sealed,
                done.secrets
            );
            if let Some(contents) = contents_if_any(&arguments.database.settings()?, &store)? {
                let sealed = seal_contents(&store, &contents)?;
                say!("{} attached files sealed", sealed.contents);
                return expect_sound(&sealed.faults);
            }
            Ok(())
        }
        Act::List => {
            let store = database::open(&arguments.database)?;
            let used = store.key_use()?;
            let ring = read_keys(&key_file(arguments)?)?;
            let newest = ring.ids().last().map(|(id, _)| id);
            for (id, made) in ring.ids() {
                let used = used.iter().find(|one| one.key == id);
                let (versions, secrets) = used.map_or((0, 0), |one| (one.versions, one.secrets));
                let mark = if Some(id) == newest { "\tused for writing" } else { "" };
                let made = made.format("%Y-%m-%d %H:%M");
                say!("{id}\t{made}\t{versions} versions, {secrets} secrets{mark}");
            }
            for lost in used.iter().filter(|one| ring.ids().all(|(id, _)| id != one.key)) {
                say!(
                    "{}\tmissing\t{} versions, {} secrets can't be read",
                    lost.key,
                    lost.versions,
                    lost.secrets
                );
            }
            Ok(())
        }
        Act::Remove { key } => {
            let store = database::open(&arguments.database)?;
            let needed = store.key_use()?.into_iter().find(|one| one.key.to_string() == *key);
            if let Some(needed) = needed {
                return Err(Failure::Input(format!(
                    "key {key} is needed by {} versions of responses and {} attached files, authenticators and files of jobs: run `innogauge keys rotate` first",
                    needed.versions, needed.secrets
                )));
            }
            remove_key(&key_file(arguments)?, key)?;
            say!("removed {key}: backups that need it can't be read without a copy of it");
            Ok(())
        }
    }
}

/// The file that is named, else the one beside the database.
fn key_file(arguments: &Keys) -> Result<PathBuf, Failure> {
    let settings = arguments.database.settings()?;
    store::key_file(&settings.database.0.parse()?, settings.keys)
        .ok_or_else(|| Failure::Input("name the file of the keys: --keys FILE".to_owned()))
}
