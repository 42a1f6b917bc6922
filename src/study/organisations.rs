//! Single organisations as units: the table of each one's own figures.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Catalogue, StudyError};
use crate::scoring::{Framework, Intake, Profiler, Series, Table};
use crate::store::{Filter, Store, StoreError};

/// The figures of every organisation that answered a survey: its own ratios and values; 100 (or the measure's scale)
/// where a condition holds of it, and 0 where not. A unit's id is the instance ID of its response.
///
/// Indicators that are not computed from answers are missing: official figures are a city's.
pub(super) fn table(
    store: &Store,
    catalogue: &Catalogue,
    framework: &Framework,
    filter: &Filter,
    survey: &str,
) -> Result<Table, StudyError> {
    let mut profilers: HashMap<String, Profiler> = catalogue
        .definitions_of(survey)
        .map(|definition| {
            let intake = Arc::new(Intake::new(framework, definition));
            (definition.version().to_owned(), Profiler::new(framework, &intake))
        })
        .collect();
    let newest = Arc::new(Intake::new(framework, &catalogue.newest(survey)?.definition));
    let mut unknown = Profiler::new(framework, &newest);
    let mut units = Vec::new();
    let mut columns: Vec<Vec<Option<f64>>> = framework.indicators().map(|_| Vec::new()).collect();
    store.for_each_response::<StoreError>(filter, |response| {
        let profiler = profilers.get_mut(&response.definition_version).unwrap_or(&mut unknown);
        let values = profiler.values(response.answers.0.as_bytes()).unwrap_or_default();
        units.push(response.instance_id);
        for (position, column) in columns.iter_mut().enumerate() {
            column.push(values.get(position).copied().flatten());
        }
        Ok(())
    })?;
    let table = Table::new("the organisations' own figures", units);
    Ok(framework
        .indicators()
        .zip(columns)
        .fold(table, |table, ((_, element, indicator), column)| {
            table.with_numbers(indicator.column(&element.id), &column.into_iter().collect::<Series>())
        }))
}
