//! Single organisations as units: the table of each one's own figures, and the groups that they belong to.

use std::collections::HashMap;
use std::sync::Arc;

use super::scenarios::AnswerScenarios;
use super::{Catalogue, StudyError};
use crate::scoring::{Framework, Grouping, Intake, Profiler, Series, Table};
use crate::store::{Filter, Store, StoreError};

/// What organisations answered, each by itself.
pub(super) struct Organisations {
    /// Their own figures.
    pub table: Table,
    /// The same under each scenario that changes answers.
    pub amended: Vec<Table>,
    /// Their cities, sectors and size classes.
    pub groupings: Vec<Grouping>,
}

/// The figures of every organisation that answered a survey: its own ratios and values; 100 (or the measure's scale)
/// where a condition holds of it, and 0 where not. A unit's id is the instance ID of its response.
///
/// Indicators that are not computed from answers are missing: official figures are a city's.
pub(super) fn read(
    store: &Store,
    catalogue: &Catalogue,
    framework: &Framework,
    filter: &Filter,
    survey: &str,
    changed: &AnswerScenarios<'_>,
) -> Result<Organisations, StudyError> {
    let mut profilers: HashMap<String, Profiler> = catalogue
        .definitions_of(survey)
        .map(|definition| {
            let intake = Arc::new(Intake::new(framework, definition));
            (definition.version().to_owned(), Profiler::new(framework, &intake))
        })
        .collect();
    let newest = Arc::new(Intake::new(framework, &catalogue.newest(survey)?.definition));
    let mut unknown = Profiler::new(framework, &newest);
    let mut units: Vec<String> = Vec::new();
    let none = || -> Vec<Vec<Option<f64>>> { framework.indicators().map(|_| Vec::new()).collect() };
    let mut figures: Vec<Vec<Vec<Option<f64>>>> = (0..=changed.len()).map(|_| none()).collect();
    let mut groupings = ["city", "sector", "size"].map(|by| Grouping {
        by: by.to_owned(),
        of_unit: Vec::new(),
    });
    store.for_each_response::<StoreError>(filter, |response| {
        let profiler = profilers.get_mut(&response.definition_version).unwrap_or(&mut unknown);
        for (number, columns) in figures.iter_mut().enumerate() {
            let scenario = number.checked_sub(1);
            let amended =
                scenario.and_then(|scenario| changed.amended(scenario, survey, &response.instance_id, &response));
            let answers = amended.as_deref().unwrap_or(response.answers.0.as_bytes());
            let values = profiler.values(answers).unwrap_or_default();
            for (position, column) in columns.iter_mut().enumerate() {
                column.push(values.get(position).copied().flatten());
            }
        }
        let identity = response.identity;
        for (grouping, group) in groupings
            .iter_mut()
            .zip([identity.city, identity.sector, identity.size])
        {
            grouping.of_unit.push(group);
        }
        units.push(response.instance_id);
        Ok(())
    })?;
    let table = |columns: Vec<Vec<Option<f64>>>| {
        let table = Table::new("the organisations' own figures", units.clone());
        framework
            .indicators()
            .zip(columns)
            .fold(table, |table, ((_, element, indicator), column)| {
                table.with_numbers(indicator.column(&element.id), &column.into_iter().collect::<Series>())
            })
    };
    let mut tables = figures.into_iter().map(table);
    Ok(Organisations {
        table: tables.next().unwrap_or_else(|| Table::new("no figures", Vec::new())),
        amended: tables.collect(),
        groupings: groupings
            .into_iter()
            .filter(|it| it.of_unit.iter().any(Option::is_some))
            .collect(),
    })
}
