//! What a folder of definitions brings into the database when a command opens it.

use chrono::{DateTime, Datelike, Utc};

use super::definitions::{self, NewDefinition};
use super::frameworks::{self, NewFramework};
use super::rounds::{self, Round, RoundState};
use super::{JsonText, Store, StoreError, Target, places, targets, time, warnings};
use crate::definition::{Folder, SourceFile, StudyPlace, StudyPlaces, Text, VersionState};

/// A checked folder of definitions, as it is kept.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The surveys.
    pub definitions: Vec<NewDefinition>,
    /// The framework of indicators.
    pub framework: Option<NewFramework>,
    /// The rules of what a supervisor is to look at.
    pub warnings: Option<SourceFile>,
    /// The places, in their order.
    pub places: Vec<StudyPlace>,
    /// The planned rounds by code and name.
    pub rounds: Vec<(String, Text)>,
    /// The targets of the planned rounds.
    pub targets: Vec<Target>,
}

impl From<&Folder> for Seed {
    fn from(folder: &Folder) -> Self {
        let (places, rounds) = match &folder.places {
            Some(places) => (
                places.iter().cloned().collect(),
                places
                    .rounds()
                    .iter()
                    .map(|planned| (planned.round.clone(), planned.label.clone()))
                    .collect(),
            ),
            None => (Vec::new(), Vec::new()),
        };
        Self {
            definitions: folder.surveys.iter().map(NewDefinition::from).collect(),
            warnings: folder.warnings.clone(),
            framework: folder.framework.as_ref().map(NewFramework::from),
            places,
            rounds,
            targets: folder.places.iter().flat_map(planned_targets).collect(),
        }
    }
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
    /// Rounds that are new.
    pub rounds: Vec<String>,
}

impl Store {
    /// Takes in what is new in a folder of definitions: all of it or nothing.
    ///
    /// New versions are published, the framework and the places become the current ones, new rounds are planned. In a
    /// database without any round the first one is opened, so that answers have where to go; where the folder plans
    /// none, one for the present year. What is known already changes nothing.
    ///
    /// # Errors
    /// [`StoreError::PublishedDefinition`] where a file differs from what was published under its version.
    pub fn seed(&self, seed: &Seed, now: DateTime<Utc>) -> Result<Seeded, StoreError> {
        let stored_now = time::stored(now);
        let seeded = self.change(now, |connection, journal| {
            let mut seeded = Seeded::default();
            for definition in &seed.definitions {
                if definitions::keep(connection, journal, definition, VersionState::Published, stored_now)? {
                    seeded
                        .definitions
                        .push((definition.survey.clone(), definition.version.clone()));
                }
            }
            if let Some(framework) = &seed.framework {
                seeded.framework = frameworks::keep(connection, journal, framework, stored_now)?;
            }
            if let Some(rules) = &seed.warnings {
                warnings::keep(connection, journal, rules, stored_now)?;
            }
            if !seed.places.is_empty() {
                let places = seed
                    .places
                    .iter()
                    .map(|place| Ok((place.code.clone(), JsonText::of(place)?)));
                let places = places.collect::<Result<Vec<_>, StoreError>>()?;
                seeded.places = places::replace(connection, journal, &places)?;
            }
            let mut state = match rounds::count(connection)? {
                0 => RoundState::Open,
                _ => RoundState::Planned,
            };
            let year = now.year().to_string();
            let this_year = [(year.clone(), Text::plain(&year))];
            let planned = match (seed.rounds.as_slice(), state) {
                ([], RoundState::Open) => this_year.as_slice(),
                (planned, _) => planned,
            };
            for (code, label) in planned {
                let round = Round {
                    round: code.clone(),
                    label: label.clone(),
                    state,
                    opens_on: None,
                    closes_on: None,
                    synthetic: false,
                };
                if rounds::add(connection, journal, &round, stored_now)? {
                    seeded.rounds.push(code.clone());
                    state = RoundState::Planned;
                }
            }
            targets::plan(connection, &seed.targets)?;
            Ok(seeded)
        })?;
        self.partition_rounds();
        Ok(seeded)
    }
}

/// The targets of the planned rounds, by survey and city; they are not planned by size class.
fn planned_targets(places: &StudyPlaces) -> impl Iterator<Item = Target> {
    places.rounds().iter().flat_map(|planned| {
        planned.targets.iter().flat_map(move |(survey, by_place)| {
            by_place.iter().map(move |(city, count)| Target {
                round: planned.round.clone(),
                survey: survey.clone(),
                city: city.clone(),
                size: String::new(),
                count: i64::from(*count),
            })
        })
    })
}
