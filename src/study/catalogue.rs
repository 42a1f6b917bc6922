//! The published definitions of a store, compiled.

use crate::definition::{Definition, VersionState};
use crate::store::{Store, StoredDefinition};

use super::StudyError;

/// The published definitions, compiled, in the order of publishing.
#[derive(Debug, Clone)]
pub struct Catalogue {
    definitions: Vec<Definition>,
}

impl Catalogue {
    /// Reads and compiles every published definition of a store.
    pub fn load(store: &Store) -> Result<Self, StudyError> {
        let published = store
            .definitions()?
            .into_iter()
            .filter(|stored| stored.state == VersionState::Published);
        let definitions = published.map(|stored| compile(&stored)).collect::<Result<_, _>>()?;
        Ok(Self { definitions })
    }

    /// The newest version of each survey.
    pub fn newest(&self) -> Vec<&Definition> {
        let mut newest: Vec<&Definition> = Vec::new();
        for definition in self.definitions.iter().rev() {
            if newest.iter().all(|known| known.survey() != definition.survey()) {
                newest.push(definition);
            }
        }
        newest.reverse();
        newest
    }

    /// The newest version of a survey.
    pub fn survey(&self, survey: &str) -> Result<&Definition, StudyError> {
        self.versions(survey).last().ok_or_else(|| StudyError::UnknownSurvey {
            survey: survey.to_owned(),
            known: self
                .newest()
                .iter()
                .map(|definition| definition.survey().to_owned())
                .collect(),
        })
    }

    /// One version of a survey.
    pub fn version(&self, survey: &str, version: &str) -> Result<&Definition, StudyError> {
        self.survey(survey)?;
        self.versions(survey)
            .find(|definition| definition.version() == version)
            .ok_or_else(|| StudyError::UnknownVersion {
                survey: survey.to_owned(),
                version: version.to_owned(),
                known: self
                    .versions(survey)
                    .map(|definition| definition.version().to_owned())
                    .collect(),
            })
    }

    /// The versions of a survey, in the order of publishing.
    pub fn versions(&self, survey: &str) -> impl Iterator<Item = &Definition> {
        self.definitions
            .iter()
            .filter(move |definition| definition.survey() == survey)
    }
}

fn compile(stored: &StoredDefinition) -> Result<Definition, StudyError> {
    let text = String::from_utf8_lossy(&stored.source);
    match Definition::from_yaml(&stored.file_name, &text) {
        Ok(checked) => Ok(checked.value),
        Err(diagnostics) => Err(StudyError::Unreadable {
            what: format!("survey '{}' {}", stored.survey, stored.version),
            diagnostics,
        }),
    }
}
