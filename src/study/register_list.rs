//! The list `organisations`: the organisations of the register that somebody may visit, on their phone.
//!
//! A form lets one be picked with `select_one_from_file organisations.csv`, and fills in what is known of it with
//! `pulldata('organisations', 'org_name', 'code', ${organisation})`. The list has nothing of a person in it.

use super::{Lookup, StudyError};
use crate::response::CreditCode;
use crate::store::{AssignmentFilter, Organisation, RegisterFilter, Store, StoreError};

/// The columns. `name` and `label` are what XLSForm takes of a choice where nothing else is said; `geometry` is what a
/// map takes.
const COLUMNS: [&str; 11] = [
    "name", "label", "code", "org_name", "city", "sector", "size", "stratum", "address", "geometry", "state",
];

/// Assignments that are read at a time.
const PAGE: i64 = 1000;

/// Whose phone a list is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// The only cities whose organisations are in it; `None` is all.
    pub cities: Option<Vec<String>>,
    /// Only what is given to this member of the field team; `None` is the whole register.
    pub member: Option<String>,
}

/// An organisation and where its assignment stands.
type Line = (Organisation, &'static str);

/// The list for somebody, as CSV: in the order of the codes, so that the same list is the same bytes.
///
/// # Errors
/// What the database says.
pub(super) fn organisations_csv(
    store: &Store,
    survey: &str,
    round: Option<&str>,
    audience: &Audience,
) -> Result<Vec<u8>, StudyError> {
    let mut lines = match round {
        Some(round) => lines(store, survey, round, audience)?,
        None => Vec::new(),
    };
    lines.sort_by(|(one, _), (other, _)| one.entry.code.cmp(&other.entry.code));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for (organisation, state) in &lines {
        table.write_record(COLUMNS.map(|column| cell(organisation, state, column)))?;
    }
    Ok(table
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?)
}

fn lines(store: &Store, survey: &str, round: &str, audience: &Audience) -> Result<Vec<Line>, StoreError> {
    let Some(member) = &audience.member else {
        let filter = RegisterFilter {
            cities: audience.cities.clone(),
            in_frame: Some(true),
            ..RegisterFilter::default()
        };
        let register = store.whole_register(round, survey, &filter)?;
        return Ok(register.into_iter().map(|organisation| (organisation, "")).collect());
    };
    let filter = AssignmentFilter {
        member: Some(member.clone()),
        cities: audience.cities.clone(),
        code: None,
    };
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let page = store.assignments(round, survey, &filter, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(lines);
        };
        after = Some(last.id);
        lines.extend(page.into_iter().map(|one| (one.organisation, one.state.name())));
    }
}

fn cell(organisation: &Organisation, state: &str, column: &str) -> String {
    let entry = &organisation.entry;
    match column {
        "name" | "code" => entry.code.clone(),
        "label" => format!("{} {}", entry.name, entry.code),
        "org_name" => entry.name.clone(),
        "city" => entry.city.clone(),
        "sector" => entry.sector.clone().unwrap_or_default(),
        "size" => entry.size.clone().unwrap_or_default(),
        "stratum" => entry.stratum(),
        "address" => entry.address.clone().unwrap_or_default(),
        "geometry" => match &entry.position {
            Some(position) => format!("{} {} 0 0", position.latitude, position.longitude),
            None => String::new(),
        },
        _ => state.to_owned(),
    }
}

/// The register as the rules of a survey look into it, whoever sends: an organisation that is not in it is a warning.
#[derive(Debug)]
pub(super) struct RegisterList {
    store: Store,
    survey: String,
    round: String,
}

impl RegisterList {
    pub fn new(store: &Store, survey: &str, round: &str) -> Self {
        Self {
            store: store.clone(),
            survey: survey.to_owned(),
            round: round.to_owned(),
        }
    }
}

impl Lookup for RegisterList {
    /// Organisations are looked up by their code.
    fn cell(&self, column: &str, key_column: &str, key: &str) -> Option<String> {
        if !matches!(key_column, "name" | "code") || !COLUMNS.contains(&column) {
            return None;
        }
        let code = CreditCode::tidy(key);
        match self.store.organisation(&self.round, &self.survey, &code) {
            Ok(organisation) => Some(cell(&organisation, "", column)),
            Err(StoreError::NotFound { .. }) => Some(String::new()),
            Err(error) => {
                // A look-up that fails is no reason to refuse a response.
                tracing::warn!(%error, "the register can't be read");
                None
            }
        }
    }
}
