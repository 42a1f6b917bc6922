//! `innogauge attachments`: verifies the content of attached files, removes what nothing needs, lists what is awaited.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::attachments::{ContentError, Contents};
use crate::settings::Settings;
use crate::store::{Filter, Store};
use crate::study::{
    Catalogue, ContentFault, check_contents, for_each_awaiting, open_contents, prune_contents, prune_erased_contents,
    prune_unknown_contents,
};

#[derive(Debug, Args)]
pub struct Attachments {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Look whether all files are there and unchanged; exit 1 where one is not
    Check {
        /// Look only whether they are there, and do not read them
        #[arg(long)]
        quick: bool,
    },
    /// Remove files that no response has any more, as the server does from time to time
    Prune {
        /// Also what lies there without the database knowing of it. It may belong to another database!
        #[arg(long)]
        unknown: bool,
    },
    /// List the files that responses name and that have not come
    Awaited {
        /// Of this survey only
        #[arg(long)]
        survey: Option<String>,
    },
}

pub fn run(arguments: &Attachments) -> Result<(), Failure> {
    let settings = arguments.database.settings()?;
    // Nothing is taken in from the definitions: looking is not to add to them.
    let store = database::open_as_it_is(&arguments.database)?;
    let contents = || Ok::<_, Failure>(open_contents(settings.attachments.as_ref(), store.address())?);
    match &arguments.act {
        Act::Check { quick } => check(&store, &contents()?, !quick),
        Act::Prune { unknown } => prune(&store, &contents()?, grace(&settings), *unknown),
        Act::Awaited { survey } => awaited(&store, survey.as_deref()),
    }
}

/// The place for files; `None` where none is set and none goes without saying.
pub fn contents_if_any(settings: &Settings, store: &Store) -> Result<Option<Contents>, Failure> {
    match open_contents(settings.attachments.as_ref(), store.address()) {
        Err(ContentError::NotSet) => Ok(None),
        contents => Ok(Some(contents?)),
    }
}

/// Removes at once the content of files that were erased, where there is a place for them.
pub fn remove_erased(settings: &Settings, store: &Store) -> Result<(), Failure> {
    if let Some(contents) = contents_if_any(settings, store)? {
        prune_erased_contents(store, &contents)?;
    }
    Ok(())
}

/// Until when a file must have been nobody's to be removed now.
fn grace(settings: &Settings) -> DateTime<Utc> {
    let grace = TimeDelta::from_std(settings.attachments_grace).ok();
    grace
        .and_then(|grace| Utc::now().checked_sub_signed(grace))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn check(store: &Store, contents: &Contents, deep: bool) -> Result<(), Failure> {
    let checked = check_contents(store, contents, deep)?;
    say!("{} files, {} bytes", checked.contents, checked.bytes);
    let (unknown, lost): (Vec<ContentFault>, Vec<ContentFault>) = checked
        .faults
        .iter()
        .partition(|fault| matches!(fault, ContentFault::Unknown(_)));
    if !unknown.is_empty() {
        say!("{} files that the database does not know of", unknown.len());
    }
    expect_sound(&lost)
}

/// Fails where anything is wrong with contents, and names each.
pub fn expect_sound(faults: &[ContentFault]) -> Result<(), Failure> {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| match fault {
            ContentFault::Missing(hash) => format!("{hash} is missing"),
            ContentFault::Changed(hash) => format!("{hash} was changed"),
            ContentFault::Unknown(hash) => format!("{hash} is unknown"),
        })
        .collect();
    if lines.is_empty() {
        Ok(())
    } else {
        Err(Failure::Input(lines.join("\n")))
    }
}

fn prune(store: &Store, contents: &Contents, until: DateTime<Utc>, unknown: bool) -> Result<(), Failure> {
    let pruned = prune_contents(store, contents, until, Utc::now())?;
    say!("removed {} files, {} bytes", pruned.contents, pruned.bytes);
    if unknown {
        let pruned = prune_unknown_contents(store, contents, until)?;
        say!("removed {} unknown files, {} bytes", pruned.contents, pruned.bytes);
    }
    Ok(())
}

fn awaited(store: &Store, survey: Option<&str>) -> Result<(), Failure> {
    let catalogue = Catalogue::load(store)?;
    for one in catalogue
        .iter()
        .filter(|one| survey.is_none_or(|survey| one.survey == survey))
    {
        let filter = Filter {
            survey: Some(one.survey.clone()),
            ..Filter::default()
        };
        for_each_awaiting(store, &catalogue, &filter, |head, files| {
            for file in files {
                // The name of a personal file is a person's: the question tells enough.
                let name = if file.personal { "-" } else { &file.name };
                say!(
                    "{}\t{}\t{}\t{name}",
                    head.survey,
                    head.instance_id,
                    file.questions.join(", ")
                );
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl From<ContentError> for Failure {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Address { .. } | ContentError::NotSet => Self::Input(error.to_string()),
            other => Self::System(other.to_string()),
        }
    }
}
