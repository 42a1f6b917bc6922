//! Reading all responses of a survey one after the other: for assessments and exports of any size, in constant memory.

use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::heads::HeadRow;
use super::listing::filtered;
use super::responses::{Head, read_state, sealed};
use super::schema::{response_versions, responses};
use super::seal::Belonging;
use super::{Filter, JsonText, Store, StoreError};
use crate::response::{Identity, ReviewState};

/// A response as an assessment reads it: who answered, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamed {
    /// The instance ID of the present version: what names exactly these answers.
    pub instance_id: String,
    /// The version of the definition that they were checked against.
    pub definition_version: String,
    /// The review state.
    pub state: ReviewState,
    /// The organisation.
    pub identity: Identity,
    /// The answers in force, unparsed.
    pub answers: JsonText,
}

#[derive(Queryable)]
struct Row {
    instance_id: String,
    definition_version: String,
    state: String,
    code: Option<String>,
    name: Option<String>,
    city: Option<String>,
    sector: Option<String>,
    size: Option<String>,
    stratum: Option<String>,
    weight: Option<f64>,
    consent: Option<String>,
    answers: JsonText,
}

impl TryFrom<Row> for Streamed {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            instance_id: row.instance_id,
            definition_version: row.definition_version,
            state: read_state(&row.state)?,
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
            answers: row.answers,
        })
    }
}

/// The responses with their present versions, in the order that they first came: the same order at every reading.
macro_rules! with_present_version {
    ($filter:expr, $backend:ident) => {
        filtered!(
            responses::table.inner_join(
                response_versions::table.on(response_versions::round
                    .eq(responses::round)
                    .and(response_versions::survey.eq(responses::survey))
                    .and(response_versions::id.eq(responses::current_version))),
            ),
            $filter,
            $backend
        )
        .order(responses::id)
    };
}

