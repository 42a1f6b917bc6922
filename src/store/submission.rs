//! A submission as it is kept, and the receipt for it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::heads::HeadRow;
use super::keys::KeyRing;
use super::privacy::{Parts, split};
use super::seal::{self, Belonging, Personal, Sealed};
use super::{JsonText, StoreError, time};
use crate::definition::{Definition, Element};
use crate::response::{
    Consent, Door, Fingerprint, Identity, Processed, Quality, ReviewState, asks_personal, state_after, take_out,
};

/// The longest instance ID, in characters.
const LONGEST_INSTANCE_ID: usize = 255;
/// How much of the name of a device is kept, in characters.
const LONGEST_DEVICE: usize = 255;

/// Who answered, and how many problems the answers have: what a list shows of a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The organisation.
    pub identity: Identity,
    /// How many problems.
    pub problems: i64,
    /// How many warnings.
    pub warnings: i64,
    /// How it was collected: durations, shares of missing answers, places.
    pub quality: Quality,
    /// What responses of one respondent have in common where its name or code is personal and not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the respondent was asked to agree to, and what they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// What the device that sent it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

impl Facts {
    /// What responses of one organisation have in common.
    pub(super) fn organisation(&self) -> Option<String> {
        self.subject.clone().or_else(|| self.identity.key())
    }
}

/// What is known of a submission besides its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The round; `None` where none was named and none, or several, are open.
    pub round: Option<String>,
    /// The survey.
    pub survey: String,
    /// The version of the definition that it was checked against.
    pub definition_version: String,
    /// The version of the definition that it says it answers; empty where it says none.
    pub claimed_version: String,
    /// Its own instance ID.
    pub instance_id: String,
    /// The instance ID of the version that it replaces.
    pub deprecated_id: Option<String>,
    /// The door it came through.
    pub door: Door,
    /// Who sent it.
    pub sender: Option<String>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Whether it answers a draft, or was made to try things out: never scored.
    pub test: bool,
}

/// A response, or a new version of one, that was processed and is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub(super) envelope: Envelope,
    pub(super) bytes: Fingerprint,
    pub(super) received: Fingerprint,
    pub(super) facts: Facts,
    pub(super) answers: String,
    pub(super) problems: String,
    pub(super) original: Option<Vec<u8>>,
    /// What is personal of it, until it is sealed.
    personal: Personal,
    pub(super) sealed: Option<Sealed>,
    /// The stored forms of the fingerprints.
    pub(super) content_hash: String,
    pub(super) answers_hash: String,
    /// The same keyed, where there are keys: what was erased has no others.
    pub(super) keyed_hashes: Option<(String, String)>,
}

impl Submission {
    /// A submission as it is kept: the answers in force, everything that was found, and what was received where that
    /// is not the same. `bytes` are those that came over the wire, for telling whether they came before.
    ///
    /// # Errors
    /// [`StoreError::NulCharacter`] where it holds the one character that a database can't; [`StoreError::LongInstanceId`].
    pub fn new(envelope: Envelope, processed: &Processed, bytes: &[u8]) -> Result<Self, StoreError> {
        let definition = processed.answers.form().definition();
        let answers = processed.answers.to_json();
        let mut received = processed.answers.received_json();
        let whole = JsonText::of(&received)?.0;
        let (bytes, fingerprint) = (Fingerprint::of_bytes(bytes), Fingerprint::of_bytes(whole.as_bytes()));
        let keeps_original = received != answers;
        let mut parts = Parts {
            answers,
            findings: processed.findings().cloned().collect(),
            original: None,
            identity: processed.identity.clone(),
        };
        let mut personal = Personal::default();
        if asks_personal(definition) {
            personal = split(definition, &mut parts, Element::is_personal);
            if keeps_original {
                personal.received = take_out(definition, &mut received, Element::is_personal);
            }
        }
        let original = match &personal.received {
            Some(_) => Some(JsonText::of(&received)?.0),
            None => keeps_original.then_some(whole),
        };
        let count = |list: &[_]| i64::try_from(list.len()).unwrap_or(i64::MAX);
        let quality = Quality::of(&processed.answers, envelope.received_at);
        let submission = Self {
            envelope,
            bytes,
            received: fingerprint,
            facts: Facts {
                identity: parts.identity,
                problems: count(&processed.problems),
                warnings: count(&processed.warnings),
                quality,
                subject: None,
                consent: Consent::of(&processed.answers),
                device: None,
            },
            original: original.map(String::into_bytes),
            answers: JsonText::of(&parts.answers)?.0,
            problems: JsonText::of(&parts.findings)?.0,
            personal,
            sealed: None,
            content_hash: bytes.to_string(),
            answers_hash: fingerprint.to_string(),
            keyed_hashes: None,
        };
        submission.refuse_unstorable()?;
        Ok(submission)
    }

    /// The same, keeping these bytes as what was received: where the answers do not hold all of it. Where the definition
    /// asks anything personal, they may say it anywhere.
    #[must_use]
    pub fn with_original(mut self, definition: &Definition, bytes: Vec<u8>) -> Self {
        if asks_personal(definition) {
            self.personal.received = None;
            self.personal.keep_original(&bytes);
            self.original = None;
        } else {
            self.original = Some(bytes);
        }
        self
    }

