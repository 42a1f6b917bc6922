//! The responses of a store as reports and exports show them.

use std::io::{Seek, Write};

use serde_json::Value as Json;

use super::jobs::ExportTask;
use super::progress::{Progress, Stage, Unwatched, Watch};
use super::room::panics_as_errors;
use super::{Catalogue, StudyError};
use crate::report::{Export, ReportedResponse, Wording};
use crate::response::{Tier, pseudonymise};
use crate::store::{Definitions, Filter, Head, JsonText, KeyRing, Store, StoreError};

/// How much is shown of what is personal.
#[derive(Clone, Copy)]
pub struct Shown<'a, 'd> {
    /// The tier. The caller answers for the right to it, and for its record.
    pub tier: Tier,
    /// The definitions, which say what is personal.
    pub definitions: &'a Definitions<'d>,
}

/// Hands every response that meets a filter to `act`, in the order that they first came, and says how many.
///
/// # Errors
///
/// The first error of `act`, or what the database says.
pub fn for_each_reported<E: From<StoreError>>(
    store: &Store,
    filter: &Filter,
    shown: Shown<'_, '_>,
    mut act: impl FnMut(ReportedResponse) -> Result<(), E>,
) -> Result<u64, E> {
    let as_read = |head, answers: JsonText| act(reported_response(head, answers.read()?));
    match shown.tier {
        Tier::None => store.for_each_response_with_head(filter, as_read),
        Tier::Full => store.for_each_response_opened(filter, as_read),
        Tier::Pseudonymised => {
            let ring = store.keys()?;
            store.for_each_response_opened(filter, |head, answers| {
                let answers = with_pseudonyms(shown.definitions, &ring, &head, &answers)?;
                act(reported_response(head, answers))
            })
        }
    }
}

fn reported_response(head: Head, answers: Json) -> ReportedResponse {
    ReportedResponse {
        instance_id: head.instance_id,
        version: head.definition_version,
        state: head.state.name().to_owned(),
        problems: usize::try_from(head.facts.problems).unwrap_or(0),
        received_at: head.updated_at,
        answers,
    }
}

fn with_pseudonyms(
    definitions: &Definitions<'_>,
    ring: &KeyRing,
    head: &Head,
    answers: &JsonText,
) -> Result<Json, StoreError> {
    // Where nothing tells what is personal, nothing is shown.
    let Some(definition) = definitions(&head.survey, &head.definition_version) else {
        return Ok(Json::Null);
    };
    let mut answers = answers.read()?;
    pseudonymise(definition, &mut answers, &|value| ring.pseudonym(value));
    Ok(answers)
}

/// How often whoever watches hears of responses that were read.
const TOLD_EVERY: u64 = 256;

/// Hands every response that meets a filter to `act`, as [`for_each_reported`] does; whoever watches may end it.
fn for_each_watched(
    store: &Store,
    filter: &Filter,
    shown: Shown<'_, '_>,
    watch: &dyn Watch,
    mut act: impl FnMut(ReportedResponse) -> Result<(), StudyError>,
) -> Result<u64, StudyError> {
    let mut done = 0;
    for_each_reported::<StudyError>(store, filter, shown, |response| {
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
pub fn reported(store: &Store, filter: &Filter, shown: Shown<'_, '_>) -> Result<Vec<ReportedResponse>, StudyError> {
    let mut responses = Vec::new();
    for_each_watched(store, filter, shown, &Unwatched, |response| {
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
    shown: Shown<'_, '_>,
    export: &Export<'_>,
    table: &str,
    to: W,
) -> Result<Option<u64>, StudyError> {
    write_table_watched(store, filter, shown, export, table, to, &Unwatched)
}

fn write_table_watched<W: Write>(
    store: &Store,
    filter: &Filter,
    shown: Shown<'_, '_>,
    export: &Export<'_>,
    table: &str,
    to: W,
    watch: &dyn Watch,
) -> Result<Option<u64>, StudyError> {
    let Some(mut writer) = export.csv(table, to)? else {
        return Ok(None);
    };
    let count = for_each_watched(store, filter, shown, watch, |response| Ok(writer.write(&response)?))?;
    writer.finish()?;
    Ok(Some(count))
}

/// Writes the workbook of an export, response by response, and says how many there were. Whoever watches may end it.
///
/// # Errors
///
/// What writing or the database says.
pub fn write_workbook<W: Write + Seek + Send>(
    store: &Store,
    filter: &Filter,
    shown: Shown<'_, '_>,
    export: &Export<'_>,
    to: W,
    watch: &dyn Watch,
) -> Result<u64, StudyError> {
    panics_as_errors(|| {
        let mut workbook = export.workbook()?;
        let count = for_each_watched(store, filter, shown, watch, |response| Ok(workbook.write(&response)?))?;
        workbook.finish(to)?;
        Ok(count)
    })
}

/// Writes the file of an export, and says how many responses it holds. Whoever watches may end it.
///
/// # Errors
///
/// [`StudyError::UnknownTable`] where the definition has no such repeat; what writing or the database says.
pub fn write_export<W: Write + Seek + Send>(
    store: &Store,
    task: &ExportTask,
    catalogue: &Catalogue,
    to: W,
    watch: &dyn Watch,
) -> Result<u64, StudyError> {
    let definition = &catalogue.newest(&task.survey)?.definition;
    let export = Export::new(definition, task.personal != Tier::None, Wording::new([task.language]));
    let finder = catalogue.finder();
    let shown = Shown {
        tier: task.personal,
        definitions: &finder,
    };
    let filter = task.filter();
    let Some(table) = &task.csv else {
        return write_workbook(store, &filter, shown, &export, to, watch);
    };
    let count = write_table_watched(store, &filter, shown, &export, table, to, watch)?;
    count.ok_or_else(|| StudyError::UnknownTable {
        table: table.clone(),
        known: export.tables().map(str::to_owned).collect(),
    })
}
