//! The options that say how much of persons and organisations a file shows.

use clap::{Args, ValueEnum};

use super::Failure;
use crate::response::Tier;

// What a file shows of persons and organisations.
// No doc comment: clap would take it for the description of every command that has these options.
#[derive(Debug, Clone, Args)]
pub(crate) struct PersonalOptions {
    /// What is shown of persons, and of names and codes of organisations
    #[arg(long, value_name = "TIER", default_value = "none")]
    personal: ShownTier,
    /// Why, where everything is shown: it goes on the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShownTier {
    /// Nothing
    None,
    /// Pseudonyms: the same for the same value
    Pseudonymised,
    /// Everything
    Full,
}

impl PersonalOptions {
    /// The tier, with the reason where it takes one.
    ///
    /// # Errors
    /// Where everything is asked for and no reason given.
    pub fn tier(&self) -> Result<(Tier, Option<&str>), Failure> {
        let reason = self
            .reason
            .as_deref()
            .map(str::trim)
            .filter(|reason| !reason.is_empty());
        match (self.personal, reason) {
            (ShownTier::None, _) => Ok((Tier::None, None)),
            (ShownTier::Pseudonymised, _) => Ok((Tier::Pseudonymised, None)),
            (ShownTier::Full, Some(reason)) => Ok((Tier::Full, Some(reason))),
            (ShownTier::Full, None) => Err(Failure::Input(
                "--personal full takes a reason, which goes on the record: --reason 'data check, case 12'".to_owned(),
            )),
        }
    }
}