    /// The same, sent by a device that calls itself so. What no column takes of the name is left out.
    #[must_use]
    pub fn from_device(mut self, device: Option<&str>) -> Self {
        let name = |device: &str| {
            device
                .chars()
                .filter(|letter| *letter != '\0')
                .take(LONGEST_DEVICE)
                .collect()
        };
        self.facts.device = device.map(name).filter(|device: &String| !device.is_empty());
        self
    }

    /// Whether anything of it is personal, and has to be sealed before it is stored.
    pub(super) fn is_personal(&self) -> bool {
        !self.personal.is_empty()
    }

    /// Seals what is personal of it.
    pub(super) fn seal(&mut self, ring: &KeyRing) -> Result<(), StoreError> {
        let place = Belonging {
            survey: &self.envelope.survey,
            instance_id: &self.envelope.instance_id,
        };
        self.sealed = Some(seal::seal(ring, place, &self.personal)?);
        self.facts.subject = self.personal.subject.as_deref().map(|key| ring.subject(key));
        self.key_hashes(ring);
        if let Some((content, answers)) = self.keyed_hashes.clone() {
            (self.content_hash, self.answers_hash) = (content, answers);
        }
        Ok(())
    }

    /// Makes it known again after what it says was erased.
    pub(super) fn key_hashes(&mut self, ring: &KeyRing) {
        let keyed = |fingerprint: Fingerprint| ring.fingerprint(&fingerprint.to_string());
        self.keyed_hashes = Some((keyed(self.bytes), keyed(self.received)));
    }

    /// Its own instance ID.
    pub fn instance_id(&self) -> &str {
        &self.envelope.instance_id
    }

    /// What no column takes is found before anything is written.
    fn refuse_unstorable(&self) -> Result<(), StoreError> {
        let nul = |text: &str| text.contains('\0');
        let envelope = &self.envelope;
        let ids = [Some(&envelope.instance_id), envelope.deprecated_id.as_ref()];
        if ids
            .into_iter()
            .flatten()
            .any(|id| id.chars().count() > LONGEST_INSTANCE_ID)
        {
            return Err(StoreError::LongInstanceId {
                most: LONGEST_INSTANCE_ID,
            });
        }
        let what = if nul(&envelope.instance_id) || envelope.deprecated_id.as_deref().is_some_and(nul) {
            "instance ID"
        } else if nul(&envelope.claimed_version) {
            "version"
        } else if holds_escaped_nul(&self.answers) || holds_escaped_nul(&self.problems) {
            "answers"
        } else {
            return Ok(());
        };
        Err(StoreError::NulCharacter { what })
    }

    /// The version that it replaces. What names itself as its own predecessor has none.
    pub(super) fn predecessor(&self) -> Option<&str> {
        let id = self.envelope.deprecated_id.as_deref();
        id.filter(|id| !id.is_empty() && *id != self.envelope.instance_id)
    }

    /// The head of a response whose first version this is.
    pub(super) fn first_head(&self, id: i64, import_id: Option<i64>) -> Result<HeadRow, StoreError> {
        let envelope = &self.envelope;
        let at = time::stored(envelope.received_at);
        let mut head = HeadRow {
            id,
            round: envelope.round.clone().unwrap_or_default(),
            survey: envelope.survey.clone(),
            instance_id: envelope.instance_id.clone(),
            current_version: id,
            versions: 1,
            revision: 1,
            definition_version: String::new(),
            state: state_after(None, self.has_problems()).name().to_owned(),
            problems: 0,
            warnings: 0,
            duplicate: false,
            branched: false,
            test: envelope.test,
            organisation: None,
            code: None,
            name: None,
            city: None,
            sector: None,
            size: None,
            stratum: None,
            weight: None,
            consent: None,
            door: envelope.door.name().to_owned(),
            sender: envelope.sender.clone(),
            import_id,
            received_at: at,
            updated_at: at,
            quality: None,
            returned: false,
            withdrawn_at: None,
        };
        head.show(id, &envelope.definition_version, &self.facts)?;
        Ok(head)
    }

    fn has_problems(&self) -> bool {
        self.facts.problems > 0 || self.envelope.round.is_none()
    }
}

/// Whether a string in this JSON text holds U+0000, which JSON writes as an escape and PostgreSQL cannot make text of.
fn holds_escaped_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json
            .as_bytes()
            .iter()
            .take(at)
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        before % 2 == 0
    })
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A response that was not known.
    Created,
    /// A new version of one that was.
    Edited,
    /// The same had been received before: nothing changed.
    Unchanged,
}

/// The acknowledgement: what it speaks of is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What became of the submission.
    pub outcome: Outcome,
    /// The name of the response for the world: the instance ID that it first became known by.
    pub response: String,
    /// The instance ID of this version.
    pub instance_id: String,
    /// The round that it is in; empty where none was open.
    pub round: String,
    /// The review state.
    pub state: ReviewState,
    /// Whether another live response is from the same organisation.
    pub duplicate: bool,
    /// Whether the response only tries things out.
    pub test: bool,
    /// Whether consent to it was withdrawn: then nothing more is kept of it.
    pub withdrawn: bool,
}

impl Receipt {
    pub(super) fn of(head: &HeadRow, instance_id: &str, outcome: Outcome) -> Result<Self, StoreError> {
        Ok(Self {
            outcome,
            response: head.instance_id.clone(),
            instance_id: instance_id.to_owned(),
            round: head.round.clone(),
            state: head.review_state()?,
            duplicate: head.duplicate,
            test: head.test,
            withdrawn: head.withdrawn_at.is_some(),
        })
    }
}
