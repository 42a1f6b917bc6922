//! Loading the register of a survey in a round from a workbook: all of it or nothing.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::{Catalogue, StudyError};
use crate::definition::Language;
use crate::response::{RegisterEntry, Severity};
use crate::scoring::RegisterTotals;
use crate::spreadsheet::{Finding, ImportError, RegisterTable, RegisterWords, Worker, read_register};
use crate::store::{RegisterChange, RegisterFilter, RegisterOf, Store};

/// What is to be loaded, and how.
#[derive(Debug, Clone)]
pub struct RegisterRequest {
    /// Of which survey and round, and who loads it.
    pub of: RegisterOf,
    /// The language of messages.
    pub language: Language,
    /// The only cities that its organisations may be in; `None` is all.
    pub cities: Option<Vec<String>>,
    /// Only say what would change.
    pub dry_run: bool,
}

/// What became of a register.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRegister {
    /// Organisations in the workbook.
    pub rows: usize,
    /// What changed, or would change; nothing where there are problems.
    pub change: Option<RegisterChange>,
    /// Everything to look at, with sheet and cell.
    pub findings: Vec<Finding>,
}

/// The words that the register of a survey may use.
///
/// # Errors
/// Where there is no such survey.
pub fn register_words(store: &Store, catalogue: &Catalogue, survey: &str) -> Result<RegisterWords, StudyError> {
    let version = catalogue.newest(survey)?;
    Ok(RegisterWords::of(&version.definition, &store.places()?))
}

/// Reads a register and loads it, where no row has a problem.
///
/// # Errors
/// Where the file can't be read, or the store fails; what is wrong with its rows is in the result.
pub fn load_register(
    store: &Store,
    catalogue: &Catalogue,
    reader: &Worker,
    path: &Path,
    request: &RegisterRequest,
    now: DateTime<Utc>,
) -> Result<LoadedRegister, StudyError> {
    let words = register_words(store, catalogue, &request.of.survey)?;
    let mut workbook = reader.open(path).map_err(ImportError::from)?;
    let mut table = read_register(&mut workbook, &words, request.language).map_err(ImportError::from)?;
    refuse_other_cities(&mut table, request);
    let change = if table.is_sound() {
        let entries: Vec<RegisterEntry> = table.entries.into_iter().map(|(_, entry)| entry).collect();
        Some(store.load_register(&request.of, &entries, request.dry_run, now)?)
    } else {
        None
    };
    Ok(LoadedRegister {
        rows: table.rows,
        change,
        findings: table.findings,
    })
}

fn refuse_other_cities(table: &mut RegisterTable, request: &RegisterRequest) {
    let Some(cities) = &request.cities else { return };
    for (at, entry) in &table.entries {
        if !cities.contains(&entry.city) {
            let message = request.language.choose(
                format!("城市 {} 不在您的范围内。", entry.city),
                format!("The city {} is not one of yours.", entry.city),
            );
            table.findings.push(Finding {
                at: at.clone(),
                severity: Severity::Problem,
                code: "city_not_yours",
                message: message.into(),
            });
        }
    }
}

/// What the register of a survey in a round says of the whole: the input of calibration.
///
/// # Errors
/// What the database says.
pub fn register_totals(
    store: &Store,
    round: &str,
    survey: &str,
    cities: Option<Vec<String>>,
) -> Result<RegisterTotals, StudyError> {
    let filter = RegisterFilter {
        cities,
        in_frame: Some(true),
        ..RegisterFilter::default()
    };
    let register = store.whole_register(round, survey, &filter)?;
    Ok(totals_of(register.iter().map(|organisation| &organisation.entry)))
}

/// The totals of these organisations.
pub(super) fn totals_of<'a>(entries: impl Iterator<Item = &'a RegisterEntry>) -> RegisterTotals {
    let mut totals = RegisterTotals::default();
    for entry in entries {
        let employees = entry.employees.and_then(|employees| u64::try_from(employees).ok());
        totals.add(
            &entry.city,
            entry.size.as_deref(),
            entry.sector.as_deref(),
            &entry.stratum(),
            employees,
        );
    }
    totals
}
