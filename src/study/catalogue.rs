//! The surveys of a store with their compiled definitions, and its rounds: at one moment.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::phone::{self, PhoneForm};
use super::{Lists, StudyError};
use crate::definition::{Definition, LAST_ROUND, ORGANISATIONS, SurveyState, VersionState};
use crate::response::Form;
use crate::store::{Round, RoundState, Store, StoredDefinition};

/// All surveys of a store at one moment, and its rounds.
///
/// [`Catalogue::load`] reads the published definitions and fails where one can't be used any more;
/// [`Surveys`](super::Surveys) keeps one in memory that has the drafts too, and skips what can't be used.
#[derive(Debug, Clone)]
pub struct Catalogue {
    surveys: Vec<Survey>,
    rounds: Vec<Round>,
}

/// A survey with its versions.
#[derive(Debug, Clone)]
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
    /// How the file was named: the ending says how it is read.
    pub file_name: String,
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
    /// The lists that belong to it.
    pub lists: Arc<Lists>,
    /// Whether its rules look into the answers of the round before.
    pub(super) compares_rounds: bool,
    /// Whether its rules look into the register.
    pub(super) reads_register: bool,
    /// The names and hashes of the files beside the definition.
    pub(super) attached: Arc<[(String, String)]>,
    pub(super) phone: Arc<OnceLock<PhoneForm>>,
}

/// What is made of a stored definition once, and used for every response.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    form: Arc<Form>,
    lists: Arc<Lists>,
    compares_rounds: bool,
    reads_register: bool,
    attached: Arc<[(String, String)]>,
    phone: Arc<OnceLock<PhoneForm>>,
}

impl Compiled {
    /// Compiles a stored definition and reads its lists.
    pub(super) fn of(store: &Store, stored: &StoredDefinition) -> Result<Self, StudyError> {
        let text = String::from_utf8_lossy(&stored.source);
        let checked =
            Definition::from_source(&stored.file_name, &text).map_err(|diagnostics| StudyError::Unreadable {
                what: format!("survey '{}' {}", stored.survey, stored.version),
                diagnostics,
            })?;
        let files = store.attached_files(&stored.survey, &stored.version)?;
        let lists = Lists::of_files(&files);
        Ok(Self {
            form: Form::new(checked.value),
            // A file of the same name stands before the list that the study makes.
            compares_rounds: text.contains(LAST_ROUND) && !lists.has(LAST_ROUND),
            reads_register: text.contains(ORGANISATIONS) && !lists.has(ORGANISATIONS),
            attached: phone::hashed(&files).into(),
            phone: Arc::default(),
            lists: Arc::new(lists),
        })
    }
}

impl Version {
    pub(super) fn new(stored: StoredDefinition, compiled: Compiled) -> Self {
        Self {
            version: stored.version,
            state: stored.state,
            hash: stored.hash,
            file_name: stored.file_name,
            source: stored.source,
            created_at: stored.created_at,
            published_at: stored.published_at,
            definition: compiled.form.definition().clone(),
            form: compiled.form,
            lists: compiled.lists,
            compares_rounds: compiled.compares_rounds,
            reads_register: compiled.reads_register,
            attached: compiled.attached,
            phone: compiled.phone,
        }
    }
}

impl Catalogue {
    /// Reads and compiles every published definition of a store.
    ///
    /// # Errors
    ///
    /// [`StudyError::Unreadable`] where a stored definition can't be used any more, or what the database says.
    pub fn load(store: &Store) -> Result<Self, StudyError> {
        let published = store
            .definitions()?
            .into_iter()
            .filter(|stored| stored.state == VersionState::Published);
        let versions = published
            .map(|stored| {
                let compiled = Compiled::of(store, &stored)?;
                Ok((stored.survey.clone(), Version::new(stored, compiled)))
            })
            .collect::<Result<_, StudyError>>()?;
        let mut catalogue = Self::of(store, versions)?;
        catalogue.surveys.retain(|survey| !survey.versions.is_empty());
        Ok(catalogue)
    }

    /// The surveys and rounds of a store, with these versions by survey.
    pub(super) fn of(store: &Store, versions: Vec<(String, Version)>) -> Result<Self, StudyError> {
        let surveys = store.surveys()?.into_iter().map(|(survey, state)| Survey {
            survey,
            state,
            versions: Vec::new(),
        });
        let mut surveys: Vec<Survey> = surveys.collect();
        for (name, version) in versions {
            if let Some(survey) = surveys.iter_mut().find(|one| one.survey == name) {
                survey.versions.push(Arc::new(version));
            }
        }
        Ok(Self {
            surveys,
            rounds: store.rounds()?,
        })
    }

