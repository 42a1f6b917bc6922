//! The surveys that the server carries, with their compiled definitions.
//!
//! A published definition never changes, so each is compiled once. Which versions there are and in which state the
//! survey is, is asked anew after a second: another server on the same database may have published one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::problem::{Code, Problem};
use crate::definition::{Definition, SurveyState, VersionState};
use crate::response::Form;
use crate::store::{Round, RoundState, Store, StoredDefinition};

/// How long the list of versions is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);

/// All surveys of the store at one moment.
#[derive(Debug)]
pub struct Catalogue {
    surveys: Vec<Survey>,
    rounds: Vec<Round>,
}

/// A survey with its versions.
#[derive(Debug)]
#[allow(clippy::struct_field_names, reason = "named as everywhere else")]
pub struct Survey {
    /// Its identifier.
    pub survey: String,
    /// Whether it is listed and accepts responses.
    pub state: SurveyState,
    /// The published versions in the order of publishing, then the drafts.
    pub versions: Vec<Arc<Version>>,
}

/// One version of a survey.
#[derive(Debug)]
#[allow(clippy::struct_field_names, reason = "named as everywhere else")]
pub struct Version {
    /// Its name.
    pub version: String,
    /// Whether it can still change.
    pub state: VersionState,
    /// The hash over the definition and its files.
    pub hash: String,
    /// The file, word for word.
    pub source: Vec<u8>,
    /// When it was first kept.
    pub created_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// The compiled definition.
    pub definition: Arc<Definition>,
    /// The same, prepared to take responses.
    pub form: Arc<Form>,
}

impl Catalogue {
    /// Every survey, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Survey> {
        self.surveys.iter()
    }

    /// The survey of that identifier.
    ///
    /// # Errors
    /// [`Code::NotFound`] where there is none.
    pub fn survey(&self, survey: &str) -> Result<&Survey, Problem> {
        self.surveys
            .iter()
            .find(|one| one.survey == survey)
            .ok_or_else(Problem::not_found)
    }
}

impl Catalogue {
    /// Whether responses that are made up are among those that this server shows.
    pub fn is_synthetic(&self) -> bool {
        self.rounds.iter().any(|round| round.synthetic)
    }

    /// The round that a response goes to: the one that is named, else the only open one.
    ///
    /// # Errors
    /// [`Code::RoundNeeded`] where the named one is not open, or none or several are.
    pub fn open_round(&self, named: Option<&str>) -> Result<&str, Problem> {
        let open: Vec<&str> = self
            .rounds
            .iter()
            .filter(|round| round.state == RoundState::Open)
            .map(|round| round.round.as_str())
            .collect();
        let list = open.join(", ");
        match (named, open.as_slice()) {
            (Some(named), open) if open.contains(&named) => Ok(self
                .rounds
                .iter()
                .map(|round| round.round.as_str())
                .find(|round| *round == named)
                .unwrap_or("")),
            (Some(named), _) => Err(Problem::new(Code::RoundNeeded).explain(
                format!("轮次“{named}”未开放。开放的轮次：{list}。"),
                format!("Round '{named}' is not open. Open rounds: {list}."),
            )),
            (None, [only]) => Ok(only),
            (None, _) => Err(Problem::new(Code::RoundNeeded).member("open_rounds", open)),
        }
    }
}

impl Survey {
    /// The newest published version.
    pub fn newest(&self) -> Option<&Arc<Version>> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.state == VersionState::Published)
    }

    /// The version of that name.
    ///
    /// # Errors
    /// [`Code::UnknownVersion`] with the versions that there are.
    pub fn version(&self, version: &str) -> Result<&Arc<Version>, Problem> {
        self.versions.iter().find(|one| one.version == version).ok_or_else(|| {
            let known: Vec<&str> = self.versions.iter().map(|one| one.version.as_str()).collect();
            let list = known.join(", ");
            Problem::new(Code::UnknownVersion)
                .explain(
                    format!("问卷“{}”没有版本“{version}”，现有版本：{list}。", self.survey),
                    format!(
                        "Survey '{}' has no version '{version}'. There are: {list}.",
                        self.survey
                    ),
                )
                .member("versions", known)
        })
    }

    /// The named version, else the newest published one.
    ///
    /// # Errors
    /// [`Code::UnknownVersion`], or [`Code::NotFound`] where nothing is published.
    pub fn version_or_newest(&self, version: Option<&str>) -> Result<&Arc<Version>, Problem> {
        match version {
            Some(version) => self.version(version),
            None => self.newest().ok_or_else(Problem::not_found),
        }
    }
}

/// The surveys as far as they are in memory.
#[derive(Debug, Default)]
pub struct Surveys {
    catalogue: Mutex<Option<(Instant, Arc<Catalogue>)>>,
    compiled: Mutex<HashMap<String, Arc<Form>>>,
}

impl Surveys {
    /// All surveys, at most a second old. Blocks where the store must be asked.
    ///
    /// # Errors
    /// What the store says.
    pub fn catalogue(&self, store: &Store) -> Result<Arc<Catalogue>, Problem> {
        if let Some(catalogue) = self.believed() {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(self.load(store)?);
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), catalogue.clone()));
        Ok(catalogue)
    }

    /// All surveys, where they are known and fresh: does not block.
    pub fn believed(&self) -> Option<Arc<Catalogue>> {
        let kept = self.catalogue.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(at, _)| at.elapsed() < BELIEVED_FOR)
            .map(|(_, catalogue)| catalogue.clone())
    }

    /// Asks the store anew next time: something was changed through this server.
    pub fn forget(&self) {
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn load(&self, store: &Store) -> Result<Catalogue, Problem> {
        let mut surveys: Vec<Survey> = store
            .surveys()?
            .into_iter()
            .map(|(survey, state)| Survey {
                survey,
                state,
                versions: Vec::new(),
            })
            .collect();
        for stored in store.definitions()? {
            let Some(survey) = surveys.iter_mut().find(|one| one.survey == stored.survey) else {
                continue;
            };
            match self.compiled(&stored) {
                Ok(form) => survey.versions.push(Arc::new(Version {
                    version: stored.version,
                    state: stored.state,
                    hash: stored.hash,
                    source: stored.source,
                    created_at: stored.created_at,
                    published_at: stored.published_at,
                    definition: form.definition().clone(),
                    form,
                })),
                // One version that an older program took must not close the others.
                Err(reason) => {
                    tracing::error!(
                        survey = stored.survey,
                        version = stored.version,
                        reason,
                        "a stored definition can't be used"
                    );
                }
            }
        }
        Ok(Catalogue {
            surveys,
            rounds: store.rounds()?,
        })
    }

    fn compiled(&self, stored: &StoredDefinition) -> Result<Arc<Form>, String> {
        if let Some(form) = self
            .compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&stored.hash)
        {
            return Ok(form.clone());
        }
        let text = std::str::from_utf8(&stored.source).map_err(|error| error.to_string())?;
        let checked = Definition::from_yaml(&stored.file_name, text).map_err(|diagnostics| {
            diagnostics
                .first()
                .map_or_else(|| "unknown".to_owned(), ToString::to_string)
        })?;
        let form = Form::new(checked.value);
        self.compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(stored.hash.clone(), form.clone());
        Ok(form)
    }
}
