//! The responses of a store as reports and exports show them.

use std::io::{Seek, Write};

use serde_json::Value as Json;

use super::StudyError;
use super::jobs::ExportTask;
use super::progress::{Progress, Stage, Unwatched, Watch};
use crate::definition::Definition;
use crate::report::{Export, ReportedResponse, Wording};
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

/// How often whoever watches hears of responses that were read.
const TOLD_EVERY: u64 = 256;

/// Hands every response that meets a filter to `act`, as [`for_each_reported`] does; whoever watches may end it.
fn for_each_watched(
    store: &Store,
    filter: &Filter,
    watch: &dyn Watch,
    mut act: impl FnMut(ReportedResponse) -> Result<(), StudyError>,
) -> Result<u64, StudyError> {
    let mut done = 0;
    for_each_reported::<StudyError>(store, filter, |response| {
        if done % TOLD_EVERY == 0 {
            watch.see(Progress {
                stage: Stage::ReadingResponses,
                done,
                of: None,
            })?;
        }
        done += 1;
        act(response)
    })
}

/// All responses that meet a filter, in the order that they first came.
///
/// # Errors
///
/// What the database says.
pub fn reported(store: &Store, filter: &Filter) -> Result<Vec<ReportedResponse>, StudyError> {
    reported_watched(store, filter, &Unwatched)
}

/// The same, watched by somebody who may end it.
fn reported_watched(store: &Store, filter: &Filter, watch: &dyn Watch) -> Result<Vec<ReportedResponse>, StudyError> {
    let mut responses = Vec::new();
    for_each_watched(store, filter, watch, |response| {
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
    write_table_watched(store, filter, export, table, to, &Unwatched)
}

fn write_table_watched<W: Write>(
    store: &Store,
    filter: &Filter,
    export: &Export<'_>,
    table: &str,
    to: W,
    watch: &dyn Watch,
) -> Result<Option<u64>, StudyError> {
    let Some(mut writer) = export.csv(table, to)? else {
        return Ok(None);
    };
    let count = for_each_watched(store, filter, watch, |response| Ok(writer.write(&response)?))?;
    writer.finish()?;
    Ok(Some(count))
}

/// Writes the file of an export, and says how many responses it holds. Whoever watches may end it.
///
/// # Errors
///
/// [`StudyError::UnknownTable`] where the definition has no such repeat; what writing or the database says.
pub fn write_export<W: Write + Seek + Send>(
    store: &Store,
    task: &ExportTask,
    definition: &Definition,
    to: W,
    watch: &dyn Watch,
) -> Result<u64, StudyError> {
    let export = Export::new(definition, task.personal, Wording::new([task.language]));
    let filter = task.filter();
    let Some(table) = &task.csv else {
        let responses = reported_watched(store, &filter, watch)?;
        let count = responses.len() as u64;
        export.workbook(responses, to)?;
        return Ok(count);
    };
    let count = write_table_watched(store, &filter, &export, table, to, watch)?;
    count.ok_or_else(|| StudyError::UnknownTable {
        table: table.clone(),
        known: export.tables().map(str::to_owned).collect(),
    })
}