    /// Every survey, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Survey> {
        self.surveys.iter()
    }

    /// The survey of that identifier.
    ///
    /// # Errors
    ///
    /// [`StudyError::UnknownSurvey`] where there is none.
    pub fn survey(&self, survey: &str) -> Result<&Survey, StudyError> {
        self.surveys
            .iter()
            .find(|one| one.survey == survey)
            .ok_or_else(|| StudyError::UnknownSurvey {
                survey: survey.to_owned(),
                known: self.surveys.iter().map(|one| one.survey.clone()).collect(),
            })
    }

    /// The newest published version of a survey.
    ///
    /// # Errors
    ///
    /// [`StudyError::UnknownSurvey`], or [`StudyError::NothingPublished`].
    pub fn newest(&self, survey: &str) -> Result<&Arc<Version>, StudyError> {
        self.survey(survey)?.version_or_newest(None)
    }

    /// The definitions of the newest published versions, one per survey.
    pub fn newest_definitions(&self) -> Vec<&Definition> {
        self.surveys
            .iter()
            .filter_map(Survey::newest)
            .map(|version| version.definition.as_ref())
            .collect()
    }

    /// The published definitions of a survey in the order of publishing; none where there is no such survey.
    pub fn definitions_of(&self, survey: &str) -> impl Iterator<Item = &Definition> {
        let survey = self.surveys.iter().find(|one| one.survey == survey);
        survey
            .into_iter()
            .flat_map(Survey::published)
            .map(|version| version.definition.as_ref())
    }

    /// Finds one version of a survey, drafts too where they are known, for those who ask it of many responses.
    pub fn finder<'c>(&'c self) -> impl Fn(&str, &str) -> Option<&'c Definition> + 'c {
        move |survey, version| {
            let survey = self.surveys.iter().find(|one| one.survey == survey)?;
            let version = survey.versions.iter().find(|one| one.version == version)?;
            Some(&version.definition)
        }
    }

    /// Every round, by code.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Whether responses that are made up are among those of this store.
    pub fn is_synthetic(&self) -> bool {
        self.rounds.iter().any(|round| round.synthetic)
    }

    /// The round that a response goes to: the one that is named, else the only open one.
    ///
    /// # Errors
    ///
    /// [`StudyError::RoundNotOpen`] where the named one is not open, [`StudyError::RoundNeeded`] where none is named
    /// and none or several are.
    pub fn open_round(&self, named: Option<&str>) -> Result<&str, StudyError> {
        let open: Vec<&str> = self
            .rounds
            .iter()
            .filter(|round| round.state == RoundState::Open)
            .map(|round| round.round.as_str())
            .collect();
        let owned = || open.iter().map(|round| (*round).to_owned()).collect();
        match (named, open.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(StudyError::RoundNeeded { open: owned() }),
            (Some(named), _) => {
                open.iter()
                    .copied()
                    .find(|round| *round == named)
                    .ok_or_else(|| StudyError::RoundNotOpen {
                        round: named.to_owned(),
                        open: owned(),
                    })
            }
        }
    }

    /// A round of that name, open or not: answers on paper may come when it is over.
    ///
    /// # Errors
    ///
    /// [`StudyError::UnknownRound`] where there is none.
    pub fn any_round(&self, named: &str) -> Result<&str, StudyError> {
        let mut known = self.rounds.iter().map(|round| round.round.as_str());
        known
            .find(|round| *round == named)
            .ok_or_else(|| StudyError::UnknownRound {
                round: named.to_owned(),
                known: self.rounds.iter().map(|round| round.round.clone()).collect(),
            })
    }
}

impl Survey {
    /// The published versions, in the order of publishing.
    pub fn published(&self) -> impl DoubleEndedIterator<Item = &Arc<Version>> {
        self.versions
            .iter()
            .filter(|version| version.state == VersionState::Published)
    }

    /// The newest published version.
    pub fn newest(&self) -> Option<&Arc<Version>> {
        self.published().next_back()
    }

    /// The version of that name.
    ///
    /// # Errors
    ///
    /// [`StudyError::UnknownVersion`] with the versions that there are.
    pub fn version(&self, version: &str) -> Result<&Arc<Version>, StudyError> {
        self.versions
            .iter()
            .find(|one| one.version == version)
            .ok_or_else(|| StudyError::UnknownVersion {
                survey: self.survey.clone(),
                version: version.to_owned(),
                known: self.versions.iter().map(|one| one.version.clone()).collect(),
            })
    }

    /// The named version, else the newest published one.
    ///
    /// # Errors
    ///
    /// [`StudyError::UnknownVersion`], or [`StudyError::NothingPublished`] where none is named and none is published.
    pub fn version_or_newest(&self, version: Option<&str>) -> Result<&Arc<Version>, StudyError> {
        match version {
            Some(version) => self.version(version),
            None => self.newest().ok_or_else(|| StudyError::NothingPublished {
                survey: self.survey.clone(),
            }),
        }
    }

    /// That the survey takes responses now.
    ///
    /// # Errors
    ///
    /// [`StudyError::SurveyClosed`] where it does not.
    pub fn expect_open(&self) -> Result<(), StudyError> {
        if self.state.accepts() {
            Ok(())
        } else {
            Err(StudyError::SurveyClosed {
                survey: self.survey.clone(),
            })
        }
    }
}
