//! Which organisations each respondent stands for: its stratum, its classes in the register, and how many the register has.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::StudyError;
use super::register::totals_of;
use crate::definition::{StudyPlace, lies_within};
use crate::response::{Identity, RegisterEntry};
use crate::scoring::{Auxiliary, Note, NoteCode, Options, Populations, RespondentUnit};
use crate::store::{RegisterFilter, Store};

/// What it takes to weight the respondents of an assessment, and to draw them again.
#[derive(Debug, Default)]
pub(super) struct Sample {
    kept: bool,
    drawn: bool,
    /// By survey and credit code, what the register says.
    registered: HashMap<String, HashMap<String, Registered>>,
    populations: Populations,
    places: Vec<StudyPlace>,
    /// How many responses name a place that the one of the register lies in.
    put_lower: AtomicU64,
}

/// An organisation as the register has it.
#[derive(Debug)]
struct Registered {
    city: String,
    stratum: String,
    size: Option<String>,
    sector: Option<String>,
    employees: Option<u64>,
}

impl From<&RegisterEntry> for Registered {
    fn from(entry: &RegisterEntry) -> Self {
        Self {
            city: entry.city.clone(),
            stratum: entry.stratum(),
            size: entry.size.clone(),
            sector: entry.sector.clone(),
            employees: entry.employees.and_then(|employees| u64::try_from(employees).ok()),
        }
    }
}

impl Sample {
    /// Reads the registers of the surveys, where cities are assessed. Respondents are kept one by one where there are registers,
    /// where they are to be drawn again, or to be `joined` with those of another round.
    pub fn of(
        store: &Store,
        round: &str,
        surveys: &[&str],
        options: &Options,
        joined: bool,
    ) -> Result<Self, StudyError> {
        let mut sample = Self::default();
        if options.responses.unit != RespondentUnit::City {
            return Ok(sample);
        }
        sample.places = store.places()?;
        for survey in surveys {
            let register = store.whole_register(round, survey, &RegisterFilter::default())?;
            if register.is_empty() {
                continue;
            }
            let entries = || register.iter().map(|organisation| &organisation.entry);
            let in_frame = entries().filter(|entry| entry.in_frame);
            sample.populations.insert((*survey).to_owned(), totals_of(in_frame));
            let registered = entries().map(|entry| (entry.code.clone(), Registered::from(entry)));
            sample.registered.insert((*survey).to_owned(), registered.collect());
        }
        let drawn = options
            .uncertainty
            .as_ref()
            .is_some_and(|asked| asked.vary.respondents.is_some());
        sample.drawn = drawn || joined || !sample.populations.is_empty();
        sample.kept = sample.drawn || options.influence || options.standardise;
        Ok(sample)
    }

    /// Whether respondents are to be kept one by one.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Whether respondents can be drawn again, for the precision of figures at least.
    pub fn is_drawn(&self) -> bool {
        self.drawn
    }

    /// What the registers say, by survey.
    pub fn populations(&self) -> &Populations {
        &self.populations
    }

    fn registered(&self, survey: &str, identity: &Identity) -> Option<&Registered> {
        self.registered.get(survey)?.get(identity.code.as_ref()?)
    }

    /// The place that a respondent counts for: the lowest that is listed. Where the response names a place in which the one
    /// of the register lies, that is the register's.
    pub fn place<'a>(&'a self, survey: &str, identity: &'a Identity) -> &'a str {
        let named = identity.city.as_deref().unwrap_or_default();
        let Some(registered) = self
            .registered(survey, identity)
            .map(|registered| registered.city.as_str())
        else {
            return named;
        };
        if registered == named || !lies_within(&self.places.iter().collect::<Vec<_>>(), registered, named) {
            return named;
        }
        self.put_lower.fetch_add(1, Ordering::Relaxed);
        registered
    }

    /// The note on responses that count in a lower place than they name.
    pub fn note(&self) -> Option<Note> {
        let count = self.put_lower.load(Ordering::Relaxed);
        (count > 0).then(|| Note {
            code: NoteCode::LowestPlace,
            element: None,
            units: Vec::new(),
            message: format!(
                "{count} responses name a place in which that of the register lies: they count in the lower"
            ),
        })
    }

    /// The stratum of a respondent: that of the register; where the survey has none, what the response says; else city and
    /// size, as the register names its own.
    pub fn stratum<'a>(&'a self, survey: &str, identity: &'a Identity) -> Cow<'a, str> {
        let registered = self.registered(survey, identity).map(|registered| &registered.stratum);
        let said = identity
            .stratum
            .as_ref()
            .filter(|_| !self.registered.contains_key(survey));
        if let Some(stratum) = registered.or(said) {
            return Cow::Borrowed(stratum);
        }
        match (&identity.city, &identity.size) {
            (Some(city), Some(size)) => Cow::Owned(format!("{city}/{size}")),
            (Some(city), None) => Cow::Borrowed(city),
            (None, _) => Cow::Borrowed(""),
        }
    }

    /// What a respondent is calibrated by: what the register says, so that it is counted as the register's totals are;
    /// else what the response says. Persons employed are the register's alone.
    pub fn auxiliary<'a>(&'a self, survey: &str, identity: &'a Identity) -> Auxiliary<'a> {
        let words = |words: &'a Option<String>| words.as_deref().unwrap_or_default();
        match self.registered(survey, identity) {
            Some(registered) => Auxiliary {
                size: words(&registered.size),
                sector: words(&registered.sector),
                employees: registered.employees,
            },
            None => Auxiliary {
                size: words(&identity.size),
                sector: words(&identity.sector),
                employees: None,
            },
        }
    }
}
