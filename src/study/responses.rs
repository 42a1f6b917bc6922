//! The responses of a store as reports and exports show them.

use std::io::Write;

use serde_json::Value as Json;

use super::StudyError;
use crate::report::{Export, ReportedResponse};
use crate::store::{Filter, Store, StoreError};

/// Hands every response that meets a filter to `act`, in the order that they first came, and says how many.
///
/// # Errors
///
/// The first error of `act`, or what the database says.
pub fn for_each_reported<E: From<StoreError>>(
    store: &Store,
    filter: &Filter,
    mut act: impl FnMut(ReportedResponse) -> Result<(), E>,
) -> Result<u64, E> {
    store.for_each_response_with_head(filter, |head, answers| {
        act(ReportedResponse {
            instance_id: head.instance_id,
            version: head.definition_version,
            state: head.state.name().to_owned(),
            problems: usize::try_from(head.facts.problems).unwrap_or(0),
            received_at: head.updated_at,
            answers: answers.read::<Json>()?,
        })
    })
}

/// All responses that meet a filter, in the order that they first came.
///
/// # Errors
///
/// What the database says.
pub fn reported(store: &Store, filter: &Filter) -> Result<Vec<ReportedResponse>, StudyError> {
    let mut responses = Vec::new();
    for_each_reported::<StudyError>(store, filter, |response| {
        responses.push(response);
        Ok(())
    })?;
    Ok(responses)
}

/// Writes one table of an export as CSV, response by response, and says how many there were; `None` where the export
/// has no table of this name.
///
/// # Errors
///
/// What writing or the database says.
pub fn write_table<W: Write>(
    store: &Store,
    filter: &Filter,
    export: &Export<'_>,
    table: &str,
    to: W,
) -> Result<Option<u64>, StudyError> {
    let Some(mut writer) = export.csv(table, to)? else {
        return Ok(None);
    };
    let count = for_each_reported::<StudyError>(store, filter, |response| Ok(writer.write(&response)?))?;
    writer.finish()?;
    Ok(Some(count))
}
