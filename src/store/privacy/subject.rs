//! Whose data: an organisation or a person, and where it is.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::response::CreditCode;
use crate::store::backend::{Connection, on_backend};
use crate::store::heads::HeadRow;
use crate::store::responses::{find_head, no_response};
use crate::store::schema::{response_versions, responses};
use crate::store::{Store, StoreError};

/// Whose data is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Whoever has this credit code, in every round and survey.
    Code(String),
    /// Whoever gave this response, known by any of its instance IDs.
    Response {
        /// The survey.
        survey: String,
        /// The instance ID.
        instance_id: String,
    },
}

impl Subject {
    /// Whether a text tells who is meant: such a text must not stay behind as the proof of an erasure.
    pub(super) fn is_told_by(&self, text: &str) -> bool {
        match self {
            Self::Code(code) => CreditCode::tidy(text).contains(&CreditCode::tidy(code)),
            Self::Response { .. } => false,
        }
    }
}

impl Store {
    /// The heads of the responses of a subject, withdrawn ones and tests too.
    pub(super) fn responses_of(
        &self,
        connection: &mut Connection<'_>,
        subject: &Subject,
    ) -> Result<Vec<HeadRow>, StoreError> {
        let code = match subject {
            Subject::Response { survey, instance_id } => {
                let head = find_head(connection, survey, instance_id)?;
                return Ok(vec![head.ok_or_else(|| no_response(instance_id))?]);
            }
            Subject::Code(code) => CreditCode::tidy(code),
        };
        let mut keys = vec![format!("code:{code}")];
        match self.inner.keys.for_reading() {
            Ok(ring) => keys.push(ring.subject(&format!("code:{code}"))),
            // Without keys nothing is known under a keyed name either.
            Err(StoreError::KeysNeeded { .. }) => {}
            Err(error) => return Err(error),
        }
        let heads: Vec<HeadRow> = on_backend!(connection, |c: Db| {
            // An earlier version may have named the organisation where the present one does not.
            let earlier = if is_sqlite::<Db>() {
                "json_extract(facts, '$.identity.code') = "
            } else {
                "facts->'identity'->>'code' = "
            };
            let versions = response_versions::table
                .into_boxed::<Db>()
                .filter(diesel::dsl::sql::<Bool>(earlier).bind::<Text, _>(code.clone()))
                .select(response_versions::response_id);
            responses::table
                .filter(
                    responses::code
                        .eq(&code)
                        .assume_not_null()
                        .or(responses::organisation.eq_any(&keys).assume_not_null())
                        .or(responses::id.eq_any(versions)),
                )
                .order(responses::id)
                .select(HeadRow::as_select())
                .load(c)
        })?;
        Ok(heads)
    }
}

fn is_sqlite<Db: 'static>() -> bool {
    std::any::TypeId::of::<Db>() == std::any::TypeId::of::<diesel::sqlite::Sqlite>()
}
