//! What a folder of definitions brings into the database when a command opens it.

use chrono::{DateTime, Datelike, Utc};

use super::definitions::{self, NewDefinition};
use super::frameworks::{self, NewFramework};
use super::rounds::{self, Round, RoundState};
use super::{JsonText, Store, StoreError, places, time};
use crate::definition::{Text, VersionState};

/// A checked folder of definitions, as it is kept.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The surveys.
    pub definitions: Vec<NewDefinition>,
    /// The framework of indicators.
    pub framework: Option<NewFramework>,
    /// The places by code, in their order.
    pub places: Vec<(String, JsonText)>,
}

/// What was new to the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Definitions that are published now: survey and version.
    pub definitions: Vec<(String, String)>,
    /// Whether there is another framework now.
    pub framework: bool,
    /// Whether the places are others now.
    pub places: bool,
    /// The round that was opened because there was none at all.
    pub round: Option<String>,
}

impl Store {
    /// Takes in what is new in a folder of definitions: all of it or nothing.
    ///
    /// New versions are published, the framework and the places become the current ones. A database without any round
    /// gets one for the present year, open, so that answers have where to go. What is known already changes nothing.
    ///
    /// # Errors
    /// [`StoreError::PublishedDefinition`] where a file differs from what was published under its version.
    pub fn seed(&self, seed: &Seed, now: DateTime<Utc>) -> Result<Seeded, StoreError> {
        let stored_now = time::stored(now);
        self.write(|connection| {
            let mut seeded = Seeded::default();
            for definition in &seed.definitions {
                if definitions::keep(connection, definition, VersionState::Published, stored_now)? {
                    seeded
                        .definitions
                        .push((definition.survey.clone(), definition.version.clone()));
                }
            }
            if let Some(framework) = &seed.framework {
                seeded.framework = frameworks::keep(connection, framework, stored_now)?;
            }
            if !seed.places.is_empty() {
                seeded.places = places::replace(connection, &seed.places)?;
            }
            if rounds::count(connection)? == 0 {
                let year = now.year().to_string();
                let label = Text::from_iter([
                    ("zh".to_owned(), format!("{year}年调查")),
                    ("en".to_owned(), format!("{year} survey")),
                ]);
                let first = Round {
                    round: year.clone(),
                    label,
                    state: RoundState::Open,
                    opens_on: None,
                    closes_on: None,
                };
                rounds::add(connection, &first, stored_now)?;
                seeded.round = Some(year);
            }
            Ok(seeded)
        })
    }
}
