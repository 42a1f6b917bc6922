//! From answers that came through a door to a submission that the store keeps: the same for every door.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};

use super::last_round::LastRound;
use super::register_list::RegisterList;
use super::{Lists, StudyError, Version};
use crate::definition::{LAST_ROUND, ORGANISATIONS, VersionState};
use crate::expression::Environment;
use crate::response::{Answers, Door, Form, Problem, Processed, Received, Unasked, process};
use crate::store::{Envelope, Store, Submission};

/// What all submissions have in common that come through one door, to one version and round, at one time.
#[derive(Debug, Clone)]
pub struct Reception {
    form: Arc<Form>,
    round: Option<String>,
    door: Door,
    sender: Option<String>,
    at: DateTime<Utc>,
    device: Option<String>,
    test: bool,
    unasked: Unasked,
    world: World,
}

/// How a submission names itself, and what it replaces.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Its own instance ID.
    pub instance_id: String,
    /// The instance ID of the version that it replaces.
    pub deprecated_id: Option<String>,
    /// The version of the definition that it says it answers; empty where it says none.
    pub claimed_version: String,
}

impl Reception {
    /// Of a version, through a door, at a time; with the lists that its rules look things up in. What answers a draft
    /// is a test.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn new(
        store: &Store,
        version: &Version,
        round: Option<&str>,
        door: Door,
        at: DateTime<Utc>,
    ) -> Result<Self, StudyError> {
        let lists = supplied_lists(store, version, round)?;
        Ok(Self {
            form: version.form.clone(),
            round: round.map(str::to_owned),
            door,
            sender: None,
            device: None,
            at,
            test: version.state == VersionState::Draft,
            unasked: Unasked::Report,
            world: World::new(&version.form, at, lists),
        })
    }

    /// With who sends.
    #[must_use]
    pub fn sent_by(mut self, sender: Option<String>) -> Self {
        self.sender = sender;
        self
    }

    /// With what the device calls itself that sends.
    #[must_use]
    pub fn from_device(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// As a test, whatever the version is: what only tries things out is never scored.
    #[must_use]
    pub fn as_test(mut self) -> Self {
        self.test = true;
        self
    }

    /// With what to do with answers to questions that were not to be asked.
    #[must_use]
    pub fn unasked(mut self, unasked: Unasked) -> Self {
        self.unasked = unasked;
        self
    }

    /// The form.
    pub fn form(&self) -> &Arc<Form> {
        &self.form
    }

    /// The world that rules are evaluated in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Sends answers through the one way in; `problems` are what was wrong already when they were read.
    pub fn process(&self, answers: Answers, problems: Vec<Problem>) -> Processed {
        let mut received = Received::new(answers, problems, self.door, self.world.at);
        received.unasked = self.unasked;
        process(received, &self.world)
    }

    /// The submission of processed answers. `bytes` are those that came over the wire, for telling whether they came
    /// before.
    ///
    /// # Errors
    ///
    /// Where it holds a character that no database takes.
    pub fn submission(&self, names: Names, processed: &Processed, bytes: &[u8]) -> Result<Submission, StudyError> {
        let envelope = Envelope {
            round: self.round.clone(),
            survey: self.form.survey().to_owned(),
            definition_version: self.form.version().to_owned(),
            claimed_version: names.claimed_version,
            instance_id: names.instance_id,
            deprecated_id: names.deprecated_id,
            door: self.door,
            sender: self.sender.clone(),
            received_at: self.at,
            test: self.test,
        };
        Ok(Submission::new(envelope, processed, bytes)?.from_device(self.device.as_deref()))
    }
}

/// The lists that a version's rules may look things up in: the files that belong to it, and what the study makes.
fn supplied_lists(store: &Store, version: &Version, round: Option<&str>) -> Result<Arc<Lists>, StudyError> {
    if !version.compares_rounds && !version.reads_register {
        return Ok(version.lists.clone());
    }
    let mut lists = Lists::clone(&version.lists);
    if version.compares_rounds {
        let last_round = LastRound::before(store, &version.definition, round)?;
        lists = lists.with(LAST_ROUND, Arc::new(last_round));
    }
    if let (true, Some(round)) = (version.reads_register, round) {
        let register = RegisterList::new(store, version.definition.survey(), round);
        lists = lists.with(ORGANISATIONS, Arc::new(register));
    }
    Ok(Arc::new(lists))
}

/// The world that a response meets when it arrives: the time of arrival in the survey's time zone (a response that
/// records its own time has that), and the lists of its version. Random numbers are form clients': none are given.
#[derive(Debug, Clone)]
pub struct World {
    at: DateTime<FixedOffset>,
    lists: Arc<Lists>,
}

impl World {
    /// At a time, in a survey's zone.
    pub fn new(form: &Form, at: DateTime<Utc>, lists: Arc<Lists>) -> Self {
        Self {
            at: form.timezone().at(at),
            lists,
        }
    }
}

impl World {
    /// The time of arrival, in the survey's time zone.
    pub fn at(&self) -> DateTime<FixedOffset> {
        self.at
    }
}

impl Environment for World {
    fn now(&self) -> DateTime<FixedOffset> {
        self.at
    }

    fn pulldata(&self, list: &str, column: &str, key_column: &str, key: &str) -> Option<String> {
        self.lists.cell(list, column, key_column, key)
    }
}
