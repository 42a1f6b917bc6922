//! Responses as they are read: the current head of each, and its versions.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::heads::HeadRow;
use super::schema::{instance_ids, response_versions, responses};
use super::seal::{self, Belonging, Personal, Sealed};
use super::submission::Facts;
use super::{JsonText, Store, StoreError, time};
use crate::response::{Door, Identity, Problem, ReviewState, put_back};

/// What is known of a response without reading its answers: its present version, state and respondent.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub struct Head {
    /// The key.
    pub id: i64,
    /// The round; empty where none was open when it came.
    pub round: String,
    /// The survey.
    pub survey: String,
    /// The instance ID that it first became known by: its name for the world, which never changes.
    pub instance_id: String,
    /// The key of the present version.
    pub current_version: i64,
    /// How many versions there are.
    pub versions: i64,
    /// Goes up with every change; whoever changes the response says which one they saw.
    pub revision: i64,
    /// The version of the definition that the present version was checked against.
    pub definition_version: String,
    /// The review state.
    pub state: ReviewState,
    /// Who answered, and how many problems the present version has.
    pub facts: Facts,
    /// Whether another live response is from the same organisation.
    pub duplicate: bool,
    /// Whether one of its versions was edited twice.
    pub branched: bool,
    /// Whether a supervisor returned it and no new version came since.
    pub returned: bool,
    /// Whether it answers a draft, or was made to try things out.
    pub test: bool,
    /// The door it came through.
    pub door: Door,
    /// Who sent it.
    pub sender: Option<String>,
    /// The import that it came with.
    pub import_id: Option<i64>,
    /// When the first version was received.
    pub received_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When consent to it was withdrawn: it counts for nothing from then on.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// One version of a response, as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The key: higher is later received.
    pub id: i64,
    /// Its own instance ID.
    pub instance_id: String,
    /// The instance ID of the version that it replaces.
    pub deprecated_id: Option<String>,
    /// The version of the definition that it was checked against.
    pub definition_version: String,
    /// The version of the definition that it said it answers.
    pub claimed_version: String,
    /// The door it came through.
    pub door: Door,
    /// Who sent it.
    pub sender: Option<String>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Who answered, and how many problems it has.
    pub facts: Facts,
    /// The answers, without the personal ones that are sealed: see [`Store::open_personal`].
    pub answers: JsonText,
    /// The problems, warnings and notes, without what they tell of personal answers.
    pub problems: JsonText,
    /// What was received, byte for byte, where the answers do not hold all of it; without what is personal of it.
    pub original: Option<Vec<u8>>,
    /// What is personal of it.
    pub(super) sealed: Option<Sealed>,
}

impl Version {
    /// Whether something personal of it is kept sealed.
    pub fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }
}

pub(super) fn read_state(name: &str) -> Result<ReviewState, StoreError> {
    ReviewState::from_name(name).ok_or_else(|| StoreError::Unreadable(format!("unknown state '{name}' of a response")))
}

pub(super) fn read_door(name: &str) -> Result<Door, StoreError> {
    Door::from_name(name).ok_or_else(|| StoreError::Unreadable(format!("unknown door '{name}'")))
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        Ok(Self {
            state: row.review_state()?,
            door: read_door(&row.door)?,
            facts: Facts {
                identity: Identity {
                    code: row.code,
                    name: row.name,
                    city: row.city,
                    sector: row.sector,
                    size: row.size,
                    stratum: row.stratum,
                    weight: row.weight,
                    consent: row.consent,
                },
                problems: row.problems,
                warnings: row.warnings,
                quality: row
                    .quality
                    .map(|quality| quality.read())
                    .transpose()?
                    .unwrap_or_default(),
                subject: row.organisation.filter(|key| key.starts_with("keyed:")),
                consent: None,
                device: None,
            },
            id: row.id,
            round: row.round,
            survey: row.survey,
            instance_id: row.instance_id,
            current_version: row.current_version,
            versions: row.versions,
            revision: row.revision,
            definition_version: row.definition_version,
            duplicate: row.duplicate,
            branched: row.branched,
            returned: row.returned,
            test: row.test,
            sender: row.sender,
            import_id: row.import_id,
            received_at: time::read(row.received_at),
            updated_at: time::read(row.updated_at),
            withdrawn_at: row.withdrawn_at.map(time::read),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_versions)]
struct VersionRow {
    id: i64,
    instance_id: String,
    deprecated_id: Option<String>,
    definition_version: String,
    claimed_version: String,
    door: String,
    sender: Option<String>,
    received_at: NaiveDateTime,
    facts: JsonText,
    answers: JsonText,
    problems: JsonText,
    original: Option<Vec<u8>>,
    data_key: Option<Vec<u8>>,
    sealed: Option<Vec<u8>>,
}

impl TryFrom<VersionRow> for Version {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            instance_id: row.instance_id,
            deprecated_id: row.deprecated_id,
            definition_version: row.definition_version,
            claimed_version: row.claimed_version,
            door: read_door(&row.door)?,
            sender: row.sender,
            received_at: time::read(row.received_at),
            facts: row.facts.read()?,
            answers: row.answers,
            problems: row.problems,
            original: row.original,
            sealed: sealed(row.data_key, row.sealed),
        })
    }
}

/// What two columns hold together.
pub(super) fn sealed(data_key: Option<Vec<u8>>, content: Option<Vec<u8>>) -> Option<Sealed> {
    data_key
        .zip(content)
        .map(|(data_key, content)| Sealed { data_key, content })
}

