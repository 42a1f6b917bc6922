//! What the commands of the fieldwork share: which survey in which round, and how their figures are printed.

use clap::Args;
use serde::Serialize;

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::store::{RegisterOf, Store};
use crate::study::Catalogue;

// Which survey in which round, of which database.
// No doc comment: clap would take it for the description of every command that has these options.
#[derive(Debug, Clone, Args)]
pub(crate) struct FieldworkOptions {
    /// The survey: the respondent type
    #[arg(long, default_value = "enterprise")]
    survey: String,
    /// The round (default: the only open one)
    #[arg(long)]
    round: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
}

impl FieldworkOptions {
    /// Opens the database, and finds the survey and the round in it.
    pub fn open(&self) -> Result<(Store, RegisterOf), Failure> {
        let store = database::open(&self.database)?;
        let catalogue = Catalogue::load(&store)?;
        catalogue.survey(&self.survey)?;
        let of = register_of(&catalogue, &self.survey, self.round.as_deref())?;
        Ok((store, of))
    }
}

/// A survey in the round that is named, else in the only open one.
pub fn register_of(catalogue: &Catalogue, survey: &str, round: Option<&str>) -> Result<RegisterOf, Failure> {
    let round = match round {
        Some(named) => catalogue.any_round(named)?,
        None => catalogue.open_round(None)?,
    };
    Ok(RegisterOf {
        round: round.to_owned(),
        survey: survey.to_owned(),
        actor: "command line".to_owned(),
    })
}

/// The same document as the API has.
pub fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(|error| Failure::System(error.to_string()))?;
    say!("{text}");
    Ok(())
}

/// Names as a filter: none is no limit.
pub fn some(names: &[String]) -> Option<Vec<String>> {
    (!names.is_empty()).then(|| names.to_vec())
}

/// A figure for a table of text: `-` where there is none.
pub fn cell(figure: Option<impl ToString>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string())
}
