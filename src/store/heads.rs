//! The row that is the current head of a response: making, locking and writing it.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::responses::read_state;
use super::rows::in_arrays;
use super::schema::responses;
use super::submission::Facts;
use super::{JsonText, StoreError};
use crate::response::ReviewState;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = responses, treat_none_as_default_value = false)]
#[allow(clippy::struct_excessive_bools, reason = "a row has the columns that its table has")]
pub(super) struct HeadRow {
    pub id: i64,
    pub round: String,
    pub survey: String,
    pub instance_id: String,
    pub current_version: i64,
    pub versions: i64,
    pub revision: i64,
    pub definition_version: String,
    pub state: String,
    pub problems: i64,
    pub warnings: i64,
    pub duplicate: bool,
    pub branched: bool,
    pub test: bool,
    pub organisation: Option<String>,
    pub code: Option<String>,
    pub name: Option<String>,
    pub city: Option<String>,
    pub sector: Option<String>,
    pub size: Option<String>,
    pub stratum: Option<String>,
    pub weight: Option<f64>,
    pub consent: Option<String>,
    pub door: String,
    pub sender: Option<String>,
    pub import_id: Option<i64>,
    pub received_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub quality: Option<JsonText>,
    pub returned: bool,
    pub withdrawn_at: Option<NaiveDateTime>,
}

in_arrays! {
    HeadRow => responses:
    id, round, survey, instance_id, current_version, versions, revision, definition_version, state, problems,
    warnings, duplicate, branched, test, organisation, code, name, city, sector, size, stratum, weight, consent, door,
    sender, import_id, received_at, updated_at, quality, returned, withdrawn_at
}

impl HeadRow {
    /// Shows this version of the response from now on.
    pub(super) fn show(&mut self, version: i64, definition_version: &str, facts: &Facts) -> Result<(), StoreError> {
        self.current_version = version;
        definition_version.clone_into(&mut self.definition_version);
        self.problems = facts.problems;
        self.warnings = facts.warnings;
        self.organisation = facts.organisation();
        let identity = facts.identity.clone();
        self.code = identity.code;
        self.name = identity.name;
        self.city = identity.city;
        self.sector = identity.sector;
        self.size = identity.size;
        self.stratum = identity.stratum;
        self.weight = identity.weight;
        self.consent = identity.consent;
        self.quality = Some(JsonText::of(&facts.quality)?);
        Ok(())
    }

    /// What the audit log calls it.
    pub(super) fn target(&self) -> String {
        format!("surveys/{}/responses/{}", self.survey, self.instance_id)
    }

    /// What the audit log points to where it is in that state.
    pub(super) fn reference(&self, state: ReviewState) -> String {
        format!("version={} state={}", self.current_version, state.name())
    }

    pub(super) fn review_state(&self) -> Result<ReviewState, StoreError> {
        read_state(&self.state)
    }
}

/// Reads a head that is to be changed; on PostgreSQL nobody else changes it until the transaction ends.
pub(super) fn lock_head(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    id: i64,
) -> Result<HeadRow, StoreError> {
    let query = responses::table
        .filter(responses::round.eq(round))
        .filter(responses::survey.eq(survey))
        .filter(responses::id.eq(id));
    Ok(match connection {
        Connection::Sqlite(c) => query.select(HeadRow::as_select()).first(*c)?,
        Connection::Postgres(c) => query.select(HeadRow::as_select()).for_update().first(*c)?,
    })
}

pub(super) type HeadQuery<'a> = diesel::dsl::Filter<
    diesel::dsl::Filter<
        diesel::dsl::Filter<responses::table, diesel::dsl::Eq<responses::round, &'a str>>,
        diesel::dsl::Eq<responses::survey, &'a str>,
    >,
    diesel::dsl::Eq<responses::id, i64>,
>;

pub(super) fn head_query(head: &HeadRow) -> HeadQuery<'_> {
    responses::table
        .filter(responses::round.eq(head.round.as_str()))
        .filter(responses::survey.eq(head.survey.as_str()))
        .filter(responses::id.eq(head.id))
}

/// Writes back what can change of a head.
pub(super) fn update_head(connection: &mut Connection<'_>, head: &HeadRow) -> Result<(), StoreError> {
    let changes = (
        responses::current_version.eq(head.current_version),
        responses::versions.eq(head.versions),
        responses::revision.eq(head.revision),
        responses::definition_version.eq(&head.definition_version),
        responses::state.eq(&head.state),
        responses::problems.eq(head.problems),
        responses::warnings.eq(head.warnings),
        responses::branched.eq(head.branched),
        responses::test.eq(head.test),
        (
            responses::organisation.eq(&head.organisation),
            responses::code.eq(&head.code),
            responses::name.eq(&head.name),
            responses::city.eq(&head.city),
            responses::sector.eq(&head.sector),
            responses::size.eq(&head.size),
            responses::stratum.eq(&head.stratum),
            responses::weight.eq(head.weight),
            responses::consent.eq(&head.consent),
        ),
        responses::updated_at.eq(head.updated_at),
        responses::quality.eq(&head.quality),
        responses::returned.eq(head.returned),
        responses::withdrawn_at.eq(head.withdrawn_at),
        (
            responses::door.eq(&head.door),
            responses::sender.eq(&head.sender),
            responses::received_at.eq(head.received_at),
        ),
    );
    on_backend!(connection, |c| diesel::update(head_query(head)).set(changes).execute(c))?;
    Ok(())
}
