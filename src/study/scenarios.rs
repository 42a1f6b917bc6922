//! Scenarios that change answers: each response is tallied once as it is and once for each of them as it would be.
//!
//! All tallies are made of the same reading of the database, so that nothing but the changes tells them apart.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{Catalogue, StudyError};
use crate::response::Form;
use crate::scoring::{Amendment, Note, NoteCode, Scenario, ScoringError};
use crate::store::Streamed;

/// The most scenarios that change answers at once: of each of them the respondents are kept one by one.
const MOST: usize = 10;

/// Scenarios that came as JSON: the list under `scenarios` of a file.
///
/// # Errors
///
/// Everything that is wrong with them.
pub fn scenarios_of(list: &Value) -> Result<Vec<Scenario>, ScoringError> {
    Scenario::read("scenarios", &json!({ "scenarios": list }).to_string())
}

/// The scenarios of an assessment that change answers, ready for every version of its surveys.
#[derive(Debug, Default)]
pub(super) struct AnswerScenarios<'a> {
    scenarios: Vec<&'a Scenario>,
    /// By survey, then by version, the changes of each scenario.
    by_version: HashMap<String, HashMap<String, Vec<Amendment>>>,
    /// By scenario, responses that could not be worked out anew.
    failed: Vec<AtomicU64>,
}

impl<'a> AnswerScenarios<'a> {
    /// Compiles the changes.
    ///
    /// # Errors
    ///
    /// Every question, choice and condition that is not right, with its place.
    pub fn new(scenarios: &'a [Scenario], catalogue: &Catalogue, surveys: &[&str]) -> Result<Self, StudyError> {
        let scenarios: Vec<&Scenario> = scenarios.iter().filter(|scenario| scenario.changes_answers()).collect();
        if let Some(one_more) = scenarios.get(MOST) {
            return Err(ScoringError::Scenario {
                id: one_more.id.clone(),
                message: format!("more than {MOST} scenarios change answers: assess them in turn"),
            }
            .into());
        }
        let newest = surveys.iter().map(|survey| Ok(catalogue.newest(survey)?.form.clone()));
        let newest: Vec<Arc<Form>> = newest.collect::<Result<_, StudyError>>()?;
        let problems: Vec<_> = scenarios
            .iter()
            .flat_map(|scenario| Amendment::check(scenario, &newest))
            .collect();
        if !problems.is_empty() {
            return Err(ScoringError::Scenarios(problems).into());
        }
        let mut by_version: HashMap<String, HashMap<String, Vec<Amendment>>> = HashMap::new();
        for survey in surveys {
            let versions = by_version.entry((*survey).to_owned()).or_default();
            for version in catalogue.survey(survey)?.published() {
                let amendments = scenarios.iter().map(|scenario| Amendment::new(scenario, &version.form));
                versions.insert(version.version.clone(), amendments.collect());
            }
        }
        Ok(Self {
            failed: scenarios.iter().map(|_| AtomicU64::new(0)).collect(),
            scenarios,
            by_version,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.scenarios.len()
    }

    /// Their ids, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.scenarios.iter().map(|scenario| scenario.id.as_str())
    }

    /// The answers of a response of a unit under a scenario, by its number; `None` where they are as they were.
    pub fn amended(&self, scenario: usize, survey: &str, unit: &str, response: &Streamed) -> Option<Vec<u8>> {
        let versions = self.by_version.get(survey)?;
        let amendment = versions.get(&response.definition_version)?.get(scenario)?;
        let amended = amendment.amended(unit, response.answers.0.as_bytes());
        amended.unwrap_or_else(|_| {
            if let Some(failed) = self.failed.get(scenario) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            None
        })
    }

    /// What is to be said of a scenario: responses whose answers stay since what depends on them cannot be worked out.
    pub fn note(&self, scenario: usize) -> Option<Note> {
        let failed = self.failed.get(scenario)?.load(Ordering::Relaxed);
        (failed > 0).then(|| Note {
            code: NoteCode::Unreadable,
            element: None,
            units: Vec::new(),
            message: format!(
                "{failed} responses are as they were: what depends on the changed answers cannot be worked out"
            ),
        })
    }
}