/// Loads row by row and hands each on; stops at the first error.
macro_rules! stream {
    ($connection:expr, $filter:expr, $columns:expr, $row:ty, $act:expr) => {{
        let mut count = 0;
        match $connection {
            Connection::Sqlite(c) => {
                type Db = diesel::sqlite::Sqlite;
                let query = with_present_version!($filter, Db).select($columns);
                let rows = query
                    .load_iter::<$row, DefaultLoadingMode>(*c)
                    .map_err(StoreError::from)?;
                for row in rows {
                    $act(row.map_err(StoreError::from)?)?;
                    count += 1;
                }
            }
            Connection::Postgres(c) => {
                type Db = diesel::pg::Pg;
                let query = with_present_version!($filter, Db).select($columns);
                let rows = query
                    .load_iter::<$row, PgRowByRowLoadingMode>(*c)
                    .map_err(StoreError::from)?;
                for row in rows {
                    $act(row.map_err(StoreError::from)?)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }};
}

impl Store {
    /// Hands every response that meets a filter to `act`, in the order that they first came, and says how many.
    ///
    /// Reads one state of the database, in memory that does not grow with the number of responses. `act` is to be
    /// quick: work that takes long belongs on other threads, to which it hands the rows.
    ///
    /// # Errors
    /// The first error of `act`, or what the database says.
    pub fn for_each_response<E: From<StoreError>>(
        &self,
        filter: &Filter,
        mut act: impl FnMut(Streamed) -> Result<(), E>,
    ) -> Result<u64, E> {
        let columns = (
            response_versions::instance_id,
            responses::definition_version,
            responses::state,
            responses::code,
            responses::name,
            responses::city,
            responses::sector,
            responses::size,
            responses::stratum,
            responses::weight,
            responses::consent,
            response_versions::answers,
        );
        let mut pooled = self.pooled()?;
        let mut connection = pooled.connection();
        stream!(&mut connection, filter, columns, Row, |row: Row| act(row.try_into()?))
    }

    /// The answers in force of the newest response of an organisation (by its key) to a survey in a round: neither
    /// rejected nor a test, nor waiting for somebody to mend it.
    ///
    /// # Errors
    /// What the database says.
    pub fn latest_answers_of(
        &self,
        round: &str,
        survey: &str,
        organisation: &str,
    ) -> Result<Option<JsonText>, StoreError> {
        let counted = [ReviewState::Received, ReviewState::Edited, ReviewState::Approved].map(ReviewState::name);
        self.read(|connection| {
            let query = responses::table
                .inner_join(
                    response_versions::table.on(response_versions::round
                        .eq(responses::round)
                        .and(response_versions::survey.eq(responses::survey))
                        .and(response_versions::id.eq(responses::current_version))),
                )
                .filter(responses::round.eq(round))
                .filter(responses::survey.eq(survey))
                .filter(responses::organisation.eq(organisation))
                .filter(responses::test.eq(false))
                .filter(responses::state.eq_any(counted))
                .order(responses::id.desc())
                .select(response_versions::answers);
            Ok(on_backend!(connection, |c| query.first::<JsonText>(c).optional())?)
        })
    }

    /// Hands the head of every response that meets a filter to `act`, without reading any answers.
    ///
    /// # Errors
    /// The first error of `act`, or what the database says.
    pub fn for_each_head<E: From<StoreError>>(
        &self,
        filter: &Filter,
        mut act: impl FnMut(Head) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut pooled = self.pooled()?;
        match &mut pooled.connection() {
            Connection::Sqlite(c) => {
                type Db = diesel::sqlite::Sqlite;
                let query = filtered!(responses::table, filter, Db).select(HeadRow::as_select());
                for row in query
                    .load_iter::<HeadRow, DefaultLoadingMode>(*c)
                    .map_err(StoreError::from)?
                {
                    act(row.map_err(StoreError::from)?.try_into()?)?;
                }
            }
            Connection::Postgres(c) => {
                type Db = diesel::pg::Pg;
                let query = filtered!(responses::table, filter, Db).select(HeadRow::as_select());
                for row in query
                    .load_iter::<HeadRow, PgRowByRowLoadingMode>(*c)
                    .map_err(StoreError::from)?
                {
                    act(row.map_err(StoreError::from)?.try_into()?)?;
                }
            }
        }
        Ok(())
    }

    /// As [`Store::for_each_response_with_head`], with the personal answers that are kept sealed.
    ///
    /// # Errors
    /// The first error of `act`, what the database says, or that the keys are missing.
    pub fn for_each_response_opened<E: From<StoreError>>(
        &self,
        filter: &Filter,
        mut act: impl FnMut(Head, JsonText) -> Result<(), E>,
    ) -> Result<u64, E> {
        type Opened = (HeadRow, String, JsonText, Option<Vec<u8>>, Option<Vec<u8>>);
        let mut pooled = self.pooled()?;
        let mut connection = pooled.connection();
        let mut open = |(head, instance_id, answers, data_key, content): Opened| {
            let place = Belonging {
                survey: &head.survey,
                instance_id: &instance_id,
            };
            let answers = self.with_personal(place, answers, sealed(data_key, content).as_ref())?;
            act(head.try_into()?, answers)
        };
        stream!(
            &mut connection,
            filter,
            (
                HeadRow::as_select(),
                response_versions::instance_id,
                response_versions::answers,
                response_versions::data_key,
                response_versions::sealed,
            ),
            Opened,
            open
        )
    }

    /// As [`Store::for_each_response`], with all that is known of each response: for exports.
    ///
    /// # Errors
    /// The first error of `act`, or what the database says.
    pub fn for_each_response_with_head<E: From<StoreError>>(
        &self,
        filter: &Filter,
        mut act: impl FnMut(Head, JsonText) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut pooled = self.pooled()?;
        let mut connection = pooled.connection();
        stream!(
            &mut connection,
            filter,
            (HeadRow::as_select(), response_versions::answers),
            (HeadRow, JsonText),
            |(head, answers): (HeadRow, JsonText)| { act(head.try_into()?, answers) }
        )
    }
}