/// The response that one of its instance IDs names, whichever version that is.
pub(super) fn find_head(
    connection: &mut Connection<'_>,
    survey: &str,
    instance_id: &str,
) -> Result<Option<HeadRow>, StoreError> {
    let query = instance_ids::table
        .inner_join(
            response_versions::table.on(response_versions::round
                .eq(instance_ids::round)
                .and(response_versions::survey.eq(instance_ids::survey))
                .and(response_versions::id.eq(instance_ids::version_id))),
        )
        .inner_join(
            responses::table.on(responses::round
                .eq(response_versions::round)
                .and(responses::survey.eq(response_versions::survey))
                .and(responses::id.eq(response_versions::response_id))),
        )
        .filter(instance_ids::survey.eq(survey))
        .filter(instance_ids::instance_id.eq(instance_id));
    Ok(on_backend!(connection, |c| query
        .select(HeadRow::as_select())
        .first(c)
        .optional())?)
}

pub(super) fn no_response(instance_id: &str) -> StoreError {
    StoreError::NotFound {
        what: "response",
        name: instance_id.to_owned(),
    }
}

impl Store {
    /// The head of the response that this instance ID names, be it of its first version or of a later one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn response_head(&self, survey: &str, instance_id: &str) -> Result<Head, StoreError> {
        refuse_nul(instance_id)?;
        self.read(|connection| find_head(connection, survey, instance_id))?
            .ok_or_else(|| no_response(instance_id))?
            .try_into()
    }

    /// A response with its present version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn response(&self, survey: &str, instance_id: &str) -> Result<(Head, Version), StoreError> {
        refuse_nul(instance_id)?;
        let (head, version): (HeadRow, VersionRow) = self.snapshot(|connection| {
            let head = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            let query = response_versions::table
                .filter(response_versions::round.eq(&head.round))
                .filter(response_versions::survey.eq(&head.survey))
                .filter(response_versions::id.eq(head.current_version));
            let version = on_backend!(connection, |c| query.select(VersionRow::as_select()).first(c))?;
            Ok((head, version))
        })?;
        Ok((head.try_into()?, version.try_into()?))
    }

    /// All versions of a response, in the order that they were received.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such response.
    pub fn response_versions(&self, survey: &str, instance_id: &str) -> Result<Vec<Version>, StoreError> {
        refuse_nul(instance_id)?;
        let rows: Vec<VersionRow> = self.snapshot(|connection| {
            let head = find_head(connection, survey, instance_id)?.ok_or_else(|| no_response(instance_id))?;
            let query = response_versions::table
                .filter(response_versions::round.eq(&head.round))
                .filter(response_versions::survey.eq(&head.survey))
                .filter(response_versions::response_id.eq(head.id))
                .order(response_versions::id);
            Ok(on_backend!(connection, |c| query
                .select(VersionRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(Version::try_from).collect()
    }
}

impl Store {
    /// Puts what is personal of a version back into its answers, findings and original.
    ///
    /// # Errors
    /// Where the keys are missing, or what is sealed was damaged or moved.
    pub fn open_personal(&self, survey: &str, version: &mut Version) -> Result<(), StoreError> {
        let Some(sealed) = version.sealed.take() else {
            return Ok(());
        };
        let place = Belonging {
            survey,
            instance_id: &version.instance_id,
        };
        let personal = seal::open(&self.inner.keys, place, &sealed)?;
        if let Some(bytes) = personal.original_bytes() {
            version.original = Some(bytes);
        }
        if let (Some(original), Some(part)) = (&version.original, personal.received.clone()) {
            let open = serde_json::from_slice(original).map_err(|error| StoreError::Unreadable(error.to_string()))?;
            version.original = Some(whole(open, part).to_string().into_bytes());
        }
        version.problems = findings(&version.problems, &personal)?;
        if let Some(part) = personal.answers {
            version.answers = JsonText(whole(version.answers.read()?, part).to_string());
        }
        Ok(())
    }

    /// The answers of a version with the personal ones that are sealed.
    pub(super) fn with_personal(
        &self,
        place: Belonging<'_>,
        answers: JsonText,
        sealed: Option<&Sealed>,
    ) -> Result<JsonText, StoreError> {
        let Some(sealed) = sealed else {
            return Ok(answers);
        };
        match seal::open(&self.inner.keys, place, sealed)?.answers {
            Some(part) => Ok(JsonText(whole(answers.read()?, part).to_string())),
            None => Ok(answers),
        }
    }
}

fn whole(mut open: serde_json::Value, personal: serde_json::Value) -> serde_json::Value {
    put_back(&mut open, personal);
    open
}

/// Findings with what they tell of personal answers.
fn findings(open: &JsonText, personal: &Personal) -> Result<JsonText, StoreError> {
    if personal.findings.is_empty() {
        return Ok(open.clone());
    }
    let mut findings: Vec<Problem> = open.read()?;
    for (position, value, details) in &personal.findings {
        if let Some(finding) = findings.get_mut(*position) {
            finding.value.clone_from(value);
            if let Some(details) = details {
                finding.details.clone_from(details);
            }
        }
    }
    JsonText::of(&findings)
}

/// PostgreSQL refuses the character in any text, so nothing with it in its name can be there.
fn refuse_nul(instance_id: &str) -> Result<(), StoreError> {
    if instance_id.contains('\0') {
        Err(no_response(&instance_id.replace('\0', "␀")))
    } else {
        Ok(())
    }
}
